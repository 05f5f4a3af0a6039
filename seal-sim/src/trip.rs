//! One device driven over a real connection: history from its store first, then live, in accelerated time.
//!
//! Only this driver has a clock. Device time is `live_from` plus the time that has passed since the start, times the factor.

use crate::chance::{Chance, secret};
use crate::device::{Device, NotMade};
use crate::fraud::{Fraud, Misdeed};
use crate::journey::Journey;
use crate::line::Door;
use crate::link::{Around, Link, LinkError, Traffic};
use crate::number;
use crate::state;
use sealway_schemas::report::Event;
use sealway_schemas::sensors::Sensors;
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

mod misdeeds;

/// How often a driver looks whether it should stop.
const SLICE: Duration = Duration::from_millis(200);
/// The device was switched on this long before it was sealed.
const BOOTED_BEFORE_MS: u64 = 120_000;
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// What a driven device does, and where.
#[derive(Debug)]
pub struct Trip {
    pub device: Device,
    pub journey: Journey,
    pub misdeed: Option<Misdeed>,
    /// Reports made before the connection, compressed from the way so far.
    pub history: u64,
    pub door: Door,
    /// Device time runs this many times faster.
    pub time_factor: f64,
    /// By this machine's clock.
    pub report_every: Duration,
    /// Device time at the start.
    pub live_from: Time,
    pub seed: u64,
    /// Where the device's memory is kept between runs.
    pub state: Option<PathBuf>,
    /// Ends when the cargo has arrived.
    pub ends_on_arrival: bool,
    /// How long the end waits for the last acks.
    pub drain: Duration,
}

/// What became of a trip.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TripReport {
    pub device: DeviceId,
    pub fraud: Option<Fraud>,
    /// Reports made, those of a clone included.
    pub made: u64,
    pub made_by_clone: u64,
    /// Made and then hidden from the platform by a fraud.
    pub hidden: u64,
    /// Covered by the signed acks at the end.
    pub acked: u64,
    pub resent: u64,
    /// Copies and forgeries put on the wire.
    pub forged: u64,
    pub answered: u64,
    pub connects: u64,
    pub publishes: u64,
    pub pubacks: u64,
    pub arrived: bool,
    /// Reports that could not be made.
    pub not_made: u64,
    #[serde(skip)]
    pub puback_us: Vec<u32>,
}

/// The device's surroundings at the moment: journey, noise and what a fraud shows it instead.
#[derive(Debug)]
struct Way {
    journey: Journey,
    misdeed: Option<Misdeed>,
    chance: Chance,
    live_from: Time,
    started: Instant,
    time_factor: f64,
}

impl Way {
    fn now(&self) -> Time {
        self.live_from.plus_ms(number::counted(self.started.elapsed().as_secs_f64() * self.time_factor * 1000.0))
    }

    fn uptime_ms(&self, t: Time) -> u64 {
        t.since(self.journey.sealed_at().minus_ms(BOOTED_BEFORE_MS))
    }

    fn progress_m(&self) -> f64 {
        self.journey.progress_m(self.now())
    }

    fn look_at(&mut self, t: Time, device: &mut Device) -> u64 {
        let uptime_ms = self.uptime_ms(t);
        let honest = self.journey.observation(t, &mut self.chance);
        let shown = match &self.misdeed {
            Some(misdeed) => misdeed.distort(self.journey.progress_m(t), self.journey.width_m(), honest),
            None => honest,
        };
        device.observe(uptime_ms, shown);
        if let Ok(sensors) = Sensors::new([("Cel".to_owned(), self.journey.celsius(t))]) {
            device.sense(sensors);
        }
        uptime_ms
    }
}

impl Around for Way {
    fn look(&mut self, device: &mut Device) -> u64 {
        self.look_at(self.now(), device)
    }
}

