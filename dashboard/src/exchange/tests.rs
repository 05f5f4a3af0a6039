//! A whole life in the words of others: every arrow, every report, what was held and what was corrected. The document that is kept beside this
//! file is one of those that `tests/standards` holds against GS1's schema.

use super::story::{SealReport, Story, belongs};
use super::{eaeu, epcis};
use sealway_schemas::alert::{AlertKind, AlertView, Decision, Revised, Revision, Verdict};
use sealway_schemas::binding::{BoundSeal, SealedEpoch};
use sealway_schemas::cargo::{CargoUnit, CargoView, InspectionView};
use sealway_schemas::event::{PlaceView, TransferView};
use sealway_schemas::movement::{Arrow, By, HoldReason, HoldView, MovementState, Punctuality, StepView};
use sealway_schemas::record::{HeldView, LiftedView};
use sealway_schemas::report::Event;
use sealway_schemas::{AlertId, Time, TransferId};
use sealway_tracker::TrackPoint;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const START: u64 = 1_795_000_000_000;

fn at(minute: u64) -> Time {
    Time::from_ms(START + minute * 60_000)
}

fn id() -> TransferId {
    TransferId::new(26, "CN", "XA00000000001").unwrap()
}

fn place(id: &str, unlocode: &str) -> PlaceView {
    let feature = json!({"type": "Feature", "properties": {"id": id, "unlocode": unlocode}});
    PlaceView { id: id.parse().unwrap(), feature, operator: None, district: None }
}

fn transfer() -> TransferView {
    TransferView {
        id: id(),
        carrier: "silk-road".parse().unwrap(),
        unit: "CSQU3054383".into(),
        seal: "XA-7Q2K".parse().unwrap(),
        origin: "zone-a".parse().unwrap(),
        destination: "port-b".parse().unwrap(),
        corridor: "a-b".parse().unwrap(),
        legs: Vec::new(),
        leg: 0,
        state: MovementState::Verified,
        state_since: at(900),
        changed_by: By::User("li".parse().unwrap()),
        declared_at: at(0),
        progress_km: None,
        length_km: 100.0,
        open_alerts: 0,
        worst_severity: None,
        incident: None,
        holds: Vec::new(),
        limit_ms: None,
        due: None,
        plan: Vec::new(),
        punctuality: Punctuality::OnTime,
        custody_held: false,
    }
}

fn li() -> By {
    By::User("li".parse().unwrap())
}

/// The officer's order was lifted, the others hold.
fn holds() -> Vec<HeldView> {
    let held = |(number, reason): (u32, HoldReason)| {
        let hold = HoldView { number, reason, detail: "papers".into(), found: None, since: at(u64::from(number) + 3), by: li() };
        let lifted = (reason == HoldReason::Officer).then(|| LiftedView { at: at(8), by: li(), reason: "looked at".into(), found: None });
        HeldView { transfer: id(), hold, lifted }
    };
    (1..).zip([HoldReason::Officer, HoldReason::Inspection, HoldReason::LedgerDifference]).map(held).collect()
}

/// Scanned as it stood, then opened.
fn inspections() -> Vec<InspectionView> {
    let inspection = |(number, epoch)| InspectionView {
        transfer: id(),
        number,
        unit: CargoUnit::Container("CSQU3054383".parse().unwrap()),
        document: None,
        image: "ab".repeat(32),
        seal: "XA-7Q2K".parse().unwrap(),
        epoch,
        at: at(u64::from(number) + 5),
        by: li(),
        note: "nothing else".into(),
    };
    (1..).zip([Some(1), None]).map(inspection).collect()
}

fn steps() -> Vec<StepView> {
    let step = |(number, arrow): (u32, Arrow)| StepView {
        transfer: id(),
        number,
        arrow,
        from: MovementState::Draft,
        to: MovementState::Draft,
        at: at(u64::from(number) * 10),
        by: if arrow == Arrow::Unseal { By::Seal { device: "XA-7Q2K".parse().unwrap(), ctr: 9 } } else { By::User("li".parse().unwrap()) },
        planned: None,
    };
    (1..).zip(Arrow::ALL).map(step).collect()
}

