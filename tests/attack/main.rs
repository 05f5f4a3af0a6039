//! The platform under attack: a real process, honest seals beside each attack, memory from the kernel.
//!
//! Each attack has a platform of its own and a few seconds. Honest seals, half of them over TLS, keep their connections, get every PUBACK,
//! and wait for it at most twice as long (99 of 100) as in the calm before, but for what two shared cores cost (`stage`). Memory stays below
//! 512 MiB and grows by less than 50 MiB. Beside attacks at the gateways honest trucks and locks of other makers are held to the same.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
#![expect(clippy::await_holding_refcell_ref, reason = "each seal has one task that moves it")]

mod client;
mod connections;
mod garbage;
mod gateways;
mod honest;
mod rights;
mod seal;
mod secure;
mod stage;
mod subscribers;
mod terminals;
mod tls;
