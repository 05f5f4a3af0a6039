//! Verification 核验: the officer's conclusion, and what was counted. What was counted bounds what is written off.

use super::book::Item;
use super::check_note;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::{Lifting, TransferIx};
use sealway_schemas::command::SealFound;
use sealway_schemas::ledger::{Conclusion, Quantity, VerifiedLine};
use sealway_schemas::movement::{Arrow, HoldReason};
use sealway_schemas::record::{Record, VerificationView};
use sealway_schemas::{Time, TransferId};
use std::collections::BTreeMap;

/// Unloading remarks 卸货记录.
pub(crate) struct Unloading {
    pub(crate) conclusion: Conclusion,
    pub(crate) seal: SealFound,
    pub(crate) lines: Vec<VerifiedLine>,
    pub(crate) note: String,
}

impl Core {
    /// The officer's conclusion. On A1 and A2 the counted goods are written off by the same word, unless something holds the transfer; B1
    /// holds it until a later verification is satisfied.
    pub(crate) fn verify_transfer(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        id: &TransferId,
        unloading: Unloading,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_note(&unloading.note)?;
        let (ix, _) = self.known_transfer(id)?;
        let verified = self.counted(id, &unloading.lines)?;
        self.check_conclusion(id, &unloading, &verified)?;
        let by = asking.signer();
        self.step(now, ix, Arrow::Verify, by.clone(), effects)?;
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.conclusion = Some(unloading.conclusion);
        }
        if let Some(goods) = self.ledgers.goods.get_mut(id) {
            goods.verified = verified;
        }
        self.tell_verification(now, ix, &unloading, effects);
        match unloading.conclusion {
            Conclusion::B1 => {
                self.hold(now, ix, (HoldReason::Unsatisfactory, unloading.note), by, effects);
                Ok(())
            }
            Conclusion::A5 => {
                self.lift_hold(now, ix, Lifting::of(HoldReason::Unsatisfactory, by, unloading.note), effects);
                Ok(())
            }
            // What stops it is told by the transfer itself; an officer writes it off later.
            Conclusion::A1 | Conclusion::A2 => {
                self.lift_hold(now, ix, Lifting::of(HoldReason::Unsatisfactory, by.clone(), unloading.note.clone()), effects);
                self.write_off(now, by, id, (&[], &unloading.note), effects).or(Ok(()))
            }
        }
    }

    /// Of each covered item what the lines say, and nothing of an item that they leave out; without lines all of it. Never less than is
    /// written off already.
    fn counted(&self, id: &TransferId, lines: &[VerifiedLine]) -> Result<BTreeMap<Item, Quantity>, CommandRefusal> {
        let Some(goods) = self.ledgers.goods.get(id) else {
            return if lines.is_empty() { Ok(BTreeMap::new()) } else { self.goods_of(id).map(|_| BTreeMap::new()) };
        };
        if lines.is_empty() {
            return Ok(goods.covered.clone());
        }
        let mut found: BTreeMap<Item, Quantity> = BTreeMap::new();
        for VerifiedLine { goods: kind, status, quantity } in lines {
            let item = Item { enterprise: goods.enterprise.clone(), goods: kind.clone(), status: *status };
            let most = goods.covered.get(&item).copied();
            if most.is_none_or(|most| *quantity > most) || found.insert(item, *quantity).is_some() {
                let most = most.unwrap_or_default();
                let detail = format!("goods {kind} of transfer {id}: {quantity} verified, expected one line of at most {most}");
                return Err(CommandRefusal::new("verified-quantity", detail));
            }
        }
        let verified = |item: &Item| (item.clone(), found.get(item).copied().unwrap_or_default());
        let verified: BTreeMap<Item, Quantity> = goods.covered.keys().map(verified).collect();
        let written = |item: &Item| goods.written.get(item).copied().unwrap_or_default();
        if let Some((item, quantity)) = verified.iter().find(|(item, quantity)| **quantity < written(item)) {
            let detail = format!(
                "goods {} of transfer {id}: {quantity} verified, expected at least the {} that are written off",
                item.goods,
                written(item)
            );
            return Err(CommandRefusal::new("verified-quantity", detail));
        }
        Ok(verified)
    }

    /// A seal that was not intact, a split that differs and a shortage are no satisfactory end.
    fn check_conclusion(&self, id: &TransferId, unloading: &Unloading, verified: &BTreeMap<Item, Quantity>) -> Result<(), CommandRefusal> {
        let Unloading { conclusion, seal, .. } = unloading;
        let why = match conclusion {
            Conclusion::A5 | Conclusion::B1 => return Ok(()),
            Conclusion::A1 | Conclusion::A2 if *seal != SealFound::Intact => format!("with a seal found {seal:?}"),
            Conclusion::A1 | Conclusion::A2 if self.cargo_differs(id) => "where a split was short or over".to_owned(),
            Conclusion::A1 | Conclusion::A2 if self.ledgers.goods.get(id).is_some_and(|goods| goods.covered != *verified) => {
                "where less was counted than is under way".to_owned()
            }
            Conclusion::A1 | Conclusion::A2 => return Ok(()),
        };
        Err(CommandRefusal::new("conclusion", format!("conclusion {conclusion:?} {why}: expected A5 or B1")))
    }

    fn tell_verification(&self, now: Time, ix: TransferIx, unloading: &Unloading, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let view = VerificationView {
            transfer: transfer.id.clone(),
            number: transfer.steps,
            conclusion: unloading.conclusion,
            seal: unloading.seal,
            lines: unloading.lines.clone(),
            note: unloading.note.clone(),
            by: transfer.changed_by.clone(),
            at: now,
        };
        self.tell_record(now, Record::of(&view, self.parties_of(Some(transfer), None)), effects);
    }
}