fn reports() -> Vec<TrackPoint> {
    let events = [
        Event::Sealed,
        Event::ZoneLeft,
        Event::Shock,
        Event::CableCut,
        Event::Sealed,
        Event::ZoneEntered,
        Event::ChallengeAnswer,
        Event::OpenedByGrant,
        Event::Periodic,
    ];
    let report = |(ctr, event): (u64, Event)| TrackPoint {
        ctr,
        epoch: 1,
        t: at(ctr * 11),
        received_at: at(ctr * 11 + 1),
        event,
        status: 5,
        battery: Some(80),
        lat: Some(34.35),
        lon: Some(108.95),
        speed_cm_s: Some(1_250),
        heading_ddeg: None,
        accuracy_dm: None,
    };
    (1..).zip(events).map(report).collect()
}

fn alert(number: u64, kind: AlertKind) -> AlertView {
    AlertView {
        id: AlertId(number),
        kind,
        severity: kind.severity(),
        device: "XA-7Q2K".parse().unwrap(),
        owner: "silk-road".parse().unwrap(),
        transfer: Some(id()),
        opened_at: at(40 + number),
        respond_by: at(45 + number),
        happened_at: at(30 + number),
        cleared_at: None,
        acknowledged_at: None,
        acknowledged_by: None,
        assigned: None,
        decided: None,
        count: 1,
        evidence: vec![4],
        facts: BTreeMap::from([("distance_m".to_owned(), 120.5)]),
        revisions: Vec::new(),
        notes: Vec::new(),
    }
}

/// Two house bills under a master; half of the second one is short.
fn cargo() -> CargoView {
    let bill = |number: &str| json!({"bill-of-lading": number});
    let seals = json!([{"seal": "XA-7Q2K", "epoch": 1, "since": at(11), "until": at(88)}]);
    let consignment = |number: &str, parent: Option<Value>| {
        json!({"transfer": id(), "at": at(95), "document": bill(number), "parent": parent, "unit": "CSQU3054383", "owner": "silk-road",
            "lines": [], "seals": seals, "parted": null, "withdrawn": false})
    };
    let line = |number: Option<&str>, short| {
        json!({"document": number.map(bill), "goods": "CHIP", "status": "bonded", "declared": "4", "found": "2", "short": short, "over": "0",
            "damaged": "1"})
    };
    let split = json!({"number": 1, "place": "port-b", "parent": bill("MASTER"), "at": at(95), "by": {"user": "li"},
        "lines": [line(Some("HOUSE-2"), "2"), line(None, "2")], "note": "counted"});
    let view = json!({"transfer": id(), "at": at(95), "unit": "CSQU3054383", "kind": "container", "totals": [], "splits": [split],
        "consignments": [consignment("MASTER", None), consignment("HOUSE-1", Some(bill("MASTER"))), consignment("HOUSE-2", Some(bill("MASTER")))]});
    serde_json::from_value(view).unwrap()
}

fn life() -> Story {
    let back = |from, to, known| Revision { at: at(known), change: Revised::DatedBack { from: at(from), to: at(to) }, ctr: Some(4) };
    let revised = AlertView { revisions: vec![back(39, 36, 50), back(36, 31, 60)], ..alert(1, AlertKind::CableCut) };
    let decision = Decision { verdict: Verdict::FalseAlarm, by: "li".parse().unwrap(), at: at(70), reason: "whole".into() };
    let decided = AlertView { decided: Some(decision), ..alert(2, AlertKind::Deviation) };
    let explained = Revision { at: at(80), change: Revised::Explained, ctr: Some(8) };
    let explained = AlertView { revisions: vec![explained], cleared_at: Some(at(80)), ..alert(3, AlertKind::Silence) };
    Story {
        transfer: transfer(),
        origin: Some(place("zone-a", "CNXAG")),
        destination: Some(place("port-b", "CNTAO")),
        reports: reports().into_iter().map(|point| SealReport { seal: "XA-7Q2K".parse().unwrap(), point }).collect(),
        alerts: vec![revised, decided, explained],
        steps: steps(),
        holds: holds(),
        inspections: inspections(),
        cargo: Some(cargo()),
    }
}

fn events() -> Vec<Value> {
    epcis::document(&life())["epcisBody"]["eventList"].as_array().unwrap().clone()
}

