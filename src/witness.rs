//! `sealway witness`: looks at the checkpoints of other people's logs and cosigns those that only grew.

use crate::cli;
use crate::config::{Log, LogFormat};
use crate::logging;
use crate::say::say;
use anyhow::Context as _;
use sealway_tracker::WitnessKeeper;
use sealway_tracker::proof::note::Verifier;
use std::sync::Arc;

pub(crate) fn run(arguments: &cli::Witness) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "info".to_owned() });
    let logs = arguments.log.iter().map(|log| Verifier::parse(log).with_context(|| format!("--log {log:?}")));
    let logs = logs.collect::<anyhow::Result<Vec<_>>>()?;
    let keeper = WitnessKeeper::open(&arguments.data, &arguments.name, logs);
    let keeper = Arc::new(keeper.with_context(|| format!("data folder {}", arguments.data.display()))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(async {
        let listen = arguments.listen;
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
        say!("witness http://{}", listener.local_addr()?);
        say!("key {}", keeper.key());
        let router = sealway_dashboard::witness_router(keeper);
        let stop = async { drop(tokio::signal::ctrl_c().await) };
        Ok(sealway_dashboard::serve(listener, router, stop).await?)
    })
}
