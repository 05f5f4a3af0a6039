//! Grants 解封许可: leave to open a seal once, in its epoch, inside its circle, in its time. One officer gives it inside the destination
//! of its transfer, two elsewhere; until it is used it can be taken back.

use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::device::DeviceIx;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::geometry::Position;
use crate::locate::accuracy_m;
use crate::transfer::TransferIx;
use crate::transfer::life::after;
use sealway_schemas::down::{Down, Grant};
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::record::{GrantStanding, GrantView, Record};
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const LAT_LIMIT_E7: i64 = 900_000_000;
const LON_LIMIT_E7: i64 = 1_800_000_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Issued {
    grant: Grant,
    by: UserId,
    /// What the seal was bound to then.
    transfer: Option<TransferId>,
    countersigned_by: Option<UserId>,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    /// Waits for a second officer.
    Proposed,
    /// The device may use it.
    Given,
    Revoked,
    /// By the receipt of this counter.
    Used(u64),
}

/// By device and grant id; kept for ever, for a receipt may come years late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Grants(BTreeMap<(DeviceId, [u8; 16]), Issued>);

impl Grants {
    /// What the device may still use.
    pub(super) fn usable(&self, device: &DeviceId, now: Time) -> impl Iterator<Item = &Grant> {
        let own = self.0.range((*device, [0; 16])..=(*device, [0xff; 16])).map(|(_, issued)| issued);
        own.filter(move |issued| issued.standing == Standing::Given && now <= issued.grant.not_after).map(|issued| &issued.grant)
    }

    /// Who gave leave to open the seal in this epoch, if somebody did.
    pub(crate) fn given_by(&self, device: &DeviceId, epoch: u64, now: Time) -> Option<&UserId> {
        let own = self.0.range((*device, [0; 16])..=(*device, [0xff; 16])).map(|(_, issued)| issued);
        let holds = |issued: &&Issued| issued.standing == Standing::Given && issued.grant.epoch == epoch && now <= issued.grant.not_after;
        own.filter(holds).map(|issued| issued.countersigned_by.as_ref().unwrap_or(&issued.by)).next()
    }

    /// The latest time of those that let the seal be opened in this epoch, or did.
    pub(crate) fn good_until(&self, device: &DeviceId, epoch: u64) -> Option<Time> {
        let own = self.0.range((*device, [0; 16])..=(*device, [0xff; 16])).map(|(_, issued)| issued);
        let holds = |issued: &&Issued| match issued.standing {
            Standing::Given | Standing::Used(_) => issued.grant.epoch == epoch,
            Standing::Proposed | Standing::Revoked => false,
        };
        own.filter(holds).map(|issued| issued.grant.not_after).max()
    }

    /// Takes a receipt of an opening: whether the grant covers it.
    fn redeem(&mut self, device: DeviceId, report: &Report) -> bool {
        let Some(issued) = report.reference().and_then(|id| self.0.get_mut(&(device, id))) else {
            return false;
        };
        let open = match issued.standing {
            Standing::Given => true,
            Standing::Used(ctr) => ctr == report.ctr(),
            Standing::Proposed | Standing::Revoked => false,
        };
        if !open || !covers(&issued.grant, report) {
            return false;
        }
        issued.standing = Standing::Used(report.ctr());
        true
    }
}

fn centre(grant: &Grant) -> Position {
    #[expect(clippy::cast_precision_loss, reason = "degrees of the contract")]
    let at = Position { lat: grant.circle.lat_e7 as f64 / 1e7, lon: grant.circle.lon_e7 as f64 / 1e7 };
    at
}

#[expect(clippy::cast_precision_loss, reason = "metres of the contract")]
fn radius_m(grant: &Grant) -> f64 {
    grant.circle.radius_m as f64
}

/// The seal itself held to circle and time before it opened; the receipt is checked as far as it shows them.
fn covers(grant: &Grant, report: &Report) -> bool {
    let inside = report.fix().is_none_or(|fix| centre(grant).metres_to(Position::of(&fix)) <= radius_m(grant) + 2.0 * accuracy_m(&fix));
    inside && report.epoch() == grant.epoch && (grant.not_before..=grant.not_after).contains(&report.t())
}

