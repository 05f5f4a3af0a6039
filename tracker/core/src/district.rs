//! What an officer of a district 关区 may do, one line for every command: a new one does not compile without. The origin's district accepts,
//! countersigns and releases; the destination's grants, verifies and writes off; either holds. What concerns no place of the district does
//! not exist for its officers.

use crate::core::Core;
use crate::effect::CommandRefusal;
use crate::place::Place;
use crate::transfer::Transfer;
use sealway_schemas::command::{
    AlertCommand, CargoCommand, Command, CustodyCommand, DeviceCommand, ExchangeCommand, GateCommand, LedgerCommand, RegistryCommand,
    Signer, TransferCommand, WorldCommand,
};
use sealway_schemas::gate::Plate;
use sealway_schemas::ledger::Reference;
use sealway_schemas::{AlertId, CorridorId, DeviceId, DistrictId, GateId, PartyId, PlaceId, Time, TransferId};
use serde_json::Value;

/// What a command is about, as far as districts go.
enum Concern<'a> {
    /// The roles keep officers away from it, or let them only to what is their own.
    Own,
    /// Of no district alone: for officers of the whole country.
    Country,
    Transfer(&'a TransferId, End),
    /// While it is bound its transfer counts, else its owner.
    Seal(&'a DeviceId, End),
    /// Its owner counts.
    Terminal(&'a DeviceId),
    Alert(AlertId),
    Posting(u64),
    Party(&'a PartyId),
    Enrolment(&'a PartyId, &'a DeviceId),
    Place(&'a PlaceId),
    /// A feature: the place as it is and as it is to be.
    Drawn(&'a Value),
    /// Between two places, one of which has to be the district's.
    Between(&'a Value),
    /// The same of one that is there.
    Corridor(&'a CorridorId),
    Order(&'a str, Option<&'a PlaceId>),
    /// A gate, a release note, a pass card, a truck that was drawn.
    Gate(&'a GateId),
    Note(&'a Reference),
    Card(&'a Reference),
    Drawing(&'a Plate),
}

/// Whose place a transfer's step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Origin,
    Destination,
    Either,
}

fn concern(command: &Command) -> Concern<'_> {
    match command {
        Command::Registry(command) => registry(command),
        Command::World(WorldCommand::PutPlace { feature, .. }) => Concern::Drawn(feature),
        Command::World(WorldCommand::PutCorridor { feature, .. }) => Concern::Between(feature),
        Command::World(WorldCommand::WithdrawPlaceVersion { place, .. }) => Concern::Place(place),
        Command::World(WorldCommand::WithdrawCorridorVersion { corridor, .. }) => Concern::Corridor(corridor),
        Command::Device(command) => device(command),
        Command::Transfer(command) => transfer(command),
        Command::Cargo(command) => cargo(command),
        Command::Custody(command) => custody(command),
        Command::Gate(command) => gate(command),
        Command::Ledger(command) => ledger(command),
        Command::Alert(command) => alert(command),
        Command::Exchange(ExchangeCommand::PutWebhook { .. } | ExchangeCommand::RemoveWebhook { .. }) => Concern::Own,
    }
}

fn registry(command: &RegistryCommand) -> Concern<'_> {
    match command {
        RegistryCommand::RegisterParty { .. }
        | RegistryCommand::RegisterUser { .. }
        | RegistryCommand::IssueToken { .. }
        | RegistryCommand::RevokeToken { .. }
        | RegistryCommand::IssueAccountLink { .. }
        | RegistryCommand::EnrolSigningKey { .. }
        | RegistryCommand::RevokeSigningKey { .. }
        | RegistryCommand::PutSignatureRule { .. }
        | RegistryCommand::PutArrowRule { .. }
        | RegistryCommand::PutDistrict { .. } => Concern::Own,
    }
}

fn device(command: &DeviceCommand) -> Concern<'_> {
    match command {
        DeviceCommand::EnrolDevice { owner, device, .. } => Concern::Enrolment(owner, device),
        DeviceCommand::RevokeDevice { device, .. }
        | DeviceCommand::ResetLogin { device, .. }
        | DeviceCommand::LiftQuarantine { device, .. } => Concern::Seal(device, End::Either),
        DeviceCommand::RegisterTerminal { owner, .. } => Concern::Party(owner),
        DeviceCommand::RevokeTerminal { terminal, .. } => Concern::Terminal(terminal),
    }
}

fn transfer(command: &TransferCommand) -> Concern<'_> {
    use TransferCommand as C;
    match command {
        C::DraftTransfer { .. } | C::SubmitTransfer { .. } | C::DeclareTransfer { .. } | C::BindSeal { .. } | C::ReplyEnquiry { .. } => {
            Concern::Own
        }
        C::AcceptTransfer { transfer }
        | C::CountersignSeal { transfer, .. }
        | C::ReleaseTransfer { transfer, .. }
        | C::UnbindSeal { transfer, .. } => Concern::Transfer(transfer, End::Origin),
        C::HoldTransfer { transfer, .. }
        | C::LiftHold { transfer, .. }
        | C::ReportIncident { transfer, .. }
        | C::ResumeTransfer { transfer, .. }
        | C::OpenEnquiry { transfer, .. }
        | C::CloseEnquiry { transfer, .. }
        | C::CancelTransfer { transfer, .. } => Concern::Transfer(transfer, End::Either),
        C::PutStandingOrder { origin: None, .. } => Concern::Country,
        C::PutStandingOrder { order, origin, .. } => Concern::Order(order, origin.as_ref()),
        C::RemoveStandingOrder { order } => Concern::Order(order, None),
        C::AssessCarrier { carrier, .. } => Concern::Party(carrier),
    }
}

fn cargo(command: &CargoCommand) -> Concern<'_> {
    match command {
        CargoCommand::DeclareCargo { .. } => Concern::Own,
        CargoCommand::RecordInspection { transfer, .. } => Concern::Transfer(transfer, End::Either),
        CargoCommand::SplitCargo { place, .. } => Concern::Place(place),
    }
}

fn custody(command: &CustodyCommand) -> Concern<'_> {
    match command {
        CustodyCommand::ReportArrival { .. } | CustodyCommand::HandOver { .. } | CustodyCommand::RefuseTransfer { .. } => Concern::Own,
        CustodyCommand::IssueGrant { device, .. }
        | CustodyCommand::CountersignGrant { device, .. }
        | CustodyCommand::RevokeGrant { device, .. } => Concern::Seal(device, End::Destination),
        CustodyCommand::VerifyTransfer { transfer, .. } => Concern::Transfer(transfer, End::Destination),
        CustodyCommand::IssueChallenge { device, .. } => Concern::Seal(device, End::Either),
    }
}

fn gate(command: &GateCommand) -> Concern<'_> {
    use GateCommand as C;
    match command {
        C::PutGate { place, .. } | C::IssueReleaseNote { place, .. } => Concern::Place(place),
        C::RevokeReleaseNote { note, .. } => Concern::Note(note),
        C::IssuePassCard { enterprise, .. } => Concern::Party(enterprise),
        C::RevokePassCard { card, .. } => Concern::Card(card),
        C::PutInspectionRule { .. } => Concern::Country,
        C::ClearInspection { truck, .. } => Concern::Drawing(truck),
        C::AskGate { question } => Concern::Gate(&question.gate),
        C::ReadPassCard { gate, .. }
        | C::DirectTruck { gate, .. }
        | C::ReportBarrier { gate, .. }
        | C::TakeGateSnapshot { gate, .. }
        | C::FileGateDecision { gate, .. } => Concern::Gate(gate),
    }
}

fn ledger(command: &LedgerCommand) -> Concern<'_> {
    match command {
        LedgerCommand::ImportLedger { enterprise, .. } | LedgerCommand::DeclarePeriodic { enterprise, .. } => Concern::Party(enterprise),
        LedgerCommand::DeclareGoods { transfer, .. } | LedgerCommand::NoteGoods { transfer, .. } => {
            Concern::Transfer(transfer, End::Either)
        }
        LedgerCommand::WriteOffTransfer { transfer, .. } => Concern::Transfer(transfer, End::Destination),
        LedgerCommand::ReverseWriteOff { posting, .. } => Concern::Posting(*posting),
    }
}

fn alert(command: &AlertCommand) -> Concern<'_> {
    match command {
        AlertCommand::AcknowledgeAlert { alert, .. }
        | AlertCommand::NoteAlert { alert, .. }
        | AlertCommand::AssignAlert { alert, .. }
        | AlertCommand::DecideAlert { alert, .. } => Concern::Alert(*alert),
        AlertCommand::ReportTruck { .. } => Concern::Own,
    }
}

impl Core {
    /// What is not there at all is left to the command's own refusal, which looks the same.
    pub(crate) fn check_district(&self, by: &Signer, command: &Command) -> Result<(), CommandRefusal> {
        let Some(own) = self.registry.bounds(by) else {
            return Ok(());
        };
        match concern(command) {
            Concern::Own => Ok(()),
            Concern::Country => Err(other(own, command.kind(), "an officer of the whole country")),
            Concern::Transfer(id, end) => self.check_transfer(own, id, end),
            Concern::Seal(device, end) => self.check_seal_of(own, device, end),
            Concern::Terminal(id) => self.check_terminal_of(own, id),
            Concern::Alert(id) => self.check_alert(own, id),
            Concern::Posting(id) => match self.book().posting(id).and_then(|posting| posting.transfer.as_ref()) {
                Some(transfer) => self.check_transfer(own, transfer, End::Destination),
                None => Ok(()),
            },
            Concern::Party(party) => self.check_party(own, party),
            Concern::Enrolment(owner, device) => {
                self.check_party(own, owner)?;
                self.check_seal_of(own, device, End::Either)
            }
            Concern::Place(place) => self.check_place(own, place),
            Concern::Drawn(feature) => self.check_drawn(own, feature),
            Concern::Between(feature) => self.check_between(own, feature),
            Concern::Corridor(id) => self
                .atlas()
                .corridor_at(id, Time::ZERO)
                .map_or(Ok(()), |(_, corridor)| self.check_ends(own, [corridor.from(), corridor.to()].map(Some))),
            Concern::Order(order, origin) => self.check_order(own, order, origin),
            // What is not there is refused by the command itself.
            Concern::Gate(gate) => self.gate_place(gate).map_or(Ok(()), |place| self.check_place(own, place)),
            Concern::Note(note) => self.note_place(note).map_or(Ok(()), |place| self.check_place(own, place)),
            Concern::Card(card) => self.card_enterprise(card).map_or(Ok(()), |enterprise| self.check_party(own, enterprise)),
            Concern::Drawing(truck) => self.drawn_transfer(truck).map_or(Ok(()), |id| self.check_transfer(own, id, End::Either)),
        }
    }

    fn check_transfer(&self, own: &DistrictId, id: &TransferId, end: End) -> Result<(), CommandRefusal> {
        let Some(transfer) = self.transfers.find(id).and_then(|ix| self.transfers.get(ix)) else {
            return Ok(());
        };
        if !self.concerns(own, transfer) {
            return Err(CommandRefusal::new("unknown-transfer", format!("transfer {id}: expected one of district {own}")));
        }
        let place = match end {
            End::Either => return Ok(()),
            End::Origin => &transfer.origin,
            End::Destination => &transfer.destination,
        };
        self.check_place(own, place)
    }

    fn check_seal_of(&self, own: &DistrictId, id: &DeviceId, end: End) -> Result<(), CommandRefusal> {
        let Some(device) = self.devices.by_id(id) else {
            return Ok(());
        };
        let unknown = || CommandRefusal::new("unknown-device", format!("device {id}: expected one of district {own}"));
        match device.transfer.and_then(|ix| self.transfers.get(ix)) {
            Some(transfer) if self.concerns(own, transfer) => self.check_transfer(own, &transfer.id, end),
            None if self.registry.party(device.owner).is_some_and(|owner| owner.district.as_ref() == Some(own)) => Ok(()),
            Some(_) | None => Err(unknown()),
        }
    }

    pub(crate) fn check_alert(&self, own: &DistrictId, id: AlertId) -> Result<(), CommandRefusal> {
        let Some(alert) = self.alert(id) else {
            return Ok(());
        };
        let within = match alert.transfer.as_ref().and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix)) {
            Some(transfer) => self.concerns(own, transfer),
            None => self.registry.district_of(&alert.owner) == Some(own),
        };
        if within { Ok(()) } else { Err(CommandRefusal::new("unknown-alert", format!("alert {id}: expected one of district {own}"))) }
    }

    fn check_party(&self, own: &DistrictId, id: &PartyId) -> Result<(), CommandRefusal> {
        match self.party(id) {
            // In the words for one that is not there.
            Some(party) if party.district.as_ref() != Some(own) => {
                Err(CommandRefusal::new("unknown-party", format!("party {id}: expected one that is registered")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_place(&self, own: &DistrictId, id: &PlaceId) -> Result<(), CommandRefusal> {
        match self.atlas().planned_place(id) {
            Some(place) if place.district() != Some(own) => Err(other(own, id.as_str(), "a place of that district")),
            Some(_) | None => Ok(()),
        }
    }

    fn check_drawn(&self, own: &DistrictId, feature: &Value) -> Result<(), CommandRefusal> {
        if let Some(id) = named(feature, "id") {
            self.check_place(own, &id)?;
        }
        if named(feature, "district").as_ref() == Some(own) {
            return Ok(());
        }
        Err(other(own, "the place", "a place of that district"))
    }

    fn check_between(&self, own: &DistrictId, feature: &Value) -> Result<(), CommandRefusal> {
        let ends = ["from", "to"].map(|name| named(feature, name));
        self.check_ends(own, ends.each_ref().map(Option::as_ref))
    }

    fn check_ends(&self, own: &DistrictId, ends: [Option<&PlaceId>; 2]) -> Result<(), CommandRefusal> {
        let ends = ends.map(|id| id.and_then(|id| self.atlas().planned_place(id)).and_then(Place::district));
        if ends.contains(&Some(own)) {
            return Ok(());
        }
        Err(other(own, "the corridor", "one from or to a place of that district"))
    }

    /// An order goes for a place of the district alone; one that is there is replaced or removed only by the officers of its own place.
    fn check_order(&self, own: &DistrictId, order: &str, origin: Option<&PlaceId>) -> Result<(), CommandRefusal> {
        match self.orders.get(order).map(|standing| standing.origin.as_ref()) {
            Some(Some(place)) => self.check_place(own, place)?,
            Some(None) => return Err(other(own, order, "a standing order for a place of that district")),
            None => {}
        }
        origin.map_or(Ok(()), |place| self.check_place(own, place))
    }

    fn concerns(&self, own: &DistrictId, transfer: &Transfer) -> bool {
        self.places_of(transfer).any(|place| place.district() == Some(own))
    }
}

fn other(own: &DistrictId, what: &str, expected: &str) -> CommandRefusal {
    CommandRefusal::new("other-district", format!("{what}: not of district {own}, expected {expected}"))
}

fn named<T: std::str::FromStr>(feature: &Value, property: &str) -> Option<T> {
    feature.get("properties")?.get(property)?.as_str()?.parse().ok()
}
