//! What other systems are told. The document that is kept here is the one that `tests/standards` holds against GS1's schema.

use crate::house::{House, transfer};
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::{Value, json};
use std::path::Path;

/// A transfer whose seal was put on, and whose cable was cut; the officer made a false alarm of it.
fn cut() -> (House, String) {
    let house = House::open();
    house.atlas();
    let mut seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    let declared = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "CSQU3054383")).ok();
    house.later(60_000);
    house.upload(&mut seal, Event::CableCut);
    let alerts = house.as_user("officer").get("/api/v1/alerts?kind=cable-cut").ok();
    let alert = format!("/api/v1/alerts/{}/decide", alerts["items"][0]["id"]);
    house.as_user("officer").post(&alert, &json!({"verdict": "false-alarm", "reason": "the cable was shown whole"})).ok();
    (house, declared["id"].as_str().unwrap().to_owned())
}

fn with<'a>(document: &'a Value, field: &str, value: &str) -> &'a Value {
    let events = document["epcisBody"]["eventList"].as_array().unwrap();
    events.iter().find(|event| event[field] == value).unwrap_or_else(|| panic!("{field} {value}: {document:#}"))
}

#[test]
fn a_transfer_is_told_in_epcis() {
    let (house, id) = cut();
    let answer = house.as_user("officer").get(&format!("/api/v1/transfers/{id}/epcis"));
    assert_eq!(answer.header("content-type"), Some("application/ld+json"));
    let document = answer.ok();
    assert_eq!(with(&document, "bizStep", "commissioning")["epcList"], json!(["urn:epc:id:bic:CSQU3054383"]));
    let cut = with(&document, "sealway:event", "cable-cut");
    assert_eq!((&cut["sealway:ctr"], &cut["disposition"]), (&json!(1), &json!("container_open")));
    assert_eq!(cut["readPoint"]["id"], "geo:34.3500000,108.9500000");
    let alert = with(&document, "sealway:alert", "cable-cut");
    assert_eq!((&alert["errorDeclaration"]["reason"], &alert["sealway:eaeu"]), (&json!("incorrect_data"), &json!("01")));
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/epcis.json");
    let anonymous = format!("{:#}\n", document).replace(&id, "26CNEXAMPLE0000000");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&kept, &anonymous).unwrap();
    }
    assert!(std::fs::read_to_string(&kept).unwrap() == anonymous, "tests/api/epcis.json is old: run with UPDATE_SNAPSHOTS=1");
}

#[test]
fn an_alert_has_its_code_of_the_eaeu() {
    let (house, id) = cut();
    let messages = house.as_user("north").get(&format!("/api/v1/transfers/{id}/eaeu")).ok();
    assert_eq!((&messages[0]["code"], &messages[0]["seal"]), (&json!("01"), &json!("NR-0001")));
}
