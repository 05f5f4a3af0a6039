//! What lies in the unit, as EPCIS events: consignments are packed into it when a seal first closes it over them, and unpacked where they are
//! split.

use super::epcis::{escaped, event, place, unit, with};
use super::story::Story;
use sealway_schemas::Time;
use sealway_schemas::cargo::{CargoView, ConsignmentView, SplitView, TransportDocument};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn events(story: &Story) -> Vec<(Time, Value)> {
    let Some(cargo) = &story.cargo else { return Vec::new() };
    let splits = cargo.splits.iter().map(|split| (split.at, unpacked(story, cargo, split)));
    packed(story, cargo).into_iter().chain(splits).collect()
}

/// One event for each parent, at the time of its children's first seal.
fn packed(story: &Story, cargo: &CargoView) -> Vec<(Time, Value)> {
    let mut closed: BTreeMap<Option<&TransportDocument>, Vec<&ConsignmentView>> = BTreeMap::new();
    for consignment in &cargo.consignments {
        closed.entry(consignment.parent.as_ref()).or_default().push(consignment);
    }
    let told = closed.into_iter().enumerate().filter_map(|(number, (parent, children))| {
        let first = children.iter().filter_map(|child| child.seals.first()).min_by_key(|seal| seal.since)?;
        let fields = json!({
            "action": "ADD",
            "bizStep": "packing",
            "disposition": "container_closed",
            "parentID": parent_of(cargo, parent),
            "childEPCs": children.iter().map(|child| consignment(&child.document)).collect::<Vec<_>>(),
            "sealway:epoch": first.epoch,
        });
        let event = event(story, "AggregationEvent", &format!("packed:{}", number + 1), first.since);
        Some((first.since, with(event, fields).into()))
    });
    told.collect()
}

fn unpacked(story: &Story, cargo: &CargoView, split: &SplitView) -> Value {
    let children = cargo.consignments.iter().filter(|child| child.parent == split.parent);
    let lines: Vec<Value> = split
        .lines
        .iter()
        .map(|line| {
            json!({
                "sealway:goods": line.goods, "sealway:status": line.status, "sealway:declared": line.declared, "sealway:found": line.found,
                "sealway:short": line.short, "sealway:over": line.over, "sealway:damaged": line.damaged,
                "sealway:consignment": line.document.as_ref().map(consignment),
            })
        })
        .collect();
    let fields = json!({
        "action": "DELETE",
        "bizStep": "unpacking",
        "disposition": "container_open",
        "bizLocation": {"id": place(split.place.as_str())},
        "parentID": parent_of(cargo, split.parent.as_ref()),
        "childEPCs": children.map(|child| consignment(&child.document)).collect::<Vec<_>>(),
        "sealway:counted": lines,
    });
    with(event(story, "AggregationEvent", &format!("split:{}", split.number), split.at), fields).into()
}

fn parent_of(cargo: &CargoView, parent: Option<&TransportDocument>) -> String {
    parent.map_or_else(|| unit(cargo.unit.as_str()), consignment)
}

fn consignment(document: &TransportDocument) -> String {
    format!("urn:sealway:consignment:{}", escaped(&document.to_string()))
}