fn named(name: &str) -> Value {
    let id = format!("urn:sealway:event:{}:{name}", id());
    events().into_iter().find(|event| event["eventID"] == id.as_str()).unwrap_or_else(|| panic!("no event {id}"))
}

fn step(arrow: Arrow) -> Value {
    named(&format!("step:{}", steps().iter().find(|step| step.arrow == arrow).unwrap().number))
}

#[test]
fn a_whole_life_is_the_document_that_is_kept() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/exchange/life.json");
    let told = format!("{:#}\n", epcis::document(&life()));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&kept, &told).unwrap();
    }
    assert!(std::fs::read_to_string(&kept).unwrap_or_default() == told, "src/exchange/life.json is old: run with UPDATE_SNAPSHOTS=1");
}

#[test]
fn every_word_of_the_trade_is_in_a_whole_life() {
    let all = |field: &str| events().iter().filter_map(|event| event[field].as_str().map(str::to_owned)).collect::<BTreeSet<_>>();
    for word in ["departing", "arriving", "accepting", "inspecting", "holding", "packing", "unpacking"] {
        assert!(all("bizStep").contains(word), "{word}");
    }
    for word in ["container_closed", "container_open", "in_transit"] {
        assert!(all("disposition").contains(word), "{word}");
    }
    assert_eq!(all("sealway:dcsa"), ["CUSI", "CUSR", "CUSS", "INSP", "RMVD", "RSEA"].map(str::to_owned).into());
    let ids: BTreeSet<String> = all("eventID");
    assert_eq!(ids.len(), events().len(), "each event has an id of its own");
}

#[test]
fn what_held_it_and_what_was_seen_inside_stay_told_after_it_was_let_go() {
    let (held, lifted) = (named("hold:1"), named("hold:1:lifted"));
    assert_eq!(
        [&held["disposition"], &held["sealway:dcsa"], &lifted["disposition"]],
        [&json!("unavailable"), &json!("CUSI"), &json!("available")]
    );
    assert_eq!((&lifted["eventTime"], &lifted["sealway:by"]), (&json!(at(8).rfc3339()), &json!({"user": "li"})));
    assert!(events().iter().filter(|event| event["disposition"] == "available").count() == 1, "the others hold");
    let (scanned, opened) = (named("inspection:1"), named("inspection:2"));
    assert_eq!([&scanned["disposition"], &opened["disposition"]], [&json!("container_closed"), &json!("container_open")]);
    assert_eq!((&scanned["sealway:epoch"], opened.get("sealway:epoch")), (&json!(1), None));
    assert_eq!(scanned["sealway:image"], json!(format!("sha256:{}", "ab".repeat(32))));
}

#[test]
fn each_arrow_says_where_it_was() {
    let departed = step(Arrow::Depart);
    assert_eq!((&departed["disposition"], &departed["sealway:unlocode"]), (&json!("in_transit"), &json!("CNXAG")));
    let handed_over = step(Arrow::HandOver);
    assert_eq!((&handed_over["bizStep"], &handed_over["bizLocation"]["id"]), (&json!("accepting"), &json!("urn:sealway:place:port-b")));
    assert_eq!(handed_over["sealway:by"], json!({"user": "li"}));
    assert_eq!(step(Arrow::ReportIncident)["bizLocation"], Value::Null, "only the seal knows where");
}

#[test]
fn a_report_is_of_the_transfer_that_had_the_seal() {
    let bound = |unbound_at| BoundSeal {
        seal: "XA-7Q2K".parse().unwrap(),
        unit: "CSQU3054383".into(),
        mechanical: Vec::new(),
        bound_at: at(20),
        bound_by: By::User("li".parse().unwrap()),
        unbound_at,
        epochs: vec![SealedEpoch { epoch: 3, ctr: 2, since: at(22), until: None, countersigned_by: None }],
    };
    let report = |minute, epoch| TrackPoint { received_at: at(minute), epoch, ..reports().remove(0) };
    assert!(!belongs(&bound(None), &report(19, 3)), "of the transfer before, for which it was drafted");
    assert!(belongs(&bound(None), &report(20, 2)) && belongs(&bound(Some(at(50))), &report(50, 3)));
    assert!(belongs(&bound(Some(at(50))), &report(60, 3)), "late, and of the epoch that closed this unit");
    assert!(!belongs(&bound(Some(at(50))), &report(60, 4)), "of the next transfer");
}

