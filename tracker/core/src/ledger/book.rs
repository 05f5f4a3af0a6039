//! The double-entry book: every entry takes a quantity out of one account and puts it into another, so none is made and none is lost.
//!
//! Absent on purpose: a way to change or delete an entry. A mistake is taken back by a counter-entry, once.

use sealway_schemas::ledger::{Account, GoodsCode, GoodsLine, GoodsStatus, HsCode, Quantity, UnitCode};
use sealway_schemas::{PartyId, Time, TransferId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Goods of one kind and status in the ledger of one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    pub enterprise: PartyId,
    pub goods: GoodsCode,
    pub status: GoodsStatus,
}

/// What an enterprise calls its goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    pub zh: String,
    pub en: String,
}

/// What the ledger says of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// As the newest import has them.
    pub names: Names,
    pub hs: HsCode,
    pub unit: UnitCode,
    /// Of everything that was ever imported.
    pub imported: Quantity,
    pub weight_kg: Quantity,
    pub stock: Quantity,
    pub under_way: Quantity,
    pub written_off: Quantity,
    pub missing: Quantity,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub id: u64,
    pub at: Time,
    pub item: Item,
    pub debit: Account,
    pub credit: Account,
    pub quantity: Quantity,
    pub transfer: Option<TransferId>,
    pub reverses: Option<u64>,
    pub reversed_by: Option<u64>,
}

