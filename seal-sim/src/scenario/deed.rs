//! The rows of the alert table, and the deeds that belong to each.

use super::expect::Expect;
use serde::{Deserialize, Serialize};

/// A row of the alert table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    Breach,
    EpochChanged,
    Clone,
    Replay,
    Gap,
    Silence,
    Deviation,
    Overstay,
    Removed,
    Jamming,
    Clock,
    WrongAtGate,
    NoteReuse,
    PartialCargo,
    Health,
    Storm,
}

impl Row {
    pub const ALL: [Row; 16] = [
        Row::Breach,
        Row::EpochChanged,
        Row::Clone,
        Row::Replay,
        Row::Gap,
        Row::Silence,
        Row::Deviation,
        Row::Overstay,
        Row::Removed,
        Row::Jamming,
        Row::Clock,
        Row::WrongAtGate,
        Row::NoteReuse,
        Row::PartialCargo,
        Row::Health,
        Row::Storm,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Row::Breach => "breach",
            Row::EpochChanged => "epoch-changed",
            Row::Clone => "clone",
            Row::Replay => "replay",
            Row::Gap => "gap",
            Row::Silence => "silence",
            Row::Deviation => "deviation",
            Row::Overstay => "overstay",
            Row::Removed => "removed",
            Row::Jamming => "jamming",
            Row::Clock => "clock",
            Row::WrongAtGate => "wrong-at-gate",
            Row::NoteReuse => "note-reuse",
            Row::PartialCargo => "partial-cargo",
            Row::Health => "health",
            Row::Storm => "storm",
        }
    }
}

/// What a fraud leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Signed by the seal's own keys: nothing else can explain it, so it has to be found.
    Signed,
    /// Measured: a position, a time, a silence.
    Measured,
    /// No fraud: a fault, a theft of the seal alone, or noise that must not become an alarm.
    NoFraud,
}

macro_rules! deeds {
    ($($deed:ident, $name:literal, $row:ident, $evidence:ident, $expect:expr;)*) => {
        /// What is done in a dishonest play. Its honest twin does what looks most like it and is none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Deed {
            $($deed),*
        }

        impl Deed {
            pub const ALL: &'static [Deed] = &[$(Deed::$deed),*];

            /// Kebab-case, as the table names it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Deed::$deed => $name),*
                }
            }

            #[must_use]
            pub fn row(self) -> Row {
                match self {
                    $(Deed::$deed => Row::$row),*
                }
            }

            #[must_use]
            pub fn evidence(self) -> Evidence {
                match self {
                    $(Deed::$deed => Evidence::$evidence),*
                }
            }

            /// Done at the gate of the origin, where the gate releases.
            #[must_use]
            pub fn is_at_gate(self) -> bool {
                matches!(self, Deed::WrongUnit | Deed::WrongSeal | Deed::NoteTwice | Deed::Tailgated | Deed::LaneChanged)
            }

            /// Whether only a truck can do it: nobody asks why a train waits in a siding, and no truck drives beside a ship.
            #[must_use]
            pub fn on_road_only(self) -> bool {
                matches!(self, Deed::StoppedForHours | Deed::Overstayed | Deed::TruckElsewhere | Deed::TakenOff)
            }

            /// What the platform has to make of it.
            #[must_use]
            pub fn expect(self) -> Expect {
                match self {
                    $(Deed::$deed => $expect),*
                }
            }
        }
    };
}

