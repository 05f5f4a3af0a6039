//! Corridors and places as GeoJSON gives them, read just as far as driving along them needs.

use crate::earth::Point;
use sealway_schemas::{CorridorId, PlaceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a GeoJSON text is no world to drive in.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error("not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("feature {feature}: {what}, expected {expected}")]
    Feature { feature: String, what: &'static str, expected: &'static str },
    #[error("no corridor named {0}")]
    NoCorridor(CorridorId),
    #[error("corridor {corridor}: its place {place} is not among the places")]
    NoPlace { corridor: CorridorId, place: PlaceId },
    #[error("no corridors: expected a FeatureCollection of LineStrings")]
    Empty,
}

/// How cargo moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Rail,
    Road,
    Sea,
    Air,
}

impl Mode {
    pub const ALL: [Mode; 4] = [Mode::Rail, Mode::Road, Mode::Sea, Mode::Air];

    /// Cruising speed, km/h, lowest and highest.
    #[must_use]
    pub fn speed_kmh(self) -> (f64, f64) {
        match self {
            Mode::Rail => (80.0, 120.0),
            Mode::Road => (60.0, 90.0),
            Mode::Sea => (26.0, 34.0),
            Mode::Air => (760.0, 840.0),
        }
    }
}

/// A line that cargo follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Corridor {
    pub id: CorridorId,
    pub mode: Mode,
    pub from: PlaceId,
    pub to: PlaceId,
    pub width_m: f64,
    pub line: Vec<Point>,
}

/// A place's outline, one ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub id: PlaceId,
    pub ring: Vec<Point>,
}

impl Place {
    /// Even-odd rule in degrees.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        let next = self.ring.iter().skip(1);
        let crossings = self.ring.iter().zip(next).filter(|(a, b)| {
            (a.lat > point.lat) != (b.lat > point.lat) && point.lon < (b.lon - a.lon) * (point.lat - a.lat) / (b.lat - a.lat) + a.lon
        });
        crossings.count() % 2 == 1
    }
}

/// Everything that a fleet moves in.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub corridors: Vec<Corridor>,
    pub places: Vec<Place>,
}

impl World {
    /// Both are texts of a GeoJSON FeatureCollection.
    pub fn parse(corridors: &str, places: &str) -> Result<Self, WorldError> {
        let places: Vec<Place> = features(places)?.iter().map(place).collect::<Result<_, _>>()?;
        let corridors: Vec<Corridor> = features(corridors)?.iter().map(corridor).collect::<Result<_, _>>()?;
        for corridor in &corridors {
            let missing = [&corridor.from, &corridor.to].into_iter().find(|end| !places.iter().any(|place| place.id == **end));
            if let Some(place) = missing {
                return Err(WorldError::NoPlace { corridor: corridor.id.clone(), place: place.clone() });
            }
        }
        if corridors.is_empty() { Err(WorldError::Empty) } else { Ok(Self { corridors, places }) }
    }

    pub fn corridor(&self, id: &CorridorId) -> Result<&Corridor, WorldError> {
        self.corridors.iter().find(|corridor| corridor.id == *id).ok_or_else(|| WorldError::NoCorridor(id.clone()))
    }

    #[must_use]
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == *id)
    }
}

/// Corridors alone, for one device that drives along one of them.
pub fn corridors(geojson: &str) -> Result<Vec<Corridor>, WorldError> {
    features(geojson)?.iter().map(corridor).collect()
}

fn features(text: &str) -> Result<Vec<Value>, WorldError> {
    let value: Value = serde_json::from_str(text)?;
    match value {
        Value::Object(mut object) if object.get("type").and_then(Value::as_str) == Some("FeatureCollection") => {
            Ok(object.remove("features").and_then(|features| features.as_array().cloned()).unwrap_or_default())
        }
        feature => Ok(vec![feature]),
    }
}

fn corridor(feature: &Value) -> Result<Corridor, WorldError> {
    let refused = |what, expected| WorldError::Feature { feature: name(feature), what, expected };
    let property = |key| feature.pointer("/properties").and_then(|properties| properties.get(key));
    let text = |key| property(key).and_then(Value::as_str);
    let line = points(feature.pointer("/geometry/coordinates")).filter(|line| line.len() >= 2);
    Ok(Corridor {
        id: text("id").and_then(|id| id.parse().ok()).ok_or_else(|| refused("id", "a kebab-case name"))?,
        mode: property("mode")
            .and_then(|mode| serde_json::from_value(mode.clone()).ok())
            .ok_or_else(|| refused("mode", "rail, road, sea or air"))?,
        from: text("from").and_then(|id| id.parse().ok()).ok_or_else(|| refused("from", "a place"))?,
        to: text("to").and_then(|id| id.parse().ok()).ok_or_else(|| refused("to", "a place"))?,
        width_m: property("width_m").and_then(Value::as_f64).filter(|width| *width > 0.0).ok_or_else(|| refused("width_m", "metres"))?,
        line: line.ok_or_else(|| refused("geometry", "a LineString of [longitude, latitude], two points or more"))?,
    })
}

fn place(feature: &Value) -> Result<Place, WorldError> {
    let refused = |what, expected| WorldError::Feature { feature: name(feature), what, expected };
    let id = feature.pointer("/properties/id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let ring = points(feature.pointer("/geometry/coordinates/0")).filter(|ring| ring.len() >= 4);
    Ok(Place {
        id: id.ok_or_else(|| refused("id", "a kebab-case name"))?,
        ring: ring.ok_or_else(|| refused("geometry", "a Polygon with a ring of four points or more"))?,
    })
}

fn name(feature: &Value) -> String {
    feature.pointer("/properties/id").and_then(Value::as_str).unwrap_or("without id").chars().take(64).collect()
}

fn points(coordinates: Option<&Value>) -> Option<Vec<Point>> {
    let point = |pair: &Value| {
        let (lon, lat) = (pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?);
        (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some(Point { lat, lon })
    };
    coordinates?.as_array()?.iter().map(point).collect()
}
