//! Signs that a seal tells by itself: shocks, light, a lost mount, a jammed receiver, a credential that is none, a fault.
//!
//! Vibration alone is never red; with light inside the unit it is, for these are two kinds of evidence.

use sealway_schemas::Time;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::report::{Event, Status};
use serde::{Deserialize, Serialize};

/// So many shocks within [`WINDOW_MS`] are no road.
const SHOCKS: u8 = 10;
const WINDOW_MS: u64 = 600_000;

/// What a transfer's seal has shown lately.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Signs {
    mounted: bool,
    shocks: u8,
    shocks_since: Time,
    shock_at: Option<Time>,
    light_at: Option<Time>,
}

/// What of a report the signs need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sign {
    pub(crate) t: Time,
    pub(crate) event: Event,
    pub(crate) status: Status,
}

impl Signs {
    /// The signs after a report in its order, and what they mean together.
    #[must_use]
    pub(crate) fn next(mut self, sign: Sign) -> (Self, Option<AlertKind>) {
        let Sign { t, event, status } = sign;
        let near = |other: Option<Time>| other.is_some_and(|at| t.since(at).max(at.since(t)) <= WINDOW_MS);
        let mounted = status.has(Status::MOUNT_PRESENT);
        let dismounted = self.mounted && !mounted;
        self.mounted = mounted;
        let found = match event {
            Event::Shock => {
                self.rattle(t);
                if near(self.light_at) { Some(AlertKind::ForcedEntry) } else { (self.shocks >= SHOCKS).then_some(AlertKind::ShockStorm) }
            }
            // An open unit is light inside.
            Event::Light if status.closed() => {
                self.light_at = Some(t);
                Some(if near(self.shock_at) { AlertKind::ForcedEntry } else { AlertKind::LightInside })
            }
            Event::MountLost => Some(AlertKind::MountLost),
            Event::Jammed => Some(AlertKind::Jamming),
            Event::Light
            | Event::Periodic
            | Event::Sealed
            | Event::OpenedByGrant
            | Event::Opened
            | Event::CableCut
            | Event::HousingOpened
            | Event::MotorStuck
            | Event::LowBattery
            | Event::FixLost
            | Event::ZoneEntered
            | Event::ZoneLeft
            | Event::PowerOn
            | Event::ChallengeAnswer
            | Event::Gap
            | Event::WrongCredential
            | Event::SelfTest
            | Event::Unknown(_) => dismounted.then_some(AlertKind::MountLost),
        };
        (self, found)
    }

    fn rattle(&mut self, t: Time) {
        if t.since(self.shocks_since) > WINDOW_MS {
            self.shocks = 0;
            self.shocks_since = t;
        }
        self.shocks = self.shocks.saturating_add(1);
        self.shock_at = Some(t);
    }
}

/// Live reports in a row whose device time is far from their arrival. One may have waited on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Strikes(u8);

impl Strikes {
    const ENOUGH: u8 = 2;

    #[must_use]
    pub(crate) fn next(self, t: Time, received_at: Time, limit_ms: u64) -> Self {
        let off_ms = t.since(received_at).max(received_at.since(t));
        if off_ms > limit_ms { Self(self.0.saturating_add(1).min(Self::ENOUGH)) } else { Self(0) }
    }

    pub(crate) fn out(self) -> bool {
        self.0 >= Self::ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: u64 = 60_000;

    fn closed(mounted: bool) -> Status {
        let bits = Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED | Status::EPOCH_KEY_HELD;
        Status::new(if mounted { bits | Status::MOUNT_PRESENT } else { bits }).unwrap()
    }

    fn played(events: impl IntoIterator<Item = (u64, Event, bool)>) -> Vec<AlertKind> {
        let mut signs = Signs::default();
        let mut found = Vec::new();
        for (minute, event, mounted) in events {
            let (next, kind) = signs.next(Sign { t: Time::from_ms(minute * MINUTE_MS), event, status: closed(mounted) });
            signs = next;
            found.extend(kind);
        }
        found
    }

    #[test]
    fn signs_mean_what_the_table_says() {
        use AlertKind::{ForcedEntry, Jamming, LightInside, MountLost};
        use Event::{Jammed, Light, Periodic, Shock};
        for (events, expected) in [
            (vec![(1, Shock, true), (2, Shock, true), (3, Shock, true)], vec![]),
            (vec![(1, Light, true)], vec![LightInside]),
            (vec![(1, Light, true), (20, Shock, true)], vec![LightInside]),
            (vec![(1, Light, true), (9, Shock, true)], vec![LightInside, ForcedEntry]),
            (vec![(1, Shock, true), (9, Light, true)], vec![ForcedEntry]),
            (vec![(1, Periodic, true), (2, Periodic, false), (3, Periodic, false)], vec![MountLost]),
            (vec![(1, Periodic, false), (2, Periodic, false)], vec![]),
            (vec![(1, Jammed, true)], vec![Jamming]),
        ] {
            assert_eq!(played(events.clone()), expected, "{events:?}");
        }
    }

    #[test]
    fn vibration_alone_is_a_check_and_never_red() {
        use sealway_schemas::alert::Severity;
        let storm = played((0..500).map(|_| (5, Event::Shock, true)));
        assert_eq!(storm.len(), 500 - usize::from(SHOCKS) + 1);
        assert!(storm.iter().all(|kind| *kind == AlertKind::ShockStorm && kind.severity() == Severity::Amber));
        assert_eq!(played((0..500).map(|n| (n * 2, Event::Shock, true))), [], "a bump every two minutes is a road");
    }

    #[test]
    fn one_late_report_says_nothing_about_the_clock() {
        let at = |minute| Time::from_ms(minute * MINUTE_MS);
        let next = |strikes: Strikes, t, received| strikes.next(at(t), at(received), 5 * MINUTE_MS);
        let once = next(Strikes::default(), 60, 1);
        assert!(!once.out() && next(once, 2, 61).out());
        assert!(!next(next(once, 62, 61), 2, 62).out());
    }
}
