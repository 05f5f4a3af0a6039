//! GeoJSON at the edge: what a person drew or exported is read once, and refused with the value that is wrong.

use crate::geometry::Position;
use geo::CoordsIter as _;
use geojson::{Feature, GeometryValue, JsonObject, JsonValue};
use sealway_schemas::ids::NotAnId;
use std::str::FromStr;

/// Larger features are refused before they are read, and in force is a smaller limit: `Policy::feature_bytes`.
pub const FEATURE_BYTES_LIMIT: usize = 1024 * 1024;
/// No port, road or railway lies nearer to a pole; a larger latitude is a longitude in the wrong place.
const LAT_PLAUSIBLE: f64 = 80.0;

/// Why a feature is not taken. Messages name the value and what was expected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryRefusal {
    #[error("feature of {bytes} bytes, expected at most {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("not a GeoJSON feature: {0}")]
    NotAFeature(String),
    #[error("geometry {found}, expected one {expected}")]
    WrongGeometry { found: String, expected: &'static str },
    #[error("{found} positions, expected {expected}")]
    Vertices { found: usize, expected: String },
    #[error("position {index}: {found:?}, expected [longitude, latitude]")]
    NotAPosition { index: usize, found: Vec<f64> },
    #[error(
        "position {index}: longitude {lon}, latitude {lat}; expected longitude first (within 180) and a latitude within 80: the axes look swapped"
    )]
    SwappedAxes { index: usize, lon: f64, lat: f64 },
    #[error("position {index}: longitude {lon}, latitude {lat}; expected longitude within 180, latitude within 80")]
    OutOfWorld { index: usize, lon: f64, lat: f64 },
    #[error("ring {ring} ends at {last:?}, expected its first position {first:?}")]
    NotClosed { ring: usize, first: [f64; 2], last: [f64; 2] },
    #[error("polygon is not valid: {0}")]
    NotSimple(String),
    #[error("{what} of {found}, expected {expected}")]
    Size { what: &'static str, found: String, expected: String },
    #[error("property {name}: {found}, expected {expected}")]
    Property { name: &'static str, found: String, expected: String },
    #[error("positions {index} and {} are the same, expected a line without zero-length pieces", index + 1)]
    ZeroLength { index: usize },
    #[error("the line {end} at longitude {lon}, latitude {lat}, expected inside {place}{hint}")]
    EndOutside { end: &'static str, lon: f64, lat: f64, place: String, hint: &'static str },
    #[error("{what} {id}: unknown, expected one that was put before")]
    Unknown { what: &'static str, id: String },
    #[error("corridor {corridor} would no longer touch {place}; expected its end inside: put the corridor anew together with another id")]
    Strands { corridor: String, place: String },
    #[error("{what} {id}: corridor {corridor} would not touch its places without this version, expected one that no corridor rests on")]
    Needed { what: &'static str, id: String, corridor: String },
}

impl GeometryRefusal {
    /// Stable, kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "feature-too-large",
            Self::NotAFeature(_) => "not-a-feature",
            Self::WrongGeometry { .. } => "wrong-geometry",
            Self::Vertices { .. } => "vertex-count",
            Self::NotAPosition { .. } => "not-a-position",
            Self::SwappedAxes { .. } => "swapped-axes",
            Self::OutOfWorld { .. } => "out-of-world",
            Self::NotClosed { .. } => "ring-not-closed",
            Self::NotSimple(_) => "polygon-invalid",
            Self::Size { .. } => "size-out-of-range",
            Self::Property { .. } => "property-invalid",
            Self::ZeroLength { .. } => "zero-length",
            Self::EndOutside { .. } => "corridor-does-not-touch",
            Self::Unknown { .. } => "unknown-place",
            Self::Strands { .. } => "corridor-stranded",
            Self::Needed { .. } => "version-needed",
        }
    }
}

pub(crate) fn parse_feature(text: &str) -> Result<(JsonObject, GeometryValue), GeometryRefusal> {
    check_size(text, FEATURE_BYTES_LIMIT)?;
    let feature: Feature = serde_json::from_str(text).map_err(|error| GeometryRefusal::NotAFeature(error.to_string()))?;
    let geometry = feature.geometry.ok_or_else(|| GeometryRefusal::NotAFeature("geometry is null".to_owned()))?;
    let properties = feature.properties.ok_or_else(|| GeometryRefusal::NotAFeature("properties are null".to_owned()))?;
    Ok((properties, geometry.value))
}

pub(crate) fn check_size(text: &str, limit: usize) -> Result<(), GeometryRefusal> {
    if text.len() <= limit { Ok(()) } else { Err(GeometryRefusal::TooLarge { bytes: text.len(), limit }) }
}

/// Reads positions; a third coordinate (altitude) is allowed and left out.
pub(crate) fn positions(from: &[geojson::Position]) -> Result<Vec<Position>, GeometryRefusal> {
    from.iter().enumerate().map(|(index, at)| position(index, at.as_slice())).collect()
}

fn position(index: usize, numbers: &[f64]) -> Result<Position, GeometryRefusal> {
    let (&[lon, lat] | &[lon, lat, _]) = numbers else {
        return Err(GeometryRefusal::NotAPosition { index, found: numbers.iter().take(8).copied().collect() });
    };
    if lon.abs() <= 180.0 && lat.abs() <= LAT_PLAUSIBLE {
        return Ok(Position { lat, lon });
    }
    let swapped = lat.abs() <= 180.0 && lon.abs() <= LAT_PLAUSIBLE;
    Err(if swapped { GeometryRefusal::SwappedAxes { index, lon, lat } } else { GeometryRefusal::OutOfWorld { index, lon, lat } })
}

/// A ring that ends where it begins.
pub(crate) fn ring(number: usize, from: &[geojson::Position]) -> Result<geo::LineString, GeometryRefusal> {
    let points = positions(from)?;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Err(GeometryRefusal::Vertices { found: 0, expected: "at least 4 in a ring".to_owned() });
    };
    if first != last {
        return Err(GeometryRefusal::NotClosed { ring: number, first: [first.lon, first.lat], last: [last.lon, last.lat] });
    }
    if points.len() < 4 {
        return Err(GeometryRefusal::Vertices { found: points.len(), expected: "at least 4 in a ring".to_owned() });
    }
    Ok(points.iter().map(|at| geo::coord! { x: at.lon, y: at.lat }).collect())
}

