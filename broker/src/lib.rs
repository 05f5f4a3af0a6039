//! Everything that carries bytes to and from devices, and events to people's systems.
//!
//! [`Front`] owns every socket: it speaks MQTT 3.1.1 and 5 with seals and with the systems of customs, carriers and
//! operators, and hands what seals say to an [`Ingress`]. It never says PUBACK by itself: only a
//! [`Settlement`](sealway_schemas::link::Settlement) that comes back through [`FrontDownlink`] makes it do so.
//! [`EventRouter`] fans events out behind the front; no socket of its own, nothing on the way of a report.
//!
//! What is deliberately absent: sessions that outlive a connection, retained messages, wills, shared subscriptions,
//! QoS 2, and any queue without a bound.

mod claim;
mod config;
mod counters;
mod entrance;
mod events;
mod front;
mod jointech;
mod jtt808;
mod mqtt;
mod refusal;
mod serial;
mod terminal;
mod wall;

pub use claim::{AdmitRefusal, Admitted, ApiTokenText, Claimed, EventScope, Ingress};
pub use config::{FrontConfig, FrontError, Limits, Rate, TlsListener};
pub use counters::FrontCounters;
pub use events::{EventCounters, EventNotRouted, EventRouter, EventRouterError};
#[cfg(fuzzing)]
pub use front::certified;
pub use front::{Addresses, Front, FrontDownlink};
pub use jointech::Jointech;
pub use jtt808::Jtt808;
#[cfg(fuzzing)]
pub use mqtt::strangers::read_pieces;
pub use mqtt::{PACKET_MAX, PAYLOAD_MAX};
pub use refusal::Refusal;
pub use serial::{
    AUTO_BAUDS, Epoch, FrameKind, LineState, LineStatus, NmeaConfig, NmeaGateway, NmeaReader, NmeaStep, ReaderConfig, ReaderFrame,
    ReaderFrames, ReaderGateway, SerialConfig,
};
pub use terminal::{
    Asking, Count, Fault, Gauges, Talk, TcpGateway, TcpGatewayConfig, TcpGatewayError, TcpLimits, TerminalIngress, TerminalRefusal, Turn,
};
