//! Photos of an incident: named by a signed word, brought after it, seen by whoever sees the transfer.

use crate::client::{Answer, Client};
use crate::gates::{before_the_gate, send};
use crate::house::House;
use sealway_schemas::PhotoHash;
use serde_json::{Value, json};

const PICTURE: &[u8] = b"\xFF\xD8\xFF\xE0 a seal that was hit";

/// A released transfer, and where photos of it lie.
fn released(house: &House) -> (String, String) {
    let id = before_the_gate(house).to_string();
    send(house, "officer", &json!({"type": "release-transfer", "transfer": id, "reason": "all well"}));
    (id.clone(), format!("/api/v1/transfers/{id}/photos"))
}

fn report(house: &House, id: &str, photos: &[PhotoHash]) {
    send(
        house,
        "north",
        &json!({"type": "report-incident", "transfer": id, "kind": "seal-broken", "note": "hit by a forklift", "photos": photos}),
    );
}

fn bring(client: &Client, path: &str, photo: &PhotoHash, bytes: &[u8]) -> Answer {
    client.with("content-type", "image/jpeg").send("PUT", &format!("{path}/{photo}"), bytes)
}

#[test]
fn a_photo_that_an_incident_names_is_brought_and_seen() {
    let house = House::open();
    let (id, path) = released(&house);
    let photo = PhotoHash::of(PICTURE);
    let (north, officer) = (house.as_user("north"), house.as_user("officer"));
    assert_eq!(bring(&north, &path, &photo, PICTURE).problem(404), "not-found", "nothing names it yet");
    report(&house, &id, std::slice::from_ref(&photo));
    let listed = |client: &Client| client.get(&path).ok();
    assert_eq!(listed(&officer), json!([{"photo": photo, "incident": 1, "here": false}]));
    assert_eq!(officer.get(&format!("{path}/{photo}")).problem(404), "not-found");
    for _ in 0..2 {
        assert_eq!(bring(&north, &path, &photo, PICTURE).status, 204);
    }
    assert_eq!(listed(&officer), json!([{"photo": photo, "incident": 1, "here": true}]));
    let seen = officer.get(&format!("{path}/{photo}"));
    assert_eq!((seen.status, seen.header("content-type"), seen.body.as_slice()), (200, Some("image/jpeg"), PICTURE));
    assert_eq!(seen.header("x-content-type-options"), Some("nosniff"));
    let record = &officer.get(&format!("/api/v1/records/incident?transfer={id}")).ok()["items"][0]["body"];
    assert_eq!((&record["incident"]["photos"], &record["resumed"]), (&json!([photo]), &Value::Null));
}

#[test]
fn what_differs_is_no_picture_or_too_large_is_refused_by_name() {
    let house = House::open();
    let (id, path) = released(&house);
    let page = b"<script>alert(1)</script>";
    let named = [PhotoHash::of(PICTURE), PhotoHash::of(page)];
    report(&house, &id, &named);
    let north = house.as_user("north");
    assert_eq!(bring(&north, &path, &named[0], b"\xFF\xD8\xFF\xE0 another").problem(422), "photo-differs");
    assert_eq!(bring(&north, &path, &named[1], page).problem(415), "not-a-picture");
    assert_eq!(bring(&north, &path, &named[0], &vec![0xFF; 9 << 20]).problem(413), "body-too-large");
    let odd = north.get(&format!("{path}/..%2f..%2faccounts.json"));
    assert_eq!(odd.problem(400), "id-malformed");
    assert!(north.get(&path).ok().as_array().unwrap().iter().all(|photo| photo["here"] == json!(false)));
}

#[test]
fn strangers_neither_see_a_photo_nor_bring_one() {
    let house = House::open();
    let (id, path) = released(&house);
    let photo = PhotoHash::of(PICTURE);
    report(&house, &id, std::slice::from_ref(&photo));
    let south = house.as_user("south");
    assert_eq!(bring(&south, &path, &photo, PICTURE).problem(404), "not-found");
    assert_eq!(bring(&house.as_user("auditor"), &path, &photo, PICTURE).problem(403), "role-forbids");
    assert_eq!(bring(&house.nobody(), &path, &photo, PICTURE).problem(401), "not-authenticated");
    bring(&house.as_user("north"), &path, &photo, PICTURE);
    for client in [&south, &house.nobody()] {
        assert_ne!(client.get(&format!("{path}/{photo}")).status, 200);
        assert_ne!(client.get(&path).status, 200);
    }
}
