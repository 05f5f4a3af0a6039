//! Where plays are acted: parties, places and corridors first, then every play's acts in one order of time.

use super::doing::person;
use super::gate::gates;
use super::platform::{Platform, Refusal};
use super::play::Play;
use super::way::{ALLOWED_STOP, DEAD_ZONE, WAYPOINT};
use sealway_schemas::command::{RegistryCommand, Role, Signer, WorldCommand};
use sealway_schemas::ids::NotAnId;
use sealway_schemas::{PlaceId, Time};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub const CUSTOMS: &str = "xian-customs";
pub const CARRIER: &str = "qinling-road";
pub const OPERATOR: &str = "xian-port-station";
const ADMIN: &str = "platform";

/// Longer than anywhere else.
const ALLOWED_MINUTES: u64 = 60;
/// Of the corridor's width: who keeps to his line passes it.
const WAYPOINT_SHARE: f64 = 0.2;

pub(super) fn customs() -> Result<Signer, NotAnId> {
    person("officer-li", CUSTOMS, Role::Customs)
}

pub(super) fn second_officer() -> Result<Signer, NotAnId> {
    person("officer-wang", CUSTOMS, Role::Customs)
}

pub(super) fn operator() -> Result<Signer, NotAnId> {
    person("desk-zhao", OPERATOR, Role::Operator)
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
pub enum NotFurnished {
    #[error(transparent)]
    Name(#[from] NotAnId),
    #[error(transparent)]
    NotJson(#[from] serde_json::Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Puts parties, places, and corridors with a stretch without network, an allowed stop and a waypoint each. Both texts are GeoJSON FeatureCollections.
pub fn furnish(platform: &mut dyn Platform, at: Time, corridors: &str, places: &str) -> Result<(), NotFurnished> {
    let admin = person("admin", ADMIN, Role::Admin)?;
    for (party, role) in [(CUSTOMS, Role::Customs), (CARRIER, Role::Carrier), (OPERATOR, Role::Operator)] {
        let (name_zh, name_en) = (party.to_owned(), party.to_owned());
        let command = RegistryCommand::RegisterParty { party: party.parse()?, role, name_zh, name_en, district: None };
        platform.command(at, &admin, &serde_json::to_value(&command)?)?;
    }
    let officer = customs()?;
    for mut feature in features(places)? {
        set(&mut feature, "operator", OPERATOR.into());
        set(&mut feature, "splitting", true.into());
        let place: PlaceId = feature.pointer("/properties/id").and_then(Value::as_str).unwrap_or_default().parse()?;
        platform.command(at, &officer, &serde_json::to_value(WorldCommand::PutPlace { feature, effective_from: None })?)?;
        for gate in gates(&place)? {
            platform.command(at, &officer, &serde_json::to_value(gate)?)?;
        }
    }
    for mut feature in features(corridors)? {
        if let Some(km) = feature.pointer("/properties/length_km").and_then(Value::as_f64) {
            let width_m = feature.pointer("/properties/width_m").and_then(Value::as_f64).unwrap_or_default();
            set(&mut feature, "no_signal", json!([[km * DEAD_ZONE.0, km * DEAD_ZONE.1]]));
            set(&mut feature, "stops", json!([[km * (ALLOWED_STOP - 0.005), km * (ALLOWED_STOP + 0.005), ALLOWED_MINUTES]]));
            set(&mut feature, "waypoints", json!([[km * WAYPOINT, width_m * WAYPOINT_SHARE]]));
        }
        platform.command(at, &officer, &serde_json::to_value(WorldCommand::PutCorridor { feature, effective_from: None })?)?;
    }
    Ok(())
}

fn features(collection: &str) -> Result<Vec<Value>, serde_json::Error> {
    let mut collection: Value = serde_json::from_str(collection)?;
    Ok(collection.get_mut("features").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default())
}

fn set(feature: &mut Value, property: &str, value: Value) {
    if let Some(properties) = feature.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(property.to_owned(), value);
    }
}

/// Plays that are acted together.
#[derive(Debug, Default)]
pub struct Stage {
    plays: Vec<Play>,
}

impl Stage {
    #[must_use]
    pub fn new(plays: Vec<Play>) -> Self {
        Self { plays }
    }

    /// Acts all plays to their end, whichever is due next, and gives them back.
    pub fn act(mut self, platform: &mut dyn Platform) -> Vec<Play> {
        let due = |(index, play): (usize, &Play)| play.next_at().map(|at| Reverse((at, index)));
        let mut queue: BinaryHeap<Reverse<(Time, usize)>> = self.plays.iter().enumerate().filter_map(due).collect();
        while let Some(Reverse((_, index))) = queue.pop() {
            let Some(play) = self.plays.get_mut(index) else { continue };
            play.act(platform);
            queue.extend(play.next_at().map(|at| Reverse((at, index))));
        }
        self.plays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::earth::Point;
    use crate::scenario::{Cast, Conduct, Deed, Published, Twin};
    use crate::world::{Corridor, Mode};
    use sealway_schemas::report::{Event, Report};
    use sealway_schemas::{DeviceId, PublicKey};
    use std::collections::BTreeMap;

    /// Takes everything, answers nothing, and watches the clock.
    #[derive(Default)]
    struct Deaf {
        now: Time,
        events: BTreeMap<DeviceId, Vec<Event>>,
    }

    impl Deaf {
        fn at(&mut self, at: Time) {
            assert!(at >= self.now, "time goes back from {} to {at}", self.now);
            self.now = at;
        }
    }

    impl Platform for Deaf {
        fn key(&self) -> PublicKey {
            crate::keys::KeyPair::from_secret([9; 32]).public()
        }
        fn command(&mut self, at: Time, _: &Signer, _: &Value) -> Result<Option<Value>, Refusal> {
            self.at(at);
            Ok(None)
        }
        fn login(&mut self, at: Time, _: &DeviceId, _: &str) -> bool {
            self.at(at);
            true
        }
        fn hello(&mut self, at: Time, _: &DeviceId, _: &[u8]) {
            self.at(at);
        }
        fn publish(&mut self, at: Time, device: &DeviceId, payload: &[u8]) -> Published {
            self.at(at);
            for item in sealway_schemas::up::split(payload) {
                if let Ok(sealway_schemas::up::UpItem::Report(message, _)) = item {
                    let (_, report) = Report::parse(message.bytes()).unwrap();
                    self.events.entry(*device).or_default().push(report.event());
                }
            }
            Published::default()
        }
        fn downs(&mut self, at: Time, _: &DeviceId) -> Vec<Vec<u8>> {
            self.at(at);
            Vec::new()
        }
        fn pass(&mut self, at: Time) {
            self.at(at);
        }
    }

    fn road() -> Corridor {
        let line = [(34.0, 109.0), (34.1, 109.2), (34.1, 110.9)].map(|(lat, lon)| Point { lat, lon }).to_vec();
        let id = |name: &str| name.parse().unwrap();
        Corridor { id: "c".parse().unwrap(), mode: Mode::Road, from: id("a"), to: id("b"), width_m: 300.0, line }
    }

    #[test]
    fn plays_side_by_side_never_turn_time_back_and_all_end() {
        let play = |(number, deed): (u64, &Deed)| {
            let twin = if number.is_multiple_of(2) { Twin::Honest } else { Twin::Dishonest };
            let starts_at = Time::from_ms(1_800_000_000_000 + number * 60_000);
            Play::new(Cast { number, corridor: road(), starts_at, seed: 1 }, Conduct { deed: Some(*deed), twin }).unwrap()
        };
        let acted = Stage::new((0..).zip(Deed::ALL).map(play).collect()).act(&mut Deaf::default());
        assert_eq!(acted.len(), Deed::ALL.len());
        assert!(acted.iter().all(|play| play.next_at().is_none() && play.tally().made > 100));
    }

    #[test]
    fn a_cable_is_cut_in_the_dishonest_play_and_only_shaken_in_the_honest_one() {
        let mut deaf = Deaf::default();
        let play = |number, twin| {
            let cast = Cast { number, corridor: road(), starts_at: Time::from_ms(1_800_000_000_000), seed: 1 };
            Play::new(cast, Conduct { deed: Some(Deed::CableCut), twin }).unwrap()
        };
        let acted = Stage::new(vec![play(1, Twin::Dishonest), play(2, Twin::Honest)]).act(&mut deaf);
        let count = |index: usize, event| deaf.events[&acted[index].device()].iter().filter(|seen| **seen == event).count();
        assert_eq!((count(0, Event::CableCut), count(0, Event::Shock)), (1, 0));
        assert_eq!((count(1, Event::CableCut), count(1, Event::Shock)), (0, 3));
    }
}