/// What an entry is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub item: Item,
    pub debit: Account,
    pub credit: Account,
    pub quantity: Quantity,
    pub transfer: Option<TransferId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookRefusal {
    #[error("goods {goods} of {enterprise}: in no ledger under this status, expected goods that were imported")]
    UnknownItem { enterprise: PartyId, goods: GoodsCode },
    #[error("goods {goods}: {has} in the account, expected at least {asked}")]
    Short { goods: GoodsCode, has: Quantity, asked: Quantity },
    #[error("goods {goods}: {asked} more, expected a sum of at most {limit}", limit = Quantity::LIMIT)]
    TooMuch { goods: GoodsCode, asked: Quantity },
    #[error("goods {goods}: {field} is {found}, expected {expected} as in the ledger")]
    OtherTerms { goods: GoodsCode, field: &'static str, found: String, expected: String },
    #[error("posting {0}: expected one that exists")]
    UnknownPosting(u64),
    #[error("posting {id}: taken back by posting {by}, expected one that stands")]
    Reversed { id: u64, by: u64 },
    #[error("posting {0}: is no write-off, expected one")]
    NotAWriteOff(u64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    items: BTreeMap<Item, Stand>,
    /// Posting `n` is at place `n - 1`.
    postings: Vec<Posting>,
}

impl Book {
    #[must_use]
    pub fn stand(&self, item: &Item) -> Option<&Stand> {
        self.items.get(item)
    }

    pub fn items(&self) -> impl Iterator<Item = (&Item, &Stand)> {
        self.items.iter()
    }

    pub fn postings(&self) -> impl Iterator<Item = &Posting> {
        self.postings.iter()
    }

    #[must_use]
    pub fn posting(&self, id: u64) -> Option<&Posting> {
        self.postings.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    /// Puts a line of an import into stock.
    pub fn open(&mut self, now: Time, enterprise: &PartyId, line: &GoodsLine, names: &Names) -> Result<Posting, BookRefusal> {
        let GoodsLine { goods, hs, unit, status, quantity, weight_kg } = line;
        let item = Item { enterprise: enterprise.clone(), goods: goods.clone(), status: *status };
        let known = self.items.get(&item);
        if let Some(stand) = known {
            let other = |field, found: &dyn ToString, expected: &dyn ToString| BookRefusal::OtherTerms {
                goods: goods.clone(),
                field,
                found: found.to_string(),
                expected: expected.to_string(),
            };
            if stand.hs != *hs {
                return Err(other("HS code", hs, &stand.hs));
            }
            if stand.unit != *unit {
                return Err(other("unit", unit, &stand.unit));
            }
        }
        let too_much = |asked| BookRefusal::TooMuch { goods: goods.clone(), asked };
        let before = known.map_or((Quantity::ZERO, Quantity::ZERO), |stand| (stand.imported, stand.weight_kg));
        let imported = before.0.plus(*quantity).ok_or_else(|| too_much(*quantity))?;
        let weight_kg = before.1.plus(*weight_kg).ok_or_else(|| too_much(*weight_kg))?;
        let stand = self.items.entry(item.clone()).or_insert_with(|| Stand {
            names: names.clone(),
            hs: hs.clone(),
            unit: unit.clone(),
            imported: Quantity::ZERO,
            weight_kg: Quantity::ZERO,
            stock: Quantity::ZERO,
            under_way: Quantity::ZERO,
            written_off: Quantity::ZERO,
            missing: Quantity::ZERO,
        });
        // The stock is a part of what was imported, so it fits where that does.
        stand.stock = stand.stock.plus(*quantity).unwrap_or(stand.stock);
        (stand.imported, stand.weight_kg) = (imported, weight_kg);
        stand.names.clone_from(names);
        let draft = Draft { item, debit: Account::Stock, credit: Account::Opening, quantity: *quantity, transfer: None };
        Ok(self.write(now, draft, None))
    }

    /// Moves a quantity from one account of an item to another.
    pub fn post(&mut self, now: Time, draft: Draft) -> Result<Posting, BookRefusal> {
        self.shift(&draft)?;
        Ok(self.write(now, draft, None))
    }

    /// Takes a write-off back, once.
    pub fn reverse_write_off(&mut self, now: Time, id: u64) -> Result<Posting, BookRefusal> {
        let posting = self.posting(id).ok_or(BookRefusal::UnknownPosting(id))?;
        if let Some(by) = posting.reversed_by {
            return Err(BookRefusal::Reversed { id, by });
        }
        if posting.debit != Account::WrittenOff {
            return Err(BookRefusal::NotAWriteOff(id));
        }
        let draft = Draft {
            item: posting.item.clone(),
            debit: posting.credit,
            credit: posting.debit,
            quantity: posting.quantity,
            transfer: posting.transfer.clone(),
        };
        self.shift(&draft)?;
        let counter = self.write(now, draft, Some(id));
        let place = id.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        if let Some(taken_back) = place.and_then(|place| self.postings.get_mut(place)) {
            taken_back.reversed_by = Some(counter.id);
        }
        Ok(counter)
    }

    fn shift(&mut self, draft: &Draft) -> Result<(), BookRefusal> {
        let Item { enterprise, goods, .. } = &draft.item;
        let unknown = || BookRefusal::UnknownItem { enterprise: enterprise.clone(), goods: goods.clone() };
        let stand = self.items.get_mut(&draft.item).ok_or_else(unknown)?;
        let mut after = stand.clone();
        let from = after.account(draft.credit);
        *from = from.minus(draft.quantity).ok_or_else(|| BookRefusal::Short { goods: goods.clone(), has: *from, asked: draft.quantity })?;
        let to = after.account(draft.debit);
        *to = to.plus(draft.quantity).ok_or_else(|| BookRefusal::TooMuch { goods: goods.clone(), asked: draft.quantity })?;
        *stand = after;
        Ok(())
    }

    fn write(&mut self, now: Time, draft: Draft, reverses: Option<u64>) -> Posting {
        let Draft { item, debit, credit, quantity, transfer } = draft;
        let id = self.postings.len() as u64 + 1;
        let posting = Posting { id, at: now, item, debit, credit, quantity, transfer, reverses, reversed_by: None };
        self.postings.push(posting.clone());
        posting
    }
}

impl Stand {
    fn account(&mut self, account: Account) -> &mut Quantity {
        match account {
            Account::Opening => &mut self.imported,
            Account::Stock => &mut self.stock,
            Account::UnderWay => &mut self.under_way,
            Account::WrittenOff => &mut self.written_off,
            Account::Missing => &mut self.missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(goods: u8, quantity: u64) -> GoodsLine {
        GoodsLine {
            goods: format!("G-{goods}").parse().unwrap(),
            hs: "85423190".parse().unwrap(),
            unit: "PCE".parse().unwrap(),
            status: GoodsStatus::Bonded,
            quantity: Quantity::from_thousandths(quantity),
            weight_kg: Quantity::from_thousandths(quantity),
        }
    }

    fn names() -> Names {
        Names { zh: "芯片".to_owned(), en: "Chip".to_owned() }
    }

    fn draft(goods: u8, (debit, credit): (Account, Account), quantity: u64) -> Draft {
        let line = line(goods, quantity);
        let item = Item { enterprise: "chips".parse().unwrap(), goods: line.goods, status: line.status };
        Draft { item, debit, credit, quantity: line.quantity, transfer: None }
    }

    #[test]
    fn a_write_off_is_taken_back_once_and_only_a_write_off_is() {
        let mut book = Book::default();
        book.open(Time::ZERO, &"chips".parse().unwrap(), &line(1, 5), &names()).unwrap();
        book.post(Time::ZERO, draft(1, (Account::UnderWay, Account::Stock), 4)).unwrap();
        let off = book.post(Time::ZERO, draft(1, (Account::WrittenOff, Account::UnderWay), 3)).unwrap();
        assert_eq!(book.reverse_write_off(Time::ZERO, 2), Err(BookRefusal::NotAWriteOff(2)));
        let counter = book.reverse_write_off(Time::ZERO, off.id).unwrap();
        assert_eq!((counter.debit, counter.credit, counter.reverses), (Account::UnderWay, Account::WrittenOff, Some(off.id)));
        assert_eq!(book.reverse_write_off(Time::ZERO, off.id), Err(BookRefusal::Reversed { id: off.id, by: counter.id }));
        assert_eq!(book.reverse_write_off(Time::ZERO, counter.id), Err(BookRefusal::NotAWriteOff(counter.id)));
        assert_eq!(book.reverse_write_off(Time::ZERO, 0), Err(BookRefusal::UnknownPosting(0)));
    }

    proptest! {
        #[test]
        fn no_entry_makes_or_loses_a_quantity(steps in prop::collection::vec((0_u8..6, 0_u8..3, 0_u64..50), 1..80)) {
            use Account::{Missing, Opening, Stock, UnderWay, WrittenOff};
            let mut book = Book::default();
            let mut imported = 0;
            for (action, goods, quantity) in steps {
                let before = book.clone();
                let taken = match action {
                    0 => book.open(Time::ZERO, &"chips".parse().unwrap(), &line(goods, quantity), &names()).inspect(|_| imported += quantity).is_ok(),
                    1 => book.post(Time::ZERO, draft(goods, (UnderWay, Stock), quantity)).is_ok(),
                    2 => book.post(Time::ZERO, draft(goods, (WrittenOff, UnderWay), quantity)).is_ok(),
                    3 => book.post(Time::ZERO, draft(goods, (Stock, UnderWay), quantity)).is_ok(),
                    4 => book.post(Time::ZERO, draft(goods, (Missing, UnderWay), quantity)).is_ok(),
                    _ => book.reverse_write_off(Time::ZERO, quantity).is_ok(),
                };
                prop_assert!(taken || book == before, "a refused entry leaves no trace");
                let sum = |of: fn(&Stand) -> Quantity| book.items().map(|(_, stand)| of(stand).thousandths()).sum::<u64>();
                prop_assert_eq!(sum(|stand| stand.imported), imported);
                let missing = sum(|stand| stand.missing);
                prop_assert_eq!(sum(|stand| stand.stock) + sum(|stand| stand.under_way) + sum(|stand| stand.written_off) + missing, imported);
                // The entries alone say the same as the accounts.
                let flow = |account| {
                    let into: u64 = book.postings().filter(|posting| posting.debit == account).map(|posting| posting.quantity.thousandths()).sum();
                    let out: u64 = book.postings().filter(|posting| posting.credit == account).map(|posting| posting.quantity.thousandths()).sum();
                    (into, out)
                };
                for (account, stands) in [(Stock, sum(|stand| stand.stock)), (UnderWay, sum(|stand| stand.under_way)), (WrittenOff, sum(|stand| stand.written_off)), (Missing, missing)] {
                    prop_assert_eq!(flow(account).0, flow(account).1 + stands);
                }
                prop_assert_eq!(flow(Opening), (0, imported));
            }
        }
    }
}
