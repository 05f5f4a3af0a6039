//! Digests of a device's newest reports, so that the log is asked only for what is old.

use sealway_schemas::Digest;
use serde::{Deserialize, Serialize};

/// Digests in memory; a counter with more versions than this lives in the log alone.
const LIMIT: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    ctr: u64,
    digest: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// In counter order, and in order of arrival within a counter.
    versions: Vec<Version>,
    /// Nothing is known here of this counter and those below.
    floor: u64,
}

impl Window {
    pub(super) fn above(floor: u64) -> Self {
        Self { versions: Vec::new(), floor }
    }

    /// Whether the versions in memory are all that were kept.
    pub(super) fn reaches(&self, ctr: u64) -> bool {
        ctr > self.floor
    }

    pub(super) fn versions(&self, ctr: u64) -> impl Iterator<Item = &Digest> {
        let newest_first = self.versions.iter().rev().skip_while(move |version| version.ctr > ctr);
        newest_first.take_while(move |version| version.ctr == ctr).map(|version| &version.digest)
    }

    pub(super) fn insert(&mut self, ctr: u64, digest: Digest) {
        if !self.reaches(ctr) {
            return;
        }
        if self.versions.len() >= LIMIT
            && let Some(oldest) = self.versions.first().map(|version| version.ctr)
        {
            self.forget(oldest);
            if !self.reaches(ctr) {
                return;
            }
        }
        let place = self.versions.partition_point(|version| version.ctr <= ctr);
        self.versions.insert(place, Version { ctr, digest });
    }

    /// Leaves a counter and those below to the log.
    pub(super) fn forget(&mut self, ctr: u64) {
        self.floor = self.floor.max(ctr);
        self.versions.retain(|version| version.ctr > ctr);
    }
}
