//! A fleet on its way over rail, road, sea and air, with frauds in it: what `sealway demo` shows.
//!
//! In phases: [`FleetPlan::new`] decides who goes where; the caller enrols [`PlannedDevice`]s and declares their transfers;
//! [`run`] then seals in the origins, sends the way so far from the store, and drives on live until it is told to stop.

mod plan;
pub(crate) mod units;

use crate::chance::Chance;
use crate::fraud::{Fraud, Misdeed};
use crate::journey::Journey;
use crate::line::Door;
use crate::link::unix_now;
use crate::number;
use crate::trip::{Trip, TripReport, drive};
use sealway_schemas::{DeviceId, PublicKey};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use plan::{FleetPlan, PlanError, PlannedDevice};
pub use units::{container, loose, uld};

/// Reports that a device's flash ring holds.
const RING: usize = 4096;
/// A fraud lasts this long by this machine's clock, where it has a length.
const FRAUD_LASTS_S: f64 = 12.0;
/// Connections begin over this time, or a millisecond for each, so that a thousand logins do not come at once.
const CONNECT_SPREAD_MS: u64 = 1_500;

/// Where and how a fleet runs.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    pub door: Door,
    pub platform_key: PublicKey,
    /// Device time runs this many times faster than the clock.
    pub time_factor: f64,
    /// One report of each device, by this machine's clock.
    pub report_every: Duration,
    /// Reports of each device about the way so far; 20 to 39 where none is told.
    pub history: Option<u64>,
    /// Frauds begin this long after the start, by this machine's clock.
    pub fraud_after: Duration,
    /// How long the end waits for the last acks.
    pub drain: Duration,
}

impl FleetConfig {
    /// Sixty times faster, a report a second.
    #[must_use]
    pub fn new(door: impl Into<Door>, platform_key: PublicKey) -> Self {
        Self {
            door: door.into(),
            platform_key,
            time_factor: 60.0,
            report_every: Duration::from_secs(1),
            history: None,
            fraud_after: Duration::from_secs(6),
            drain: Duration::from_secs(10),
        }
    }
}

/// What a fleet did, to be compared with the platform's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FleetReport {
    pub devices: usize,
    /// Signed reports made, clones' included; each has its own bytes.
    pub made: u64,
    pub made_by_clones: u64,
    /// Of these, the ones that a fraud hid: the platform cannot have them.
    pub hidden: u64,
    /// Covered by signed acks at the end; reports of clones are not counted here.
    pub acked: u64,
    pub resent: u64,
    /// Copies and forgeries put on the wire.
    pub forged: u64,
    pub answered: u64,
    pub connects: u64,
    pub publishes: u64,
    pub pubacks: u64,
    pub arrived: usize,
    /// From PUBLISH to PUBACK, as a device sees it.
    pub puback_ms_p50: f64,
    pub puback_ms_p99: f64,
    pub per_device: Vec<TripReport>,
}

/// Drives the whole fleet until `shutdown` completes, then waits for the last acks and leaves. Gives back what `shutdown` gave.
pub async fn run<T>(plan: &FleetPlan, config: &FleetConfig, shutdown: impl Future<Output = T>) -> (FleetReport, T) {
    let (stop, stopped) = watch::channel(false);
    let live_from = unix_now();
    let spread_ms = CONNECT_SPREAD_MS.max(plan.devices().len() as u64);
    let mut trips = JoinSet::new();
    for planned in plan.devices() {
        let trip = trip(planned, plan.seed(), config, live_from);
        let stopped = stopped.clone();
        let wait_ms = Chance::named(plan.seed(), planned.id.as_str()).below(spread_ms);
        trips.spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            drive(trip, stopped).await
        });
    }
    let ended = shutdown.await;
    // Every receiver is held by a trip; none left means that all have ended.
    let _ = stop.send(true);
    let mut reports = Vec::with_capacity(plan.devices().len());
    while let Some(trip) = trips.join_next().await {
        match trip {
            Ok(report) => reports.push(report),
            Err(failed) => tracing::error!(%failed, "a device's driver broke off"),
        }
    }
    (FleetReport::of(reports), ended)
}

fn trip(planned: &PlannedDevice, seed: u64, config: &FleetConfig, live_from: sealway_schemas::Time) -> Trip {
    let mut chance = Chance::named(seed, &format!("journey/{}", planned.id));
    let mut device = planned.device(RING);
    device.trust(config.platform_key);
    let journey = Journey::under_way(&planned.way, planned.start_m, live_from, &mut chance);
    let per_second = journey.cruise_m_s() * config.time_factor;
    let now_m = journey.progress_m(live_from);
    let after_s = config.fraud_after.as_secs_f64();
    let misdeed = planned.fraud.map(|fraud| Misdeed {
        fraud,
        from_m: now_m + per_second * after_s,
        to_m: now_m + per_second * (after_s + FRAUD_LASTS_S),
    });
    Trip {
        device,
        journey,
        misdeed,
        history: config.history.unwrap_or(20 + chance.below(20)),
        door: config.door.clone(),
        time_factor: config.time_factor,
        report_every: config.report_every,
        live_from,
        seed,
        state: None,
        ends_on_arrival: false,
        drain: config.drain,
    }
}

impl FleetReport {
    fn of(mut per_device: Vec<TripReport>) -> Self {
        per_device.sort_by_key(|report| report.device);
        let sum = |count: fn(&TripReport) -> u64| per_device.iter().map(count).sum();
        let mut latencies: Vec<u32> = per_device.iter().flat_map(|report| report.puback_us.iter().copied()).collect();
        latencies.sort_unstable();
        Self {
            devices: per_device.len(),
            made: sum(|report| report.made),
            made_by_clones: sum(|report| report.made_by_clone),
            hidden: sum(|report| report.hidden),
            acked: sum(|report| report.acked),
            resent: sum(|report| report.resent),
            forged: sum(|report| report.forged),
            answered: sum(|report| report.answered),
            connects: sum(|report| report.connects),
            publishes: sum(|report| report.publishes),
            pubacks: sum(|report| report.pubacks),
            arrived: per_device.iter().filter(|report| report.arrived).count(),
            puback_ms_p50: percentile_ms(&latencies, 50),
            puback_ms_p99: percentile_ms(&latencies, 99),
            per_device,
        }
    }

    /// Devices with a fraud, and which.
    #[must_use]
    pub fn frauds(&self) -> Vec<(DeviceId, Fraud)> {
        self.per_device.iter().filter_map(|report| report.fraud.map(|fraud| (report.device, fraud))).collect()
    }
}

fn percentile_ms(sorted_us: &[u32], percent: usize) -> f64 {
    let at = sorted_us.len().saturating_sub(1) * percent / 100;
    sorted_us.get(at).map_or(0.0, |us| number::float(u64::from(*us)) / 1000.0)
}
