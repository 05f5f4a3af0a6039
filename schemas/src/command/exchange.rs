//! Other systems: where they are told.

use super::kinds::kinds;
use crate::{PartyId, WebhookId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExchangeCommand {
    /// Events of these kinds, as far as the party may see them, are posted to `url`, signed by the platform key.
    PutWebhook {
        webhook: WebhookId,
        party: PartyId,
        /// `https` only, at most 2,000 characters, without a user in it.
        url: String,
        /// `movement`, `alert`, `device`, `record`; each at most once.
        kinds: Vec<String>,
    },
    RemoveWebhook {
        webhook: WebhookId,
    },
}

kinds!(ExchangeCommand { PutWebhook => "put-webhook", RemoveWebhook => "remove-webhook" });

impl ExchangeCommand {
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::PutWebhook { webhook, .. } | Self::RemoveWebhook { webhook } => webhook.to_string(),
        }
    }
}
