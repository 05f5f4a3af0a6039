//! Papers that a truck carries to a gate: release notes and pass cards.

use super::{Direction, NoteUse, Plate};
use crate::ledger::{GoodsCode, Quantity, Reference, UnitCode};
use crate::record::Recorded;
use crate::{GateId, PartyId, PlaceId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};

/// A release note 核放单 as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseNoteView {
    pub note: Reference,
    pub transfer: TransferId,
    pub truck: Plate,
    pub unit: String,
    pub direction: Direction,
    pub place: PlaceId,
    pub gate: Option<GateId>,
    pub gross_kg: Quantity,
    pub not_after: Option<Time>,
    pub issued_at: Time,
    pub issued_by: UserId,
    pub revoked_at: Option<Time>,
    /// It lets through once.
    pub used: Option<NoteUse>,
}

impl Recorded for ReleaseNoteView {
    const KIND: &'static str = "release-note";

    fn id(&self) -> String {
        self.note.to_string()
    }

    fn at(&self) -> Time {
        let used = self.used.as_ref().map(|used| used.at);
        self.issued_at.max(self.revoked_at.unwrap_or_default()).max(used.unwrap_or_default())
    }

    fn transfer(&self) -> Option<&TransferId> {
        Some(&self.transfer)
    }
}

/// A kind of goods that an enterprise's vehicle may carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CardGoods {
    pub goods: GoodsCode,
    pub quantity: Quantity,
    pub unit: UnitCode,
    /// 规格
    pub specification: String,
}

/// What a pass card 企业智能通行卡 says; its QR code carries this and the platform's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PassCard {
    pub card: Reference,
    pub enterprise: PartyId,
    pub truck: Plate,
    pub goods: Vec<CardGoods>,
    pub not_before: Time,
    pub not_after: Time,
}

impl PassCard {
    /// What the platform's signature says that it is for.
    pub const PURPOSE: &'static str = "sealway/v1/pass-card";
    /// The first part of the QR code's text; content and signature follow in base64url, each after a point.
    pub const PREFIX: &'static str = "SLW1";
}

/// A pass card that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassCardView {
    pub content: PassCard,
    pub issued_at: Time,
    pub issued_by: UserId,
    pub revoked_at: Option<Time>,
}

impl Recorded for PassCardView {
    const KIND: &'static str = "pass-card";

    fn id(&self) -> String {
        self.content.card.to_string()
    }

    fn at(&self) -> Time {
        self.revoked_at.unwrap_or(self.issued_at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// A pass card was read at a gate: filed by the reading itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassCardReading {
    pub gate: GateId,
    /// The gate's own number of the reading, or of the decision that the card was shown for.
    pub reading: Reference,
    pub lane: u8,
    pub at: Time,
    pub content: PassCard,
    /// In its time, and not revoked.
    pub valid: bool,
}

impl Recorded for PassCardReading {
    const KIND: &'static str = "pass-card-reading";

    fn id(&self) -> String {
        format!("{}.{}", self.gate, self.reading)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
