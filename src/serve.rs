//! `sealway serve`: start, say where, wait for a signal, drain.

use crate::cli::Serve;
use crate::config::Config;
use crate::platform::Platform;
use crate::{access, logging};
use anyhow::Context as _;
use std::io::Write as _;

pub(crate) fn run(arguments: &Serve) -> anyhow::Result<()> {
    let config = configuration(arguments)?;
    logging::start(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(serve(&config))
}

fn configuration(arguments: &Serve) -> anyhow::Result<Config> {
    let mut config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    if let Some(data) = &arguments.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let platform = Platform::start(config).await?;
    access::bootstrap(&platform, &config.data).await?;
    say_where(&platform)?;
    notify(sd_notify::NotifyState::Ready);
    stop.wait().await;
    notify(sd_notify::NotifyState::Stopping);
    platform.drain().await
}

fn say_where(platform: &Platform) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "interface http://{}", platform.http())?;
    let addresses = platform.front().addresses();
    if let Some(plain) = addresses.plain {
        writeln!(out, "mqtt {plain}")?;
    }
    if let Some(tls) = addresses.tls {
        writeln!(out, "mqtts {tls}")?;
    }
    for (name, address) in platform.gateways().addresses() {
        writeln!(out, "{name} {address}")?;
    }
    Ok(out.flush()?)
}

/// Tells systemd, where it started us.
fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd was not told");
    }
}

/// SIGTERM or Ctrl-C.
pub(crate) struct Stop {
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("SIGTERM")? })
    }

    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
