//! What a seal's reports show beside its order and its route. Pure: each detector has its own small state and a total step.

mod dwell;
mod signs;

pub(crate) use dwell::{Dwell, Stand};
pub(crate) use signs::{Sign, Signs, Strikes};
