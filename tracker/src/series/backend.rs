//! The seam: whoever keeps points answers these questions. One suite of tests runs against each of them (`contract.rs`).

use super::embedded::Embedded;
use super::influx::Influx;
use super::query::{Bucket, Count, Crossing, Field, Span, Track};
use super::{Point, SeriesError};
use sealway_schemas::{DeviceId, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub enum Backend {
    Embedded(Arc<Embedded>),
    Influx(Arc<Influx>),
}

impl Backend {
    /// Takes points. They can be asked for at once or a moment later, and are safe after [`Self::settle`]. A point with a device and a
    /// time that are there already takes its place, so that the same points may come again.
    pub async fn append(&self, points: Vec<Point>) -> Result<(), SeriesError> {
        match self {
            Self::Embedded(embedded) => embedded.append(points),
            Self::Influx(influx) => influx.append(points).await,
        }
    }

    /// Returns once everything appended is durable.
    pub async fn settle(&self) -> Result<(), SeriesError> {
        match self {
            Self::Embedded(embedded) => embedded.settle(),
            Self::Influx(influx) => influx.settle().await,
        }
    }

    /// Oldest first; every report, or where they are more than `at_most` the newest value of each field in each bucket of
    /// [`Span::bucket_ms`].
    pub async fn track(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Track, SeriesError> {
        let told = match self {
            Self::Embedded(embedded) => embedded.track(device, span, at_most).await,
            Self::Influx(influx) => influx.track(device, span, at_most).await,
        };
        self.counted(told)
    }

    /// One field in buckets of [`Span::bucket_ms`], oldest first.
    pub async fn downsample(&self, device: &DeviceId, field: Field, span: Span, at_most: usize) -> Result<Vec<Bucket>, SeriesError> {
        let told = match self {
            Self::Embedded(embedded) => embedded.downsample(device, field, span, at_most).await,
            Self::Influx(influx) => influx.downsample(device, field, span, at_most).await,
        };
        self.counted(told)
    }

    /// Reports in stretches of [`Span::bucket_hours_ms`], oldest first.
    pub async fn counts(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Count>, SeriesError> {
        let told = match self {
            Self::Embedded(embedded) => embedded.counts(device, span, at_most).await,
            Self::Influx(influx) => influx.counts(device, span, at_most).await,
        };
        self.counted(told)
    }

    /// Geofence events, the newest `at_most` of the span, oldest first.
    pub async fn crossings(&self, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Crossing>, SeriesError> {
        let told = match self {
            Self::Embedded(embedded) => embedded.crossings(device, span, at_most).await,
            Self::Influx(influx) => influx.crossings(device, span, at_most).await,
        };
        self.counted(told)
    }

    /// Questions that could not be answered since the start.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.count().load(Relaxed)
    }

    fn count(&self) -> &AtomicU64 {
        match self {
            Self::Embedded(embedded) => &embedded.unanswered,
            Self::Influx(influx) => &influx.unanswered,
        }
    }

    fn counted<T>(&self, told: Result<T, SeriesError>) -> Result<T, SeriesError> {
        if told.is_err() {
            self.count().fetch_add(1, Relaxed);
        }
        told
    }

    /// Forgets the whole days that end before `before`.
    pub async fn expire(&self, before: Time) -> Result<(), SeriesError> {
        match self {
            Self::Embedded(embedded) => embedded.expire(before),
            Self::Influx(influx) => influx.expire(before).await,
        }
    }

    /// Before the log is followed from its beginning: forgets what would be there twice.
    pub async fn clear(&self) -> Result<(), SeriesError> {
        match self {
            Self::Embedded(embedded) => embedded.clear(),
            // The same points come again and take the places of the old ones.
            Self::Influx(_) => Ok(()),
        }
    }
}
