//! Importing an enterprise's electronic ledger: every line is taken or refused by itself, a reference counts once.

use super::book::Item;
use super::file::{self, LedgerLine};
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::ledger::{LedgerFormat, LedgerImport, Reference, RefusedLine};
use sealway_schemas::record::Record;
use sealway_schemas::{Digest, PartyId, Time};
use std::collections::BTreeSet;

impl Core {
    pub(super) fn import_ledger(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (enterprise, reference): (PartyId, Reference),
        (format, content): (LedgerFormat, &str),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        self.expect_enterprise(asking, &enterprise)?;
        let (key, digest) = ((enterprise.clone(), reference.clone()), Digest::of(content.as_bytes()));
        match self.ledgers.imports.get(&key) {
            // The same file once more: the record of the first time says what became of it.
            Some(before) if *before == digest => return Ok(()),
            Some(_) => {
                let detail = format!("import {reference} of {enterprise}: used for another file, expected a new reference");
                return Err(CommandRefusal::new("import-exists", detail));
            }
            None => {}
        }
        let lines = file::read(format, content).map_err(|fault| CommandRefusal::new("ledger-file", fault.to_string()))?;
        let mut import = LedgerImport {
            enterprise,
            reference,
            at: now,
            lines: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            taken: Vec::new(),
            refused: Vec::new(),
        };
        let mut changed = BTreeSet::new();
        for (number, line) in (1..).zip(lines) {
            match line.and_then(|line| self.open_line(now, number, (&import.enterprise, &line))) {
                Ok(item) => {
                    changed.insert(item);
                    take(&mut import.taken, number);
                }
                Err(refused) => import.refused.push(refused),
            }
        }
        self.ledgers.imports.insert(key, digest);
        changed.iter().for_each(|item| self.show_stand(now, item, effects));
        let parties = vec![import.enterprise.clone()];
        self.tell_record(now, Record::of(&import, parties), effects);
        Ok(())
    }

    fn open_line(&mut self, now: Time, number: u32, (enterprise, line): (&PartyId, &LedgerLine)) -> Result<Item, RefusedLine> {
        self.ledgers.book.open(now, enterprise, &line.goods, &line.names).map(|posting| posting.item).map_err(|refusal| {
            let CommandRefusal { code, detail, .. } = refusal.into();
            RefusedLine { line: number, code: code.to_owned(), detail: format!("line {number}: {detail}") }
        })
    }
}

/// Adds a line to the runs of lines.
fn take(runs: &mut Vec<(u32, u32)>, number: u32) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == number => *last = number,
        _ => runs.push((number, number)),
    }
}
