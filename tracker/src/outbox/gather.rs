//! What a replay told webhooks, as far as the outbox does not have it: no more of each than the outbox would keep.

use super::PENDING;
use sealway_core::{Outbound, Told};
use sealway_schemas::WebhookId;
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Numbers up to which each webhook's events are in the outbox or were.
    marks: BTreeMap<WebhookId, u64>,
    webhooks: BTreeMap<WebhookId, Outbound>,
    removed: BTreeMap<WebhookId, u64>,
    events: BTreeMap<WebhookId, VecDeque<Told>>,
}

impl Gathered {
    pub(crate) fn after(marks: BTreeMap<WebhookId, u64>) -> Self {
        Self { marks, ..Self::default() }
    }

    pub(crate) fn put(&mut self, outbound: Outbound) {
        match outbound {
            Outbound::Webhook { ref webhook, .. } => {
                self.webhooks.insert(webhook.clone(), outbound);
            }
            Outbound::Removed { webhook, upto } => {
                self.webhooks.remove(&webhook);
                self.events.remove(&webhook);
                self.removed.insert(webhook, upto);
            }
            Outbound::Event(told) => {
                if self.marks.get(&told.webhook).is_some_and(|mark| told.number <= *mark) {
                    return;
                }
                let events = self.events.entry(told.webhook.clone()).or_default();
                events.push_back(told);
                if events.len() > PENDING as usize {
                    events.pop_front();
                }
            }
        }
    }

    /// In an order that gives the outbox what it would have had without the crash.
    pub(crate) fn into_outbound(self) -> impl Iterator<Item = Outbound> {
        let removed = self.removed.into_iter().map(|(webhook, upto)| Outbound::Removed { webhook, upto });
        removed.chain(self.webhooks.into_values()).chain(self.events.into_values().flatten().map(Outbound::Event))
    }
}
