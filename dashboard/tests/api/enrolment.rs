//! A device enters the platform by its key.

use crate::house::House;
use crate::seal::Seal;
use serde_json::json;

const DEVICES: &str = "/api/v1/devices";

#[test]
fn a_device_that_proves_its_key_is_enrolled_and_hears_the_platforms_key() {
    let house = House::open();
    let seal = Seal::new("NR-0001", 1);
    let answer = house.as_user("north").post(DEVICES, &seal.enrolment(&house.challenge("north")));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.ok()["platform_key"], house.tracker.platform_key().to_string());
    let device = house.as_user("north").get(answer.header("location").unwrap()).ok();
    assert_eq!((&device["id"], &device["owner"], &device["quarantined"]), (&json!("NR-0001"), &json!("north-rail"), &json!(false)));
}

#[test]
fn a_challenge_is_good_once_for_its_user_and_for_ten_minutes() {
    let house = House::open();
    let north = house.as_user("north");
    let challenge = house.challenge("north");
    let others = house.as_user("south").post(DEVICES, &Seal::new("SR-0001", 2).enrolment(&challenge));
    assert_eq!(others.problem(422), "challenge-unknown");
    let request = north.with("idempotency-key", "enrol-1");
    let body = Seal::new("NR-0001", 1).enrolment(&challenge);
    assert_eq!(request.post(DEVICES, &body).ok()["repeated"], false);
    assert_eq!(request.post(DEVICES, &body).ok()["repeated"], true, "the same request sent again is answered again");
    assert_eq!(north.post(DEVICES, &Seal::new("NR-0002", 3).enrolment(&challenge)).problem(409), "challenge-spent");

    let late = house.challenge("north");
    house.later(600_000);
    assert_eq!(north.post(DEVICES, &Seal::new("NR-0003", 4).enrolment(&late)).problem(422), "challenge-expired");
}

#[test]
fn a_device_or_a_key_comes_once() {
    let house = House::open();
    let north = house.as_user("north");
    house.enrol("north", &Seal::new("NR-0001", 1));
    let twice = north.post(DEVICES, &Seal::new("NR-0001", 9).enrolment(&house.challenge("north")));
    assert_eq!(twice.problem(409), "device-enrolled");
    assert!(twice.detail().contains("NR-0001"), "{}", twice.detail());
    let known = north.post(DEVICES, &Seal::new("NR-0002", 1).enrolment(&house.challenge("north")));
    assert_eq!(known.problem(409), "key-known");
    north.post("/api/v1/devices/NR-0001/revoke", &json!({"reason": "lost"})).ok();
    let again = north.post(DEVICES, &Seal::new("NR-0001", 1).enrolment(&house.challenge("north")));
    assert_eq!(again.problem(409), "key-known", "a key is used by one device, ever");
}

#[test]
fn a_weak_key_or_a_proof_by_another_key_is_refused() {
    let house = House::open();
    let north = house.as_user("north");
    for weak in ["01".to_owned() + &"00".repeat(31), "00".repeat(32), "ec".to_owned() + &"ff".repeat(30) + "7f"] {
        let mut body = Seal::new("NR-0001", 1).enrolment(&house.challenge("north"));
        body["public_key"] = json!(weak);
        let refused = north.post(DEVICES, &body);
        assert_eq!(refused.status, 422, "{weak}: {}", refused.text());
    }
    let challenge = house.challenge("north");
    let mut other = Seal::new("NR-0001", 1).enrolment(&challenge);
    other["proof"] = Seal::new("NR-0001", 2).enrolment(&challenge)["proof"].clone();
    assert_eq!(north.post(DEVICES, &other).problem(422), "enrolment-proof");
    let mut bare = Seal::new("NR-0001", 1).enrolment(&house.challenge("north"));
    bare["challenge"] = json!("abc");
    assert_eq!(north.post(DEVICES, &bare).problem(422), "not-hex");
    assert_eq!(north.get("/api/v1/devices/NR-0001").problem(404), "not-found");
}

#[test]
fn a_carrier_enrols_for_himself_only() {
    let house = House::open();
    let seal = Seal::new("NR-0001", 1);
    let mut body = seal.enrolment(&house.challenge("south"));
    body["owner"] = json!("north-rail");
    assert_eq!(house.as_user("south").post(DEVICES, &body).problem(403), "not-yours");
    let mut body = seal.enrolment(&house.challenge("officer"));
    body["owner"] = json!("north-rail");
    house.as_user("officer").post(DEVICES, &body).ok();
}
