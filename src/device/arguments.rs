//! What can be asked about devices on the command line.

use clap::{Args, Subcommand};
use sealway_schemas::{DeviceId, PartyId};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// Make a device known by the proof that it signs
    Enrol(Enrol),
    /// Give a device a new identity: the old key is revoked, and the new one proves itself
    Rotate(Rotate),
    /// Refuse whatever a device says from now on
    Revoke(Revoke),
    /// One line a device: id, owner, state
    List(List),
    /// Why a device was refused lately
    Errors(One),
    /// Enrol every device of a CSV file, a row each: device, and owner where it is not the caller
    Import(Import),
    /// A label with the device's id as QR code, in SVG
    Label(Label),
    /// Who is connected over MQTT, one line a connection; for administrators
    Connections(Platform),
    /// Close an MQTT connection; its client may come again; for administrators
    Disconnect(Disconnect),
}

/// A running platform, and as whom to ask it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Platform {
    /// The platform's interface: https://HOST, or http:// on this machine
    #[arg(long)]
    pub(crate) platform: String,
    /// A file with an API token
    #[arg(long)]
    pub(crate) token_file: PathBuf,
    /// A file of PEM certificates: who may vouch for the platform, instead of those that this machine believes
    #[arg(long)]
    pub(crate) authority: Option<PathBuf>,
}

/// What lets a device prove its key.
#[derive(Debug, Clone, Args)]
pub(crate) struct Prover {
    /// A program that lets the device sign. It is given the device's id and the challenge (hex) as arguments and prints the public key and the
    /// proof, both in hex, in one line
    #[arg(long, value_name = "COMMAND")]
    pub(crate) prove: String,
}

#[derive(Debug, Args)]
pub(crate) struct Enrol {
    pub(crate) device: DeviceId,
    /// The party that owns it, where that is not the token's own
    #[arg(long)]
    pub(crate) owner: Option<PartyId>,
    #[command(flatten)]
    pub(crate) prover: Prover,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    pub(crate) device: DeviceId,
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) prover: Prover,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    pub(crate) device: DeviceId,
    #[arg(long)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this party's
    #[arg(long)]
    pub(crate) owner: Option<PartyId>,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    pub(crate) device: DeviceId,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// CSV with the header `device` or `device,owner`
    pub(crate) file: PathBuf,
    /// What became of each row, as CSV: device, outcome, detail
    #[arg(long)]
    pub(crate) results: PathBuf,
    /// A folder for the labels of the enrolled devices
    #[arg(long)]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) prover: Prover,
    #[command(flatten)]
    pub(crate) platform: Platform,
}

#[derive(Debug, Args)]
pub(crate) struct Label {
    pub(crate) device: DeviceId,
    /// The file
    #[arg(short, long)]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Disconnect {
    /// As `sealway device connections` shows it
    pub(crate) session: u64,
    #[command(flatten)]
    pub(crate) platform: Platform,
}
