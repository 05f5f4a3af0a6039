//! One device's connection: login, hello, reports out, acks and orders in. It holds no judgement; the device does.

use crate::device::{Device, Heard};
use crate::line::{Door, Line};
use crate::mqtt::{self, Incoming};
use bytes::{Buf as _, BytesMut};
use sealway_schemas::{DeviceId, Time, topics};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

const KEEP_ALIVE_S: u16 = 60;
/// Well inside the keep-alive.
const PING_AFTER: Duration = Duration::from_secs(25);
const HANDSHAKE: Duration = Duration::from_secs(20);
/// PUBLISHes in flight; a seal's modem has no more memory.
const IN_FLIGHT: usize = 8;

/// Why a connection did not come about, or ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("{device}: {source}")]
    Io { device: DeviceId, source: std::io::Error },
    #[error("{device}: the platform refused the login with code {code}")]
    Refused { device: DeviceId, code: u8 },
    #[error("{device}: the platform refused the subscription to its down topic")]
    NotSubscribed { device: DeviceId },
    #[error("{device}: {fault}")]
    Mqtt { device: DeviceId, fault: mqtt::Fault },
    #[error("{device}: the platform did not answer in {0:?}", device = .1)]
    Silent(Duration, DeviceId),
    #[error("{0}: no randomness from the system")]
    NoRandomness(DeviceId),
}

/// What has happened on a device's connections.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    pub publishes: u64,
    pub pubacks: u64,
    pub connects: u64,
    pub answered: u64,
    pub state_lost: bool,
    /// From PUBLISH to PUBACK, microseconds.
    pub puback_us: Vec<u32>,
}

/// Where the device is, asked at the moment when it has to say so.
pub trait Around {
    /// Lets the device observe, and returns its uptime in milliseconds.
    fn look(&mut self, device: &mut Device) -> u64;
}

/// An open connection.
#[derive(Debug)]
pub struct Link {
    device: DeviceId,
    stream: Line,
    buffer: BytesMut,
    topic: String,
    next_ticket: u16,
    flying: HashMap<u16, Instant>,
    last_write: Instant,
}

/// Unix time by this machine's clock.
#[must_use]
pub fn unix_now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap_or_default())
}

