//! Times and angles in decimal digits.

use crate::wall::unix_ms;
use sealway_schemas::Time;

/// Decimal digits, one each; `None` for anything else.
pub(super) fn of_bcd(bytes: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    digits.iter().all(|digit| *digit < 10).then_some(digits)
}

pub(super) fn of_text(text: &str) -> Option<Vec<u8>> {
    text.bytes().map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect()
}

pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// `ddmmyyhhmmss` in UTC. All zeros: the terminal has no time. `None`: no time at all.
pub(super) fn time(digits: &[u8]) -> Option<Option<Time>> {
    if digits.iter().all(|digit| *digit == 0) {
        return Some(None);
    }
    let mut pairs = [0_u8; 6];
    for (pair, digits) in pairs.iter_mut().zip(digits.chunks_exact(2)) {
        *pair = u8::try_from(number(digits)).ok()?;
    }
    let [day, month, year, hour, minute, second] = pairs;
    let ms = unix_ms((2000 + u16::from(year), month, day), (hour, minute, second))?;
    Some(Some(Time::from_ms(ms)))
}

/// Degrees and then minutes with four decimals, in 1e-7 degree, rounded; `None` beyond `limit` degrees.
pub(super) fn angle(digits: &[u8], (degrees, limit): (usize, i64), negative: bool) -> Option<i64> {
    let (whole, minutes) = digits.split_at_checked(degrees)?;
    let (whole, ten_thousandths) = (i64::try_from(number(whole)).ok()?, i64::try_from(number(minutes)).ok()?);
    if ten_thousandths >= 600_000 {
        return None;
    }
    // A ten-thousandth of a minute is 1000 / 60 of 1e-7 degree.
    let e7 = whole * 10_000_000 + (ten_thousandths * 1_000 + 30) / 60;
    (e7 <= limit * 10_000_000).then_some(if negative { -e7 } else { e7 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_is_degrees_and_minutes() {
        assert_eq!(angle(&of_text("22564025").unwrap(), (2, 90), false), Some(229_400_417));
        assert_eq!(angle(&of_text("113242329").unwrap(), (3, 180), true), Some(-1_134_038_817));
        assert_eq!(angle(&of_text("22600000").unwrap(), (2, 90), false), None);
        assert_eq!(angle(&of_text("90000001").unwrap(), (2, 90), false), None);
    }

    #[test]
    fn a_time_is_day_first() {
        assert_eq!(time(&of_text("010926083005").unwrap()), Some(Some(Time::from_ms(1_788_251_405_000))));
        assert_eq!(time(&[0; 12]), Some(None));
        assert_eq!(time(&of_text("320926083005").unwrap()), None);
        assert_eq!(of_bcd(&[0x1A]), None);
    }
}
