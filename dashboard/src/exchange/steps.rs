//! The steps of a transfer's life and what holds it, as EPCIS events; and alerts, with what was learned of them later.

use super::eaeu;
use super::epcis::{event, place, seal, unit, unlocode, with};
use super::story::Story;
use sealway_schemas::alert::{AlertView, Revised, Revision};
use sealway_schemas::cargo::InspectionView;
use sealway_schemas::event::PlaceView;
use sealway_schemas::movement::{Arrow, By, HoldReason, StepView};
use sealway_schemas::record::HeldView;
use sealway_schemas::{PlaceId, Time};
use serde_json::{Value, json};

/// An arrow in GS1's words.
struct Words {
    action: &'static str,
    step: &'static str,
    disposition: &'static str,
    /// DCSA's event code.
    dcsa: Option<&'static str>,
    at: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Origin,
    Destination,
    /// Where only the seal's own report says.
    UnderWay,
}

/// `None`: another event tells it, the declaration or the seal's own report.
fn words(arrow: Arrow) -> Option<Words> {
    let (action, step, disposition, dcsa, at) = match arrow {
        Arrow::Declare | Arrow::Unseal => return None,
        Arrow::Accept => ("OBSERVE", "inspecting", "conformant", None, End::Origin),
        Arrow::Seal => ("OBSERVE", "inspecting", "container_closed", None, End::Origin),
        Arrow::Release => ("OBSERVE", "staging_outbound", "conformant", Some("CUSR"), End::Origin),
        Arrow::Depart => ("OBSERVE", "departing", "in_transit", None, End::Origin),
        Arrow::ReportIncident => ("OBSERVE", "holding", "non_conformant", None, End::UnderWay),
        Arrow::Resume => ("OBSERVE", "transporting", "in_transit", None, End::UnderWay),
        Arrow::Arrive => ("OBSERVE", "arriving", "in_progress", None, End::Destination),
        Arrow::HandOver => ("OBSERVE", "accepting", "in_progress", None, End::Destination),
        Arrow::GrantUnsealing => ("OBSERVE", "inspecting", "container_closed", None, End::Destination),
        Arrow::RevokeGrant => ("OBSERVE", "holding", "container_closed", None, End::Destination),
        Arrow::Verify => ("OBSERVE", "inspecting", "in_progress", Some("INSP"), End::Destination),
        Arrow::WriteOff => ("DELETE", "decommissioning", "inactive", Some("CUSR"), End::Destination),
        Arrow::ReverseWriteOff => ("ADD", "commissioning", "active", None, End::Destination),
        Arrow::Cancel => ("DELETE", "void_shipping", "inactive", None, End::UnderWay),
    };
    Some(Words { action, step, disposition, dcsa, at })
}

pub(super) fn stepped(story: &Story, step: &StepView) -> Option<Value> {
    let Words { action, step: biz_step, disposition, dcsa, at } = words(step.arrow)?;
    let fields = json!({
        "action": action,
        "bizStep": biz_step,
        "disposition": disposition,
        "epcList": [unit(&story.transfer.unit)],
        "sealway:arrow": step.arrow,
        "sealway:by": by(&step.by),
    });
    let mut told = with(event(story, "ObjectEvent", &name(step.number), step.at), fields);
    let end = match at {
        End::Origin => Some((&story.transfer.origin, story.origin.as_ref())),
        End::Destination => Some((&story.transfer.destination, story.destination.as_ref())),
        End::UnderWay => None,
    };
    told.extend(dcsa.map(|code| ("sealway:dcsa".to_owned(), code.into())));
    let mut told = match end {
        Some(end) => with(told, location(end)),
        None => told,
    };
    if let Some(reversal) = reversal(story, step) {
        told.insert("errorDeclaration".into(), corrected(reversal.at, "incorrect_data", vec![id(story, &name(reversal.number))]));
    }
    Some(told.into())
}

/// A write-off that a counter-entry took back.
fn reversal<'a>(story: &'a Story, step: &StepView) -> Option<&'a StepView> {
    let later = |other: &&StepView| other.number > step.number && other.arrow == Arrow::ReverseWriteOff;
    if step.arrow == Arrow::WriteOff { story.steps.iter().find(later) } else { None }
}

/// That it was held, and that it was let go.
pub(super) fn held(story: &Story, held: &HeldView) -> Vec<(Time, Value)> {
    let HeldView { hold, lifted, .. } = held;
    let name = format!("hold:{}", hold.number);
    let tell = |name: &str, at, disposition, signer, dcsa: Option<&str>| {
        let fields = json!({
            "action": "OBSERVE",
            "bizStep": "holding",
            "disposition": disposition,
            "epcList": [unit(&story.transfer.unit)],
            "sealway:hold": hold.reason,
            "sealway:by": by(signer),
        });
        let mut told = with(event(story, "ObjectEvent", name, at), fields);
        told.extend(dcsa.map(|code| ("sealway:dcsa".to_owned(), code.into())));
        (at, told.into())
    };
    let ended = lifted.as_ref().map(|lifted| tell(&format!("{name}:lifted"), lifted.at, "available", &lifted.by, None));
    std::iter::once(tell(&name, hold.since, "unavailable", &hold.by, selected(hold.reason))).chain(ended).collect()
}

