//! The time series: points of every device, a view of the evidence log and never the truth.
//!
//! Here stand the [`Point`], its text for InfluxDB, and the [`Tail`] that makes points of the log from a cursor. The log is the buffer:
//! whoever stores the points keeps the cursor with them and asks again from there.

mod line;
mod point;
mod tail;

pub use line::encode;
pub use point::{NotAPoint, Point, PointTime};
pub use tail::{Batch, Tail};

#[cfg(test)]
mod tests;
