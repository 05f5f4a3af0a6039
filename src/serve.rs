//! `sealway serve`: start, say where, wait for a signal, drain.

use crate::cli::Serve;
use crate::config::Config;
use crate::platform::Platform;
use crate::{access, logging};
use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) fn run(arguments: &Serve) -> anyhow::Result<()> {
    let config = configuration(arguments)?;
    logging::start(&config.log);
    allow_files(config.mqtt.max_connections);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(serve(&config))
}

/// Each connection is an open file, and systems allow a process few by default and many when it asks.
pub(crate) fn allow_files(connections: u32) {
    /// Log, views, interface.
    const OTHERS: u64 = 1_024;
    let wanted = u64::from(connections) + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let current = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum: limit.maximum });
    if raised.is_err() || current < wanted {
        tracing::warn!(allowed = current, wanted, "fewer open files are allowed than mqtt.max_connections needs (LimitNOFILE, ulimit -n)");
    }
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
    run_until(&mut stop, &platform).await?;
    notify(sd_notify::NotifyState::Stopping);
    platform.drain().await
}

/// SIGHUP means: read the certificates again.
async fn run_until(stop: &mut Stop, platform: &Platform) -> anyhow::Result<()> {
    let mut hang_up = signal(SignalKind::hangup()).context("SIGHUP")?;
    loop {
        tokio::select! {
            () = stop.wait() => return Ok(()),
            _ = hang_up.recv() => match platform.front().reload_certificates() {
                Ok(()) => tracing::info!("certificates were read again"),
                Err(error) => tracing::error!(%error, "certificates were not changed, the old ones go on"),
            },
        }
    }
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
    terminate: Signal,
}

impl Stop {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate()).context("SIGTERM")? })
    }

    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
