//! Tokens, roles and what a party may see, from the command line through the API to MQTT.

use sealway_tests::{Api, Sealway};
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
