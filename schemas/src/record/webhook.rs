//! Webhooks: the systems of parties that are told of events by HTTPS.

use super::Recorded;
use crate::{PartyId, Time, TransferId, UserId, WebhookId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookView {
    pub id: WebhookId,
    /// Whose events it is told, as far as the party may see them.
    pub party: PartyId,
    pub url: String,
    /// `movement`, `alert`, `device`, `record`.
    pub kinds: Vec<String>,
    pub put_at: Time,
    pub put_by: UserId,
    pub removed_at: Option<Time>,
}

impl Recorded for WebhookView {
    const KIND: &'static str = "webhook";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn at(&self) -> Time {
        self.removed_at.unwrap_or(self.put_at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
