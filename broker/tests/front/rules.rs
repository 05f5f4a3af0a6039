//! Every rule of the contract, broken once in each version: by reason code in 5, by closing in 3.1.1, and counted.

use crate::harness::{
    DOWN, House, Packet, SEAL, UP, connect, connect_with, disconnect, login, packet, publish, publish_flags, subscribe, text,
};
use sealway_broker::{PACKET_MAX, PAYLOAD_MAX, Refusal};

/// How a version 5 client is told.
enum Told {
    Disconnect,
    /// PUBACK or SUBACK, and the connection lives.
    Answer(Packet),
}

fn refused_puback(reason: u8) -> Told {
    Told::Answer(Packet { first: 0x40, body: vec![0, 1, reason] })
}

fn refused_suback(reason: u8) -> Told {
    Told::Answer(Packet { first: 0x90, body: vec![0, 9, 0, reason] })
}

type Rule = (&'static str, fn(u8) -> Vec<u8>, Refusal, Told);

fn rules() -> Vec<Rule> {
    vec![
        ("another's topic", |v| publish(v, "seal/v1/XA-7Q2L/up", 1, b"x"), Refusal::ForeignTopic, refused_puback(0x87)),
        ("its own down topic", |v| publish(v, DOWN, 1, b"x"), Refusal::ForeignTopic, refused_puback(0x87)),
        ("a longer topic", |v| publish(v, "seal/v1/XA-7Q2K/up/", 1, b"x"), Refusal::ForeignTopic, refused_puback(0x87)),
        ("an event topic", |v| publish(v, "events/v1/lian-yun/x/opened", 1, b"x"), Refusal::ForeignTopic, refused_puback(0x87)),
        ("a system topic", |v| publish(v, "$SYS/broker", 1, b"x"), Refusal::ForeignTopic, refused_puback(0x87)),
        ("no topic", |v| publish(v, "", 1, b"x"), Refusal::TopicName, Told::Disconnect),
        ("a wildcard", |v| publish(v, "seal/v1/+/up", 1, b"x"), Refusal::TopicName, Told::Disconnect),
        ("a NUL in the topic", |v| publish(v, "seal/v1/XA-7Q2K/up\0", 1, b"x"), Refusal::TopicName, Told::Disconnect),
        ("a topic beyond ASCII", |v| publish(v, "关/v1/XA-7Q2K/up", 1, b"x"), Refusal::TopicName, Told::Disconnect),
        ("packet id 0", |v| publish(v, UP, 0, b"x"), Refusal::PacketIdZero, Told::Disconnect),
        ("QoS 0", |v| publish_flags(v, 0x30, UP, 0, b"x"), Refusal::Qos, Told::Disconnect),
        ("QoS 2", |v| publish_flags(v, 0x34, UP, 1, b"x"), Refusal::Qos, Told::Disconnect),
        ("QoS 3", |v| publish_flags(v, 0x36, UP, 1, b"x"), Refusal::MalformedPacket, Told::Disconnect),
        ("a retained report", |v| publish_flags(v, 0x33, UP, 1, b"x"), Refusal::Retain, Told::Disconnect),
        ("a payload above 16 KiB", |v| publish(v, UP, 1, &[0; PAYLOAD_MAX + 1]), Refusal::PayloadTooLarge, refused_puback(0x97)),
        ("a packet too large", |_| vec![0x32, 0xFF, 0xFF, 0xFF, 0x7F], Refusal::PacketTooLarge, Told::Disconnect),
        ("a packet one byte too large", |_| packet(0x32, &[0; PACKET_MAX - 3]), Refusal::PacketTooLarge, Told::Disconnect),
        ("a length without end", |_| vec![0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], Refusal::MalformedPacket, Told::Disconnect),
        ("reserved flags", |_| vec![0xC1, 0], Refusal::ReservedFlags, Told::Disconnect),
        ("packet type 0", |_| vec![0x00, 0], Refusal::MalformedPacket, Told::Disconnect),
        ("a server's packet", |_| vec![0x20, 2, 0, 0], Refusal::UnexpectedPacket, Told::Disconnect),
        ("a PUBREL", |_| vec![0x62, 2, 0, 1], Refusal::UnexpectedPacket, Told::Disconnect),
        ("a second CONNECT", |v| connect(v, 60, SEAL, SEAL, &login()), Refusal::UnexpectedPacket, Told::Disconnect),
        ("a ping with a body", |_| vec![0xC0, 1, 0], Refusal::MalformedPacket, Told::Disconnect),
        ("an acknowledgement of nothing", |_| vec![0x40, 2, 0, 1], Refusal::UnknownAcknowledgement, Told::Disconnect),
        ("another's down topic", |v| subscribe(v, 9, "seal/v1/XA-7Q2L/down", 1), Refusal::ForeignSubscription, refused_suback(0x87)),
        ("its own up topic", |v| subscribe(v, 9, UP, 1), Refusal::ForeignSubscription, refused_suback(0x87)),
        ("events", |v| subscribe(v, 9, "events/v1/lian-yun/x/opened", 1), Refusal::ForeignSubscription, refused_suback(0x87)),
        ("a wildcard subscription", |v| subscribe(v, 9, "seal/v1/+/down", 1), Refusal::WildcardSubscription, refused_suback(0xA2)),
        ("everything", |v| subscribe(v, 9, "#", 1), Refusal::WildcardSubscription, refused_suback(0xA2)),
        ("a share", |v| subscribe(v, 9, "$share/g/seal/v1/XA-7Q2K/down", 1), Refusal::SharedSubscription, refused_suback(0x9E)),
        ("an empty filter", |v| subscribe(v, 9, "", 1), Refusal::MalformedPacket, Told::Disconnect),
        ("a subscription with packet id 0", |v| subscribe(v, 0, DOWN, 1), Refusal::PacketIdZero, Told::Disconnect),
        ("a subscription at QoS 3", |v| subscribe(v, 9, DOWN, 3), Refusal::ReservedFlags, Told::Disconnect),
    ]
}

#[tokio::test]
async fn each_broken_rule_closes_a_3_1_1_connection_and_is_counted() {
    for (name, bytes, refusal, _) in rules() {
        let mut house = House::open();
        let mut client = house.device(4, SEAL).await;
        client.send(&bytes(4)).await;
        assert_eq!(client.packet().await, None, "{name}");
        assert_eq!(house.front.counters().refused(refusal), 1, "{name}");
        assert!(house.no_upload(), "{name}");
    }
}

#[tokio::test]
async fn each_broken_rule_is_told_to_a_version_5_client_and_is_counted() {
    for (name, bytes, refusal, told) in rules() {
        let mut house = House::open();
        let mut client = house.device(5, SEAL).await;
        client.send(&bytes(5)).await;
        let answer = client.packet().await;
        match told {
            Told::Answer(expected) => {
                assert_eq!(answer, Some(expected), "{name}");
                client.ping().await;
            }
            Told::Disconnect => {
                assert_eq!(answer, Some(disconnect(refusal.reason_code())), "{name}");
                assert_eq!(client.packet().await, None, "{name}");
            }
        }
        assert_eq!(house.front.counters().refused(refusal), 1, "{name}");
        assert!(house.no_upload(), "{name}");
    }
}

#[tokio::test]
async fn properties_that_the_front_does_not_offer_are_refused() {
    let publish_with = |properties: &[u8]| packet(0x32, &[&text(UP), &[0, 1][..], properties, b"x"].concat());
    for (bytes, refusal) in [
        (publish_with(&[3, 0x23, 0, 1]), Refusal::TopicAlias),
        (publish_with(&[2, 0x0B, 1]), Refusal::Properties),
        (publish_with(&[5, 0x01]), Refusal::MalformedPacket),
        (packet(0x82, &[&[0, 9, 2, 0x0B, 1], &text(DOWN)[..], &[1]].concat()), Refusal::SubscriptionIdentifier),
        (vec![0xF0, 0], Refusal::EnhancedAuthentication),
    ] {
        let house = House::open();
        let mut client = house.device(5, SEAL).await;
        client.send(&bytes).await;
        assert_eq!(client.packet().await, Some(disconnect(refusal.reason_code())), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_connect_that_breaks_a_rule_gets_the_code_of_its_version() {
    let will = |level: u8| {
        let properties: &[u8] = if level == 5 { &[0] } else { &[] };
        let head = [&b"\0\x04MQTT"[..], &[level, 0xC6, 0, 60], properties].concat();
        packet(0x10, &[head, text(SEAL), properties.to_vec(), text("t"), text("m"), text(SEAL), text(&login())].concat())
    };
    for (name, bytes, refusal, code) in [
        ("a will", will(4), Refusal::Will, 5),
        ("a will in 5", will(5), Refusal::Will, 0x87),
        ("another client id", connect(4, 60, "XA-7Q2L", SEAL, &login()), Refusal::ClientId, 2),
        ("another client id in 5", connect(5, 60, "XA-7Q2L", SEAL, &login()), Refusal::ClientId, 0x85),
        ("a lower-case name", connect(5, 60, "xa-7q2k", "xa-7q2k", &login()), Refusal::ClientId, 0x85),
        ("no login", connect(4, 60, SEAL, SEAL, "secret"), Refusal::Credentials, 4),
        ("a padded login", connect(5, 60, SEAL, SEAL, "0oQB="), Refusal::Credentials, 0x86),
        ("not enrolled", connect(4, 60, "BAD", "BAD", &login()), Refusal::NotEnrolled, 5),
        ("not enrolled in 5", connect(5, 60, "BAD", "BAD", &login()), Refusal::NotEnrolled, 0x87),
        ("version 3.1", packet(0x10, b"\0\x06MQIsdp\x03\x02\0\x3c\0\x01a"), Refusal::ProtocolVersion, 1),
        ("version 6", connect(6, 60, SEAL, SEAL, &login()), Refusal::ProtocolVersion, 0x84),
        (
            "enhanced authentication",
            connect_with(5, 60, &[6, 0x15, 0, 3, b'K', b'E', b'Y'], SEAL, SEAL, &login()),
            Refusal::EnhancedAuthentication,
            0x8C,
        ),
        ("maximum packet size 0", connect_with(5, 60, &[5, 0x27, 0, 0, 0, 0], SEAL, SEAL, &login()), Refusal::Properties, 0x82),
        ("receive maximum 0", connect_with(5, 60, &[3, 0x21, 0, 0], SEAL, SEAL, &login()), Refusal::Properties, 0x82),
    ] {
        let house = House::open();
        let mut client = house.knock().await;
        client.send(&bytes).await;
        let connack = client.packet().await.expect(name);
        assert_eq!((connack.first, &connack.body[..2]), (0x20, &[0, code][..]), "{name}");
        assert_eq!(client.packet().await, None, "{name}");
        assert_eq!(house.front.counters().refused(refusal), 1, "{name}");
        // Whose fault it is, is told where a login has proved it.
        if matches!(refusal, Refusal::Will) || name.starts_with("another client id") {
            assert_eq!(*house.desk.refused.lock().unwrap(), [(SEAL.parse().unwrap(), refusal)], "{name}");
        }
    }
}

#[tokio::test]
async fn a_fault_under_a_name_that_is_not_proved_is_told_to_nobody_as_that() {
    let house = House::open();
    let mut client = house.knock().await;
    client.send(&connect(5, 60, "XA-7Q2L", "BAD", &login())).await;
    assert_eq!(client.packet().await.unwrap().body[1], Refusal::NotEnrolled.reason_code());
    assert_eq!(house.front.counters().refused(Refusal::ClientId), 0);
}

#[tokio::test]
async fn what_is_no_mqtt_is_closed_without_a_word() {
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xC0, 0], &[0x10, 0], &[0x30, 3, 0, 1, b'a'], &[0x16, 3, 1, 2, 0]] {
        let house = House::open();
        let mut client = house.knock().await;
        client.send(bytes).await;
        assert_eq!(client.packet().await, None, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_version_5_connack_announces_the_limits() {
    let house = House::open();
    let mut client = house.knock().await;
    // session expiry asked for, no keep-alive
    client.send(&connect_with(5, 0, &[5, 0x11, 0, 0, 1, 0], SEAL, SEAL, &login())).await;
    let connack = client.packet().await.unwrap();
    assert_eq!(connack.body[..2], [0, 0], "no session is ever present");
    let properties = &connack.body[3..];
    for (name, expected) in [
        ("receive maximum", &[0x21, 0, 64][..]),
        ("maximum QoS", &[0x24, 1]),
        ("retain available", &[0x25, 0]),
        ("maximum packet size", &[0x27, 0, 0, 0x41, 0]),
        ("wildcard subscription available", &[0x28, 0]),
        ("subscription identifiers available", &[0x29, 0]),
        ("shared subscription available", &[0x2A, 0]),
        ("session expiry", &[0x11, 0, 0, 0, 0]),
        ("server keep-alive", &[0x13, 0x04, 0xB0]),
    ] {
        assert!(properties.windows(expected.len()).any(|window| window == expected), "{name}: {properties:x?}");
    }
}
