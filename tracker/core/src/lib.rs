//! The judge, pure and synchronous: decode, verify, order, locate, judge.
//!
//! Absent on purpose: a clock, files, sockets, tasks, randomness. Time and everything else comes in as an argument, so the log
//! replayed gives the same state.

pub mod alert;
pub mod atlas;
pub mod corridor;
mod feature;
pub mod geometry;
pub mod movement;
pub mod place;
pub mod policy;
pub mod watch;

pub use feature::{FEATURE_BYTES_LIMIT, GeometryRefusal};
pub use policy::Policy;
