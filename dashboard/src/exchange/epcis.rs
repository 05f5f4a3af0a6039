//! A transfer as an EPCIS 2.0 document: what happened, when, where and why, in the words of GS1's Core Business Vocabulary.
//!
//! A seal's report carries the report's counter, so that an event can be looked up in the evidence bundle. What turned out otherwise carries an
//! `errorDeclaration`, with the event that corrects it where there is one: EPCIS takes nothing back, and neither do we.

use super::story::{SealReport, Story};
use super::{cargo, steps};
use sealway_schemas::event::PlaceView;
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::TrackPoint;
use serde_json::{Map, Value, json};

const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
const VOCABULARY: &str = "urn:sealway:epcis:";

pub(super) fn document(story: &Story) -> Value {
    let mut events: Vec<(Time, Value)> = vec![(story.transfer.declared_at, declared(story))];
    events.extend(story.reports.iter().filter_map(|report| Some((report.point.t, reported(story, report)?))));
    events.extend(story.alerts.iter().flat_map(|alert| steps::alerted(story, alert)));
    events.extend(story.steps.iter().filter_map(|step| Some((step.at, steps::stepped(story, step)?))));
    events.extend(story.holds.iter().flat_map(|held| steps::held(story, held)));
    events.extend(story.inspections.iter().map(|inspection| (inspection.at, steps::inspected(story, inspection))));
    events.extend(cargo::events(story));
    events.sort_by_key(|(at, _)| *at);
    let newest = events.last().map_or(story.transfer.state_since, |(at, _)| *at);
    json!({
        "@context": [CONTEXT, {"sealway": VOCABULARY}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        // Of what it is made, not of the asking: the same state gives the same bytes.
        "creationDate": newest.max(story.transfer.state_since).rfc3339(),
        "epcisBody": {"eventList": events.into_iter().map(|(_, event)| event).collect::<Vec<_>>()},
    })
}

/// What every event of the transfer has.
pub(super) fn event(story: &Story, kind: &str, name: &str, at: Time) -> Map<String, Value> {
    let id = &story.transfer.id;
    let fields = json!({
        "type": kind,
        "eventID": format!("urn:sealway:event:{id}:{name}"),
        "eventTime": at.rfc3339(),
        "eventTimeZoneOffset": "+00:00",
        "bizTransactionList": [{"type": "urn:sealway:bt:transfer", "bizTransaction": format!("urn:sealway:transfer:{id}")}],
    });
    let Value::Object(fields) = fields else { return Map::new() };
    fields
}

pub(super) fn with(mut event: Map<String, Value>, more: Value) -> Map<String, Value> {
    if let Value::Object(more) = more {
        event.extend(more);
    }
    event
}

fn declared(story: &Story) -> Value {
    let transfer = &story.transfer;
    let fields = json!({
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "epcList": [unit(&transfer.unit)],
        "bizLocation": {"id": place(transfer.origin.as_str())},
        "sourceList": [{"type": "location", "source": place(transfer.origin.as_str())}],
        "destinationList": [{"type": "location", "destination": place(transfer.destination.as_str())}],
        "sealway:corridor": transfer.corridor,
    });
    let event = with(event(story, "ObjectEvent", "declared", transfer.declared_at), fields);
    let event = with(event, unlocode("sealway:originUnlocode", story.origin.as_ref()));
    with(event, unlocode("sealway:destinationUnlocode", story.destination.as_ref())).into()
}

/// Putting a seal on closes the unit over it, taking it off opens it. Other reports are observations of the seal.
fn reported(story: &Story, report: &SealReport) -> Option<Value> {
    let SealReport { seal: device, point } = report;
    let (action, step, disposition) = match point.event {
        Event::Sealed => ("ADD", "packing", "container_closed"),
        Event::OpenedByGrant => ("DELETE", "unpacking", "container_open"),
        Event::Opened | Event::CableCut | Event::HousingOpened => ("OBSERVE", "inspecting", "container_open"),
        Event::ChallengeAnswer | Event::SelfTest => ("OBSERVE", "inspecting", "container_closed"),
        Event::ZoneEntered => ("OBSERVE", "arriving", "in_transit"),
        Event::ZoneLeft => ("OBSERVE", "departing", "in_transit"),
        Event::MotorStuck
        | Event::Shock
        | Event::Light
        | Event::MountLost
        | Event::LowBattery
        | Event::FixLost
        | Event::Jammed
        | Event::WrongCredential
        | Event::Gap
        | Event::PowerOn => ("OBSERVE", "sensor_reporting", "in_transit"),
        Event::Periodic | Event::Unknown(_) => return None,
    };
    let (seal, ctr) = (seal(device), point.ctr);
    let fields = json!({
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        "recordTime": point.received_at.rfc3339(),
        "parentID": unit(&story.transfer.unit),
        "childEPCs": [seal],
        "sealway:ctr": ctr,
        "sealway:epoch": point.epoch,
        "sealway:event": point.event,
        "sensorElementList": [sensors(&seal, point)],
    });
    let mut event = with(event(story, "AggregationEvent", &format!("{device}:{ctr}"), point.t), fields);
    if let Some((lat, lon)) = point.lat.zip(point.lon) {
        event.insert("readPoint".into(), json!({"id": format!("geo:{lat:.7},{lon:.7}")}));
    }
    event.extend(dcsa(story, report).map(|code| ("sealway:dcsa".to_owned(), code.into())));
    Some(event.into())
}

fn sensors(seal: &str, point: &TrackPoint) -> Value {
    let battery = point.battery.map(|percent| json!({"type": "urn:sealway:measurement:battery", "value": percent, "uom": "P1"}));
    let speed = point.speed_cm_s.map(|speed| json!({"type": "Speed", "value": metres(speed, 100), "uom": "MTS"}));
    let status = json!({"type": "urn:sealway:measurement:status", "hexBinaryValue": format!("{:016X}", point.status)});
    let readings: Vec<Value> = [battery, speed, Some(status)].into_iter().flatten().collect();
    json!({"sensorMetadata": {"time": point.t.rfc3339(), "deviceID": seal}, "sensorReport": readings})
}

#[expect(clippy::cast_precision_loss, reason = "a measured value far below 2^53")]
fn metres(value: u64, parts: u64) -> f64 {
    value as f64 / parts as f64
}

/// DCSA's equipment event: a seal put on again, and a seal taken off.
fn dcsa(story: &Story, report: &SealReport) -> Option<&'static str> {
    let first = story.reports.iter().find(|report| report.point.event == Event::Sealed);
    let is_first = first.is_some_and(|first| (first.seal, first.point.ctr) == (report.seal, report.point.ctr));
    match report.point.event {
        Event::Sealed => (!is_first).then_some("RSEA"),
        Event::OpenedByGrant => Some("RMVD"),
        Event::Periodic
        | Event::Opened
        | Event::CableCut
        | Event::HousingOpened
        | Event::MotorStuck
        | Event::Shock
        | Event::Light
        | Event::MountLost
        | Event::LowBattery
        | Event::FixLost
        | Event::Jammed
        | Event::ZoneEntered
        | Event::ZoneLeft
        | Event::PowerOn
        | Event::ChallengeAnswer
        | Event::Gap
        | Event::WrongCredential
        | Event::SelfTest
        | Event::Unknown(_) => None,
    }
}

/// ISO 6346 has its place in GS1's Tag Data Standard; other units are named in the platform's own space.
pub(super) fn unit(text: &str) -> String {
    let bic = text.len() == 11 && text.bytes().take(4).all(|byte| byte.is_ascii_uppercase());
    if bic && text.bytes().skip(4).all(|byte| byte.is_ascii_digit()) {
        return format!("urn:epc:id:bic:{text}");
    }
    format!("urn:sealway:unit:{}", escaped(text))
}

pub(super) fn seal(id: &DeviceId) -> String {
    format!("urn:sealway:seal:{id}")
}

pub(super) fn place(id: &str) -> String {
    format!("urn:sealway:place:{id}")
}

/// A unit's name may be any text: what a URI cannot carry is percent-encoded (RFC 3986).
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(super) fn unlocode(field: &str, place: Option<&PlaceView>) -> Value {
    let code = place.and_then(|place| place.feature.pointer("/properties/unlocode")).and_then(Value::as_str);
    code.map_or(Value::Null, |code| json!({ field: code }))
}
