//! `sealway bench front`: what a connection costs that does nothing, how fast devices log in, and messages per second with PUBACK after
//! the commit, beside Debian's mosquitto in the same run, which acknowledges from memory and is told to write to the disk or not.

use super::generator::{Generator, SEED};
use super::platform::{Bench, ratio, resident_bytes};
use crate::cli::{BenchFront, Hold, Ingest};
use crate::say::say;
use anyhow::Context as _;
use sealway_seal_sim::load::{Load, LoadPlan, hold as hold_all};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CONNECTIONS: [u32; 2] = [100, 1_000];
const IN_FLIGHT: u16 = 16;
const MOSQUITTO: [&str; 2] = ["mosquitto", "/usr/sbin/mosquitto"];
const START: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize)]
struct Figures {
    idle_connections: u64,
    idle_bytes_per_connection: f64,
    logins_per_s: f64,
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

/// What the other process of the idle measurement says.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    seconds: f64,
    connected: u64,
}

pub(crate) fn run(arguments: &BenchFront) -> anyhow::Result<()> {
    crate::serve::allow_files(arguments.idle);
    super::report(arguments.report, measure(arguments))
}

async fn measure(arguments: &BenchFront) -> anyhow::Result<Figures> {
    let (held, idle_bytes_per_connection) = idle(arguments).await?;
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
    let logins_per_s = ratio(held.connected, 1) / held.seconds;
    Ok(Figures { idle_connections: held.connected, idle_bytes_per_connection, logins_per_s, messages })
}

/// Devices of another process log in and are silent; what this process grows by is theirs.
async fn idle(arguments: &BenchFront) -> anyhow::Result<(Held, f64)> {
    let plan = Ingest { devices: arguments.idle, connections: 1, in_flight: IN_FLIGHT, rate: None, seconds: 1, report: None };
    let bench = Bench::start(&plan).await?;
    eprintln!("enrolling {} devices ...", arguments.idle);
    bench.enrol(arguments.idle).await?;
    let before = resident_bytes()?;
    eprintln!("logging them in ...");
    let mut child = Command::new(std::env::current_exe().context("own program")?)
        .args(["bench", "hold", "--address", &bench.address()?.to_string(), "--devices", &arguments.idle.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the devices' process")?;
    let said = BufReader::new(child.stdout.take().context("its output")?).lines().next().context("it ended before its time")??;
    let held: Held = serde_json::from_str(&said)?;
    let grown = resident_bytes()?.saturating_sub(before);
    drop(child.stdin.take());
    child.wait()?;
    bench.stop().await;
    let bytes = ratio(grown, held.connected);
    Ok((held, bytes))
}

/// `sealway bench hold`.
pub(crate) fn hold(arguments: &Hold) -> anyhow::Result<()> {
    crate::serve::allow_files(arguments.devices);
    let devices = arguments.devices as usize;
    let load = Load::prepare(LoadPlan { devices, visited: devices, reports_per_device: 1, seed: SEED })?;
    hold_all(load, arguments.address, |took, connected| {
        let held = Held { seconds: took.as_secs_f64(), connected: connected as u64 };
        say!("{}", serde_json::to_string(&held).unwrap_or_default());
        // Until the other process has looked.
        let _ended = std::io::stdin().lines().next();
    })?;
    Ok(())
}

async fn platform(plan: &Ingest) -> anyhow::Result<Messages> {
    let mut generator = Generator::start(plan)?;
    let _ready = generator.ready()?;
    let bench = Bench::start(plan).await?;
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

/// `None` where it is not installed.
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

struct Mosquitto {
    child: Child,
    address: SocketAddr,
}

impl Mosquitto {
    fn start(folder: &Path, persistence: bool) -> anyhow::Result<Option<Self>> {
        // Let go of at once: nothing else on this machine asks for a port of that number in between.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\npersistence {persistence}\n\
             persistence_location {}/\nautosave_on_changes true\nautosave_interval 1\nlog_type error\nuser root\n",
            address.port(),
            folder.display()
        );
        std::fs::write(&config, text)?;
        let spawned = MOSQUITTO.iter().find_map(|program| Command::new(program).arg("-c").arg(&config).stderr(Stdio::null()).spawn().ok());
        let Some(child) = spawned else { return Ok(None) };
        let started = Self { child, address };
        let until = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            anyhow::ensure!(Instant::now() < until, "mosquitto does not listen on {address} within {START:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(started))
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} idle connections: {:.0} bytes each", self.idle_connections, self.idle_bytes_per_connection)?;
        write!(f, "{:.0} logins/s", self.logins_per_s)?;
        for Messages { server, connections, per_s, ack_ms_p50, ack_ms_p99 } in &self.messages {
            write!(f, "\n{server}, {connections} connections: {per_s:.0} messages/s, ack p50 {ack_ms_p50:.1} ms, p99 {ack_ms_p99:.1} ms")?;
        }
        Ok(())
    }
}
