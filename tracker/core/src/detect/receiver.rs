//! Whether the receiver is jammed or lied to: by the strength of its satellites, by jumps that no vehicle makes, by its clock.
//!
//! One sign is a check; two kinds of signs together are red.

use crate::geometry::Position;
use sealway_schemas::Time;
use sealway_schemas::alert::AlertKind;
use serde::{Deserialize, Serialize};

/// Signs so near to each other belong together.
const WINDOW_MS: u64 = 1_800_000;
/// No satellite is heard stronger on the ground, tenth of dB-Hz.
const STRONGEST_DDBHZ: u64 = 520;
/// Above or below what is usual for this receiver, tenth of dB-Hz.
const RISE_DDBHZ: u64 = 100;
const FADE_DDBHZ: u64 = 100;
/// Sound fixes until their strength is usual.
const LEARNT: u8 = 8;
/// Live reports without a fix, after the satellites faded.
const LOST: u8 = 3;
/// A shorter jump may be an error of the receiver, metres.
const FAR_M: f64 = 20_000.0;
const NEAR_M: f64 = 1_000.0;

/// What a report shows of the receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reception {
    pub(crate) t: Time,
    /// Of its fix, tenth of dB-Hz.
    pub(crate) cn0_ddbhz: Option<u64>,
    pub(crate) live: bool,
    /// It jumped as no vehicle does: from where its last fix was.
    pub(crate) jump: Option<Jump>,
    /// Its clock is off.
    pub(crate) clock_off: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jump {
    pub(crate) from: (Time, Position),
    pub(crate) to: Position,
    /// Between the two, without what both fixes may be off.
    pub(crate) metres: f64,
    /// That no vehicle of the mode exceeds, metres per second.
    pub(crate) fastest: f64,
}

/// Where it was before it jumped away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Away {
    jumped_at: Time,
    since: Time,
    lat: f64,
    lon: f64,
}

