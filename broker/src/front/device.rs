//! One seal's connection, from CONNACK to the end.
//!
//! The loop writes what is due, judges what was read, hands the PUBLISHes on, and waits for the socket, the mailbox or the
//! keep-alive. Every wait may be cancelled: reading keeps its bytes in the line, the mailbox keeps its post until it is taken,
//! and an upload that is dropped (the connection is being closed) was not acknowledged, so the seal sends it again.

use super::Shared;
use super::chatter::Chatter;
use super::conduct::Conduct;
use super::line::Line;
use super::mailbox::{Delivery, Farewell, Mailbox};
use super::outstanding::Outstanding;
use super::seat::Seat;
use super::switchboard::{Badge, Name};
use crate::claim::Ingress;
use crate::counters::{Counters, Origin, add};
use crate::mqtt::connect::Greeting;
use crate::mqtt::frame::Frame;
use crate::mqtt::publish::{Publish, puback};
use crate::mqtt::subscribe::{Subscribe, Unsubscribe, disconnect};
use crate::mqtt::{Kind, Version, write};
use crate::{Limits, Refusal};
use sealway_schemas::link::{SessionId, UpMessage, Upload, Verdict};
use sealway_schemas::{DeviceId, topics};
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Down messages that a device has not acknowledged; the rest waits in the mailbox.
const DOWNS_IN_FLIGHT: usize = 16;
/// Reason of a version 5 UNSUBACK.
const NO_SUBSCRIPTION_EXISTED: u8 = 0x11;

/// A device that was admitted. Its CONNACK waits in `line.out`.
pub(crate) struct DeviceLine {
    line: Line,
    version: Version,
    session: SessionId,
    device: DeviceId,
    mailbox: Arc<Mailbox>,
    /// Packet ids read and not settled, with the length of their payload.
    in_flight: Vec<(u16, usize)>,
    /// Of these, the ones that wait until the device's window lets them go on.
    held: VecDeque<UpMessage>,
    /// Payload bytes that are with the tracker.
    under_way: usize,
    conduct: Conduct,
    chatter: Chatter,
    downs: Downs,
    silence_max: Duration,
    heard: Instant,
    /// An orderly shutdown waits for what is in flight; nothing more is read.
    draining: bool,
}

/// What holds for one device's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Seconds.
    pub(crate) keep_alive: u16,
    pub(crate) in_flight: u16,
}

/// What goes down to one device.
struct Downs {
    qos: u8,
    outstanding: Outstanding,
    packet_max: usize,
}

impl DeviceLine {
    pub(crate) fn new(line: Line, greeting: &Greeting, (session, device): (SessionId, DeviceId), bounds: Bounds) -> Self {
        let downs = Downs {
            qos: 1,
            outstanding: Outstanding::new(greeting.receive_maximum, DOWNS_IN_FLIGHT),
            packet_max: usize::try_from(greeting.packet_maximum).unwrap_or(usize::MAX),
        };
        Self {
            line,
            version: greeting.version,
            session,
            device,
            mailbox: Arc::new(Mailbox::default()),
            in_flight: Vec::new(),
            held: VecDeque::new(),
            under_way: 0,
            conduct: Conduct::new(usize::from(bounds.in_flight)),
            chatter: Chatter::new(),
            downs,
            // One and a half times the keep-alive: MQTT 3.1.1, 3.1.2.10.
            silence_max: Duration::from_secs(u64::from(bounds.keep_alive)) * 3 / 2,
            heard: Instant::now(),
            draining: false,
        }
    }

    pub(crate) async fn serve<I: Ingress>(mut self, shared: &Shared<I>) {
        let state = &shared.state;
        let badge = Badge::of(Name::Device(self.device), &self.line, self.version);
        let seat = Seat::take(shared, (self.session, self.device), badge, &self.mailbox);
        let farewell = self.run(shared).await;
        drop(seat);
        if let Farewell::Refused(refusal) = farewell {
            if matches!(refusal, Refusal::InVain | Refusal::MessageRate) {
                state.entrance.door.put_off(self.device);
            }
            state.counters.refuse(refusal, Origin { peer: self.line.peer, device: Some(self.device) });
        }
        self.line.close(self.version, farewell).await;
    }

    async fn run<I: Ingress>(&mut self, shared: &Shared<I>) -> Farewell {
        match self.turns(shared).await {
            Ok(never) => match never {},
            Err(farewell) => farewell,
        }
    }