struct Driver {
    device: Device,
    way: Way,
    trip: Settings,
    traffic: Traffic,
    link: Option<Link>,
    retry: Duration,
    tally: Tally,
    stolen: Option<Device>,
    misdeed_done: bool,
}

struct Settings {
    history: u64,
    door: Door,
    report_every: Duration,
    seed: u64,
    state: Option<PathBuf>,
    ends_on_arrival: bool,
    drain: Duration,
}

#[derive(Debug, Default)]
struct Tally {
    made_before: u64,
    made_by_clone: u64,
    hidden: u64,
    forged: u64,
    not_made: u64,
}

/// Drives until `stop` turns true, or the cargo has arrived if the trip ends there. It waits for the last acks.
pub async fn drive(trip: Trip, mut stop: watch::Receiver<bool>) -> TripReport {
    let mut driver = Driver::new(trip);
    driver.history();
    let mut due = Instant::now();
    while !*stop.borrow_and_update() && !driver.finished() {
        if Instant::now() >= due {
            driver.live_report();
            due = (due + driver.trip.report_every).max(Instant::now());
        }
        driver.misbehave().await;
        driver.turn(due.min(Instant::now() + SLICE)).await;
    }
    driver.end().await
}

impl Driver {
    fn new(trip: Trip) -> Self {
        let chance = Chance::named(trip.seed, trip.device.id().as_str());
        let way = Way {
            journey: trip.journey,
            misdeed: trip.misdeed,
            chance,
            live_from: trip.live_from,
            started: Instant::now(),
            time_factor: trip.time_factor,
        };
        let settings = Settings {
            history: trip.history,
            door: trip.door,
            report_every: trip.report_every,
            seed: trip.seed,
            state: trip.state,
            ends_on_arrival: trip.ends_on_arrival,
            drain: trip.drain,
        };
        let tally = Tally { made_before: trip.device.highest(), ..Tally::default() };
        Self {
            device: trip.device,
            way,
            trip: settings,
            traffic: Traffic::default(),
            link: None,
            retry: RETRY_FIRST,
            tally,
            stolen: None,
            misdeed_done: false,
        }
    }

    fn finished(&self) -> bool {
        self.trip.ends_on_arrival && self.way.journey.arrived(self.way.now())
    }

    /// Self-test and sealing in the origin, then the way so far in a few reports. A device that is sealed already goes on.
    fn history(&mut self) {
        if self.device.epoch_key().is_some() {
            return;
        }
        let sealed_at = self.way.journey.sealed_at();
        self.made_at(sealed_at.minus_ms(BOOTED_BEFORE_MS / 2), |device, uptime| device.report(uptime, Event::SelfTest));
        let epoch = self.device.epoch() + 1;
        let epoch_secret = secret(self.trip.seed, "epoch", &format!("{}/{epoch}", self.device.id()));
        self.made_at(sealed_at, |device, uptime| device.seal(uptime, epoch_secret));
        let departs_at = self.way.journey.departs_at();
        let way_ms = self.way.live_from.since(departs_at);
        let steps = self.trip.history.saturating_sub(2);
        if way_ms == 0 {
            return;
        }
        for step in 0..steps {
            let t = departs_at.plus_ms(way_ms.saturating_mul(step) / steps.max(1));
            self.made_at(t, |device, uptime| device.report(uptime, Event::Periodic));
        }
    }

    fn live_report(&mut self) {
        let now = self.way.now();
        if !self.silenced() {
            self.made_at(now, |device, uptime| device.report(uptime, Event::Periodic));
        }
        if self.way.journey.arrived(now) && self.device.holds_grant() {
            self.open();
        }
    }

    /// At the destination somebody presses the button as soon as there is leave to open.
    fn open(&mut self) {
        let uptime_ms = self.way.look(&mut self.device);
        match self.device.open_by_grant(uptime_ms) {
            Ok(_) => self.keep(),
            Err(reason) => tracing::trace!(device = %self.device.id(), %reason, "it stays closed"),
        }
    }

