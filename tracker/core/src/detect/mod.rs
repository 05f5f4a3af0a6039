//! What a seal's reports show beside its order and its route. Pure: each detector has its own small state and a total step.

mod dwell;
mod receiver;
mod signs;
mod truck;
mod waypoint;

pub(crate) use dwell::{Dwell, Stand};
pub(crate) use receiver::{Jump, Receiver, Reception};
pub(crate) use signs::{Sign, Signs, Strikes};
pub(crate) use truck::{Drift, Truck};
pub(crate) use waypoint::{Passing, Waypoints};
