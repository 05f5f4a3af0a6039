//! GeoJSON in and out.

use crate::house::{House, corridor, place, transfer};
use crate::seal::Seal;
use sealway_schemas::report::{Event, Status};
use serde_json::{Value, json};

fn with_rings(rings: Value) -> Value {
    let mut feature = place("zone-x", 108.9);
    feature["geometry"]["coordinates"] = rings;
    feature
}

#[test]
fn a_polygon_that_is_none_is_refused_by_its_reason() {
    let house = House::open();
    let officer = house.as_user("officer");
    let square = json!([[108.9, 34.3], [109.0, 34.3], [109.0, 34.4], [108.9, 34.4], [108.9, 34.3]]);
    let hole = json!([[110.0, 34.3], [110.1, 34.3], [110.1, 34.4], [110.0, 34.3]]);
    for (rings, code) in [
        (json!([[[108.9, 34.3], [109.1, 34.5], [109.1, 34.3], [108.8, 34.5], [108.9, 34.3]]]), "polygon-invalid"),
        (json!([[[34.3, 108.9], [34.3, 109.0], [34.4, 109.0], [34.4, 108.9], [34.3, 108.9]]]), "swapped-axes"),
        (json!([[[108.9, 34.3], [109.0, 34.3], [108.9, 34.3], [108.9, 34.3]]]), "size-out-of-range"),
        (json!([square, hole]), "polygon-invalid"),
        (json!([[[108.9, 34.3], [109.0, 34.3], [109.0, 34.4], [108.9, 34.4]]]), "ring-not-closed"),
        (json!([]), "vertex-count"),
        (json!("here"), "not-a-feature"),
    ] {
        let refused = officer.put("/api/v1/places/zone-x", &with_rings(rings.clone()));
        assert_eq!(refused.problem(422), code, "{rings}");
        assert!(refused.detail().contains("expected") || code == "polygon-invalid" || code == "not-a-feature", "{}", refused.detail());
    }
    assert_eq!(officer.get("/api/v1/places/zone-x").problem(404), "not-found");
}

#[test]
fn ten_megabytes_are_refused_and_the_process_goes_on() {
    let house = House::open();
    let officer = house.as_user("officer");
    let geojson = officer.with("content-type", "application/geo+json");
    let refused = geojson.send("PUT", "/api/v1/places/zone-x", &vec![b' '; 10 << 20]);
    assert_eq!(refused.problem(413), "body-too-large");
    assert_eq!(refused.detail(), "body: 10485760 bytes, expected at most 1048576 bytes");
    officer.put("/api/v1/places/zone-x", &place("zone-x", 108.9)).ok();
}

#[test]
fn a_feature_is_put_under_its_own_id() {
    let house = House::open();
    let refused = house.as_user("officer").put("/api/v1/places/zone-y", &place("zone-x", 108.9));
    assert_eq!(refused.problem(422), "id-mismatch");
    assert_eq!(refused.detail(), "property id: \"zone-x\", expected \"zone-y\" as in the address");
    assert_eq!(house.as_user("officer").put("/api/v1/places/zone-y", &json!([])).problem(422), "id-mismatch");
}

#[test]
fn a_corridor_that_does_not_touch_its_places_is_refused() {
    let house = House::open();
    house.atlas();
    let mut short = corridor();
    short["properties"]["id"] = json!("a-b-short");
    short["geometry"]["coordinates"] = json!([[108.95, 34.35], [109.9, 34.36]]);
    let refused = house.as_user("officer").put("/api/v1/corridors/a-b-short", &short);
    assert_eq!(refused.problem(422), "corridor-does-not-touch");
    assert!(refused.detail().contains("109.9"), "{}", refused.detail());
}

#[test]
fn features_come_back_as_they_were_put_with_the_attribution_that_they_ask_for() {
    let house = House::open();
    house.atlas();
    let carrier = house.as_user("north");
    let places = carrier.get("/api/v1/places");
    assert_eq!(places.header("content-type"), Some("application/geo+json"));
    assert_eq!(places.ok()["type"], "FeatureCollection");
    assert_eq!(places.ok()["attribution"], "drawn for a test");
    assert_eq!(places.ok()["features"], json!([place("zone-a", 108.9), place("zone-b", 110.9)]));
    assert_eq!(carrier.get("/api/v1/places/zone-a").ok(), place("zone-a", 108.9));
    assert_eq!(carrier.get("/api/v1/corridors").ok()["attribution"], "survey (CC-BY-4.0)");
    assert_eq!(carrier.get("/api/v1/corridors/a-b").ok(), corridor());
}

