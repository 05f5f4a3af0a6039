//! Statements of the standard that no story about seals comes upon: what a front has to take, to leave out, or not to read.

use crate::harness::{
    Client, DOWN, House, Packet, SEAL, UP, connect, connect_with, disconnect, login, packet, puback, publish, publish_flags, seal, soon,
    subscribe, text,
};
use bytes::Bytes;
use sealway_broker::{Claimed, Refusal};
use sealway_schemas::link::{Connections, Downlink, Verdict};

/// A PUBLISH of version 5 at QoS 1 with these properties.
fn publish_with(properties: &[u8]) -> Vec<u8> {
    let length = u8::try_from(properties.len()).unwrap();
    packet(0x32, &[&text(UP), &[0, 1, length][..], properties, b"report"].concat())
}

#[tokio::test]
async fn no_topic_alias_is_used_towards_a_client_that_takes_some() {
    let house = House::open();
    let mut client = house.knock().await;
    // topic alias maximum 10
    client.send(&connect_with(5, 60, &[3, 0x22, 0, 10], SEAL, SEAL, &login())).await;
    client.welcomed().await;
    client.subscribe(5, DOWN, 1).await;
    for id in 1..=3_u16 {
        assert!(house.front.downlink().publish(&seal(SEAL), Bytes::from_static(b"grant")));
        let body = [&text(DOWN), &id.to_be_bytes()[..], &[0], b"grant"].concat();
        assert_eq!(client.packet().await, Some(Packet { first: 0x32, body }), "the whole topic, and no property");
    }
}

#[tokio::test]
async fn what_is_sent_again_with_dup_is_taken_and_acknowledged_again() {
    for level in [4, 5] {
        let mut house = House::open();
        let mut client = house.device(level, SEAL).await;
        for first in [0x32, 0x3A] {
            client.send(&publish_flags(level, first, UP, 7, b"report")).await;
            let upload = house.upload().await;
            assert_eq!(upload.messages[0].payload, &b"report"[..]);
            house.settle(&upload, Verdict::Stored, Vec::new());
            assert_eq!(client.packet().await, Some(puback(7)));
        }
    }
}

#[tokio::test]
async fn nothing_is_read_after_a_disconnect() {
    for level in [4, 5] {
        let mut house = House::open();
        let mut client = house.device(level, SEAL).await;
        client.send(&[vec![0xE0, 0], publish(level, UP, 1, b"too late")].concat()).await;
        assert_eq!(client.packet().await, None);
        house.closed().await;
        assert!(house.no_upload());
        assert!(house.front.counters().refused.iter().all(|(_, count)| *count == 0), "what follows is not even judged");
    }
}

#[tokio::test]
async fn a_disconnect_of_version_5_is_read_to_its_end() {
    for (name, body, refusal) in [
        ("nothing", &[][..], None),
        ("a reason alone", &[0x04], None),
        ("a session expiry", &[0, 5, 0x11, 0, 0, 0, 9], None),
        ("a reason in words, and the maker's own", &[0, 11, 0x1F, 0, 1, b'x', 0x26, 0, 1, b'a', 0, 1, b'b'], None),
        ("no properties", &[0, 0], None),
        ("properties that are cut short", &[0, 5, 0x11, 0, 0], Some(Refusal::MalformedPacket)),
        ("bytes behind the properties", &[0, 0, 1], Some(Refusal::MalformedPacket)),
        ("a property that is none", &[0, 2, 0x7F, 1], Some(Refusal::MalformedPacket)),
        ("a property of another packet", &[0, 3, 0x23, 0, 1], Some(Refusal::Properties)),
        ("a session expiry twice", &[0, 10, 0x11, 0, 0, 0, 9, 0x11, 0, 0, 0, 9], Some(Refusal::Properties)),
    ] {
        let house = House::open();
        for mut client in [house.device(5, SEAL).await, house.listener(5, "lian-yun").await] {
            client.send(&packet(0xE0, body)).await;
            let told = refusal.map(|refusal: Refusal| disconnect(refusal.reason_code()));
            assert_eq!(client.packet().await, told, "{name}");
            assert!(told.is_none() || client.packet().await.is_none(), "{name}");
        }
        let refused: u64 = house.front.counters().refused.iter().map(|(_, count)| count).sum();
        assert_eq!(refused, if refusal.is_some() { 2 } else { 0 }, "{name}");
    }
}

