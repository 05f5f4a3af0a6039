//! The rows that people see, made from the state when they are asked for, and who may see them.

use crate::atlas::{Subject, Version};
use crate::core::Core;
use crate::corridor::Corridor;
use crate::device::{Device, DeviceIx};
use crate::effect::{DrawnVersion, Effect, Row};
use crate::movement::Custody;
use crate::place::Place;
use crate::transfer::{Transfer, TransferIx};
use sealway_schemas::event::{
    AlertView, Change, CorridorView, DeviceView, Event, PartyView, PlaceView, PositionView, Severity, TokenView, TransferView, UserView,
};
use sealway_schemas::record::Record;
use sealway_schemas::terminal::Grade;
use sealway_schemas::{AlertId, CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId, UserId};

impl Core {
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<DeviceView> {
        self.devices.by_id(id).and_then(|device| self.device_view(device))
    }

    /// In the order of enrolment.
    pub fn devices(&self) -> impl Iterator<Item = DeviceView> + '_ {
        self.devices.iter().filter_map(|device| self.device_view(device))
    }

    #[must_use]
    pub fn transfer(&self, id: &TransferId) -> Option<TransferView> {
        self.transfers.find(id).and_then(|ix| self.transfers.get(ix)).map(|transfer| self.transfer_view(transfer))
    }

    /// In the order of declaration.
    pub fn transfers(&self) -> impl Iterator<Item = TransferView> + '_ {
        self.transfers.iter().map(|(_, transfer)| self.transfer_view(transfer))
    }

    #[must_use]
    pub fn alert(&self, id: AlertId) -> Option<&AlertView> {
        self.alerts.get(id)
    }

    pub fn alerts(&self) -> impl Iterator<Item = &AlertView> {
        self.alerts.iter()
    }

    #[must_use]
    pub fn place(&self, id: &PlaceId) -> Option<PlaceView> {
        self.atlas.place(id).map(Place::view)
    }

    pub fn places(&self) -> impl Iterator<Item = PlaceView> + '_ {
        self.atlas.places().map(Place::view)
    }

    #[must_use]
    pub fn corridor(&self, id: &CorridorId) -> Option<CorridorView> {
        self.atlas.corridor(id).map(Corridor::view)
    }

    pub fn corridors(&self) -> impl Iterator<Item = CorridorView> + '_ {
        self.atlas.corridors().map(Corridor::view)
    }

    /// Every version of every place and corridor, the planned ones too.
    pub fn versions(&self) -> impl Iterator<Item = DrawnVersion> + '_ {
        let places = self
            .atlas
            .place_versions()
            .map(|Version { drawn, put }| DrawnVersion::new(Subject::Place(drawn.id().clone()), put, drawn.feature().to_owned()));
        let corridors = self
            .atlas
            .corridor_versions()
            .map(|Version { drawn, put }| DrawnVersion::new(Subject::Corridor(drawn.id().clone()), put, drawn.feature().to_owned()));
        places.chain(corridors)
    }

    #[must_use]
    pub fn party(&self, id: &PartyId) -> Option<&PartyView> {
        self.registry.party_by_id(id)
    }

    pub fn parties(&self) -> impl Iterator<Item = &PartyView> {
        self.registry.parties()
    }

    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&UserView> {
        self.registry.users.get(id)
    }

    pub fn users(&self) -> impl Iterator<Item = &UserView> {
        self.registry.users.values()
    }

    #[must_use]
    pub fn token(&self, id: &str) -> Option<&TokenView> {
        self.registry.tokens.get(id)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &TokenView> {
        self.registry.tokens.values()
    }

    /// Where a device was last seen. `None` before its first fix.
    #[must_use]
    pub fn position(&self, id: &DeviceId) -> Option<PositionView> {
        self.position_view(self.devices.by_id(id)?)
    }

    /// Who may see a device, and what it does, beside those who see all.
    #[must_use]
    pub fn visible_to(&self, id: &DeviceId) -> Vec<PartyId> {
        self.devices.by_id(id).map(|device| self.device_parties(device)).unwrap_or_default()
    }

    fn device_parties(&self, device: &Device) -> Vec<PartyId> {
        let transfer = device.transfer.and_then(|ix| self.transfers.get(ix));
        let owner = self.registry.party(device.owner).map(|party| party.id.clone());
        self.parties_of(transfer, owner)
    }

    /// The carrier, the operators at the ends of every leg, the seal's owner, and the customs of the districts concerned: those of the transfer's
    /// places, or without a transfer the owner's. Each once.
    pub(crate) fn parties_of(&self, transfer: Option<&Transfer>, owner: Option<PartyId>) -> Vec<PartyId> {
        let mut parties: Vec<PartyId> = owner.into_iter().collect();
        let Some(transfer) = transfer else {
            let district = parties.first().and_then(|owner| self.registry.district_of(owner));
            let overseers: Vec<PartyId> = self.registry.overseers(district).cloned().collect();
            add(&mut parties, &overseers);
            return parties;
        };
        let places = self.places_of(transfer);
        add(&mut parties, [&transfer.carrier]);
        add(&mut parties, places.clone().filter_map(Place::operator));
        add(&mut parties, places.flat_map(|place| self.registry.overseers(place.district())));
        parties
    }

    /// Where a transfer begins, and where each of its legs ends.
    pub(crate) fn places_of<'a>(&'a self, transfer: &'a Transfer) -> impl Iterator<Item = &'a Place> + Clone {
        let stops = transfer.legs.iter().filter_map(|leg| Some(self.atlas.corridor(&leg.corridor)?.to()));
        std::iter::once(&transfer.origin).chain(stops).filter_map(|id| self.atlas.place(id))
    }

    pub(crate) fn device_view(&self, device: &Device) -> Option<DeviceView> {
        Some(DeviceView {
            id: device.id,
            owner: self.registry.party(device.owner)?.id.clone(),
            public_key: device.cursor.identity(),
            enrolled_at: device.enrolled_at,
            revoked_at: device.revoked_at,
            quarantined: device.cursor.quarantined(),
            transfer: device.transfer.and_then(|ix| self.transfers.get(ix)).map(|transfer| transfer.id.clone()),
            bond_since: Some(device.bond_since).filter(|since| *since > Time::ZERO),
            last: device.last.map(|last| last.view()),
        })
    }

    pub(crate) fn position_view(&self, device: &Device) -> Option<PositionView> {
        let last = device.last.map(|last| last.view())?;
        let fix = last.fix?;
        let transfer = device.transfer.and_then(|ix| self.transfers.get(ix));
        Some(PositionView {
            device: device.id,
            grade: Grade::Signed,
            transfer: transfer.map(|transfer| transfer.id.clone()),
            ctr: last.ctr,
            t: fix.t,
            received_at: last.received_at,
            lat: fix.lat,
            lon: fix.lon,
            speed_cm_s: fix.speed_cm_s,
            heading_ddeg: fix.heading_ddeg,
            battery: last.battery,
            progress_km: transfer.and_then(|transfer| transfer.progress).map(|progress| progress.km),
        })
    }

    fn transfer_view(&self, transfer: &Transfer) -> TransferView {
        let corridor = self.measured_along(transfer);
        let held = match self.custody(transfer) {
            Custody::Held => true,
            Custody::Whole => false,
        };
        TransferView {
            id: transfer.id.clone(),
            carrier: transfer.carrier.clone(),
            unit: transfer.unit.clone(),
            seal: transfer.seal,
            origin: transfer.origin.clone(),
            destination: transfer.destination.clone(),
            corridor: transfer.corridor.clone(),
            legs: self.leg_views(transfer),
            leg: transfer.leg,
            state: transfer.state,
            state_since: transfer.state_since,
            changed_by: transfer.changed_by.clone(),
            declared_at: transfer.declared_at,
            progress_km: transfer.progress.map(|progress| progress.km),
            length_km: corridor.map_or(0.0, Corridor::length_km),
            open_alerts: u32::try_from(transfer.open_alerts.len()).unwrap_or(u32::MAX),
            worst_severity: self.worst(transfer),
            holds: transfer.holds.clone(),
            incident: transfer.incident.clone(),
            limit_ms: transfer.limit_ms,
            due: transfer.due,
            plan: self.plan(transfer),
            punctuality: transfer.punctuality,
            custody_held: held,
        }
    }

    fn worst(&self, transfer: &Transfer) -> Option<Severity> {
        transfer.open_alerts.iter().filter_map(|id| self.alerts.get(*id)).map(|alert| alert.severity).max()
    }

    /// Custody is held by a quarantine, and by every hole after the sealing that no officer has let pass.
    pub(crate) fn custody(&self, transfer: &Transfer) -> Custody {
        self.custody_at(transfer, u64::MAX)
    }

    /// The same when the seal's report `ctr` had its turn.
    pub(crate) fn custody_at(&self, transfer: &Transfer, ctr: u64) -> Custody {
        if transfer.binds() { self.custody_until(transfer, ctr) } else { Custody::Whole }
    }

    /// From its sealing to its unsealing, also when the seal is on another transfer since.
    pub(crate) fn custody_to_the_end(&self, transfer: &Transfer) -> Custody {
        self.custody_until(transfer, transfer.unsealed_by.unwrap_or(u64::MAX))
    }

    fn custody_until(&self, transfer: &Transfer, ctr: u64) -> Custody {
        let sealed = transfer.movement.sealing().map(|sealing| sealing.ctr);
        let held = |device: &Device| !device.cursor.whole_at(sealed, ctr);
        if self.devices.by_id(&transfer.seal).is_some_and(held) { Custody::Held } else { Custody::Whole }
    }

    pub(crate) fn tell_device(&self, now: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get(ix) else {
            return;
        };
        if let Some(view) = self.device_view(device) {
            effects.push(Effect::Row(Box::new(Row::Device(view.clone()))));
            let event = Event { at: now, visible_to: self.device_parties(device), change: Change::Device(view) };
            effects.push(Effect::Event(Box::new(event)));
        }
    }

    pub(crate) fn tell_transfer(&self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let owner = self.devices.by_id(&transfer.seal).and_then(|device| self.registry.party(device.owner));
        let visible_to = self.parties_of(Some(transfer), owner.map(|party| party.id.clone()));
        let view = self.transfer_view(transfer);
        effects.push(Effect::Row(Box::new(Row::Transfer(view.clone()))));
        effects.push(Effect::Event(Box::new(Event { at: now, visible_to, change: Change::Movement(view) })));
    }

    pub(crate) fn tell_alert(&self, now: Time, id: AlertId, effects: &mut Vec<Effect>) {
        let Some(alert) = self.alerts.get(id) else {
            return;
        };
        let transfer = alert.transfer.as_ref().and_then(|id| self.transfers.find(id));
        let visible_to = self.parties_of(transfer.and_then(|ix| self.transfers.get(ix)), Some(alert.owner.clone()));
        effects.push(Effect::Row(Box::new(Row::Alert(alert.clone()))));
        effects.push(Effect::Event(Box::new(Event { at: now, visible_to, change: Change::Alert(alert.clone()) })));
        if let Some(ix) = transfer {
            self.tell_transfer(now, ix, effects);
        }
    }

    /// A record, to those who may see it.
    pub(crate) fn tell_record(&self, now: Time, record: Option<Record>, effects: &mut Vec<Effect>) {
        let Some(record) = record else {
            return;
        };
        effects.push(Effect::Row(Box::new(Row::Record(record.clone()))));
        let mut visible_to = record.parties.clone();
        match record.transfer.as_ref().and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix)) {
            Some(transfer) => add(&mut visible_to, &self.parties_of(Some(transfer), None)),
            None => {
                let districts = record.parties.iter().filter_map(|party| self.registry.district_of(party));
                add(&mut visible_to, districts.flat_map(|district| self.registry.overseers(Some(district))));
            }
        }
        effects.push(Effect::Event(Box::new(Event { at: now, visible_to, change: Change::Record(record) })));
    }

    pub(crate) fn tell_position(&self, now: Time, ix: DeviceIx, effects: &mut Vec<Effect>) {
        let Some(device) = self.devices.get(ix) else {
            return;
        };
        if let Some(view) = self.position_view(device) {
            let event = Event { at: now, visible_to: self.device_parties(device), change: Change::Position(view) };
            effects.push(Effect::Event(Box::new(event)));
        }
    }
}

/// Each once.
fn add<'a>(parties: &mut Vec<PartyId>, more: impl IntoIterator<Item = &'a PartyId>) {
    for party in more {
        if !parties.contains(party) {
            parties.push(party.clone());
        }
    }
}
