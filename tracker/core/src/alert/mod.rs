//! Alerts: what was found, whom it is about, how it ends, and what people decide.

mod book;
mod command;
mod late;
mod raise;

pub use book::{AlertBook, OpenAlerts, Quiet};
pub(crate) use command::expect_length;

use sealway_schemas::alert::AlertKind;
use sealway_schemas::{AlertId, DeviceId, PartyId, Time, TransferId};

/// What ends an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The condition is gone: back on the road, heard again, filled, charged.
    Condition,
    /// Only an officer's decision: a breach does not heal because the seal was closed again.
    Decision,
}

#[must_use]
pub fn ending(kind: AlertKind) -> Ending {
    match kind {
        AlertKind::Deviation
        | AlertKind::WrongDirection
        | AlertKind::Silence
        | AlertKind::Hole
        | AlertKind::LowBattery
        | AlertKind::Overstay
        | AlertKind::StopOutsidePlace
        | AlertKind::MountLost
        | AlertKind::TruckDrift
        | AlertKind::Jamming
        | AlertKind::ClockOff
        | AlertKind::LedgerDifference
        | AlertKind::Overdue
        | AlertKind::ResultsOverdue => Ending::Condition,
        AlertKind::OpenedWithoutGrant
        | AlertKind::CableCut
        | AlertKind::HousingOpened
        | AlertKind::EpochChanged
        | AlertKind::Equivocation
        | AlertKind::PrevMismatch
        | AlertKind::WrongKey
        | AlertKind::ImpossibleSpeed
        | AlertKind::StrictFailed
        | AlertKind::StateLost
        | AlertKind::TwoPlaces
        | AlertKind::WaypointMissed
        | AlertKind::DeviceRemoved
        | AlertKind::SpoofingSuspected
        | AlertKind::Spoofing
        | AlertKind::ShockStorm
        | AlertKind::LightInside
        | AlertKind::ForcedEntry
        | AlertKind::WrongCredential
        | AlertKind::DeviceFault
        | AlertKind::SealStolen
        | AlertKind::WrongUnit
        | AlertKind::WrongSeal
        | AlertKind::FalseArrival
        | AlertKind::NoteReused
        | AlertKind::Tailgating
        | AlertKind::LaneChange
        | AlertKind::PartialCargo
        | AlertKind::UnreleasedDeparture
        | AlertKind::IncidentReported
        | AlertKind::AlertStorm => Ending::Decision,
    }
}

/// One thing that was seen and should not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: AlertKind,
    /// In the device's own time, where a report is the evidence.
    pub happened_at: Time,
    pub ctr: Option<u64>,
    /// Measured values, the unit in the name. Of several the largest stays.
    pub facts: Vec<(&'static str, f64)>,
}

impl Finding {
    #[must_use]
    pub fn of_report(kind: AlertKind, t: Time, ctr: u64) -> Self {
        Self { kind, happened_at: t, ctr: Some(ctr), facts: Vec::new() }
    }

    /// Without a report: a gate, a command or the clock shows it.
    #[must_use]
    pub fn at(kind: AlertKind, happened_at: Time) -> Self {
        Self { kind, happened_at, ctr: None, facts: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.facts.push((name, value));
        self
    }
}

/// Whom an alert is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub device: DeviceId,
    pub owner: PartyId,
    pub transfer: Option<TransferId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    Opened(AlertId),
    /// It was open already.
    Counted(AlertId),
}
