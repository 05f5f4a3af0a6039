//! Cargo over the API: those who see a transfer see all that is in its unit, an owner sees its own consignment.

use crate::house::House;
use crate::seal::Seal;
use serde_json::{Value, json};

const TRANSFER: &str = "26CNXA000000000015";

fn bill(number: &str, parent: Option<&str>, (owner, quantity): (&str, u32)) -> Value {
    let parent = parent.map(|parent| json!({"bill-of-lading": parent}));
    json!({"document": {"bill-of-lading": number}, "parent": parent, "owner": owner, "lines": [{
        "goods": {"goods": "CHIP", "hs": "85423190", "unit": "PCE", "status": "bonded", "quantity": quantity.to_string(), "weight_kg": "1"},
        "description_zh": "芯片", "description_en": "Chips"}]})
}

fn draft(consignments: &Value) -> Value {
    json!({"type": "draft-transfer", "transfer": TRANSFER, "carrier": "north-rail", "unit": "CSQU3054383", "seal": "NR-0001",
        "origin": "zone-a", "destination": "zone-b", "corridor": "a-b", "legs": [{"mode": "road", "corridor": "a-b"}],
        "consignments": consignments})
}

fn documents(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["body"]["document"]["bill-of-lading"].as_str().unwrap()).collect()
}

#[test]
fn an_owner_sees_its_own_consignment_and_nobody_elses() {
    let house = House::open();
    house.atlas();
    house.enrol("north", &Seal::new("NR-0001", 1));
    let (north, south, gate) = (house.as_user("north"), house.as_user("south"), house.as_user("gate"));
    let consignments = json!([
        bill("MASTER", None, ("north-rail", 10)),
        bill("HOUSE-1", Some("MASTER"), ("south-road", 6)),
        bill("HOUSE-2", Some("MASTER"), ("north-rail", 4)),
    ]);
    north.post("/api/v1/commands", &draft(&consignments)).ok();

    let cargo = gate.get(&format!("/api/v1/records/cargo/{TRANSFER}")).ok();
    assert_eq!(cargo["body"]["totals"], json!([{"status": "bonded", "unit": "PCE", "quantity": "10", "weight_kg": "1"}]));
    assert_eq!(cargo["body"]["consignments"].as_array().unwrap().len(), 3);
    assert_eq!(south.get(&format!("/api/v1/records/cargo/{TRANSFER}")).problem(404), "not-found");
    assert_eq!(documents(&south.get("/api/v1/records/consignment").ok()), ["HOUSE-1"]);
    assert_eq!(documents(&north.get(&format!("/api/v1/records/consignment?transfer={TRANSFER}")).ok()).len(), 3);
    assert_eq!(south.get(&format!("/api/v1/records/consignment/{TRANSFER}.HOUSE-2")).problem(404), "not-found");
    let transfer = north.get(&format!("/api/v1/transfers/{TRANSFER}")).ok();
    let leg = json!({"mode": "road", "corridor": "a-b", "from": "zone-a", "to": "zone-b",
        "limit_ms": transfer["plan"][0]["within_ms"], "due": null, "ended_at": null});
    assert_eq!(transfer["legs"], json!([leg]));
}

#[test]
fn children_that_claim_more_than_their_parent_and_wrong_check_digits_are_named() {
    let house = House::open();
    house.atlas();
    house.enrol("north", &Seal::new("NR-0001", 1));
    let north = house.as_user("north");
    let greedy = json!([bill("MASTER", None, ("north-rail", 10)), bill("HOUSE-1", Some("MASTER"), ("north-rail", 11))]);
    let refused = north.post("/api/v1/commands", &draft(&greedy));
    assert!(refused.text().contains("11 with HOUSE-1, expected at most 10"), "{}", refused.text());
    assert_eq!(refused.problem(422), "children-exceed-parent");
    let mut wrong = draft(&json!([]));
    wrong["unit"] = json!("CSQU3054384");
    let refused = north.post("/api/v1/commands", &wrong);
    assert!(refused.text().contains("container CSQU3054384: check digit is 4, expected 3"), "{}", refused.text());
    assert_eq!(refused.problem(422), "unit-check-digit");
}
