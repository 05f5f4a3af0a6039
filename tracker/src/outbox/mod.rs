//! The outbox: what webhooks are to be told, kept in a file of its own until it is delivered or given up.
//!
//! The judge numbers each webhook's events; the log makes them again under the same numbers, so what a crash took from the way to the file is
//! there after the next start, and what was in it before is not told twice for that. A webhook hears its events in order, each at least once,
//! under a stable id. Bounds: [`PENDING`] events of a webhook wait, then the oldest goes and is counted as missed; [`DEAD`] dead letters are
//! kept, the newest. Nothing here holds up intake.

mod courier;
mod feed;
mod gather;
mod mailroom;
mod retry;
mod store;
mod worker;

pub use courier::{Answer, Courier, Parcel};
pub(crate) use feed::{Closing, Feed};
pub(crate) use gather::Gathered;
pub(crate) use mailroom::Mailroom;
pub use mailroom::Outbox;
pub(crate) use store::Store;
pub use store::{Letter, LetterState, OutboxError, Standing};

/// Events of one webhook that wait at most.
pub const PENDING: u32 = 10_000;
/// Dead letters of one webhook that are kept at most.
pub const DEAD: u32 = 1_000;
