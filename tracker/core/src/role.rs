//! Who may command what, in one table. What is not in it is denied.

use sealway_schemas::command::{Command, Role};

/// How far a role reaches for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    None,
    /// Only what belongs to the person's own party.
    Own,
    All,
}

struct Row {
    customs: Reach,
    carrier: Reach,
    operator: Reach,
    auditor: Reach,
    admin: Reach,
}

/// Nobody: each row names who may.
const DENIED: Row = Row { customs: Reach::None, carrier: Reach::None, operator: Reach::None, auditor: Reach::None, admin: Reach::None };

/// How far a person in `role` may go with `command`.
#[must_use]
pub fn reach(role: Role, command: &Command) -> Reach {
    use Reach::{All, Own};
    let row = match command {
        Command::RegisterParty { .. } | Command::RegisterUser { .. } | Command::IssueToken { .. } | Command::RevokeToken { .. } => {
            Row { admin: All, ..DENIED }
        }
        Command::PutPlace { .. } | Command::PutCorridor { .. } => Row { customs: All, admin: All, ..DENIED },
        Command::EnrolDevice { .. } => Row { carrier: Own, customs: All, admin: All, ..DENIED },
        Command::RevokeDevice { .. } => Row { carrier: Own, customs: All, admin: All, ..DENIED },
        Command::ResetLogin { .. } | Command::LiftQuarantine { .. } => Row { customs: All, ..DENIED },
        Command::DeclareTransfer { .. } => Row { carrier: Own, ..DENIED },
        Command::AcknowledgeAlert { .. } | Command::IssueGrant { .. } => Row { customs: All, ..DENIED },
        Command::IssueChallenge { .. } => Row { customs: All, carrier: Own, operator: Own, ..DENIED },
    };
    match role {
        Role::Customs => row.customs,
        Role::Carrier => row.carrier,
        Role::Operator => row.operator,
        Role::Auditor => row.auditor,
        Role::Admin => row.admin,
    }
}
