//! A point as InfluxDB's line protocol.
//!
//! Measurements `report` and, of days that are forgotten, `report_1h`, with the one tag `dev`. The types of the fields are fixed for ever: a database refuses a field that changes
//! its type. The tag needs no escaping: a device id is of A-Z, 0-9 and '-'. Texts go through one writer that escapes.

use super::Point;
use super::hour::{Figures, Hour};
use super::query::Field;
use sealway_schemas::PlaceId;
use sealway_schemas::report::Fix;
use std::io::Write;

const DEGREE_E7: u64 = 10_000_000;
const EIGHT_DIGITS: u64 = 100_000_000;
/// Longer than most lines.
const LINE: usize = 384;
const HUNDREDTHS_LIMIT: f64 = 1e12;

/// Appends the point's line. Values that are not finite are left out: line protocol cannot tell them.
pub fn encode(point: &Point, out: &mut Vec<u8>) {
    out.reserve(LINE);
    out.extend_from_slice(b"report,dev=");
    out.extend_from_slice(point.device.as_str().as_bytes());
    out.extend_from_slice(b" ctr=");
    number(out, point.ctr);
    integer(out, b"i,t=", point.at.t().as_ms());
    integer(out, b"i,epoch=", point.epoch);
    integer(out, b"i,event=", u64::from(point.event.code()));
    integer(out, b"i,status=", point.status.bits());
    integer(out, b"i,received_at=", point.received_at.as_ms());
    out.push(b'i');
    if let Some(battery) = point.battery {
        integer(out, b",battery=", u64::from(battery));
        out.push(b'i');
    }
    if let Some(fix) = &point.fix {
        position(out, fix);
    }
    if let Some(temperature) = point.temperature.filter(|value| value.is_finite()) {
        out.extend_from_slice(b",temperature=");
        decimal(out, temperature);
    }
    places(out, b",entered=", &point.entered);
    places(out, b",left=", &point.left);
    out.push(b' ');
    number(out, point.at.as_ns());
    out.push(b'\n');
}

/// Appends an hour's line. `through`: up to which time of receipt its reports are in it.
pub(super) fn encode_hour(hour: &Hour, through: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"report_1h,dev=");
    out.extend_from_slice(hour.device.as_str().as_bytes());
    integer(out, b" reports=", hour.reports);
    integer(out, b"i,through=", through);
    out.push(b'i');
    for (field, figures) in Field::ALL.iter().zip(&hour.figures) {
        let Some(Figures { count, min, max, sum, last }) = figures else { continue };
        let field = field.name();
        // Writing into a Vec cannot fail.
        let _ = write!(out, ",{field}_count={count}i,{field}_min={min},{field}_max={max},{field}_sum={sum},{field}_last={last}");
    }
    out.push(b' ');
    number(out, hour.start.as_ms().saturating_mul(1_000_000));
    out.push(b'\n');
}

/// Their ids with commas between; absent where there are none.
fn places<const N: usize>(out: &mut Vec<u8>, name: &[u8; N], places: &[PlaceId]) {
    if places.is_empty() {
        return;
    }
    out.extend_from_slice(name);
    out.push(b'"');
    for (n, place) in places.iter().enumerate() {
        out.extend_from_slice(if n > 0 { b"," } else { b"" });
        text(out, place.as_str());
    }
    out.push(b'"');
}

/// The one place where text becomes part of a line.
fn text(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes().filter(|byte| *byte != b'\n') {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

fn position(out: &mut Vec<u8>, fix: &Fix) {
    degrees(out, b",lat=", fix.lat_e7);
    degrees(out, b",lon=", fix.lon_e7);
    integer(out, b",accuracy_dm=", fix.accuracy_dm);
    integer(out, b"i,speed_cm_s=", fix.speed_cm_s);
    integer(out, b"i,heading_ddeg=", fix.heading_ddeg);
    integer(out, b"i,satellites=", fix.satellites);
    integer(out, b"i,cn0_ddbhz=", fix.cn0_ddbhz);
    out.push(b'i');
}

/// Exact. What sensors tell has two digits behind the point at most, and then needs no search for the shortest text.
fn decimal(out: &mut Vec<u8>, value: f64) {
    let hundredths = (value * 100.0).round();
    if (hundredths / 100.0).to_bits() != value.to_bits() || hundredths.abs() > HUNDREDTHS_LIMIT {
        // Writing into a Vec cannot fail.
        let _ = write!(out, "{value}");
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the limit")]
    fixed::<100, 2>(out, hundredths as i64);
}

fn integer<const N: usize>(out: &mut Vec<u8>, name: &[u8; N], value: u64) {
    out.extend_from_slice(name);
    number(out, value);
}

/// Every copy has a length that the compiler knows: most numbers of a point are short, and a call for each would cost more than its digits.
fn number(out: &mut Vec<u8>, value: u64) {
    match value {
        0..10 => last::<1>(out, value),
        10..100 => last::<2>(out, value),
        100..1_000 => last::<3>(out, value),
        1_000..10_000 => last::<4>(out, value),
        10_000..100_000 => last::<5>(out, value),
        100_000..1_000_000 => last::<6>(out, value),
        1_000_000..10_000_000 => last::<7>(out, value),
        10_000_000..EIGHT_DIGITS => last::<8>(out, value),
        EIGHT_DIGITS.. => {
            number(out, value / EIGHT_DIGITS);
            last::<8>(out, value % EIGHT_DIGITS);
        }
    }
}

/// The last `N` of eight digits.
fn last<const N: usize>(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(eight(value).last_chunk::<N>().map_or(&[], <[u8; N]>::as_slice));
}

/// The eight digits of a number below [`EIGHT_DIGITS`]: halved into fours, twos and ones side by side in one word, each step for all of them
/// at once. The factors are 1/100 and 1/10, exact for what they meet.
fn eight(value: u64) -> [u8; 8] {
    let fours = value / 10_000 + ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = hundreds + ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens + ((twos - 10 * tens) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Exact: seven digits behind the point, from the integer itself.
fn degrees<const N: usize>(out: &mut Vec<u8>, name: &[u8; N], e7: i64) {
    out.extend_from_slice(name);
    fixed::<DEGREE_E7, 7>(out, e7);
}

/// A number of `PARTS` of one, ten to the power of `DIGITS`, with all its digits behind the point.
fn fixed<const PARTS: u64, const DIGITS: usize>(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    number(out, value / PARTS);
    out.push(b'.');
    last::<DIGITS>(out, value % PARTS);
}

#[cfg(test)]
mod tests {
    use super::{number, text};
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_they_are_said() {
        let edges = (0..20).map(|digits| 10_u64.saturating_pow(digits));
        for value in (0..20_000).chain(edges.flat_map(|edge| [edge - 1, edge, edge.saturating_add(1)])).chain([u64::MAX]) {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    proptest! {
        #[test]
        fn any_number_is_written_as_it_is_said(value: u64, shift in 0_u32..64) {
            let (value, mut out) = (value >> shift, Vec::new());
            number(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    #[test]
    fn no_text_ends_its_quotes_or_its_line() {
        for (told, written) in [
            ("yard-1", "yard-1"),
            ("a\"b", "a\\\"b"),
            ("a\\", "a\\\\"),
            ("a\nreport,dev=XA-1 ctr=1i 1\n", "areport,dev=XA-1 ctr=1i 1"),
            ("西安 港,=", "西安 港,="),
        ] {
            let mut out = Vec::new();
            text(&mut out, told);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
