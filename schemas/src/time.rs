//! Time as the contract counts it. It is always an argument, never asked of a clock here.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Unix milliseconds, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    pub const ZERO: Time = Time(0);

    #[must_use]
    pub const fn from_ms(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// Milliseconds since `earlier`; 0 where `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `2026-11-23 08:05:09`, for people.
    #[must_use]
    pub fn utc(self) -> String {
        let (year, month, day) = self.date();
        let of_day = self.0 / 1000 % 86_400;
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// `2026-11-23T08:05:09.125Z`, for systems (RFC 3339).
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{}.{:03}Z", self.utc().replace(' ', "T"), self.0 % 1000)
    }

    /// Year, month and day of the civil calendar (Howard Hinnant's day count).
    fn date(self) -> (u64, u64, u64) {
        let shifted = self.0 / 86_400_000 + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        (year_of_era + era * 400 + u64::from(month <= 2), month, of_year - (153 * shifted_month + 2) / 5 + 1)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_civil_calendar() {
        for (ms, expected) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399_000, "2000-02-28 23:59:59"),
            (951_782_400_000, "2000-02-29 00:00:00"),
            (1_795_421_109_000, "2026-11-23 08:05:09"),
            (4_107_542_400_000, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(Time::from_ms(ms).utc(), expected);
        }
        assert_eq!(Time::from_ms(1_795_421_109_125).rfc3339(), "2026-11-23T08:05:09.125Z");
    }
}
