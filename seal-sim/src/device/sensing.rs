//! What the device's sensors say.

use sealway_schemas::Time;
use sealway_schemas::report::{Fix, Status};
use sealway_schemas::sensors::Sensors;
use serde::{Deserialize, Serialize};

/// A fix counts for the report of its own second, and for none after it.
const FIX_FRESH_MS: u64 = 1_000;

/// The parts that hold the cargo's door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub cable_inserted: bool,
    pub motor_locked: bool,
    pub housing_closed: bool,
    /// Latched until the next sealing.
    pub cable_cut: bool,
    pub mount_present: bool,
}

impl Default for Lock {
    fn default() -> Self {
        Self { cable_inserted: true, motor_locked: false, housing_closed: true, cable_cut: false, mount_present: true }
    }
}

impl Lock {
    #[must_use]
    pub fn can_lock(self) -> bool {
        self.cable_inserted && self.housing_closed && !self.motor_locked
    }

    #[must_use]
    pub fn sealed(self) -> Self {
        Self { motor_locked: true, cable_cut: false, ..self }
    }

    /// Whether cable, motor and housing hold; a closed seal has its epoch key besides.
    #[must_use]
    pub fn holds(self) -> bool {
        self.cable_inserted && self.motor_locked && self.housing_closed && !self.cable_cut
    }

    pub(super) fn bits(self) -> u64 {
        let bits = [
            (Status::CABLE_INSERTED, self.cable_inserted),
            (Status::MOTOR_LOCKED, self.motor_locked),
            (Status::HOUSING_CLOSED, self.housing_closed),
            (Status::CABLE_CUT, self.cable_cut),
            (Status::MOUNT_PRESENT, self.mount_present),
        ];
        bits.iter().filter(|(_, set)| *set).fold(0, |all, (bit, _)| all | bit)
    }
}

/// One look at receiver and battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Observation {
    /// Sets the clock; absent while the receiver does not know the time.
    pub gnss_time: Option<Time>,
    pub fix: Option<Fix>,
    /// Percent.
    pub battery: Option<u8>,
    pub external_power: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Senses {
    observed: Observation,
    observed_at_ms: u64,
    last_fix: Option<(u64, Fix)>,
    sensors: Sensors,
}

impl Senses {
    pub(super) fn take(&mut self, uptime_ms: u64, observation: Observation) {
        if let Some(fix) = observation.fix {
            self.last_fix = Some((uptime_ms, fix));
        }
        (self.observed, self.observed_at_ms) = (observation, uptime_ms);
    }

    pub(super) fn fix_at(&self, uptime_ms: u64) -> Option<Fix> {
        let fresh = uptime_ms.saturating_sub(self.observed_at_ms) < FIX_FRESH_MS;
        self.observed.fix.filter(|_| fresh)
    }

    /// The newest fix with its age in milliseconds.
    pub(super) fn last_fix(&self, uptime_ms: u64) -> Option<(u64, Fix)> {
        self.last_fix.map(|(at, fix)| (uptime_ms.saturating_sub(at), fix))
    }

    pub(super) fn battery(&self) -> Option<u8> {
        self.observed.battery.map(|percent| percent.min(100))
    }

    pub(super) fn external_power(&self) -> bool {
        self.observed.external_power
    }

    pub(super) fn sensors(&self) -> &Sensors {
        &self.sensors
    }

    pub(super) fn set_sensors(&mut self, sensors: Sensors) {
        self.sensors = sensors;
    }
}
