//! `seal-sim`: a seal, honest or not, on the command line. It knows the contract and nothing else of the platform.

mod cli;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use cli::{Cli, Command, DriveArgs, EnrolmentArgs, FleetArgs, PlatformArgs, ProveArgs, ReplayArgs, TerminalArgs};
use sealway_schemas::{DeviceId, PublicKey};
use sealway_seal_sim::chance::{Chance, secret};
use sealway_seal_sim::device::Device;
use sealway_seal_sim::fleet::{FleetConfig, FleetPlan};
use sealway_seal_sim::fraud::{Fraud, Misdeed};
use sealway_seal_sim::journey::Journey;
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::terminal::{Call, Form, Here, Terminal};
use sealway_seal_sim::trip::{Trip, drive};
use sealway_seal_sim::{fleet, replay, state, world};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

const RING: usize = 8_192;
const NOT_ENROLLED: &str = "not enrolled: give --api, --token and --owner, or --platform-key if it is";

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,sealway_seal_sim=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        match cli.command {
            Command::Drive(args) => drive_one(args).await,
            Command::Replay(args) => replay_one(args).await,
            Command::Fleet(args) => run_fleet(args).await,
            Command::Terminal(args) => Ok(tokio::task::spawn_blocking(move || call(&args)).await??),
            Command::Prove(args) => prove(&args),
        }
    })
}

async fn drive_one(args: DriveArgs) -> anyhow::Result<()> {
    let platform = &args.platform;
    let text = std::fs::read_to_string(&args.corridors).with_context(|| format!("read corridors {}", args.corridors.display()))?;
    let corridors = world::corridors(&text)?;
    let Some(corridor) = corridors.iter().find(|corridor| corridor.id == args.corridor) else {
        let known: Vec<&str> = corridors.iter().map(|corridor| corridor.id.as_str()).collect();
        bail!("corridor {}: expected one of {}", args.corridor, known.join(", "));
    };
    let device = ready(platform).await?;
    let live_from = unix_now();
    let mut chance = Chance::named(platform.seed, &format!("journey/{}", platform.device));
    let journey = Journey::under_way(corridor, args.start_km * 1000.0, live_from, &mut chance);
    let length = journey.route().length_m();
    let stretch = |fraud| Misdeed { fraud, from_m: length * args.fraud_from, to_m: length * args.fraud_to };
    let trip = Trip {
        device,
        misdeed: args.fraud.map(stretch),
        history: args.history,
        door: platform.door.door()?,
        time_factor: args.time_factor,
        report_every: Duration::from_millis(args.report_every_ms),
        live_from,
        seed: platform.seed,
        state: platform.state.clone(),
        ends_on_arrival: args.ends_on_arrival,
        drain: Duration::from_secs(10),
        journey,
    };
    let report = drive(trip, stop_on_ctrl_c()).await;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

async fn replay_one(args: ReplayArgs) -> anyhow::Result<()> {
    let platform = &args.platform;
    let (points, summary) = replay::read_counted(&args.replay)?;
    tracing::info!(?summary, moments = points.len(), fixes = points.iter().filter(|point| point.fix.is_some()).count(), "recording read");
    let mut device = ready(platform).await?;
    let before = device.highest();
    replay::report_all(&mut device, &points, 100)?;
    if let Some(path) = &platform.state {
        state::save(path, &device)?;
    }
    let sent = replay::send_all(&mut device, &platform.door.door()?, Duration::from_secs(args.wait_s)).await?;
    if let Some(path) = &platform.state {
        state::save(path, &device)?;
    }
    let highest = device.highest();
    let answer = serde_json::json!({
        "device": device.id(), "made": highest - before, "first": before + 1, "last": highest,
        "fixes": points.iter().filter(|point| point.fix.is_some()).count(),
        "stored": device.acked().stored, "publishes": sent.publishes, "pubacks": sent.pubacks, "resent": device.resent(),
    });
    println!("{}", serde_json::to_string_pretty(&answer)?);
    if device.all_acked() { Ok(()) } else { bail!("the platform acknowledged {} of {highest} reports", device.acked().stored) }
}

/// A terminal's call: it registers, and tells where it stands so many times.
fn call(args: &TerminalArgs) -> anyhow::Result<()> {
    let form = if args.form_2019 { Form::Of2019 } else { Form::Of2013 };
    let mut call = Call::open(args.gateway, Terminal::new(form, &args.phone))?;
    for _ in 0..args.locations {
        let here = Here { t: unix_now(), at: Some((args.lat, args.lon)), speed: 0, heading: 0 };
        let location = call.terminal.location(&here, &[0x31, 1, 9]);
        call.tell(&location)?;
    }
    println!("{}", serde_json::json!({"phone": args.phone, "acknowledged": args.locations}));
    Ok(())
}

async fn run_fleet(args: FleetArgs) -> anyhow::Result<()> {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()));
    let plan = FleetPlan::new(&read(&args.corridors)?, &read(&args.places)?, args.devices, args.seed)?;
    let platform_key = known(&plan, &args.enrolment).await?;
    let (time_factor, report_every) = (args.time_factor, Duration::from_millis(args.report_every_ms));
    let config = FleetConfig { time_factor, report_every, history: args.history, ..FleetConfig::new(args.door.door()?, platform_key) };
    let mut stop = stop_on_ctrl_c();
    let (report, ()) = fleet::run(&plan, &config, async move {
        // An error means that nobody can stop it any more; then it stops.
        let _ = stop.changed().await;
    })
    .await;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// The key of the platform, which knows every device of the plan.
