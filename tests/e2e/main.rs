//! End to end, over real sockets, with the real program.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod access;
mod checkdigits;
mod demo;
mod evidence;
mod export;
mod faults;
mod fleet;
mod gate;
mod gateways;
mod kill;
mod seal;
mod second_domain;
mod secure;
mod series;
mod tlog;
mod traces;
mod unsealing;
mod usage;
mod webhooks;
mod wire;
mod witness;
