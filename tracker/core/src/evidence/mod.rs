//! Evidence that stands alone: a bundle is checked with nothing but the trust root, the keys that sign the log's checkpoints.
//!
//! Forged: something in the bundle is not what a key signed or what the log holds. Incomplete: what is there is true, and something that
//! a claim rests on is missing. Genuine: neither.

mod custody;
mod devices;
mod page;
mod people;
mod route;
mod trust;
mod verify;

pub use devices::{DeviceStatement, Missing, Shown};
pub use page::page;
pub use people::Signed;
pub use route::{CorridorVersion, Declared};
pub use trust::{LogKeys, Trust, TrustFault, Witnessed};
pub use verify::{Checked, Reason, Verdict, verify};