/// The properties of a version 5 CONNACK, by their numbers.
async fn announced(house: &House, asked: &[u8]) -> Vec<u8> {
    let mut client = house.knock().await;
    client.send(&connect_with(5, 60, asked, SEAL, SEAL, &login())).await;
    let connack = client.packet().await.unwrap();
    assert_eq!(connack.body[..2], [0, 0]);
    let (mut rest, mut numbers) = (&connack.body[3..], Vec::new());
    while let Some((number, value)) = rest.split_first() {
        numbers.push(*number);
        let length = match number {
            0x21 | 0x13 => 2,
            0x11 | 0x27 => 4,
            0x24 | 0x25 | 0x28 | 0x29 | 0x2A => 1,
            other => panic!("property {other:#x} is not one of those that are ever sent to a device"),
        };
        rest = &value[length..];
    }
    numbers
}

#[tokio::test]
async fn a_devices_connack_names_no_other_server_and_no_other_client_id() {
    let house = House::open();
    let always = [0x21, 0x24, 0x25, 0x29, 0x2A, 0x28, 0x27];
    assert_eq!(announced(&house, &[0]).await, always);
    // request response information and problem information, a user property
    let asked = [11, 0x19, 1, 0x17, 1, 0x26, 0, 1, b'a', 0, 1, b'b'];
    assert_eq!(announced(&house, &asked).await, always);
}

#[tokio::test]
async fn what_a_message_says_beside_its_payload_is_taken_and_not_looked_at() {
    for (name, properties) in [
        ("payload format", &[0x01, 1][..]),
        ("message expiry", &[0x02, 0, 0, 0, 1]),
        ("content type", &[0x03, 0, 1, b'x']),
        ("response topic", &[0x08, 0, 1, b'r']),
        ("correlation data", &[0x09, 0, 2, 0, 0xFF]),
        ("all of them", &[0x01, 0, 0x02, 0, 0, 0, 1, 0x03, 0, 0, 0x08, 0, 1, b'r', 0x09, 0, 0]),
    ] {
        let mut house = House::open();
        let mut client = house.device(5, SEAL).await;
        client.send(&publish_with(properties)).await;
        let upload = house.upload().await;
        assert_eq!(upload.messages[0].payload, &b"report"[..], "{name}");
        house.settle(&upload, Verdict::Stored, Vec::new());
        assert_eq!(client.packet().await, Some(puback(1)), "{name}");
    }
}

#[tokio::test]
async fn whoever_an_administrator_sends_away_is_told_and_may_come_again() {
    for level in [4, 5] {
        let house = House::open();
        for listens in [false, true] {
            let mut client = if listens { house.listener(level, "lian-yun").await } else { house.device(level, SEAL).await };
            client.ping().await;
            let [connection] = &house.front.downlink().list(None, 10)[..] else { panic!("one is connected") };
            assert!(house.front.downlink().send_away(connection.session));
            assert_eq!(client.packet().await, (level == 5).then(|| disconnect(0x98)));
            while house.front.counters().open > 0 {
                tokio::task::yield_now().await;
            }
        }
        house.device(level, SEAL).await.ping().await;
    }
}

