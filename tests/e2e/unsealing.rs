//! The end of a way over real connections: the operator asks, the seal answers over MQTT, officers grant, the seal's receipt closes it.

use sealway_schemas::TransferId;
use sealway_seal_sim::fleet::{FleetConfig, FleetPlan, run};
use sealway_seal_sim::world::corridors;
use sealway_tests::{Api, Sealway};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PLACES: &str = include_str!("../../tracker/core/world/places.geojson");
const CORRIDORS: &str = include_str!("../../tracker/core/world/corridors.geojson");
const ROAD: &str = "road-xian-epz-a-xiy";
const CARRIER: &str = "qinling-road";
const OPERATOR: &str = "xiy-cargo";
const CUSTOMS: &str = "xian-customs";

/// Features of a world, those that `wanted` takes.
fn features(text: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let world: Value = serde_json::from_str(text).unwrap();
    world["features"].as_array().unwrap().iter().filter(|feature| wanted(feature)).cloned().collect()
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

struct People {
    carrier: Api,
    operator: Api,
    officer: Api,
    second: Api,
}

fn send(api: &Api, body: &Value) -> Value {
    api.post("/api/v1/commands", body).ok()
}

fn furnish(platform: &Sealway, road: &Value) -> People {
    let people = People {
        carrier: platform.person("desk", "carrier", CARRIER),
        operator: platform.person("gate", "operator", OPERATOR),
        officer: platform.person("li", "customs", CUSTOMS),
        second: platform.person("wang", "customs", CUSTOMS),
    };
    for mut place in features(PLACES, |place| place["id"] == "zone-xian-epz-a" || place["id"] == "airport-xiy") {
        place["properties"]["operator"] = json!(OPERATOR);
        send(&people.officer, &json!({"type": "put-place", "feature": place}));
    }
    send(&people.officer, &json!({"type": "put-corridor", "feature": road}));
    let arrows = ["accept", "seal", "release"];
    send(&people.officer, &json!({"type": "put-standing-order", "order": "green", "carrier": CARRIER, "origin": null, "arrows": arrows}));
    people
}

/// The officers' part: a circle over the fence needs two of them, and what was proposed can be taken back.
fn grant(people: &People, id: &TransferId, seal: &str, end: (i64, i64)) {
    let view = || people.officer.get(&format!("/api/v1/transfers/{id}")).ok();
    let epoch = people.officer.get(&format!("/api/v1/devices/{seal}")).ok()["last"]["epoch"].clone();
    let issue = |number: u8| {
        json!({"type": "issue-grant", "grant": format!("{number:02x}").repeat(16), "device": seal, "epoch": epoch,
               "circle": {"lat_e7": end.0, "lon_e7": end.1, "radius_m": 5_000}, "not_before": 0, "not_after": 4_000_000_000_000_u64,
               "authorised_by": "li"})
    };
    let countersign = |number: u8| json!({"type": "countersign-grant", "grant": format!("{number:02x}").repeat(16), "device": seal});
    send(&people.officer, &issue(1));
    send(&people.officer, &json!({"type": "revoke-grant", "grant": "01".repeat(16), "device": seal}));
    let late = people.second.post("/api/v1/commands", &countersign(1));
    assert_eq!((late.status, &late.json()["code"]), (422, &json!("grant-standing")), "taken back");
    send(&people.officer, &issue(2));
    assert_eq!(people.officer.post("/api/v1/commands", &countersign(2)).json()["code"], "same-officer");
    assert_eq!(view()["state"], "handed-over", "one officer is not enough beyond the fence");
    send(&people.second, &countersign(2));
    until("the receipt of the opening", || (view()["state"] == "unsealed").then_some(()));
}

#[test]
fn a_seal_answers_the_operator_and_opens_by_the_word_of_two_officers() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Sealway::serve(&folder.path().join("data"));
    let road = features(CORRIDORS, |road| road["id"] == ROAD).remove(0);
    let people = furnish(&platform, &road);
    let one_road = json!({"type": "FeatureCollection", "features": [road]}).to_string();
    let plan = FleetPlan::new(&one_road, PLACES, 1, 7).unwrap();
    let planned = &plan.devices()[0];
    let seal = planned.id.to_string();
    let challenge = people.carrier.post("/api/v1/devices/enrolment-challenges", &Value::Null).ok()["challenge"].clone();
    let proof = hex(&planned.enrolment(bytes(challenge.as_str().unwrap())));
    let new = json!({"device": seal, "public_key": planned.public_key(), "challenge": challenge, "proof": proof});
    let key = serde_json::from_value(people.carrier.post("/api/v1/devices", &new).ok()["platform_key"].clone()).unwrap();
    let id = TransferId::new(26, "CN", "UN00000000001").unwrap();
    let declare = json!({"type": "declare-transfer", "transfer": id, "carrier": CARRIER, "unit": planned.unit, "seal": seal,
                         "origin": planned.origin, "destination": planned.destination, "corridor": ROAD});
    send(&people.carrier, &declare);

    let config = FleetConfig { time_factor: 300.0, report_every: Duration::from_millis(200), ..FleetConfig::new(platform.mqtt, key) };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let line = &corridors(&one_road).unwrap()[0].line;
    let end = line.last().unwrap().e7();
    std::thread::scope(|scope| {
        let fleet = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&plan, &config, async { drop(stopped.await) }))
        });
        let view = || people.operator.get(&format!("/api/v1/transfers/{id}")).ok();
        until("the end of the way", || {
            let seen = view();
            (seen["progress_km"].as_f64()? >= seen["length_km"].as_f64()? - 0.02).then_some(())
        });
        send(&people.operator, &json!({"type": "report-arrival", "transfer": id, "place": "airport-xiy"}));
        until("the arrival", || (view()["state"] == "arrived").then_some(()));
        let hand_over = json!({"type": "hand-over", "transfer": id, "place": "airport-xiy"});
        let unasked = people.operator.post("/api/v1/commands", &hand_over);
        let problem = unasked.json();
        assert_eq!((unasked.status, &problem["code"], &problem["state"]), (409, &json!("arrow-needs"), &json!("arrived")));
        assert_eq!((&problem["arrow"], &problem["missing"]), (&json!("hand-over"), &json!(["fresh-answer"])));
        let ask = json!({"type": "issue-challenge", "device": seal, "nonce": "05".repeat(16), "not_after": 4_000_000_000_000_u64});
        send(&people.operator, &ask);
        until("the seal's answer", || (people.operator.post("/api/v1/commands", &hand_over).status == 200).then_some(()));
        grant(&people, &id, &seal, end);
        drop(stop);
        let (report, ()) = fleet.join().unwrap();
        assert!(report.answered >= 1 && report.acked == report.made, "{report:?}");
    });
    let verify =
        json!({"type": "verify-transfer", "transfer": id, "conclusion": "A1", "verified": [], "seal": "intact", "note": "counted"});
    send(&people.officer, &verify);
    assert_eq!(people.carrier.get(&format!("/api/v1/transfers/{id}")).ok()["state"], "written-off");
    // The seal's clock ran so much faster than the platform's, and nothing else was wrong with it.
    let alerts = people.officer.get("/api/v1/alerts").ok()["items"].clone();
    assert!(alerts.as_array().unwrap().iter().all(|alert| alert["kind"] == "clock-off"), "{alerts}");
}

fn bytes(hex: &str) -> [u8; 32] {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
