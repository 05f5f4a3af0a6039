//! GeoJSON in and out.

use crate::house::{House, corridor, place};
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
