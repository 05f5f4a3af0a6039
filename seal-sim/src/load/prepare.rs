//! Devices and their reports, made and signed on all cores before the clock starts.

use crate::chance::{Chance, secret};
use crate::earth::Point;
use crate::keys::KeyPair;
use crate::link::unix_now;
use crate::mqtt;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::report::{Event, Fix, ReportDraft, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad, topics};
use serde::{Deserialize, Serialize};

/// Reports are this far apart in device time.
const PERIOD_MS: u64 = 60_000;
const STEP_M: f64 = 1_500.0;

/// Why no load could be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{what} {value}: expected {expected}")]
    Plan { what: &'static str, value: usize, expected: &'static str },
    #[error(transparent)]
    Name(#[from] sealway_schemas::ids::NotAnId),
    #[error("a load report does not fit the contract: {0}")]
    Malformed(#[from] sealway_schemas::Malformed),
    #[error("a signing thread broke off")]
    Thread,
    #[error("the load's runtime did not start: {0}")]
    Runtime(#[source] std::io::Error),
}

/// How many devices are known, and how many reports are signed for how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPlan {
    /// Known to the platform.
    pub devices: usize,
    /// Of these, spread evenly, the ones that will connect.
    pub visited: usize,
    /// Reports of each device that connects.
    pub reports_per_device: usize,
    pub seed: u64,
}

impl LoadPlan {
    /// A plan for about `reports` in all, at least `connections` devices that connect, and at least `visit` reports on each
    /// connection, so that logins do not drown the reports.
    #[must_use]
    pub fn for_reports(devices: usize, connections: usize, reports: usize, visit: usize, seed: u64) -> Self {
        let devices = devices.max(1);
        let reports_per_device = reports.div_ceil(devices).max(visit).max(1);
        let visited = reports.div_ceil(reports_per_device).max(connections).clamp(1, devices);
        Self { devices, visited, reports_per_device, seed }
    }

    /// The index among all devices of the `turn`th one to connect.
    #[must_use]
    pub fn device_at(&self, turn: usize) -> usize {
        turn * self.devices / self.visited.max(1)
    }
}

/// A device that the platform has to know before the load starts.
#[derive(Debug, Clone)]
pub struct EnrolledDevice {
    pub device: DeviceId,
    pub public_key: PublicKey,
    /// COSE_Sign1 over the challenge.
    pub proof: Vec<u8>,
}

/// The enrolment of device `index` of a load with this seed. Needs no [`Load`]: another process may enrol them.
pub fn enrolment(seed: u64, index: usize, challenge: [u8; 32]) -> Result<EnrolledDevice, LoadError> {
    let device = name(index)?;
    let identity = key(seed, &device);
    let enrolment = Enrolment { challenge, next_ctr: 1, prev: Digest::ZERO, epoch: 0 };
    let proof = identity.seal(&enrolment.encode(), &aad::enrol(&device));
    Ok(EnrolledDevice { device, public_key: identity.public(), proof })
}

/// One device's CONNECT, and where its reports lie.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) device: DeviceId,
    pub(super) identity: KeyPair,
    pub(super) packets: Vec<u8>,
    /// End of each PUBLISH in `packets`.
    pub(super) ends: Vec<u32>,
}

/// Signed reports as whole PUBLISH packets, ready to be written.
#[derive(Debug)]
pub struct Load {
    plan: LoadPlan,
    visits: Vec<Visit>,
}

