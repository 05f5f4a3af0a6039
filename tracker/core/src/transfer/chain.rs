//! The chain of seals on a transfer's unit: who bound which, the epochs that each closed it in, who countersigned. It only grows, and at most
//! its last link holds.

use crate::core::Core;
use crate::effect::Effect;
use crate::movement::Sealing;
use crate::transfer::{Bond, TransferIx};
use sealway_schemas::binding::{BindingView, BoundSeal, SealedEpoch};
use sealway_schemas::movement::By;
use sealway_schemas::record::Record;
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chain(Vec<BoundSeal>);

impl Chain {
    pub(crate) fn seals(&self) -> &[BoundSeal] {
        &self.0
    }

    /// A seal is on the unit from here; the one before it no longer is.
    pub(super) fn bind(&mut self, link: BoundSeal) {
        self.unbind(link.bound_at);
        self.0.push(link);
    }

    /// Whether a seal was on it.
    pub(crate) fn unbind(&mut self, at: Time) -> bool {
        self.open(at);
        let Some(last) = self.0.last_mut().filter(|last| last.unbound_at.is_none()) else {
            return false;
        };
        last.unbound_at = Some(at);
        true
    }

    /// The bound seal showed that it closed the unit.
    pub(crate) fn close(&mut self, sealing: Sealing, at: Time) {
        self.open(at);
        if let Some(last) = self.0.last_mut() {
            last.epochs.push(SealedEpoch { epoch: sealing.epoch, ctr: sealing.ctr, since: at, until: None, countersigned_by: None });
        }
    }

    /// Ends the epoch that holds; whether one did. A clock that stepped back makes no stretch of negative length.
    pub(crate) fn open(&mut self, at: Time) -> bool {
        let Some(epoch) = self.holding_mut() else {
            return false;
        };
        epoch.until = Some(at.max(epoch.since));
        true
    }

    pub(super) fn countersign(&mut self, by: By) {
        if let Some(epoch) = self.holding_mut() {
            epoch.countersigned_by = Some(by);
        }
    }

    /// The epoch that closes the unit now.
    pub(crate) fn holding(&self) -> Option<&SealedEpoch> {
        self.0.last()?.epochs.last().filter(|epoch| epoch.until.is_none())
    }

    fn holding_mut(&mut self) -> Option<&mut SealedEpoch> {
        self.0.last_mut()?.epochs.last_mut().filter(|epoch| epoch.until.is_none())
    }

    /// Whether customs signed for the seal as it is closed now.
    pub(crate) fn is_countersigned(&self) -> bool {
        self.holding().is_some_and(|epoch| epoch.countersigned_by.is_some())
    }

    /// Whether customs ever signed for a seal of this unit.
    pub(crate) fn was_countersigned(&self) -> bool {
        self.0.iter().flat_map(|seal| &seal.epochs).any(|epoch| epoch.countersigned_by.is_some())
    }
}

impl Core {
    /// Tells what became of the bond, and of what inherits from it.
    pub(crate) fn tell_binding(&self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let view =
            BindingView { transfer: transfer.id.clone(), at: now, unit: transfer.unit.clone(), seals: transfer.chain.seals().to_vec() };
        self.tell_record(now, Record::of(&view, self.parties_of(Some(transfer), None)), effects);
        self.tell_cargo(now, ix, effects);
    }

    /// The bond ends; the device no longer speaks for the transfer.
    pub(super) fn end_bond(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        transfer.bond = Bond::Ended;
        let (seal, at) = (transfer.seal, transfer.state_since);
        self.free_seal((now, at), ix, &seal, effects);
    }

    /// Takes a seal off at `at`: the device no longer speaks for the transfer.
    pub(crate) fn free_seal(&mut self, (now, at): (Time, Time), ix: TransferIx, seal: &DeviceId, effects: &mut Vec<Effect>) {
        if self.transfers.get_mut(ix).is_some_and(|transfer| transfer.chain.unbind(at)) {
            self.tell_binding(now, ix, effects);
        }
        let Some(device_ix) = self.devices.find(seal) else {
            return;
        };
        if let Some(device) = self.devices.get_mut(device_ix).filter(|device| device.transfer == Some(ix)) {
            device.transfer = None;
            device.bond_since = now;
            self.tell_device(now, device_ix, effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(seal: &str, at: u64) -> BoundSeal {
        BoundSeal {
            seal: seal.parse().unwrap(),
            unit: "LOOSE-1".to_owned(),
            mechanical: Vec::new(),
            bound_at: Time::from_ms(at),
            bound_by: By::Clock,
            unbound_at: None,
            epochs: Vec::new(),
        }
    }

    #[test]
    fn a_chain_grows_and_only_its_end_holds() {
        let at = Time::from_ms;
        let mut chain = Chain::default();
        assert!(!chain.open(at(1)) && !chain.unbind(at(1)));
        chain.bind(link("ONE", 1));
        chain.close(Sealing { epoch: 1, ctr: 5 }, at(2));
        chain.countersign(By::Clock);
        assert!(chain.is_countersigned());
        chain.close(Sealing { epoch: 2, ctr: 9 }, at(4));
        assert!(!chain.is_countersigned() && chain.was_countersigned(), "a new epoch needs a new countersign");
        chain.bind(link("TWO", 6));
        assert_eq!(chain.holding(), None);
        chain.close(Sealing { epoch: 7, ctr: 3 }, at(8));
        assert!(chain.open(at(7)), "its clock stepped back");
        let seen: Vec<_> = chain.seals().iter().flat_map(|seal| &seal.epochs).map(|e| (e.epoch, e.since, e.until)).collect();
        assert_eq!(seen, [(1, at(2), Some(at(4))), (2, at(4), Some(at(6))), (7, at(8), Some(at(8)))]);
        assert_eq!(chain.seals()[0].unbound_at, Some(at(6)));
    }
}
