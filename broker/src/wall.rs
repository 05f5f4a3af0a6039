//! The clock on the wall, and the calendar of the protocols, which tell a time in digits.

use sealway_schemas::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Days of the months before each, in a year that is no leap year.
const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// This machine's time.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Unix milliseconds of a date from 1970 to 2399 and a time of day; `None` for what is none. A leap second is not told.
pub(crate) fn unix_ms((year, month, day): (u16, u8, u8), (hour, minute, second): (u8, u8, u8)) -> Option<u64> {
    if !(1970..2400).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let index = usize::from(month.checked_sub(1)?);
    let leap = is_leap(year);
    let length = DAYS.get(index)? + u8::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let years = u64::from(year) - 1970;
    // Leap years since 1970 that are over: 1972 was the first, 2100 is none.
    let leaps = (years + 1) / 4 - (u64::from(year) - 1).saturating_sub(2000) / 100 + (u64::from(year) - 1).saturating_sub(2000) / 400;
    let days = years * 365 + leaps + DAYS_BEFORE.get(index)? + u64::from(leap && month > 2) + u64::from(day) - 1;
    Some((days * 86_400 + u64::from(hour) * 3_600 + u64::from(minute) * 60 + u64::from(second)) * 1000)
}

/// `ddmmyyhhmmss` in UTC.
pub(crate) fn day_first(at: Time) -> String {
    let seconds = at.as_ms() / 1000;
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970_u16;
    while let Some(rest) = days.checked_sub(365 + u64::from(is_leap(year))).filter(|_| year < 2400) {
        days = rest;
        year += 1;
    }
    let mut month = 1_u8;
    for (length, number) in DAYS.iter().zip(1_u8..) {
        let length = u64::from(*length) + u64::from(number == 2 && is_leap(year));
        month = number;
        match days.checked_sub(length) {
            Some(rest) if number < 12 => days = rest,
            _ => break,
        }
    }
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{:02}{month:02}{:02}{hour:02}{minute:02}{second:02}", days + 1, year % 100)
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_are_known() {
        for (date, time, expected) in [
            ((1970, 1, 1), (0, 0, 0), 0),
            ((2000, 2, 29), (0, 0, 0), 951_782_400_000),
            ((2000, 3, 1), (0, 0, 0), 951_868_800_000),
            ((2026, 9, 1), (8, 30, 5), 1_788_251_405_000),
            ((2100, 3, 1), (0, 0, 0), 4_107_542_400_000),
            ((2101, 1, 1), (0, 0, 0), 4_133_980_800_000),
        ] {
            assert_eq!(unix_ms(date, time), Some(expected), "{date:?}");
        }
    }

    #[test]
    fn days_and_hours_that_are_none() {
        for (date, time) in [
            ((2025, 2, 29), (0, 0, 0)),
            ((2100, 2, 29), (0, 0, 0)),
            ((2026, 0, 1), (0, 0, 0)),
            ((2026, 13, 1), (0, 0, 0)),
            ((2026, 4, 31), (0, 0, 0)),
            ((2026, 1, 0), (0, 0, 0)),
            ((2026, 1, 1), (24, 0, 0)),
            ((2026, 1, 1), (0, 60, 0)),
            ((2026, 1, 1), (0, 0, 60)),
            ((1969, 1, 1), (0, 0, 0)),
        ] {
            assert_eq!(unix_ms(date, time), None, "{date:?} {time:?}");
        }
    }

    #[test]
    fn a_time_is_told_as_it_was_read() {
        for (date, clock, told) in [
            ((2026, 9, 1), (8, 30, 5), "010926083005"),
            ((2024, 2, 29), (23, 59, 59), "290224235959"),
            ((2024, 12, 31), (0, 0, 0), "311224000000"),
            ((2025, 1, 1), (0, 0, 1), "010125000001"),
        ] {
            assert_eq!(day_first(Time::from_ms(unix_ms(date, clock).unwrap())), told);
        }
    }

    #[test]
    fn each_day_is_a_day_after_the_one_before() {
        let mut before = None;
        for year in 1970..2400 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(now) = unix_ms((year, month, day), (0, 0, 0)) {
                        assert!(before.is_none_or(|before: u64| now == before + 86_400_000), "{year}-{month}-{day}");
                        before = Some(now);
                    }
                }
            }
        }
    }
}
