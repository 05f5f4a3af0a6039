//! Which arrows of a transfer's life a command goes, so that a rule about an arrow holds for every command that goes it.

use sealway_schemas::alert::Verdict;
use sealway_schemas::command::{AlertCommand, Command, CustodyCommand, GateCommand, LedgerCommand, TransferCommand};
use sealway_schemas::movement::Arrow;

/// An order goes the arrows that it lets through: its officer signs once for all of them. A gate that decides alone signs by itself.
pub(crate) fn arrows(command: &Command) -> Vec<Arrow> {
    match command {
        Command::Transfer(command) => transfer(command),
        Command::Custody(command) => custody(command),
        Command::Ledger(command) => ledger(command),
        Command::Alert(AlertCommand::DecideAlert { verdict: Verdict::Incident, .. }) => vec![Arrow::ReportIncident],
        Command::Gate(GateCommand::AskGate { .. }) => vec![Arrow::Release],
        Command::Alert(_)
        | Command::Registry(_)
        | Command::World(_)
        | Command::Device(_)
        | Command::Cargo(_)
        | Command::Gate(_)
        | Command::Exchange(_) => Vec::new(),
    }
}

fn transfer(command: &TransferCommand) -> Vec<Arrow> {
    use TransferCommand as C;
    match command {
        C::SubmitTransfer { .. } | C::DeclareTransfer { .. } => vec![Arrow::Declare],
        C::AcceptTransfer { .. } => vec![Arrow::Accept],
        C::CountersignSeal { .. } => vec![Arrow::Seal],
        C::ReleaseTransfer { .. } => vec![Arrow::Release],
        C::ReportIncident { .. } => vec![Arrow::ReportIncident],
        C::ResumeTransfer { .. } => vec![Arrow::Resume],
        C::CancelTransfer { .. } => vec![Arrow::Cancel],
        C::PutStandingOrder { arrows, .. } => arrows.clone(),
        C::DraftTransfer { .. }
        | C::HoldTransfer { .. }
        | C::LiftHold { .. }
        | C::BindSeal { .. }
        | C::UnbindSeal { .. }
        | C::OpenEnquiry { .. }
        | C::CloseEnquiry { .. }
        | C::ReplyEnquiry { .. }
        | C::RemoveStandingOrder { .. }
        | C::AssessCarrier { .. } => Vec::new(),
    }
}

fn custody(command: &CustodyCommand) -> Vec<Arrow> {
    use CustodyCommand as C;
    match command {
        C::ReportArrival { .. } => vec![Arrow::Arrive],
        C::HandOver { .. } => vec![Arrow::HandOver],
        C::IssueGrant { .. } | C::CountersignGrant { .. } => vec![Arrow::GrantUnsealing],
        C::RevokeGrant { .. } => vec![Arrow::RevokeGrant],
        C::VerifyTransfer { .. } => vec![Arrow::Verify, Arrow::WriteOff],
        C::RefuseTransfer { .. } | C::IssueChallenge { .. } => Vec::new(),
    }
}

fn ledger(command: &LedgerCommand) -> Vec<Arrow> {
    use LedgerCommand as C;
    match command {
        C::WriteOffTransfer { .. } => vec![Arrow::WriteOff],
        C::ReverseWriteOff { .. } => vec![Arrow::ReverseWriteOff],
        C::ImportLedger { .. } | C::DeclareGoods { .. } | C::NoteGoods { .. } | C::DeclarePeriodic { .. } => Vec::new(),
    }
}
