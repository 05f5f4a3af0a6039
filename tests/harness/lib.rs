//! A real `sealway` in a process of its own, and clients that speak to it.

mod api;
mod process;
pub mod shared;

pub use api::{Answer, Api};
pub use process::{Sealway, program, run, seal_sim};
