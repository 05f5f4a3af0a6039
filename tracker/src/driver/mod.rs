//! The driver: bytes in, effects out into the world, in one order.
//!
//! ```text
//! upload -> queue -> verify worker (partition of the device) -> queue -> sequencer -> log, fdatasync -> settle
//! ```
//! Each queue has a bound, and whoever finds it full waits; that wait reaches the device's socket. One sequencer owns the judge, so
//! nothing here locks state. What is told to anybody is told after the commit of the tick that it came from.

pub(crate) mod acks;
pub(crate) mod keyrings;
pub(crate) mod past;
pub(crate) mod refused;
pub(crate) mod released;
pub(crate) mod replay;
pub(crate) mod sequencer;
pub(crate) mod strict;
pub(crate) mod tick;
pub(crate) mod work;
pub(crate) mod worker;
