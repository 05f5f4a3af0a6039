//! Corridors 走廊: the line that a transfer follows, its width, and how far along it a fix lies.

mod marks;

use crate::feature::{GeometryRefusal, id, parse_feature, positions, shown, text};
use crate::geometry::{Plane, Position};
use crate::place::Place;
use geojson::{GeometryValue, JsonObject, JsonValue};
use marks::Marks;
pub use marks::{NoSignal, Stop, Waypoint};
pub use sealway_schemas::cargo::Mode;
use sealway_schemas::event::CorridorView;
use sealway_schemas::ledger::NotAValue;
use sealway_schemas::{CorridorId, PlaceId};

const VERTICES_LIMIT: usize = 5_000;
const WIDTH_M: std::ops::RangeInclusive<f64> = 50.0..=200_000.0;
/// Pieces on either side of the last one that are looked at first.
const NEARBY: usize = 3;

/// Metres per second that no vehicle of the mode exceeds: a truck at 216 km/h, the fastest trains, a fast ferry, an airliner in a jet stream.
#[must_use]
pub fn speed_limit(mode: Mode) -> f64 {
    match mode {
        Mode::Road => 60.0,
        Mode::Rail => 120.0,
        Mode::Sea => 30.0,
        Mode::Air => 360.0,
    }
}

/// Where a fix lies along a corridor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Along {
    pub distance_m: f64,
    pub progress_km: f64,
    /// The piece of the line, from 0: where to look first for the next fix.
    pub piece: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Corridor {
    id: CorridorId,
    mode: Mode,
    from: PlaceId,
    to: PlaceId,
    width_m: f64,
    /// Each with the kilometres from the start to it.
    line: Vec<(Position, f64)>,
    marks: Marks,
    feature: String,
}

impl Corridor {
    /// Reads a GeoJSON feature. Whether it touches its places is asked by [`Corridor::check_touches`].
    pub fn parse(feature: &str) -> Result<Self, GeometryRefusal> {
        let (properties, geometry) = parse_feature(feature)?;
        let GeometryValue::LineString { coordinates } = geometry else {
            return Err(GeometryRefusal::WrongGeometry { found: geometry.type_name().to_owned(), expected: "LineString" });
        };
        if !(2..=VERTICES_LIMIT).contains(&coordinates.len()) {
            return Err(GeometryRefusal::Vertices { found: coordinates.len(), expected: format!("2 to {VERTICES_LIMIT} in a line") });
        }
        let line = measured(&positions(&coordinates)?)?;
        let length_km = line.last().map_or(0.0, |(_, km)| *km);
        text(&properties, "name_en")?;
        text(&properties, "name_zh")?;
        let (from, to): (PlaceId, PlaceId) = (id(&properties, "from")?, id(&properties, "to")?);
        if from == to {
            return Err(GeometryRefusal::Property { name: "to", found: to.to_string(), expected: "another place than from".to_owned() });
        }
        Ok(Self {
            id: id(&properties, "id")?,
            mode: mode(&properties)?,
            from,
            to,
            width_m: width(&properties)?,
            marks: Marks::parse(&properties, length_km)?,
            line,
            feature: feature.to_owned(),
        })
    }

    /// Both ends must lie inside their places.
    pub fn check_touches(&self, from: &Place, to: &Place) -> Result<(), GeometryRefusal> {
        let (Some((start, _)), Some((end, _))) = (self.line.first(), self.line.last()) else {
            return Err(GeometryRefusal::Vertices { found: self.line.len(), expected: "at least 2 in a line".to_owned() });
        };
        touches("begins", *start, from, *end)?;
        touches("ends", *end, to, *start)
    }

    #[must_use]
    pub fn id(&self) -> &CorridorId {
        &self.id
    }

    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    #[must_use]
    pub fn from(&self) -> &PlaceId {
        &self.from
    }

    #[must_use]
    pub fn to(&self) -> &PlaceId {
        &self.to
    }

    /// From edge to edge.
    #[must_use]
    pub fn width_m(&self) -> f64 {
        self.width_m
    }

    #[must_use]
    pub fn length_km(&self) -> f64 {
        self.line.last().map_or(0.0, |(_, km)| *km)
    }

    #[must_use]
    pub fn no_signal(&self) -> &[NoSignal] {
        &self.marks.no_signal
    }

    /// In the order of the way.
    #[must_use]
    pub fn waypoints(&self) -> &[Waypoint] {
        &self.marks.waypoints
    }

