//! Delivers: of each webhook the oldest letter that waits, and the next one only when that one is taken or given up.

use super::courier::{Courier, Sealer};
use super::retry::wait_ms;
use super::store::{Head, OutboxError, Store};
use crate::config::Clock;
use sealway_core::event_id;
use sealway_schemas::WebhookId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Webhooks that are called at the same time.
const AT_ONCE: usize = 16;
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After the file could not be read or written.
const AFTER_FAULT: Duration = Duration::from_secs(1);
const ERROR_CHARS: usize = 500;

#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) courier: Arc<dyn Courier>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    /// So many tries, then a letter is dead.
    pub(crate) tries: u32,
    /// Something new may be due.
    pub(crate) wake: Arc<Notify>,
}

impl Worker {
    /// Until it is aborted. What was under way then is told again after the next start, under the same id.
    pub(crate) async fn run(self) {
        let (mut calls, mut called) = (JoinSet::new(), BTreeSet::new());
        loop {
            let wait = match self.call(&mut calls, &mut called).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read; it is tried again");
                    AFTER_FAULT
                }
            };
            tokio::select! {
                Some(ended) = calls.join_next() => {
                    if let Ok(webhook) = ended {
                        called.remove(&webhook);
                    }
                }
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Begins what is due, and says how long nothing else is.
    async fn call(&self, calls: &mut JoinSet<WebhookId>, called: &mut BTreeSet<WebhookId>) -> Result<Duration, OutboxError> {
        let now = self.clock.now();
        let mut wait = LONGEST_WAIT;
        for head in self.store.heads().await? {
            if called.contains(&head.webhook) || called.len() >= AT_ONCE {
                continue;
            }
            if head.due > now {
                wait = wait.min(Duration::from_millis(head.due.since(now)));
                continue;
            }
            called.insert(head.webhook.clone());
            let worker = self.clone();
            calls.spawn(async move {
                if let Err(error) = worker.deliver(&head).await {
                    tracing::warn!(%error, webhook = %head.webhook, "the outbox cannot be written; the letter is sent again");
                    tokio::time::sleep(AFTER_FAULT).await;
                }
                head.webhook
            });
        }
        Ok(wait)
    }

    async fn deliver(&self, head: &Head) -> Result<(), OutboxError> {
        match self.send(head).await {
            Ok(()) => self.store.delivered(head).await,
            Err(Unanswered { error, retry_after_ms }) => {
                let tries = head.tries + 1;
                let due = (tries < self.tries).then(|| self.clock.now().plus_ms(wait_ms(tries, coin(), retry_after_ms)));
                let error: String = error.chars().take(ERROR_CHARS).collect();
                tracing::info!(webhook = %head.webhook, number = head.number, tries, error, dead = due.is_none(), "a letter was not taken");
                self.store.failed(head, &error, due).await
            }
        }
    }

    async fn send(&self, head: &Head) -> Result<(), Unanswered> {
        let id = event_id(&head.webhook, head.number);
        let parcel = self.sealer.parcel(self.clock.now(), head.url.clone(), (id, head.body.clone()));
        let courier = self.courier.clone();
        let posted = tokio::task::spawn_blocking(move || courier.post(&parcel)).await;
        let failed = |error| Unanswered { error, retry_after_ms: None };
        let answer = posted.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        match answer.status {
            200..300 => Ok(()),
            status @ 300..400 => Err(failed(format!("status {status}: a redirect is not followed, expected 2xx"))),
            status => Err(Unanswered { error: format!("status {status}, expected 2xx"), retry_after_ms: answer.retry_after_ms }),
        }
    }
}

struct Unanswered {
    error: String,
    retry_after_ms: Option<u64>,
}

/// Without random numbers every receiver waits as long as its neighbour; nothing else depends on it.
fn coin() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SystemClock;
    use crate::outbox::{Answer, LetterState, Parcel};
    use crate::platform_key::PlatformKey;
    use base64::Engine as _;
    use sealway_core::{Outbound, Told};
    use sealway_schemas::Time;
    use std::sync::Mutex;

    /// Answers in this order, then with 200; keeps what it was given.
    #[derive(Debug, Default)]
    struct Receiver {
        answers: Mutex<Vec<Result<Answer, String>>>,
        taken: Mutex<Vec<Parcel>>,
        called: Notify,
    }

    impl Courier for Receiver {
        fn post(&self, parcel: &Parcel) -> Result<Answer, String> {
            self.taken.lock().unwrap().push(parcel.clone());
            self.called.notify_one();
            let mut answers = self.answers.lock().unwrap();
            if answers.is_empty() { Ok(Answer { status: 200, retry_after_ms: None }) } else { answers.remove(0) }
        }
    }

    struct Bench {
        worker: Worker,
        receiver: Arc<Receiver>,
        key: PlatformKey,
        folder: tempfile::TempDir,
    }

    fn hook() -> WebhookId {
        "erp".parse().unwrap()
    }

    fn told(number: u64) -> Outbound {
        let at = Time::from_ms(number);
        Outbound::Event(Told { webhook: hook(), number, at, kind: "alert", body: format!("{{\"n\":{number}}}") })
    }

