//! Write-off 核销: what was verified leaves the ledger, once, and comes back only by a counter-entry.

use super::Goods;
use super::book::{Draft, Item};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::transfer::life::after;
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::ledger::{Account, Conclusion, Quantity, VerifiedLine};
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::{Time, TransferId};
use std::collections::BTreeMap;

impl Core {
    /// Posts the given quantities; without lines, all that was verified. The transfer is written off once all of that is posted, and what
    /// was not found is then missing.
    pub(crate) fn write_off(
        &mut self,
        now: Time,
        by: By,
        id: &TransferId,
        (lines, note): (&[VerifiedLine], &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.expect_ready(now, id)?;
        if lines.is_empty() && !self.ledgers.goods.contains_key(id) {
            // Nothing of it stands in a ledger.
            return self.step(now, ix, Arrow::WriteOff, by, effects);
        }
        for (item, quantity) in self.due(id, lines)? {
            let draft =
                Draft { item: item.clone(), debit: Account::WrittenOff, credit: Account::UnderWay, quantity, transfer: Some(id.clone()) };
            let posting = self.ledgers.book.post(now, draft)?;
            if let Some(goods) = self.ledgers.goods.get_mut(id) {
                let written = goods.written.entry(item).or_default();
                *written = written.plus(quantity).unwrap_or(*written);
            }
            self.tell_posting(now, &posting, (&by, note), effects);
        }
        if self.goods_of(id)?.open().is_empty() {
            self.post_missing(now, id, (&by, note), effects)?;
            self.step(now, ix, Arrow::WriteOff, by, effects)?;
        }
        Ok(())
    }

    /// What was under way and not found: no longer under way, and never written off.
    fn post_missing(&mut self, now: Time, id: &TransferId, told: (&By, &str), effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let missing = self.goods_of(id)?.short();
        for (item, quantity) in &missing {
            let (debit, credit) = (Account::Missing, Account::UnderWay);
            let draft = Draft { item: item.clone(), debit, credit, quantity: *quantity, transfer: Some(id.clone()) };
            let posting = self.ledgers.book.post(now, draft)?;
            self.tell_posting(now, &posting, told, effects);
        }
        if let Some(goods) = self.ledgers.goods.get_mut(id) {
            goods.missing = missing;
        }
        Ok(())
    }

    /// A transfer that is verified again is counted again: what was missing of it is under way until then.
    fn take_back_missing(
        &mut self,
        now: Time,
        id: &TransferId,
        told: (&By, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let missing = self.ledgers.goods.get_mut(id).map(|goods| std::mem::take(&mut goods.missing)).unwrap_or_default();
        for (item, quantity) in missing {
            let draft = Draft { item, debit: Account::UnderWay, credit: Account::Missing, quantity, transfer: Some(id.clone()) };
            let posting = self.ledgers.book.post(now, draft)?;
            self.tell_posting(now, &posting, told, effects);
        }
        Ok(())
    }

    /// The same that the arrow needs, also where only a part is posted.
    fn expect_ready(&self, now: Time, id: &TransferId) -> Result<TransferIx, CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        let (state, arrow) = (transfer.state, Arrow::WriteOff);
        if after(state, arrow).is_none() {
            return Err(CommandRefusal::step("arrow-illegal", id, RefusedStep { state, arrow, missing: Vec::new() }));
        }
        let missing = self.missing(now, transfer, arrow);
        if !missing.is_empty() {
            return Err(CommandRefusal::step("arrow-needs", id, RefusedStep { state, arrow, missing }));
        }
        if self.has_custody_hole(ix, transfer) {
            let detail =
                format!("transfer {id}: a hole or a quarantine of seal {} waits, expected an officer's decision on it", transfer.seal);
            return Err(CommandRefusal::new("custody-hole", detail).at(RefusedStep { state, arrow, missing: vec!["whole-custody"] }));
        }
        match transfer.conclusion {
            Some(Conclusion::A1 | Conclusion::A2 | Conclusion::A5) => Ok(ix),
            Some(Conclusion::B1) | None => {
                let detail = format!("transfer {id}: not verified as satisfactory, expected A1, A2 or A5");
                Err(CommandRefusal::new("not-satisfactory", detail).at(RefusedStep {
                    state,
                    arrow,
                    missing: vec!["satisfactory-verification"],
                }))
            }
        }
    }

    /// Also one that showed after arrival, or whose reports may still come; a seal on another transfer speaks for that one.
    fn has_custody_hole(&self, ix: TransferIx, transfer: &Transfer) -> bool {
        let device = self.devices.by_id(&transfer.seal).filter(|device| device.transfer.is_none_or(|bound| bound == ix));
        let sealed_at = transfer.movement.sealing().map_or(0, |sealing| sealing.ctr);
        device.is_some_and(|device| {
            let cursor = &device.cursor;
            cursor.quarantined() || cursor.has_hole() || cursor.holes().iter().any(|hole| hole.to > sealed_at)
        })
    }

    /// What is to be posted: never more than was verified and is under way with this transfer.
    fn due(&self, id: &TransferId, lines: &[VerifiedLine]) -> Result<BTreeMap<Item, Quantity>, CommandRefusal> {
        let goods = self.goods_of(id)?;
        let open = goods.open();
        if lines.is_empty() {
            return Ok(open);
        }
        let mut due = BTreeMap::new();
        for VerifiedLine { goods: kind, status, quantity } in lines {
            let item = Item { enterprise: goods.enterprise.clone(), goods: kind.clone(), status: *status };
            let left = open.get(&item).copied().unwrap_or_default();
            if quantity.is_zero() || *quantity > left || due.insert(item, *quantity).is_some() {
                let detail = format!(
                    "goods {kind} of transfer {id}: {quantity} to write off, expected one line of more than 0 and at most {left} as verified"
                );
                return Err(CommandRefusal::new("verified-quantity", detail));
            }
        }
        Ok(due)
    }

    pub(super) fn reverse_write_off(
        &mut self,
        now: Time,
        by: By,
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
        let ix = transfer.as_ref().and_then(|transfer| self.transfers.find(transfer));
        let is_closed = |ix: &TransferIx| self.transfers.get(*ix).is_some_and(|transfer| transfer.state == MovementState::WrittenOff);
        if let Some(ix) = ix.filter(is_closed) {
            self.step(now, ix, Arrow::ReverseWriteOff, by.clone(), effects)?;
        }
        if let Some(transfer) = &transfer {
            self.take_back_missing(now, transfer, (&by, reason), effects)?;
        }
        let goods = transfer.as_ref().and_then(|transfer| self.ledgers.goods.get_mut(transfer));
        if let Some(written) = goods.and_then(|goods| goods.written.get_mut(&counter.item)) {
            *written = written.minus(counter.quantity).unwrap_or_default();
        }
        self.tell_posting(now, &counter, (&by, reason), effects);
        Ok(())
    }
}

impl Goods {
    /// What was verified and is not written off yet.
    fn open(&self) -> BTreeMap<Item, Quantity> {
        rest(&self.verified, &self.written)
    }

    /// What was covered and not found.
    fn short(&self) -> BTreeMap<Item, Quantity> {
        rest(&self.covered, &self.verified)
    }
}

/// What `less` leaves of each item, where it leaves anything.
fn rest(all: &BTreeMap<Item, Quantity>, less: &BTreeMap<Item, Quantity>) -> BTreeMap<Item, Quantity> {
    let left = |(item, quantity): (&Item, &Quantity)| {
        (item.clone(), quantity.minus(less.get(item).copied().unwrap_or_default()).unwrap_or_default())
    };
    all.iter().map(left).filter(|(_, left)| !left.is_zero()).collect()
}