    /// The allowed stop at `km`.
    #[must_use]
    pub fn stop_at(&self, km: f64) -> Option<Stop> {
        self.marks.stops.iter().copied().find(|stop| (stop.from_km..=stop.to_km).contains(&km))
    }

    /// The feature as it was put.
    #[must_use]
    pub fn feature(&self) -> &str {
        &self.feature
    }

    /// The line's points, each with its kilometres from the start.
    #[must_use]
    pub fn line(&self) -> &[(Position, f64)] {
        &self.line
    }

    /// The nearest point of the line. Near `last_piece` first, so that a line that passes the same valley twice does not make
    /// the progress jump; the whole line where nothing near is within the width.
    #[must_use]
    pub fn locate(&self, at: Position, last_piece: Option<u32>) -> Along {
        let plane = Plane::around(at);
        if let Some(last) = last_piece.and_then(|piece| usize::try_from(piece).ok()) {
            let near = self.nearest(plane, last.saturating_sub(NEARBY), 2 * NEARBY + 1);
            if near.distance_m <= self.width_m / 2.0 {
                return near;
            }
        }
        self.nearest(plane, 0, self.line.len())
    }

    fn nearest(&self, plane: Plane, first: usize, count: usize) -> Along {
        let mut best = Along { distance_m: f64::INFINITY, progress_km: 0.0, piece: 0 };
        let pieces = self.line.iter().zip(self.line.iter().skip(1)).zip(0_u32..).skip(first).take(count);
        for (((from, from_km), (to, to_km)), piece) in pieces {
            let foot = plane.foot(*from, *to);
            if foot.metres_squared < best.distance_m {
                best = Along { distance_m: foot.metres_squared, progress_km: from_km + (to_km - from_km) * foot.share, piece };
            }
        }
        Along { distance_m: best.distance_m.sqrt(), ..best }
    }

    /// The point of the line at `km` from its start.
    #[must_use]
    pub fn at_km(&self, km: f64) -> Option<Position> {
        let after = self.line.partition_point(|(_, to_km)| *to_km < km);
        let (to, to_km) = self.line.get(after.max(1)).or(self.line.last())?;
        let (from, from_km) = self.line.get(after.max(1).min(self.line.len().saturating_sub(1)) - 1)?;
        Some(from.towards(*to, ((km - from_km) / (to_km - from_km)).clamp(0.0, 1.0)))
    }

    #[must_use]
    pub fn view(&self) -> CorridorView {
        CorridorView {
            id: self.id.clone(),
            feature: serde_json::from_str(&self.feature).unwrap_or_default(),
            from: self.from.clone(),
            to: self.to.clone(),
            length_km: self.length_km(),
        }
    }
}

fn touches(end: &'static str, at: Position, place: &Place, other_end: Position) -> Result<(), GeometryRefusal> {
    if place.contains(at) {
        return Ok(());
    }
    let hint = if place.contains(Position { lat: at.lon, lon: at.lat }) {
        ": the axes look swapped"
    } else if place.contains(other_end) {
        ": the line runs the other way"
    } else {
        ""
    };
    Err(GeometryRefusal::EndOutside { end, lon: at.lon, lat: at.lat, place: place.id().to_string(), hint })
}

fn measured(points: &[Position]) -> Result<Vec<(Position, f64)>, GeometryRefusal> {
    let mut km = 0.0;
    let mut line = Vec::with_capacity(points.len());
    let mut last: Option<Position> = None;
    for (index, at) in points.iter().enumerate() {
        if let Some(last) = last {
            if last == *at {
                return Err(GeometryRefusal::ZeroLength { index: index - 1 });
            }
            if (at.lon - last.lon).abs() > 180.0 {
                return Err(GeometryRefusal::Size {
                    what: "piece",
                    found: format!("{:.0} degrees of longitude", (at.lon - last.lon).abs()),
                    expected: "a line that does not cross the antimeridian".to_owned(),
                });
            }
            km += last.metres_to(*at) / 1000.0;
        }
        line.push((*at, km));
        last = Some(*at);
    }
    Ok(line)
}

fn mode(properties: &JsonObject) -> Result<Mode, GeometryRefusal> {
    let found = text(properties, "mode")?;
    let refused =
        |fault: NotAValue| GeometryRefusal::Property { name: "mode", found: format!("{found:?}"), expected: fault.expected.to_owned() };
    found.parse().map_err(refused)
}