    async fn bench(answers: Vec<Result<Answer, String>>, tries: u32) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let key = PlatformKey::load_or_make(&folder.path().join("platform.key")).unwrap();
        let store = Store::open(&folder.path().join("outbox.sqlite")).await.unwrap();
        let receiver = Arc::new(Receiver { answers: Mutex::new(answers), ..Receiver::default() });
        let worker = Worker {
            store,
            courier: receiver.clone(),
            sealer: Arc::new(Sealer::new(&key)),
            clock: Arc::new(SystemClock),
            tries,
            wake: Arc::default(),
        };
        let webhook = Outbound::Webhook { webhook: hook(), url: "https://erp.example/".to_owned() };
        worker.store.put(&[webhook, told(1), told(2)], (5, true)).await.unwrap();
        Bench { worker, receiver, key, folder }
    }

    fn status(status: u16) -> Result<Answer, String> {
        Ok(Answer { status, retry_after_ms: None })
    }

    impl Bench {
        /// Delivers the oldest letter, whether it is due or not.
        async fn deliver(&self) {
            let head = self.worker.store.heads().await.unwrap().pop().unwrap();
            self.worker.deliver(&head).await.unwrap();
        }

        fn ids(&self) -> Vec<String> {
            self.receiver.taken.lock().unwrap().iter().map(|parcel| parcel.headers[1].1.clone()).collect()
        }

        async fn standing(&self) -> (u64, u64, u64) {
            let standing = self.worker.store.standing(Some(&hook())).await.unwrap();
            (standing.pending, standing.dead, standing.delivered)
        }
    }

    #[tokio::test]
    async fn a_letter_is_told_again_until_it_is_taken_and_the_next_one_waits_for_it() {
        let bench = bench(vec![status(500), Err("refused".to_owned())], 5).await;
        bench.deliver().await;
        let letters = bench.worker.store.letters(&hook(), None, 10).await.unwrap();
        assert_eq!((letters[0].tries, letters[0].error.as_deref()), (1, Some("status 500, expected 2xx")));
        assert!(letters[0].due > bench.worker.clock.now() && letters[1].due == Time::ZERO, "{letters:?}");
        for _ in 0..3 {
            bench.deliver().await;
        }
        assert_eq!(bench.ids(), ["erp-1", "erp-1", "erp-1", "erp-2"]);
        assert_eq!(bench.standing().await, (0, 0, 2));
    }

    #[tokio::test]
    async fn a_letter_that_nobody_takes_is_dead_and_waits_for_somebody_to_ask_for_it() {
        let bench = bench(vec![status(404), status(302)], 2).await;
        bench.deliver().await;
        bench.deliver().await;
        let letters = bench.worker.store.letters(&hook(), None, 10).await.unwrap();
        assert_eq!((letters[0].state, letters[1].state), (LetterState::Dead, LetterState::Pending));
        assert!(letters[0].error.as_deref().unwrap().contains("redirect"), "{letters:?}");
        bench.deliver().await;
        assert_eq!(bench.standing().await, (0, 1, 1));
        assert_eq!(bench.worker.store.retry(&hook()).await.unwrap(), 1);
        bench.deliver().await;
        assert_eq!(bench.ids(), ["erp-1", "erp-1", "erp-2", "erp-1"]);
        assert_eq!(bench.standing().await, (0, 0, 2));
    }

    #[tokio::test]
    async fn what_is_sent_is_signed_by_the_platform() {
        let bench = bench(Vec::new(), 2).await;
        bench.deliver().await;
        let parcel = bench.receiver.taken.lock().unwrap().remove(0);
        let header = |name| parcel.headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let message = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), parcel.body);
        let signature = header("webhook-signature");
        let signature = base64::engine::general_purpose::STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(bench.key.public().as_bytes()).unwrap();
        key.verify_strict(message.as_bytes(), &ed25519_dalek::Signature::from_slice(&signature).unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_replay_puts_nothing_in_twice_and_a_removal_takes_only_what_was_before_it() {
        let bench = bench(Vec::new(), 2).await;
        bench.deliver().await;
        let webhook = Outbound::Webhook { webhook: hook(), url: "https://new.example/".to_owned() };
        let removed = Outbound::Removed { webhook: hook(), upto: 2 };
        bench.worker.store.put(&[removed, webhook, told(3), told(1), told(2), told(3), told(4)], (9, true)).await.unwrap();
        for _ in 0..2 {
            bench.deliver().await;
        }
        assert_eq!(bench.ids(), ["erp-1", "erp-3", "erp-4"]);
        assert_eq!(bench.receiver.taken.lock().unwrap()[2].url, "https://new.example/");
        assert_eq!((bench.worker.store.cursor().await.unwrap(), bench.standing().await), (9, (0, 0, 3)));
        assert!(bench.folder.path().join("outbox.sqlite").exists());
    }

    #[tokio::test]
    async fn a_webhook_that_nobody_answers_for_keeps_its_newest_letters() {
        let bench = bench(Vec::new(), 2).await;
        let many: Vec<Outbound> = (3..=u64::from(super::super::PENDING) + 7).map(told).collect();
        bench.worker.store.put(&many, (9, false)).await.unwrap();
        let standing = bench.worker.store.standing(None).await.unwrap();
        assert_eq!((standing.pending, standing.missed), (u64::from(super::super::PENDING), 7));
        assert_eq!(bench.worker.store.heads().await.unwrap()[0].number, 8);
    }

    #[tokio::test]
    async fn letters_go_out_by_themselves() {
        let bench = bench(vec![Err("refused".to_owned())], 5).await;
        let running = tokio::spawn(bench.worker.clone().run());
        while bench.ids().len() < 3 {
            bench.receiver.called.notified().await;
        }
        assert_eq!(bench.ids(), ["erp-1", "erp-1", "erp-2"]);
        running.abort();
    }
}