impl Load {
    /// Signs everything, on all cores.
    pub fn prepare(plan: LoadPlan) -> Result<Self, LoadError> {
        let wrong = |what, value, expected| Err(LoadError::Plan { what, value, expected });
        if plan.visited == 0 || plan.visited > plan.devices {
            return wrong("visited devices", plan.visited, "1 up to the number of devices");
        }
        if !(1..=usize::from(u16::MAX)).contains(&plan.reports_per_device) {
            return wrong("reports per device", plan.reports_per_device, "1 to 65535");
        }
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = plan.visited.div_ceil(threads);
        let start = unix_now();
        let mut visits = Vec::with_capacity(plan.visited);
        std::thread::scope(|scope| {
            let turns: Vec<usize> = (0..plan.visited).collect();
            let signing: Vec<_> = turns
                .chunks(share)
                .map(|turns| turns.to_vec())
                .map(|turns| scope.spawn(move || turns.into_iter().map(|turn| visit(&plan, turn, start)).collect::<Result<Vec<_>, _>>()))
                .collect();
            for thread in signing {
                visits.extend(thread.join().map_err(|_| LoadError::Thread)??);
            }
            Ok::<(), LoadError>(())
        })?;
        Ok(Self { plan, visits })
    }

    #[must_use]
    pub fn plan(&self) -> LoadPlan {
        self.plan
    }

    /// Reports signed in all.
    #[must_use]
    pub fn reports(&self) -> u64 {
        self.visits.len() as u64 * self.plan.reports_per_device as u64
    }

    /// Bytes of all packets.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.visits.iter().map(|visit| visit.packets.len() as u64).sum()
    }

    pub(super) fn visits(&self) -> &[Visit] {
        &self.visits
    }
}

impl Visit {
    /// Whole reports, for those who want the signatures only.
    pub(super) fn reports(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let packets = starts.zip(&self.ends).filter_map(|(start, end)| self.packets.get(start as usize..*end as usize));
        packets.filter_map(|packet| match mqtt::first(packet) {
            Ok(Some((mqtt::Incoming::Publish { payload, .. }, _))) => Some(payload),
            Ok(_) | Err(_) => None,
        })
    }
}

fn name(index: usize) -> Result<DeviceId, LoadError> {
    Ok(format!("LOAD-{index:06}").parse()?)
}

fn key(seed: u64, device: &DeviceId) -> KeyPair {
    KeyPair::from_secret(secret(seed, "load identity", device.as_str()))
}

fn visit(plan: &LoadPlan, turn: usize, start: Time) -> Result<Visit, LoadError> {
    let device = name(plan.device_at(turn))?;
    let identity = key(plan.seed, &device);
    let (aad, topic) = (aad::up(&device), topics::up(&device));
    let mut chance = Chance::named(plan.seed, device.as_str());
    let mut point = Point { lat: chance.between(25.0, 44.0), lon: chance.between(95.0, 120.0) };
    let bearing = chance.between(0.0, 360.0);
    let mut visit = Visit { device, identity, packets: Vec::new(), ends: Vec::with_capacity(plan.reports_per_device) };
    let mut prev = Digest::ZERO;
    let first = start.minus_ms(PERIOD_MS * plan.reports_per_device as u64);
    for ticket in 1..=u16::try_from(plan.reports_per_device).unwrap_or(u16::MAX) {
        let ctr = u64::from(ticket);
        let mut draft = ReportDraft::new(ctr, 0, prev, first.plus_ms(PERIOD_MS * ctr), Event::Periodic);
        draft.status = Status::new(Status::CLOCK_DISCIPLINED | Status::MOUNT_PRESENT | Status::HOUSING_CLOSED)?;
        let (lat_e7, lon_e7) = point.e7();
        draft.fix = Some(Fix {
            lat_e7,
            lon_e7,
            accuracy_dm: 30 + chance.below(40),
            speed_cm_s: 2_500,
            heading_ddeg: crate::number::heading_ddeg(bearing),
            satellites: 12,
            cn0_ddbhz: 410,
        });
        draft.battery = Some(87);
        let bytes = visit.identity.seal(&draft.build()?.encode(), &aad);
        prev = Digest::of(&bytes);
        mqtt::publish_once(&topic, ticket, &bytes, &mut visit.packets);
        visit.ends.push(u32::try_from(visit.packets.len()).unwrap_or(u32::MAX));
        point = point.moved(bearing, STEP_M);
    }
    visit.packets.shrink_to_fit();
    Ok(visit)
}
