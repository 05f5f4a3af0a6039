//! The time series: points of every device, a view of the evidence log and never the truth.
//!
//! The log is the buffer. A [`Tail`] makes points of it from a cursor on; the feeder gives them to a [`Backend`] and keeps the cursor
//! once they are durable there. A backend that is away for a day lags a day, loses nothing and holds nothing up.

mod backend;
mod embedded;
mod error;
mod feeder;
mod handle;
mod hour;
mod influx;
mod kept;
mod latest;
mod line;
mod point;
mod query;
mod stats;
mod tail;

pub use backend::Backend;
pub use embedded::Embedded;
pub use error::SeriesError;
pub use feeder::FeedError;
pub use handle::{Series, SeriesConfig, SeriesProgress, StoreConfig};
pub use hour::{Figures, Hour};
pub use influx::{Api, Influx, InfluxConfig, InfluxHealth, Login};
pub use latest::{Latest, Newest};
pub use line::encode;
pub use point::{NotAPoint, Point, PointTime};
pub use query::{Bucket, Count, Crossing, Field, HOUR_MS, NoSpan, POINTS_LIMIT, Span, Track, bucket_of};
pub use stats::SeriesState;
pub use tail::{Batch, Tail};

#[cfg(test)]
mod contract;
#[cfg(test)]
mod feeding_tests;
#[cfg(test)]
mod tests;
