//! The goods of a transfer: declared out of stock, named in its release note, compared with the ledger, collected into a periodic declaration.

use super::Goods;
use super::book::{Draft, Item};
use super::compare::ThreeWay;
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::movement::Movement;
use crate::transfer::{Lifting, TransferIx};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::ledger::{Account, GoodsLine, LedgerComparison, PeriodicDeclaration, Quantity, Reference, VerifiedLine};
use sealway_schemas::movement::{By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::record::Record;
use sealway_schemas::{PartyId, Time, TransferId};
use std::collections::{BTreeMap, BTreeSet};

const LINES_LIMIT: usize = 999;
const TRANSFERS_LIMIT: usize = 1_000;

impl Core {
    pub(super) fn declare_goods(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        id: TransferId,
        (enterprise, declaration, lines): (PartyId, Reference, Vec<GoodsLine>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.expect_enterprise(asking, &enterprise)?;
        let ix = self.expect_before_departure(asking, &id)?;
        by_item(&enterprise, &lines)?;
        let before = self.ledgers.goods.get(&id);
        if let Some(other) = before.filter(|before| before.enterprise != enterprise) {
            let detail = format!("transfer {id}: carries goods of {}, expected that enterprise, not {enterprise}", other.enterprise);
            return Err(CommandRefusal::new("enterprise-fixed", detail));
        }
        let noted = before.and_then(|before| before.noted.clone());
        let by = asking.signer();
        self.give_back(now, &by, (&id, "declared anew"), effects);
        let covered = self.take_from_stock(now, &by, (&id, &enterprise, &lines), effects);
        let goods = Goods {
            enterprise,
            declaration,
            declared: lines,
            noted,
            covered,
            verified: BTreeMap::new(),
            written: BTreeMap::new(),
            missing: BTreeMap::new(),
            differences: Vec::new(),
            collected: None,
        };
        self.ledgers.goods.insert(id.clone(), goods);
        self.compare(now, (ix, &id), by, effects)
    }

    pub(super) fn note_goods(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        id: TransferId,
        (note, lines): (Reference, Vec<GoodsLine>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let ix = self.expect_before_departure(asking, &id)?;
        self.put_note(now, (ix, &id, asking.signer()), (note, lines), effects)
    }

    /// Where the lines of a release note come in.
    pub(crate) fn put_note(
        &mut self,
        now: Time,
        (ix, id, by): (TransferIx, &TransferId, By),
        (note, lines): (Reference, Vec<GoodsLine>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        by_item(&self.goods_of(id)?.enterprise, &lines)?;
        if let Some(goods) = self.ledgers.goods.get_mut(id) {
            goods.noted = Some((note, lines));
        }
        self.compare(now, (ix, id), by, effects)
    }

    /// Papers change until the goods leave.
    fn expect_before_departure(&self, asking: &Asking<'_>, id: &TransferId) -> Result<TransferIx, CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        let parties = self.parties_of(Some(transfer), None);
        asking.check(&format!("transfer {id}"), parties.iter().find(|party| **party == asking.by.party).or(parties.first()))?;
        if is_before_departure(transfer.state) && !has_departed(transfer.movement) {
            return Ok(ix);
        }
        Err(CommandRefusal::new("transfer-left", format!("transfer {id}: is {:?}, expected one that has not left", transfer.state)))
    }

    /// A cancelled transfer carries nothing.
    pub(crate) fn give_back_cancelled(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        if let Some(transfer) = self.transfers.get(ix) {
            let (id, by) = (transfer.id.clone(), transfer.changed_by.clone());
            self.give_back(now, &by, (&id, "cancelled"), effects);
        }
    }

    /// What an earlier declaration took goes back into stock.
    fn give_back(&mut self, now: Time, by: &By, (id, why): (&TransferId, &str), effects: &mut Vec<Effect>) {
        let covered = self.ledgers.goods.get_mut(id).map(|goods| std::mem::take(&mut goods.covered)).unwrap_or_default();
        for (item, quantity) in covered.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
            let draft = Draft { item, debit: Account::Stock, credit: Account::UnderWay, quantity, transfer: Some(id.clone()) };
            if let Ok(posting) = self.ledgers.book.post(now, draft) {
                self.tell_posting(now, &posting, (by, why), effects);
            }
        }
    }

    /// A line that the stock does not cover takes nothing: the comparison then shows it.
    fn take_from_stock(
        &mut self,
        now: Time,
        by: &By,
        (id, enterprise, lines): (&TransferId, &PartyId, &[GoodsLine]),
        effects: &mut Vec<Effect>,
    ) -> BTreeMap<Item, Quantity> {
        let mut covered = BTreeMap::new();
        for line in lines {
            let item = item(enterprise, line);
            let (debit, credit) = (Account::UnderWay, Account::Stock);
            let draft = Draft { item: item.clone(), debit, credit, quantity: line.quantity, transfer: Some(id.clone()) };
            if let Ok(posting) = self.ledgers.book.post(now, draft) {
                self.tell_posting(now, &posting, (by, "declared"), effects);
                covered.insert(item, line.quantity);
            }
        }
        covered
    }

    /// What lies in the unit was declared anew: the papers on its goods are compared with that.
    pub(crate) fn compare_cargo(&mut self, now: Time, ix: TransferIx, by: By, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let id = self.transfers.get(ix).map(|transfer| transfer.id.clone()).filter(|id| self.ledgers.goods.contains_key(id));
        id.map_or(Ok(()), |id| self.compare(now, (ix, &id), by, effects))
    }

    fn consigned(&self, id: &TransferId, enterprise: &PartyId) -> BTreeMap<Item, Quantity> {
        let item = |goods, status| Item { enterprise: enterprise.clone(), goods, status };
        self.consigned_by(id, enterprise).into_iter().map(|((goods, status), quantity)| (item(goods, status), quantity)).collect()
    }

    /// Compares anew; a difference is an alert and holds the transfer until the papers agree or an officer lets it go.
    fn compare(&mut self, now: Time, (ix, id): (TransferIx, &TransferId), by: By, effects: &mut Vec<Effect>) -> Result<(), CommandRefusal> {
        let goods = self.goods_of(id)?;
        let three = ThreeWay {
            declared: by_item(&goods.enterprise, &goods.declared)?,
            noted: goods.noted.as_ref().map(|(_, lines)| by_item(&goods.enterprise, lines)).transpose()?,
            covered: goods.covered.clone(),
            consigned: self.consigned(id, &goods.enterprise),
            weight_permille: self.policy.ledger_weight_permille,
        };
        let differences = three.differences(|item| self.ledgers.book.stand(item));
        let comparison = LedgerComparison {
            transfer: id.clone(),
            enterprise: goods.enterprise.clone(),
            at: now,
            declaration: goods.declaration.clone(),
            note: goods.noted.as_ref().map(|(note, _)| note.clone()),
            differences: differences.clone(),
        };
        let record = Record::of(&comparison, self.goods_parties(Some(id), &goods.enterprise));
        self.tell_record(now, record, effects);
        let count = u32::try_from(differences.len()).unwrap_or(u32::MAX);
        if let Some(goods) = self.ledgers.goods.get_mut(id) {
            goods.differences = differences;
        }
        if count > 0 {
            self.raise_on_transfer(now, ix, Finding::at(AlertKind::LedgerDifference, now).with("differences", f64::from(count)), effects);
            let found = HoldFinding::BooksDiffer { differences: count };
            self.hold(now, ix, (HoldReason::LedgerDifference, found), by, effects);
        } else {
            self.clear_on_transfer(now, ix, AlertKind::LedgerDifference, effects);
            let lifting = Lifting::of(HoldReason::LedgerDifference, by, HoldFinding::BooksAgree);
            self.lift_hold(now, ix, lifting, effects);
        }
        Ok(())
    }

    pub(super) fn declare_periodic(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (enterprise, declaration): (PartyId, Reference),
        transfers: Vec<TransferId>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.expect_enterprise(asking, &enterprise)?;
        let key = (enterprise.clone(), declaration.clone());
        if self.ledgers.periodic.contains(&key) {
            let detail = format!("periodic declaration {declaration} of {enterprise}: exists, expected a new reference");
            return Err(CommandRefusal::new("declaration-exists", detail));
        }
        let distinct: BTreeSet<&TransferId> = transfers.iter().collect();
        if !(1..=TRANSFERS_LIMIT).contains(&transfers.len()) || distinct.len() != transfers.len() {
            let detail = format!("{} transfers, expected 1 to {TRANSFERS_LIMIT}, each once", transfers.len());
            return Err(CommandRefusal::new("transfers-listed", detail));
        }
        let mut sums: BTreeMap<Item, Quantity> = BTreeMap::new();
        for id in &transfers {
            self.collect(&enterprise, id, &mut sums)?;
        }
        for id in &transfers {
            if let Some(goods) = self.ledgers.goods.get_mut(id) {
                goods.collected = Some(declaration.clone());
            }
        }
        self.ledgers.periodic.insert(key);
        let lines = sums.into_iter().map(|(item, quantity)| VerifiedLine { goods: item.goods, status: item.status, quantity }).collect();
        let view = PeriodicDeclaration { enterprise: enterprise.clone(), declaration, at: now, transfers, lines };
        self.tell_record(now, Record::of(&view, vec![enterprise]), effects);
        Ok(())
    }

    /// Adds what was written off of one delivery. All of it has to be: what is still under way would be declared too little.
    fn collect(&self, enterprise: &PartyId, id: &TransferId, sums: &mut BTreeMap<Item, Quantity>) -> Result<(), CommandRefusal> {
        let goods = self.goods_of(id).ok().filter(|goods| goods.enterprise == *enterprise);
        let unknown = || CommandRefusal::new("unknown-transfer", format!("transfer {id}: expected one with goods of {enterprise}"));
        let goods = goods.ok_or_else(unknown)?;
        if let Some(other) = &goods.collected {
            let detail = format!("transfer {id}: collected by declaration {other}, expected one that is in none");
            return Err(CommandRefusal::new("delivery-collected", detail));
        }
        if self.known_transfer(id)?.1.state != MovementState::WrittenOff {
            let detail = format!("transfer {id}: not all of its goods are written off, expected all");
            return Err(CommandRefusal::new("not-written-off", detail));
        }
        for (item, quantity) in &goods.written {
            let sum = sums.entry(item.clone()).or_default();
            *sum = sum.plus(*quantity).ok_or_else(|| {
                let detail = format!("goods {}: {quantity} more, expected a sum of at most {}", item.goods, Quantity::LIMIT);
                CommandRefusal::new("quantity-limit", detail)
            })?;
        }
        Ok(())
    }
}

fn is_before_departure(state: MovementState) -> bool {
    match state {
        MovementState::Draft | MovementState::Declared | MovementState::Accepted | MovementState::Sealed => true,
        MovementState::Released
        | MovementState::InTransit
        | MovementState::Incident
        | MovementState::Arrived
        | MovementState::HandedOver
        | MovementState::UnsealingGranted
        | MovementState::Unsealed
        | MovementState::Verified
        | MovementState::WrittenOff
        | MovementState::Cancelled => false,
    }
}

/// What the seal showed, also where people or a hold keep the transfer's state back.
fn has_departed(movement: Movement) -> bool {
    match movement {
        Movement::Declared | Movement::Sealed(_) => false,
        Movement::InTransit { .. } | Movement::Arrived(_) => true,
    }
}

fn item(enterprise: &PartyId, line: &GoodsLine) -> Item {
    Item { enterprise: enterprise.clone(), goods: line.goods.clone(), status: line.status }
}

/// The lines of a paper; each kind and status of goods has one.
fn by_item<'a>(enterprise: &PartyId, lines: &'a [GoodsLine]) -> Result<BTreeMap<Item, &'a GoodsLine>, CommandRefusal> {
    let found: BTreeMap<Item, &GoodsLine> = lines.iter().map(|line| (item(enterprise, line), line)).collect();
    if (1..=LINES_LIMIT).contains(&lines.len()) && found.len() == lines.len() && lines.iter().all(|line| !line.quantity.is_zero()) {
        return Ok(found);
    }
    let detail = format!("{} lines, expected 1 to {LINES_LIMIT}, each of other goods or status, none of quantity 0", lines.len());
    Err(CommandRefusal::new("goods-lines", detail))
}
