//! Other systems: where they are told.

use super::kinds::kinds;
use crate::{PartyId, WebhookId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExchangeCommand {
    /// Events of these kinds are posted to `url`, signed by the platform key.
    PutWebhook {
        webhook: WebhookId,
        party: PartyId,
        url: String,
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
