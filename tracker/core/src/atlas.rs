//! All places and corridors, each in its versions, with an index of hexagons (H3) that answers which of those in force are near a point.

mod withdraw;

use crate::corridor::{Along, Corridor};
use crate::feature::GeometryRefusal;
use crate::geometry::Position;
use crate::place::Place;
use crate::versions::Versions;
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use sealway_schemas::movement::By;
use sealway_schemas::{CorridorId, PlaceId, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::{BTreeMap, BTreeSet};

/// Hexagons of about 250 km2, 17 km from one to the next.
const RESOLUTION: Resolution = Resolution::Five;
/// The smallest distance from a cell's middle to that of its neighbour, shortened for H3's distortion.
const CELL_STEP_KM: f64 = 12.0;
const SAMPLE_KM: f64 = 4.0;
/// [`Atlas::near`] looks this far around a point at most.
pub const NEAR_LIMIT_M: f64 = 7_000.0;

/// What lies around a point, nearest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Near<'a> {
    /// With the metres to the place; 0 inside.
    pub places: Vec<(&'a Place, f64)>,
    /// Those within whose width the point lies.
    pub corridors: Vec<(&'a Corridor, Along)>,
}

/// Who put a version, when, and from when on it is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Put {
    pub at: Time,
    pub by: By,
    /// Not before `at`.
    pub from: Time,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Version<T> {
    pub drawn: T,
    pub put: Put,
}

/// A place or a corridor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    Place(PlaceId),
    Corridor(CorridorId),
}

impl Subject {
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Place(_) => "place",
            Self::Corridor(_) => "corridor",
        }
    }

    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Place(id) => id.as_str(),
            Self::Corridor(id) => id.as_str(),
        }
    }
}

/// One place's or corridor's versions, and which of them is in force.
#[derive(Debug, Clone, PartialEq)]
struct Drawn<T> {
    versions: Versions<Version<T>>,
    /// `None` while its first version is planned.
    in_force: Option<Time>,
}

impl<T> Default for Drawn<T> {
    fn default() -> Self {
        Self { versions: Versions::default(), in_force: None }
    }
}

impl<T> Drawn<T> {
    fn now(&self) -> Option<&T> {
        self.versions.begun_by(self.in_force?).map(|(_, version)| &version.drawn)
    }

    fn at(&self, t: Time) -> Option<(Time, &T)> {
        self.versions.at(t).map(|(from, version)| (from, &version.drawn))
    }

    fn begun_by(&self, t: Time) -> Option<&T> {
        self.versions.begun_by(t).map(|(_, version)| &version.drawn)
    }

    fn starts(&self) -> impl Iterator<Item = Time> {
        self.versions.iter().map(|(from, _)| from)
    }

    /// Tells whether it is in force at once.
    fn put(&mut self, drawn: T, put: Put) -> bool {
        let (from, at_once) = (put.from, put.from <= put.at);
        self.versions.put(from, Version { drawn, put });
        if at_once {
            self.in_force = Some(from);
        }
        at_once
    }
}

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Atlas {
    places: BTreeMap<PlaceId, Drawn<Place>>,
    corridors: BTreeMap<CorridorId, Drawn<Corridor>>,
    place_cells: BTreeMap<CellIndex, BTreeSet<PlaceId>>,
    corridor_cells: BTreeMap<CellIndex, BTreeSet<CorridorId>>,
    /// Without those that were put again since.
    withdrawn: BTreeSet<(Subject, Time)>,
}

impl Atlas {
    /// Puts a version of a place. Corridors that end in it must do so as long as it is in force.
    pub fn put_place(&mut self, place: Place, put: Put) -> Result<(), GeometryRefusal> {
        let until = self.places.get(place.id()).and_then(|known| known.versions.until(put.from));
        for corridor in self.corridors.values() {
            self.check_stays_under(corridor, &place, (put.from, until))?;
        }
        let cells = cells_of_place(&place)?;
        let id = place.id().clone();
        self.withdrawn.remove(&(Subject::Place(id.clone()), put.from));
        if self.places.entry(id.clone()).or_default().put(place, put) {
            index(&mut self.place_cells, &id, cells);
        }
        Ok(())
    }

    fn check_stays_under(&self, corridor: &Drawn<Corridor>, place: &Place, span: (Time, Option<Time>)) -> Result<(), GeometryRefusal> {
        let Some((_, first)) = corridor.at(span.0) else { return Ok(()) };
        let ends = [first.from(), first.to()];
        if !ends.contains(&place.id()) {
            return Ok(());
        }
        let others = ends.into_iter().filter_map(|end| self.places.get(end)).flat_map(Drawn::starts);
        for t in within(span, corridor.starts().chain(others)) {
            let end = |id: &PlaceId| if id == place.id() { Some(place) } else { self.places.get(id)?.begun_by(t) };
            if let (Some(corridor), Some(from), Some(to)) = (corridor.begun_by(t), end(first.from()), end(first.to()))
                && corridor.check_touches(from, to).is_err()
            {
                return Err(GeometryRefusal::Strands { corridor: corridor.id().to_string(), place: place.id().to_string() });
            }
        }
        Ok(())
    }

