//! An hour of a device in figures: what stays of reports that are forgotten after `keep_days`.

use super::Point;
use super::query::{Bucket, Count, Field, HOUR_MS, bucket_of};
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Readings of one field over one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub count: u64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    /// Of readings that came after the hour had been made, the last of those.
    pub last: f64,
}

impl Figures {
    #[must_use]
    pub fn of(value: f64) -> Self {
        Self { count: 1, min: value, max: value, sum: value, last: value }
    }

    pub fn take(&mut self, later: &Self) {
        self.count += later.count;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.sum += later.sum;
        self.last = later.last;
    }

    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no stretch has 2^52 readings")]
    fn bucket(self, start: Time) -> Bucket {
        Bucket { start, count: self.count, min: self.min, max: self.max, mean: self.sum / self.count as f64, last: self.last }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hour {
    pub device: DeviceId,
    pub start: Time,
    pub reports: u64,
    /// In the order of [`Field::ALL`]; absent where nothing was read.
    pub figures: [Option<Figures>; Field::ALL.len()],
}

impl Hour {
    /// The hours of one device's points, oldest first.
    #[must_use]
    pub fn of(points: &[Point]) -> Vec<Self> {
        let mut hours: Vec<Self> = Vec::new();
        for point in points {
            let start = bucket_of(point.at.t(), HOUR_MS);
            let figures = Field::ALL.map(|field| field.of(point).map(Figures::of));
            let hour = Self { device: point.device, start, reports: 1, figures };
            match hours.last_mut().filter(|last| last.start == start) {
                Some(last) => last.take(&hour),
                None => hours.push(hour),
            }
        }
        hours
    }

    /// Adds what came later for the same hour.
    pub fn take(&mut self, later: &Self) {
        self.reports += later.reports;
        for (own, later) in self.figures.iter_mut().zip(&later.figures) {
            match (own.as_mut(), later) {
                (Some(own), Some(later)) => own.take(later),
                (None, Some(later)) => *own = Some(*later),
                (_, None) => {}
            }
        }
    }

    #[must_use]
    pub fn figures(&self, field: Field) -> Option<Figures> {
        Field::ALL.iter().zip(&self.figures).find(|(one, _)| **one == field).and_then(|(_, figures)| *figures)
    }
}

/// One device's hours of before and those that came later, each in order, as one list.
pub(super) fn joined(before: Vec<Hour>, later: Vec<Hour>) -> Vec<Hour> {
    let keyed = |hours: Vec<Hour>| hours.into_iter().map(|hour| (hour.start, hour));
    merged(keyed(before), keyed(later), Hour::take).into_values().collect()
}

/// A curve of stretches from forgotten hours and from reports.
pub(super) fn curve(hours: Vec<(Time, Figures)>, reports: Vec<(Time, Figures)>) -> Vec<Bucket> {
    merged(hours, reports, Figures::take).into_iter().map(|(start, figures)| figures.bucket(start)).collect()
}

/// Counts of stretches from forgotten hours and from reports.
pub(super) fn counts(hours: Vec<Count>, reports: Vec<Count>) -> Vec<Count> {
    let keyed = |counts: Vec<Count>| counts.into_iter().map(|count| (count.start, count.reports));
    let added = merged(keyed(hours), keyed(reports), |sum, more| *sum += more);
    added.into_iter().map(|(start, reports)| Count { start, reports }).collect()
}

fn merged<T>(
    first: impl IntoIterator<Item = (Time, T)>,
    then: impl IntoIterator<Item = (Time, T)>,
    take: impl Fn(&mut T, &T),
) -> BTreeMap<Time, T> {
    let mut merged: BTreeMap<Time, T> = BTreeMap::new();
    for (start, value) in first.into_iter().chain(then) {
        match merged.get_mut(&start) {
            Some(held) => take(held, &value),
            None => drop(merged.insert(start, value)),
        }
    }
    merged
}
