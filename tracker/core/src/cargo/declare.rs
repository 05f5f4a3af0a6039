//! Declaring what lies in a unit: a parent before its children, and never more in the children than in their parent.

use super::{Cargo, Kind, kind};
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::TransferIx;
use sealway_schemas::cargo::{Consignment, ConsignmentLine, Total, TransportDocument};
use sealway_schemas::ledger::{GoodsStatus, Quantity, UnitCode};
use sealway_schemas::movement::MovementState;
use sealway_schemas::{Time, TransferId};
use std::collections::{BTreeMap, BTreeSet};

const CONSIGNMENTS_LIMIT: usize = 500;
const LINES_LIMIT: usize = 999;
const DESCRIPTION_LIMIT: usize = 200;

impl Core {
    pub(super) fn declare_cargo(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, consignments): (&TransferId, Vec<Consignment>),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let (ix, transfer) = self.known_transfer(id)?;
        asking.check(&format!("transfer {id}"), Some(&transfer.carrier))?;
        match transfer.state {
            MovementState::Draft | MovementState::Declared => {}
            MovementState::Accepted
            | MovementState::Sealed
            | MovementState::Released
            | MovementState::InTransit
            | MovementState::Incident
            | MovementState::Arrived
            | MovementState::HandedOver
            | MovementState::UnsealingGranted
            | MovementState::Unsealed
            | MovementState::Verified
            | MovementState::WrittenOff
            | MovementState::Cancelled => {
                let detail = format!("transfer {id}: is {:?}, expected one that customs has not accepted yet", transfer.state);
                return Err(CommandRefusal::new("cargo-fixed", detail));
            }
        }
        self.check_consignments(&consignments)?;
        let binds = transfer.binds();
        for unit in consignments.iter().filter_map(|consignment| consignment.unit.as_ref()).filter(|_| binds) {
            self.check_unit_free(unit.as_str(), Some(ix))?;
        }
        self.put_cargo(now, ix, consignments, effects);
        self.compare_cargo(now, ix, asking.signer(), effects)
    }

    /// Puts what was checked, instead of what was declared before.
    pub(crate) fn put_cargo(&mut self, now: Time, ix: TransferIx, consignments: Vec<Consignment>, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let (id, binds) = (transfer.id.clone(), transfer.binds());
        if consignments.is_empty() && !self.cargos.0.contains_key(&id) {
            return;
        }
        for unit in self.units_of(ix) {
            self.transfers.leave_unit(&unit, ix);
        }
        let before = std::mem::replace(&mut self.cargos.0.entry(id).or_default().consignments, consignments);
        for unit in self.units_of(ix).into_iter().filter(|_| binds) {
            self.transfers.take_unit(unit, ix);
        }
        self.withdraw(now, ix, &before, effects);
        self.tell_cargo(now, ix, effects);
    }

    /// The sealed unit and every smaller one in it.
    pub(crate) fn units_of(&self, ix: TransferIx) -> Vec<String> {
        let Some(transfer) = self.transfers.get(ix) else {
            return Vec::new();
        };
        let inner = self.cargos.0.get(&transfer.id).into_iter().flat_map(|cargo| &cargo.consignments);
        let inner: BTreeSet<String> = inner.filter_map(|consignment| Some(consignment.unit.as_ref()?.to_string())).collect();
        std::iter::once(transfer.unit.clone()).chain(inner.into_iter().filter(|unit| *unit != transfer.unit)).collect()
    }

    pub(crate) fn check_consignments(&self, consignments: &[Consignment]) -> Result<(), CommandRefusal> {
        for owner in consignments.iter().map(|consignment| &consignment.owner) {
            if self.registry.find_party(owner).is_none() {
                return Err(CommandRefusal::new("unknown-party", format!("party {owner}: expected one that is registered")));
            }
        }
        check_tree(consignments)
    }
}

fn check_tree(consignments: &[Consignment]) -> Result<(), CommandRefusal> {
    let lines = consignments.iter().map(|consignment| consignment.lines.len()).sum::<usize>();
    if consignments.len() > CONSIGNMENTS_LIMIT || lines > LINES_LIMIT {
        let detail =
            format!("{} consignments with {lines} lines, expected at most {CONSIGNMENTS_LIMIT} with {LINES_LIMIT}", consignments.len());
        return Err(CommandRefusal::new("consignments", detail));
    }
    let mut known: BTreeMap<&TransportDocument, BTreeMap<Kind, &ConsignmentLine>> = BTreeMap::new();
    // What the children of each parent claim together.
    let mut claimed: BTreeMap<(&TransportDocument, Kind), Quantity> = BTreeMap::new();
    for consignment in consignments {
        let document = &consignment.document;
        let own = by_kind(consignment)?;
        if let Some(parent) = &consignment.parent {
            let held = known.get(parent).ok_or_else(|| unknown_parent(consignment, parent))?;
            check_master(document, parent)?;
            for (kind, line) in &own {
                let claim = claimed.entry((parent, kind.clone())).or_default();
                *claim = checked_claim((document, parent), held.get(kind).copied(), line, *claim)?;
            }
        }
        if known.insert(document, own).is_some() {
            return Err(CommandRefusal::new("consignment-twice", format!("consignment {document}: listed twice, expected once")));
        }
    }
    totals(consignments).map(drop)
}

