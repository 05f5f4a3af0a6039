//! When a letter that was not taken is tried again.

const FIRST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 900_000;
/// What a receiver may ask for by `Retry-After`.
const ASKED_LIMIT_MS: u64 = 3_600_000;

/// How long to wait after so many tries: doubled each time from a second up to a quarter of an hour, and moved by up to a quarter by `coin`
/// so that receivers that were away together are not called together. What the receiver asked for is waited at least.
pub(super) fn wait_ms(tries: u32, coin: u32, asked_ms: Option<u64>) -> u64 {
    let doubled = FIRST_MS.saturating_mul(1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX)).min(LONGEST_MS);
    let moved = doubled * 3 / 4 + doubled / 2 * u64::from(coin) / u64::from(u32::MAX);
    moved.max(asked_ms.unwrap_or_default().min(ASKED_LIMIT_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_away_is_called_ever_more_seldom() {
        let half = u32::MAX / 2;
        let waits: Vec<u64> = (1..=12).map(|tries| wait_ms(tries, half, None) / 1_000).collect();
        assert_eq!(waits, [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 899, 899]);
        assert_eq!((wait_ms(1, 0, None), wait_ms(1, u32::MAX, None)), (750, 1_250));
        assert_eq!((wait_ms(64, u32::MAX, None), wait_ms(u32::MAX, 0, None)), (1_125_000, 675_000));
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_and_not_for_a_day() {
        assert_eq!(wait_ms(1, 0, Some(30_000)), 30_000);
        assert_eq!(wait_ms(1, 0, Some(10)), 750);
        assert_eq!(wait_ms(1, 0, Some(86_400_000)), ASKED_LIMIT_MS);
    }
}
