//! Pre-signed reports sent as fast as a platform takes them: the generator of `sealway bench ingest`.
//!
//! Everything costly happens before the clock starts: keys, signatures, whole PUBLISH packets. During the run one task per
//! connection copies nothing: it writes slices of one buffer and counts the receipts that come back.

mod batch;
mod latency;
mod prepare;
mod run;

pub use batch::batch_verify_rate;
pub use latency::Latencies;
pub use prepare::{EnrolledDevice, Load, LoadError, LoadPlan, enrolment};
pub use run::{LoadReport, RunConfig, hold, run};