impl Core {
    /// An opening by grant that no grant covers.
    pub(crate) fn check_opening(&mut self, now: Time, ix: DeviceIx, report: &Report, effects: &mut Vec<Effect>) {
        if report.event() != Event::OpenedByGrant {
            return;
        }
        let Some(device) = self.devices.get(ix).map(|device| device.id) else {
            return;
        };
        if !self.grants.redeem(device, report) {
            self.raise(now, ix, Finding::of_report(AlertKind::OpenedWithoutGrant, report.t(), report.ctr()), effects);
            return;
        }
        if let Some(id) = report.reference() {
            self.tell_grant(now, (device, id), effects);
        }
        if let Some(bound) = self.granted(&device) {
            // Opened before its end, by two officers' word, it goes on under a new sealing that an officer accepts.
            let arrow = if self.is_at(bound, MovementState::UnsealingGranted) { Arrow::Unseal } else { Arrow::ReportIncident };
            let by = By::Seal { device, ctr: report.ctr() };
            // What has happened is not stopped; before its release a transfer is sealed anew without further words.
            let _gone = self.step_at(now, bound, (arrow, by, report.t()), effects);
        }
    }

    pub(super) fn issue_grant(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        device: DeviceId,
        grant: Grant,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let id = hex::encode(grant.id);
        self.active_ix(&device)?;
        check_grant(now, &grant)?;
        if self.grants.0.contains_key(&(device, grant.id)) {
            return Err(CommandRefusal::new("grant-exists", format!("grant {id} of device {device}: exists, expected a new id")));
        }
        let bound = self.granted(&device);
        let alone = bound.is_none_or(|bound| self.inside_destination(bound, centre(&grant), radius_m(&grant)));
        let key = (device, grant.id);
        if let Some(bound) = bound.filter(|_| alone) {
            self.expect_handed_over(now, bound)?;
        }
        let by = asking.by.user.clone();
        let transfer = self.transfer_of(&device);
        self.grants.0.insert(key, Issued { grant, by, transfer, countersigned_by: None, standing: Standing::Proposed });
        if alone {
            self.give(now, asking, key, effects)?;
        }
        self.tell_grant(now, key, effects);
        Ok(())
    }

    /// 第二名关员 signs what the first proposed.
    pub(super) fn countersign_grant(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        key: (DeviceId, [u8; 16]),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let issued = self.known_grant(key)?;
        let named = format!("grant {} of device {}", hex::encode(key.1), key.0);
        if issued.standing != Standing::Proposed {
            return Err(CommandRefusal::new("grant-standing", format!("{named}: expected one that waits for a second officer")));
        }
        if issued.by == asking.by.user {
            let detail = format!("{named}: proposed by {}, expected another officer", issued.by);
            return Err(CommandRefusal::new("same-officer", detail));
        }
        self.give(now, asking, key, effects)?;
        if let Some(issued) = self.grants.0.get_mut(&key) {
            issued.countersigned_by = Some(asking.by.user.clone());
        }
        self.tell_grant(now, key, effects);
        Ok(())
    }

    pub(super) fn revoke_grant(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        key: (DeviceId, [u8; 16]),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let standing = self.known_grant(key)?.standing;
        match standing {
            Standing::Proposed | Standing::Given => {}
            Standing::Revoked | Standing::Used(_) => {
                let named = format!("grant {} of device {}", hex::encode(key.1), key.0);
                return Err(CommandRefusal::new("grant-standing", format!("{named}: used or revoked, expected one that is neither")));
            }
        }
        if let Some(issued) = self.grants.0.get_mut(&key) {
            issued.standing = Standing::Revoked;
        }
        self.tell_grant(now, key, effects);
        match self.granted(&key.0).filter(|bound| standing == Standing::Given && self.is_at(*bound, MovementState::UnsealingGranted)) {
            Some(bound) => self.step(now, bound, Arrow::RevokeGrant, asking.signer(), effects),
            None => Ok(()),
        }
    }

