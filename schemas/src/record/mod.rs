//! Records: what the areas of the trade tell beside transfers, devices and alerts. A record has a kind, an id within it, the parties
//! that may see it, and a body; the newest one of an id replaces the one before.

mod district;
mod enquiry;
mod grant;
mod hold;
mod incident;
mod rule;
mod signing;
mod verification;
mod webhook;
mod withdrawn;

use crate::{PartyId, Time, TransferId};
pub use district::DistrictView;
pub use enquiry::{EnquiryStanding, EnquiryView};
pub use grant::{GrantStanding, GrantView};
pub use hold::{HeldView, LiftedView};
pub use incident::{ReportedIncident, ResumedView};
pub use rule::{InspectionRuleView, StandingOrderView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
pub use signing::{ArrowRuleView, SignatureRuleView, SigningKeyView};
pub use verification::VerificationView;
pub use webhook::WebhookView;
pub use withdrawn::WithdrawnVersionView;

/// A view that is told as a record.
pub trait Recorded: Serialize + DeserializeOwned {
    /// Kebab-case, singular: `gate-decision`.
    const KIND: &'static str;

    /// Unique within the kind.
    fn id(&self) -> String;

    /// When it was made or last changed.
    fn at(&self) -> Time;

    /// The transfer that it belongs to.
    fn transfer(&self) -> Option<&TransferId>;
}

/// A record as it is kept and told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    pub kind: String,
    pub id: String,
    pub at: Time,
    pub transfer: Option<TransferId>,
    /// Who may see it, beside those who see all and those who may see its transfer.
    pub parties: Vec<PartyId>,
    pub body: serde_json::Value,
}

impl Record {
    /// `None` never happens: a view's fields all have a form in JSON.
    #[must_use]
    pub fn of<T: Recorded>(view: &T, parties: Vec<PartyId>) -> Option<Self> {
        let body = serde_json::to_value(view).ok()?;
        Some(Self { kind: T::KIND.to_owned(), id: view.id(), at: view.at(), transfer: view.transfer().cloned(), parties, body })
    }
}
