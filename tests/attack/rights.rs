//! A device that wants more than its own two topics, and what is known to stop rumqttd: none of it reaches that router.

use crate::client::{Client, Packet, packet, text};
use crate::seal::{Seal, publish};
use crate::stage::{Field, Stage};
use sealway_schemas::topics;
use std::cell::RefCell;

/// A CONNECT of this version with these flags beside user name, password and clean start.
fn connect(level: u8, flags: u8, seal: &mut Seal, will: &[Vec<u8>]) -> Vec<u8> {
    let head = [&b"\0\x04MQTT"[..], &[level, 0xC2 | flags, 0, 60], no_properties(level)].concat();
    let (id, password) = (text(seal.id.as_str()), text(&seal.password()));
    packet(0x10, &[head, id.clone(), will.concat(), id, password].concat())
}

fn no_properties(level: u8) -> &'static [u8] {
    if level == 5 { &[0] } else { &[] }
}

fn subscribe(level: u8, filter: &str) -> Vec<u8> {
    packet(0x82, &[&[0, 9][..], no_properties(level), &text(filter), &[1]].concat())
}

async fn welcome(field: &Field, level: u8, seal: &mut Seal) -> Client {
    let mut client = Client(field.connect(field.mqtt, 1).await.unwrap());
    client.send(&connect(level, 0, seal, &[])).await.unwrap();
    assert_eq!(client.packet().await.unwrap().body[..2], [0, 0]);
    client
}

#[test]
fn a_device_hears_nothing_but_its_own_down_topic() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let own = topics::down(&seal.borrow().id);
    let counts = stage.under("foreign subscriptions", async |field: Field| {
        for (filter, reason) in [
            ("#", 0xA2),
            ("+/+/+/down", 0xA2),
            ("seal/v1/#", 0xA2),
            ("$SYS/#", 0xA2),
            ("seal/v1/HONEST-0/down", 0x87),
            ("seal/v1/HONEST-0/up", 0x87),
            ("events/v1/honest-carrier/x/opened", 0x87),
            (&format!("$share/g/{own}"), 0x9E),
            ("$share/g/#", 0x9E),
            ("关/#", 0xA2),
        ] {
            let mut seal = seal.borrow_mut();
            let mut client = welcome(&field, 5, &mut seal).await;
            client.send(&subscribe(5, filter)).await.unwrap();
            assert_eq!(client.packet().await, Some(Packet { first: 0x90, body: vec![0, 9, 0, reason] }), "{filter}");
            let mut client = welcome(&field, 4, &mut seal).await;
            client.send(&subscribe(4, filter)).await.unwrap();
            assert_eq!(client.packet().await, None, "{filter}");
            field.count("refused in both versions");
        }
    });
    assert_eq!(counts["refused in both versions"], 10);
    stage.close();
}

#[test]
fn no_device_speaks_in_anothers_name_by_topic_by_will_or_by_a_recorded_login() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    stage.under("others' names", async |field: Field| {
        let mut seal = seal.borrow_mut();
        for level in [4, 5] {
            let mut client = welcome(&field, level, &mut seal).await;
            let mut bytes = publish("seal/v1/HONEST-0/up", 1, b"x");
            if level == 5 {
                bytes = packet(0x32, &[&text("seal/v1/HONEST-0/up"), &[0, 1, 0][..], b"x"].concat());
            }
            client.send(&bytes).await.unwrap();
            let refused = Packet { first: 0x40, body: vec![0, 1, 0x87] };
            assert_eq!(client.packet().await, (level == 5).then_some(refused));
            let mut properties = Vec::new();
            if level == 5 {
                properties.push(0);
            }
            let will = [properties, text("seal/v1/HONEST-0/up"), text("gone")];
            let mut client = Client(field.connect(field.mqtt, 2).await.unwrap());
            client.send(&connect(level, 0x04, &mut seal, &will)).await.unwrap();
            let code = if level == 5 { 0x87 } else { 5 };
            assert_eq!(client.packet().await.unwrap().body[..2], [0, code]);
            field.count("versions");
        }
    });
    stage.alone(async |field: Field| {
        let recorded = seal.borrow_mut().connect();
        for expected in [0, 4, 4] {
            let mut client = Client(field.connect(field.mqtt, 4).await.unwrap());
            client.send(&recorded).await.unwrap();
            assert_eq!(client.packet().await.unwrap().body, [0, expected]);
        }
    });
    assert_eq!(stage.refused("login-replayed"), 2);
    assert!(stage.refused("will") >= 2 && stage.refused("foreign-topic") >= 2);
    let told = stage.owner.get("/api/v1/devices/ROGUE-000/errors").ok();
    let codes: Vec<&str> = told["items"].as_array().unwrap().iter().filter_map(|error| error["code"].as_str()).collect();
    assert!(codes.contains(&"login-replayed") && codes.contains(&"foreign-topic"), "its owner sees why: {codes:?}");
    let stranger = stage.platform.api("carrier", "another-carrier");
    assert_eq!(stranger.get("/api/v1/devices/ROGUE-000/errors").status, 404, "nobody else does");
    stage.close();
}

