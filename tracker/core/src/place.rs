//! Places 场所: ports, zones, depots, airports, border crossings, as polygons.

use crate::device::PackedFix;
use crate::feature::{GeometryRefusal, id, parse_feature, points_of, ring, shown, text};
use crate::geometry::{Bounds, Plane, Position};
use geo::algorithm::winding_order::Winding as _;
use geo::{Intersects as _, Validation as _};
use geojson::{GeometryValue, JsonObject, JsonValue};
use sealway_schemas::event::PlaceView;
use sealway_schemas::ids::NotAnId;
use sealway_schemas::{DistrictId, PartyId, PlaceId};
use std::str::FromStr;

/// The crossing check looks at every pair of edges.
const VERTICES_LIMIT: usize = 1_000;
const AREA_MIN_M2: f64 = 100.0;
const ACROSS_LIMIT_M: f64 = 200_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    Port,
    Zone,
    Depot,
    Airport,
    Border,
}

impl PlaceKind {
    const EXPECTED: &'static str = "port, zone, depot, airport or border";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "port" => Some(Self::Port),
            "zone" => Some(Self::Zone),
            "depot" => Some(Self::Depot),
            "airport" => Some(Self::Airport),
            "border" => Some(Self::Border),
            _ => None,
        }
    }
}

/// A place whose polygon is closed, simple and has an area; the outer ring runs counter-clockwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    id: PlaceId,
    kind: PlaceKind,
    operator: Option<PartyId>,
    district: Option<DistrictId>,
    splitting: bool,
    polygon: geo::Polygon,
    bounds: Bounds,
    feature: String,
}

impl Place {
    /// Reads a GeoJSON feature.
    pub fn parse(feature: &str) -> Result<Self, GeometryRefusal> {
        let (properties, geometry) = parse_feature(feature)?;
        let GeometryValue::Polygon { coordinates } = geometry else {
            return Err(GeometryRefusal::WrongGeometry { found: geometry.type_name().to_owned(), expected: "Polygon" });
        };
        let vertices = coordinates.iter().map(Vec::len).sum::<usize>();
        if vertices > VERTICES_LIMIT {
            return Err(GeometryRefusal::Vertices { found: vertices, expected: format!("at most {VERTICES_LIMIT} in a polygon") });
        }
        let rings = coordinates.iter().enumerate().map(|(number, from)| ring(number, from)).collect::<Result<Vec<_>, _>>()?;
        let (polygon, bounds) = polygon(rings)?;
        text(&properties, "name_en")?;
        text(&properties, "name_zh")?;
        Ok(Self {
            id: id(&properties, "id")?,
            kind: kind(&properties)?,
            operator: named(&properties, "operator", "the id of a party, or none")?,
            district: named(&properties, "district", "the id of a customs district, or none")?,
            splitting: splitting(&properties)?,
            polygon,
            bounds,
            feature: feature.to_owned(),
        })
    }

    #[must_use]
    pub fn id(&self) -> &PlaceId {
        &self.id
    }

    #[must_use]
    pub fn kind(&self) -> PlaceKind {
        self.kind
    }

    /// The party that runs the place.
    #[must_use]
    pub fn operator(&self) -> Option<&PartyId> {
        self.operator.as_ref()
    }

    /// The customs district that it lies in.
    #[must_use]
    pub fn district(&self) -> Option<&DistrictId> {
        self.district.as_ref()
    }

    /// Whether consolidations may be split there 拆箱.
    #[must_use]
    pub fn may_split(&self) -> bool {
        self.splitting
    }

    #[must_use]
    pub fn polygon(&self) -> &geo::Polygon {
        &self.polygon
    }

    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The feature as it was put.
    #[must_use]
    pub fn feature(&self) -> &str {
        &self.feature
    }

    /// The edge belongs to the place.
    #[must_use]
    pub fn contains(&self, at: Position) -> bool {
        self.bounds.holds(at) && self.polygon.intersects(&geo::Point::new(at.lon, at.lat))
    }

