//! A device that wants more than its own two topics, and what is known to stop rumqttd: none of it reaches that router.

use crate::client::{self, Client, Packet, no_properties, packet, publish, subscribe, text};
use crate::seal::Seal;
use crate::secure::secure;
use crate::stage::{Field, Stage};
use sealway_schemas::topics;
use std::cell::RefCell;
use std::time::Duration;

/// A CONNECT of this version with these flags, and its will.
fn connect(level: u8, flags: u8, seal: &mut Seal, will: &[Vec<u8>]) -> Vec<u8> {
    let password = seal.password();
    client::connect(level, flags, seal.id.as_str(), will, (seal.id.as_str(), &password))
}

async fn welcome(field: &Field, level: u8, seal: &mut Seal) -> Client {
    Client::knock(field, 1).await.welcomed(&connect(level, 0, seal, &[])).await
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
            assert_eq!(client.subscribe(5, filter, 1).await, reason, "{filter}");
            let mut client = welcome(&field, 4, &mut seal).await;
            client.send(&subscribe(4, 9, &[filter], 1)).await.unwrap();
            assert_eq!(client.packet().await, None, "{filter}");
            field.count("refused in both versions");
        }
    });
    assert_eq!(counts["refused in both versions"], 10);
    stage.close();
}

#[test]
fn no_device_speaks_in_anothers_name_by_topic_or_by_will() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("others' names", async |field: Field| {
        let mut seal = seal.borrow_mut();
        for level in [4, 5] {
            let mut client = welcome(&field, level, &mut seal).await;
            client.send(&publish(level, "seal/v1/HONEST-0/up", 1, b"x")).await.unwrap();
            let refused = Packet { first: 0x40, body: vec![0, 1, 0x87] };
            assert_eq!(client.packet().await, (level == 5).then_some(refused));
            field.count("topics");
            let will = [no_properties(level).to_vec(), text("seal/v1/HONEST-0/up"), text("gone")];
            let mut client = Client::knock(&field, 2).await;
            client.send(&connect(level, 0x04, &mut seal, &will)).await.unwrap();
            let code = if level == 5 { 0x87 } else { 5 };
            assert_eq!(client.packet().await.unwrap().body[..2], [0, code]);
            field.count("wills");
        }
    });
    assert_eq!((counts["topics"], counts["wills"]), (2, 2));
    assert!(stage.refused("will") >= 2 && stage.refused("foreign-topic") >= 2);
    assert!(told_to_its_owner(&stage).contains(&"foreign-topic".to_owned()));
    let stranger = stage.platform.api("carrier", "another-carrier");
    assert_eq!(stranger.get("/api/v1/devices/ROGUE-000/errors").status, 404, "nobody else sees them");
    stage.close();
}

/// Why the front refused the first rogue, as its owner sees it.
fn told_to_its_owner(stage: &Stage) -> Vec<String> {
    let told = stage.owner.get("/api/v1/devices/ROGUE-000/errors").ok();
    told["items"].as_array().unwrap().iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_storm_of_one_recorded_login_lets_nobody_in_and_keeps_its_owner_in() {
    /// Of sixteen addresses a hundred are told each before they are put off.
    const TOLD: u64 = 1_000;
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("replayed logins", async |field: Field| {
        let mut seal = seal.borrow_mut();
        let recorded = seal.connect();
        let mut owner = Client::knock(&field, 100).await.welcomed(&recorded).await;
        let storm = |number: u32| {
            let (field, recorded) = (field.clone(), recorded.clone());
            async move {
                while field.goes_on() || field.counted("told") < TOLD {
                    let Ok(stream) = field.connect(field.mqtt, number).await else { continue };
                    match Client::over(stream).greeted(&recorded).await {
                        Some((_, answer)) => {
                            assert_eq!(answer.body, [0, 4], "not let in");
                            field.count("told");
                        }
                        None => field.count("closed at once"),
                    }
                }
            }
        };
        let storms: Vec<_> = (0..32).map(|number| tokio::spawn(storm(number % 16))).collect();
        while !storms.iter().all(tokio::task::JoinHandle::is_finished) {
            // Nobody has taken its connection over, and it comes again whenever it likes.
            owner.ping().await;
            owner = Client::welcome(&field, 100, &mut seal).await;
            field.count("its owner let in");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        for storm in storms {
            storm.await.unwrap();
        }
    });
    assert!(counts["told"] >= TOLD && counts["its owner let in"] >= 4, "{counts:?}");
    assert!(stage.refused("login-replayed") >= counts["told"]);
    assert!(told_to_its_owner(&stage).contains(&"login-replayed".to_owned()));
    stage.close();
}

/// What stops rumqttd when it faces devices: see the head of the broker's events.
#[test]
fn each_known_way_to_stop_the_event_router_ends_at_the_front() {
    let stage = Stage::open();
    let token = stage.platform.token("customs", "customs");
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("ways to stop rumqttd", async |field: Field| {
        // An idle TLS connection in its accept loop: the next one waits for nobody.
        let _idle = field.connect(field.mqtts, 9).await.unwrap();
        let mut seal = seal.borrow_mut();
        let (line, _) = secure(&field, 10).await.unwrap();
        Client::over(line).welcomed(&seal.connect()).await.ping().await;
        field.count("TLS logins beside an idle one");
        // A topic that begins with a non-ASCII character: from a device, and from one who listens to events.
        let mut client = welcome(&field, 4, &mut seal).await;
        client.send(&publish(4, "关/v1/x/up", 1, b"x")).await.unwrap();
        assert_eq!(client.packet().await, None);
        field.count("topics");
        for topic in ["关/v1/x/up", "events/v1/关/x/opened", "é"] {
            let mut listener = Client::listener(&field, 4, 5, "any", &token).await;
            listener.send(&publish(4, topic, 1, b"x")).await.unwrap();
            assert_eq!(listener.packet().await, None);
            field.count("topics");
        }
        // A shared subscription that comes back, filters beyond ASCII, an unsubscription of what was never subscribed.
        for _ in 0..2 {
            let mut listener = Client::listener(&field, 4, 5, "any", &token).await;
            for filter in ["$share/g/events/v1/#", "$share//", "关/#", "events/v1/关/#"] {
                assert_eq!(listener.subscribe(4, filter, 1).await, 0x80, "{filter}");
                field.count("filters");
            }
            listener.send(&packet(0xA2, &[&[0, 9][..], &text("$share/g/#")].concat())).await.unwrap();
            assert_eq!(listener.packet().await.unwrap().first, 0xB0);
            field.count("unsubscriptions of nothing");
            assert_eq!(listener.subscribe(4, "events/v1/#", 1).await, 1);
        }
    });
    let ways = ["TLS logins beside an idle one", "topics", "filters", "unsubscriptions of nothing"];
    assert_eq!(ways.map(|way| counts[way]), [1, 4, 8, 2], "{counts:?}");
    assert!(stage.routes_events(&token), "events still come to those who may hear them");
    stage.close();
}
