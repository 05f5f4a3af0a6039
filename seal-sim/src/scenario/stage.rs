//! Where plays are acted: parties, places and corridors first, then every play's acts in one order of time.

use super::doing::person;
use super::platform::{Platform, Refusal};
use super::play::Play;
use super::way::DEAD_ZONE;
use sealway_schemas::Time;
use sealway_schemas::command::{RegistryCommand, Role, Signer, WorldCommand};
use sealway_schemas::ids::NotAnId;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub const CUSTOMS: &str = "xian-customs";
pub const CARRIER: &str = "qinling-road";
pub const OPERATOR: &str = "xian-port-station";
const ADMIN: &str = "platform";

pub(super) fn customs() -> Result<Signer, NotAnId> {
    person("officer-li", CUSTOMS, Role::Customs)
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

/// Puts parties, places, and corridors with a stretch without network each. Both texts are GeoJSON FeatureCollections.
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
        platform.command(at, &officer, &serde_json::to_value(WorldCommand::PutPlace { feature })?)?;
    }
    for mut feature in features(corridors)? {
        if let Some(km) = feature.pointer("/properties/length_km").and_then(Value::as_f64) {
            set(&mut feature, "no_signal", json!([[km * DEAD_ZONE.0, km * DEAD_ZONE.1]]));
        }
        platform.command(at, &officer, &serde_json::to_value(WorldCommand::PutCorridor { feature })?)?;
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