/// What stops rumqttd when it faces devices: see the head of the broker's events.
#[test]
fn each_known_way_to_stop_the_event_router_ends_at_the_front() {
    let stage = Stage::open();
    let token = stage.platform.token("customs", "customs");
    let seal = RefCell::new(stage.rogues(1).remove(0));
    stage.under("ways to stop rumqttd", async |field: Field| {
        // An idle TLS connection in its accept loop.
        let _idle = field.connect(field.mqtts, 9).await.unwrap();
        // A topic that begins with a non-ASCII character: from a device, and from one who listens to events.
        let mut seal = seal.borrow_mut();
        let mut client = welcome(&field, 4, &mut seal).await;
        client.send(&publish("关/v1/x/up", 1, b"x")).await.unwrap();
        assert_eq!(client.packet().await, None);
        for topic in ["关/v1/x/up", "events/v1/关/x/opened", "é"] {
            let mut listener = listener(&field, &token).await;
            listener.send(&publish(topic, 1, b"x")).await.unwrap();
            assert_eq!(listener.packet().await, None);
        }
        // A shared subscription that comes back, filters beyond ASCII, an unsubscription of what was never subscribed.
        for _ in 0..2 {
            let mut listener = listener(&field, &token).await;
            for filter in ["$share/g/events/v1/#", "$share//", "关/#", "events/v1/关/#"] {
                listener.send(&subscribe(4, filter)).await.unwrap();
                assert_eq!(listener.packet().await.unwrap().body, [0, 9, 0x80], "{filter}");
            }
            listener.send(&packet(0xA2, &[&[0, 9][..], &text("$share/g/#")].concat())).await.unwrap();
            assert_eq!(listener.packet().await.unwrap().first, 0xB0);
            listener.send(&subscribe(4, "events/v1/#")).await.unwrap();
            assert_eq!(listener.packet().await.unwrap().body, [0, 9, 1]);
        }
        field.count("rounds");
    });
    // It still brings events to those who may hear them.
    stage.alone(async |field: Field| {
        let mut listener = listener(&field, &token).await;
        listener.send(&subscribe(4, "events/v1/#")).await.unwrap();
        assert_eq!(listener.packet().await.unwrap().body, [0, 9, 1]);
        let _revoked = stage.owner.post("/api/v1/devices/ROGUE-000/revoke", &serde_json::json!({ "reason": "found" })).ok();
        let event = listener.packet().await.unwrap();
        assert_eq!(event.first & 0xF0, 0x30, "{event:?}");
    });
    stage.close();
}

async fn listener(field: &Field, token: &str) -> Client {
    let mut client = Client(field.connect(field.mqtt, 5).await.unwrap());
    let head = [&b"\0\x04MQTT"[..], &[4, 0xC2, 0, 60]].concat();
    client.send(&packet(0x10, &[head, text("any"), text("customs"), text(token)].concat())).await.unwrap();
    assert_eq!(client.packet().await.unwrap().body, [0, 0]);
    client
}
