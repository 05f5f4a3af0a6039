//! The driver and the stores: evidence log, registry, projections.
//!
//! Absent on purpose: any judgement. What a report means is decided in `sealway-core`; here it is carried, kept and told, in that order.

pub mod accounts;
mod backup;
mod config;
mod data_dir;
mod device_errors;
mod driver;
pub mod evidence;
mod feed;
mod gate_key;
pub mod log;
mod metrics;
mod open;
pub mod outbox;
pub mod photos;
mod platform_key;
mod rebuild;
pub mod registry;
mod rekey;
mod scrub;
pub mod series;
mod snapshot;
mod sqlite;
mod standby;
mod track;
mod tracker;
mod tree;
mod trial;
mod verify;
mod witness;

pub use backup::{BackupError, Restored, backup, restore};
pub use config::{Abort, Clock, Fatal, SystemClock, TrackerConfig};
pub use data_dir::{DATA_VERSION, DataDir, DataDirError};
pub use device_errors::{DeviceError, DeviceErrors};
pub use driver::replay::ReplayError;
pub use driver::work::{AdmitRefusal, CommandFailure, TerminalFailure};
pub use feed::{EventFeed, Numbered, Subscription};
pub use gate_key::GateKey;
pub use metrics::{COMMIT_BOUNDS_US, Refused, TrackerMetrics};
pub use open::OpenError;
pub use platform_key::{PlatformKeyError, log_keys, trust_root};
pub use rebuild::{RebuildSeriesError, Rebuilt, rebuild, rebuild_series};
pub use registry::{
    AlertFilter, DeviceFilter, NotARecordKey, Page, Principal, RecordFilter, RecordKey, Registry, RegistryError, Scope, TransferFilter,
};
pub use rekey::{RekeyError, rekey};
pub use sealway_core::atlas::Subject;
pub use sealway_core::command::COMMAND_BYTES_LIMIT;
pub use sealway_core::evidence as checking;
pub use sealway_core::proof;
pub use sealway_core::{CommandReceipt, CommandRefusal, LoginRefusal, RefusedStep, TerminalRefusal};
pub use standby::{Standby, StandbyError};
pub use track::{KeptReport, KeptReports, TrackError, TrackPoint};
pub use tracker::Tracker;
pub use tree::{SignedCheckpoint, TreeError, TreeReader};
pub use trial::{TrialAnswer, TrialError, Tried};
pub use verify::{Found, Verified, verify};
pub use witness::{AddFailure, WitnessError, WitnessKeeper};
