//! Who may command what, one table an area. What is not in it is denied.

use sealway_schemas::command::{
    AlertCommand, CargoCommand, Command, CustodyCommand, DeviceCommand, ExchangeCommand, GateCommand, LedgerCommand, RegistryCommand, Role,
    TransferCommand, WorldCommand,
};

/// How far a role reaches for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    None,
    /// Only what belongs to the person's own party.
    Own,
    All,
}

use Reach::{All, Own};

struct Row {
    customs: Reach,
    carrier: Reach,
    operator: Reach,
    auditor: Reach,
    admin: Reach,
}

/// Nobody: each row names who may.
const DENIED: Row = Row { customs: Reach::None, carrier: Reach::None, operator: Reach::None, auditor: Reach::None, admin: Reach::None };
const CUSTOMS: Row = Row { customs: All, ..DENIED };

/// How far a person in `role` may go with `command`.
#[must_use]
pub fn reach(role: Role, command: &Command) -> Reach {
    let row = match command {
        Command::Registry(command) => registry(command),
        Command::World(command) => world(command),
        Command::Device(command) => device(command),
        Command::Transfer(command) => transfer(command),
        Command::Cargo(command) => cargo(command),
        Command::Custody(command) => custody(command),
        Command::Gate(command) => gate(command),
        Command::Ledger(command) => ledger(command),
        Command::Alert(command) => alert(command),
        Command::Exchange(command) => exchange(command),
    };
    match role {
        Role::Customs => row.customs,
        Role::Carrier => row.carrier,
        Role::Operator => row.operator,
        Role::Auditor => row.auditor,
        Role::Admin => row.admin,
    }
}

fn registry(command: &RegistryCommand) -> Row {
    match command {
        RegistryCommand::RegisterParty { .. }
        | RegistryCommand::RegisterUser { .. }
        | RegistryCommand::IssueToken { .. }
        | RegistryCommand::RevokeToken { .. }
        | RegistryCommand::IssueAccountLink { .. }
        | RegistryCommand::PutSignatureRule { .. }
        | RegistryCommand::PutArrowRule { .. }
        | RegistryCommand::PutDistrict { .. } => Row { admin: All, ..DENIED },
        // Their own key only: the command itself sees to it.
        RegistryCommand::EnrolSigningKey { .. } => Row { customs: Own, carrier: Own, operator: Own, auditor: Own, admin: Own },
        RegistryCommand::RevokeSigningKey { .. } => Row { customs: Own, carrier: Own, operator: Own, auditor: Own, admin: All },
    }
}

fn world(command: &WorldCommand) -> Row {
    match command {
        WorldCommand::PutPlace { .. }
        | WorldCommand::PutCorridor { .. }
        | WorldCommand::WithdrawPlaceVersion { .. }
        | WorldCommand::WithdrawCorridorVersion { .. } => Row { customs: All, admin: All, ..DENIED },
    }
}

fn device(command: &DeviceCommand) -> Row {
    match command {
        DeviceCommand::EnrolDevice { .. } | DeviceCommand::RevokeDevice { .. } => Row { carrier: Own, customs: All, admin: All, ..DENIED },
        DeviceCommand::ResetLogin { .. } | DeviceCommand::LiftQuarantine { .. } => CUSTOMS,
        // Vehicles are the carrier's, gates and readers the operator's.
        DeviceCommand::RegisterTerminal { .. } | DeviceCommand::RevokeTerminal { .. } => {
            Row { customs: All, carrier: Own, operator: Own, admin: All, ..DENIED }
        }
    }
}

