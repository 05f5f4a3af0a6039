//! What `sealway bench` may be told.

use super::Report;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Reports per second from signed bytes on TCP to disk, beside bare batch verification
    Ingest(Ingest),
    /// Every row of the alert table, played dishonestly and honestly, and a month of transfers with frauds among them
    Frauds(Frauds),
    /// Decisions of gates through HTTP at a fixed rate
    Gate(BenchGate),
    /// A log of millions of entries: growing its tree, a bundle and its check, and a start after a crash
    Evidence(BenchEvidence),
    /// The other process of `evidence`: it fills a folder until it is killed
    #[command(hide = true)]
    Fill(FillEvidence),
    /// The time series: points to the disk, the questions of the screens, and the same of an InfluxDB beside it
    Series(BenchSeries),
    /// The MQTT front: connections that do nothing, logins, and messages beside Debian's mosquitto
    Front(BenchFront),
    /// The platform's process of `front`, with devices that are connected and silent
    #[command(hide = true)]
    Idle(BenchIdle),
    /// The devices' process of `front`: they log in and stay
    #[command(hide = true)]
    Hold(Hold),
    /// The other process of `ingest`: many devices that send what they have signed before
    #[command(hide = true)]
    Generate(Generate),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Ingest {
    /// Devices known to the platform
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) devices: u32,
    /// How many of them are connected at a time
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) connections: u32,
    /// Messages without an answer on one connection
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) in_flight: u16,
    /// Send so many reports a second in all, instead of as many as the platform takes
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// How long reports are sent
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Frauds {
    /// Transfers of the month
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(20..=5000))]
    pub(crate) transfers: u32,
    /// Another seed gives another month
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BenchGate {
    /// Decisions a second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(crate) seconds: u32,
    /// Connections that the gates keep open
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) connections: u32,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BenchEvidence {
    /// Entries of the log
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(20_000..=100_000_000))]
    pub(crate) entries: u64,
    /// Reports of the transfer whose bundle is checked
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(10..=15_000))]
    pub(crate) reports: u64,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FillEvidence {
    #[arg(long)]
    pub(crate) data: PathBuf,
    #[arg(long)]
    pub(crate) entries: u64,
    #[arg(long)]
    pub(crate) reports: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BenchSeries {
    /// Points to keep
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(100_000..=1_000_000_000))]
    pub(crate) points: u64,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) seals: u32,
    /// A server without login on this machine: URL,PID,DATA-FOLDER. Its database sealway_bench is made anew
    #[arg(long)]
    pub(crate) influx: Option<InfluxBeside>,
    /// Points to keep there, and in another embedded store beside it
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    pub(crate) influx_points: u64,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone)]
pub(crate) struct InfluxBeside {
    pub(crate) url: String,
    pub(crate) pid: u32,
    pub(crate) folder: PathBuf,
}

impl std::str::FromStr for InfluxBeside {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text:?}: expected URL,PID,DATA-FOLDER");
        let mut parts = text.splitn(3, ',');
        let mut part = || parts.next().ok_or_else(expected);
        let (url, pid, folder) = (part()?.to_owned(), part()?, part()?);
        Ok(Self { url, pid: pid.parse().map_err(|_| expected())?, folder: folder.into() })
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BenchFront {
    /// Devices that are connected and silent
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=18_000))]
    pub(crate) idle: u32,
    /// Seconds of each measurement of messages
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) seconds: u32,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BenchIdle {
    #[arg(long)]
    pub(crate) devices: u32,
    /// By TLS
    #[arg(long)]
    pub(crate) tls: bool,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Hold {
    #[arg(long)]
    pub(crate) address: std::net::SocketAddr,
    /// Speak TLS, to whom this authority's file makes believed
    #[arg(long)]
    pub(crate) ca: Option<PathBuf>,
    #[arg(long)]
    pub(crate) devices: u32,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Generate {
    /// The plan as JSON
    #[arg(long)]
    pub(crate) plan: PathBuf,
}
