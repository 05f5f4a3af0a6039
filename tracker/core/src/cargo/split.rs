//! Splitting a consolidation 拆箱: at a place that customs authorised for it, out of an open unit, every child counted against what was
//! declared of it, and all of them against their parent. What is short or over holds the transfer.

use super::{Cargo, Kind, check_note, kind};
use crate::alert::Finding;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::cargo::{Consignment, FoundConsignment, SplitLine, SplitView, TransportDocument};
use sealway_schemas::ledger::Quantity;
use sealway_schemas::movement::{By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::{PlaceId, Time, TransferId};
use std::collections::BTreeMap;

const FOUND_LIMIT: usize = 999;

/// Declared, found, damaged of one kind of goods.
type Count = (Quantity, Quantity, Quantity);
type Counts = BTreeMap<Kind, Count>;

impl Core {
    pub(super) fn split_cargo(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, place, parent): (&TransferId, &PlaceId, Option<TransportDocument>),
        (found, note): (&[FoundConsignment], String),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_note(&note)?;
        let ix = self.check_opened_at(asking, id, place)?;
        let none = || CommandRefusal::new("cargo-undeclared", format!("transfer {id}: no consignments declared, expected some to split"));
        let cargo = self.cargos.0.get(id).ok_or_else(none)?;
        if let Some(before) = cargo.split_of(parent.as_ref()) {
            let detail = format!("{}: split at {} already, expected one that is whole", named(parent.as_ref()), before.place);
            return Err(CommandRefusal::new("already-split", detail));
        }
        let lines = cargo.count(parent.as_ref(), found)?;
        let number = u32::try_from(cargo.splits.len()).unwrap_or(u32::MAX).saturating_add(1);
        let by = asking.signer();
        let split = SplitView { number, place: place.clone(), parent, at: now, by: by.clone(), lines, note };
        if let Some(cargo) = self.cargos.0.get_mut(id) {
            cargo.splits.push(split.clone());
        }
        self.tell_cargo(now, ix, effects);
        if differs(&split) {
            self.part_with(now, ix, (&split, by), effects);
        }
        Ok(())
    }

    /// The transfer, if it lies open at a place that may split.
    fn check_opened_at(&self, asking: &Asking<'_>, id: &TransferId, place: &PlaceId) -> Result<TransferIx, CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        let known = self.atlas.place(place);
        let known =
            known.ok_or_else(|| CommandRefusal::new("unknown-place", format!("place {place}: expected one that was put before")))?;
        asking.check(&format!("place {place}"), known.operator())?;
        if !known.may_split() {
            let detail = format!("place {place}: may not split consolidations, expected one that customs authorised for it");
            return Err(CommandRefusal::new("place-not-authorised", detail));
        }
        let here = match transfer.state {
            MovementState::Unsealed | MovementState::Verified => transfer.destination == *place,
            MovementState::Incident => self.lies_in(transfer, place),
            MovementState::Draft
            | MovementState::Declared
            | MovementState::Accepted
            | MovementState::Sealed
            | MovementState::Released
            | MovementState::InTransit
            | MovementState::Arrived
            | MovementState::HandedOver
            | MovementState::UnsealingGranted
            | MovementState::WrittenOff
            | MovementState::Cancelled => {
                let detail = format!("transfer {id}: is {:?}, expected unsealed, verified or an incident", transfer.state);
                return Err(CommandRefusal::new("not-splittable", detail));
            }
        };
        if !here {
            let detail = format!("transfer {id}: not seen at {place}, expected the place where it was opened");
            return Err(CommandRefusal::new("other-place", detail));
        }
        if let Some(holding) = transfer.chain.holding() {
            let detail = format!("transfer {id}: seal {} holds in epoch {}, expected an open unit", transfer.seal, holding.epoch);
            return Err(CommandRefusal::new("seal-holds", detail));
        }
        Ok(ix)
    }

    /// By the newest fix of its seal.
    fn lies_in(&self, transfer: &Transfer, place: &PlaceId) -> bool {
        let fix = self.devices.by_id(&transfer.seal).and_then(|device| device.last?.fix);
        self.atlas.place(place).zip(fix).is_some_and(|(place, fix)| place.contains(fix.position()))
    }

    /// The children do not sum to the parent.
    fn part_with(&mut self, now: Time, ix: TransferIx, (split, by): (&SplitView, By), effects: &mut Vec<Effect>) {
        let count = |of: fn(&SplitLine) -> Quantity| {
            let lines = split.lines.iter().filter(|line| !of(line).is_zero()).count();
            u32::try_from(lines).unwrap_or(u32::MAX)
        };
        let (short, over) = (count(|line| line.short), count(|line| line.over));
        let found = HoldFinding::SplitDiffers { parent: split.parent.clone(), place: split.place.clone(), short, over };
        self.hold(now, ix, (HoldReason::PartialCargo, found), by, effects);
        let finding = Finding::at(AlertKind::PartialCargo, now).with("lines_short", f64::from(short)).with("lines_over", f64::from(over));
        self.raise_on_transfer(now, ix, finding, effects);
    }
}