deeds! {
    ForcedOpen, "forced-open", Breach, Signed, Expect::Alert(&["opened-without-grant"]);
    CableCut, "cable-cut", Breach, Signed, Expect::Alert(&["cable-cut"]);
    HousingOpened, "housing-opened", Breach, Signed, Expect::Alert(&["housing-opened"]);
    BreachWithoutNetwork, "breach-without-network", Breach, Signed, Expect::DatedBack(&["cable-cut"]);
    BrokenInto, "broken-into", Breach, Measured, Expect::Alert(&["forced-entry"]);
    WrongCredential, "wrong-credential", Breach, Signed, Expect::Alert(&["wrong-credential"]);
    Resealed, "resealed-under-way", EpochChanged, Signed, Expect::Alert(&["epoch-changed"]);
    Cloned, "cloned", Clone, Signed, Expect::Alert(&["equivocation"]);
    TwoPlaces, "two-places", Clone, Measured, Expect::Alert(&["two-places"]);
    SkippingCopy, "skipping-copy", Clone, Measured, Expect::Alert(&["impossible-speed", "hole"]);
    Replayed, "replayed", Replay, NoFraud, Expect::CountedOnly;
    Tampered, "tampered", Replay, NoFraud, Expect::RefusedOnly;
    OldLogin, "old-login", Replay, NoFraud, Expect::LoginRefused;
    HiddenReports, "hidden-reports", Gap, Signed, Expect::Alert(&["hole"]);
    BrokenChain, "broken-chain", Gap, Signed, Expect::Alert(&["prev-mismatch"]);
    StateLost, "state-lost", Gap, NoFraud, Expect::Alert(&["state-lost"]);
    Silenced, "silenced", Silence, Measured, Expect::Alert(&["silence"]);
    LeftCorridor, "left-corridor", Deviation, Measured, Expect::Alert(&["deviation"]);
    TurnedBack, "turned-back", Deviation, Measured, Expect::Alert(&["wrong-direction"]);
    SkippedWaypoint, "skipped-waypoint", Deviation, Measured, Expect::Alert(&["waypoint-missed"]);
    StoppedForHours, "stopped-for-hours", Overstay, Measured, Expect::Alert(&["stop-outside-place"]);
    Overstayed, "overstayed", Overstay, Measured, Expect::Alert(&["overstay"]);
    MountLost, "mount-lost", Removed, Signed, Expect::Alert(&["mount-lost"]);
    TruckElsewhere, "truck-elsewhere", Removed, Measured, Expect::Alert(&["truck-drift"]);
    TakenOff, "taken-off-the-truck", Removed, Measured, Expect::Alert(&["device-removed"]);
    Jammed, "jammed", Jamming, Measured, Expect::Alert(&["jamming"]);
    Spoofed, "spoofed", Jamming, Measured, Expect::Alert(&["spoofing"]);
    ClockBack, "clock-back", Clock, Measured, Expect::Alert(&["clock-off"]);
    WrongUnit, "wrong-unit", WrongAtGate, Measured, Expect::Alert(&["wrong-unit"]);
    WrongSeal, "wrong-seal", WrongAtGate, Measured, Expect::Alert(&["wrong-seal"]);
    FalseArrival, "false-arrival", WrongAtGate, Measured, Expect::Alert(&["false-arrival"]);
    ShortSplit, "short-split", PartialCargo, Measured, Expect::Alert(&["partial-cargo"]);
    NoteTwice, "note-twice", NoteReuse, Measured, Expect::Alert(&["note-reused"]);
    Tailgated, "tailgated", NoteReuse, Measured, Expect::Alert(&["tailgating"]);
    LaneChanged, "lane-changed", NoteReuse, Measured, Expect::Alert(&["lane-change"]);
    BatteryLow, "battery-low", Health, NoFraud, Expect::Alert(&["low-battery"]);
    MotorStuck, "motor-stuck", Health, NoFraud, Expect::Alert(&["device-fault"]);
    StolenForParts, "stolen-for-parts", Health, NoFraud, Expect::NotRed(&["seal-stolen"]);
    Rattled, "rattled", Storm, NoFraud, Expect::Folded { at_most: 1 };
    AlongTheEdge, "along-the-edge", Storm, NoFraud, Expect::Folded { at_most: 1 };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_of_the_table_has_a_deed_and_no_two_deeds_share_a_name() {
        let rows: BTreeSet<Row> = Deed::ALL.iter().map(|deed| deed.row()).collect();
        assert_eq!(rows, Row::ALL.into_iter().collect());
        let names: BTreeSet<&str> = Deed::ALL.iter().map(|deed| deed.as_str()).collect();
        assert_eq!(names.len(), Deed::ALL.len());
    }

    #[test]
    fn what_has_to_be_found_without_fail_is_an_alert() {
        for deed in Deed::ALL.iter().filter(|deed| deed.evidence() == Evidence::Signed) {
            assert!(matches!(deed.expect(), Expect::Alert(_) | Expect::DatedBack(_)), "{}", deed.as_str());
        }
    }
}
