//! Versions of what is drawn on the map: each is in force from its own time until that of the next one. What is judged later is judged by
//! the version of its own time, so the order in which reports arrive decides nothing.

use sealway_schemas::Time;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Versions<T> {
    by_time: BTreeMap<Time, T>,
}

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Self { by_time: BTreeMap::new() }
    }
}

impl<T> Versions<T> {
    /// One that was put for the same time is replaced.
    pub fn put(&mut self, from: Time, version: T) {
        self.by_time.insert(from, version);
    }

    pub fn remove(&mut self, from: Time) -> Option<T> {
        self.by_time.remove(&from)
    }

    /// Those that are in force from a time after `t`.
    #[must_use]
    pub fn after(&self, t: Time) -> usize {
        self.by_time.range((std::ops::Bound::Excluded(t), std::ops::Bound::Unbounded)).count()
    }

    #[must_use]
    pub fn has(&self, from: Time) -> bool {
        self.by_time.contains_key(&from)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_time.is_empty()
    }

    /// The version in force at `t`, with the time from which it is. What lies before the first one is judged by that: there is no other.
    #[must_use]
    pub fn at(&self, t: Time) -> Option<(Time, &T)> {
        self.begun_by(t).or_else(|| self.by_time.first_key_value().map(|(from, version)| (*from, version)))
    }

    /// The same; `None` before the first one.
    #[must_use]
    pub fn begun_by(&self, t: Time) -> Option<(Time, &T)> {
        self.by_time.range(..=t).next_back().map(|(from, version)| (*from, version))
    }

    /// When the version that is in force from `from` on gives way.
    #[must_use]
    pub fn until(&self, from: Time) -> Option<Time> {
        self.by_time.range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded)).next().map(|(next, _)| *next)
    }

    /// In the order of their times.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &T)> {
        self.by_time.iter().map(|(from, version)| (*from, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_in_force_from_its_time_until_the_next_one() {
        let at = Time::from_ms;
        let mut versions = Versions::default();
        assert_eq!(versions.at(at(7)), None);
        for (from, name) in [(20, "second"), (10, "first"), (30, "draft"), (30, "third")] {
            versions.put(at(from), name);
        }
        for (t, begun, name) in
            [(9, None, "first"), (10, Some(10), "first"), (19, Some(10), "first"), (20, Some(20), "second"), (99, Some(30), "third")]
        {
            assert_eq!(versions.at(at(t)).map(|(_, name)| *name), Some(name), "at {t}");
            assert_eq!(versions.begun_by(at(t)).map(|(from, _)| from), begun.map(at), "at {t}");
        }
        assert_eq!((versions.until(at(20)), versions.until(at(30))), (Some(at(30)), None));
    }
}
