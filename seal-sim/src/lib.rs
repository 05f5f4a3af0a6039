//! Honest and dishonest seals, fleets and load: outsiders that know only the contract.
//!
//! [`device`] is the seal itself, pure. [`link`] carries it over MQTT, by a [`mod@line`] with or without TLS, [`journey`] moves it along a corridor, [`fraud`] makes
//! it lie. [`scenario`] acts every row of the alert table in virtual time. [`fleet`] drives many of them for a demonstration; [`load`] sends signed reports as fast as a platform takes them.
//! [`reader`] carries a seal over a serial line, [`terminal`] is another maker's device that signs nothing.

pub mod acked;
pub mod chance;
pub mod clock;
pub mod device;
pub mod earth;
pub mod enrol;
pub mod fleet;
pub mod fraud;
pub mod journey;
pub mod keys;
pub mod line;
pub mod link;
pub mod load;
pub mod mqtt;
mod number;
pub mod outbox;
pub mod reader;
pub mod replay;
pub mod ring;
pub mod scenario;
pub mod span;
pub mod state;
pub mod terminal;
pub mod trip;
pub mod world;
