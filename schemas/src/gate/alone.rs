//! What a gate carries that is cut off, and what it writes down.

use super::{GateNumbers, GateQuestion, GateVerdict, GateView, HeldFacts, InspectionFacts, NoteFacts, Plate, Reason, TransferFacts};
use crate::ledger::Reference;
use crate::{DeviceId, PublicKey, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A text and who signed it: over the purpose, a line feed, and the text, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedText {
    pub text: String,
    pub key: PublicKey,
    /// 64 bytes in hex.
    pub signature: String,
}

impl SignedText {
    #[must_use]
    pub fn message(purpose: &str, text: &str) -> Vec<u8> {
        format!("{purpose}\n{text}").into_bytes()
    }
}

/// A challenge that a gate may put to a seal by its own reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealAsked {
    pub device: DeviceId,
    /// The seal's own key and the keys of its epochs: who may sign the answer.
    pub identity: PublicKey,
    pub epochs: Vec<PublicKey>,
    /// Hex of 16 bytes.
    pub nonce: String,
    /// The platform's signed message for the seal, hex of COSE; filled in by the one who has the platform's key.
    pub message: String,
}

/// Everything that one gate needs to decide for some hours without the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSnapshot {
    pub gate: GateView,
    /// The gate's place, GeoJSON.
    pub feature: String,
    pub at: Time,
    pub not_after: Time,
    pub numbers: GateNumbers,
    /// For gates of this place, unused or used lately.
    pub notes: Vec<NoteFacts>,
    pub transfers: Vec<TransferFacts>,
    pub seals: Vec<SealAsked>,
    pub revoked_cards: BTreeSet<Reference>,
    pub inspections: BTreeMap<Plate, InspectionFacts>,
    /// Notes whose truck is drawn if it comes before `not_after`. Why stays with the platform.
    pub drawn: BTreeSet<Reference>,
    /// Trucks that were drawn lately and inspected.
    pub cleared: BTreeSet<Plate>,
    pub held: BTreeMap<Plate, HeldFacts>,
    pub inspection_ms: u64,
    pub lane_ms: u64,
}

impl GateSnapshot {
    pub const PURPOSE: &'static str = "sealway/v1/gate-snapshot";
}

/// A decision that a gate made alone, as it wrote it down: a line of JSON, signed by the gate's key, chained to the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateLine {
    /// From 1.
    pub number: u64,
    /// Hex of the SHA-256 of the line before, zeros in the first one.
    pub prev: String,
    pub at: Time,
    /// When the snapshot was taken that it was decided by.
    pub snapshot_at: Time,
    pub question: GateQuestion,
    /// The seal's signed answer as the gate's reader heard it, hex of COSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    pub verdict: GateVerdict,
    pub reasons: Vec<Reason>,
}

impl GateLine {
    pub const PURPOSE: &'static str = "sealway/v1/gate-decision";
    /// `prev` of the first line.
    pub const FIRST: &'static str = "0000000000000000000000000000000000000000000000000000000000000000";
}
