//! Points of one device as a block: a column for each field, in it the differences from report to report, deflated.
//!
//! A seal on the road differs little from one report to the next, so most differences are one byte, and the same byte again.

use super::file::Row;
use super::varint::{Cursor, put, put_signed};
use crate::series::{Point, PointTime};
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sealway_schemas::report::{Event, Fix, Status};
use sealway_schemas::{DeviceId, PlaceId, Time};
use std::io::{Read as _, Write as _};

/// Points of one block at most; a day at one report in ten seconds is three blocks.
const BLOCK_POINTS: usize = 4_096;
/// Columns of one block at most, so that a damaged one cannot claim the memory.
const COLUMN_BYTES_LIMIT: u64 = 4 << 20;
/// Temperatures of so many parts of a degree are kept as whole numbers.
const PARTS: f64 = 100.0;

impl Row for Point {
    const MAGIC: [u8; 8] = *b"SEALPTS1";
    const BLOCK: usize = BLOCK_POINTS;

    fn device(&self) -> DeviceId {
        self.device
    }

    fn at(&self) -> PointTime {
        self.at
    }

    fn encode(rows: &[Self]) -> std::io::Result<Vec<u8>> {
        encode(rows)
    }

    fn decode(device: DeviceId, body: &[u8]) -> Option<Vec<Self>> {
        decode(device, body)
    }
}

/// The points have to be of one device, oldest first.
fn encode(points: &[Point]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(points.len() * 24);
    put(&mut out, points.len() as u64);
    curve(&mut out, points.iter().map(|point| point.at.t().as_ms()));
    curve(&mut out, points.iter().map(|point| point.ctr));
    steps(&mut out, points.iter().map(|point| signed(point.received_at.as_ms()).wrapping_sub(signed(point.at.t().as_ms()))));
    steps(&mut out, points.iter().map(|point| signed(point.epoch)));
    steps(&mut out, points.iter().map(|point| i64::from(point.event.code())));
    steps(&mut out, points.iter().map(|point| signed(point.status.bits())));
    steps(&mut out, points.iter().map(|point| i64::from(presence(point))));
    fixes(&mut out, points);
    steps(&mut out, points.iter().filter_map(|point| point.battery).map(i64::from));
    temperatures(&mut out, points.iter().filter_map(|point| point.temperature));
    crossings(&mut out, points);
    let mut deflate = DeflateEncoder::new(Vec::with_capacity(out.len() / 2), Compression::new(1));
    deflate.write_all(&out)?;
    deflate.finish()
}

fn signed(value: u64) -> i64 {
    value.cast_signed()
}

fn presence(point: &Point) -> u8 {
    u8::from(point.fix.is_some()) | u8::from(point.battery.is_some()) << 1 | u8::from(point.temperature.is_some()) << 2
}

/// For what goes on at its pace: the change of the difference.
fn curve(out: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let (mut last, mut pace) = (0_i64, 0_i64);
    for value in values.map(signed) {
        let step = value.wrapping_sub(last);
        put_signed(out, step.wrapping_sub(pace));
        (last, pace) = (value, step);
    }
}

/// For what goes up and down: the difference.
fn steps(out: &mut Vec<u8>, values: impl Iterator<Item = i64>) {
    let mut last = 0_i64;
    for value in values {
        put_signed(out, value.wrapping_sub(last));
        last = value;
    }
}

fn fixes(out: &mut Vec<u8>, points: &[Point]) {
    let columns: [fn(&Fix) -> i64; 7] = [
        |fix| fix.lat_e7,
        |fix| fix.lon_e7,
        |fix| signed(fix.accuracy_dm),
        |fix| signed(fix.speed_cm_s),
        |fix| signed(fix.heading_ddeg),
        |fix| signed(fix.satellites),
        |fix| signed(fix.cn0_ddbhz),
    ];
    for column in columns {
        steps(out, points.iter().filter_map(|point| point.fix.as_ref()).map(column));
    }
}

