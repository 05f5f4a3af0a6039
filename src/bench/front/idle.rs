//! Devices that log in and are silent: what each costs the platform, and how fast they come in, with TLS and without. Each measurement has
//! a platform in a process of its own, so that none grows into what another gave back, and the devices live in a third one.

use super::super::generator::SEED;
use super::super::platform::{Bench, ratio, resident_bytes};
use super::IN_FLIGHT;
use crate::cli::{BenchIdle, Hold};
use crate::config::Tls;
use crate::say::say;
use anyhow::Context as _;
use sealway_seal_sim::line::Door;
use sealway_seal_sim::load::{Load, LoadPlan, hold as hold_all};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Idle {
    tls: bool,
    connections: u64,
    bytes_per_connection: f64,
    logins_per_s: f64,
}

/// What the process of the devices says.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    seconds: f64,
    connected: u64,
}

/// `sealway bench idle` in a process of its own.
pub(super) fn beside(devices: u32, tls: bool) -> anyhow::Result<Idle> {
    let mut command = Command::new(std::env::current_exe().context("own program")?);
    command.args(["bench", "idle", "--report", "json", "--devices", &devices.to_string()]).stderr(Stdio::inherit());
    if tls {
        command.arg("--tls");
    }
    let output = command.output().context("the platform's process")?;
    anyhow::ensure!(output.status.success(), "the platform's process ended by {}", output.status);
    serde_json::from_slice(&output.stdout).context("what the platform's process says")
}

/// `sealway bench idle`.
pub(crate) fn run(arguments: &BenchIdle) -> anyhow::Result<()> {
    crate::serve::allow_files(arguments.devices);
    super::super::report(arguments.report, measure(arguments))
}

async fn measure(arguments: &BenchIdle) -> anyhow::Result<Idle> {
    let folder = tempfile::Builder::new().prefix("sealway-bench-").tempdir().context("temporary folder")?;
    let authority = folder.path().join("authority.pem");
    let tls = arguments.tls.then(|| certified(folder.path(), &authority)).transpose()?;
    let bench = Bench::start(IN_FLIGHT, tls).await?;
    eprintln!("enrolling {} devices ...", arguments.devices);
    bench.enrol(arguments.devices).await?;
    let address = if arguments.tls { bench.secure_address() } else { bench.address() }?;
    let before = resident_bytes()?;
    eprintln!("logging them in{} ...", if arguments.tls { " by TLS" } else { "" });
    let mut devices = Command::new(std::env::current_exe().context("own program")?);
    devices.args(["bench", "hold", "--address", &address.to_string(), "--devices", &arguments.devices.to_string()]);
    if arguments.tls {
        devices.arg("--ca").arg(&authority);
    }
    let mut child = devices.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the devices' process")?;
    let said = BufReader::new(child.stdout.take().context("its output")?).lines().next().context("it ended before its time")??;
    let held: Held = serde_json::from_str(&said)?;
    let grown = resident_bytes()?.saturating_sub(before);
    drop(child.stdin.take());
    child.wait()?;
    bench.stop().await;
    Ok(Idle {
        tls: arguments.tls,
        connections: held.connected,
        bytes_per_connection: ratio(grown, held.connected),
        logins_per_s: ratio(held.connected, 1) / held.seconds,
    })
}

/// A certificate for this machine's own address, which `authority` makes believed: it signed itself.
fn certified(folder: &Path, authority: &Path) -> anyhow::Result<Tls> {
    let key = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(vec![Ipv4Addr::LOCALHOST.to_string()])?.self_signed(&key)?;
    let private = folder.join("key.pem");
    std::fs::write(authority, certificate.pem())?;
    std::fs::write(&private, key.serialize_pem())?;
    Ok(Tls { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), certificate: authority.to_owned(), key: private })
}

/// `sealway bench hold`.
pub(crate) fn hold(arguments: &Hold) -> anyhow::Result<()> {
    crate::serve::allow_files(arguments.devices);
    let devices = arguments.devices as usize;
    let door = match &arguments.ca {
        None => arguments.address.into(),
        Some(authority) => Door::secure(arguments.address, authority, None)?,
    };
    let load = Load::prepare(LoadPlan { devices, visited: devices, reports_per_device: 1, seed: SEED })?;
    hold_all(load, &door, |took, connected| {
        let held = Held { seconds: took.as_secs_f64(), connected: connected as u64 };
        say!("{}", serde_json::to_string(&held).unwrap_or_default());
        // Until the other process has looked.
        let _ended = std::io::stdin().lines().next();
    })?;
    Ok(())
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, connections, bytes_per_connection, logins_per_s } = self;
        let listener = if *tls { "TLS" } else { "plain" };
        write!(f, "{listener}: {connections} idle connections, {bytes_per_connection:.0} bytes each; {logins_per_s:.0} logins/s")
    }
}