fn width(properties: &JsonObject) -> Result<f64, GeometryRefusal> {
    let found = properties.get("width_m");
    found.and_then(JsonValue::as_f64).filter(|width| WIDTH_M.contains(width)).ok_or_else(|| GeometryRefusal::Property {
        name: "width_m",
        found: found.map_or_else(|| "missing".to_owned(), shown),
        expected: format!("{} to {} metres from edge to edge", WIDTH_M.start(), WIDTH_M.end()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(line: &str, extra: &str) -> String {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"road-a-b","mode":"road","from":"a","to":"b","width_m":300,"name_en":"A-B","name_zh":"甲乙"{extra}}},
               "geometry":{{"type":"LineString","coordinates":{line}}}}}"#
        )
    }

    const LINE: &str = "[[108.9,34.3],[109.0,34.3],[109.1,34.4],[109.3,34.4]]";

    fn corridor() -> Corridor {
        Corridor::parse(&feature(LINE, "")).unwrap()
    }

    #[test]
    fn progress_grows_along_the_line_and_distance_is_measured_across() {
        let corridor = corridor();
        let mut last = -1.0;
        for tenth in 0..=400 {
            let km = corridor.length_km() * f64::from(tenth) / 400.0;
            let at = corridor.at_km(km).unwrap();
            let along = corridor.locate(at, None);
            assert!(along.distance_m < 1.0, "{along:?}");
            assert!((along.progress_km - km).abs() < 0.05, "{km} {along:?}");
            assert!(along.progress_km > last);
            last = along.progress_km;
        }
        let beside = corridor.locate(Position { lat: 34.31, lon: 108.95 }, None);
        assert!((beside.distance_m - 1_112.0).abs() < 2.0 && beside.piece == 0, "{beside:?}");
    }

    #[test]
    fn the_search_begins_near_the_last_fix_and_falls_back_to_the_whole_line() {
        let corridor = corridor();
        let at = corridor.at_km(30.0).unwrap();
        for last in [None, Some(0), Some(2), Some(900)] {
            let along = corridor.locate(at, last);
            assert!((along.progress_km - 30.0).abs() < 0.05, "{last:?} {along:?}");
        }
    }

    #[test]
    fn a_line_that_passes_itself_does_not_make_the_progress_jump() {
        // Out and back, 100 m apart: the way back is told by the last piece.
        let pieces: Vec<String> = (0..=20)
            .map(|n| format!("[{:.3},34.3]", 108.9 + f64::from(n) * 0.01))
            .chain((0..=20).map(|n| format!("[{:.3},34.3009]", 109.1 - f64::from(n) * 0.01)))
            .collect();
        let corridor = Corridor::parse(&feature(&format!("[{}]", pieces.join(",")), "")).unwrap();
        let at = Position { lat: 34.3002, lon: 109.0 };
        assert!(corridor.locate(at, Some(30)).progress_km > 25.0);
        assert!(corridor.locate(at, Some(9)).progress_km < 10.0);
    }

    #[test]
    fn a_corridor_that_is_none_is_refused_for_its_reason() {
        let many = format!(
            "[{}]",
            (0..=VERTICES_LIMIT).map(|n| format!("[100,{}]", f64::from(u16::try_from(n).unwrap()) / 1e3)).collect::<Vec<_>>().join(",")
        );
        for (line, extra, expected) in [
            ("[[108.9,34.3]]", "", "vertex-count"),
            (many.as_str(), "", "vertex-count"),
            ("[[108.9,34.3],[108.9,34.3]]", "", "zero-length"),
            ("[[34.3,108.9],[34.3,109.0]]", "", "swapped-axes"),
            ("[[179.9,34.3],[-179.9,34.3]]", "", "size-out-of-range"),
            (LINE, r#","width_m":10"#, "property-invalid"),
            (LINE, r#","width_m":1e9"#, "property-invalid"),
            (LINE, r#","width_m":"wide""#, "property-invalid"),
            (LINE, r#","mode":"canal""#, "property-invalid"),
            (LINE, r#","to":"a""#, "property-invalid"),
            (LINE, r#","no_signal":[[5,4]]"#, "property-invalid"),
            (LINE, r#","no_signal":[[1,4],[3,5]]"#, "property-invalid"),
            (LINE, r#","no_signal":[[1,400]]"#, "property-invalid"),
            (LINE, r#","no_signal":7"#, "property-invalid"),
        ] {
            let refused = Corridor::parse(&feature(line, extra)).unwrap_err();
            assert_eq!(refused.code(), expected, "{extra} {refused}");
        }
        let tunnel = Corridor::parse(&feature(LINE, r#","no_signal":[[1,4],[10,12.5]]"#)).unwrap();
        assert_eq!(tunnel.no_signal().len(), 2);
    }
}