#[test]
fn a_spare_seal_put_on_is_a_resealing() {
    let mut life = life();
    let spare = SealReport { seal: "XA-SPARE".parse().unwrap(), point: TrackPoint { ctr: 1, ..reports().remove(0) } };
    life.reports.push(spare);
    let document = epcis::document(&life);
    let name = format!("urn:sealway:event:{}:XA-SPARE:1", id());
    let told = document["epcisBody"]["eventList"].as_array().unwrap().iter().find(|event| event["eventID"] == name.as_str()).unwrap();
    assert_eq!((&told["sealway:dcsa"], &told["childEPCs"]), (&json!("RSEA"), &json!(["urn:sealway:seal:XA-SPARE"])));
}

#[test]
fn consignments_are_packed_under_the_seal_and_unpacked_where_they_are_split() {
    let house = |number: u32| json!(format!("urn:sealway:consignment:HOUSE-{number}"));
    let packed = named("packed:1");
    assert_eq!(
        (&packed["parentID"], &packed["childEPCs"]),
        (&json!("urn:epc:id:bic:CSQU3054383"), &json!(["urn:sealway:consignment:MASTER"]))
    );
    assert_eq!(named("packed:2")["childEPCs"], json!([house(1), house(2)]));
    let split = named("split:1");
    assert_eq!(
        (&split["bizStep"], &split["action"], &split["bizLocation"]["id"]),
        (&json!("unpacking"), &json!("DELETE"), &json!("urn:sealway:place:port-b"))
    );
    assert_eq!((&split["parentID"], &split["childEPCs"]), (&json!("urn:sealway:consignment:MASTER"), &json!([house(1), house(2)])));
    assert_eq!(
        (&split["sealway:counted"][0]["sealway:consignment"], &split["sealway:counted"][0]["sealway:short"]),
        (&house(2), &json!("2"))
    );
}

#[test]
fn what_turned_out_otherwise_is_declared_with_what_corrects_it() {
    let error = |event: &Value| (event["errorDeclaration"]["reason"].clone(), event["errorDeclaration"]["correctiveEventIDs"][0].clone());
    let urn = |name: &str| json!(format!("urn:sealway:event:{}:{name}", id()));
    assert_eq!(error(&named("alert:1:1")), (json!("incorrect_data"), urn("alert:1:2")));
    assert_eq!(error(&named("alert:1:2")), (json!("incorrect_data"), urn("alert:1")));
    assert_eq!(named("alert:1:1")["eventTime"], at(39).rfc3339());
    assert_eq!(named("alert:1")["eventTime"], at(31).rfc3339());
    assert_eq!(named("alert:1")["errorDeclaration"], Value::Null);
    assert_eq!(error(&named("alert:2")), (json!("incorrect_data"), Value::Null));
    assert_eq!(error(&named("alert:3")), (json!("did_not_occur"), Value::Null));
    let reversal = steps().iter().find(|step| step.arrow == Arrow::ReverseWriteOff).unwrap().number;
    assert_eq!(error(&step(Arrow::WriteOff)), (json!("incorrect_data"), urn(&format!("step:{reversal}"))));
}

#[test]
fn each_code_of_the_eaeu_has_its_alerts() {
    let mut table: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for kind in AlertKind::ALL {
        if let Some(code) = eaeu::code(*kind) {
            table.entry(json!(code).as_str().unwrap().to_owned()).or_default().push(kind.as_str());
        }
    }
    assert_eq!(table.keys().map(String::as_str).collect::<Vec<_>>(), ["01", "02", "03", "04", "05", "06", "07"]);
    for (code, kind) in [
        ("01", "cable-cut"),
        ("02", "housing-opened"),
        ("03", "deviation"),
        ("04", "device-fault"),
        ("05", "low-battery"),
        ("06", "silence"),
        ("07", "opened-without-grant"),
    ] {
        assert!(table[code].contains(&kind), "{code} {kind}: {table:?}");
    }
    let messages = json!(eaeu::messages(&life()));
    assert_eq!(messages.as_array().unwrap().iter().map(|message| &message["code"]).collect::<Vec<_>>(), ["01", "03", "06"]);
}