pub(crate) fn points_of(ring: &geo::LineString) -> impl Iterator<Item = Position> + '_ {
    ring.coords_iter().map(|at| Position { lat: at.y, lon: at.x })
}

/// A text property that must be there and not be empty.
pub(crate) fn text<'a>(properties: &'a JsonObject, name: &'static str) -> Result<&'a str, GeometryRefusal> {
    let wrong = |found: String| GeometryRefusal::Property { name, found, expected: "a text of 1 to 200 characters".to_owned() };
    match properties.get(name) {
        Some(JsonValue::String(text)) if !text.trim().is_empty() && text.chars().count() <= 200 => Ok(text),
        Some(other) => Err(wrong(shown(other))),
        None => Err(wrong("missing".to_owned())),
    }
}

pub(crate) fn id<T: FromStr<Err = NotAnId>>(properties: &JsonObject, name: &'static str) -> Result<T, GeometryRefusal> {
    let found = text(properties, name)?;
    found.parse().map_err(|refused: NotAnId| GeometryRefusal::Property {
        name,
        found: format!("{:?}", refused.text),
        expected: refused.expected.to_owned(),
    })
}

/// A JSON value, cut to what fits in a message.
pub(crate) fn shown(value: &JsonValue) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { format!("{}...", text.chars().take(80).collect::<String>()) } else { text }
}
