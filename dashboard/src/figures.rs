//! The API's own counters.

use axum::http::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(crate) struct Figures {
    answered: [AtomicU64; 5],
    pub(crate) events_sent: AtomicU64,
    pub(crate) events_reset: AtomicU64,
}

impl Figures {
    pub(crate) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.answered.get(class) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// By the first digit of the status.
    pub(crate) fn by_class(&self) -> impl Iterator<Item = (usize, u64)> {
        self.answered.iter().enumerate().map(|(class, counter)| (class + 1, counter.load(Relaxed)))
    }
}
