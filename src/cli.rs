//! The command line: what can be asked of the program.

mod bench;

use crate::config::MapSource;
use clap::{Args, Parser, Subcommand, ValueEnum};
use sealway_schemas::PartyId;
use std::path::PathBuf;

pub(crate) use bench::{
    BenchCommand, BenchEvidence, BenchFront, BenchGate, BenchIdle, BenchSeries, FillEvidence, Frauds, Generate, Hold, InfluxBeside, Ingest,
};

#[derive(Debug, Parser)]
#[command(name = "sealway", version, about = "Sealway 关途 follows cargo under electronic seal and proves what it says")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything in one process on loopback, with seals under way on real corridors
    Demo(Demo),
    /// Run the platform
    Serve(Serve),
    /// Write out the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Give people and systems access
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// The fleet of a running platform
    Device {
        #[command(subcommand)]
        command: crate::device::DeviceCommand,
    },
    /// Measure
    Bench {
        #[command(subcommand)]
        command: BenchCommand,
    },
    /// For device makers
    Wire {
        #[command(subcommand)]
        command: WireCommand,
    },
    /// Copy the evidence log and the platform key; the platform may be running
    Backup(Copy),
    /// Make a data folder out of a backup; seals then send again what it lacks, and a witness that saw more answers 409 (README)
    Restore(Copy),
    /// Follow a primary's log on another machine; begins with a backup of it
    Standby(Standby),
    /// Make the platform's next key, which it signs by from its next start on; seals hear of it when they connect
    Rekey {
        /// The platform's data folder, while no platform runs on it
        #[arg(long)]
        data: PathBuf,
    },
    /// What a stranger needs to check a transfer
    Evidence {
        #[command(subcommand)]
        command: EvidenceCommand,
    },
    /// Write the reports of a transfer for other programs
    Export(ExportSeries),
    /// Cosign the checkpoints of other people's logs, if they only grew
    Witness(Witness),
    /// A gate that goes on deciding while the platform cannot be reached; questions on standard input, answers on standard output
    Gate(Gate),
    /// Look at log, tree and registry of a data folder, while no platform runs on it
    Verify(Verify),
    /// Throw the views away and make them again from the evidence log
    Rebuild {
        /// The platform's data folder
        #[arg(long)]
        data: PathBuf,
        /// Only the time series
        #[arg(long)]
        series: bool,
        /// The platform's configuration, where it says that the time series are elsewhere
        #[arg(long, requires = "series")]
        config: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many seals
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) devices: u32,
    /// Where the interface listens; the next free port is taken when it is in use
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) http: std::net::SocketAddr,
    /// How many seconds of the seals' time pass in one second
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) time_factor: u32,
    /// One report of each seal, by this machine's clock: 1s, 30s
    #[arg(long, default_value = "1s", value_parser = crate::duration::parse)]
    pub(crate) report_every: std::time::Duration,
    /// End by itself after so long: 30s, 5m
    #[arg(long = "for", value_parser = crate::duration::parse)]
    pub(crate) run_for: Option<std::time::Duration>,
    /// Print one JSON object at the end and nothing else on standard output
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
    /// Keep the data here instead of in a folder that is removed at the end
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Leave arrivals and handoffs at this operator's places to whoever signs in: xian-port-station
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) by_hand: Option<PartyId>,
    /// Declare everything into the data folder and end, so that another program drives the seals: seal-sim fleet
    #[arg(long, requires = "data", conflicts_with_all = ["run_for", "report", "by_hand", "time_factor", "report_every", "basemap"])]
    pub(crate) without_seals: bool,
    /// Show this base map: the path of a GeoJSON file, or the address of a map style
    #[arg(long, value_name = "FILE|URL", value_parser = MapSource::parse)]
    pub(crate) basemap: Option<MapSource>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    Json,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Serve {
    /// The configuration file (`sealway config template` prints one)
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// The data folder; goes before the one in the configuration
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The folder to copy
    #[arg(long)]
    pub(crate) from: PathBuf,
    /// A new folder
    #[arg(long)]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Standby {
    /// The data folder here: a backup of the primary
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// The primary's interface: https://HOST
    #[arg(long)]
    pub(crate) primary: String,
    /// A file with an administrator's token of the primary
    #[arg(long)]
    pub(crate) token_file: PathBuf,
    /// A file of PEM certificates: who may vouch for the primary, instead of those that this machine believes
    #[arg(long)]
    pub(crate) authority: Option<PathBuf>,
    /// End when nothing new has come for 10 s
    #[arg(long)]
    pub(crate) until_level: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Print the trust root: the keys that the log's checkpoints are signed by, oldest first
    Root {
        /// The platform's data folder
        #[arg(long)]
        data: PathBuf,
    },
    /// Write the bundle of a transfer, or of all
    Export(Export),
    /// Check a bundle, offline: exit code 0 genuine, 1 incomplete, 2 forged
    Verify {
        file: PathBuf,
        /// A file with the trust root; further lines may name witnesses that must have cosigned
        #[arg(long)]
        trust: PathBuf,
        #[arg(long, value_enum)]
        report: Option<Report>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[arg(required_unless_present = "all")]
    pub(crate) transfer: Option<sealway_schemas::TransferId>,
    /// Every transfer, each into a file of its own
    #[arg(long, conflicts_with = "transfer")]
    pub(crate) all: bool,
    /// The file; with --all the folder
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// The platform's data folder; the platform may be running
    #[arg(long)]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExportSeries {
    #[arg(long)]
    pub(crate) transfer: sealway_schemas::TransferId,
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// The file
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// The platform's data folder; the platform may be running
    #[arg(long)]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Parquet,
    Csv,
    Geojson,
    Gpx,
}

#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// Its own folder: key and memory
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Its name in cosignatures, as in witness.example
    #[arg(long)]
    pub(crate) name: String,
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) listen: std::net::SocketAddr,
    /// The verifier key of a log to look at; may be given more than once
    #[arg(long, required = true)]
    pub(crate) log: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Gate {
    /// Its id on the platform
    #[arg(long)]
    pub(crate) gate: sealway_schemas::GateId,
    /// Its own folder: key, snapshot, and what it decided alone
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// The platform's interface: https://HOST
    #[arg(long)]
    pub(crate) platform: String,
    /// A file with a token of the operator who runs the gate's place
    #[arg(long)]
    pub(crate) token_file: PathBuf,
    /// The platform's public key, 64 hex digits, or a file with it: whose snapshots and pass cards are believed
    #[arg(long, value_parser = crate::gate::trust)]
    pub(crate) trust: sealway_schemas::PublicKey,
    /// A file of PEM certificates: who may vouch for the platform, instead of those that this machine believes
    #[arg(long)]
    pub(crate) authority: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The platform's data folder
    #[arg(long)]
    pub(crate) data: PathBuf,
    #[arg(long, value_enum)]
    pub(crate) report: Option<Report>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a configuration with every key, its default and its meaning
    Template,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it once
    New(NewToken),
}

#[derive(Debug, Args)]
pub(crate) struct NewToken {
    /// customs, carrier, operator, auditor or admin
    #[arg(long)]
    pub(crate) role: sealway_schemas::command::Role,
    /// The party; made when it does not exist yet
    #[arg(long)]
    pub(crate) party: sealway_schemas::PartyId,
    /// The person or system that the token is for
    #[arg(long)]
    pub(crate) user: Option<sealway_schemas::UserId>,
    /// The platform's data folder
    #[arg(long, default_value = "sealway-data")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WireCommand {
    /// Say what messages are: one JSON line in, one JSON line out
    Check,
}
