//! What the gateways of terminals have in common: who may speak, what became of a frame, the TCP line, the figures.
//!
//! A protocol is a [`Talk`]: bytes in, turns out, without a socket or a clock. The line around it asks the tracker, and sends a protocol's
//! answer only when the frame is on disk.

mod counters;
mod desks;
mod line;
mod tcp;
pub(crate) mod unread;

use bytes::{Bytes, BytesMut};
pub use counters::{Count, Gauges};
use sealway_schemas::terminal::{CallSign, Protocol, Sighting, UnsignedFrame};
use sealway_schemas::{DeviceId, Time};
pub use tcp::{TcpGateway, TcpGatewayConfig, TcpGatewayError, TcpLimits};

/// Where the gateways take what terminals say. The program implements it over the tracker.
pub trait TerminalIngress: Send + Sync + 'static {
    /// The registered terminal that calls itself so.
    fn call(&self, protocol: Protocol, call_sign: CallSign) -> impl Future<Output = Result<DeviceId, TerminalRefusal>> + Send;

    /// Answers when the frame is on disk, now or before.
    fn keep(&self, frame: UnsignedFrame) -> impl Future<Output = Result<(), TerminalRefusal>> + Send;

    /// Something came in the name of a registered terminal that was not taken; for its owner. Never waits.
    fn refused(&self, terminal: &DeviceId, why: Count, source: &str);
}

/// Why a terminal is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TerminalRefusal {
    #[error("the terminal is not registered, or revoked")]
    NotRegistered,
    #[error("the tracker takes nothing at present")]
    Busy,
}

/// What is wrong with what a terminal sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("bytes outside a frame")]
    Garbage,
    #[error("a frame longer than the protocol's")]
    TooLong,
    #[error("a wrong checksum")]
    Checksum,
    #[error("a frame that is not as the protocol says")]
    Malformed,
    #[error("a message that this platform does not take")]
    Unsupported,
    #[error("a wrong authentication code")]
    Authentication,
    #[error("no room for a further part of a message")]
    PartsFull,
}

impl Fault {
    pub(crate) fn count(self) -> Count {
        match self {
            Self::Garbage => Count::Garbage,
            Self::TooLong => Count::TooLong,
            Self::Checksum => Count::Checksum,
            Self::Malformed => Count::Malformed,
            Self::Unsupported => Count::Unsupported,
            Self::Authentication => Count::Authentication,
            Self::PartsFull => Count::PartsFull,
        }
    }
}

/// What a terminal said, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Asking {
    pub call_sign: CallSign,
    /// The frame as it came and what was read in it; absent for a message that tells nothing to keep.
    pub said: Option<(Bytes, Vec<Sighting>)>,
    /// What is wrong with what is kept all the same.
    pub odd: Option<Fault>,
    /// Once it is on disk.
    pub yes: Vec<u8>,
    /// Where the terminal is not registered.
    pub no: Vec<u8>,
}

/// What the bytes that were read come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    Ask(Asking),
    /// An answer that needs nobody.
    Tell(Vec<u8>),
    /// Left out, and answered where there is somebody to answer.
    Skip(Fault, Vec<u8>),
    /// Answered, and the line ends.
    End(Option<Fault>, Vec<u8>),
}

/// One terminal's side of a protocol.
pub trait Talk: Send + 'static {
    const PROTOCOL: Protocol;

    /// The next turn of what was read; `None` where more bytes are needed. `buffer` never holds more than a frame's limit for long: what
    /// cannot become a frame is taken out.
    fn turn(&mut self, now: Time, buffer: &mut BytesMut) -> Option<Turn>;
}
