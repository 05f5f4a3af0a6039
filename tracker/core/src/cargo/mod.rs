//! Cargo 货物 in a sealed unit: the tree of consignments, what each inherits of the seal, and how a consolidation is split.
//!
//! Children have no seal of their own: they lie under the one that closes the unit, for as long as it holds.

mod declare;
mod inspect;
mod split;
mod told;

use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::cargo::{Consignment, ConsignmentLine, SplitView, TransportDocument};
use sealway_schemas::command::CargoCommand;
use sealway_schemas::ledger::{GoodsCode, GoodsStatus, Quantity};
use sealway_schemas::{PartyId, Time, TransferId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NOTE_LIMIT: usize = 1_000;

/// What quantities are added by: goods of different status never meet in one sum.
pub(crate) type Kind = (GoodsCode, GoodsStatus);

fn kind(line: &ConsignmentLine) -> Kind {
    (line.goods.goods.clone(), line.goods.status)
}

/// By transfer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cargos(BTreeMap<TransferId, Cargo>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Cargo {
    /// A parent before its children.
    consignments: Vec<Consignment>,
    splits: Vec<SplitView>,
    inspections: u32,
}

impl Cargo {
    fn find(&self, document: &TransportDocument) -> Option<&Consignment> {
        self.consignments.iter().find(|consignment| consignment.document == *document)
    }

    /// What lies directly in a consignment, or in the sealed unit.
    fn children<'a>(&'a self, parent: Option<&'a TransportDocument>) -> impl Iterator<Item = &'a Consignment> {
        self.consignments.iter().filter(move |consignment| consignment.parent.as_ref() == parent)
    }

    fn split_of(&self, parent: Option<&TransportDocument>) -> Option<&SplitView> {
        self.splits.iter().find(|split| split.parent.as_ref() == parent)
    }

    /// What an owner consigned, each piece once: what lies in its own consignment is in that.
    fn owned_by<'a>(&'a self, owner: &'a PartyId) -> impl Iterator<Item = &'a Consignment> {
        let within = move |consignment: &Consignment| {
            let mut parent = consignment.parent.as_ref().and_then(|document| self.find(document));
            while let Some(at) = parent.filter(|at| at.owner != *owner) {
                parent = at.parent.as_ref().and_then(|document| self.find(document));
            }
            parent.is_some()
        };
        self.consignments.iter().filter(move |consignment| consignment.owner == *owner && !within(consignment))
    }

    /// The first split that parted a consignment from the unit: of its parent or of what that lies in.
    fn parted(&self, consignment: &Consignment) -> Option<&SplitView> {
        let mut parents = vec![consignment.parent.as_ref()];
        while let Some(parent) = parents.last().copied().flatten().and_then(|document| self.find(document)) {
            parents.push(parent.parent.as_ref());
        }
        parents.into_iter().filter_map(|parent| self.split_of(parent)).min_by_key(|split| split.at)
    }
}

impl Core {
    pub(crate) fn cargo_command(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        command: CargoCommand,
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        match command {
            CargoCommand::DeclareCargo { transfer, consignments } => self.declare_cargo(now, asking, (&transfer, consignments), effects),
            CargoCommand::RecordInspection { transfer, unit, document, image, note } => {
                self.record_inspection(now, asking, (&transfer, &unit, document), (image, note), effects)
            }
            CargoCommand::SplitCargo { transfer, place, parent, found, note } => {
                self.split_cargo(now, asking, (&transfer, &place, parent), (&found, note), effects)
            }
        }
    }

    /// Sums of what `owner` consigned with a transfer.
    pub(crate) fn consigned_by(&self, id: &TransferId, owner: &PartyId) -> BTreeMap<Kind, Quantity> {
        let mut sums: BTreeMap<Kind, Quantity> = BTreeMap::new();
        let own = self.cargos.0.get(id).into_iter().flat_map(|cargo| cargo.owned_by(owner));
        for line in own.flat_map(|consignment| &consignment.lines) {
            let sum = sums.entry(kind(line)).or_default();
            *sum = sum.plus(line.goods.quantity).unwrap_or(Quantity::LIMIT);
        }
        sums
    }

    /// A split of the transfer found something else than was declared.
    pub(crate) fn cargo_differs(&self, id: &TransferId) -> bool {
        self.cargos.0.get(id).is_some_and(|cargo| cargo.splits.iter().any(split::differs))
    }
}

fn check_note(note: &str) -> Result<(), CommandRefusal> {
    let count = note.chars().count();
    if count <= NOTE_LIMIT && !note.trim().is_empty() {
        return Ok(());
    }
    Err(CommandRefusal::new("reason-length", format!("note of {count} characters, expected 1 to {NOTE_LIMIT}")))
}
