//! Looking into a unit: an X-ray image or a photo by its hash, bound to the seal's epoch, so that it cannot be shown of another closing.

use super::check_note;
use crate::command::{Asking, hex_bytes};
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::cargo::{CargoUnit, InspectionView, NotACargoNumber, TransportDocument};
use sealway_schemas::record::Record;
use sealway_schemas::{Time, TransferId};

impl Core {
    pub(super) fn record_inspection(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        (id, unit, document): (&TransferId, &str, Option<TransportDocument>),
        (image, note): (String, String),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        check_note(&note)?;
        let image = hex::encode(hex_bytes::<32>("image", &image)?);
        let (ix, transfer) = self.known_transfer(id)?;
        let known = self.units_of(ix);
        let elsewhere = || CommandRefusal::new("unit-elsewhere", format!("unit {unit} of transfer {id}: expected {}", known.join(" or ")));
        let unit: CargoUnit = unit.parse().map_err(|_: NotACargoNumber| elsewhere())?;
        if !known.iter().any(|known| known == unit.as_str()) {
            return Err(elsewhere());
        }
        let cargo = self.cargos.0.get(id);
        if let Some(document) = document.as_ref().filter(|document| cargo.is_none_or(|cargo| cargo.find(document).is_none())) {
            let detail = format!("consignment {document} of transfer {id}: expected one that is in the unit");
            return Err(CommandRefusal::new("consignment-missing", detail));
        }
        let (seal, epoch) = (transfer.seal, transfer.chain.holding().map(|holding| holding.epoch));
        let cargo = self.cargos.0.entry(id.clone()).or_default();
        cargo.inspections += 1;
        let number = cargo.inspections;
        let by = asking.signer();
        let view = InspectionView { transfer: id.clone(), number, unit, document, image, seal, epoch, at: now, by, note };
        let parties = self.parties_of(self.transfers.get(ix), None);
        self.tell_record(now, Record::of(&view, parties), effects);
        Ok(())
    }
}
