//! A party sees what is its own.

use crate::house::{House, transfer};
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::{Value, json};

fn two_carriers() -> (House, Seal) {
    let house = House::open();
    house.atlas();
    let north = Seal::new("NR-0001", 1);
    house.enrol("north", &north);
    house.enrol("south", &Seal::new("SR-0001", 2));
    (house, north)
}

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].to_string().trim_matches('"').to_owned()).collect()
}

#[test]
fn a_carrier_sees_nothing_of_another_carrier() {
    let (house, mut seal) = two_carriers();
    let declared = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    house.upload(&mut seal, Event::CableCut);
    let (north, south) = (house.as_user("north"), house.as_user("south"));
    let reference = declared["id"].as_str().unwrap();

    assert_eq!(ids(&north.get("/api/v1/devices").ok()), ["NR-0001"]);
    assert_eq!(ids(&south.get("/api/v1/devices").ok()), ["SR-0001"]);
    assert_eq!(ids(&south.get("/api/v1/devices?owner=north-rail").ok()), [""; 0]);
    assert_eq!(ids(&north.get("/api/v1/transfers").ok()), [reference]);
    assert_eq!(ids(&south.get("/api/v1/transfers").ok()), [""; 0]);
    assert!(!ids(&north.get("/api/v1/alerts").ok()).is_empty());
    assert_eq!(ids(&south.get("/api/v1/alerts").ok()), [""; 0]);
    for list in ["parties", "users", "tokens"] {
        let text = south.get(&format!("/api/v1/{list}")).text();
        assert!(!text.contains("north") && text.contains("south"), "{list}: {text}");
    }
    assert!(!house.as_user("admin").get("/api/v1/tokens").text().contains("digest"), "a token's digest is nobody's business");
    for hidden in [format!("transfers/{reference}"), "devices/NR-0001".to_owned(), "devices/NR-0001/track".to_owned()] {
        assert_eq!(south.get(&format!("/api/v1/{hidden}")).problem(404), "not-found");
    }
}

#[test]
fn a_refusal_does_not_say_whose_the_other_thing_is() {
    let (house, _) = two_carriers();
    let (north, south) = (house.as_user("north"), house.as_user("south"));
    north.post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    let foreign_seal = south.post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-9"));
    assert_eq!(foreign_seal.problem(422), "unknown-device");
    let taken_unit = south.post("/api/v1/transfers", &transfer("SR-0001", "LOOSE-1"));
    assert_eq!(taken_unit.problem(409), "unit-bound");
    let revoked = south.post("/api/v1/devices/NR-0001/revoke", &json!({"reason": "mine"}));
    let unknown = south.post("/api/v1/devices/XX-0001/revoke", &json!({"reason": "mine"}));
    assert_eq!(revoked.detail().replace("NR-", "XX-"), unknown.detail());
    for answer in [foreign_seal, taken_unit, revoked] {
        assert!(!answer.text().contains("north") && !answer.text().contains("26CN"), "{}", answer.text());
    }
}

#[test]
fn an_operator_sees_a_seal_while_its_transfer_concerns_his_place_and_only_from_then_on() {
    let (house, mut seal) = two_carriers();
    let gate = house.as_user("gate");
    house.upload(&mut seal, Event::CableCut);
    assert_eq!(gate.get("/api/v1/devices/NR-0001").problem(404), "not-found");
    house.later(60_000);
    house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    house.later(60_000);
    house.upload(&mut seal, Event::HousingOpened);
    let points = |user: &str| house.as_user(user).get("/api/v1/devices/NR-0001/track").ok()["points"].as_array().unwrap().len();
    assert_eq!((points("gate"), points("north"), points("officer")), (1, 2, 2));
}

#[test]
fn a_list_goes_by_page() {
    let (house, _) = two_carriers();
    let officer = house.as_user("officer");
    let first = officer.get("/api/v1/devices?limit=1").ok();
    assert_eq!((ids(&first), first["next"].as_str()), (vec!["NR-0001".to_owned()], Some("NR-0001")));
    let second = officer.get("/api/v1/devices?limit=1&after=NR-0001").ok();
    assert_eq!((ids(&second), second.get("next")), (vec!["SR-0001".to_owned()], None));
    assert_eq!(ids(&officer.get("/api/v1/devices?bound=true").ok()), [""; 0]);
}

#[test]
fn a_new_owner_does_not_see_the_track_of_the_old_one() {
    let (house, mut seal) = two_carriers();
    house.upload(&mut seal, Event::CableCut);
    house.as_user("north").post("/api/v1/devices/NR-0001/revoke", &json!({"reason": "sold"})).ok();
    house.later(60_000);
    let mut sold = Seal::new("NR-0001", 3);
    house.enrol("south", &sold);
    house.upload(&mut sold, Event::MotorStuck);
    let track = |user: &str| house.as_user(user).get("/api/v1/devices/NR-0001/track").ok()["points"].clone();
    assert_eq!(track("officer").as_array().unwrap().len(), 2);
    assert_eq!(track("south").as_array().unwrap().iter().map(|point| &point["event"]).collect::<Vec<_>>(), ["motor-stuck"]);
    assert_eq!(house.as_user("north").get("/api/v1/devices/NR-0001/track").problem(404), "not-found");
}
