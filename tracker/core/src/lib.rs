//! The judge, pure and synchronous: decode, verify, order, locate, judge.
//!
//! Absent on purpose: a clock, files, sockets, tasks, randomness. Time and everything else comes in as an argument, so the log
//! replayed gives the same state.

pub mod alert;
pub mod atlas;
mod cargo;
pub mod command;
mod core;
pub mod corridor;
mod custody;
mod detect;
mod device;
mod district;
pub mod effect;
pub mod evidence;
mod exchange;
mod feature;
mod follow;
pub mod gate;
pub mod geometry;
pub mod input;
pub mod keyring;
pub mod ledger;
pub mod locate;
pub mod movement;
pub mod order;
pub mod place;
pub mod policy;
pub mod proof;
mod registry;
mod report;
pub mod role;
mod signing;
mod terminal;
#[cfg(test)]
mod tests;
mod timer;
mod transfer;
pub mod trial;
pub mod verify;
pub mod versions;
mod view;
pub mod watch;
mod way;
pub mod wire_check;

/// The rules by their sources, as hex: a view that other rules made of the log is thrown away.
pub const RULES: &str = env!("SEALWAY_RULES");

pub use crate::core::Core;
pub use effect::{
    CommandReceipt, CommandRefusal, DrawnVersion, Effect, KeyChange, LoginRefusal, Outbound, RefusedStep, Row, Told, event_id,
};
pub use feature::{FEATURE_BYTES_LIMIT, GeometryRefusal};
pub use input::Input;
pub use policy::Policy;
pub use terminal::{Sighted, TerminalRefusal};
