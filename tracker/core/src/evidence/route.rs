//! What was declared, and the corridor that it was judged by.

use super::people::Given;
use sealway_schemas::cargo::Leg;
use sealway_schemas::command::{Command, TransferCommand, WorldCommand};
use sealway_schemas::{CorridorId, Time, TransferId};
use serde::Serialize;
use serde_json::Value;

/// Points of a drawn line at most: a railway has thousands.
const POINTS: usize = 400;

/// The words of the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    pub entry: u64,
    pub at: Time,
    pub carrier: String,
    pub unit: String,
    pub seal: String,
    pub origin: String,
    pub destination: String,
    pub corridor: String,
    /// The corridors of its legs, in order; of the one corridor where it was declared without legs.
    pub route: Vec<String>,
}

/// A corridor as it was put.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorridorVersion {
    pub entry: u64,
    pub at: Time,
    pub effective_from: Time,
    pub id: String,
    pub width_m: Option<f64>,
    /// Longitude and latitude, thinned out for drawing; the entry has all of them.
    #[serde(skip)]
    pub line: Vec<(f64, f64)>,
}

pub(super) fn declared(transfer: &TransferId, commands: &[Given]) -> Option<Declared> {
    commands.iter().find_map(|given| {
        let Command::Transfer(command) = &given.command else { return None };
        let legs = if let TransferCommand::DraftTransfer { legs, .. } = command { legs.as_slice() } else { &[] };
        match command {
            TransferCommand::DeclareTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor }
            | TransferCommand::DraftTransfer { transfer: id, carrier, unit, seal, origin, destination, corridor, .. }
                if id == transfer =>
            {
                Some(Declared {
                    entry: given.seq,
                    at: given.at,
                    carrier: carrier.to_string(),
                    unit: unit.clone(),
                    seal: seal.to_string(),
                    origin: origin.to_string(),
                    destination: destination.to_string(),
                    corridor: corridor.to_string(),
                    route: route(corridor, legs),
                })
            }
            _ => None,
        }
    })
}

fn route(corridor: &CorridorId, legs: &[Leg]) -> Vec<String> {
    if legs.is_empty() { vec![corridor.to_string()] } else { legs.iter().map(|leg| leg.corridor.to_string()).collect() }
}

/// Every version of the declared corridors, as it was put; without those that were withdrawn before their time.
pub(super) fn corridors(declared: &Declared, commands: &[Given]) -> Vec<CorridorVersion> {
    let mut versions = Vec::new();
    for given in commands.iter().filter(|given| declared.route.contains(&given.command.subject())) {
        match &given.command {
            Command::World(WorldCommand::PutCorridor { feature, effective_from }) => versions.push(CorridorVersion {
                entry: given.seq,
                at: given.at,
                effective_from: effective_from.unwrap_or(given.at),
                id: given.command.subject(),
                width_m: feature.pointer("/properties/width_m").and_then(Value::as_f64),
                line: line(feature),
            }),
            Command::World(WorldCommand::WithdrawCorridorVersion { corridor, effective_from, .. }) => {
                versions.retain(|version| version.id != corridor.as_str() || version.effective_from != *effective_from);
            }
            _ => {}
        }
    }
    versions
}

fn line(feature: &Value) -> Vec<(f64, f64)> {
    let points = feature.pointer("/geometry/coordinates").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let every = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let drawn = points.iter().enumerate().filter(|(at, _)| at.is_multiple_of(every) || *at == last);
    drawn.filter_map(|(_, point)| Some((point.get(0)?.as_f64()?, point.get(1)?.as_f64()?))).collect()
}