    fn give(&mut self, now: Time, asking: &Asking<'_>, key: (DeviceId, [u8; 16]), effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        if let Some(bound) = self.granted(&key.0).filter(|bound| self.is_at(*bound, MovementState::HandedOver)) {
            self.step(now, bound, Arrow::GrantUnsealing, asking.signer(), effects)?;
        }
        if let Some(issued) = self.grants.0.get_mut(&key) {
            issued.standing = Standing::Given;
            effects.push(Effect::Down { device: key.0, down: Down::Grant(issued.grant.clone()) });
        }
        Ok(())
    }

    fn transfer_of(&self, device: &DeviceId) -> Option<TransferId> {
        let bound = self.devices.by_id(device)?.transfer?;
        self.transfers.get(bound).map(|transfer| transfer.id.clone())
    }

    fn tell_grant(&self, now: Time, key: (DeviceId, [u8; 16]), effects: &mut Vec<Effect>) {
        let Some(issued) = self.grants.0.get(&key) else {
            return;
        };
        let (standing, used_by) = match issued.standing {
            Standing::Proposed => (GrantStanding::Proposed, None),
            Standing::Given => (GrantStanding::Given, None),
            Standing::Revoked => (GrantStanding::Revoked, None),
            Standing::Used(ctr) => (GrantStanding::Used, Some(ctr)),
        };
        let Grant { id, epoch, circle, not_before, not_after, .. } = issued.grant.clone();
        let view = GrantView {
            grant: hex::encode(id),
            device: key.0,
            transfer: issued.transfer.clone(),
            epoch,
            circle,
            not_before,
            not_after,
            proposed_by: issued.by.clone(),
            countersigned_by: issued.countersigned_by.clone(),
            standing,
            used_by,
            at: now,
        };
        self.tell_record(now, Record::of(&view, self.visible_to(&key.0)), effects);
        // It plans the unsealing.
        if let Some(bound) = self.granted(&key.0).filter(|_| issued.standing != Standing::Proposed) {
            self.tell_transfer(now, bound, effects);
        }
    }

    fn known_grant(&self, key: (DeviceId, [u8; 16])) -> Result<&Issued, CommandRefusal> {
        let missing = || format!("grant {} of device {}: expected one that was issued", hex::encode(key.1), key.0);
        self.grants.0.get(&key).ok_or_else(|| CommandRefusal::new("unknown-grant", missing()))
    }

    /// The transfer whose seal a device is.
    fn granted(&self, device: &DeviceId) -> Option<TransferIx> {
        let bound = self.devices.by_id(device)?.transfer?;
        self.transfers.get(bound).filter(|transfer| transfer.binds()).map(|_| bound)
    }

    fn is_at(&self, ix: TransferIx, state: MovementState) -> bool {
        self.transfers.get(ix).is_some_and(|transfer| transfer.state == state)
    }

    /// At the destination cargo is opened once it was handed over.
    fn expect_handed_over(&self, now: Time, ix: TransferIx) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.get(ix) else { return Ok(()) };
        let (state, arrow) = (transfer.state, Arrow::GrantUnsealing);
        let (code, missing) = match after(state, arrow) {
            None => ("arrow-illegal", Vec::new()),
            Some(_) => ("arrow-needs", self.missing(now, transfer, arrow)),
        };
        if code == "arrow-needs" && missing.is_empty() {
            return Ok(());
        }
        Err(CommandRefusal::step(code, &transfer.id, RefusedStep { state, arrow, missing }))
    }
}

fn check_grant(now: Time, grant: &Grant) -> Result<(), CommandRefusal> {
    let Grant { circle, not_before, not_after, .. } = grant;
    if circle.lat_e7.abs() > LAT_LIMIT_E7 || circle.lon_e7.abs() > LON_LIMIT_E7 {
        let detail = format!("circle at {}, {}: expected 1e-7 degrees, within 90 and 180 degrees", circle.lat_e7, circle.lon_e7);
        return Err(CommandRefusal::new("grant-circle", detail));
    }
    if not_before > not_after || *not_after < now {
        let detail = format!("grant from {not_before} to {not_after}: expected a time that is not over and ends after it begins");
        return Err(CommandRefusal::new("grant-time", detail));
    }
    // What a device would call malformed is not sent to it.
    Down::decode(&Down::Grant(grant.clone()).encode())
        .map(drop)
        .map_err(|fault| CommandRefusal::new("grant-malformed", format!("grant {}: {fault}", hex::encode(grant.id))))
}
