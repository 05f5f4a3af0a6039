//! The outbox at work: who writes it, who delivers, and what people may ask of it.

use super::courier::Sealer;
use super::feed::{Closing, Feed};
use super::store::{Letter, OutboxError, Standing, Store};
use super::worker::Worker;
use crate::config::TrackerConfig;
use crate::platform_key::PlatformKey;
use sealway_schemas::WebhookId;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

/// The tasks of the outbox.
pub(crate) struct Mailroom {
    outbox: Outbox,
    writing: JoinHandle<()>,
}

impl Mailroom {
    pub(crate) fn start(config: &TrackerConfig, key: &PlatformKey, (feed, store): (Feed, Store)) -> Self {
        let wake = feed.written();
        let writing = tokio::spawn(feed.clone().run(store.clone()));
        let delivering = config.courier.clone().map(|courier| {
            let (sealer, clock, tries) = (Arc::new(Sealer::new(key)), config.clock.clone(), config.courier_tries);
            let worker = Worker { store: store.clone(), courier, sealer, clock, tries, wake: wake.clone() };
            tokio::spawn(worker.run()).abort_handle()
        });
        Self { outbox: Outbox { store, feed, wake, delivering }, writing }
    }

    pub(crate) fn feed(&self) -> Feed {
        self.outbox.feed.clone()
    }

    pub(crate) fn open(self) -> (Outbox, JoinHandle<()>) {
        (self.outbox, self.writing)
    }
}

/// What webhooks are told, and what they did not take. Whether the asker may see a webhook is asked of the registry before.
#[derive(Debug, Clone)]
pub struct Outbox {
    store: Store,
    feed: Feed,
    wake: Arc<Notify>,
    delivering: Option<AbortHandle>,
}

impl Outbox {
    /// Of a webhook, or of all.
    pub async fn standing(&self, webhook: Option<&WebhookId>) -> Result<Standing, OutboxError> {
        self.store.standing(webhook).await
    }

    /// What is not delivered, in the order of its numbers, after `after`.
    pub async fn letters(&self, webhook: &WebhookId, after: Option<u64>, limit: u32) -> Result<Vec<Letter>, OutboxError> {
        self.store.letters(webhook, after, limit).await
    }

    /// Dead letters wait again, and are told before what waits. What was told meanwhile came before them: their numbers show where they belong.
    pub async fn retry(&self, webhook: &WebhookId) -> Result<u64, OutboxError> {
        let letters = self.store.retry(webhook).await?;
        self.wake.notify_one();
        Ok(letters)
    }

    /// Writes what waits and calls nobody any more.
    pub(crate) fn end(&self, closing: Closing) {
        self.feed.close(closing);
        if let Some(delivering) = &self.delivering {
            delivering.abort();
        }
    }
}