    async fn turns<I: Ingress>(&mut self, shared: &Shared<I>) -> Result<std::convert::Infallible, Farewell> {
        let counters = &*shared.state.counters;
        let up = topics::up(&self.device);
        let down = topics::down(&self.device);
        self.line.flush().await?;
        let mut alarm = pin!(sleep_until(self.heard + self.silence_max));
        loop {
            self.deliver(counters, &down)?;
            if self.judge(&shared.state.limits, counters, (&up, &down))? {
                // A subscription or an acknowledgement may have made room for what waits.
                self.deliver(counters, &down)?;
            }
            self.line.flush().await?;
            let messages = self.due();
            if !messages.is_empty() {
                self.upload(shared, &down, messages).await?;
                continue;
            }
            let reads = self.reads();
            tokio::select! {
                biased;
                () = self.mailbox.rung() => {}
                read = self.line.read(), if reads => read?,
                () = &mut alarm => {
                    if !reads {
                        self.heard = Instant::now();
                    } else if self.heard.elapsed() >= self.silence_max {
                        return Err(Refusal::KeepAlive.into());
                    }
                    alarm.as_mut().reset(self.heard + self.silence_max);
                }
            }
        }
    }

    /// Not while packets of the last read wait for room in flight.
    fn reads(&self) -> bool {
        !self.draining && self.line.inbox.is_drained()
    }

    /// Writes PUBACKs and down messages out of the mailbox into the line's buffer.
    fn deliver(&mut self, counters: &Counters, down: &str) -> Result<(), Farewell> {
        let Delivery { settled, downs, farewell } = self.mailbox.take(self.downs.outstanding.room());
        let mut pubacks = 0;
        let mut enough = Ok(());
        for (packet_id, verdict) in settled {
            let Some(at) = self.in_flight.iter().position(|(id, _)| *id == packet_id) else { continue };
            self.under_way -= self.in_flight.swap_remove(at).1;
            write::puback(&mut self.line.out, self.version, packet_id, verdict);
            pubacks += 1;
            match verdict {
                Verdict::Stored => self.conduct.stored(),
                Verdict::NothingAcceptable => enough = enough.and(self.conduct.nothing_acceptable()),
            }
        }
        if pubacks > 0 {
            add(&counters.pubacks, pubacks);
            add(&counters.puback_writes, 1);
        }
        for message in downs {
            self.downs.write(&mut self.line.out, self.version, down, &message, counters);
        }
        enough?;
        match farewell {
            None => Ok(()),
            Some(Farewell::Shutdown) if !self.in_flight.is_empty() => {
                self.draining = true;
                Ok(())
            }
            Some(farewell) => Err(farewell),
        }
    }

    /// Judges the packets of the last read, as far as there is room in flight. True when there were others than PUBLISHes.
    fn judge(&mut self, limits: &Limits, counters: &Counters, own: (&str, &str)) -> Result<bool, Farewell> {
        let mut others = false;
        if self.draining {
            return Ok(others);
        }
        let cap = usize::from(limits.in_flight);
        let mut any = false;
        while self.version == Version::V5 || self.in_flight.len() < cap {
            let Some(frame) = self.line.inbox.next()? else { break };
            any = true;
            if frame.kind == Kind::Publish {
                self.publish(&frame, own.0, cap, counters)?;
            } else {
                self.other(&frame, own.1, counters)?;
                others = true;
            }
        }
        if any {
            self.heard = Instant::now();
        }
        Ok(others)
    }

    /// The messages that go on now, in the order in which they came.
    fn due(&mut self) -> Vec<UpMessage> {
        let mut due = Vec::new();
        while let Some(message) = self.held.front() {
            let with_the_tracker = self.in_flight.len() - self.held.len();
            if !self.conduct.allows(with_the_tracker, self.under_way + message.payload.len()) {
                break;
            }
            self.under_way += message.payload.len();
            due.extend(self.held.pop_front());
        }
        due
    }

