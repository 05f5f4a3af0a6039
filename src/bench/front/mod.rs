//! `sealway bench front`: what a connection costs that does nothing, how fast devices log in, and messages per second with PUBACK after
//! the commit, beside Debian's mosquitto in the same run, which acknowledges from memory and is told to write to the disk or not.

mod idle;
mod mosquitto;

pub(crate) use idle::{hold, run as idle};

use super::generator::Generator;
use super::platform::Bench;
use crate::cli::{BenchFront, Ingest};
use anyhow::Context as _;
use idle::Idle;
use mosquitto::Mosquitto;
use serde::Serialize;
use std::fmt;

const CONNECTIONS: [u32; 2] = [100, 1_000];
const IN_FLIGHT: u16 = 16;

#[derive(Debug, Serialize)]
struct Figures {
    idle: Vec<Idle>,
    messages: Vec<Messages>,
}

/// One measurement: PUBLISHes of one report each, acknowledged.
#[derive(Debug, Serialize)]
struct Messages {
    server: &'static str,
    connections: u32,
    per_s: f64,
    ack_ms_p50: f64,
    ack_ms_p99: f64,
}

pub(crate) fn run(arguments: &BenchFront) -> anyhow::Result<()> {
    super::report(arguments.report, measure(arguments))
}

async fn measure(arguments: &BenchFront) -> anyhow::Result<Figures> {
    let idle = vec![idle::beside(arguments.idle, false)?, idle::beside(arguments.idle, true)?];
    let mut messages = Vec::new();
    for connections in CONNECTIONS {
        let plan = Ingest { devices: connections, connections, in_flight: IN_FLIGHT, rate: None, seconds: arguments.seconds, report: None };
        eprintln!("{connections} connections: the platform ...");
        messages.push(platform(&plan).await?);
        for (server, persistence) in [("mosquitto without persistence", false), ("mosquitto with persistence", true)] {
            eprintln!("{connections} connections: {server} ...");
            match mosquitto(&plan, server, persistence)? {
                Some(measured) => messages.push(measured),
                None => eprintln!("left out: {server}: mosquitto is not installed"),
            }
        }
    }
    Ok(Figures { idle, messages })
}

async fn platform(plan: &Ingest) -> anyhow::Result<Messages> {
    let mut generator = Generator::start(plan)?;
    let _ready = generator.ready()?;
    let bench = Bench::start(plan.in_flight, None).await?;
    bench.enrol(plan.devices).await?;
    let load = generator.run(bench.address()?)?;
    bench.stop().await;
    Ok(Messages {
        server: "sealway",
        connections: plan.connections,
        per_s: load.pubacked_per_s,
        ack_ms_p50: load.ack_ms_p50,
        ack_ms_p99: load.ack_ms_p99,
    })
}

fn mosquitto(plan: &Ingest, server: &'static str, persistence: bool) -> anyhow::Result<Option<Messages>> {
    let folder = tempfile::Builder::new().prefix("sealway-bench-").tempdir().context("temporary folder")?;
    let Some(started) = Mosquitto::start(folder.path(), persistence)? else { return Ok(None) };
    let mut generator = Generator::start(plan)?;
    let _ready = generator.ready()?;
    let load = generator.run(started.address)?;
    Ok(Some(Messages {
        server,
        connections: plan.connections,
        per_s: load.pubacked_per_s,
        ack_ms_p50: load.ack_ms_p50,
        ack_ms_p99: load.ack_ms_p99,
    }))
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle: Vec<String> = self.idle.iter().map(Idle::to_string).collect();
        f.write_str(&idle.join("\n"))?;
        for Messages { server, connections, per_s, ack_ms_p50, ack_ms_p99 } in &self.messages {
            write!(f, "\n{server}, {connections} connections: {per_s:.0} messages/s, ack p50 {ack_ms_p50:.1} ms, p99 {ack_ms_p99:.1} ms")?;
        }
        Ok(())
    }
}
