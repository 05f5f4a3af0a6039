//! Versions of places and corridors: put for a date, listed, and as they were put.

use crate::house::{House, START, corridor, place};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const HOUR: u64 = 3_600_000;

fn wide() -> Value {
    let mut wide = corridor();
    wide["properties"]["width_m"] = json!(4_000);
    wide
}

fn standings(house: &House, path: &str) -> Vec<(u64, String)> {
    let rows = house.as_user("north").get(path).ok()["items"].as_array().unwrap().clone();
    rows.iter().map(|row| (row["effective_from"].as_u64().unwrap(), row["standing"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_version_is_planned_then_in_force_then_past() {
    let house = House::open();
    house.atlas();
    let (officer, noon) = (house.as_user("officer"), START + HOUR);
    officer.put(&format!("/api/v1/corridors/a-b?effective_from={noon}"), &wide()).ok();
    let path = "/api/v1/corridors/a-b/versions";
    assert_eq!(standings(&house, path), [(noon, "planned".to_owned()), (START, "in-force".to_owned())]);
    assert_eq!(officer.get("/api/v1/corridors/a-b").ok(), corridor(), "not before its time");

    house.later(HOUR);
    house.shown();
    assert_eq!(standings(&house, path), [(noon, "in-force".to_owned()), (START, "past".to_owned())]);
    assert_eq!(officer.get("/api/v1/corridors/a-b").ok(), wide());
    let page = officer.get(&format!("{path}?limit=1")).ok();
    assert_eq!(page["next"], noon.to_string());
    assert_eq!(standings(&house, &format!("{path}?limit=1&after={noon}")), [(START, "past".to_owned())]);
}

#[test]
fn a_version_says_who_put_it_and_what() {
    let house = House::open();
    house.atlas();
    let officer = house.as_user("officer");
    house.later(7);
    officer.put(&format!("/api/v1/places/zone-a?effective_from={}", START + HOUR), &place("zone-a", 108.9)).ok();
    let planned = officer.get("/api/v1/planned-versions").ok()["items"][0].clone();
    assert_eq!((&planned["kind"], &planned["id"], &planned["put_at"]), (&json!("place"), &json!("zone-a"), &json!(START + 7)));
    assert_eq!(planned["put_by"], json!({"user": "officer"}));
    let put = officer.get(&format!("/api/v1/places/zone-a/versions/{}", START + HOUR));
    assert_eq!(put.header("content-type"), Some("application/geo+json"));
    assert_eq!(planned["digest"], hex::encode(Sha256::digest(put.text().as_bytes())));
    assert_eq!(put.ok(), place("zone-a", 108.9));
}

#[test]
fn versions_are_made_again_from_the_log() {
    let house = House::open();
    house.atlas();
    house.as_user("officer").put(&format!("/api/v1/corridors/a-b?effective_from={}", START + HOUR), &wide()).ok();
    house.later(2 * HOUR);
    house.shown();
    let path = "/api/v1/corridors/a-b/versions";
    let (before, feature) = (standings(&house, path), house.as_user("north").get("/api/v1/corridors/a-b").ok());
    let registry = house.folder().join("registry.sqlite");
    let house = house.again(|| std::fs::remove_file(registry).unwrap());
    assert_eq!((standings(&house, path), house.as_user("north").get("/api/v1/corridors/a-b").ok()), (before, feature));
}

#[test]
fn what_is_no_version_is_refused_by_its_reason() {
    let house = House::open();
    house.atlas();
    let officer = house.as_user("officer");
    let past = officer.put(&format!("/api/v1/corridors/a-b?effective_from={}", START - 1), &wide());
    assert_eq!(past.problem(422), "effective-from");
    assert!(past.detail().contains(&(START - 1).to_string()), "{}", past.detail());
    assert_eq!(officer.put("/api/v1/corridors/a-b?effective_from=noon", &wide()).problem(400), "query-invalid");
    assert_eq!(officer.get("/api/v1/corridors/none/versions").problem(404), "not-found");
    assert_eq!(officer.get("/api/v1/corridors/a-b/versions/7").problem(404), "not-found");
    assert_eq!(officer.get("/api/v1/corridors/a-b/versions/noon").problem(400), "id-malformed");
    assert_eq!(house.nobody().get("/api/v1/planned-versions").problem(401), "not-authenticated");
}

#[test]
fn a_planned_version_is_withdrawn_and_everybody_reads_by_whom_and_why() {
    let house = House::open();
    house.atlas();
    let (officer, noon) = (house.as_user("officer"), START + HOUR);
    officer.put(&format!("/api/v1/corridors/a-b?effective_from={noon}"), &wide()).ok();
    let withdraw =
        json!({"type": "withdraw-corridor-version", "corridor": "a-b", "effective_from": noon, "reason": "the works are put off"});
    assert_eq!(house.as_user("north").post("/api/v1/commands", &withdraw).problem(403), "role-forbids");
    officer.post("/api/v1/commands", &withdraw).ok();
    let path = "/api/v1/corridors/a-b/versions";
    assert_eq!(standings(&house, path), [(START, "in-force".to_owned())]);
    assert_eq!(officer.get("/api/v1/planned-versions").ok()["items"], json!([]));
    assert_eq!(officer.get(&format!("{path}/{noon}")).problem(404), "not-found");
    let told = |house: &House| house.as_user("north").get("/api/v1/records/withdrawn-version").ok()["items"][0]["body"].clone();
    let withdrawn = told(&house);
    assert_eq!((&withdrawn["id"], &withdrawn["version"]["effective_from"]), (&json!("a-b"), &json!(noon)));
    assert_eq!((&withdrawn["by"], &withdrawn["reason"]), (&json!({"user": "officer"}), &json!("the works are put off")));
    assert_eq!(officer.post("/api/v1/commands", &withdraw).problem(422), "unknown-version");
    let in_force = json!({"type": "withdraw-corridor-version", "corridor": "a-b", "effective_from": START, "reason": "late"});
    assert_eq!(officer.post("/api/v1/commands", &in_force).problem(422), "version-in-force");
    let registry = house.folder().join("registry.sqlite");
    let house = house.again(|| std::fs::remove_file(registry).unwrap());
    assert_eq!((standings(&house, path), told(&house)), (vec![(START, "in-force".to_owned())], withdrawn), "made again from the log");
    house.later(2 * HOUR);
    house.shown();
    assert_eq!(house.as_user("officer").get("/api/v1/corridors/a-b").ok(), corridor(), "its time brings nothing");
}