/// Whole parts of a degree where that is exact, else the number itself.
fn temperatures(out: &mut Vec<u8>, values: impl Iterator<Item = f64>) {
    let mut last = 0_i64;
    for value in values {
        #[expect(clippy::cast_possible_truncation, reason = "checked to come back the same")]
        let parts = (value * PARTS).round() as i64;
        if degrees(parts).to_bits() == value.to_bits() && parts.unsigned_abs() < 1 << 40 {
            put_signed(out, (parts - last) << 1);
            last = parts;
        } else {
            put_signed(out, 1);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn degrees(parts: i64) -> f64 {
    parts as f64 / PARTS
}

fn crossings(out: &mut Vec<u8>, points: &[Point]) {
    let crossed = || points.iter().enumerate().filter(|(_, point)| !point.entered.is_empty() || !point.left.is_empty());
    put(out, crossed().count() as u64);
    for (row, point) in crossed() {
        put(out, row as u64);
        for places in [&point.entered, &point.left] {
            put(out, places.len() as u64);
            for place in places {
                put(out, place.as_str().len() as u64);
                out.extend_from_slice(place.as_str().as_bytes());
            }
        }
    }
}

/// `None` where the bytes are no block.
fn decode(device: DeviceId, bytes: &[u8]) -> Option<Vec<Point>> {
    let mut columns = Vec::with_capacity(bytes.len() * 3);
    DeflateDecoder::new(bytes).take(COLUMN_BYTES_LIMIT).read_to_end(&mut columns).ok()?;
    let mut from = Cursor(&columns);
    let count = usize::try_from(from.take()?).ok().filter(|count| *count <= BLOCK_POINTS)?;
    let mut points = begin(device, &mut from, count)?;
    read_fixes(&mut from, &mut points)?;
    let mut battery = 0_i64;
    for kept in points.iter_mut().filter_map(|point| point.battery.as_mut()) {
        battery = battery.wrapping_add(from.take_signed()?);
        *kept = u8::try_from(battery).ok()?;
    }
    let mut parts = 0_i64;
    for kept in points.iter_mut().filter_map(|point| point.temperature.as_mut()) {
        *kept = read_temperature(&mut from, &mut parts)?;
    }
    read_crossings(&mut from, &mut points)?;
    Some(points)
}

/// The columns that every report has, and which of the others it has.
fn begin(device: DeviceId, from: &mut Cursor<'_>, count: usize) -> Option<Vec<Point>> {
    let t = read_curve(from, count)?;
    let ctr = read_curve(from, count)?;
    let delay = read_steps(from, count)?;
    let epoch = read_steps(from, count)?;
    let event = read_steps(from, count)?;
    let status = read_steps(from, count)?;
    let presence = read_steps(from, count)?;
    let rows = t.into_iter().zip(ctr).zip(delay).zip(epoch).zip(event).zip(status).zip(presence);
    rows.map(|((((((t, ctr), delay), epoch), event), status), presence)| {
        let (at, ctr) = (t.cast_unsigned(), ctr.cast_unsigned());
        Some(Point {
            device,
            at: PointTime::new(Time::from_ms(at), ctr).ok()?,
            received_at: Time::from_ms(t.wrapping_add(delay).cast_unsigned()),
            ctr,
            epoch: epoch.cast_unsigned(),
            event: Event::from_code(event.cast_unsigned()).ok()?,
            status: Status::new(status.cast_unsigned()).ok()?,
            fix: (presence & 1 != 0).then_some(NO_FIX),
            battery: (presence & 2 != 0).then_some(0),
            temperature: (presence & 4 != 0).then_some(0.0),
            entered: Vec::new(),
            left: Vec::new(),
        })
    })
    .collect()
}

const NO_FIX: Fix = Fix { lat_e7: 0, lon_e7: 0, accuracy_dm: 0, speed_cm_s: 0, heading_ddeg: 0, satellites: 0, cn0_ddbhz: 0 };

fn read_curve(from: &mut Cursor<'_>, count: usize) -> Option<Vec<i64>> {
    let (mut last, mut pace) = (0_i64, 0_i64);
    let values = (0..count).map(|_| {
        pace = pace.wrapping_add(from.take_signed()?);
        last = last.wrapping_add(pace);
        Some(last)
    });
    values.collect()
}

fn read_steps(from: &mut Cursor<'_>, count: usize) -> Option<Vec<i64>> {
    let mut last = 0_i64;
    let values = (0..count).map(|_| {
        last = last.wrapping_add(from.take_signed()?);
        Some(last)
    });
    values.collect()
}

fn read_fixes(from: &mut Cursor<'_>, points: &mut [Point]) -> Option<()> {
    let columns: [fn(&mut Fix, i64); 7] = [
        |fix, value| fix.lat_e7 = value,
        |fix, value| fix.lon_e7 = value,
        |fix, value| fix.accuracy_dm = value.cast_unsigned(),
        |fix, value| fix.speed_cm_s = value.cast_unsigned(),
        |fix, value| fix.heading_ddeg = value.cast_unsigned(),
        |fix, value| fix.satellites = value.cast_unsigned(),
        |fix, value| fix.cn0_ddbhz = value.cast_unsigned(),
    ];
    for column in columns {
        let mut last = 0_i64;
        for fix in points.iter_mut().filter_map(|point| point.fix.as_mut()) {
            last = last.wrapping_add(from.take_signed()?);
            column(fix, last);
        }
    }
    Some(())
}

fn read_temperature(from: &mut Cursor<'_>, parts: &mut i64) -> Option<f64> {
    let step = from.take_signed()?;
    if step & 1 != 0 {
        return from.bytes(8).and_then(|bytes| bytes.try_into().ok()).map(f64::from_le_bytes);
    }
    *parts = parts.wrapping_add(step >> 1);
    Some(degrees(*parts))
}

fn read_crossings(from: &mut Cursor<'_>, points: &mut [Point]) -> Option<()> {
    for _ in 0..from.take()? {
        let point = points.get_mut(usize::try_from(from.take()?).ok()?)?;
        point.entered = read_places(from)?;
        point.left = read_places(from)?;
    }
    Some(())
}

fn read_places(from: &mut Cursor<'_>) -> Option<Vec<PlaceId>> {
    let count = from.take()?;
    let places = (0..count).map(|_| {
        let len = usize::try_from(from.take()?).ok()?;
        std::str::from_utf8(from.bytes(len)?).ok()?.parse().ok()
    });
    places.collect()
}
