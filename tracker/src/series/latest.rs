//! The newest report of every device and the places that it is in. Kept while the log is followed, so that nobody has to look for it; and
//! from one report to the next it gives the geofence events.

use super::query::fold;
use super::{Batch, Point, PointTime};
use hashbrown::HashMap;
use sealway_core::geometry::Position;
use sealway_core::place::Place;
use sealway_core::versions::Versions;
use sealway_schemas::command::{Command, DeviceCommand, WorldCommand};
use sealway_schemas::{DeviceId, PlaceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The newest value of each field, and where the device was with its newest fix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    pub point: Point,
    /// Of the report that brought the fix.
    pub fixed_at: Option<PointTime>,
    pub inside: Vec<PlaceId>,
}

#[derive(Debug, Clone, Default)]
/// What is known of every device, and of the places that they come into.
pub struct Newest {
    places: BTreeMap<PlaceId, Versions<Place>>,
    devices: HashMap<DeviceId, Latest>,
}

impl Newest {
    /// As it was kept: the features of the places, and the devices.
    pub(super) fn new(features: &[(Time, String)], devices: Vec<Latest>) -> Self {
        let devices = devices.into_iter().map(|latest| (latest.point.device, latest)).collect();
        let mut newest = Self { places: BTreeMap::new(), devices };
        features.iter().for_each(|(from, feature)| newest.put(*from, feature));
        newest
    }

    /// Every version of every place, with the time from which it is in force.
    pub(super) fn features(&self) -> impl Iterator<Item = (Time, &str)> {
        self.places.values().flat_map(|versions| versions.iter().map(|(from, place)| (from, place.feature())))
    }

    fn put(&mut self, from: Time, feature: &str) {
        if let Ok(place) = Place::parse(feature) {
            self.places.entry(place.id().clone()).or_default().put(from, place);
        }
    }

    fn withdraw(&mut self, place: &PlaceId, from: Time) {
        if let Some(versions) = self.places.get_mut(place) {
            versions.remove(from);
        }
    }

    pub fn devices(&self) -> impl ExactSizeIterator<Item = &Latest> {
        self.devices.values()
    }

    pub(super) fn get(&self, device: &DeviceId) -> Option<&Latest> {
        self.devices.get(device)
    }

    /// Follows the log over a batch; its points are told what they crossed.
    pub fn follow(&mut self, batch: &mut Batch) {
        let mut commands = batch.commands.iter().peekable();
        for (n, point) in batch.points.iter_mut().enumerate() {
            while let Some((_, at, body)) = commands.next_if(|(before, _, _)| *before <= n) {
                self.learn(*at, body);
            }
            self.take(point);
        }
        commands.for_each(|(_, at, body)| self.learn(*at, body));
    }

    /// A command of the log: a place comes or changes, a device begins again.
    fn learn(&mut self, at: Time, body: &[u8]) {
        match Command::parse(body) {
            Ok(Command::World(WorldCommand::PutPlace { feature, effective_from })) => {
                self.put(effective_from.unwrap_or(at), &feature.to_string());
            }
            Ok(Command::World(WorldCommand::WithdrawPlaceVersion { place, effective_from, .. })) => self.withdraw(&place, effective_from),
            // Its counters begin anew, and the old ones would make the new reports late for ever.
            Ok(Command::Device(DeviceCommand::EnrolDevice { device, .. })) => {
                self.devices.remove(&device);
            }
            _ => {}
        }
    }

    /// The next report of the log. It is told in the point which places it entered or left. A report behind a newer one changes nothing:
    /// its turn has passed.
    fn take(&mut self, point: &mut Point) {
        let known = self.devices.get(&point.device);
        if known.is_some_and(|known| point.ctr <= known.point.ctr) {
            return;
        }
        let before = known.map(|known| known.inside.as_slice()).unwrap_or_default();
        let now = match &point.fix {
            Some(fix) => self.places_at(Position::of(fix), point.at.t()),
            None => before.to_vec(),
        };
        point.entered = now.iter().filter(|place| !before.contains(place)).cloned().collect();
        point.left = before.iter().filter(|place| !now.contains(place)).cloned().collect();
        let fixed_at = point.fix.map(|_| point.at);
        match self.devices.get_mut(&point.device) {
            Some(latest) => {
                fold(&mut latest.point, point);
                latest.fixed_at = fixed_at.or(latest.fixed_at);
                latest.inside = now;
            }
            None => {
                let alone = Point { entered: Vec::new(), left: Vec::new(), ..point.clone() };
                self.devices.insert(point.device, Latest { point: alone, fixed_at, inside: now });
            }
        }
    }

    /// Each as it was drawn at `t`.
    fn places_at(&self, at: Position, t: Time) -> Vec<PlaceId> {
        let drawn = self.places.values().filter_map(|versions| versions.at(t));
        drawn.filter(|(_, place)| place.contains(at)).map(|(_, place)| place.id().clone()).collect()
    }
}