    fn silenced(&self) -> bool {
        self.is_on(Fraud::Silence)
    }

    fn is_on(&self, fraud: Fraud) -> bool {
        self.way.misdeed.is_some_and(|misdeed| misdeed.fraud == fraud && misdeed.is_on(self.way.progress_m()))
    }

    fn made_at(&mut self, t: Time, make: impl FnOnce(&mut Device, u64) -> Result<u64, NotMade>) {
        let uptime_ms = self.way.look_at(t, &mut self.device);
        if let Err(reason) = make(&mut self.device, uptime_ms) {
            self.tally.not_made += 1;
            tracing::debug!(device = %self.device.id(), %reason, "no report made");
        }
        self.keep();
    }

    fn keep(&self) {
        keep(self.trip.state.as_deref(), &self.device);
    }

    /// One slice of sending and listening; it ends at `until` at the latest.
    async fn turn(&mut self, until: Instant) {
        if self.silenced() {
            if let Some(link) = self.link.take() {
                link.close(&mut self.device).await;
            }
            return tokio::time::sleep_until(until).await;
        }
        if self.link.is_none() && !self.connect(until).await {
            return;
        }
        let Some(link) = &mut self.link else { return };
        let turned = link.turn(&mut self.device, &mut self.way, until, &mut self.traffic).await;
        self.keep();
        if let Err(lost) = turned {
            self.lose(&lost);
        }
    }

    async fn connect(&mut self, until: Instant) -> bool {
        let path = self.trip.state.clone();
        match Link::open(&mut self.device, &self.trip.door, |device| keep(path.as_deref(), device)).await {
            Ok(link) => {
                self.traffic.connects += 1;
                self.retry = RETRY_FIRST;
                self.link = Some(link);
                true
            }
            Err(failed) => {
                self.lose(&failed);
                let wait = self.retry.mul_f64(self.way.chance.between(0.5, 1.0));
                self.retry = (self.retry * 2).min(RETRY_LAST);
                tokio::time::sleep_until((Instant::now() + wait).max(until)).await;
                false
            }
        }
    }

    fn lose(&mut self, lost: &LinkError) {
        tracing::debug!(device = %self.device.id(), %lost, "connection lost");
        self.device.disconnected();
        self.link = None;
    }

    /// Waits for the last acks, then leaves.
    async fn end(mut self) -> TripReport {
        let until = Instant::now() + self.trip.drain;
        while Instant::now() < until {
            if self.link.is_none() && !self.connect(until.min(Instant::now() + SLICE)).await {
                continue;
            }
            let Some(link) = &mut self.link else { break };
            match link.turn_until_acked(&mut self.device, &mut self.way, until, &mut self.traffic).await {
                Ok(_) => break,
                Err(lost) => self.lose(&lost),
            }
        }
        if let Some(link) = self.link.take() {
            link.close(&mut self.device).await;
        }
        self.keep();
        let highest = self.device.highest();
        TripReport {
            device: self.device.id(),
            fraud: self.way.misdeed.map(|misdeed| misdeed.fraud),
            made: highest - self.tally.made_before + self.tally.made_by_clone,
            made_by_clone: self.tally.made_by_clone,
            hidden: self.tally.hidden,
            acked: self.device.acked().stored.min(highest).saturating_sub(self.tally.made_before),
            resent: self.device.resent(),
            forged: self.tally.forged,
            answered: self.traffic.answered,
            connects: self.traffic.connects,
            publishes: self.traffic.publishes,
            pubacks: self.traffic.pubacks,
            arrived: self.way.journey.arrived(self.way.now()),
            not_made: self.tally.not_made,
            puback_us: self.traffic.puback_us,
        }
    }
}

fn keep(path: Option<&Path>, device: &Device) {
    if let Some(path) = path
        && let Err(failed) = state::save(path, device)
    {
        tracing::error!(%failed, "device state not kept");
    }
}
