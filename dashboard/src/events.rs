//! The live events (Server-Sent Events): only what the caller's scope sees, resumed where the line broke.
//!
//! A reader who is slower than the events holds nobody up: what he missed is read again from the ring, and what is no longer there
//! becomes one `reset`, which tells the page to load its lists anew; so do lists that lacked for a while what events told. The token is
//! looked at again while the stream is open.

use crate::caller::{Caller, authenticate_again};
use crate::problem::{Problem, ProblemBody};
use crate::serve::Stopping;
use crate::state::Dashboard;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures::Stream;
use sealway_schemas::event::Change;
use sealway_tracker::{Numbered, Subscription};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LAST_EVENT_ID: &str = "last-event-id";

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(events))
}

/// The live events
#[utoipa::path(get, path = "/events", tag = "events",
    description = "`id` is the event's number, `event` its kind (`position`, `movement`, `alert`, `device`, `record`), `data` the row as JSON. \
        An event comes once the lists have its row: listen, then load the lists, and nothing is missed between. \
        `reset` says that events were missed: load the lists anew.",
    params(("last-event-id" = Option<u64>, Header, description = "Resume after this one")), responses(
    (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn events(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    stopping: Option<axum::Extension<Stopping>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let after = last_event_id(&headers)?;
    let permit = dashboard.streams.clone().try_acquire_owned().map_err(|_| {
        let detail = "event streams: all are in use, expected fewer readers";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", detail).retry_after(30)
    })?;
    let reader = Reader::new(dashboard, caller, after, permit);
    let messages = futures::stream::unfold(reader, |mut reader| async move {
        let message = reader.next().await?;
        Some((Ok::<_, Infallible>(message), reader))
    });
    Ok(Sse::new(until_stopping(messages, stopping.map(|extension| extension.0))).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn until_stopping<M>(messages: impl Stream<Item = M>, stopping: Option<Stopping>) -> impl Stream<Item = M> {
    use futures::StreamExt as _;
    messages.take_until(async move {
        match stopping {
            Some(stopping) => stopping.wait().await,
            None => std::future::pending().await,
        }
    })
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number
        .map(Some)
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "last-event-id", "header Last-Event-ID: expected the number of an event"))
}

struct Reader {
    dashboard: Dashboard,
    caller: Caller,
    subscription: Subscription,
    backlog: VecDeque<Numbered>,
    /// The newest event that was looked at.
    seen: u64,
    relisted: watch::Receiver<()>,
    reset_due: bool,
    look_again: Interval,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    fn new(dashboard: Dashboard, caller: Caller, after: Option<u64>, permit: OwnedSemaphorePermit) -> Self {
        let (relisted, newest) = (dashboard.tracker.events().relisted(), dashboard.tracker.events().newest());
        // A number from the future was never given here: nothing is known about what its reader has.
        let resumed = after.filter(|after| *after <= newest);
        let mut subscription = dashboard.tracker.events().subscribe(Some(resumed.unwrap_or(newest)));
        let reset_due = (after.is_some() && resumed.is_none()) || (resumed.is_some() && subscription.missed);
        let backlog = if reset_due { VecDeque::new() } else { std::mem::take(&mut subscription.backlog).into() };
        let mut look_again = interval(LOOK_AGAIN);
        look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look_again.reset();
        Self { dashboard, caller, subscription, backlog, seen: resumed.unwrap_or(newest), relisted, reset_due, look_again, _permit: permit }
    }

    /// The next message; `None` ends the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if std::mem::take(&mut self.reset_due) {
                return Some(self.reset());
            }
            if let Some(numbered) = self.backlog.pop_front() {
                if let Some(message) = self.message(&numbered) {
                    return Some(message);
                }
                continue;
            }
            tokio::select! {
                received = self.subscription.live.recv() => match received {
                    Ok(numbered) if numbered.0 > self.seen => self.backlog.push_back(numbered),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.catch_up(),
                    Err(RecvError::Closed) => return None,
                },
                Ok(()) = self.relisted.changed() => return Some(self.reset()),
                _ = self.look_again.tick() => {
                    self.caller = authenticate_again(&self.dashboard, &self.caller).await.ok()?;
                }
            }
        }
    }

    fn catch_up(&mut self) {
        let mut subscription = self.dashboard.tracker.events().subscribe(Some(self.seen));
        self.reset_due = subscription.missed;
        self.backlog = if self.reset_due { VecDeque::new() } else { std::mem::take(&mut subscription.backlog).into() };
        self.subscription = subscription;
    }

    fn message(&mut self, (seq, event): &Numbered) -> Option<Message> {
        self.seen = *seq;
        if !self.caller.scope().sees_event(event) {
            return None;
        }
        let data = match &event.change {
            Change::Position(position) => serde_json::to_string(position),
            Change::Movement(transfer) => serde_json::to_string(transfer),
            Change::Alert(alert) => serde_json::to_string(alert),
            Change::Device(device) => serde_json::to_string(device),
            Change::Record(record) => serde_json::to_string(record),
        };
        let data = data.ok()?;
        self.dashboard.figures.events_sent.fetch_add(1, Relaxed);
        Some(Message::default().id(seq.to_string()).event(event.change.kind()).data(data))
    }

    fn reset(&mut self) -> Message {
        self.seen = self.dashboard.tracker.events().newest();
        self.dashboard.figures.events_reset.fetch_add(1, Relaxed);
        Message::default().id(self.seen.to_string()).event("reset").data("{}")
    }
}
