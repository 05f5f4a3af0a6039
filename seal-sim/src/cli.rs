//! The command line.

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use sealway_schemas::{CorridorId, DeviceId, PartyId, PublicKey};
use sealway_seal_sim::enrol::Api;
use sealway_seal_sim::fraud::Fraud;
use sealway_seal_sim::line::Door;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Electronic seals that exist only in this process, and say real, signed things about where they are.
///
/// A simulated seal has all that a seal has: an identity key, an epoch key from sealing to opening, counters, a flash ring,
/// logins, signed acks. It talks to a Sealway platform over MQTT, plain or by TLS, and to its API to be enrolled.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Drive one seal along a corridor, honestly or not.
    ///
    /// It is sealed at the start of the corridor, tells the way so far from its store, and goes on live. Ctrl-C, or the arrival
    /// with --ends-on-arrival, ends it after the last ack; then it prints what it did as JSON.
    Drive(DriveArgs),
    /// Turn a recorded receiver log into signed reports and send them.
    ///
    /// Reads NMEA 0183 (RMC, GGA and GSV of any talker; wrong checksums, other sentences and # lines are skipped; status V and
    /// modes E, M, S are no fix) or CSV with the header unix_ms,lat,lon,alt_m,speed_mps. One report for each moment of the
    /// recording, in its order, with its times, also where the clock steps back. Ends when the platform has acknowledged all.
    Replay(ReplayArgs),
    /// Drive a whole fleet over rail, road, sea and air, three frauds in it, five from 48 seals on.
    ///
    /// Enrols every device first. Declare the transfers yourself, or let `sealway demo` do all of it.
    Fleet(FleetArgs),
    /// Call a platform's JT/T 808 port as a terminal of another maker.
    ///
    /// Registers, authenticates, and tells its place; ends when every location was acknowledged. Its phone number has to be
    /// registered with the platform (command register-terminal).
    Terminal(TerminalArgs),
    /// Sign an enrolment challenge, and print public key and proof in hex.
    ///
    /// What `sealway device enrol --prove` runs: `--prove "seal-sim prove --seed 7"`.
    Prove(ProveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TerminalArgs {
    /// The platform's port for JT/T 808.
    #[arg(long, default_value = "127.0.0.1:7611")]
    pub(crate) gateway: SocketAddr,
    /// Digits of its phone number, at most 12, or 20 in the form of 2019.
    #[arg(long)]
    pub(crate) phone: String,
    /// Speak JT/T 808-2019 instead of -2013.
    #[arg(long)]
    pub(crate) form_2019: bool,
    /// Degrees.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) lat: f64,
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) lon: f64,
    /// How many locations to tell.
    #[arg(long, default_value_t = 1)]
    pub(crate) locations: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    pub(crate) device: DeviceId,
    /// 32 bytes in hex.
    pub(crate) challenge: String,
    /// The same seed gives the same key.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// The platform's MQTT listener.
#[derive(Debug, Args)]
pub(crate) struct DoorArgs {
    /// The platform's MQTT listener: the plain one, or with --ca the one of TLS.
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// Speak TLS, and only to a platform whose certificate an authority of this PEM file has signed.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// The name in that certificate, where it is not the address.
    #[arg(long, requires = "ca")]
    server_name: Option<String>,
}

impl DoorArgs {
    pub(crate) fn door(&self) -> anyhow::Result<Door> {
        let Some(authority) = &self.ca else { return Ok(self.mqtt.into()) };
        Ok(Door::secure(self.mqtt, authority, self.server_name.as_deref())?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlatformArgs {
    #[command(flatten)]
    pub(crate) door: DoorArgs,
    /// Device id: 3 to 32 of A-Z, 0-9 and '-'.
    #[arg(long)]
    pub(crate) device: DeviceId,
    /// File that keeps the device's memory (keys included) between runs. Without it the device is new each time.
    #[arg(long)]
    pub(crate) state: Option<PathBuf>,
    /// Where its keys and its noise come from. The same seed gives the same device.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) enrolment: EnrolmentArgs,
}

/// How devices come to be known to the platform, and it to them.
#[derive(Debug, Args)]
pub(crate) struct EnrolmentArgs {
    /// The platform's API, host:port, to enrol devices that are not enrolled yet.
    #[arg(long)]
    pub(crate) api: Option<String>,
    /// The owner's API token. Better in the environment than on the command line.
    #[arg(long, env = "SEALWAY_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The party that owns the devices.
    #[arg(long)]
    pub(crate) owner: Option<PartyId>,
    /// The platform's public key, hex: for devices that are enrolled already.
    #[arg(long)]
    pub(crate) platform_key: Option<PublicKey>,
}

impl EnrolmentArgs {
    /// The API with the owner for whom it enrols; nothing where no API is named.
    pub(crate) fn owner(&self) -> anyhow::Result<Option<(Api, &PartyId)>> {
        let Some(api) = &self.api else { return Ok(None) };
        let token = self.token.as_deref().context("--token: the owner's API token is needed to enrol")?;
        let owner = self.owner.as_ref().context("--owner: the owning party is needed to enrol")?;
        Ok(Some((Api::new(api, token), owner)))
    }
}

#[derive(Debug, Args)]
pub(crate) struct DriveArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// GeoJSON file with corridors: LineStrings with id, mode, from, to and width_m.
    #[arg(long)]
    pub(crate) corridors: PathBuf,
    /// The corridor to follow.
    #[arg(long)]
    pub(crate) corridor: CorridorId,
    /// How far it has come at the start.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) start_km: f64,
    /// Reports about the way so far.
    #[arg(long, default_value_t = 30)]
    pub(crate) history: u64,
    /// Device time runs this many times faster than the clock.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) time_factor: f64,
    /// Milliseconds between reports, by this machine's clock.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) report_every_ms: u64,
    /// End when the cargo has arrived.
    #[arg(long)]
    pub(crate) ends_on_arrival: bool,
    /// replay: old reports again. clone: a copy of the keys speaks elsewhere. tamper: one bit changed on the way. gap: reports
    /// vanish. opened: forced open. cable-cut. deviation: leaves the corridor. silence: wrapped in foil. jump: 300 km away and
    /// back. clock: six hours back.
    #[arg(long, value_parser = crate::parse_fraud)]
    pub(crate) fraud: Option<Fraud>,
    /// Share of the way at which the fraud begins, 0 to 1.
    #[arg(long, default_value_t = 0.4)]
    pub(crate) fraud_from: f64,
    /// Share of the way at which it ends, where it has a length.
    #[arg(long, default_value_t = 0.6)]
    pub(crate) fraud_to: f64,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// The recording.
    #[arg(long = "replay", value_name = "FILE")]
    pub(crate) replay: PathBuf,
    /// Seconds to wait for the acks.
    #[arg(long, default_value_t = 60)]
    pub(crate) wait_s: u64,
}

#[derive(Debug, Args)]
pub(crate) struct FleetArgs {
    #[command(flatten)]
    pub(crate) door: DoorArgs,
    #[command(flatten)]
    pub(crate) enrolment: EnrolmentArgs,
    /// GeoJSON file with corridors.
    #[arg(long)]
    pub(crate) corridors: PathBuf,
    /// GeoJSON file with places.
    #[arg(long)]
    pub(crate) places: PathBuf,
    #[arg(long, default_value_t = 60)]
    pub(crate) devices: usize,
    /// Reports of each device about the way so far; 20 to 39 unless told.
    #[arg(long)]
    pub(crate) history: Option<u64>,
    /// The same seed gives the same fleet.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Device time runs this many times faster than the clock.
    #[arg(long, default_value_t = 60.0)]
    pub(crate) time_factor: f64,
    /// Milliseconds between two reports of a device, by this machine's clock.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) report_every_ms: u64,
}
