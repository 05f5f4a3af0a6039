//! A fleet that reports every ten seconds: positions, speeds and signals as restless as those of receivers on the road.

use sealway_schemas::report::{Event, Fix, Status};
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::series::{Point, PointTime};

/// 2026-01-01 00:00 UTC.
pub(crate) const START_MS: u64 = 1_767_225_600_000;
pub(crate) const PERIOD_MS: u64 = 10_000;
/// Reports from one visit of a place to the next, and how many are in a visit.
const VISIT_EVERY: u64 = 1_000;
const VISIT: u64 = 400;
const CLOSED: u64 = Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED | Status::EPOCH_KEY_HELD;

pub(crate) struct Fleet {
    seals: Vec<Seal>,
    /// The seal that reports next, and how often each has reported before.
    next: usize,
    ticks: u64,
}

struct Seal {
    id: DeviceId,
    noise: u64,
    lat_e7: i64,
    lon_e7: i64,
    speed_cm_s: u64,
}

impl Fleet {
    pub(crate) fn new(seals: u32) -> anyhow::Result<Self> {
        let seal = |number: u32| -> anyhow::Result<Seal> {
            let id = format!("BENCH-{number:06}").parse()?;
            let noise = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(u64::from(number) + 1) | 1;
            let spread = i64::from(number % 1_000) * 10_000;
            Ok(Seal { id, noise, lat_e7: 340_000_000 + spread, lon_e7: 1_080_000_000 + spread * 2, speed_cm_s: 1_800 })
        };
        Ok(Self { seals: (0..seals).map(seal).collect::<Result<_, _>>()?, next: 0, ticks: 0 })
    }

    pub(crate) fn id(&self, number: usize) -> Option<DeviceId> {
        self.seals.get(number).map(|seal| seal.id)
    }

    /// The next points, in the order in which a platform receives them.
    pub(crate) fn points(&mut self, count: usize) -> anyhow::Result<Vec<Point>> {
        let mut points = Vec::with_capacity(count);
        while points.len() < count {
            let ticks = self.ticks;
            for seal in self.seals.iter_mut().skip(self.next).take(count - points.len()) {
                points.push(seal.point(ticks)?);
                self.next += 1;
            }
            if self.next == self.seals.len() {
                (self.next, self.ticks) = (0, ticks + 1);
            }
        }
        Ok(points)
    }
}

impl Seal {
    /// xorshift64.
    fn roll(&mut self, below: u64) -> u64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        self.noise % below
    }

    fn point(&mut self, ticks: u64) -> anyhow::Result<Point> {
        let (ctr, t) = (ticks + 1, START_MS + ticks * PERIOD_MS + self.roll(1_000));
        self.speed_cm_s = (self.speed_cm_s + self.roll(101)).saturating_sub(50).clamp(800, 2_500);
        self.lat_e7 += self.roll(4_001).cast_signed() - 2_000;
        self.lon_e7 += self.roll(40_001).cast_signed() - 20_000;
        let fix = Fix {
            lat_e7: self.lat_e7,
            lon_e7: self.lon_e7,
            accuracy_dm: 20 + self.roll(30),
            speed_cm_s: self.speed_cm_s,
            heading_ddeg: 900 + self.roll(100),
            satellites: 9 + self.roll(8),
            cn0_ddbhz: 380 + self.roll(60),
        };
        let at = |turn| if ticks % VISIT_EVERY == turn { Ok(vec!["bench-yard".parse()?]) } else { anyhow::Ok(Vec::new()) };
        Ok(Point {
            device: self.id,
            at: PointTime::new(Time::from_ms(t), ctr)?,
            received_at: Time::from_ms(t + 200 + self.roll(400)),
            ctr,
            epoch: 1,
            event: Event::Periodic,
            status: Status::new(CLOSED)?,
            fix: (self.roll(50) > 0).then_some(fix),
            battery: ticks.is_multiple_of(30).then(|| 95 - u8::try_from(ticks / 3_000 % 80).unwrap_or(0)),
            temperature: ticks.is_multiple_of(3).then(|| f64::from(u32::try_from(200 + self.roll(50)).unwrap_or(0)) / 10.0),
            entered: at(0)?,
            left: at(VISIT)?,
        })
    }
}
