//! Roll-ups made by us, with plain questions and plain writes, so that every server can have them: before whole days are forgotten, the
//! hours of each device are written as measurement `report_1h`, and only then the reports go.
//!
//! Each hour says up to which time of receipt its reports are in it (`through`). What comes later for the same hour is added to it; and
//! where a crash came before the reports were gone, they are not added again.

use super::answer::Row;
use super::http::Http;
use super::reader::{nanoseconds, start, strange};
use super::writer::BATCH_LINES;
use crate::series::SeriesError;
use crate::series::hour::{Figures, Hour, joined};
use crate::series::line::encode_hour;
use crate::series::query::{DAY_MS, Field, HOUR_MS};
use sealway_schemas::{DeviceId, Time};
use serde_json::Map;
use std::collections::BTreeMap;
use std::ops::Range;

/// How the figures of a field are asked for: from reports, and from hours.
const PARTS: [(&str, &str); 5] = [("count", "SUM"), ("min", "MIN"), ("max", "MAX"), ("sum", "SUM"), ("last", "LAST")];

/// The hours of one day.
pub(super) struct Made {
    /// By the hour, in batches: lines, and how many they are.
    pub(super) lines: Vec<(Vec<u8>, usize)>,
    /// The reports before it can go.
    pub(super) end: Time,
}

/// The hours of the first day that has reports and ends at `before` or earlier.
pub(super) async fn of_the_first_day(http: &Http, before: Time) -> Result<Option<Made>, SeriesError> {
    let first = format!("SELECT FIRST(\"ctr\") AS \"ctr\" FROM \"report\" WHERE time < {}", nanoseconds(before));
    let answer = http.ask(first, Map::new()).await?;
    let Some(first) = answer.rows().next().and_then(|row| start(&row)) else { return Ok(None) };
    let day = first.as_ms() - first.as_ms() % DAY_MS;
    let through = through(http, day..day + DAY_MS).await?;
    let mut made = Made { lines: Vec::new(), end: Time::from_ms(day + DAY_MS) };
    for hour in (day..day + DAY_MS).step_by(usize::try_from(HOUR_MS).unwrap_or(usize::MAX)) {
        let hours = of_the_hour(http, hour..hour + HOUR_MS, through).await?;
        for hours in hours.chunks(BATCH_LINES) {
            let mut lines = Vec::new();
            hours.iter().for_each(|(hour, received)| encode_hour(hour, *received, &mut lines));
            made.lines.push((lines, hours.len()));
        }
    }
    Ok(Some(made))
}

/// Every device's, each with the newest time of receipt in it; only those that have something new.
async fn of_the_hour(http: &Http, span: Range<u64>, through: u64) -> Result<Vec<(Hour, u64)>, SeriesError> {
    let fresh = figures(|field, part| format!("{}(\"{field}\")", part.to_uppercase()));
    let more = format!(" AND \"received_at\" > {through}");
    let what = format!("COUNT(\"ctr\") AS \"reports\", MAX(\"received_at\") AS \"through\", {fresh}");
    let fresh = rows(http, "report", &what, &span, &more).await?;
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("SUM(\"reports\") AS \"reports\", LAST(\"through\") AS \"through\", {}", figures(of_hours));
    let mut before = rows(http, "report_1h", &what, &span, "").await?;
    let join = |(device, (hour, through))| {
        let before = before.remove(&device).map(|(hour, _)| hour);
        joined(before.into_iter().collect(), vec![hour]).pop().map(|hour| (hour, through))
    };
    Ok(fresh.into_iter().filter_map(join).collect())
}

/// Up to which time of receipt the day's reports are in its hours; 0 where there are none.
async fn through(http: &Http, span: Range<u64>) -> Result<u64, SeriesError> {
    let text = format!("SELECT MAX(\"through\") AS \"through\" FROM \"report_1h\" WHERE {}", within(&span));
    let answer = http.ask(text, Map::new()).await?;
    Ok(answer.rows().next().and_then(|row| row.whole("through")).unwrap_or(0))
}

async fn rows(
    http: &Http,
    measurement: &str,
    what: &str,
    span: &Range<u64>,
    more: &str,
) -> Result<BTreeMap<DeviceId, (Hour, u64)>, SeriesError> {
    let text = format!("SELECT {what} FROM \"{measurement}\" WHERE {}{more} GROUP BY \"dev\"", within(span));
    let answer = http.ask(text, Map::new()).await?;
    let hour = |row: Row<'_>| {
        let device: DeviceId = row.tag("dev")?.parse().ok()?;
        let figures = Field::ALL.map(|field| read(&row, field));
        let hour = Hour { device, start: Time::from_ms(span.start), reports: row.whole("reports")?, figures };
        Some((device, (hour, row.whole("through")?)))
    };
    answer.rows().map(|row| hour(row).ok_or_else(|| strange(http, "a row that is no hour"))).collect()
}

/// The figures of every field in the words of `part`, each with its name.
fn figures(part: impl Fn(&str, &str) -> String) -> String {
    let columns = Field::ALL.iter().flat_map(|field| PARTS.map(|(name, _)| (field.name(), name)));
    columns.map(|(field, name)| format!("{} AS \"{field}_{name}\"", part(field, name))).collect::<Vec<_>>().join(", ")
}

fn of_hours(field: &str, part: &str) -> String {
    let of = PARTS.iter().find(|(name, _)| *name == part).map_or("", |(_, of)| of);
    format!("{of}(\"{field}_{part}\")")
}

fn read(row: &Row<'_>, field: Field) -> Option<Figures> {
    let number = |part: &str| row.number(&format!("{}_{part}", field.name()));
    let count = row.whole(&format!("{}_count", field.name())).filter(|count| *count > 0)?;
    Some(Figures { count, min: number("min")?, max: number("max")?, sum: number("sum")?, last: number("last")? })
}

/// What one field's figures are called in a question to reports or, with `hours`, to hours.
pub(super) fn one_field(field: Field, hours: bool) -> String {
    let column = |(part, of): (&str, &str)| match hours {
        true => format!("{of}(\"{}_{part}\") AS \"{part}\"", field.name()),
        false => format!("{}(\"{}\") AS \"{part}\"", part.to_uppercase(), field.name()),
    };
    PARTS.map(column).join(", ")
}

fn within(span: &Range<u64>) -> String {
    let at = |ms| nanoseconds(Time::from_ms(ms));
    format!("time >= {} AND time < {}", at(span.start), at(span.end))
}
