//! Every way in which a seal stops being closed, and what it does first: erase the epoch key.

use super::{Device, Lock, NotMade};
use crate::earth::Point;
use crate::number;
use sealway_schemas::Time;
use sealway_schemas::down::Grant;
use sealway_schemas::report::Event;

/// A grant counts with a fix younger than this.
const FIX_AGE_LIMIT_MS: u64 = 60_000;

/// Why a grant that the device holds does not open it now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    #[error("the seal holds no grant")]
    NoGrant,
    #[error("the seal is not closed in an epoch")]
    NotSealed,
    #[error("the grant is for epoch {granted}, the seal is in epoch {own}")]
    OtherEpoch { granted: u64, own: u64 },
    #[error("the clock is not set by GNSS")]
    ClockNotDisciplined,
    #[error("no fix in the last 60 s")]
    NoFreshFix,
    #[error("the fix is accurate to {accuracy_m} m, the circle has {radius_m} m")]
    FixTooCoarse { accuracy_m: u64, radius_m: u64 },
    #[error("{away_m} m from the circle's centre, which has {radius_m} m")]
    OutsideCircle { away_m: u64, radius_m: u64 },
    #[error("the grant holds from {not_before} to {not_after}, it is {now}")]
    OutsideTime { not_before: Time, not_after: Time, now: Time },
    #[error(transparent)]
    NotMade(#[from] NotMade),
}

impl Device {
    /// Leave to open that was not used yet.
    #[must_use]
    pub fn holds_grant(&self) -> bool {
        !self.grants.kept().is_empty()
    }

    /// Someone asks the seal to open. It does so once, under a grant that fits epoch, clock, place and time.
    ///
    /// In this order: erase the epoch key, store the receipt, move the motor.
    pub fn open_by_grant(&mut self, uptime_ms: u64) -> Result<u64, GrantRefusal> {
        let mut refusal = GrantRefusal::NoGrant;
        for grant in self.grants.kept() {
            match self.may_open(&grant, uptime_ms) {
                Ok(()) => return self.open_under(&grant, uptime_ms),
                Err(reason) => refusal = reason,
            }
        }
        Err(refusal)
    }

    fn may_open(&self, grant: &Grant, uptime_ms: u64) -> Result<(), GrantRefusal> {
        if self.epoch_key.is_none() || !self.lock.holds() {
            return Err(GrantRefusal::NotSealed);
        }
        if grant.epoch != self.epoch {
            return Err(GrantRefusal::OtherEpoch { granted: grant.epoch, own: self.epoch });
        }
        if !self.clock.disciplined() {
            return Err(GrantRefusal::ClockNotDisciplined);
        }
        let now = self.clock.now(uptime_ms);
        if !(grant.not_before..=grant.not_after).contains(&now) {
            return Err(GrantRefusal::OutsideTime { not_before: grant.not_before, not_after: grant.not_after, now });
        }
        let fresh = self.senses.last_fix(uptime_ms).filter(|(age_ms, _)| *age_ms < FIX_AGE_LIMIT_MS);
        let (_, fix) = fresh.ok_or(GrantRefusal::NoFreshFix)?;
        let radius_m = grant.circle.radius_m;
        if fix.accuracy_dm > radius_m.saturating_mul(10) {
            return Err(GrantRefusal::FixTooCoarse { accuracy_m: fix.accuracy_dm.div_ceil(10), radius_m });
        }
        let degrees = |e7: i64| number::float(e7.unsigned_abs()) / 1e7 * if e7 < 0 { -1.0 } else { 1.0 };
        let centre = Point { lat: degrees(grant.circle.lat_e7), lon: degrees(grant.circle.lon_e7) };
        let away = Point::of(&fix).distance_m(centre);
        if away > number::float(radius_m) {
            return Err(GrantRefusal::OutsideCircle { away_m: number::counted(away), radius_m });
        }
        Ok(())
    }

    fn open_under(&mut self, grant: &Grant, uptime_ms: u64) -> Result<u64, GrantRefusal> {
        self.grants.use_up(&grant.id);
        self.epoch_key = None;
        let ctr = self.make(uptime_ms, Event::OpenedByGrant, |draft| draft.reference = Some(grant.id))?;
        self.lock.motor_locked = false;
        Ok(ctr)
    }

    /// The sensors found another lock than before: forced motor, cut cable, opened housing, or the lock put right again.
    /// What is no longer closed has no epoch key when it says so.
    pub fn found(&mut self, uptime_ms: u64, lock: Lock) -> Result<Vec<u64>, NotMade> {
        let before = self.lock;
        self.lock = Lock { cable_cut: before.cable_cut || lock.cable_cut, ..lock };
        if !self.lock.holds() {
            self.epoch_key = None;
        }
        let events = [
            (Event::CableCut, lock.cable_cut && !before.cable_cut),
            (Event::HousingOpened, !lock.housing_closed && before.housing_closed),
            (Event::Opened, before.holds() && (!lock.motor_locked || !lock.cable_inserted)),
            (Event::MountLost, !lock.mount_present && before.mount_present),
        ];
        events.into_iter().filter(|(_, happened)| *happened).map(|(event, _)| self.report(uptime_ms, event)).collect()
    }

    /// Starts again after a power loss. `lock` is what the sensors say before anything else happens: a seal that is not
    /// closed erases its epoch key, and only then reports.
    pub fn boot(&mut self, lock: Lock) -> Result<u64, NotMade> {
        let highest_record = self.ring.highest().unwrap_or_default();
        self.next_ctr = self.next_ctr.max(highest_record + 1);
        self.clock.boot(self.last_t);
        self.senses = super::Senses::default();
        self.challenges.boot();
        self.online = false;
        self.lock = Lock { cable_cut: self.lock.cable_cut || lock.cable_cut, ..lock };
        if !self.lock.holds() {
            self.epoch_key = None;
        }
        self.report(0, Event::PowerOn)
    }
}
