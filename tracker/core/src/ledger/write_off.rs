//! Write-off 核销: what was verified leaves the ledger, once, and comes back only by a counter-entry.

use super::book::{Draft, Item};
use super::check_note;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, RefusedStep};
use crate::transfer::life::after;
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::command::SealFound;
use sealway_schemas::ledger::{Account, Conclusion, Quantity, VerifiedLine};
use sealway_schemas::movement::{Arrow, By, MovementState};
use sealway_schemas::{Time, TransferId};
use std::collections::BTreeMap;

impl Core {
    /// The officer's conclusion. On A1 and A2 the counted goods are written off by the same word, unless something holds the transfer.
    pub(crate) fn verify_transfer(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        id: &TransferId,
        (conclusion, verified, seal, note): (Conclusion, &[VerifiedLine], SealFound, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_note(note)?;
        if seal != SealFound::Intact && matches!(conclusion, Conclusion::A1 | Conclusion::A2) {
            let detail = format!("conclusion {conclusion:?} with a seal found {seal:?}: expected A5 or B1");
            return Err(CommandRefusal::new("conclusion", detail));
        }
        if self.cargo_differs(id) && matches!(conclusion, Conclusion::A1 | Conclusion::A2) {
            let detail = format!("conclusion {conclusion:?} where a split was short or over: expected A5 or B1");
            return Err(CommandRefusal::new("conclusion", detail));
        }
        let by = asking.signer();
        let (ix, _) = self.known_transfer(id)?;
        if !verified.is_empty() {
            self.due(id, verified)?;
        }
        self.step(now, ix, Arrow::Verify, by.clone(), effects)?;
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.conclusion = Some(conclusion);
        }
        match conclusion {
            // What stops it is told by the transfer itself; an officer writes it off later.
            Conclusion::A1 | Conclusion::A2 => self.write_off(now, by, id, (verified, note), effects).or(Ok(())),
            Conclusion::A5 | Conclusion::B1 => Ok(()),
        }
    }

    /// Posts the verified quantities; without lines, all that is under way. What is missing stays under way, and the transfer verified.
    pub(crate) fn write_off(
        &mut self,
        now: Time,
        by: By,
        id: &TransferId,
        (verified, note): (&[VerifiedLine], &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.expect_ready(now, id)?;
        if verified.is_empty() && !self.ledgers.goods.contains_key(id) {
            // Nothing of it stands in a ledger.
            return self.step(now, ix, Arrow::WriteOff, by, effects);
        }
        let due = self.due(id, verified)?;
        for (item, quantity) in due {
            let draft =
                Draft { item: item.clone(), debit: Account::WrittenOff, credit: Account::UnderWay, quantity, transfer: Some(id.clone()) };
            let posting = self.ledgers.book.post(now, draft)?;
            if let Some(goods) = self.ledgers.goods.get_mut(id) {
                let written = goods.written.entry(item).or_default();
                *written = written.plus(quantity).unwrap_or(*written);
            }
            self.tell_posting(now, &posting, (&by, note), effects);
        }
        if self.goods_of(id).is_ok_and(|goods| goods.written == goods.covered) {
            self.step(now, ix, Arrow::WriteOff, by, effects)?;
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
        let goods = transfer.as_ref().and_then(|transfer| self.ledgers.goods.get_mut(transfer));
        if let Some(written) = goods.and_then(|goods| goods.written.get_mut(&counter.item)) {
            *written = written.minus(counter.quantity).unwrap_or_default();
        }
        self.tell_posting(now, &counter, (&by, reason), effects);
        Ok(())
    }
}
