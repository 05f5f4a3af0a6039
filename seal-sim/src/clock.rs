//! The device's clock: GNSS time where it has it, else its last time and how long it has been running.

use sealway_schemas::Time;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clock {
    /// What it showed at `set_at_ms` of this run.
    shown: Time,
    set_at_ms: u64,
    disciplined: bool,
}

impl Clock {
    /// `uptime_ms`: milliseconds since the boot.
    #[must_use]
    pub fn now(&self, uptime_ms: u64) -> Time {
        self.shown.plus_ms(uptime_ms.saturating_sub(self.set_at_ms))
    }

    /// Sets it by GNSS, also backwards.
    pub fn discipline(&mut self, uptime_ms: u64, gnss: Time) {
        *self = Self { shown: gnss, set_at_ms: uptime_ms, disciplined: true };
    }

    /// After a boot it goes on from the last time that it wrote down.
    pub fn boot(&mut self, last: Time) {
        *self = Self { shown: last, set_at_ms: 0, disciplined: false };
    }

    /// Whether GNSS has set it since the boot.
    #[must_use]
    pub fn disciplined(&self) -> bool {
        self.disciplined
    }
}
