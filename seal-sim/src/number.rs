//! The few casts between measured floats and the contract's whole numbers, each with what it does at the ends.

/// To the nearest whole number; not a number becomes 0, what is too large becomes the largest.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "saturates, which is what is promised")]
pub(crate) fn rounded(value: f64) -> i64 {
    value.round() as i64
}

/// To the nearest whole number, 0 where negative or not a number.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, which is what is promised")]
pub(crate) fn counted(value: f64) -> u64 {
    value.round() as u64
}

/// Exact below 2^53.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts and times here stay below 2^53")]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}

/// Tenths of a degree below 3600.
#[must_use]
pub(crate) fn heading_ddeg(degrees: f64) -> u64 {
    counted(degrees.rem_euclid(360.0) * 10.0) % 3600
}