    fn publish(&mut self, frame: &Frame, up: &str, cap: usize, counters: &Counters) -> Result<(), Refusal> {
        let publish = Publish::read(self.version, frame)?;
        if self.in_flight.iter().any(|(id, _)| *id == publish.packet_id) {
            return Err(Refusal::PacketIdInUse);
        }
        if self.in_flight.len() >= cap {
            return Err(Refusal::ReceiveMaximum);
        }
        match (publish.judge(up), self.version) {
            (Ok(()), _) => {
                self.in_flight.push((publish.packet_id, publish.payload.len()));
                add(&counters.published, 1);
                add(&counters.published_bytes, publish.payload.len() as u64);
                self.held.push_back(UpMessage { ticket: publish.packet_id, payload: publish.payload });
                Ok(())
            }
            // A name that no topic may have is no matter of rights: it ends the connection in both versions.
            (Err(refusal @ (Refusal::ForeignTopic | Refusal::PayloadTooLarge)), Version::V5) => {
                counters.refuse(refusal, self.origin());
                write::puback_reason(&mut self.line.out, publish.packet_id, refusal.puback_code());
                self.conduct.in_vain()
            }
            (Err(refusal), _) => Err(refusal),
        }
    }

    fn other(&mut self, frame: &Frame, down: &str, counters: &Counters) -> Result<(), Farewell> {
        self.chatter.hear(frame.kind)?;
        match frame.kind {
            Kind::Puback => self.downs.outstanding.acknowledged(puback(self.version, frame)?)?,
            Kind::Pingreq if frame.body.is_empty() => write::pingresp(&mut self.line.out),
            Kind::Subscribe => self.subscribe(&Subscribe::read(self.version, frame)?, down, counters)?,
            Kind::Unsubscribe => self.unsubscribe(&Unsubscribe::read(self.version, frame)?, down),
            Kind::Disconnect => {
                disconnect(self.version, frame)?;
                return Err(Farewell::Left);
            }
            Kind::Pingreq => return Err(Refusal::MalformedPacket.into()),
            Kind::Connect | Kind::Publish => return Err(Refusal::UnexpectedPacket.into()),
        }
        Ok(())
    }

    fn subscribe(&mut self, subscribe: &Subscribe, down: &str, counters: &Counters) -> Result<(), Refusal> {
        let mut codes = Vec::with_capacity(subscribe.entries.len());
        let mut enough = Ok(());
        for (filter, qos) in &subscribe.entries {
            if filter == down {
                self.downs.qos = *qos;
                self.mailbox.hears(true);
                codes.push(*qos);
                continue;
            }
            let refusal = match filter {
                filter if filter.starts_with("$share/") => Refusal::SharedSubscription,
                filter if filter.contains(['+', '#']) => Refusal::WildcardSubscription,
                _ => Refusal::ForeignSubscription,
            };
            if self.version == Version::V3_1_1 {
                return Err(refusal);
            }
            counters.refuse(refusal, self.origin());
            codes.push(refusal.reason_code());
            enough = enough.and(self.conduct.in_vain());
        }
        write::suback(&mut self.line.out, self.version, subscribe.packet_id, &codes);
        enough
    }

    fn unsubscribe(&mut self, unsubscribe: &Unsubscribe, down: &str) {
        let mut codes = Vec::with_capacity(unsubscribe.filters.len());
        for filter in &unsubscribe.filters {
            let own = filter == down;
            if own {
                self.mailbox.hears(false);
            }
            codes.push(if own { 0 } else { NO_SUBSCRIPTION_EXISTED });
        }
        write::unsuback(&mut self.line.out, self.version, unsubscribe.packet_id, &codes);
    }

    /// Hands the messages on. While the tracker is full this waits, and the socket is not read; PUBACKs still go out.
    async fn upload<I: Ingress>(&mut self, shared: &Shared<I>, down: &str, messages: Vec<UpMessage>) -> Result<(), Farewell> {
        let counters = &*shared.state.counters;
        add(&counters.uploads, 1);
        let upload = Upload { session: self.session, device: self.device, messages };
        let mut taken = pin!(shared.ingress.upload(upload));
        loop {
            tokio::select! {
                biased;
                () = &mut taken => break,
                () = self.mailbox.rung() => {}
            }
            self.deliver(counters, down)?;
            self.line.flush().await?;
        }
        // The client could not be heard meanwhile.
        self.heard = Instant::now();
        Ok(())
    }

    fn origin(&self) -> Origin {
        Origin { peer: self.line.peer, device: Some(self.device) }
    }
}

impl Downs {
    fn write(&mut self, out: &mut Vec<u8>, version: Version, topic: &str, message: &[u8], counters: &Counters) {
        if write::publish_size(version, topic, message) > self.packet_max {
            add(&counters.downs_unsendable, 1);
            return;
        }
        let packet_id = (self.qos > 0).then(|| self.outstanding.issue());
        write::publish(out, version, topic, packet_id, message);
        add(&counters.downs_sent, 1);
    }
}