fn transfer(command: &TransferCommand) -> Row {
    match command {
        TransferCommand::DraftTransfer { .. }
        | TransferCommand::SubmitTransfer { .. }
        | TransferCommand::DeclareTransfer { .. }
        | TransferCommand::BindSeal { .. }
        | TransferCommand::ReplyEnquiry { .. } => Row { carrier: Own, ..DENIED },
        TransferCommand::AcceptTransfer { .. }
        | TransferCommand::HoldTransfer { .. }
        | TransferCommand::LiftHold { .. }
        | TransferCommand::CountersignSeal { .. }
        | TransferCommand::ReleaseTransfer { .. }
        | TransferCommand::ResumeTransfer { .. }
        | TransferCommand::OpenEnquiry { .. }
        | TransferCommand::CloseEnquiry { .. }
        | TransferCommand::PutStandingOrder { .. }
        | TransferCommand::RemoveStandingOrder { .. }
        | TransferCommand::AssessCarrier { .. } => CUSTOMS,
        TransferCommand::UnbindSeal { .. } | TransferCommand::ReportIncident { .. } | TransferCommand::CancelTransfer { .. } => {
            Row { carrier: Own, customs: All, ..DENIED }
        }
    }
}

fn cargo(command: &CargoCommand) -> Row {
    match command {
        CargoCommand::DeclareCargo { .. } => Row { carrier: Own, ..DENIED },
        CargoCommand::RecordInspection { .. } => CUSTOMS,
        CargoCommand::SplitCargo { .. } => Row { customs: All, operator: Own, ..DENIED },
    }
}

fn custody(command: &CustodyCommand) -> Row {
    match command {
        CustodyCommand::ReportArrival { .. } | CustodyCommand::HandOver { .. } | CustodyCommand::RefuseTransfer { .. } => {
            Row { operator: Own, ..DENIED }
        }
        CustodyCommand::IssueGrant { .. }
        | CustodyCommand::CountersignGrant { .. }
        | CustodyCommand::RevokeGrant { .. }
        | CustodyCommand::VerifyTransfer { .. } => CUSTOMS,
        CustodyCommand::IssueChallenge { .. } => Row { customs: All, carrier: Own, operator: Own, ..DENIED },
    }
}

fn gate(command: &GateCommand) -> Row {
    match command {
        GateCommand::PutGate { .. } => Row { customs: All, admin: All, ..DENIED },
        GateCommand::IssueReleaseNote { .. }
        | GateCommand::RevokeReleaseNote { .. }
        | GateCommand::IssuePassCard { .. }
        | GateCommand::RevokePassCard { .. }
        | GateCommand::PutInspectionRule { .. }
        | GateCommand::ClearInspection { .. }
        | GateCommand::DirectTruck { .. } => CUSTOMS,
        GateCommand::ReadPassCard { .. }
        | GateCommand::AskGate { .. }
        | GateCommand::ReportBarrier { .. }
        | GateCommand::TakeGateSnapshot { .. }
        | GateCommand::FileGateDecision { .. } => Row { customs: All, operator: Own, ..DENIED },
    }
}

fn ledger(command: &LedgerCommand) -> Row {
    match command {
        LedgerCommand::ImportLedger { .. }
        | LedgerCommand::DeclareGoods { .. }
        | LedgerCommand::NoteGoods { .. }
        | LedgerCommand::DeclarePeriodic { .. } => Row { customs: All, carrier: Own, operator: Own, ..DENIED },
        LedgerCommand::WriteOffTransfer { .. } | LedgerCommand::ReverseWriteOff { .. } => CUSTOMS,
    }
}

fn alert(command: &AlertCommand) -> Row {
    match command {
        AlertCommand::AcknowledgeAlert { .. }
        | AlertCommand::NoteAlert { .. }
        | AlertCommand::AssignAlert { .. }
        | AlertCommand::DecideAlert { .. } => CUSTOMS,
        AlertCommand::ReportTruck { .. } => Row { carrier: Own, ..DENIED },
    }
}

fn exchange(command: &ExchangeCommand) -> Row {
    match command {
        ExchangeCommand::PutWebhook { .. } | ExchangeCommand::RemoveWebhook { .. } => {
            Row { customs: Own, carrier: Own, operator: Own, auditor: Own, admin: All }
        }
    }
}
