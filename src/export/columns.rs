//! The columns that every table has. The unit is in the name.

use sealway_schemas::Time;
use sealway_schemas::report::{Event, Fix};
use sealway_tracker::series::Point;

pub(super) enum Cell {
    Text(String),
    Time(Time),
    Whole(i64),
    Number(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Time,
    Whole,
    Number,
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Every report has it.
    pub(super) always: bool,
    pub(super) of: fn(&Point) -> Option<Cell>,
}

const fn always(name: &'static str, kind: Kind, of: fn(&Point) -> Option<Cell>) -> Column {
    Column { name, kind, always: true, of }
}

const fn sometimes(name: &'static str, kind: Kind, of: fn(&Point) -> Option<Cell>) -> Column {
    Column { name, kind, always: false, of }
}

pub(super) const COLUMNS: [Column; 16] = [
    always("device", Kind::Text, |point| Some(Cell::Text(point.device.to_string()))),
    always("t", Kind::Time, |point| Some(Cell::Time(point.at.t()))),
    always("received_at", Kind::Time, |point| Some(Cell::Time(point.received_at))),
    always("ctr", Kind::Whole, |point| Some(whole(point.ctr))),
    always("epoch", Kind::Whole, |point| Some(whole(point.epoch))),
    always("event", Kind::Text, |point| Some(Cell::Text(event(point.event)))),
    always("status", Kind::Whole, |point| Some(whole(point.status.bits()))),
    sometimes("lat", Kind::Number, |point| fix(point, |fix| fix.lat_e7 as f64 / 1e7)),
    sometimes("lon", Kind::Number, |point| fix(point, |fix| fix.lon_e7 as f64 / 1e7)),
    sometimes("accuracy_m", Kind::Number, |point| fix(point, |fix| fix.accuracy_dm as f64 / 10.0)),
    sometimes("speed_m_s", Kind::Number, |point| fix(point, |fix| fix.speed_cm_s as f64 / 100.0)),
    sometimes("heading_deg", Kind::Number, |point| fix(point, |fix| fix.heading_ddeg as f64 / 10.0)),
    sometimes("satellites", Kind::Whole, |point| point.fix.map(|fix| whole(fix.satellites))),
    sometimes("cn0_dbhz", Kind::Number, |point| fix(point, |fix| fix.cn0_ddbhz as f64 / 10.0)),
    sometimes("battery_percent", Kind::Whole, |point| point.battery.map(|percent| whole(u64::from(percent)))),
    sometimes("temperature_c", Kind::Number, |point| point.temperature.filter(|value| value.is_finite()).map(Cell::Number)),
];

fn whole(value: u64) -> Cell {
    Cell::Whole(value.cast_signed())
}

fn fix(point: &Point, of: fn(&Fix) -> f64) -> Option<Cell> {
    point.fix.as_ref().map(|fix| Cell::Number(of(fix)))
}

/// The name of an event, as in the API.
fn event(event: Event) -> String {
    match serde_json::to_value(event) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("unknown-{}", event.code()),
    }
}