impl Link {
    /// Connects, subscribes and says hello. The login's time is kept by `keep` before it is used.
    pub async fn open(device: &mut Device, door: &Door, keep: impl FnOnce(&Device)) -> Result<Self, LinkError> {
        let id = device.id();
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| LinkError::NoRandomness(id))?;
        let password = device.login(unix_now(), nonce);
        keep(device);
        let stream = door.open().await.map_err(|source| LinkError::Io { device: id, source })?;
        let mut link = Self {
            device: id,
            stream,
            buffer: BytesMut::with_capacity(4096),
            topic: topics::up(&id),
            next_ticket: 1,
            flying: HashMap::new(),
            last_write: Instant::now(),
        };
        link.handshake(&password, device).await?;
        Ok(link)
    }

    async fn handshake(&mut self, password: &str, device: &mut Device) -> Result<(), LinkError> {
        let id = self.device;
        let deadline = Instant::now() + HANDSHAKE;
        let mut out = Vec::with_capacity(1024);
        mqtt::connect(id.as_str(), password, KEEP_ALIVE_S, &mut out);
        self.write(&out).await?;
        match self.expect(deadline).await? {
            Incoming::ConnAck(0) => {}
            Incoming::ConnAck(code) => return Err(LinkError::Refused { device: id, code }),
            _ => return Err(LinkError::Silent(HANDSHAKE, id)),
        }
        out.clear();
        mqtt::subscribe(&topics::down(&id), 1, &mut out);
        self.write(&out).await?;
        match self.expect(deadline).await? {
            Incoming::SubAck(0 | 1) => {}
            _ => return Err(LinkError::NotSubscribed { device: id }),
        }
        out.clear();
        let hello = device.connected();
        let ticket = self.take_ticket();
        mqtt::publish_once(&self.topic, ticket, &hello, &mut out);
        self.write(&out).await
    }

    /// A packet of the handshake; it carries nothing borrowed.
    async fn expect(&mut self, deadline: Instant) -> Result<Incoming<'static>, LinkError> {
        loop {
            if let Some((packet, length)) = mqtt::first(&self.buffer).map_err(|fault| LinkError::Mqtt { device: self.device, fault })? {
                let found = match packet {
                    Incoming::ConnAck(code) => Incoming::ConnAck(code),
                    Incoming::SubAck(granted) => Incoming::SubAck(granted),
                    Incoming::PubAck(_) | Incoming::Publish { .. } | Incoming::PingResp => Incoming::PingResp,
                };
                self.buffer.advance(length);
                return Ok(found);
            }
            if !self.read(deadline).await? {
                return Err(LinkError::Silent(HANDSHAKE, self.device));
            }
        }
    }

    /// Sends what the device has to send, as far as the window allows.
    pub async fn flush(&mut self, device: &mut Device, traffic: &mut Traffic) -> Result<(), LinkError> {
        let mut out = Vec::new();
        while device.in_flight() < IN_FLIGHT {
            let ticket = self.take_ticket();
            let Some(payload) = device.next_payload(ticket) else { break };
            mqtt::publish_once(&self.topic, ticket, &payload, &mut out);
            self.flying.insert(ticket, Instant::now());
            traffic.publishes += 1;
        }
        if out.is_empty() && self.last_write.elapsed() > PING_AFTER {
            mqtt::ping(&mut out);
        }
        if out.is_empty() { Ok(()) } else { self.write(&out).await }
    }

    /// Publishes bytes that the device did not ask to send: what a fraud puts on the wire.
    pub async fn publish_raw(&mut self, payload: &[u8], traffic: &mut Traffic) -> Result<(), LinkError> {
        let mut out = Vec::new();
        let ticket = self.take_ticket();
        mqtt::publish_once(&self.topic, ticket, payload, &mut out);
        self.flying.insert(ticket, Instant::now());
        traffic.publishes += 1;
        self.write(&out).await
    }

    /// Sends and listens until `until`. `around` is looked at whenever something is heard.
    /// Cancel safe: what was read stays in the buffer.
    pub async fn turn(
        &mut self,
        device: &mut Device,
        around: &mut impl Around,
        until: Instant,
        traffic: &mut Traffic,
    ) -> Result<(), LinkError> {
        loop {
            self.take_in(device, around, traffic).await?;
            self.flush(device, traffic).await?;
            if !self.read(until).await? {
                return Ok(());
            }
        }
    }

    /// Like [`Link::turn`], but ends as soon as the signed acks cover every report and every receipt is there.
    pub async fn turn_until_acked(
        &mut self,
        device: &mut Device,
        around: &mut impl Around,
        until: Instant,
        traffic: &mut Traffic,
    ) -> Result<bool, LinkError> {
        loop {
            self.take_in(device, around, traffic).await?;
            self.flush(device, traffic).await?;
            if device.all_acked() && self.flying.is_empty() {
                return Ok(true);
            }
            if !self.read(until).await? {
                return Ok(false);
            }
        }
    }

    /// Listens until every PUBLISH has its receipt; false if that took too long.
    pub async fn wait_for_receipts(
        &mut self,
        device: &mut Device,
        around: &mut impl Around,
        until: Instant,
        traffic: &mut Traffic,
    ) -> Result<bool, LinkError> {
        loop {
            self.take_in(device, around, traffic).await?;
            if self.flying.is_empty() {
                return Ok(true);
            }
            if !self.read(until).await? {
                return Ok(false);
            }
        }
    }

    pub async fn close(mut self, device: &mut Device) {
        device.disconnected();
        let mut out = Vec::new();
        mqtt::disconnect(&mut out);
        // The connection ends either way.
        let _ = self.write(&out).await;
        let _ = self.stream.shutdown().await;
    }

    async fn take_in(&mut self, device: &mut Device, around: &mut impl Around, traffic: &mut Traffic) -> Result<(), LinkError> {
        let mut out = Vec::new();
        while let Some((packet, length)) = mqtt::first(&self.buffer).map_err(|fault| LinkError::Mqtt { device: self.device, fault })? {
            match packet {
                Incoming::PubAck(ticket) => {
                    device.settled(ticket);
                    if let Some(sent) = self.flying.remove(&ticket) {
                        traffic.pubacks += 1;
                        traffic.puback_us.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                    }
                }
                Incoming::Publish { ticket, payload } => {
                    let uptime_ms = around.look(device);
                    let heard = device.hear(uptime_ms, payload);
                    tracing::trace!(device = %self.device, ?heard, "down message");
                    traffic.answered += u64::from(matches!(heard, Heard::Answered(_)));
                    traffic.state_lost |= heard == Heard::StateLost;
                    if ticket != 0 {
                        mqtt::puback(ticket, &mut out);
                    }
                }
                Incoming::ConnAck(_) | Incoming::SubAck(_) | Incoming::PingResp => {}
            }
            self.buffer.advance(length);
        }
        if out.is_empty() { Ok(()) } else { self.write(&out).await }
    }

    /// False at the deadline.
    async fn read(&mut self, deadline: Instant) -> Result<bool, LinkError> {
        self.buffer.reserve(1024);
        match timeout_at(deadline, self.stream.read_buf(&mut self.buffer)).await {
            Err(_) => Ok(false),
            Ok(Ok(0)) => Err(LinkError::Io { device: self.device, source: std::io::ErrorKind::ConnectionReset.into() }),
            Ok(Ok(_)) => Ok(true),
            Ok(Err(source)) => Err(LinkError::Io { device: self.device, source }),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.last_write = Instant::now();
        let written = async { self.stream.write_all(bytes).await.and(self.stream.flush().await) };
        written.await.map_err(|source| LinkError::Io { device: self.device, source })
    }

    fn take_ticket(&mut self) -> u16 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.checked_add(1).unwrap_or(1);
        ticket
    }
}
