//! Ten ways to cheat, each repeatable by its seed. `domain.md` says what must find them.

use crate::device::{Lock, Observation};
use crate::earth::Point;
use crate::number;
use sealway_schemas::Time;
use sealway_schemas::report::Fix;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fraud {
    /// Sends old reports again, byte for byte: they are duplicates and must change nothing.
    Replay,
    /// A copy of the keys speaks elsewhere under counters that the seal has used: same counter, other bytes.
    Clone,
    /// Changes one bit of a report on the way: its signature no longer holds.
    Tamper,
    /// Reports vanish from the ring and nobody owns up: a hole that never closes.
    Gap,
    /// The seal is forced open on the way, without a grant.
    Opened,
    /// The cable is cut.
    CableCut,
    /// The cargo leaves its corridor for a while, at a plausible speed.
    Deviation,
    /// The seal is wrapped in foil: no report, no connection, no record.
    Silence,
    /// The position jumps 300 km and back, as a spoofed receiver's does.
    Jump,
    /// The clock goes six hours back.
    Clock,
}

/// A text that names no fraud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fraud {0:?}: expected replay, clone, tamper, gap, opened, cable-cut, deviation, silence, jump or clock")]
pub struct NotAFraud(String);

impl Fraud {
    pub const ALL: [Fraud; 10] = [
        Fraud::Replay,
        Fraud::Clone,
        Fraud::Tamper,
        Fraud::Gap,
        Fraud::Opened,
        Fraud::CableCut,
        Fraud::Deviation,
        Fraud::Silence,
        Fraud::Jump,
        Fraud::Clock,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Fraud::Replay => "replay",
            Fraud::Clone => "clone",
            Fraud::Tamper => "tamper",
            Fraud::Gap => "gap",
            Fraud::Opened => "opened",
            Fraud::CableCut => "cable-cut",
            Fraud::Deviation => "deviation",
            Fraud::Silence => "silence",
            Fraud::Jump => "jump",
            Fraud::Clock => "clock",
        }
    }
}

impl FromStr for Fraud {
    type Err = NotAFraud;

    fn from_str(text: &str) -> Result<Self, NotAFraud> {
        Self::ALL.into_iter().find(|fraud| fraud.as_str() == text).ok_or_else(|| NotAFraud(text.chars().take(64).collect()))
    }
}

impl std::fmt::Display for Fraud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A fraud with its stretch of the way, metres along the corridor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Misdeed {
    pub fraud: Fraud,
    pub from_m: f64,
    pub to_m: f64,
}

const JUMP_M: f64 = 300_000.0;
const CLOCK_BACK_MS: u64 = 6 * 3_600_000;

impl Misdeed {
    #[must_use]
    pub fn is_on(&self, progress_m: f64) -> bool {
        (self.from_m..self.to_m).contains(&progress_m)
    }

    /// What the device is made to see instead. `width_m` is the corridor's.
    #[must_use]
    pub fn distort(&self, progress_m: f64, width_m: f64, honest: Observation) -> Observation {
        if !self.is_on(progress_m) {
            return honest;
        }
        match self.fraud {
            Fraud::Deviation => Observation { fix: honest.fix.map(|fix| self.beside(fix, progress_m, width_m)), ..honest },
            Fraud::Jump => Observation { fix: honest.fix.map(|fix| displaced(fix, 45.0, JUMP_M)), ..honest },
            Fraud::Clock => {
                let back = |t: Time| t.minus_ms(CLOCK_BACK_MS);
                Observation { gnss_time: honest.gnss_time.map(back), ..honest }
            }
            Fraud::Replay | Fraud::Clone | Fraud::Tamper | Fraud::Gap | Fraud::Opened | Fraud::CableCut | Fraud::Silence => honest,
        }
    }

    /// Out of the corridor and back into it, never steeper than one to one.
    fn beside(&self, fix: Fix, progress_m: f64, width_m: f64) -> Fix {
        let out_m = (width_m * 1.5 + 500.0).min((self.to_m - self.from_m) / 2.0);
        let aside_m = (progress_m - self.from_m).min(self.to_m - progress_m).clamp(0.0, out_m);
        displaced(fix, number::float(fix.heading_ddeg) / 10.0 + 90.0, aside_m)
    }
}

fn displaced(fix: Fix, bearing: f64, metres: f64) -> Fix {
    let (lat_e7, lon_e7) = Point::of(&fix).moved(bearing, metres).e7();
    Fix { lat_e7, lon_e7, ..fix }
}

/// The lock as an opened or a cut seal finds it; `None` where the fraud leaves the lock alone.
#[must_use]
pub fn broken(fraud: Fraud, lock: Lock) -> Option<Lock> {
    match fraud {
        Fraud::Opened => Some(Lock { motor_locked: false, cable_inserted: false, ..lock }),
        Fraud::CableCut => Some(Lock { cable_cut: true, ..lock }),
        Fraud::Replay | Fraud::Clone | Fraud::Tamper | Fraud::Gap | Fraud::Deviation | Fraud::Silence | Fraud::Jump | Fraud::Clock => None,
    }
}

/// The same report with one bit of its payload changed.
#[must_use]
pub fn tampered(report: &[u8]) -> Vec<u8> {
    let mut bytes = report.to_vec();
    // Inside `prev`, so that the content stays well formed and only the signature can tell.
    if let Some(byte) = bytes.get_mut(30) {
        *byte ^= 1;
    }
    bytes
}