    /// Puts a version of a corridor. Both of its places must be known and touched as long as it is in force.
    pub fn put_corridor(&mut self, corridor: Corridor, put: Put) -> Result<(), GeometryRefusal> {
        let until = self.corridors.get(corridor.id()).and_then(|known| known.versions.until(put.from));
        let ends = [corridor.from(), corridor.to()];
        let starts = ends.into_iter().filter_map(|id| self.places.get(id)).flat_map(Drawn::starts);
        for t in within((put.from, until), starts) {
            let place = |id: &PlaceId| {
                let place = self.places.get(id).and_then(|place| place.begun_by(t));
                place.ok_or_else(|| GeometryRefusal::Unknown { what: "place", id: id.to_string() })
            };
            corridor.check_touches(place(corridor.from())?, place(corridor.to())?)?;
        }
        let (id, cells) = (corridor.id().clone(), cells_of_corridor(&corridor));
        self.withdrawn.remove(&(Subject::Corridor(id.clone()), put.from));
        if self.corridors.entry(id.clone()).or_default().put(corridor, put) {
            index(&mut self.corridor_cells, &id, cells);
        }
        Ok(())
    }

    /// What was planned for this time is in force from now on.
    pub(crate) fn begin(&mut self, subject: &Subject, at: Time) {
        match subject {
            Subject::Place(id) => {
                let Some(known) = self.places.get_mut(id) else { return };
                known.in_force = Some(at);
                let cells = known.now().and_then(|place| cells_of_place(place).ok()).unwrap_or_default();
                index(&mut self.place_cells, id, cells);
            }
            Subject::Corridor(id) => {
                let Some(known) = self.corridors.get_mut(id) else { return };
                known.in_force = Some(at);
                let cells = known.now().map(cells_of_corridor).unwrap_or_default();
                index(&mut self.corridor_cells, id, cells);
            }
        }
    }

    /// The version in force.
    #[must_use]
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.get(id)?.now()
    }

    /// The version in force at `t`; of the first one's time where `t` lies before.
    #[must_use]
    pub fn place_at(&self, id: &PlaceId, t: Time) -> Option<&Place> {
        self.places.get(id)?.at(t).map(|(_, place)| place)
    }

    /// The version in force, or the first one where all are planned.
    #[must_use]
    pub fn planned_place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.get(id).and_then(|known| known.now().or_else(|| known.at(Time::ZERO).map(|(_, place)| place)))
    }

    /// The version in force.
    #[must_use]
    pub fn corridor(&self, id: &CorridorId) -> Option<&Corridor> {
        self.corridors.get(id)?.now()
    }

    /// The version in force at `t`, with the time from which it is; the first one where `t` lies before.
    #[must_use]
    pub fn corridor_at(&self, id: &CorridorId, t: Time) -> Option<(Time, &Corridor)> {
        self.corridors.get(id)?.at(t)
    }

    /// Those in force.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values().filter_map(Drawn::now)
    }

    /// Those in force.
    pub fn corridors(&self) -> impl Iterator<Item = &Corridor> {
        self.corridors.values().filter_map(Drawn::now)
    }

    pub fn place_versions(&self) -> impl Iterator<Item = &Version<Place>> {
        self.places.values().flat_map(|known| known.versions.iter().map(|(_, version)| version))
    }

    pub fn corridor_versions(&self) -> impl Iterator<Item = &Version<Corridor>> {
        self.corridors.values().flat_map(|known| known.versions.iter().map(|(_, version)| version))
    }

    /// Places within `radius_m` (at most [`NEAR_LIMIT_M`]), and corridors that the point lies in.
    #[must_use]
    pub fn near(&self, at: Position, radius_m: f64) -> Near<'_> {
        let Ok(point) = LatLng::new(at.lat, at.lon) else {
            return Near::default();
        };
        let cell = point.to_cell(RESOLUTION);
        let around: BTreeSet<&PlaceId> =
            cell.grid_disk::<Vec<_>>(1).iter().filter_map(|cell| self.place_cells.get(cell)).flatten().collect();
        let mut places: Vec<_> = around
            .into_iter()
            .filter_map(|id| self.place(id))
            .map(|place| (place, if place.contains(at) { 0.0 } else { place.metres_to_edge(at) }))
            .filter(|(_, metres)| *metres <= radius_m.min(NEAR_LIMIT_M))
            .collect();
        places.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let mut corridors: Vec<_> = self
            .corridor_cells
            .get(&cell)
            .into_iter()
            .flatten()
            .filter_map(|id| self.corridor(id))
            .map(|corridor| (corridor, corridor.locate(at, None)))
            .filter(|(corridor, along)| along.distance_m <= corridor.width_m() / 2.0)
            .collect();
        corridors.sort_by(|(_, a), (_, b)| a.distance_m.total_cmp(&b.distance_m));
        Near { places, corridors }
    }
}

