//! How far the series is and what it knows of each device, kept on the disk beside the points: file `kept`, postcard behind a checksum.

use super::SeriesError;
use super::latest::{Latest, Newest};
use crate::data_dir::write_durably;
use sealway_schemas::{Digest, Time};
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAGIC: [u8; 8] = *b"SEALSER2";

/// Everything below the cursor is in the backend, and in this.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) cursor: u64,
    /// Of the entry before the cursor: a log that has another one there is another log.
    pub(super) tip: Option<Digest>,
    /// Each version, with the time from which it is in force.
    places: Vec<(Time, String)>,
    devices: Vec<Latest>,
}

impl Kept {
    pub(super) fn new(cursor: u64, tip: Option<Digest>, newest: &Newest) -> Self {
        let places = newest.features().map(|(from, feature)| (from, feature.to_owned())).collect();
        Self { cursor, tip, places, devices: newest.devices().cloned().collect() }
    }

    pub(super) fn newest(self) -> Newest {
        Newest::new(&self.places, self.devices)
    }

    /// `None` where there is none that can be read: then the log is followed from its beginning.
    pub(super) fn load(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let (crc, body) = bytes.strip_prefix(&MAGIC)?.split_first_chunk()?;
        let kept = (crc32fast::hash(body) == u32::from_le_bytes(*crc)).then(|| postcard::from_bytes(body).ok()).flatten();
        if kept.is_none() {
            tracing::warn!(file = %path.display(), "damaged; the series is made again from the log");
        }
        kept
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), SeriesError> {
        let body = postcard::to_stdvec(self).map_err(|error| SeriesError::io(path)(std::io::Error::other(error)))?;
        let mut bytes = Vec::with_capacity(body.len() + 12);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        write_durably(path, &bytes, 0o644).map_err(SeriesError::io(path))
    }
}
