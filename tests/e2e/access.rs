//! Tokens, roles and what a party may see, from the command line through the API to MQTT.

use sealway_schemas::TransferId;
use sealway_tests::{Api, Sealway};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_token_opens_the_api_for_its_own_role() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Sealway::serve(&folder.path().join("data"));
    let carrier = platform.api("carrier", "silk-road-rail");
    assert_eq!(carrier.get("/api/v1/me").ok()["party"], "silk-road-rail");
    assert_eq!(carrier.get("/api/v1/transfers").ok()["items"], serde_json::json!([]));
    let refused = carrier.post("/api/v1/parties", &serde_json::json!({"party": "x", "role": "carrier", "name_zh": "x", "name_en": "x"}));
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(Api::new(platform.http, "not-a-token").get("/api/v1/me").status, 401);
}

#[test]
fn a_system_subscribes_to_its_own_partys_events_and_to_no_others() {
    if Command::new("mosquitto_sub").arg("--help").output().is_err() {
        println!("left out: mosquitto_sub is missing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let platform = Sealway::serve(&folder.path().join("data"));
    let token = platform.token("carrier", "silk-road-rail");
    let subscribe = |topic: &str| {
        let mut child = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &platform.mqtt.port().to_string(), "-V", "5", "-q", "1", "-d", "-W", "5"])
            .args(["-u", "silk-road-rail", "-P", &token, "-t", topic])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let answer = lines.into_iter().find(|line| line.contains("Subscribed") || line.contains("denied") || line.contains("DISCONNECT"));
        drop(child.kill());
        drop(child.wait());
        answer.unwrap_or_default()
    };
    let own = subscribe("events/v1/silk-road-rail/#");
    assert!(own.contains("Subscribed") && !own.contains("135"), "{own:?}");
    let other = subscribe("events/v1/other-carrier/#");
    assert!(!other.contains("Subscribed") || other.contains("135"), "{other:?}");
}

/// A square of a tenth of a degree.
fn place(id: &str, west: f64) -> Value {
    let (south, north, east) = (34.3, 34.4, west + 0.1);
    json!({"type": "Feature", "properties": {"id": id, "kind": "zone", "name_en": "Zone", "name_zh": "区"},
        "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}})
}

#[test]
fn steps_and_holds_reach_a_carriers_system_by_mqtt() {
    if Command::new("mosquitto_sub").arg("--help").output().is_err() {
        println!("left out: mosquitto_sub is missing");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let platform = Sealway::serve(&folder.path().join("data"));
    let (customs, token) = (platform.api("customs", "xian-customs"), platform.token("carrier", "silk-road-rail"));
    let carrier = Api::new(platform.http, &token);
    let corridor = json!({"type": "Feature", "properties": {"id": "a-b", "mode": "road", "from": "zone-a", "to": "zone-b", "width_m": 1000,
        "name_en": "A-B", "name_zh": "甲乙"}, "geometry": {"type": "LineString", "coordinates": [[108.95, 34.35], [110.95, 34.35]]}});
    for (path, feature) in
        [("places/zone-a", place("zone-a", 108.9)), ("places/zone-b", place("zone-b", 110.9)), ("corridors/a-b", corridor)]
    {
        let _receipt = customs.put(&format!("/api/v1/{path}"), &feature).ok();
    }
    // Into a pipe it would write by blocks, long after it heard.
    let mut child = Command::new("stdbuf")
        .args([
            "-oL",
            "mosquitto_sub",
            "-h",
            "127.0.0.1",
            "-p",
            &platform.mqtt.port().to_string(),
            "-V",
            "5",
            "-q",
            "1",
            "-d",
            "-v",
            "-W",
            "30",
        ])
        .args(["-u", "silk-road-rail", "-P", &token, "-t", "events/v1/silk-road-rail/#"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Subscribed")), "the subscription was not answered");
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let draft = json!({"type": "draft-transfer", "transfer": id, "carrier": "silk-road-rail", "unit": "LOOSE-1", "seal": "SR-0001",
        "origin": "zone-a", "destination": "zone-b", "corridor": "a-b"});
    for (api, command) in [
        (&carrier, draft),
        (&carrier, json!({"type": "submit-transfer", "transfer": id})),
        (&customs, json!({"type": "hold-transfer", "transfer": id, "reason": "papers"})),
    ] {
        let _receipt = api.post("/api/v1/commands", &command).ok();
    }
    let mut told = |kind: &str, wanted: &dyn Fn(&Value) -> bool| {
        let topic = format!("events/v1/silk-road-rail/{id}/{kind} ");
        let payloads = lines.by_ref().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix(&topic)?).ok());
        payloads.into_iter().find(|payload| wanted(&payload["body"])).unwrap_or_else(|| panic!("nothing under {topic}"))
    };
    let step = told("record", &|body| body["kind"] == "step");
    assert_eq!((&step["body"]["body"]["arrow"], &step["body"]["body"]["to"]), (&json!("declare"), &json!("declared")));
    let held = told("movement", &|body| body["holds"][0]["reason"] == "officer");
    assert_eq!(held["body"]["id"], json!(id));
    drop(child.kill());
    drop(child.wait());
}
