//! The connection of a person's system that listens to events: it subscribes within its scope and publishes nothing.

use super::State;
use super::chatter::Chatter;
use super::line::Line;
use super::mailbox::{Farewell, Mailbox};
use super::outstanding::Outstanding;
use super::switchboard::{Badge, Name};
use crate::counters::{Counters, Gauge, Origin, add};
use crate::events::Routed;
use crate::mqtt::connect::Greeting;
use crate::mqtt::filter::EventFilter;
use crate::mqtt::frame::Frame;
use crate::mqtt::publish::puback;
use crate::mqtt::subscribe::{Subscribe, Unsubscribe, disconnect};
use crate::mqtt::{Kind, Version, write};
use crate::{EventScope, Refusal};
use sealway_schemas::link::SessionId;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};

/// Subscriptions of one listener.
const SUBSCRIPTIONS: usize = 64;
/// QoS 1 events that a listener has not acknowledged.
const EVENTS_IN_FLIGHT: usize = 64;
/// Events put into one write.
const EVENTS_PER_WRITE: usize = 64;
/// SUBACK of 3.1.1: refused.
const FAILURE: u8 = 0x80;
const NO_SUBSCRIPTION_EXISTED: u8 = 0x11;

/// A listener that was admitted. Its CONNACK waits in `line.out`.
pub(crate) struct ListenerLine {
    line: Line,
    version: Version,
    session: SessionId,
    scope: EventScope,
    name: Name,
    mailbox: Arc<Mailbox>,
    chatter: Chatter,
    subscriptions: Vec<(EventFilter, u8)>,
    /// Events of the whole scope, from the first subscription on.
    events: Option<broadcast::Receiver<Routed>>,
    outstanding: Outstanding,
    packet_max: usize,
    silence_max: Duration,
    heard: Instant,
}

impl ListenerLine {
    pub(crate) fn new(line: Line, greeting: &Greeting, session: SessionId, scope: EventScope, client_id: String, keep_alive: u16) -> Self {
        let user = greeting.user_name.clone().unwrap_or_default();
        Self {
            line,
            version: greeting.version,
            session,
            scope,
            name: Name::Listener { user, client_id },
            mailbox: Arc::new(Mailbox::default()),
            chatter: Chatter::new(),
            subscriptions: Vec::new(),
            events: None,
            outstanding: Outstanding::new(greeting.receive_maximum, EVENTS_IN_FLIGHT),
            packet_max: usize::try_from(greeting.packet_maximum).unwrap_or(usize::MAX),
            silence_max: Duration::from_secs(u64::from(keep_alive)) * 3 / 2,
            heard: Instant::now(),
        }
    }

    pub(crate) async fn serve(mut self, state: &State) {
        let _listening = Gauge::up(&state.counters.listeners);
        state.switchboard.seat(self.session, Badge::of(self.name.clone(), &self.line, self.version), &self.mailbox);
        let farewell = match self.turns(state).await {
            Ok(never) => match never {},
            Err(farewell) => farewell,
        };
        state.switchboard.leave(self.session, &self.name);
        if let Farewell::Refused(refusal) = farewell {
            state.counters.refuse(refusal, self.origin());
        }
        self.line.close(self.version, farewell).await;
    }

    async fn turns(&mut self, state: &State) -> Result<std::convert::Infallible, Farewell> {
        self.line.flush().await?;
        let mut alarm = pin!(sleep_until(self.heard + self.silence_max));
        loop {
            // Nothing but a farewell ever lies in a listener's mailbox.
            if let Some(farewell) = self.mailbox.take(0).farewell {
                return Err(farewell);
            }
            while let Some(frame) = self.line.inbox.next()? {
                self.heard = Instant::now();
                self.judge(&frame, state).await?;
            }
            self.line.flush().await?;
            let open = self.outstanding.room() > 0;
            tokio::select! {
                biased;
                () = self.mailbox.rung() => {}
                read = self.line.read() => read?,
                event = next(&mut self.events), if open => self.forward(event, &state.counters)?,
                () = &mut alarm => {
                    if self.heard.elapsed() >= self.silence_max {
                        return Err(Refusal::KeepAlive.into());
                    }
                    alarm.as_mut().reset(self.heard + self.silence_max);
                }
            }
        }
    }

