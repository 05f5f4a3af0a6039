//! `sealway demo`: the whole platform on loopback, a small world, and seals on their way through it.

mod desk;
mod report;
mod world;

pub(crate) use world::furnish;

use crate::access;
use crate::cli::Demo;
use crate::config::{Clocks, Config, Http, Log, LogFormat, Map, Mqtt};
use crate::logging;
use crate::platform::Platform;
use crate::say::say;
use crate::serve::{Stop, allow_files};
use anyhow::Context as _;
use sealway_seal_sim::fleet::{self, FleetConfig, FleetPlan};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The same seals in every demonstration.
const SEED: u64 = 1;
/// The clocks of the demonstration's seals run ahead of the platform's, since their time goes faster.
const AHEAD: Duration = Duration::from_secs(3_650 * 86_400);
/// So many ports above the wanted one are tried when it is in use.
const PORTS: u16 = 20;

pub(crate) fn run(arguments: &Demo) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn,sealway=info".to_owned() });
    // Both ends of each connection are here.
    allow_files(arguments.devices.saturating_mul(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(demo(arguments))
}

async fn demo(arguments: &Demo) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("sealway-demo-").tempdir().context("temporary folder")?;
    let data = arguments.data.clone().unwrap_or_else(|| folder.path().join("data"));
    let mut stop = Stop::listen()?;
    let platform = Platform::start(&config(arguments, data)).await?;
    let plan = FleetPlan::new(world::CORRIDORS, world::PLACES, arguments.devices as usize, SEED).context("fleet")?;
    world::furnish(&platform.tracker).await.context("places, corridors and parties")?;
    world::open(&platform.tracker).await.context("standing order and ledgers")?;
    world::stock(&platform.tracker).await.context("spare seals")?;
    world::declare(&platform.tracker, &plan).await.context("devices and transfers")?;
    if arguments.without_seals {
        say!(
            "declared: `seal-sim fleet --devices {} --seed {SEED}` drives these seals while `sealway serve` runs on the folder",
            arguments.devices
        );
        return platform.drain().await;
    }
    if arguments.report.is_none() {
        welcome(&platform).await?;
    }
    let mqtt = platform.front().addresses().plain.context("no plain listener")?;
    let (time_factor, report_every) = (f64::from(arguments.time_factor), arguments.report_every);
    let fleet = FleetConfig { time_factor, report_every, ..FleetConfig::new(mqtt, platform.tracker.platform_key()) };
    let over = async {
        match arguments.run_for {
            Some(duration) => tokio::select! {
                () = tokio::time::sleep(duration) => {}
                () = stop.wait() => {}
            },
            None => stop.wait().await,
        }
    };
    let desk = desk::Desk::new(&platform.tracker, arguments.by_hand.clone())?;
    let over = async {
        tokio::select! {
            () = over => Ok(()),
            closed = desk.work() => closed,
        }
    };
    let (driven, desk) = fleet::run(&plan, &fleet, over).await;
    desk.context("the desk at the destination")?;
    let report = report::DemoReport::of(&driven, &platform.tracker).await?;
    platform.drain().await?;
    match arguments.report {
        Some(crate::cli::Report::Json) => say!("{}", serde_json::to_string(&report)?),
        None => say!("{report}"),
    }
    Ok(())
}

fn config(arguments: &Demo, data: PathBuf) -> Config {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let base = Config::default();
    Config {
        data,
        mqtt: Mqtt::on_one_machine(free, base.mqtt.in_flight),
        http: Http { listen: free_port(arguments.http), ..base.http },
        clocks: Clocks { device: AHEAD, ..base.clocks },
        map: Map { source: arguments.basemap.clone().unwrap_or_default(), ..base.map },
        ..base
    }
}

/// The wanted address, or the next free port.
fn free_port(wanted: SocketAddr) -> SocketAddr {
    let ports = wanted.port()..=wanted.port().saturating_add(PORTS);
    let candidates = ports.map(|port| SocketAddr::new(wanted.ip(), port));
    candidates.into_iter().find(|address| std::net::TcpListener::bind(address).is_ok()).unwrap_or(wanted)
}

async fn welcome(platform: &Platform) -> anyhow::Result<()> {
    let base = format!("http://{}", platform.http());
    let mut lines = format!("interface {base}\n");
    for (role, party) in world::PEOPLE {
        let user = format!("demo-{role}").parse()?;
        let token = access::issue(&platform.tracker, role, &party.parse()?, &user).await?;
        lines.push_str(&format!("sign in as {role}: {base}/login#{}\n", token.expose()));
    }
    lines.push_str("ready: Ctrl-C ends the demonstration\n");
    let mut out = std::io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    Ok(out.flush()?)
}
