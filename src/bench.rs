//! `sealway bench`: what the platform is measured by; `frauds` has a page of its own.
//!
//! `ingest`: signed reports from TCP to disk, beside bare batch verification in the same run.
//!
//! Two processes on one machine: this one is the platform, the other signs and sends. The generator's CPU is in the figure, as it
//! takes from the same cores.

mod evidence;
mod figures;
mod frauds;
mod front;
mod gate;
mod generator;
mod platform;
mod series;

pub(crate) use evidence::{fill, run as evidence};
pub(crate) use frauds::run as frauds;
pub(crate) use front::{hold, idle, run as front};
pub(crate) use gate::run as gate;
pub(crate) use generator::generate;
pub(crate) use series::run as series;

use crate::cli::{Ingest, Report};
use crate::config::{Log, LogFormat};
use crate::logging;
use crate::say::say;
use anyhow::Context as _;
use figures::Figures;
use generator::Generator;
use platform::Bench;
use serde::Serialize;
use std::fmt::Display;

pub(crate) fn ingest(arguments: &Ingest) -> anyhow::Result<()> {
    report(arguments.report, measure(arguments))
}

/// Measures, and prints what came of it as the caller wants it.
fn report<F: Serialize + Display>(form: Option<Report>, measure: impl Future<Output = anyhow::Result<F>>) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn".to_owned() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    print(form, &runtime.block_on(measure)?)
}

fn print(form: Option<Report>, figures: &(impl Serialize + Display)) -> anyhow::Result<()> {
    match form {
        Some(Report::Json) => say!("{}", serde_json::to_string(figures)?),
        None => say!("{figures}"),
    }
    Ok(())
}

async fn measure(arguments: &Ingest) -> anyhow::Result<Figures> {
    eprintln!("signing reports and measuring bare batch verification ...");
    let mut generator = Generator::start(arguments)?;
    let ready = generator.ready()?;
    eprintln!("{} reports signed; enrolling {} devices ...", ready.reports, arguments.devices);
    let bench = Bench::start(arguments.in_flight, None).await?;
    let memory = bench.enrol(arguments.devices).await?;
    eprintln!("sending for {} s ...", arguments.seconds);
    let before = bench.meter();
    let load = generator.run(bench.address()?)?;
    let after = bench.meter();
    let figures = Figures::new(arguments, &ready, &load, memory, after.since(&before));
    bench.stop().await;
    Ok(figures)
}
