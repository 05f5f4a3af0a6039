//! Write-off 核销: what was verified leaves the ledger, once, and comes back only by a counter-entry.

use super::book::{Draft, Item};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::command::Signer;
use sealway_schemas::ledger::{Account, Conclusion, Quantity, VerifiedLine};
use sealway_schemas::movement::MovementState;
use sealway_schemas::{Time, TransferId};
use std::collections::BTreeMap;

impl Core {
    /// Posts the verified quantities; without lines, all that is under way. What is missing stays under way.
    pub(crate) fn write_off(
        &mut self,
        now: Time,
        by: &Signer,
        id: &TransferId,
        (conclusion, verified, note): (Conclusion, &[VerifiedLine], &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.expect_ready(id, conclusion)?;
        let due = self.due(id, verified)?;
        for (item, quantity) in due {
            let draft =
                Draft { item: item.clone(), debit: Account::WrittenOff, credit: Account::UnderWay, quantity, transfer: Some(id.clone()) };
            let posting = self.ledgers.book.post(now, draft)?;
            if let Some(goods) = self.ledgers.goods.get_mut(id) {
                let written = goods.written.entry(item).or_default();
                *written = written.plus(quantity).unwrap_or(*written);
            }
            self.tell_posting(now, &posting, (by, note), effects);
        }
        Ok(())
    }

    fn expect_ready(&self, id: &TransferId, conclusion: Conclusion) -> Result<(), CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        if !has_arrived(transfer.state) {
            return Err(CommandRefusal::new("not-arrived", format!("transfer {id}: is {:?}, expected Arrived", transfer.state)));
        }
        match conclusion {
            Conclusion::A1 | Conclusion::A2 | Conclusion::A5 => {}
            Conclusion::B1 => {
                let detail = format!("transfer {id}: verified as B1, not satisfactory, expected A1, A2 or A5");
                return Err(CommandRefusal::new("not-satisfactory", detail));
            }
        }
        if self.has_custody_hole(ix, transfer) {
            let detail =
                format!("transfer {id}: a hole or a quarantine of seal {} waits, expected an officer's decision on it", transfer.seal);
            return Err(CommandRefusal::new("custody-hole", detail));
        }
        let differences = self.goods_of(id)?.differences.len();
        if differences > 0 {
            let detail = format!("transfer {id}: {differences} differences between ledger, declaration and release note, expected none");
            return Err(CommandRefusal::new("ledger-difference", detail));
        }
        Ok(())
    }

    /// Custody never closes over a hole, also one that showed after arrival.
    fn has_custody_hole(&self, ix: TransferIx, transfer: &Transfer) -> bool {
        let device = self.devices.by_id(&transfer.seal).filter(|device| device.transfer == Some(ix));
        let sealed_at = transfer.movement.sealing().map_or(0, |sealing| sealing.ctr);
        device.is_some_and(|device| {
            let cursor = &device.cursor;
            cursor.quarantined() || cursor.has_hole() || cursor.holes().iter().any(|hole| hole.to > sealed_at)
        })
    }

    /// What is to be posted: never more than is under way with this transfer.
    fn due(&self, id: &TransferId, verified: &[VerifiedLine]) -> Result<BTreeMap<Item, Quantity>, CommandRefusal> {
        let goods = self.goods_of(id)?;
        let left = |item: &Item| {
            let covered = goods.covered.get(item).copied().unwrap_or_default();
            covered.minus(goods.written.get(item).copied().unwrap_or_default()).unwrap_or_default()
        };
        let open: BTreeMap<Item, Quantity> =
            goods.covered.keys().map(|item| (item.clone(), left(item))).filter(|(_, left)| !left.is_zero()).collect();
        if open.is_empty() {
            return Err(CommandRefusal::new(
                "written-off",
                format!("transfer {id}: all of its goods are written off, expected some under way"),
            ));
        }
        if verified.is_empty() {
            return Ok(open);
        }
        let mut due = BTreeMap::new();
        for VerifiedLine { goods: kind, status, quantity } in verified {
            let item = Item { enterprise: goods.enterprise.clone(), goods: kind.clone(), status: *status };
            let left = open.get(&item).copied().unwrap_or_default();
            if quantity.is_zero() || *quantity > left || due.insert(item, *quantity).is_some() {
                let detail =
                    format!("goods {kind} of transfer {id}: {quantity} verified, expected one line of more than 0 and at most {left}");
                return Err(CommandRefusal::new("verified-quantity", detail));
            }
        }
        Ok(due)
    }

    pub(super) fn reverse_write_off(
        &mut self,
        now: Time,
        by: &Signer,
        (id, reason): (u64, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let transfer = self.ledgers.book.posting(id).and_then(|posting| posting.transfer.clone());
        let goods = transfer.as_ref().and_then(|transfer| self.ledgers.goods.get(transfer));
        if let Some(declaration) = goods.and_then(|goods| goods.collected.as_ref()) {
            let detail = format!("posting {id}: in periodic declaration {declaration}, expected one that is in none");
            return Err(CommandRefusal::new("delivery-collected", detail));
        }
        let counter = self.ledgers.book.reverse_write_off(now, id)?;
        let goods = transfer.as_ref().and_then(|transfer| self.ledgers.goods.get_mut(transfer));
        if let Some(written) = goods.and_then(|goods| goods.written.get_mut(&counter.item)) {
            *written = written.minus(counter.quantity).unwrap_or_default();
        }
        self.tell_posting(now, &counter, (by, reason), effects);
        Ok(())
    }
}

fn has_arrived(state: MovementState) -> bool {
    match state {
        MovementState::Arrived
        | MovementState::HandedOver
        | MovementState::UnsealingGranted
        | MovementState::Unsealed
        | MovementState::Verified => true,
        MovementState::Draft
        | MovementState::Declared
        | MovementState::Accepted
        | MovementState::Sealed
        | MovementState::Released
        | MovementState::InTransit
        | MovementState::Incident
        | MovementState::WrittenOff
        | MovementState::Cancelled => false,
    }
}
