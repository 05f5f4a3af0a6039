//! Who comes too often, stands too long, or says too much that comes to nothing.

use crate::harness::{Client, House, Packet, SEAL, UP, connect, disconnect, login, puback, publish, seal, subscribe};
use sealway_broker::{Rate, Refusal};
use sealway_schemas::link::Verdict;

/// The CONNACK's code, `None` where there is none.
async fn knocks(house: &House, id: &str) -> (Client, Option<u8>) {
    let mut client = house.knock().await;
    client.send(&connect(5, 60, id, id, &login())).await;
    let code = client.packet().await.map(|connack| connack.body[1]);
    (client, code)
}

#[tokio::test]
async fn while_the_half_open_places_are_taken_the_next_takes_the_oldest_ones() {
    let house = House::with(|config| config.limits.half_open = 2);
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(house.knock().await);
    }
    while house.front.counters().half_open < 2 {
        tokio::task::yield_now().await;
    }
    let (_welcome, code) = knocks(&house, SEAL).await;
    assert_eq!(code, Some(0));
    assert_eq!(silent[0].packet().await, None, "the one that stood there longest");
    assert_eq!(house.front.counters().refused(Refusal::HalfOpen), 1);
    assert_eq!(house.front.counters().half_open, 1, "the other still stands there");
}

#[tokio::test]
async fn an_address_that_comes_too_often_is_closed_at_once() {
    let house = House::with(|config| {
        config.limits.connects = Rate { burst: 5, per_second: 1 };
        config.limits.stranger_costs = 1;
    });
    let mut held = Vec::new();
    for _ in 0..5 {
        let (client, code) = knocks(&house, SEAL).await;
        assert_eq!(code, Some(0));
        held.push(client);
    }
    for _ in 0..20 {
        assert_eq!(house.knock().await.packet().await, None);
    }
    assert_eq!(house.front.counters().refused(Refusal::ConnectRate), 20);
    held[4].ping().await;
}

#[tokio::test]
async fn a_refused_connect_costs_more_than_an_accepted_one() {
    let house = House::with(|config| {
        config.limits.connects = Rate { burst: 45, per_second: 1 };
        config.limits.stranger_costs = 1;
    });
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(knocks(&house, "BAD").await.1);
    }
    assert_eq!(codes, [Some(0x87), Some(0x87), Some(0x87), None, None], "20 each, and the last takes what there is");
}

#[tokio::test]
async fn an_address_has_fewer_turns_until_somebody_was_let_in_from_there() {
    let house = House::with(|config| {
        config.limits.connects = Rate { burst: 50, per_second: 1 };
        config.limits.stranger_costs = 20;
    });
    assert_eq!(knocks(&house, SEAL).await.1, Some(0), "20 of 50");
    for _ in 0..25 {
        assert_eq!(knocks(&house, SEAL).await.1, Some(0), "then one each");
    }
    let house = House::with(|config| {
        config.limits.connects = Rate { burst: 50, per_second: 1 };
        config.limits.stranger_costs = 20;
    });
    let (_first, _second, mut third) = (house.knock().await, house.knock().await, house.knock().await);
    assert_eq!(third.packet().await, None, "nobody was let in yet");
    assert_eq!(house.front.counters().refused(Refusal::ConnectRate), 1);
}

#[tokio::test]
async fn strangers_in_a_storm_keep_no_known_address_out() {
    let house = House::with(|config| config.limits.strangers = Rate { burst: 1, per_second: 1 });
    for _ in 0..10 {
        assert_eq!(knocks(&house, SEAL).await.1, Some(0), "known since the first");
    }
    let house = House::with(|config| config.limits.strangers = Rate { burst: 1, per_second: 1 });
    assert_eq!(knocks(&house, "BAD").await.1, Some(0x87));
    assert_eq!(knocks(&house, SEAL).await.1, None, "nobody was let in from here yet");
}