impl Away {
    /// Whether a vehicle that never jumped could be there by `t`.
    #[expect(clippy::cast_precision_loss, reason = "within the window")]
    fn reaches(self, to: Position, t: Time, fastest: f64) -> bool {
        let metres = Position { lat: self.lat, lon: self.lon }.metres_to(to);
        metres <= NEAR_M + fastest * t.since(self.since) as f64 / 1000.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Receiver {
    usual_ddbhz: u64,
    learnt: u8,
    faded_at: Option<Time>,
    without_fix: u8,
    strong_at: Option<Time>,
    jumped_at: Option<Time>,
    /// A live jump far away that may be answered by one back.
    away: Option<Away>,
    clock_at: Option<Time>,
}

impl Receiver {
    /// The receiver after a report, and what it means.
    #[must_use]
    pub(crate) fn next(mut self, shown: Reception) -> (Self, Option<AlertKind>) {
        let jammed = self.fade(shown);
        let strong = self.learn(shown);
        let there_and_back = self.jump(shown);
        if shown.clock_off {
            self.clock_at = Some(shown.t);
        }
        let near = |at: Option<Time>| at.is_some_and(|at| shown.t.since(at).max(at.since(shown.t)) <= WINDOW_MS);
        let kinds = [self.strong_at, self.jumped_at, self.clock_at].into_iter().filter(|at| near(*at)).count();
        let fresh = strong || shown.jump.is_some();
        let found = if fresh && kinds >= 2 {
            Some(AlertKind::Spoofing)
        } else if there_and_back {
            Some(AlertKind::TwoPlaces)
        } else if strong {
            Some(AlertKind::SpoofingSuspected)
        } else {
            jammed.then_some(AlertKind::Jamming)
        };
        (self, found)
    }

    /// The satellites fade and then there is no fix, while the network is alive.
    fn fade(&mut self, shown: Reception) -> bool {
        let Some(cn0) = shown.cn0_ddbhz else {
            let faded = self.faded_at.is_some_and(|at| shown.t.since(at) <= WINDOW_MS);
            self.without_fix = if faded && shown.live { self.without_fix.saturating_add(1) } else { 0 };
            return self.without_fix >= LOST;
        };
        self.without_fix = 0;
        let faded = self.learnt >= LEARNT && cn0 + FADE_DDBHZ <= self.usual_ddbhz;
        self.faded_at = faded.then_some(shown.t);
        false
    }

    /// Learns what is usual, from what is neither weak nor strong.
    fn learn(&mut self, shown: Reception) -> bool {
        let Some(cn0) = shown.cn0_ddbhz else {
            return false;
        };
        let known = self.learnt >= LEARNT;
        if known && cn0 > STRONGEST_DDBHZ && cn0 >= self.usual_ddbhz + RISE_DDBHZ {
            self.strong_at = Some(shown.t);
            return true;
        }
        if self.faded_at.is_none() && cn0 <= STRONGEST_DDBHZ {
            self.usual_ddbhz = if self.learnt == 0 { cn0 } else { (self.usual_ddbhz * 7 + cn0) / 8 };
            self.learnt = self.learnt.saturating_add(1);
        }
        false
    }

    fn jump(&mut self, shown: Reception) -> bool {
        let Some(jump) = shown.jump else {
            return false;
        };
        self.jumped_at = Some(shown.t);
        let far = shown.live && jump.metres >= FAR_M;
        let near = |away: &Away| shown.t.since(away.jumped_at) <= WINDOW_MS && away.reaches(jump.to, shown.t, jump.fastest);
        let back = far && self.away.as_ref().is_some_and(near);
        let (since, Position { lat, lon }) = jump.from;
        self.away = far.then_some(Away { jumped_at: shown.t, since, lat, lon });
        back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertKind::{Jamming, Spoofing, SpoofingSuspected, TwoPlaces};

    fn sound(minute: u64) -> Reception {
        let t = Time::from_ms(minute * 60_000);
        Reception { t, cn0_ddbhz: Some(400 + minute % 5 * 10), live: true, jump: None, clock_off: false }
    }

    fn jumped(minute: u64, from_km: f64, to_km: f64) -> Option<Jump> {
        let at = |km: f64| Position { lat: 34.0 + km / 111.195, lon: 108.0 };
        let metres = (to_km - from_km).abs() * 1000.0;
        Some(Jump { from: (Time::from_ms(minute * 60_000), at(from_km)), to: at(to_km), metres, fastest: 60.0 })
    }

    fn found(later: &[Reception]) -> Vec<AlertKind> {
        let mut receiver = Receiver::default();
        let mut kinds = Vec::new();
        for shown in (0..10).map(sound).chain(later.iter().copied()) {
            let (next, kind) = receiver.next(shown);
            receiver = next;
            kinds.extend(kind);
        }
        kinds
    }

    #[test]
    fn one_sign_is_a_check_and_two_kinds_are_red() {
        let strong = Reception { cn0_ddbhz: Some(570), ..sound(10) };
        let jump = jumped(9, 0.0, 300.0);
        assert_eq!(found(&[strong, sound(11)]), [SpoofingSuspected]);
        assert_eq!(found(&[Reception { jump, ..sound(10) }]), [], "the jump itself is told elsewhere");
        assert_eq!(found(&[Reception { jump, ..strong }]), [Spoofing]);
        assert_eq!(found(&[strong, Reception { jump, ..sound(20) }]), [SpoofingSuspected, Spoofing]);
        assert_eq!(found(&[strong, Reception { jump, ..sound(50) }]), [SpoofingSuspected], "long after");
        assert_eq!(found(&[Reception { clock_off: true, ..strong }]), [Spoofing]);
        assert_eq!(found(&[Reception { clock_off: true, ..sound(10) }]), [], "a clock alone is a clock");
        assert_eq!(found(&[Reception { cn0_ddbhz: Some(510), ..sound(10) }]), [], "an open sky");
    }

    #[test]
    fn there_and_back_again_live_are_two_places() {
        let to = |minute, from_km, to_km| Reception { jump: jumped(minute - 1, from_km, to_km), ..sound(minute) };
        assert_eq!(found(&[to(10, 0.0, 300.0), to(11, 300.0, 1.0)]), [TwoPlaces]);
        assert_eq!(found(&[to(10, 0.0, 15.0), to(11, 15.0, 1.0)]), [], "a wild fix");
        let stored = Reception { live: false, ..to(11, 300.0, 1.0) };
        assert_eq!(found(&[to(10, 0.0, 300.0), stored]), [], "kept since when");
        assert_eq!(found(&[to(10, 0.0, 300.0), to(11, 300.0, 600.0)]), [], "further on, not back");
    }

    #[test]
    fn satellites_that_fade_before_the_fix_is_lost_are_jammed_and_a_tunnel_is_not() {
        let lost = |minute| Reception { cn0_ddbhz: None, ..sound(minute) };
        let weak = Reception { cn0_ddbhz: Some(250), ..sound(10) };
        assert_eq!(found(&[weak, lost(11), lost(12), lost(13)]), [Jamming]);
        assert_eq!(found(&[lost(11), lost(12), lost(13), lost(14)]), []);
        assert_eq!(found(&[weak, lost(11), lost(12), sound(13), lost(14)]), []);
        let stored = |minute| Reception { live: false, ..lost(minute) };
        assert_eq!(found(&[weak, stored(11), stored(12), stored(13)]), [], "no network either");
    }
}
