//! The ledger 底账: what an enterprise has under supervision, what leaves it with a transfer, and what is written off at the end.

pub mod book;
mod compare;
mod csv;
mod delivery;
mod file;
mod import;
mod verify;
mod write_off;

use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect, Row};
use crate::transfer::{Transfer, TransferIx};
use book::{Book, BookRefusal, Item, Posting};
use sealway_schemas::command::LedgerCommand;
use sealway_schemas::ledger::{Difference, Field, GoodsLine, LedgerStand, PostingView, Quantity, Reference};
use sealway_schemas::movement::By;
use sealway_schemas::record::Record;
use sealway_schemas::{Digest, PartyId, Time, TransferId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
pub(crate) use verify::Unloading;

const NOTE_LIMIT: usize = 1_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledgers {
    book: Book,
    /// What was imported under each reference.
    imports: BTreeMap<(PartyId, Reference), Digest>,
    goods: BTreeMap<TransferId, Goods>,
    periodic: BTreeSet<(PartyId, Reference)>,
}

/// The goods of a transfer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Goods {
    enterprise: PartyId,
    declaration: Reference,
    declared: Vec<GoodsLine>,
    noted: Option<(Reference, Vec<GoodsLine>)>,
    /// What the stock could cover of each declared line, and is under way or written off.
    covered: BTreeMap<Item, Quantity>,
    /// What the officer counted of each covered line; empty before the verification.
    verified: BTreeMap<Item, Quantity>,
    written: BTreeMap<Item, Quantity>,
    /// What was covered and not found, once the transfer is written off.
    missing: BTreeMap<Item, Quantity>,
    differences: Vec<Difference>,
    /// The periodic declaration that collected it.
    collected: Option<Reference>,
}

