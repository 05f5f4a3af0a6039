//! What a carrier of bytes and the tracker say to each other. Both know only these types, never each other.

use crate::{DeviceId, Time};
use bytes::Bytes;

/// One accepted connection; never reused while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One PUBLISH on a device's `up` topic.
#[derive(Debug, Clone)]
pub struct UpMessage {
    /// The MQTT packet id that a [`Settlement`] answers.
    pub ticket: u16,
    pub payload: Bytes,
}

/// All that one read of a device's socket brought.
#[derive(Debug, Clone)]
pub struct Upload {
    pub session: SessionId,
    pub device: DeviceId,
    pub messages: Vec<UpMessage>,
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// At least one item is on disk, now or before, or the message asked for nothing to be stored (a hello).
    Stored,
    /// Every item was refused: PUBACK with reason 0x99 in MQTT 5.
    NothingAcceptable,
}

/// PUBACKs that are due, and signed down messages that go with them. Sent only after the commit.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub session: SessionId,
    pub settled: Vec<(u16, Verdict)>,
    pub down: Vec<Bytes>,
}

/// Why the platform closes a device's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    Revoked,
    Shutdown,
}

/// The way back to devices, as the tracker sees it.
pub trait Downlink: Send + Sync {
    fn settle(&self, settlements: Vec<Settlement>);

    /// Sends a signed message to a device; false where it is not connected.
    fn publish(&self, device: &DeviceId, message: Bytes) -> bool;

    fn close(&self, device: &DeviceId, reason: CloseReason);
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Client {
    Device(DeviceId),
    /// A person's system that hears events. A client id belongs to its user.
    Listener {
        user: String,
        client_id: String,
    },
}

/// One open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub session: SessionId,
    pub client: Client,
    /// Address and port, or the name of the reader that relays it.
    pub peer: String,
    /// Of MQTT: `3.1.1` or `5`; `reader` where a reader on a serial line relays a seal.
    pub version: &'static str,
    pub tls: bool,
    pub since: Time,
}

/// The connections of a carrier of bytes, as an administrator sees them.
pub trait Connections: Send + Sync {
    /// The first `limit` of them by session, from the one `after` on.
    fn list(&self, after: Option<SessionId>, limit: usize) -> Vec<Connection>;

    /// Closes one; its client may come again. False where there is no such session.
    fn send_away(&self, session: SessionId) -> bool;
}
