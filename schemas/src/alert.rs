//! Alerts: what was found, how bad it is, and what people made of it. An alert is never deleted; what is learned later is added to it.

use crate::record::Recorded;
use crate::{AlertId, DeviceId, PartyId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Red: breach. Amber: check. Grey: health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Grey,
    Amber,
    Red,
}

/// Each kind once: its name, its form in JSON and its severity.
macro_rules! alert_kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal $severity:ident,)*) => {
        /// What was found. Red needs a signed breach, or two kinds of evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum AlertKind {
            $($(#[$doc])* $name,)*
        }

        impl AlertKind {
            pub const ALL: &'static [AlertKind] = &[$(Self::$name,)*];

            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }

            /// Kebab-case, as in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

alert_kinds! {
    OpenedWithoutGrant "opened-without-grant" Red,
    CableCut "cable-cut" Red,
    HousingOpened "housing-opened" Red,
    EpochChanged "epoch-changed" Red,
    Deviation "deviation" Amber,
    Silence "silence" Amber,
    Hole "hole" Amber,
    Equivocation "equivocation" Red,
    PrevMismatch "prev-mismatch" Red,
    /// A report signed by the wrong kind of key or of another epoch, or a `sealed` with a weak or known key.
    WrongKey "wrong-key" Red,
    LowBattery "low-battery" Grey,
    /// Two fixes further apart than any vehicle goes.
    ImpossibleSpeed "impossible-speed" Amber,
    /// A report that a batch let pass and the strict check refused.
    StrictFailed "strict-failed" Red,
    /// `hello` shows a device counter below what is stored.
    StateLost "state-lost" Grey,
    /// There and back faster than any vehicle, both reports live: one key in two hands.
    TwoPlaces "two-places" Red,
    /// Back along the corridor.
    WrongDirection "wrong-direction" Amber,
    /// A later waypoint came before an earlier one.
    WaypointMissed "waypoint-missed" Amber,
    /// Longer at an allowed stop than it allows.
    Overstay "overstay" Amber,
    /// Standing outside every allowed stop.
    StopOutsidePlace "stop-outside-place" Amber,
    /// The seal no longer feels the unit that it hangs on.
    MountLost "mount-lost" Amber,
    /// Truck and seal are no longer in one place.
    TruckDrift "truck-drift" Amber,
    /// Mount lost, and truck and seal apart.
    DeviceRemoved "device-removed" Red,
    /// No fix while the network is alive, after the satellites faded or by the seal's own word.
    Jamming "jamming" Amber,
    /// One sign that the position is made up.
    SpoofingSuspected "spoofing-suspected" Amber,
    /// Two kinds of signs that the position is made up.
    Spoofing "spoofing" Red,
    /// Device time against receive time and the satellites.
    ClockOff "clock-off" Grey,
    /// Vibration alone is never red.
    ShockStorm "shock-storm" Amber,
    /// The unit's inside saw light while the seal says closed.
    LightInside "light-inside" Amber,
    /// Light inside and shocks: two kinds of evidence.
    ForcedEntry "forced-entry" Red,
    /// Somebody tried to open with a credential that is none.
    WrongCredential "wrong-credential" Amber,
    /// The motor stuck, or a flash fault lost reports.
    DeviceFault "device-fault" Grey,
    /// A seal without cargo was opened or cut: stolen for its parts, no attack on cargo.
    SealStolen "seal-stolen" Grey,
    /// Another unit than the bound one at a gate.
    WrongUnit "wrong-unit" Red,
    /// Another seal than the bound one at a gate.
    WrongSeal "wrong-seal" Red,
    /// The operator says here, the seal says elsewhere.
    FalseArrival "false-arrival" Red,
    NoteReused "note-reused" Red,
    /// More than one vehicle in one barrier cycle.
    Tailgating "tailgating" Amber,
    LaneChange "lane-change" Amber,
    /// Children do not sum to the parent.
    PartialCargo "partial-cargo" Red,
    /// Left the origin without a release.
    UnreleasedDeparture "unreleased-departure" Red,
    /// Not arrived within the time limit.
    Overdue "overdue" Amber,
    /// Unsealed, and not verified in the time that is given for it.
    ResultsOverdue "results-overdue" Amber,
    /// Ledger, declaration and release note differ.
    LedgerDifference "ledger-difference" Amber,
    /// The carrier reported an incident under way.
    IncidentReported "incident-reported" Amber,
    /// One device raised so many alerts that they fold into this one.
    AlertStorm "alert-storm" Amber,
}

/// What an officer made of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// 误报
    FalseAlarm,
    /// 设备故障
    DeviceFault,
    /// 途中异常
    Incident,
    /// 涉嫌走私
    SuspectedSmuggling,
}

impl Verdict {
    /// Whether the alert says nothing against the driver.
    #[must_use]
    pub fn clears_the_driver(self) -> bool {
        match self {
            Self::FalseAlarm | Self::DeviceFault => true,
            Self::Incident | Self::SuspectedSmuggling => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    pub verdict: Verdict,
    pub by: UserId,
    pub at: Time,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    pub to: UserId,
    pub by: UserId,
    pub at: Time,
}

/// What an officer wrote beside an alert; it decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertNote {
    pub by: UserId,
    pub at: Time,
    pub text: String,
}

/// What became known of an alert after it was raised; added, never in the place of what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revision {
    pub at: Time,
    pub change: Revised,
    /// Counter of the report that tells it.
    pub ctr: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Revised {
    /// A late report shows that it began earlier.
    DatedBack { from: Time, to: Time },
    /// Seen again so soon after it had cleared that it is the same.
    Reopened { cleared_at: Time },
    /// Decided once more after it was revised.
    DecidedAnew { earlier: Decision },
    /// Late reports prove an honest reason: the seal was closed and on its way all the time.
    Explained,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    pub id: AlertId,
    pub kind: AlertKind,
    pub severity: Severity,
    pub device: DeviceId,
    pub owner: PartyId,
    pub transfer: Option<TransferId>,
    pub opened_at: Time,
    /// In the device's own time, where a report is the evidence.
    pub happened_at: Time,
    pub cleared_at: Option<Time>,
    pub acknowledged_at: Option<Time>,
    pub acknowledged_by: Option<UserId>,
    #[serde(default)]
    pub assigned: Option<Assignment>,
    #[serde(default)]
    pub decided: Option<Decision>,
    /// How often the same thing was seen while the alert was open.
    pub count: u32,
    /// Counters of the first reports that show it.
    pub evidence: Vec<u64>,
    /// Measured values, the unit in the name: `distance_m`, `battery_percent`.
    pub facts: BTreeMap<String, f64>,
    /// In the order in which they became known.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    #[serde(default)]
    pub notes: Vec<AlertNote>,
}

/// The driver's evidence 免责回执: this alert says nothing against him.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exculpation {
    pub alert: AlertId,
    pub kind: AlertKind,
    pub device: DeviceId,
    pub carrier: PartyId,
    pub transfer: Option<TransferId>,
    pub happened_at: Time,
    pub at: Time,
    pub ground: Ground,
    /// Counters of the signed reports that it rests on; the log has them.
    pub evidence: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// An officer's decision.
    Decided(Decision),
    /// The seal's own signed reports, which came late.
    Proved,
}

impl Recorded for Exculpation {
    const KIND: &'static str = "exculpation";

    fn id(&self) -> String {
        self.alert.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_name_that_it_has_in_json() {
        for kind in AlertKind::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
    }
}