    async fn judge(&mut self, frame: &Frame, state: &State) -> Result<(), Farewell> {
        self.chatter.hear(frame.kind)?;
        match frame.kind {
            Kind::Puback => self.outstanding.acknowledged(puback(self.version, frame)?)?,
            Kind::Pingreq if frame.body.is_empty() => write::pingresp(&mut self.line.out),
            Kind::Subscribe => self.subscribe(Subscribe::read(self.version, frame)?, state).await?,
            Kind::Unsubscribe => self.unsubscribe(&Unsubscribe::read(self.version, frame)?),
            Kind::Disconnect => {
                disconnect(self.version, frame)?;
                return Err(Farewell::Left);
            }
            Kind::Publish => return Err(Refusal::ForeignTopic.into()),
            Kind::Pingreq => return Err(Refusal::MalformedPacket.into()),
            Kind::Connect => return Err(Refusal::UnexpectedPacket.into()),
        }
        Ok(())
    }

    async fn subscribe(&mut self, subscribe: Subscribe, state: &State) -> Result<(), Refusal> {
        let mut codes = Vec::with_capacity(subscribe.entries.len());
        for (text, qos) in subscribe.entries {
            match EventFilter::parse(&text, &self.scope).and_then(|filter| self.keep(filter, qos)) {
                Ok(()) => codes.push(qos),
                Err(refusal) => {
                    state.counters.refuse(refusal, self.origin());
                    codes.push(if self.version == Version::V5 { refusal.reason_code() } else { FAILURE });
                }
            }
        }
        if self.events.is_none() && !self.subscriptions.is_empty() {
            let events = state.events.listen(&self.scope).await.map_err(|error| {
                tracing::warn!(%error, "a listener gets no events");
                Refusal::EventsDown
            })?;
            self.events = Some(events);
        }
        write::suback(&mut self.line.out, self.version, subscribe.packet_id, &codes);
        Ok(())
    }

    fn keep(&mut self, filter: EventFilter, qos: u8) -> Result<(), Refusal> {
        if let Some(known) = self.subscriptions.iter_mut().find(|(known, _)| *known == filter) {
            known.1 = qos;
            return Ok(());
        }
        if self.subscriptions.len() == SUBSCRIPTIONS {
            return Err(Refusal::TooManySubscriptions);
        }
        self.subscriptions.push((filter, qos));
        Ok(())
    }

    fn unsubscribe(&mut self, unsubscribe: &Unsubscribe) {
        let mut codes = Vec::with_capacity(unsubscribe.filters.len());
        for text in &unsubscribe.filters {
            let before = self.subscriptions.len();
            self.subscriptions.retain(|(filter, _)| filter.as_str() != text);
            codes.push(if self.subscriptions.len() < before { 0 } else { NO_SUBSCRIPTION_EXISTED });
        }
        if self.subscriptions.is_empty() {
            self.events = None;
        }
        write::unsuback(&mut self.line.out, self.version, unsubscribe.packet_id, &codes);
    }

    /// Writes one event, and those that already wait behind it.
    fn forward(&mut self, first: Result<Routed, RecvError>, counters: &Counters) -> Result<(), Refusal> {
        let first = first.map_err(|error| match error {
            RecvError::Lagged(_) => Refusal::LaggingListener,
            RecvError::Closed => Refusal::EventsDown,
        })?;
        self.write(&first, counters);
        for _ in 1..EVENTS_PER_WRITE {
            if self.outstanding.room() == 0 {
                break;
            }
            match self.events.as_mut().map(broadcast::Receiver::try_recv) {
                Some(Ok(event)) => self.write(&event, counters),
                Some(Err(TryRecvError::Lagged(_))) => return Err(Refusal::LaggingListener),
                Some(Err(TryRecvError::Empty | TryRecvError::Closed)) | None => break,
            }
        }
        Ok(())
    }

    fn write(&mut self, event: &Routed, counters: &Counters) {
        // Once, with the highest QoS of the filters that match.
        let Some(qos) = self.subscriptions.iter().filter(|(filter, _)| filter.matches(&event.topic)).map(|(_, qos)| *qos).max() else {
            return;
        };
        if write::publish_size(self.version, &event.topic, &event.payload) > self.packet_max {
            add(&counters.downs_unsendable, 1);
            return;
        }
        let packet_id = (qos > 0).then(|| self.outstanding.issue());
        write::publish(&mut self.line.out, self.version, &event.topic, packet_id, &event.payload);
        add(&counters.events_sent, 1);
    }

    fn origin(&self) -> Origin {
        Origin { peer: self.line.peer, device: None }
    }
}

/// Waits for ever while there is no subscription.
async fn next(events: &mut Option<broadcast::Receiver<Routed>>) -> Result<Routed, RecvError> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}
