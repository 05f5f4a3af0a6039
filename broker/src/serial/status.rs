//! How a line stands, for people: in the API, and once in the log when it changes.

use crate::wall::now;
use sealway_schemas::Time;
use std::sync::{Mutex, PoisonError};

/// How a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineState {
    /// Not opened yet.
    Starting,
    /// The port is not there, or cannot be opened.
    Absent { reason: String },
    /// Open, and nothing was heard yet.
    Quiet { baud: u32 },
    /// What comes is read.
    Well { baud: u32 },
    /// Nothing of what comes can be read: another speed, another device, or noise.
    Garbled { baud: u32 },
    /// What comes is read, and nobody registered its terminal.
    Unregistered { call_sign: String },
}

/// The newest state and since when.
#[derive(Debug)]
pub struct LineStatus(Mutex<(LineState, Time)>);

impl Default for LineStatus {
    fn default() -> Self {
        Self(Mutex::new((LineState::Starting, now())))
    }
}

impl LineStatus {
    #[must_use]
    pub fn get(&self) -> (LineState, Time) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True where it was another state before.
    pub(super) fn set(&self, state: LineState) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.0 == state {
            return false;
        }
        *held = (state, now());
        true
    }
}
