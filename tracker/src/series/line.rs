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
const HUNDREDTHS_LIMIT: f64 = 1e12;

/// Appends the point's line. Values that are not finite are left out: line protocol cannot tell them.
pub fn encode(point: &Point, out: &mut Vec<u8>) {
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
fn places(out: &mut Vec<u8>, name: &[u8], places: &[PlaceId]) {
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
    fixed::<100>(out, hundredths as i64);
}

fn integer(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    number(out, value);
}

fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Exact: seven digits behind the point, from the integer itself.
fn degrees(out: &mut Vec<u8>, name: &[u8], e7: i64) {
    out.extend_from_slice(name);
    fixed::<DEGREE_E7>(out, e7);
}

/// A number of `PARTS` of one, a power of ten, with all its digits behind the point.
fn fixed<const PARTS: u64>(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    number(out, value / PARTS);
    out.push(b'.');
    // The leading 1 keeps the zeros behind the point.
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(digits.format(PARTS + value % PARTS).as_bytes().get(1..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::text;

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