#[tokio::test]
async fn sixty_four_filters_are_taken_and_one_more_is_too_many() {
    let filters = |count: usize| -> Vec<u8> {
        let filters = (0..count).flat_map(|number| [text(&format!("events/v1/lian-yun/{number}/opened")), vec![1]].concat());
        [vec![0, 9, 0], filters.collect()].concat()
    };
    let house = House::open();
    let mut client = house.listener(5, "lian-yun").await;
    client.send(&packet(0x82, &filters(64))).await;
    assert_eq!(client.packet().await.unwrap().body[3..], [1; 64]);
    assert_eq!(client.subscribe(5, "events/v1/lian-yun/#", 1).await.body[3..], [0x97], "with those that it has");
    client.send(&packet(0x82, &filters(65))).await;
    assert_eq!(client.packet().await, Some(disconnect(0x97)), "in one packet");
    assert_eq!(house.front.counters().refused(Refusal::TooManySubscriptions), 2);
}

#[tokio::test]
async fn a_byte_order_mark_is_a_character_like_others() {
    let mut house = House::open();
    let mut client = house.knock().await;
    client.send(&connect(5, 60, "any", "\u{FEFF}lian-yun", "slw_token")).await;
    assert_eq!(client.packet().await.unwrap().body[1], 0x86, "it is nobody's name");
    assert!(matches!(house.claim().await, Claimed::Person { user, .. } if user == "\u{FEFF}lian-yun"));
    let mut device = house.device(5, SEAL).await;
    device.send(&publish(5, &format!("\u{FEFF}{UP}"), 1, b"x")).await;
    assert_eq!(device.packet().await, Some(disconnect(0x90)));
}

#[tokio::test]
async fn what_follows_a_connect_at_once_is_heard_after_its_connack() {
    for level in [4, 5] {
        let mut house = House::open();
        let mut client = house.knock().await;
        let pipelined = [connect(level, 60, SEAL, SEAL, &login()), publish(level, UP, 1, b"report"), subscribe(level, 9, DOWN, 1)];
        client.send(&pipelined.concat()).await;
        client.welcomed().await;
        let upload = house.upload().await;
        house.settle(&upload, Verdict::Stored, Vec::new());
        let answers = [client.packet().await.unwrap(), client.packet().await.unwrap()];
        assert_eq!(answers.map(|answer| answer.first), [0x90, 0x40]);
    }
}

#[tokio::test]
async fn what_follows_a_connect_that_is_refused_is_never_heard() {
    for (level, code) in [(4, 5), (5, 0x87)] {
        let mut house = House::open();
        let mut client = house.knock().await;
        let up = "seal/v1/BAD/up";
        client.send(&[connect(level, 60, "BAD", "BAD", &login()), publish(level, up, 1, b"report")].concat()).await;
        assert_eq!(client.packet().await.unwrap().body[1], code);
        assert_eq!(client.packet().await, None);
        assert!(house.no_upload());
        assert_eq!(house.front.counters().published, 0);
    }
}

#[tokio::test]
async fn a_client_that_owes_an_acknowledgement_is_sent_no_more_and_still_heard() {
    let mut house = House::open();
    let mut client = house.knock().await;
    // receive maximum 1
    client.send(&connect_with(5, 60, &[3, 0x21, 0, 1], SEAL, SEAL, &login())).await;
    client.welcomed().await;
    client.subscribe(5, DOWN, 1).await;
    for _ in 0..2 {
        assert!(house.front.downlink().publish(&seal(SEAL), Bytes::from_static(b"grant")));
    }
    let first = client.packet().await.unwrap();
    assert_eq!(first.first, 0x32);
    client.ping().await;
    client.send(&publish(5, UP, 1, b"report")).await;
    let upload = house.upload().await;
    house.settle(&upload, Verdict::Stored, Vec::new());
    assert_eq!(client.packet().await, Some(puback(1)), "and not the second grant");
    acknowledge(&mut client, 1).await;
    assert_eq!(soon(client.packet()).await.unwrap().first, 0x32);
}

async fn acknowledge(client: &mut Client, packet_id: u16) {
    client.send(&packet(0x40, &packet_id.to_be_bytes())).await;
}
