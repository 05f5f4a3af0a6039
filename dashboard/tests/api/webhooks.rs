//! Where parties let their systems be told. That something is sent is shown by the tests of the outbox and of the whole program.

use crate::house::House;
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::{Value, json};

fn hook(kinds: &[&str]) -> Value {
    json!({"url": "https://erp.example/sealway", "kinds": kinds})
}

/// Numbers of what waits for a webhook, once `count` letters do.
fn waiting(house: &House, webhook: &str, count: usize) -> Vec<Value> {
    loop {
        let letters = house.as_user("admin").get(&format!("/api/v1/webhooks/{webhook}/letters?limit=500")).ok();
        if let Some(letters) = letters["items"].as_array().filter(|letters| letters.len() >= count) {
            return letters.clone();
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_party_sees_and_changes_only_its_own_webhooks() {
    let house = House::open();
    let (north, south, officer) = (house.as_user("north"), house.as_user("south"), house.as_user("officer"));
    north.put("/api/v1/webhooks/erp", &hook(&["alert"])).ok();
    let listed = |user: &crate::client::Client| user.get("/api/v1/webhooks").ok()["items"].as_array().unwrap().len();
    assert_eq!((listed(&north), listed(&south), listed(&officer)), (1, 0, 0));
    assert_eq!(south.put("/api/v1/webhooks/erp", &hook(&["alert"])).problem(404), "not-found");
    assert_eq!(officer.put("/api/v1/webhooks/erp", &hook(&["alert"])).problem(403), "not-yours");
    assert_eq!(south.json("DELETE", "/api/v1/webhooks/erp", &Value::Null).problem(404), "not-found");
    let forged =
        json!({"type": "put-webhook", "webhook": "mine", "party": "north-rail", "url": "https://spy.example/", "kinds": ["alert"]});
    assert_eq!(south.post("/api/v1/commands", &forged).problem(404), "not-found");
    north.json("DELETE", "/api/v1/webhooks/erp", &Value::Null).ok();
    assert_eq!(north.json("DELETE", "/api/v1/webhooks/erp", &Value::Null).problem(422), "unknown-webhook");
}

#[test]
fn a_webhook_that_leads_nowhere_good_is_refused() {
    let house = House::open();
    let north = house.as_user("north");
    for url in ["http://erp.example/", "https://user@erp.example/", "ftp://erp.example/", "https://"] {
        let body = json!({"url": url, "kinds": ["alert"]});
        assert_eq!(north.put("/api/v1/webhooks/erp", &body).problem(422), "webhook-url", "{url}");
    }
    for kinds in [&[][..], &["position"], &["alert", "alert"], &["coffee"]] {
        assert_eq!(north.put("/api/v1/webhooks/erp", &hook(kinds)).problem(422), "webhook-kinds", "{kinds:?}");
    }
    for number in 0..16 {
        north.put(&format!("/api/v1/webhooks/erp-{number}"), &hook(&["alert"])).ok();
    }
    assert_eq!(north.put("/api/v1/webhooks/erp-16", &hook(&["alert"])).problem(422), "too-many-webhooks");
    north.put("/api/v1/webhooks/erp-15", &hook(&["record"])).ok();
}

#[test]
fn a_webhook_is_told_of_what_its_party_may_see() {
    let house = House::open();
    house.atlas();
    let mut seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    for user in ["north", "south", "officer"] {
        house.as_user(user).put(&format!("/api/v1/webhooks/{user}-erp"), &hook(&["alert"])).ok();
    }
    house.upload(&mut seal, Event::CableCut);
    for webhook in ["north-erp", "officer-erp"] {
        let letters = waiting(&house, webhook, 1);
        assert_eq!((&letters[0]["id"], &letters[0]["kind"]), (&json!(format!("{webhook}-1")), &json!("alert")));
    }
    assert_eq!(waiting(&house, "south-erp", 0), Vec::<Value>::new());
    let figures = house.nobody().get("/metrics").text();
    assert!(figures.contains("sealway_webhook_events_pending 2"), "{figures}");
}
