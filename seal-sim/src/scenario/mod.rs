//! Every row of the alert table as a play in virtual time: a dishonest one, and the honest twin beside it that must raise nothing.
//!
//! A play knows only the contract: commands as JSON, reports and hellos as bytes. Who listens is a [`Platform`]; a play never sleeps,
//! it says when it acts next, so five hundred of them pass a month in seconds, in one order of time.

mod deed;
mod doing;
mod expect;
mod gate;
mod month;
mod platform;
mod play;
mod split;
mod stage;
mod way;
mod wrong;

pub use deed::{Deed, Evidence, Row};
pub use expect::{Expect, Refuted};
pub use month::Month;
pub use platform::{Platform, Published, Refusal};
pub use play::{Cast, Conduct, Play, Step, Tally, Twin};
pub use stage::{CARRIER, CUSTOMS, OPERATOR, Stage, furnish};
