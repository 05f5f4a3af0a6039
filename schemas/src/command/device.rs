//! Devices: enrolled by their owner, watched by customs; and terminals, which are only registered.

use super::kinds::kinds;
use crate::terminal::{CallSign, Protocol, TerminalUse};
use crate::{DeviceId, PartyId, PublicKey, Time};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DeviceCommand {
    /// `proof`: hex of the COSE_Sign1 that the device made over `challenge`.
    EnrolDevice {
        device: DeviceId,
        owner: PartyId,
        public_key: PublicKey,
        challenge: String,
        proof: String,
    },
    RevokeDevice {
        device: DeviceId,
        reason: String,
    },
    /// Lets a device whose clock ran ahead log in again.
    ResetLogin {
        device: DeviceId,
        t: Time,
    },
    /// An officer lets custody go on after an equivocation or a `prev` mismatch.
    LiftQuarantine {
        device: DeviceId,
        reason: String,
    },
    /// Lets a terminal of another maker speak, whose frames nobody signs. Its id is taken from the same list as the devices'.
    RegisterTerminal {
        terminal: DeviceId,
        owner: PartyId,
        protocol: Protocol,
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        call_sign: CallSign,
        used_as: TerminalUse,
    },
    RevokeTerminal {
        terminal: DeviceId,
        reason: String,
    },
}

kinds!(DeviceCommand {
    EnrolDevice => "enrol-device",
    RevokeDevice => "revoke-device",
    ResetLogin => "reset-login",
    LiftQuarantine => "lift-quarantine",
    RegisterTerminal => "register-terminal",
    RevokeTerminal => "revoke-terminal",
});

impl DeviceCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::EnrolDevice { device, .. }
            | Self::RevokeDevice { device, .. }
            | Self::ResetLogin { device, .. }
            | Self::LiftQuarantine { device, .. } => device.to_string(),
            Self::RegisterTerminal { terminal, .. } | Self::RevokeTerminal { terminal, .. } => terminal.to_string(),
        }
    }
}
