//! The questions in InfluxQL.

use super::answer::{Answer, Row};
use super::hours;
use super::http::Http;
use crate::series::hour::{self, Figures};
use crate::series::query::{Bucket, Count, Crossing, Field, Span, Track};
use crate::series::{Point, PointTime, SeriesError};
use sealway_schemas::report::{Event, Fix, Status};
use sealway_schemas::{DeviceId, PlaceId, Time};

const COLUMNS: [&str; 15] = [
    "ctr",
    "t",
    "epoch",
    "event",
    "status",
    "received_at",
    "battery",
    "lat",
    "lon",
    "accuracy_dm",
    "speed_cm_s",
    "heading_ddeg",
    "satellites",
    "cn0_ddbhz",
    "temperature",
];

pub(super) async fn track(http: &Http, device: &DeviceId, span: Span, at_most: usize) -> Result<Track, SeriesError> {
    let counted = ask(http, "report", "COUNT(\"ctr\") AS \"reports\"", device, span, "").await?;
    let reports = counted.rows().next().and_then(|row| row.whole("reports")).unwrap_or_default();
    if reports == 0 {
        return Ok(Track { points: Vec::new(), reports });
    }
    let rows = if reports <= at_most as u64 {
        ask(http, "report", &columns(|name| format!("\"{name}\"")), device, span, "").await?
    } else {
        let newest = columns(|name| format!("LAST(\"{name}\") AS \"{name}\""));
        ask(http, "report", &newest, device, span, &by_time(span.bucket_ms(at_most))).await?
    };
    let points = rows.rows().map(|row| point(*device, &row).ok_or_else(|| strange(http, "a row that is no report")));
    Ok(Track { points: points.collect::<Result<_, _>>()?, reports })
}

pub(super) async fn downsample(
    http: &Http,
    device: &DeviceId,
    field: Field,
    span: Span,
    at_most: usize,
) -> Result<Vec<Bucket>, SeriesError> {
    let by = by_time(span.bucket_ms(at_most));
    let reports = ask(http, "report", &hours::one_field(field, false), device, span, &by).await?;
    let older = ask(http, "report_1h", &hours::one_field(field, true), device, span, &by).await?;
    Ok(hour::curve(stretches(http, &older)?, stretches(http, &reports)?))
}

fn stretches(http: &Http, answer: &Answer) -> Result<Vec<(Time, Figures)>, SeriesError> {
    let stretch = |row: Row<'_>| {
        let number = |column| row.number(column);
        let (min, max, sum, last) = (number("min")?, number("max")?, number("sum")?, number("last")?);
        Some((start(&row)?, Figures { count: row.whole("count")?, min, max, sum, last }))
    };
    let told = answer.rows().filter(|row| row.whole("count") != Some(0));
    told.map(|row| stretch(row).ok_or_else(|| strange(http, "a row without figures"))).collect()
}

pub(super) async fn counts(http: &Http, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Count>, SeriesError> {
    let by = by_time(span.bucket_hours_ms(at_most));
    let reports = ask(http, "report", "COUNT(\"ctr\") AS \"reports\"", device, span, &by).await?;
    let older = ask(http, "report_1h", "SUM(\"reports\") AS \"reports\"", device, span, &by).await?;
    Ok(hour::counts(counted(http, &older)?, counted(http, &reports)?))
}

fn counted(http: &Http, answer: &Answer) -> Result<Vec<Count>, SeriesError> {
    let count = |row: Row<'_>| Some(Count { start: start(&row)?, reports: row.whole("reports")? });
    answer.rows().map(|row| count(row).ok_or_else(|| strange(http, "a row without a count"))).collect()
}

pub(super) async fn crossings(http: &Http, device: &DeviceId, span: Span, at_most: usize) -> Result<Vec<Crossing>, SeriesError> {
    let tail = format!(" AND (\"entered\" <> '' OR \"left\" <> '') ORDER BY time DESC LIMIT {at_most}");
    let rows = ask(http, "report", "\"ctr\", \"t\", \"entered\", \"left\"", device, span, &tail).await?;
    let crossing = |row: Row<'_>| {
        let ctr = row.whole("ctr")?;
        let at = PointTime::new(Time::from_ms(row.whole("t")?), ctr).ok()?;
        Some(Crossing { at, ctr, entered: places(row.text("entered"))?, left: places(row.text("left"))? })
    };
    rows.rows().rev().map(|row| crossing(row).ok_or_else(|| strange(http, "a row that is no crossing"))).collect()
}

async fn ask(http: &Http, measurement: &str, what: &str, device: &DeviceId, span: Span, tail: &str) -> Result<Answer, SeriesError> {
    let text = format!(
        "SELECT {what} FROM \"{measurement}\" WHERE \"dev\" = $dev AND time >= {} AND time < {}{tail}",
        nanoseconds(span.from()),
        nanoseconds(span.to()),
    );
    let bound = serde_json::Map::from_iter([("dev".to_owned(), device.as_str().into())]);
    http.ask(text, bound).await
}

fn columns(of: impl Fn(&str) -> String) -> String {
    COLUMNS.map(of).join(", ")
}

fn by_time(width_ms: u64) -> String {
    format!(" GROUP BY time({width_ms}ms) fill(none)")
}

/// As far as the server can count.
pub(super) fn nanoseconds(t: Time) -> i64 {
    i64::try_from(u128::from(t.as_ms()) * 1_000_000).unwrap_or(i64::MAX)
}

pub(super) fn start(row: &Row<'_>) -> Option<Time> {
    Some(Time::from_ms(row.whole("time")? / 1_000_000))
}

pub(super) fn strange(http: &Http, what: &str) -> SeriesError {
    SeriesError::Answer { url: http.url().to_owned(), message: what.to_owned() }
}

fn places(text: Option<&str>) -> Option<Vec<PlaceId>> {
    text.unwrap_or_default().split(',').filter(|place| !place.is_empty()).map(|place| place.parse().ok()).collect()
}

fn point(device: DeviceId, row: &Row<'_>) -> Option<Point> {
    let ctr = row.whole("ctr")?;
    Some(Point {
        device,
        at: PointTime::new(Time::from_ms(row.whole("t")?), ctr).ok()?,
        received_at: Time::from_ms(row.whole("received_at")?),
        ctr,
        epoch: row.whole("epoch")?,
        event: Event::from_code(row.whole("event")?).ok()?,
        status: Status::new(row.whole("status")?).ok()?,
        fix: fix(row),
        battery: row.whole("battery").and_then(|percent| u8::try_from(percent).ok()),
        temperature: row.number("temperature"),
        entered: Vec::new(),
        left: Vec::new(),
    })
}

fn fix(row: &Row<'_>) -> Option<Fix> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees were whole parts of 1e-7 when they were written")]
    let e7 = |column| row.number(column).map(|degrees| (degrees * 1e7).round() as i64);
    Some(Fix {
        lat_e7: e7("lat")?,
        lon_e7: e7("lon")?,
        accuracy_dm: row.whole("accuracy_dm")?,
        speed_cm_s: row.whole("speed_cm_s")?,
        heading_ddeg: row.whole("heading_ddeg")?,
        satellites: row.whole("satellites")?,
        cn0_ddbhz: row.whole("cn0_ddbhz")?,
    })
}