fn unknown_parent(consignment: &Consignment, parent: &TransportDocument) -> CommandRefusal {
    let detail = format!("parent {parent} of consignment {}: expected a consignment that is listed before it", consignment.document);
    CommandRefusal::new("parent-missing", detail)
}

/// A house waybill flies with the master that it names.
fn check_master(document: &TransportDocument, parent: &TransportDocument) -> Result<(), CommandRefusal> {
    match (document, parent) {
        (TransportDocument::HouseAirWaybill { master, .. }, TransportDocument::MasterAirWaybill(number)) if master != number => {
            Err(CommandRefusal::new("other-master", format!("house waybill {document}: under {number}, expected under {master}")))
        }
        (
            TransportDocument::BillOfLading(_) | TransportDocument::MasterAirWaybill(_) | TransportDocument::HouseAirWaybill { .. },
            TransportDocument::BillOfLading(_) | TransportDocument::MasterAirWaybill(_) | TransportDocument::HouseAirWaybill { .. },
        ) => Ok(()),
    }
}

/// The lines of a consignment; each kind and status of goods has one.
fn by_kind(consignment: &Consignment) -> Result<BTreeMap<Kind, &ConsignmentLine>, CommandRefusal> {
    let document = &consignment.document;
    let lines: BTreeMap<Kind, &ConsignmentLine> = consignment.lines.iter().map(|line| (kind(line), line)).collect();
    if lines.is_empty() || lines.len() != consignment.lines.len() || lines.values().any(|line| line.goods.quantity.is_zero()) {
        let detail = format!(
            "{} lines of consignment {document}, expected some, each of other goods or status, none of quantity 0",
            consignment.lines.len()
        );
        return Err(CommandRefusal::new("goods-lines", detail));
    }
    for line in lines.values() {
        for text in [&line.description_zh, &line.description_en] {
            let count = text.chars().count();
            if count > DESCRIPTION_LIMIT || text.trim().is_empty() || text.chars().any(char::is_control) {
                let goods = &line.goods.goods;
                let detail = format!(
                    "description of goods {goods} in consignment {document}: {count} characters, expected 1 to {DESCRIPTION_LIMIT}"
                );
                return Err(CommandRefusal::new("goods-description", detail));
            }
        }
    }
    Ok(lines)
}

/// What the children of a parent claim with one line more: at most what the parent has of it, in the same terms.
fn checked_claim(
    (document, parent): (&TransportDocument, &TransportDocument),
    held: Option<&ConsignmentLine>,
    line: &ConsignmentLine,
    before: Quantity,
) -> Result<Quantity, CommandRefusal> {
    let goods = &line.goods;
    if let Some(held) = held.filter(|held| (&held.goods.hs, &held.goods.unit) != (&goods.hs, &goods.unit)) {
        let detail = format!(
            "goods {} in consignment {document}: HS code {} in {}, expected {} in {} as in {parent}",
            goods.goods, goods.hs, goods.unit, held.goods.hs, held.goods.unit
        );
        return Err(CommandRefusal::new("terms-differ", detail));
    }
    let most = held.map_or(Quantity::ZERO, |held| held.goods.quantity);
    let claim = before.plus(goods.quantity);
    claim.filter(|claim| *claim <= most).ok_or_else(|| {
        let sum = claim.unwrap_or(Quantity::LIMIT);
        let detail = format!(
            "goods {} ({:?}) of the children of {parent}: {sum} with {document}, expected at most {most}",
            goods.goods, goods.status
        );
        CommandRefusal::new("children-exceed-parent", detail)
    })
}

/// Sums of what lies directly in the unit; what is in the children is in their parents.
pub(super) fn totals(consignments: &[Consignment]) -> Result<Vec<Total>, CommandRefusal> {
    let mut sums: BTreeMap<(GoodsStatus, UnitCode), (Quantity, Quantity)> = BTreeMap::new();
    for line in consignments.iter().filter(|consignment| consignment.parent.is_none()).flat_map(|consignment| &consignment.lines) {
        let goods = &line.goods;
        let sum = sums.entry((goods.status, goods.unit.clone())).or_default();
        let added = sum.0.plus(goods.quantity).zip(sum.1.plus(goods.weight_kg));
        *sum = added.ok_or_else(|| {
            let detail = format!("goods {}: {} more, expected a sum of at most {}", goods.goods, goods.quantity, Quantity::LIMIT);
            CommandRefusal::new("quantity-limit", detail)
        })?;
    }
    let total = |((status, unit), (quantity, weight_kg))| Total { status, unit, quantity, weight_kg };
    Ok(sums.into_iter().map(total).collect())
}

impl Cargo {
    /// Declared once and never refused since, so the sums fit.
    pub(super) fn totals(&self) -> Vec<Total> {
        totals(&self.consignments).unwrap_or_default()
    }
}