impl Core {
    pub(crate) fn ledger_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: LedgerCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            LedgerCommand::ImportLedger { enterprise, reference, format, content } => {
                self.import_ledger(now, asking, (enterprise, reference), (format, &content), effects)
            }
            LedgerCommand::DeclareGoods { transfer, enterprise, declaration, lines } => {
                self.declare_goods(now, asking, transfer, (enterprise, declaration, lines), effects)
            }
            LedgerCommand::NoteGoods { transfer, note, lines } => self.note_goods(now, asking, transfer, (note, lines), effects),
            LedgerCommand::WriteOffTransfer { transfer, verified, note } => {
                check_note(&note)?;
                self.write_off(now, asking.signer(), &transfer, (&verified, &note), effects)
            }
            LedgerCommand::ReverseWriteOff { posting, reason } => {
                check_note(&reason)?;
                self.reverse_write_off(now, asking.signer(), (posting, &reason), effects)
            }
            LedgerCommand::DeclarePeriodic { enterprise, declaration, transfers } => {
                self.declare_periodic(now, asking, (enterprise, declaration), transfers, effects)
            }
        }
    }

    /// What holds the transfer's goods: ledger, declaration and release note do not agree.
    #[must_use]
    pub fn ledger_difference(&self, id: &TransferId) -> &[Difference] {
        self.ledgers.goods.get(id).map_or(&[], |goods| goods.differences.as_slice())
    }

    /// Whether a release note names the goods too; `None` where none are declared.
    pub(crate) fn ledger_noted(&self, id: &TransferId) -> Option<bool> {
        self.ledgers.goods.get(id).map(|goods| goods.noted.is_some())
    }

    /// Whether the ledger has every line that the declaration of goods names; where none was made, nothing is asked of it.
    pub(crate) fn ledger_has_lines(&self, id: &TransferId) -> bool {
        let lacking = |difference: &&Difference| match difference.field {
            Field::Line | Field::Quantity => true,
            Field::Hs | Field::Unit | Field::WeightKg | Field::Consigned => false,
        };
        !self.ledger_difference(id).iter().any(|difference| lacking(&difference))
    }

    /// Every enterprise's double-entry book.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.ledgers.book
    }

    fn goods_of(&self, id: &TransferId) -> Result<&Goods, CommandRefusal> {
        let missing =
            || CommandRefusal::new("goods-undeclared", format!("transfer {id}: no goods declared, expected a declaration of them"));
        self.ledgers.goods.get(id).ok_or_else(missing)
    }

    pub(crate) fn known_transfer(&self, id: &TransferId) -> Result<(TransferIx, &Transfer), CommandRefusal> {
        let found = self.transfers.find(id).and_then(|ix| Some((ix, self.transfers.get(ix)?)));
        found.ok_or_else(|| CommandRefusal::new("unknown-transfer", format!("transfer {id}: expected one that was declared")))
    }

    fn expect_enterprise(&self, asking: &Asking<'_>, enterprise: &PartyId) -> Result<(), CommandRefusal> {
        asking.check(&format!("ledger of {enterprise}"), Some(enterprise))?;
        match self.registry.find_party(enterprise) {
            Some(_) => Ok(()),
            None => Err(CommandRefusal::new("unknown-party", format!("party {enterprise}: expected one that is registered"))),
        }
    }

    /// The enterprise and its district's customs, and those who see the transfer.
    fn goods_parties(&self, transfer: Option<&TransferId>, enterprise: &PartyId) -> Vec<PartyId> {
        let transfer = transfer.and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix));
        let mut parties = self.parties_of(None, Some(enterprise.clone()));
        parties.extend(self.parties_of(transfer, None).into_iter().filter(|party| !parties.contains(party)).collect::<Vec<_>>());
        parties
    }

    fn tell_posting(&self, now: Time, posting: &Posting, (by, note): (&By, &str), effects: &mut Vec<Effect>) {
        let Item { enterprise, goods, status } = posting.item.clone();
        let parties = self.goods_parties(posting.transfer.as_ref(), &enterprise);
        let view = PostingView {
            id: posting.id,
            at: posting.at,
            enterprise,
            goods,
            status,
            debit: posting.debit,
            credit: posting.credit,
            quantity: posting.quantity,
            transfer: posting.transfer.clone(),
            reverses: posting.reverses,
            by: by.clone(),
            note: note.to_owned(),
        };
        self.tell_record(now, Record::of(&view, parties), effects);
        self.show_stand(now, &posting.item, effects);
    }

    /// A row without an event: an import changes thousands.
    fn show_stand(&self, now: Time, item: &Item, effects: &mut Vec<Effect>) {
        let Some(stand) = self.ledgers.book.stand(item) else {
            return;
        };
        let view = LedgerStand {
            enterprise: item.enterprise.clone(),
            goods: item.goods.clone(),
            status: item.status,
            at: now,
            name_zh: stand.names.zh.clone(),
            name_en: stand.names.en.clone(),
            hs: stand.hs.clone(),
            unit: stand.unit.clone(),
            imported: stand.imported,
            weight_kg: stand.weight_kg,
            stock: stand.stock,
            under_way: stand.under_way,
            written_off: stand.written_off,
            missing: stand.missing,
        };
        let row = Record::of(&view, vec![item.enterprise.clone()]).map(Row::Record);
        effects.extend(row.map(|row| Effect::Row(Box::new(row))));
    }
}

fn check_note(note: &str) -> Result<(), CommandRefusal> {
    let count = note.chars().count();
    if count <= NOTE_LIMIT && !note.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("reason-length", format!("note of {count} characters, expected 1 to {NOTE_LIMIT}")))
}

impl From<BookRefusal> for CommandRefusal {
    fn from(refusal: BookRefusal) -> Self {
        let code = match &refusal {
            BookRefusal::UnknownItem { .. } => "unknown-goods",
            BookRefusal::Short { .. } => "quantity-short",
            BookRefusal::TooMuch { .. } => "quantity-limit",
            BookRefusal::OtherTerms { .. } => "terms-differ",
            BookRefusal::UnknownPosting(_) => "unknown-posting",
            BookRefusal::Reversed { .. } => "posting-reversed",
            BookRefusal::NotAWriteOff(_) => "not-a-write-off",
        };
        Self::new(code, refusal.to_string())
    }
}
