//! `sealway bench gate`: decisions of gates through HTTP at a fixed rate, from the request to the answer that is on disk.
//!
//! The platform is this process, and the lanes' requests come over loopback from the same one. A request is counted from when it was
//! due, so that one that had to wait for a connection is not made to look faster.

mod lanes;
mod trucks;

use super::platform::start;
use crate::cli::BenchGate;
use lanes::Answered;
use serde::Serialize;
use std::fmt;

pub(crate) fn run(arguments: &BenchGate) -> anyhow::Result<()> {
    super::report(arguments.report, measure(arguments))
}

#[derive(Debug, Serialize)]
struct Figures {
    rate: u32,
    seconds: u32,
    decisions: usize,
    /// Answered, from the first request to the last answer.
    decisions_per_s: f64,
    go: usize,
    hold: usize,
    failed: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_fault: Option<String>,
}

async fn measure(arguments: &BenchGate) -> anyhow::Result<Figures> {
    let decisions = arguments.rate as usize * arguments.seconds as usize;
    let (platform, _folder) = start(None, None).await?;
    eprintln!("sealing transfers and issuing {decisions} release notes ...");
    let trucks = trucks::line_up(&platform.tracker, decisions).await?;
    eprintln!("asking for {} s ...", arguments.seconds);
    let answered = lanes::ask(platform.http(), &trucks, arguments).await?;
    platform.drain().await?;
    Ok(Figures::of(arguments, answered))
}

impl Figures {
    fn of(arguments: &BenchGate, answered: Answered) -> Self {
        let Answered { mut latencies_us, go, hold, failed, seconds, first_fault } = answered;
        latencies_us.sort_unstable();
        Self {
            rate: arguments.rate,
            seconds: arguments.seconds,
            decisions: latencies_us.len(),
            decisions_per_s: super::platform::ratio(latencies_us.len() as u64, 1) / seconds,
            go,
            hold,
            failed,
            p50_ms: percentile(&latencies_us, 50),
            p99_ms: percentile(&latencies_us, 99),
            max_ms: percentile(&latencies_us, 100),
            first_fault,
        }
    }
}

/// Of sorted microseconds: what so many percent did not exceed, in milliseconds.
fn percentile(sorted_us: &[u64], percent: usize) -> f64 {
    let rank = (sorted_us.len() * percent).div_ceil(100).max(1);
    sorted_us.get(rank - 1).map_or(0.0, |us| super::platform::ratio(*us, 1000))
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} decisions at {} a second for {} s: {:.1} a second answered",
            self.decisions, self.rate, self.seconds, self.decisions_per_s
        )?;
        writeln!(f, "p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", self.p50_ms, self.p99_ms, self.max_ms)?;
        write!(f, "{} GO, {} HOLD, {} without an answer", self.go, self.hold, self.failed)?;
        self.first_fault.iter().try_for_each(|fault| write!(f, "; first: {fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_what_so_many_did_not_exceed() {
        let us: Vec<u64> = (1..=200).map(|ms| ms * 1000).collect();
        assert_eq!([50, 99, 100].map(|percent| percentile(&us, percent)), [100.0, 198.0, 200.0]);
        assert!((percentile(&[], 99) - 0.0).abs() < f64::EPSILON);
    }
}