fn cells_of_place(place: &Place) -> Result<Vec<CellIndex>, GeometryRefusal> {
    let mut tiler = TilerBuilder::new(RESOLUTION).containment_mode(ContainmentMode::Covers).build();
    tiler.add(place.polygon().clone()).map_err(|fault| GeometryRefusal::NotSimple(fault.to_string()))?;
    Ok(tiler.into_coverage().collect())
}

fn cells_of_corridor(corridor: &Corridor) -> BTreeSet<CellIndex> {
    let rings = (corridor.width_m() / 2000.0 / CELL_STEP_KM).ceil().clamp(0.0, 16.0);
    let mut cells = BTreeSet::new();
    for km in (0..).map(|step| f64::from(step) * SAMPLE_KM).take_while(|km| *km < corridor.length_km() + SAMPLE_KM) {
        let Some(point) = corridor.at_km(km).and_then(|at| LatLng::new(at.lat, at.lon).ok()) else {
            continue;
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 16")]
        cells.extend(point.to_cell(RESOLUTION).grid_disk::<Vec<_>>(1 + rings as u32));
    }
    cells
}

/// The beginning of a span, and what of `times` lies in it.
fn within((from, until): (Time, Option<Time>), times: impl Iterator<Item = Time>) -> BTreeSet<Time> {
    std::iter::once(from).chain(times.filter(|t| *t > from && until.is_none_or(|until| *t < until))).collect()
}

/// What was in the index under `id` is replaced.
fn index<Id: Ord + Clone>(cells: &mut BTreeMap<CellIndex, BTreeSet<Id>>, id: &Id, fresh: impl IntoIterator<Item = CellIndex>) {
    cells.retain(|_, ids| {
        ids.remove(id);
        !ids.is_empty()
    });
    for cell in fresh {
        cells.entry(cell).or_default().insert(id.clone());
    }
}

/// A version as a snapshot keeps it: the feature as it was put.
type Kept<'a> = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, Put>);

/// Snapshots keep the features as they were put, and what is in force; geometry and index are made again from them.
impl Serialize for Atlas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn kept<'a, T>(drawn: &'a Drawn<T>, feature: impl Fn(&'a T) -> &'a str) -> (Option<Time>, Vec<Kept<'a>>) {
            let versions =
                drawn.versions.iter().map(|(_, Version { drawn, put })| (feature(drawn).into(), std::borrow::Cow::Borrowed(put)));
            (drawn.in_force, versions.collect())
        }
        let places: Vec<_> = self.places.values().map(|drawn| kept(drawn, Place::feature)).collect();
        let corridors: Vec<_> = self.corridors.values().map(|drawn| kept(drawn, Corridor::feature)).collect();
        (places, corridors, &self.withdrawn).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Atlas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Rows = Vec<(Option<Time>, Vec<(String, Put)>)>;
        fn drawn<T>(
            (in_force, rows): (Option<Time>, Vec<(String, Put)>),
            parse: fn(&str) -> Result<T, GeometryRefusal>,
        ) -> Result<Drawn<T>, GeometryRefusal> {
            let mut drawn = Drawn { in_force, ..Drawn::default() };
            for (feature, put) in rows {
                drawn.versions.put(put.from, Version { drawn: parse(&feature)?, put });
            }
            Ok(drawn)
        }
        let (places, corridors, withdrawn) = <(Rows, Rows, BTreeSet<(Subject, Time)>)>::deserialize(deserializer)?;
        let mut atlas = Self { withdrawn, ..Self::default() };
        for rows in places {
            let known = drawn(rows, Place::parse).map_err(D::Error::custom)?;
            let Some(id) = known.at(Time::ZERO).map(|(_, place)| place.id().clone()) else { continue };
            if let Some(place) = known.now() {
                index(&mut atlas.place_cells, &id, cells_of_place(place).map_err(D::Error::custom)?);
            }
            atlas.places.insert(id, known);
        }
        for rows in corridors {
            let known = drawn(rows, Corridor::parse).map_err(D::Error::custom)?;
            let Some(id) = known.at(Time::ZERO).map(|(_, corridor)| corridor.id().clone()) else { continue };
            if let Some(corridor) = known.now() {
                index(&mut atlas.corridor_cells, &id, cells_of_corridor(corridor));
            }
            atlas.corridors.insert(id, known);
        }
        Ok(atlas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(collection: &str) -> Vec<String> {
        let parsed: serde_json::Value = serde_json::from_str(collection).unwrap();
        parsed["features"].as_array().unwrap().iter().map(ToString::to_string).collect()
    }

    fn put(at: u64, from: u64) -> Put {
        Put { at: Time::from_ms(at), by: By::User("officer-1".parse().unwrap()), from: Time::from_ms(from) }
    }

    fn world() -> Atlas {
        let mut atlas = Atlas::default();
        for feature in features(include_str!("../world/places.geojson")) {
            atlas.put_place(Place::parse(&feature).unwrap(), put(0, 0)).unwrap();
        }
        for feature in features(include_str!("../world/corridors.geojson")) {
            let corridor = Corridor::parse(&feature).unwrap();
            atlas.put_corridor(corridor, put(0, 0)).unwrap();
        }
        atlas
    }

    #[test]
    fn every_place_and_corridor_of_the_demonstration_is_taken() {
        let atlas = world();
        assert_eq!((atlas.places().count(), atlas.corridors().count()), (29, 20));
        for (corridor, feature) in atlas.corridors().zip(atlas.corridors().map(Corridor::view)) {
            let stated = feature.feature["properties"]["length_km"].as_f64().unwrap();
            let share = (corridor.length_km() - stated).abs() / stated;
            assert!(share < 0.01, "{}: {} km, stated {stated}", corridor.id(), corridor.length_km());
        }
    }

    #[test]
    fn what_is_near_is_found_along_every_corridor() {
        let atlas = world();
        for corridor in atlas.corridors() {
            for tenth in 0..=200 {
                let at = corridor.at_km(corridor.length_km() * f64::from(tenth) / 200.0).unwrap();
                let edge = Position { lat: at.lat + corridor.width_m() / 2.1 / 111_195.0, ..at };
                for point in [at, edge] {
                    let near = atlas.near(point, 1_000.0);
                    assert!(near.corridors.iter().any(|(found, _)| found.id() == corridor.id()), "{} at {tenth}", corridor.id());
                }
            }
        }
        for place in atlas.places() {
            let middle = place.bounds().min.towards(place.bounds().max, 0.5);
            assert_eq!(atlas.near(middle, 0.0).places.first().map(|(found, _)| found.id()), Some(place.id()));
        }
        assert_eq!(atlas.near(Position { lat: 0.0, lon: 0.0 }, 7_000.0), Near::default());
    }

    #[test]
    fn a_corridor_must_touch_its_places_and_they_must_stay_under_it() {
        let mut atlas = world();
        let road = features(include_str!("../world/corridors.geojson"))
            .into_iter()
            .find(|feature| feature.contains("road-xian-epz-a-xiy"))
            .unwrap();
        let drawn =
            |atlas: &mut Atlas, feature: &str| Corridor::parse(feature).and_then(|corridor| atlas.put_corridor(corridor, put(0, 0)));
        let elsewhere = road.replace("\"airport-xiy\"", "\"airport-pvg\"");
        assert_eq!(drawn(&mut atlas, &elsewhere).unwrap_err().code(), "corridor-does-not-touch");
        let nowhere = road.replace("\"airport-xiy\"", "\"airport-moon\"");
        assert_eq!(drawn(&mut atlas, &nowhere).unwrap_err().to_string(), "place airport-moon: unknown, expected one that was put before");
        let swapped = road
            .replace("\"from\":\"zone-xian-epz-a\"", "\"from\":\"airport-xiy\"")
            .replace("\"to\":\"airport-xiy\"", "\"to\":\"zone-xian-epz-a\"");
        assert!(drawn(&mut atlas, &swapped).unwrap_err().to_string().ends_with("the line runs the other way"));

        let airport = atlas.place(&"airport-xiy".parse().unwrap()).unwrap().feature().to_owned();
        let moved = airport.replace("108.7", "107.7").replace("34.4", "33.4");
        let refused = Place::parse(&moved).and_then(|place| atlas.put_place(place, put(0, 0))).unwrap_err();
        assert_eq!(refused.code(), "corridor-stranded", "{refused}");
        assert_eq!(atlas, world(), "a refusal changes nothing");
    }

    #[test]
    fn a_snapshot_brings_back_the_same_atlas() {
        let atlas = world();
        let bytes = postcard::to_stdvec(&atlas).unwrap();
        assert_eq!(postcard::from_bytes::<Atlas>(&bytes).unwrap(), atlas);
    }
}
