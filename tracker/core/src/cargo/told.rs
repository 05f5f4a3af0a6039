//! What is told of cargo: the whole to those who see the transfer, and each consignment to its owner too.

use super::Cargo;
use crate::core::Core;
use crate::effect::Effect;
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::Time;
use sealway_schemas::cargo::{CargoUnit, CargoView, Consignment, ConsignmentView, Inherited, Parted};
use sealway_schemas::record::Record;

impl Core {
    pub(crate) fn tell_cargo(&self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some((transfer, cargo, unit)) = self.cargo_of(ix).filter(|(_, cargo, _)| !cargo.consignments.is_empty()) else {
            return;
        };
        let consignments: Vec<ConsignmentView> =
            cargo.consignments.iter().map(|consignment| view(now, transfer, cargo, (consignment, &unit))).collect();
        for consignment in &consignments {
            self.tell_consignment(now, transfer, consignment, effects);
        }
        let view = CargoView {
            transfer: transfer.id.clone(),
            at: now,
            kind: unit.kind(),
            unit,
            totals: cargo.totals(),
            consignments,
            splits: cargo.splits.clone(),
        };
        self.tell_record(now, Record::of(&view, self.parties_of(Some(transfer), None)), effects);
    }

    /// Owners of what is no longer in the unit are told so.
    pub(super) fn withdraw(&self, now: Time, ix: TransferIx, before: &[Consignment], effects: &mut Vec<Effect>) {
        let Some((transfer, cargo, unit)) = self.cargo_of(ix) else {
            return;
        };
        for gone in before.iter().filter(|before| cargo.find(&before.document).is_none_or(|now| now.owner != before.owner)) {
            let view = ConsignmentView { withdrawn: true, ..view(now, transfer, cargo, (gone, &unit)) };
            self.tell_consignment(now, transfer, &view, effects);
        }
    }

    fn tell_consignment(&self, now: Time, transfer: &Transfer, view: &ConsignmentView, effects: &mut Vec<Effect>) {
        let parties = self.parties_of(Some(transfer), Some(view.owner.clone()));
        self.tell_record(now, Record::of(view, parties), effects);
    }

    fn cargo_of(&self, ix: TransferIx) -> Option<(&Transfer, &Cargo, CargoUnit)> {
        let transfer = self.transfers.get(ix)?;
        Some((transfer, self.cargos.0.get(&transfer.id)?, transfer.unit.parse().ok()?))
    }
}

fn view(now: Time, transfer: &Transfer, cargo: &Cargo, (consignment, unit): (&Consignment, &CargoUnit)) -> ConsignmentView {
    let parted = cargo.parted(consignment);
    let Consignment { document, parent, owner, lines, .. } = consignment.clone();
    ConsignmentView {
        transfer: transfer.id.clone(),
        at: now,
        document,
        parent,
        unit: packed_in(cargo, consignment).unwrap_or(unit).clone(),
        owner,
        lines,
        seals: inherited(transfer, parted.map(|split| split.at)),
        parted: parted.map(|split| Parted { place: split.place.clone(), at: split.at }),
        withdrawn: false,
    }
}

/// The smallest unit that a consignment is in: its own, or that of what it lies in.
fn packed_in<'a>(cargo: &'a Cargo, consignment: &'a Consignment) -> Option<&'a CargoUnit> {
    let mut at = consignment;
    loop {
        match (&at.unit, &at.parent) {
            (Some(unit), _) => return Some(unit),
            (None, Some(parent)) => at = cargo.find(parent)?,
            (None, None) => return None,
        }
    }
}

/// A child lies under every epoch that closed its unit, until that ends or the child is parted from the unit.
fn inherited(transfer: &Transfer, parted_at: Option<Time>) -> Vec<Inherited> {
    let epochs = transfer.chain.seals().iter().flat_map(|bound| bound.epochs.iter().map(|epoch| (bound.seal, epoch)));
    let lain = epochs.filter(|(_, epoch)| parted_at.is_none_or(|parted| epoch.since < parted));
    let stretch = |(seal, epoch): (_, &sealway_schemas::binding::SealedEpoch)| Inherited {
        seal,
        epoch: epoch.epoch,
        since: epoch.since,
        until: [epoch.until, parted_at].into_iter().flatten().min(),
    };
    lain.map(stretch).collect()
}
