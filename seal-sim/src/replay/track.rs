//! Tracks: CSV `unix_ms,lat,lon,alt_m,speed_mps`, an empty field where nothing was recorded.

use super::ReplayPoint;
use crate::earth::Point;
use crate::number;
use sealway_schemas::report::Fix;

const HEADER: &str = "unix_ms,lat,lon,alt_m,speed_mps";
/// A track says nothing of its accuracy: that of a plain receiver in the open.
const ACCURACY_DM: u64 = 50;

pub(super) fn is_track(text: &str) -> bool {
    text.lines().find(|line| !line.starts_with('#')).is_some_and(|line| line.trim() == HEADER)
}

/// The fault has its line number, from 1.
pub(super) fn read(text: &str) -> Result<Vec<ReplayPoint>, (usize, String)> {
    let mut points: Vec<ReplayPoint> = Vec::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && line.trim() != HEADER && !line.trim().is_empty());
    for (index, line) in lines {
        let point = read_line(line.trim(), points.last()).map_err(|what| (index + 1, what))?;
        points.push(point);
    }
    Ok(points)
}

fn read_line(line: &str, last: Option<&ReplayPoint>) -> Result<ReplayPoint, String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [unix_ms, lat, lon, _alt_m, speed] = fields.as_slice() else {
        return Err(format!("{} fields, expected {HEADER}", fields.len()));
    };
    let t_ms = unix_ms.parse().map_err(|_| format!("unix_ms {unix_ms:?}: expected milliseconds"))?;
    if lat.is_empty() || lon.is_empty() {
        return Ok(ReplayPoint { t_ms, timed: true, fix: None });
    }
    let degrees = |name: &str, text: &str, limit: f64| {
        let value = text.parse().ok().filter(|value: &f64| value.abs() <= limit);
        value.ok_or_else(|| format!("{name} {text:?}: expected degrees within {limit}"))
    };
    let point = Point { lat: degrees("lat", lat, 90.0)?, lon: degrees("lon", lon, 180.0)? };
    let before = last.and_then(|last| last.fix.map(|fix| (last.t_ms, fix)));
    let speed_m_s = match (speed.parse::<f64>(), before) {
        (Ok(speed), _) => speed,
        (Err(_), Some((t, fix))) if t_ms > t => Point::of(&fix).distance_m(point) / (number::float(t_ms - t) / 1000.0),
        (Err(_), _) => 0.0,
    };
    let heading_ddeg = before.map_or(0, |(_, fix)| number::heading_ddeg(Point::of(&fix).bearing_to(point)));
    let (lat_e7, lon_e7) = point.e7();
    let speed_cm_s = number::counted(speed_m_s * 100.0);
    let fix = Fix { lat_e7, lon_e7, accuracy_dm: ACCURACY_DM, speed_cm_s, heading_ddeg, satellites: 0, cn0_ddbhz: 0 };
    Ok(ReplayPoint { t_ms, timed: true, fix: Some(fix) })
}
