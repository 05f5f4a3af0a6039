//! All places and corridors, with an index of hexagons (H3) that answers which of them are near a point.

use crate::corridor::{Along, Corridor};
use crate::feature::GeometryRefusal;
use crate::geometry::Position;
use crate::place::Place;
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use sealway_schemas::{CorridorId, PlaceId};
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

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Atlas {
    places: BTreeMap<PlaceId, Place>,
    corridors: BTreeMap<CorridorId, Corridor>,
    place_cells: BTreeMap<CellIndex, BTreeSet<PlaceId>>,
    corridor_cells: BTreeMap<CellIndex, BTreeSet<CorridorId>>,
}

impl Atlas {
    /// Puts a place, or puts it anew. Corridors that end in it must still do so.
    pub fn put_place(&mut self, place: Place) -> Result<(), GeometryRefusal> {
        for corridor in self.corridors.values() {
            let ends = (self.end(corridor.from(), &place), self.end(corridor.to(), &place));
            let mine = corridor.from() == place.id() || corridor.to() == place.id();
            if let ((Some(from), Some(to)), true) = (ends, mine)
                && corridor.check_touches(from, to).is_err()
            {
                return Err(GeometryRefusal::Strands { corridor: corridor.id().to_string(), place: place.id().to_string() });
            }
        }
        let cells = cells_of_place(&place)?;
        let id = place.id().clone();
        self.place_cells.retain(|_, places| {
            places.remove(&id);
            !places.is_empty()
        });
        for cell in cells {
            self.place_cells.entry(cell).or_default().insert(id.clone());
        }
        self.places.insert(id, place);
        Ok(())
    }

    fn end<'a>(&'a self, id: &PlaceId, fresh: &'a Place) -> Option<&'a Place> {
        if id == fresh.id() { Some(fresh) } else { self.places.get(id) }
    }

    /// Puts a corridor, or puts it anew. Both of its places must be known and touched.
    pub fn put_corridor(&mut self, corridor: Corridor) -> Result<(), GeometryRefusal> {
        let place = |id: &PlaceId| self.places.get(id).ok_or_else(|| GeometryRefusal::Unknown { what: "place", id: id.to_string() });
        corridor.check_touches(place(corridor.from())?, place(corridor.to())?)?;
        let id = corridor.id().clone();
        self.corridor_cells.retain(|_, corridors| {
            corridors.remove(&id);
            !corridors.is_empty()
        });
        for cell in cells_of_corridor(&corridor) {
            self.corridor_cells.entry(cell).or_default().insert(id.clone());
        }
        self.corridors.insert(id, corridor);
        Ok(())
    }

    #[must_use]
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.get(id)
    }

    #[must_use]
    pub fn corridor(&self, id: &CorridorId) -> Option<&Corridor> {
        self.corridors.get(id)
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values()
    }

    pub fn corridors(&self) -> impl Iterator<Item = &Corridor> {
        self.corridors.values()
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
            .filter_map(|id| self.places.get(id))
            .map(|place| (place, if place.contains(at) { 0.0 } else { place.metres_to_edge(at) }))
            .filter(|(_, metres)| *metres <= radius_m.min(NEAR_LIMIT_M))
            .collect();
        places.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let mut corridors: Vec<_> = self
            .corridor_cells
            .get(&cell)
            .into_iter()
            .flatten()
            .filter_map(|id| self.corridors.get(id))
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

/// Snapshots keep the features as they were put; geometry and index are made again from them.
impl Serialize for Atlas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places: Vec<&str> = self.places.values().map(Place::feature).collect();
        let corridors: Vec<&str> = self.corridors.values().map(Corridor::feature).collect();
        (places, corridors).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Atlas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (places, corridors) = <(Vec<String>, Vec<String>)>::deserialize(deserializer)?;
        let mut atlas = Self::default();
        for feature in places {
            Place::parse(&feature).and_then(|place| atlas.put_place(place)).map_err(D::Error::custom)?;
        }
        for feature in corridors {
            Corridor::parse(&feature).and_then(|corridor| atlas.put_corridor(corridor)).map_err(D::Error::custom)?;
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

    fn world() -> Atlas {
        let mut atlas = Atlas::default();
        for feature in features(include_str!("../world/places.geojson")) {
            atlas.put_place(Place::parse(&feature).unwrap()).unwrap();
        }
        for feature in features(include_str!("../world/corridors.geojson")) {
            let corridor = Corridor::parse(&feature).unwrap();
            atlas.put_corridor(corridor).unwrap();
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
        let put = |atlas: &mut Atlas, feature: &str| Corridor::parse(feature).and_then(|corridor| atlas.put_corridor(corridor));
        let elsewhere = road.replace("\"airport-xiy\"", "\"airport-pvg\"");
        assert_eq!(put(&mut atlas, &elsewhere).unwrap_err().code(), "corridor-does-not-touch");
        let nowhere = road.replace("\"airport-xiy\"", "\"airport-moon\"");
        assert_eq!(put(&mut atlas, &nowhere).unwrap_err().to_string(), "place airport-moon: unknown, expected one that was put before");
        let swapped = road
            .replace("\"from\":\"zone-xian-epz-a\"", "\"from\":\"airport-xiy\"")
            .replace("\"to\":\"airport-xiy\"", "\"to\":\"zone-xian-epz-a\"");
        assert!(put(&mut atlas, &swapped).unwrap_err().to_string().ends_with("the line runs the other way"));

        let airport = atlas.place(&"airport-xiy".parse().unwrap()).unwrap().feature().to_owned();
        let moved = airport.replace("108.7", "107.7").replace("34.4", "33.4");
        let refused = Place::parse(&moved).and_then(|place| atlas.put_place(place)).unwrap_err();
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