/// Damaged goods are there; only what is short or over is a difference.
pub(super) fn differs(split: &SplitView) -> bool {
    split.lines.iter().any(|line| !line.short.is_zero() || !line.over.is_zero())
}

fn named(parent: Option<&TransportDocument>) -> String {
    parent.map_or_else(|| "the sealed unit".to_owned(), |document| format!("consignment {document}"))
}

impl Cargo {
    /// Every child against its own lines, and their sum against the parent's. What lies in the parent beside its children is counted under
    /// the parent's own document; a document that nobody declared is over with everything in it.
    fn count(&self, parent: Option<&TransportDocument>, found: &[FoundConsignment]) -> Result<Vec<SplitLine>, CommandRefusal> {
        let whole = match parent {
            None => None,
            Some(document) => Some(self.find(document).ok_or_else(|| {
                CommandRefusal::new("consignment-missing", format!("consignment {document}: expected one that is in the unit"))
            })?),
        };
        let mut counts: BTreeMap<&TransportDocument, Counts> =
            self.children(parent).map(|child| (&child.document, declared(child))).collect();
        if counts.is_empty() {
            let detail = format!("{}: has no children, expected a consolidation", named(parent));
            return Err(CommandRefusal::new("not-a-consolidation", detail));
        }
        if let Some(whole) = whole {
            counts.insert(&whole.document, rest(whole, counts.values())?);
        }
        for (document, line) in lines_of(found)? {
            let count = counts.entry(document).or_default().entry((line.goods.clone(), line.status)).or_default();
            (count.1, count.2) = (line.quantity, line.damaged);
        }
        let mut lines = Vec::new();
        let mut sums: Counts = whole.map(declared).unwrap_or_default();
        for (document, counts) in counts {
            for (kind, count) in counts {
                let sum = sums.entry(kind.clone()).or_default();
                (sum.1, sum.2) = added((sum.1, sum.2), (count.1, count.2))?;
                lines.push(compared(Some(document.clone()), kind, count));
            }
        }
        if whole.is_some() {
            lines.extend(sums.into_iter().map(|(kind, count)| compared(None, kind, count)));
        }
        Ok(lines)
    }
}

fn declared(consignment: &Consignment) -> Counts {
    consignment.lines.iter().map(|line| (kind(line), (line.goods.quantity, Quantity::ZERO, Quantity::ZERO))).collect()
}

/// What a parent has beside its children.
fn rest<'a>(whole: &Consignment, children: impl Iterator<Item = &'a Counts>) -> Result<Counts, CommandRefusal> {
    let mut rest = declared(whole);
    for (kind, (quantity, ..)) in children.flatten() {
        if let Some(left) = rest.get_mut(kind) {
            left.0 = left.0.minus(*quantity).ok_or_else(|| over_limit(*quantity))?;
        }
    }
    rest.retain(|_, (left, ..)| !left.is_zero());
    Ok(rest)
}

fn lines_of(found: &[FoundConsignment]) -> Result<Vec<(&TransportDocument, &sealway_schemas::cargo::FoundLine)>, CommandRefusal> {
    let lines: Vec<_> = found.iter().flat_map(|found| found.lines.iter().map(|line| (&found.document, line))).collect();
    let distinct: std::collections::BTreeSet<_> = lines.iter().map(|(document, line)| (*document, &line.goods, line.status)).collect();
    if lines.len() > FOUND_LIMIT || distinct.len() != lines.len() {
        let detail = format!("{} lines found, expected at most {FOUND_LIMIT}, each goods and status once in a consignment", lines.len());
        return Err(CommandRefusal::new("goods-lines", detail));
    }
    if let Some((document, line)) = lines.iter().find(|(_, line)| line.damaged > line.quantity) {
        let detail = format!(
            "goods {} of consignment {document}: {} damaged, expected at most {} that were found",
            line.goods, line.damaged, line.quantity
        );
        return Err(CommandRefusal::new("damaged-quantity", detail));
    }
    Ok(lines)
}

fn added(to: (Quantity, Quantity), more: (Quantity, Quantity)) -> Result<(Quantity, Quantity), CommandRefusal> {
    to.0.plus(more.0).zip(to.1.plus(more.1)).ok_or_else(|| over_limit(more.0))
}

fn over_limit(quantity: Quantity) -> CommandRefusal {
    CommandRefusal::new("quantity-limit", format!("{quantity} more, expected a sum of at most {}", Quantity::LIMIT))
}

fn compared(document: Option<TransportDocument>, (goods, status): Kind, (declared, found, damaged): Count) -> SplitLine {
    let short = declared.minus(found).unwrap_or_default();
    let over = found.minus(declared).unwrap_or_default();
    SplitLine { document, goods, status, declared, found, short, over, damaged }
}