/// What the gate drew goes through the scanner; an officer's order is to look inside.
fn selected(reason: HoldReason) -> Option<&'static str> {
    match reason {
        HoldReason::Officer => Some("CUSI"),
        HoldReason::Inspection => Some("CUSS"),
        HoldReason::UnreleasedDeparture
        | HoldReason::Contested
        | HoldReason::Refused
        | HoldReason::LedgerDifference
        | HoldReason::PartialCargo
        | HoldReason::Recovery
        | HoldReason::Unsatisfactory => None,
    }
}

/// An image of the unit, and the epoch that its seal had closed it in.
pub(super) fn inspected(story: &Story, inspection: &InspectionView) -> Value {
    let fields = json!({
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "disposition": if inspection.epoch.is_some() { "container_closed" } else { "container_open" },
        "epcList": [unit(&story.transfer.unit), seal(&inspection.seal)],
        "sealway:dcsa": "INSP",
        "sealway:image": format!("sha256:{}", inspection.image),
        "sealway:by": by(&inspection.by),
    });
    let mut told = with(event(story, "ObjectEvent", &format!("inspection:{}", inspection.number), inspection.at), fields);
    told.extend(inspection.epoch.map(|epoch| ("sealway:epoch".to_owned(), epoch.into())));
    told.into()
}

/// An alert as it is known now, and before it what it was taken for, each declared an error with the one that corrects it.
pub(super) fn alerted(story: &Story, alert: &AlertView) -> Vec<(Time, Value)> {
    let own = format!("alert:{}", alert.id);
    let back: Vec<(Time, Time)> = alert.revisions.iter().filter_map(dated_back).collect();
    let mut told = Vec::new();
    for (number, (revised_at, from)) in back.iter().enumerate() {
        let next = if number + 1 < back.len() { format!("{own}:{}", number + 2) } else { own.clone() };
        let mut earlier = observed(story, alert, (&format!("{own}:{}", number + 1), *from));
        earlier.insert("errorDeclaration".into(), corrected(*revised_at, "incorrect_data", vec![id(story, &next)]));
        told.push((*from, earlier.into()));
    }
    let mut event = observed(story, alert, (&own, alert.happened_at));
    event.extend(withdrawn(alert).map(|declaration| ("errorDeclaration".to_owned(), declaration)));
    told.push((alert.happened_at, event.into()));
    told
}

/// When it was learned, and what had been believed.
fn dated_back(revision: &Revision) -> Option<(Time, Time)> {
    match &revision.change {
        Revised::DatedBack { from, to: _ } => Some((revision.at, *from)),
        Revised::Reopened { .. } | Revised::DecidedAnew { .. } | Revised::Explained => None,
    }
}

fn observed(story: &Story, alert: &AlertView, (name, at): (&str, Time)) -> serde_json::Map<String, Value> {
    let facts = alert.facts.iter().map(|(name, value)| json!({"type": format!("urn:sealway:measurement:{name}"), "value": value}));
    let facts: Vec<Value> = facts.collect();
    let fields = json!({
        "action": "OBSERVE",
        "bizStep": if alert.cleared_at.is_none() { "holding" } else { "inspecting" },
        "recordTime": alert.opened_at.rfc3339(),
        "epcList": [unit(&story.transfer.unit), seal(&alert.device)],
        "sealway:alert": alert.kind,
        "sealway:severity": alert.severity,
        "sealway:evidence": alert.evidence,
    });
    let mut event = with(event(story, "ObjectEvent", name, at), fields);
    if !facts.is_empty() {
        event.insert("sensorElementList".into(), json!([{"sensorReport": facts}]));
    }
    if let Some(code) = eaeu::code(alert.kind) {
        event.insert("sealway:eaeu".into(), json!(code));
    }
    event
}

/// Decided to be none, or explained by what came late: nothing comes in its place.
fn withdrawn(alert: &AlertView) -> Option<Value> {
    if let Some(decision) = alert.decided.as_ref().filter(|decision| decision.verdict.clears_the_driver()) {
        return Some(corrected(decision.at, "incorrect_data", Vec::new()));
    }
    let explained = alert.revisions.iter().find(|revision| revision.change == Revised::Explained)?;
    Some(corrected(explained.at, "did_not_occur", Vec::new()))
}

fn corrected(at: Time, reason: &str, by: Vec<String>) -> Value {
    json!({"declarationTime": at.rfc3339(), "reason": reason, "correctiveEventIDs": by})
}

fn name(number: u32) -> String {
    format!("step:{number}")
}

fn id(story: &Story, name: &str) -> String {
    format!("urn:sealway:event:{}:{name}", story.transfer.id)
}

fn by(by: &By) -> Value {
    json!(by)
}

/// Where a step was, with its UN/LOCODE where it has one.
pub(super) fn location((id, known): (&PlaceId, Option<&PlaceView>)) -> Value {
    let mut fields = json!({"bizLocation": {"id": place(id.as_str())}});
    if let (Some(fields), Value::Object(code)) = (fields.as_object_mut(), unlocode("sealway:unlocode", known)) {
        fields.extend(code);
    }
    fields
}
