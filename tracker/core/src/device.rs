//! What the judge knows of each device. Hundreds of thousands are quiet, so what they have in common is kept small.

use crate::alert::OpenAlerts;
use crate::detect::Strikes;
use crate::geometry::Position;
use crate::order::Cursor;
use crate::registry::PartyIx;
use crate::transfer::TransferIx;
use hashbrown::{DefaultHashBuilder, HashTable};
use sealway_schemas::event::{LastFix, LastReport};
use sealway_schemas::report::{Event, Fix, Report, Status};
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::BuildHasher as _;
use std::num::NonZeroU64;

/// A device's number, in the order of enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct DeviceIx(u32);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) owner: PartyIx,
    pub(crate) enrolled_at: Time,
    pub(crate) revoked_at: Option<Time>,
    /// Of the last accepted login.
    pub(crate) login_t: Time,
    pub(crate) cursor: Cursor,
    pub(crate) last: Option<Last>,
    /// When its last kept report arrived.
    pub(crate) heard_at: Time,
    pub(crate) period: Period,
    pub(crate) silence_watched: bool,
    pub(crate) clock: Strikes,
    /// The first missing counter, when a hole was first seen there.
    pub(crate) hole_at: Option<NonZeroU64>,
    pub(crate) transfer: Option<TransferIx>,
    /// When it was last bound or freed; zero before its first transfer.
    pub(crate) bond_since: Time,
    pub(crate) open: OpenAlerts,
}

/// The newest applied report, packed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) ctr: u64,
    pub(crate) epoch: u64,
    pub(crate) t: Time,
    received_at: Time,
    status: Status,
    event: Event,
    battery: Option<u8>,
    pub(crate) fix: Option<PackedFix>,
}

/// 1e-7 degrees fit 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackedFix {
    pub(crate) t: Time,
    lat_e7: i32,
    lon_e7: i32,
    pub(crate) speed_cm_s: u32,
    pub(crate) accuracy_dm: u32,
    heading_ddeg: u16,
}

impl PackedFix {
    /// `None` never happens: the contract's limits are narrower.
    pub(crate) fn pack(fix: &Fix, t: Time) -> Option<Self> {
        Some(Self {
            t,
            lat_e7: i32::try_from(fix.lat_e7).ok()?,
            lon_e7: i32::try_from(fix.lon_e7).ok()?,
            speed_cm_s: u32::try_from(fix.speed_cm_s).unwrap_or(u32::MAX),
            accuracy_dm: u32::try_from(fix.accuracy_dm).unwrap_or(u32::MAX),
            heading_ddeg: u16::try_from(fix.heading_ddeg).ok()?,
        })
    }

    pub(crate) fn position(&self) -> Position {
        Position { lat: f64::from(self.lat_e7) / 1e7, lon: f64::from(self.lon_e7) / 1e7 }
    }

    /// What the fix may be off by.
    pub(crate) fn blur_m(&self) -> f64 {
        2.0 * f64::from(self.accuracy_dm) / 10.0
    }

    pub(crate) fn view(&self) -> LastFix {
        let Position { lat, lon } = self.position();
        LastFix { t: self.t, lat, lon, speed_cm_s: self.speed_cm_s.into(), heading_ddeg: self.heading_ddeg.into() }
    }
}

impl Last {
    /// The newest report, with the fix of an older one where it has none.
    pub(crate) fn after(earlier: Option<&Last>, report: &Report, received_at: Time) -> Self {
        let fresh = report.fix().and_then(|fix| PackedFix::pack(&fix, report.t()));
        Self {
            ctr: report.ctr(),
            epoch: report.epoch(),
            t: report.t(),
            received_at,
            status: report.status(),
            event: report.event(),
            battery: report.battery(),
            fix: fresh.or_else(|| earlier.and_then(|last| last.fix)),
        }
    }

    pub(crate) fn closed(&self) -> bool {
        self.status.closed()
    }

    pub(crate) fn view(&self) -> LastReport {
        LastReport {
            ctr: self.ctr,
            epoch: self.epoch,
            t: self.t,
            received_at: self.received_at,
            event: self.event,
            status: self.status.bits(),
            battery: self.battery,
            fix: self.fix.map(|fix| fix.view()),
        }
    }
}

/// How often a device was seen to report: rises at once, falls slowly. Reports that come together count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Period(u32);

impl Period {
    const TOGETHER_MS: u64 = 500;

    /// `limit_ms`: nobody may teach the platform to wait longer.
    pub(crate) fn heard_after(&mut self, ms: u64, limit_ms: u64) {
        if ms < Self::TOGETHER_MS {
            return;
        }
        let ms = u32::try_from(ms.min(limit_ms)).unwrap_or(u32::MAX);
        self.0 = if ms >= self.0 { ms } else { self.0 - (self.0 - ms) / 8 };
    }

    pub(crate) fn ms(self) -> u64 {
        self.0.into()
    }
}

/// All devices, in the order of enrolment. The index holds numbers only and is looked up, never walked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Devices {
    #[expect(clippy::vec_box, reason = "a list that grows would hold up to twice the devices' memory")]
    list: Vec<Box<Device>>,
    by_id: HashTable<DeviceIx>,
    hasher: DefaultHashBuilder,
}

impl Devices {
    pub(crate) fn find(&self, id: &DeviceId) -> Option<DeviceIx> {
        self.by_id.find(self.hasher.hash_one(id), |ix| self.get(*ix).is_some_and(|device| device.id == *id)).copied()
    }

    pub(crate) fn get(&self, ix: DeviceIx) -> Option<&Device> {
        self.list.get(ix.0 as usize).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, ix: DeviceIx) -> Option<&mut Device> {
        self.list.get_mut(ix.0 as usize).map(Box::as_mut)
    }

    pub(crate) fn by_id(&self, id: &DeviceId) -> Option<&Device> {
        self.get(self.find(id)?)
    }

    /// Adds a device, or puts it in the place of its revoked self.
    pub(crate) fn put(&mut self, device: Device) {
        if let Some(old) = self.find(&device.id).and_then(|ix| self.get_mut(ix)) {
            *old = device;
            return;
        }
        let Ok(ix) = u32::try_from(self.list.len()) else {
            return;
        };
        let hash = self.hasher.hash_one(device.id);
        self.list.push(Box::new(device));
        let Self { list, by_id, hasher } = self;
        by_id.insert_unique(hash, DeviceIx(ix), |ix| list.get(ix.0 as usize).map_or(0, |device| hasher.hash_one(device.id)));
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Device> {
        self.list.iter_mut().map(Box::as_mut)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.list.iter().map(Box::as_ref)
    }
}

impl PartialEq for Devices {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Serialize for Devices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Devices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut devices = Self::default();
        for device in Vec::<Device>::deserialize(deserializer)? {
            devices.put(device);
        }
        Ok(devices)
    }
}
