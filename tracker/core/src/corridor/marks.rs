//! What lies along a corridor: stretches without a network, stops that are allowed, points that have to be passed in their order.

use crate::feature::{GeometryRefusal, shown};
use geojson::{JsonObject, JsonValue};
use serde::de::DeserializeOwned;

/// The last kilometre may be rounded up.
const ROUNDED_KM: f64 = 1.0;
const DAY_MINUTES: f64 = 1_440.0;

/// A stretch without a network, kilometres along the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoSignal {
    pub from_km: f64,
    pub to_km: f64,
}

/// A stretch where standing is allowed for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    pub from_km: f64,
    pub to_km: f64,
    pub allowed_ms: u64,
}

/// A point that has to be passed within its radius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waypoint {
    pub km: f64,
    pub radius_m: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Marks {
    pub(super) no_signal: Vec<NoSignal>,
    pub(super) stops: Vec<Stop>,
    pub(super) waypoints: Vec<Waypoint>,
}

impl Marks {
    pub(super) fn parse(properties: &JsonObject, length_km: f64) -> Result<Self, GeometryRefusal> {
        Ok(Self {
            no_signal: no_signal(properties, length_km)?,
            stops: stops(properties, length_km)?,
            waypoints: waypoints(properties, length_km)?,
        })
    }
}

fn no_signal(properties: &JsonObject, length_km: f64) -> Result<Vec<NoSignal>, GeometryRefusal> {
    let expected = format!("[[from_km, to_km], ...], ascending, within 0 to {length_km:.1}");
    let rows: Vec<[f64; 2]> = rows(properties, "no_signal", &expected)?;
    let zones: Vec<NoSignal> = rows.into_iter().map(|[from_km, to_km]| NoSignal { from_km, to_km }).collect();
    ascend(zones.iter().map(|zone| (zone.from_km, zone.to_km)), length_km, || refused(properties, "no_signal", &expected))?;
    Ok(zones)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "up to a day of minutes")]
fn stops(properties: &JsonObject, length_km: f64) -> Result<Vec<Stop>, GeometryRefusal> {
    let expected = format!("[[from_km, to_km, minutes], ...], ascending, within 0 to {length_km:.1}, 1 to {DAY_MINUTES} minutes");
    let rows: Vec<[f64; 3]> = rows(properties, "stops", &expected)?;
    ascend(rows.iter().map(|[from_km, to_km, _]| (*from_km, *to_km)), length_km, || refused(properties, "stops", &expected))?;
    if rows.iter().any(|[_, _, minutes]| !(1.0..=DAY_MINUTES).contains(minutes)) {
        return Err(refused(properties, "stops", &expected));
    }
    let stop = |[from_km, to_km, minutes]: [f64; 3]| Stop { from_km, to_km, allowed_ms: (minutes * 60_000.0) as u64 };
    Ok(rows.into_iter().map(stop).collect())
}

fn waypoints(properties: &JsonObject, length_km: f64) -> Result<Vec<Waypoint>, GeometryRefusal> {
    let expected = format!("[[km, radius_m], ...], ascending, within 0 to {length_km:.1}, radius above 0");
    let rows: Vec<[f64; 2]> = rows(properties, "waypoints", &expected)?;
    let mut reached = 0.0;
    for [km, radius_m] in &rows {
        if *km < reached || *km > length_km || *radius_m <= 0.0 {
            return Err(refused(properties, "waypoints", &expected));
        }
        reached = *km;
    }
    Ok(rows.into_iter().map(|[km, radius_m]| Waypoint { km, radius_m }).collect())
}

/// Nothing where the property is left out.
fn rows<T: DeserializeOwned>(properties: &JsonObject, name: &'static str, expected: &str) -> Result<Vec<T>, GeometryRefusal> {
    match properties.get(name).filter(|value| !value.is_null()) {
        None => Ok(Vec::new()),
        Some(value) => serde_json::from_value(value.clone()).map_err(|_| refused(properties, name, expected)),
    }
}

fn refused(properties: &JsonObject, name: &'static str, expected: &str) -> GeometryRefusal {
    let found = properties.get(name).map_or_else(|| "missing".to_owned(), |value: &JsonValue| shown(value));
    GeometryRefusal::Property { name, found, expected: expected.to_owned() }
}

fn ascend(
    stretches: impl Iterator<Item = (f64, f64)>,
    length_km: f64,
    refused: impl Fn() -> GeometryRefusal,
) -> Result<(), GeometryRefusal> {
    let mut reached = 0.0;
    for (from_km, to_km) in stretches {
        if from_km < reached || to_km <= from_km || to_km > length_km + ROUNDED_KM {
            return Err(refused());
        }
        reached = to_km;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(marks: JsonValue) -> Result<Marks, GeometryRefusal> {
        Marks::parse(&serde_json::from_value(marks).unwrap(), 100.0)
    }

    #[test]
    fn stretches_and_points_ascend_along_the_line() {
        let marks = parsed(json!({"no_signal": [[10, 20]], "stops": [[30, 31, 45]], "waypoints": [[5, 100], [70.5, 60]]})).unwrap();
        assert_eq!(marks.stops, [Stop { from_km: 30.0, to_km: 31.0, allowed_ms: 2_700_000 }]);
        assert_eq!(marks.waypoints.last(), Some(&Waypoint { km: 70.5, radius_m: 60.0 }));
        assert_eq!(parsed(json!({"stops": null})).unwrap(), Marks::default());
        for (wrong, name) in [
            (json!({"no_signal": [[20, 10]]}), "no_signal"),
            (json!({"stops": [[30, 31]]}), "stops"),
            (json!({"stops": [[30, 31, 0]]}), "stops"),
            (json!({"stops": [[30, 131, 20]]}), "stops"),
            (json!({"waypoints": [[70, 50], [5, 50]]}), "waypoints"),
            (json!({"waypoints": [[70, 0]]}), "waypoints"),
            (json!({"waypoints": [[100.5, 50]]}), "waypoints"),
        ] {
            let refusal = parsed(wrong.clone()).unwrap_err();
            assert!(refusal.to_string().contains(name), "{wrong}: {refusal}");
        }
    }
}
