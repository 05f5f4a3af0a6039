//! Webhooks from the real program to a real server over TLS: signed, in order, again after a failure or a restart, and never to a neighbour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sealway_tests::{Api, Delivery, Receiver, Sealway};
use serde_json::{Value, json};
use std::path::Path;

/// A platform that believes the receiver's authority, and may call what stands in `allowed`.
fn platform(room: &Path, allowed: &str, tries: u32) -> Sealway {
    let config = room.join("platform.toml");
    let authority = room.join("authority.pem");
    let text = format!(
        "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"warn\"\n\
         [outbound]\nauthority = {authority:?}\nallow_private = {allowed}\nwebhook_tries = {tries}\n"
    );
    std::fs::write(&config, text).unwrap();
    Sealway::serve_by(&config, &room.join("data"))
}

const LOOPBACK: &str = "[\"127.0.0.0/8\", \"::1/128\"]";

/// Each put is one record, and so one event.
fn put_district(api: &Api, number: u32) {
    let command = json!({"type": "put-district", "district": format!("district-{number}"), "name_zh": "关区", "name_en": "District"});
    let _receipt = api.post("/api/v1/commands", &command).ok();
}

fn put_webhook(api: &Api, url: &str) {
    let _receipt = api.put("/api/v1/webhooks/erp", &json!({"url": url, "kinds": ["record"]})).ok();
}

/// The first letter that is not delivered, once `wanted` holds for it.
fn letter(api: &Api, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let letters = api.get("/api/v1/webhooks/erp/letters").ok();
        if wanted(&letters["items"][0]) {
            return letters["items"][0].clone();
        }
        std::thread::yield_now();
    }
}

fn ids(receiver: &Receiver, count: usize) -> Vec<String> {
    (0..count).map(|_| receiver.next().id().to_owned()).collect()
}

fn expect_signed(delivery: &Delivery, key: &Value) {
    let key = STANDARD.decode(key["webhook_key"].as_str().unwrap().strip_prefix("whpk_").unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(key.as_slice().try_into().unwrap()).unwrap();
    let signature = delivery.headers["webhook-signature"].strip_prefix("v1a,").unwrap();
    let signature = Signature::from_slice(&STANDARD.decode(signature).unwrap()).unwrap();
    let message = format!("{}.{}.{}", delivery.id(), delivery.headers["webhook-timestamp"], delivery.body);
    key.verify_strict(message.as_bytes(), &signature).unwrap();
    assert!(key.verify_strict(format!("{message} ").as_bytes(), &signature).is_err());
}

#[test]
fn events_are_delivered_signed_in_order_and_again_after_a_failure() {
    let room = tempfile::tempdir().unwrap();
    let busy = "HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let receiver = Receiver::start(&room.path().join("authority.pem"), &[busy]);
    let platform = platform(room.path(), LOOPBACK, 5);
    let admin = platform.admin();
    let key = admin.get("/api/v1/webhooks/key").ok();
    put_webhook(&admin, &receiver.url());
    put_district(&admin, 1);
    put_district(&admin, 2);
    let (first, again) = (receiver.next(), receiver.next());
    assert_eq!((first.id(), &first.body), (again.id(), &again.body), "the same event, under the same id");
    assert_eq!(first.json()["data"]["kind"], "webhook");
    let second = receiver.next();
    assert_eq!((second.id(), &second.json()["type"]), ("erp-2", &json!("record")));
    assert_eq!(second.json()["data"]["body"]["id"], "district-1");
    for delivery in [&first, &again, &second, &receiver.next()] {
        expect_signed(delivery, &key);
    }
    assert!(platform.stop().success());
}

#[test]
fn a_restart_loses_no_event() {
    let room = tempfile::tempdir().unwrap();
    let away = "HTTP/1.1 500 Away\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let receiver = Receiver::start(&room.path().join("authority.pem"), &[away, away, away]);
    let platform = self::platform(room.path(), LOOPBACK, 20);
    put_webhook(&platform.admin(), &receiver.url());
    assert_eq!(receiver.next().id(), "erp-1");
    (1..=5).for_each(|number| put_district(&platform.admin(), number));
    platform.kill();
    let platform = self::platform(room.path(), LOOPBACK, 20);
    put_district(&platform.admin(), 6);
    let mut heard = ids(&receiver, 9);
    heard.dedup();
    assert_eq!(heard, (1..=7).map(|number| format!("erp-{number}")).collect::<Vec<_>>());
    assert!(platform.stop().success());
}

#[test]
fn a_neighbour_is_never_called() {
    let room = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(&room.path().join("authority.pem"), &[]);
    let platform = platform(room.path(), "[]", 1);
    let admin = platform.admin();
    let port = receiver.address.port();
    let mut last = 0;
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.1"] {
        put_webhook(&admin, &format!("https://{host}:{port}/hook"));
        let refused = letter(&admin, |letter| letter["dead"] == true && letter["number"].as_u64() > Some(last));
        last = refused["number"].as_u64().unwrap();
        assert!(refused["error"].as_str().unwrap().contains("expected a public address"), "{host}: {refused}");
        let _receipt = admin.delete("/api/v1/webhooks/erp").ok();
    }
    let figures = admin.get("/metrics").body;
    assert!(figures.contains("sealway_webhook_events_delivered_total 0"), "{figures}");
}

#[test]
fn what_nobody_takes_is_a_dead_letter_until_somebody_asks_for_it() {
    let room = tempfile::tempdir().unwrap();
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: https://localhost/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let receiver = Receiver::start(&room.path().join("authority.pem"), &[elsewhere, ""]);
    let platform = platform(room.path(), LOOPBACK, 2);
    let admin = platform.admin();
    put_webhook(&admin, &receiver.url());
    let tried = letter(&admin, |letter| letter["tries"] == 1);
    assert!(tried["error"].as_str().unwrap().contains("redirect"), "{tried}");
    let dead = letter(&admin, |letter| letter["dead"] == true);
    assert!(dead["error"].as_str().unwrap().contains("timeout"), "the second answer never came: {dead}");
    let figures = admin.get("/metrics").body;
    assert!(figures.contains("sealway_webhook_events_dead 1"), "{figures}");
    assert_eq!(ids(&receiver, 2), ["erp-1", "erp-1"]);
    assert_eq!(admin.post("/api/v1/webhooks/erp/retry", &Value::Null).ok()["letters"], 1);
    assert_eq!(receiver.next().id(), "erp-1");
    assert!(platform.stop().success());
}
