//! Durations as people write them on a command line.

use std::time::Duration;

/// `30s`, `5m`, `2h`, `7d`, `250ms`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let refused = || format!("{text:?}: expected a number with its unit, as in 250ms, 30s, 5m, 2h or 7d");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(refused)?;
    let number: u64 = number.parse().map_err(|_| refused())?;
    let ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(refused()),
    };
    number.checked_mul(ms).filter(|ms| *ms > 0).map(Duration::from_millis).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(604_800)));
        for bad in ["", "30", "s", "0s", "-1s", "1.5s", "30 s", "99999999999999999999h"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