#[tokio::test]
async fn a_device_that_comes_too_often_is_put_off_and_no_other_is() {
    let mut house = House::with(|config| config.limits.device_connects = Rate { burst: 3, per_second: 1 });
    for _ in 0..3 {
        assert_eq!(knocks(&house, SEAL).await.1, Some(0));
    }
    assert_eq!(knocks(&house, SEAL).await.1, Some(0x9F), "its login was good, so it is told");
    assert_eq!(knocks(&house, SEAL).await.1, Some(0x9F));
    for _ in 0..4 {
        house.claim().await;
    }
    assert_eq!(knocks(&house, "XA-OTHER").await.1, Some(0));
    let claims = house.claim().await;
    assert!(format!("{claims:?}").contains("XA-OTHER"), "while it is put off, its login is not even looked at: {claims:?}");
}

#[tokio::test]
async fn nobody_uses_up_the_turns_of_a_device_by_its_name() {
    let house = House::with(|config| config.limits.device_connects = Rate { burst: 1, per_second: 1 });
    for _ in 0..10 {
        assert_eq!(knocks(&house, "BAD").await.1, Some(0x87), "refused by the tracker, never by the device's rate");
    }
    assert_eq!(house.front.counters().refused(Refusal::DeviceRate), 0);
}

#[tokio::test]
async fn a_device_that_sends_garbage_waits_for_each_answer_and_is_then_let_go_and_put_off() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    client.send(&(1..=60).flat_map(|id| publish(5, UP, id, b"garbage")).collect::<Vec<_>>()).await;
    let mut sizes = Vec::new();
    let mut settled = 0;
    while settled < 32 {
        let upload = house.upload().await;
        sizes.push(upload.messages.len());
        settled += upload.messages.len();
        house.settle(&upload, Verdict::NothingAcceptable, Vec::new());
    }
    assert_eq!(sizes[..4], [4, 1, 1, 1]);
    for id in 1..=32 {
        assert_eq!(client.packet().await, Some(Packet { first: 0x40, body: vec![0, id, 0x99] }));
    }
    assert_eq!(client.packet().await, Some(disconnect(0x99)));
    house.closed().await;
    assert_eq!(knocks(&house, SEAL).await.1, Some(0x9F));
    let told = house.desk.refused.lock().unwrap().clone();
    assert_eq!(told, [(seal(SEAL), Refusal::InVain), (seal(SEAL), Refusal::DeviceRate)], "its owner can be told");
}

#[tokio::test]
async fn a_device_that_asks_in_vain_again_and_again_is_let_go() {
    let house = House::open();
    let asking = |id: u16| publish(5, "seal/v1/XA-7Q2L/up", id, b"x");
    let hearing = |_: u16| subscribe(5, 9, "#", 1);
    for (id, ask, first, code) in [("XA-PUB", &asking as &dyn Fn(u16) -> Vec<u8>, 0x40, 0x87), ("XA-SUB", &hearing, 0x90, 0xA2)] {
        let mut client = house.knock().await;
        client.send(&connect(5, 60, id, id, &login())).await;
        client.welcomed().await;
        for packet_id in 1..=32 {
            client.send(&ask(packet_id)).await;
            let answer = client.packet().await.unwrap();
            assert_eq!((answer.first, answer.body.last()), (first, Some(&code)));
        }
        assert_eq!(client.packet().await, Some(disconnect(0x99)));
    }
}

#[tokio::test]
async fn a_device_that_pings_without_end_is_let_go_and_put_off() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    client.send(&[0xC0, 0].repeat(300)).await;
    let mut pongs = 0;
    let last = loop {
        match client.packet().await {
            Some(Packet { first: 0xD0, .. }) => pongs += 1,
            other => break other,
        }
    };
    assert_eq!((pongs, last), (256, Some(disconnect(0x96))));
    house.closed().await;
    assert_eq!(knocks(&house, SEAL).await.1, Some(0x9F));
}

#[tokio::test]
async fn a_stored_report_makes_up_for_what_came_to_nothing() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    for id in 1..=100 {
        client.send(&publish(5, UP, id, b"report")).await;
        let upload = house.upload().await;
        let verdict = if id % 30 == 0 { Verdict::Stored } else { Verdict::NothingAcceptable };
        house.settle(&upload, verdict, Vec::new());
        assert_eq!(client.packet().await.unwrap().first, 0x40);
    }
    client.send(&publish(5, UP, 101, b"report")).await;
    let upload = house.upload().await;
    house.settle(&upload, Verdict::Stored, Vec::new());
    assert_eq!(client.packet().await, Some(puback(101)));
}
