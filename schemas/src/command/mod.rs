//! What people and their systems ask of the platform. A command is kept in the evidence log as the JSON bytes that were sent.
//!
//! Each area of the trade has its own commands; in JSON they are one flat family, told apart by `type`.

mod alert;
mod cargo;
mod custody;
mod device;
mod exchange;
mod gate;
mod kinds;
mod ledger;
mod registry;
mod role;
mod transfer;
mod world;

pub use alert::AlertCommand;
pub use cargo::CargoCommand;
pub use custody::{CustodyCommand, SealFound};
pub use device::DeviceCommand;
pub use exchange::ExchangeCommand;
pub use gate::GateCommand;
pub use ledger::LedgerCommand;
pub use registry::{PublicDigest, RegistryCommand};
pub use role::{Role, Signer};
use serde::{Deserialize, Serialize};
pub use transfer::{IncidentKind, MechanicalSeal, RiskTier, SealClass, TransferCommand};
pub use world::WorldCommand;

/// Bytes that are not a command.
#[derive(Debug, thiserror::Error)]
pub enum NotACommand {
    #[error("command: {0}")]
    Json(#[from] serde_json::Error),
    #[error("command type {0:?}: expected one of the contract")]
    Type(String),
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
}

macro_rules! areas {
    ($($area:ident($commands:ident)),* $(,)?) => {
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(untagged)]
        pub enum Command {
            $($area($commands)),*
        }

        impl Command {
            /// Reads a command from JSON.
            pub fn parse(json: &[u8]) -> Result<Self, NotACommand> {
                let Head { r#type: kind } = serde_json::from_slice(json)?;
                $(if $commands::KINDS.contains(&kind.as_str()) {
                    return Ok(Self::$area(serde_json::from_slice(json)?));
                })*
                Err(NotACommand::Type(kind.chars().take(64).collect()))
            }

            /// Whether a text is the `type` of a command.
            #[must_use]
            pub fn is_kind(text: &str) -> bool {
                $($commands::KINDS.contains(&text))||*
            }

            /// The `type` that the command has in JSON.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$area(command) => command.kind()),*
                }
            }

            /// What the command is about: the id of a party, a device, a transfer, a gate ...
            #[must_use]
            pub fn subject(&self) -> String {
                match self {
                    $(Self::$area(command) => command.subject()),*
                }
            }
        }

        $(impl From<$commands> for Command {
            fn from(command: $commands) -> Self {
                Self::$area(command)
            }
        })*
    };
}

areas! {
    Registry(RegistryCommand),
    World(WorldCommand),
    Device(DeviceCommand),
    Transfer(TransferCommand),
    Cargo(CargoCommand),
    Custody(CustodyCommand),
    Gate(GateCommand),
    Ledger(LedgerCommand),
    Alert(AlertCommand),
    Exchange(ExchangeCommand),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_by_its_type_and_written_as_it_was() {
        for json in [
            r#"{"type":"acknowledge-alert","alert":7,"note":"seen"}"#,
            r#"{"type":"revoke-device","device":"XA-7Q2K","reason":"lost"}"#,
            r#"{"type":"lift-hold","transfer":"26CNXA00000000000B","reason":"papers seen"}"#,
        ] {
            let json = json.replace("26CNXA00000000000B", crate::TransferId::new(26, "CN", "XA00000000000").unwrap().as_str());
            let command = Command::parse(json.as_bytes()).unwrap();
            assert_eq!(serde_json::to_string(&command).unwrap(), json);
            assert!(json.contains(command.kind()), "{}", command.kind());
        }
    }

    #[test]
    fn a_type_that_is_not_in_the_contract_is_named() {
        let refused = Command::parse(br#"{"type":"make-coffee"}"#).unwrap_err();
        assert_eq!(refused.to_string(), r#"command type "make-coffee": expected one of the contract"#);
    }

    #[test]
    fn a_field_that_is_not_in_the_contract_is_refused() {
        let refused = Command::parse(br#"{"type":"revoke-token","token":"a","why":"b"}"#).unwrap_err();
        assert!(refused.to_string().contains("unknown field `why`"), "{refused}");
    }

    /// An area whose list and enum differ would lose commands.
    #[test]
    fn every_listed_type_is_known_to_its_area() {
        fn known<T: serde::de::DeserializeOwned>(kinds: &[&str]) {
            for kind in kinds {
                let json = format!(r#"{{"type":"{kind}"}}"#);
                if let Err(error) = serde_json::from_str::<T>(&json) {
                    assert!(!error.to_string().contains("unknown variant"), "{kind}: {error}");
                }
            }
        }
        known::<RegistryCommand>(RegistryCommand::KINDS);
        known::<WorldCommand>(WorldCommand::KINDS);
        known::<DeviceCommand>(DeviceCommand::KINDS);
        known::<TransferCommand>(TransferCommand::KINDS);
        known::<CargoCommand>(CargoCommand::KINDS);
        known::<CustodyCommand>(CustodyCommand::KINDS);
        known::<GateCommand>(GateCommand::KINDS);
        known::<LedgerCommand>(LedgerCommand::KINDS);
        known::<AlertCommand>(AlertCommand::KINDS);
        known::<ExchangeCommand>(ExchangeCommand::KINDS);
    }
}