    /// Metres to the nearest edge, from inside or outside.
    #[must_use]
    pub fn metres_to_edge(&self, at: Position) -> f64 {
        let plane = Plane::around(at);
        let rings = std::iter::once(self.polygon.exterior()).chain(self.polygon.interiors());
        let nearest = rings
            .flat_map(geo::LineString::lines)
            .map(|edge| {
                let end = |at: geo::Coord| Position { lat: at.y, lon: at.x };
                plane.foot(end(edge.start), end(edge.end)).metres_squared
            })
            .fold(f64::INFINITY, f64::min);
        nearest.sqrt()
    }

    /// 0 inside.
    pub(crate) fn metres_outside(&self, fix: &PackedFix) -> f64 {
        let at = fix.position();
        if self.contains(at) { 0.0 } else { self.metres_to_edge(at) }
    }

    /// Whole metres outside, beyond what the fix may be off by.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the earth")]
    pub(crate) fn metres_beyond(&self, fix: &PackedFix) -> u32 {
        (self.metres_outside(fix) - fix.blur_m()).clamp(0.0, 20_100_000.0) as u32
    }

    #[must_use]
    pub fn view(&self) -> PlaceView {
        let feature = serde_json::from_str(&self.feature).unwrap_or_default();
        PlaceView { id: self.id.clone(), feature, operator: self.operator.clone(), district: self.district.clone() }
    }
}

fn polygon(rings: Vec<geo::LineString>) -> Result<(geo::Polygon, Bounds), GeometryRefusal> {
    let mut rings = rings.into_iter();
    let no_ring = || GeometryRefusal::Vertices { found: 0, expected: "at least 4 in a ring".to_owned() };
    let mut outer = rings.next().ok_or_else(no_ring)?;
    let bounds = Bounds::of(points_of(&outer)).ok_or_else(no_ring)?;
    check_extent(&bounds)?;
    check_area(&outer, &bounds)?;
    // RFC 7946, 3.1.6: the right-hand rule; a parser should not refuse a ring for its direction.
    outer.make_ccw_winding();
    let holes = rings.map(|mut hole| {
        hole.make_cw_winding();
        hole
    });
    let polygon = geo::Polygon::new(outer, holes.collect());
    polygon.check_validation().map_err(|fault| GeometryRefusal::NotSimple(fault.to_string()))?;
    Ok((polygon, bounds))
}

fn check_extent(bounds: &Bounds) -> Result<(), GeometryRefusal> {
    let across = bounds.min.metres_to(bounds.max);
    if across <= ACROSS_LIMIT_M {
        return Ok(());
    }
    Err(GeometryRefusal::Size {
        what: "place",
        found: format!("{:.0} km across", across / 1000.0),
        expected: format!("at most {:.0} km", ACROSS_LIMIT_M / 1000.0),
    })
}

/// The shoelace sum in a plane around the ring's middle. A figure of eight has a small sum too, so this check speaks first of crossings.
fn check_area(outer: &geo::LineString, bounds: &Bounds) -> Result<(), GeometryRefusal> {
    let middle = bounds.min.towards(bounds.max, 0.5);
    let east = Position { lon: middle.lon + 1e-3, ..middle }.metres_to(middle) * 1e3;
    let north = Position { lat: middle.lat + 1e-3, ..middle }.metres_to(middle) * 1e3;
    let doubled: f64 = outer
        .lines()
        .map(|edge| {
            let (a, b) = (edge.start, edge.end);
            ((a.x - middle.lon) * (b.y - middle.lat) - (b.x - middle.lon) * (a.y - middle.lat)) * east * north
        })
        .sum();
    let area = doubled.abs() / 2.0;
    if area >= AREA_MIN_M2 {
        return Ok(());
    }
    if let Err(fault @ geo::algorithm::validation::InvalidPolygon::SelfIntersection(_)) =
        geo::Polygon::new(outer.clone(), Vec::new()).check_validation()
        && bounds.min.lat < bounds.max.lat
        && bounds.min.lon < bounds.max.lon
        && !flat(outer)
    {
        return Err(GeometryRefusal::NotSimple(fault.to_string()));
    }
    Err(GeometryRefusal::Size { what: "area", found: format!("{area:.0} m2"), expected: format!("at least {AREA_MIN_M2} m2") })
}