/// A truck that leaves the road for two reports, 2.2 km north of it, and arrives.
fn driven(house: &House) -> String {
    let mut seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    let arrows = ["accept", "seal", "release"];
    let order = json!({"type": "put-standing-order", "order": "green", "carrier": null, "origin": null, "arrows": arrows});
    house.as_user("officer").post("/api/v1/commands", &order).ok();
    let declared = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    seal.status = Status::CABLE_INSERTED | Status::HOUSING_CLOSED | Status::MOTOR_LOCKED | Status::MOUNT_PRESENT | Status::EPOCH_KEY_HELD;
    house.hear(&mut seal, Event::Sealed);
    for step in 0..=20_u32 {
        house.later(600_000);
        let lon = 108.95 + 0.1 * f64::from(step);
        let on_the_line = 34.36 - 0.01 * (lon - 109.95).abs();
        seal.at = (lon, on_the_line + if (8..10).contains(&step) { 0.02 } else { 0.0 });
        house.hear(&mut seal, Event::Periodic);
    }
    house.followed(&seal.id, 22);
    let arrival = json!({"type": "report-arrival", "transfer": declared["id"], "place": "zone-b"});
    house.as_user("gate").post("/api/v1/commands", &arrival).ok();
    house.shown();
    declared["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_corridor_is_tested_by_the_tracks_of_the_last_days_before_it_is_put() {
    let house = House::open();
    house.atlas();
    let transfer = driven(&house);
    let officer = house.as_user("officer");
    let test = |corridor: &Value, days: u32| {
        let id = corridor["properties"]["id"].as_str().unwrap();
        officer.post(&format!("/api/v1/corridors/{id}/test?days={days}"), corridor)
    };
    let as_it_is = test(&corridor(), 30).ok();
    assert_eq!((&as_it_is["transfers"], &as_it_is["alerts"], &as_it_is["alerts_now"]), (&json!(1), &json!(1), &json!(1)), "{as_it_is}");
    let deviation = &as_it_is["deviations"][0];
    assert_eq!((&deviation["transfer"], &deviation["seal"], &deviation["ctr"]), (&json!(transfer), &json!("NR-0001"), &json!(10)));
    assert!((2_000.0..2_400.0).contains(&deviation["distance_m"].as_f64().unwrap()), "{deviation}");
    let raised = officer.get("/api/v1/alerts").ok();
    let raised: Vec<&Value> = raised["items"].as_array().unwrap().iter().filter(|alert| alert["kind"] == "deviation").collect();
    assert_eq!((raised.len(), &raised[0]["transfer"]), (1, &json!(transfer)), "what was raised then is what the test finds");

    let mut wide = corridor();
    wide["properties"]["width_m"] = json!(6_000);
    let told = test(&wide, 30).ok();
    assert_eq!((&told["alerts"], &told["alerts_now"], &told["reports"]), (&json!(0), &json!(1), &json!(22)));
    let mut other = corridor();
    other["properties"]["id"] = json!("a-b-north");
    other["geometry"]["coordinates"] = json!([[108.95, 34.35], [109.9, 34.46], [110.95, 34.35]]);
    let told = test(&other, 30).ok();
    assert_eq!((&told["transfers"], &told["alerts_now"]), (&json!(1), &Value::Null), "new: judged by who went between its places");
    assert!(told["alerts"].as_u64() > Some(0));
    house.later(3 * 86_400_000);
    assert_eq!(test(&corridor(), 2).ok()["transfers"], 0, "older than was asked for");

    let mut short = corridor();
    short["geometry"]["coordinates"] = json!([[108.95, 34.35], [109.9, 34.36]]);
    assert_eq!(test(&short, 30).problem(422), "corridor-does-not-touch");
    assert_eq!(test(&corridor(), 31).problem(400), "query-invalid");
}
