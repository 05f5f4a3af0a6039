//! A real InfluxDB beside the embedded store: the same points, the same questions.

use super::{Asking, Store, append, bytes_of};
use crate::cli::InfluxBeside;
use crate::outbound;
use anyhow::{Context as _, bail};
use sealway_tracker::SystemClock;
use sealway_tracker::series::{Api, Backend, Influx, InfluxConfig, Login};
use std::sync::Arc;

const DATABASE: &str = "sealway_bench";

pub(super) async fn store(beside: &InfluxBeside, points: u64, seals: u32) -> anyhow::Result<Store> {
    outbound::expect_private(&beside.url)?;
    let agent = outbound::agent(None)?;
    for text in [format!("DROP DATABASE {DATABASE}"), format!("CREATE DATABASE {DATABASE}")] {
        let answer = agent.post(format!("{}/query", beside.url)).send_form([("q", text)]).context(beside.url.clone())?;
        if !answer.status().is_success() {
            bail!("{}: answered {}, expected a server without login", beside.url, answer.status());
        }
    }
    let bucket = DATABASE.to_owned();
    let config = InfluxConfig { url: beside.url.clone(), login: Login::None, org: String::new(), bucket, api: Api::Auto, agent };
    let influx = Arc::new(Influx::open(&config, Arc::new(SystemClock))?);
    let backend = Backend::Influx(influx.clone());
    let its_cpu = cpu_us_of(beside.pid)?;
    let (fleet, mut appended) = append(&backend, points, seals).await?;
    if let Some(failing) = influx.health().failing {
        bail!("{}", failing.1);
    }
    appended.cpu_us += cpu_us_of(beside.pid)? - its_cpu;
    let questions_ms = Asking { backend: &backend, fleet: &fleet, seals, points }.run().await?;
    Ok(appended.store(points, bytes_of(&beside.folder)?, questions_ms))
}

/// Of another process, by the ticks of a hundredth of a second that the system counts.
fn cpu_us_of(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).with_context(|| format!("{path}: expected CPU ticks"))?;
    Ok((user + system) * 10_000)
}