/// All points on one line.
fn flat(outer: &geo::LineString) -> bool {
    let Some(edge) = outer.lines().find(|edge| edge.start != edge.end) else {
        return true;
    };
    let side = |at: geo::Coord| (edge.end.x - edge.start.x) * (at.y - edge.start.y) - (edge.end.y - edge.start.y) * (at.x - edge.start.x);
    outer.0.iter().all(|at| side(*at).abs() < 1e-12)
}

fn kind(properties: &JsonObject) -> Result<PlaceKind, GeometryRefusal> {
    let found = text(properties, "kind")?;
    PlaceKind::parse(found).ok_or_else(|| GeometryRefusal::Property {
        name: "kind",
        found: format!("{found:?}"),
        expected: PlaceKind::EXPECTED.to_owned(),
    })
}

/// An id that a feature may name, or not.
fn named<T: FromStr<Err = NotAnId>>(
    properties: &JsonObject,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, GeometryRefusal> {
    match properties.get(name) {
        None | Some(JsonValue::Null) => Ok(None),
        Some(JsonValue::String(_)) => id(properties, name).map(Some),
        Some(other) => Err(GeometryRefusal::Property { name, found: shown(other), expected: expected.to_owned() }),
    }
}

/// `splitting`: customs authorised the place to part consolidations.
fn splitting(properties: &JsonObject) -> Result<bool, GeometryRefusal> {
    match properties.get("splitting") {
        None | Some(JsonValue::Null) => Ok(false),
        Some(JsonValue::Bool(may)) => Ok(*may),
        Some(other) => {
            Err(GeometryRefusal::Property { name: "splitting", found: shown(other), expected: "true, false, or none".to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(rings: &str) -> String {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"zone-a","kind":"zone","name_en":"Zone A","name_zh":"甲区"}},
               "geometry":{{"type":"Polygon","coordinates":{rings}}}}}"#
        )
    }

    const SQUARE: &str = "[[[108.9,34.3],[109.0,34.3],[109.0,34.4],[108.9,34.4],[108.9,34.3]]]";

    fn code(feature: &str) -> &'static str {
        Place::parse(feature).unwrap_err().code()
    }

    #[test]
    fn a_place_contains_what_lies_in_it_and_on_its_edge() {
        let place = Place::parse(&feature(SQUARE)).unwrap();
        assert!(place.contains(Position { lat: 34.35, lon: 108.95 }));
        assert!(place.contains(Position { lat: 34.3, lon: 108.95 }));
        assert!(!place.contains(Position { lat: 34.29, lon: 108.95 }));
        let metres = place.metres_to_edge(Position { lat: 34.29, lon: 108.95 });
        assert!((metres - 1_112.0).abs() < 2.0, "{metres}");
    }

    #[test]
    fn a_ring_drawn_clockwise_is_turned() {
        let clockwise = "[[[108.9,34.3],[108.9,34.4],[109.0,34.4],[109.0,34.3],[108.9,34.3]]]";
        let place = Place::parse(&feature(clockwise)).unwrap();
        assert!(place.polygon().exterior().is_ccw());
    }

    #[test]
    fn a_hole_is_outside_the_place() {
        let holed = format!(
            "{},[[108.94,34.34],[108.96,34.34],[108.96,34.36],[108.94,34.36],[108.94,34.34]]]",
            SQUARE.trim_end_matches(']').to_owned() + "]]"
        );
        let place = Place::parse(&feature(&holed)).unwrap();
        assert!(!place.contains(Position { lat: 34.35, lon: 108.95 }));
        assert!(place.contains(Position { lat: 34.32, lon: 108.95 }));
    }

    #[test]
    fn a_polygon_that_is_none_is_refused_for_its_reason() {
        let hole_outside =
            "[[[108.9,34.3],[109.0,34.3],[109.0,34.4],[108.9,34.4],[108.9,34.3]],[[110.0,34.3],[110.1,34.3],[110.1,34.4],[110.0,34.3]]]";
        for (rings, expected) in [
            ("[[[108.9,34.3],[109.0,34.4],[109.0,34.3],[108.9,34.4],[108.9,34.3]]]", "polygon-invalid"),
            ("[[[108.9,34.3],[109.1,34.5],[109.1,34.3],[108.8,34.5],[108.9,34.3]]]", "polygon-invalid"),
            ("[[[34.3,108.9],[34.3,109.0],[34.4,109.0],[34.4,108.9],[34.3,108.9]]]", "swapped-axes"),
            ("[[[45.1,82.5],[45.1,82.6],[45.2,82.6],[45.2,82.5],[45.1,82.5]]]", "swapped-axes"),
            ("[[[208.9,34.3],[209.0,34.3],[209.0,34.4],[208.9,34.4],[208.9,34.3]]]", "out-of-world"),
            ("[[[108.9,34.3],[109.0,34.3],[108.9,34.3],[108.9,34.3]]]", "size-out-of-range"),
            ("[[[108.9,34.3],[108.9,34.3],[108.9,34.3],[108.9,34.3]]]", "size-out-of-range"),
            ("[[[108.9,34.3],[108.90001,34.3],[108.90001,34.30001],[108.9,34.3]]]", "size-out-of-range"),
            ("[[[8.9,34.3],[109.0,34.3],[109.0,34.4],[8.9,34.4],[8.9,34.3]]]", "size-out-of-range"),
            ("[[[108.9,34.3],[109.0,34.3],[109.0,34.4],[108.9,34.4]]]", "ring-not-closed"),
            ("[[[108.9,34.3],[109.0,34.3],[108.9,34.3]]]", "vertex-count"),
            ("[]", "vertex-count"),
            ("[[]]", "vertex-count"),
            (hole_outside, "polygon-invalid"),
            ("[[[108.9],[109.0,34.3],[109.0,34.4],[108.9]]]", "not-a-position"),
            ("[[[108.9,34.3,0,0],[109.0,34.3],[109.0,34.4],[108.9,34.3,0,0]]]", "not-a-position"),
        ] {
            assert_eq!(code(&feature(rings)), expected, "{rings}: {}", Place::parse(&feature(rings)).unwrap_err());
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_looked_at() {
        assert_eq!(code(&" ".repeat(10 << 20)), "feature-too-large");
        let ring: Vec<String> =
            (0..=VERTICES_LIMIT).map(|n| format!("[{},34.3]", 100.0 + f64::from(u16::try_from(n).unwrap()) / 1e4)).collect();
        assert_eq!(code(&feature(&format!("[[{}]]", ring.join(",")))), "vertex-count");
    }

    #[test]
    fn properties_are_named_when_they_are_wrong() {
        for (from, to, message) in [
            ("\"zone\"", "\"castle\"", r#"property kind: "castle", expected port, zone, depot, airport or border"#),
            ("\"id\":\"zone-a\",", "", "property id: missing, expected a text of 1 to 200 characters"),
            ("zone-a", "Zone A", r#"property id: "Zone A", expected 1 to 64 of a-z, 0-9 and '-', not beginning with '-'"#),
            ("甲区", " ", r#"property name_zh: " ", expected a text of 1 to 200 characters"#),
            ("\"kind\":\"zone\"", "\"kind\":\"zone\",\"splitting\":1", "property splitting: 1, expected true, false, or none"),
            ("\"kind\":\"zone\"", "\"kind\":\"zone\",\"operator\":7", "property operator: 7, expected the id of a party, or none"),
        ] {
            let wrong = feature(SQUARE).replace(from, to);
            assert_eq!(Place::parse(&wrong).unwrap_err().to_string(), message);
        }
        for wrong in ["", "[]", "{}", r#"{"type":"Feature","properties":{},"geometry":null}"#, &feature(SQUARE).replace("Feature", "Fish")]
        {
            assert_eq!(code(wrong), "not-a-feature", "{wrong}");
        }
        assert_eq!(code(&feature("[[108.9,34.3],[109.0,34.3]]").replace("Polygon", "LineString")), "wrong-geometry");
    }
}
