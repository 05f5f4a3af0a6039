//! Raising and ending alerts: whom they are about, where they count, who is told.

use super::{Ending, Finding, Quiet, Raised, Subject, ending};
use crate::core::Core;
use crate::device::DeviceIx;
use crate::effect::{Effect, Row};
use crate::transfer::TransferIx;
use sealway_schemas::alert::{AlertKind, AlertView, Exculpation, Ground};
use sealway_schemas::record::Record;
use sealway_schemas::{AlertId, Time};

impl Core {
    /// Opens an alert about a device, or counts it.
    pub(crate) fn raise(&mut self, now: Time, ix: DeviceIx, finding: Finding, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        let Some(owner) = self.registry.party(device.owner).map(|party| party.id.clone()) else {
            return;
        };
        let transfer = device.transfer.and_then(|ix| self.transfers.get_mut(ix));
        let subject = Subject { device: device.id, owner, transfer: transfer.as_ref().map(|transfer| transfer.id.clone()) };
        let raised = self.alerts.raise(now, finding, subject, &mut device.open);
        if let (Raised::Opened(id), Some(transfer)) = (raised, transfer) {
            transfer.open_alerts.push(id);
        }
        self.tell_raised(now, raised, effects);
    }

    /// Opens an alert about a transfer, or counts it: what a gate, a person or the clock found.
    pub(crate) fn raise_on_transfer(&mut self, now: Time, ix: TransferIx, finding: Finding, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let open = transfer.open_alerts.iter().copied().find(|id| self.alerts.get(*id).is_some_and(|alert| alert.kind == finding.kind));
        let raised = if let Some(id) = open {
            self.alerts.count(now, id, &finding)
        } else {
            let owner = self.devices.by_id(&transfer.seal).and_then(|device| self.registry.party(device.owner));
            let owner = owner.map_or_else(|| transfer.carrier.clone(), |party| party.id.clone());
            let subject = Subject { device: transfer.seal, owner, transfer: Some(transfer.id.clone()) };
            let id = self.alerts.open(now, finding, subject);
            transfer.open_alerts.push(id);
            Raised::Opened(id)
        };
        self.tell_raised(now, raised, effects);
    }

    fn tell_raised(&mut self, now: Time, raised: Raised, effects: &mut Vec<Effect>) {
        match raised {
            Raised::Opened(id) => {
                self.alerts.give_time(id, &self.policy);
                self.tell_alert(now, id, effects);
            }
            Raised::Counted(id) => {
                let row = self.alerts.get(id).map(|alert| Row::Alert(alert.clone()));
                effects.extend(row.map(|row| Effect::Row(Box::new(row))));
            }
        }
    }

    /// Ends a device's alert whose condition is gone.
    pub(crate) fn clear(&mut self, now: Time, ix: DeviceIx, kind: AlertKind, effects: &mut Vec<Effect>) {
        debug_assert_eq!(ending(kind), Ending::Condition, "only an officer ends {kind:?}");
        let Some(device) = self.devices.get_mut(ix) else {
            return;
        };
        let Some(id) = self.alerts.clear(now, kind, &mut device.open) else {
            return;
        };
        if kind == AlertKind::Silence {
            let until = device.last.map_or(device.enrolled_at, |last| last.t);
            device.open.set_quiet(Some(Quiet { alert: id, until, kept: false }));
        }
        self.close_in_transfer(id);
        self.tell_alert(now, id, effects);
    }

    /// Ends a transfer's alert whose condition is gone.
    pub(crate) fn clear_on_transfer(&mut self, now: Time, ix: TransferIx, kind: AlertKind, effects: &mut Vec<Effect>) {
        debug_assert_eq!(ending(kind), Ending::Condition, "only an officer ends {kind:?}");
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let open = transfer.open_alerts.iter().copied().find(|id| self.alerts.get(*id).is_some_and(|alert| alert.kind == kind));
        if let Some(id) = open {
            self.alerts.end(now, id);
            self.close_in_transfer(id);
            self.tell_alert(now, id, effects);
        }
    }

    /// An ended alert no longer counts among its transfer's open ones.
    pub(crate) fn close_in_transfer(&mut self, id: AlertId) {
        let transfer = self.alerts.get(id).and_then(|alert| alert.transfer.as_ref());
        if let Some(transfer) = transfer.and_then(|transfer| self.transfers.by_id_mut(transfer)) {
            transfer.open_alerts.retain(|open| *open != id);
        }
    }

    /// The driver's evidence: a record that his carrier sees.
    pub(crate) fn exculpate(&self, now: Time, alert: &AlertView, ground: Ground, effects: &mut Vec<Effect>) {
        let transfer = alert.transfer.as_ref().and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix));
        let carrier = transfer.map_or_else(|| alert.owner.clone(), |transfer| transfer.carrier.clone());
        let receipt = Exculpation {
            alert: alert.id,
            kind: alert.kind,
            device: alert.device,
            carrier: carrier.clone(),
            transfer: alert.transfer.clone(),
            happened_at: alert.happened_at,
            at: now,
            ground,
            evidence: alert.evidence.clone(),
        };
        self.tell_record(now, Record::of(&receipt, vec![carrier]), effects);
    }
}