async fn known(plan: &FleetPlan, enrolment: &EnrolmentArgs) -> anyhow::Result<PublicKey> {
    if let Some(key) = enrolment.platform_key {
        return Ok(key);
    }
    let (api, owner) = enrolment.owner()?.context(NOT_ENROLLED)?;
    let mut key = None;
    for planned in plan.devices() {
        key = Some(api.enrol_planned(planned, owner).await?);
    }
    key.context("a fleet of no devices")
}

fn prove(args: &ProveArgs) -> anyhow::Result<()> {
    let mut challenge = [0; 32];
    hex::decode_to_slice(&args.challenge, &mut challenge).context("challenge: expected 32 bytes in hex")?;
    let device = new(args.device, args.seed);
    println!("{} {}", device.public_key(), hex::encode(device.enrolment(challenge)));
    Ok(())
}

fn new(device: DeviceId, seed: u64) -> Device {
    Device::new(device, secret(seed, "identity", device.as_str()), RING)
}

/// The device from its state file, or a new one, enrolled where it is not yet.
async fn ready(platform: &PlatformArgs) -> anyhow::Result<Device> {
    let kept = platform.state.as_deref().map(state::load).transpose()?.flatten();
    let mut device = match kept {
        Some(mut device) if device.id() == platform.device => {
            // The program's end was a power loss to it.
            device.boot(device.lock())?;
            device
        }
        Some(device) => bail!("state of device {}, expected {}", device.id(), platform.device),
        None => new(platform.device, platform.seed),
    };
    if let Some(key) = platform.enrolment.platform_key {
        device.trust(key);
    } else if device.platform().is_none() {
        let (api, owner) = platform.enrolment.owner()?.context(NOT_ENROLLED)?;
        let key: PublicKey = api.enrol(&mut device, owner).await?;
        tracing::info!(device = %device.id(), platform = %key, "enrolled");
    }
    if let Some(path) = &platform.state {
        state::save(path, &device)?;
    }
    Ok(device)
}

fn stop_on_ctrl_c() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.send_replace(true);
        }
        stop.closed().await;
    });
    stopped
}

/// Names every fraud for `--help`.
fn parse_fraud(text: &str) -> Result<Fraud, String> {
    text.parse().map_err(|refused: sealway_seal_sim::fraud::NotAFraud| refused.to_string())
}
