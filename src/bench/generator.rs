//! The other process: it signs first, measures bare batch verification over the same reports, and sends when told where.

use crate::cli::{Generate, Ingest};
use crate::say::say;
use anyhow::Context as _;
use sealway_seal_sim::load::{Load, LoadPlan, LoadReport, RunConfig, batch_verify_rate, run};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Every run signs with the same keys, so that both processes know them.
pub(super) const SEED: u64 = 7;
/// So many reports are signed for each second of the run; a faster platform says that they ran out.
const REPORTS_PER_SECOND: usize = 150_000;
/// Reports of one visit at least: what a seal has stored when it comes out of a tunnel. Each visit begins with a login, which costs the
/// platform as much as four reports.
const VISIT: usize = 64;
const VERIFY_FOR: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    load: LoadPlan,
    connections: usize,
    in_flight: usize,
    seconds: u64,
    pause_us: u64,
}

/// What the generator has prepared.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ready {
    pub(super) reports: u64,
    /// Signatures per second of bare batch verification on all cores.
    pub(super) verify_per_s: f64,
}

pub(super) struct Generator {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    input: ChildStdin,
    _plan: tempfile::NamedTempFile,
}

impl Generator {
    pub(super) fn start(arguments: &Ingest) -> anyhow::Result<Self> {
        let (devices, connections) = (arguments.devices as usize, arguments.connections as usize);
        let per_second = arguments.rate.map_or(REPORTS_PER_SECOND, |rate| 2 * rate as usize);
        let reports = per_second * arguments.seconds as usize;
        let plan = Plan {
            load: LoadPlan::for_reports(devices, connections, reports, VISIT, SEED),
            connections,
            in_flight: usize::from(arguments.in_flight),
            seconds: u64::from(arguments.seconds),
            pause_us: arguments
                .rate
                .map_or(0, |rate| u64::from(arguments.connections) * u64::from(arguments.in_flight) * 1_000_000 / u64::from(rate)),
        };
        let mut file = tempfile::NamedTempFile::new().context("plan of the generator")?;
        file.write_all(&serde_json::to_vec(&plan)?)?;
        let program = std::env::current_exe().context("own program")?;
        let mut child = Command::new(program)
            .args(["bench", "generate", "--plan"])
            .arg(file.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("generator")?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).context("pipes of the generator")?;
        Ok(Self { child, lines: BufReader::new(output).lines(), input, _plan: file })
    }

    pub(super) fn ready(&mut self) -> anyhow::Result<Ready> {
        Ok(serde_json::from_str(&self.line()?)?)
    }

    /// Lets it send, and waits for what it counted.
    pub(super) fn run(&mut self, address: SocketAddr) -> anyhow::Result<LoadReport> {
        writeln!(self.input, "{address}")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("the generator ended before its time")??)
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// `sealway bench generate`.
pub(crate) fn generate(arguments: &Generate) -> anyhow::Result<()> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(&arguments.plan).context("plan")?).context("plan")?;
    let load = Load::prepare(plan.load)?;
    let ready = Ready { reports: load.reports(), verify_per_s: batch_verify_rate(&load, VERIFY_FOR) };
    say!("{}", serde_json::to_string(&ready)?);
    let mut address = String::new();
    std::io::stdin().read_line(&mut address)?;
    let config = RunConfig {
        address: address.trim().parse().context("address of the platform")?,
        connections: plan.connections,
        in_flight: plan.in_flight,
        seconds: plan.seconds,
        pause_us: plan.pause_us,
        listen: true,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    say!("{}", serde_json::to_string(&run(load, config)?)?);
    Ok(())
}
