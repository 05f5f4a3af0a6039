//! What a report meets on its way in, and what comes back down.

use crate::harness::{Client, DOWN, House, Packet, SEAL, UP, connect_with, login, packet, puback, publish, seal, soon};
use bytes::Bytes;
use sealway_broker::{FrontConfig, PAYLOAD_MAX, Refusal};
use sealway_schemas::link::{Downlink, Verdict};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_3_1_1_client_gets_its_puback_only_after_the_settlement() {
    let mut house = House::open();
    let mut options = rumqttc::MqttOptions::new(SEAL, house.address().ip().to_string(), house.address().port());
    options.set_credentials(SEAL, login());
    let (client, mut eventloop) = rumqttc::AsyncClient::new(options, 10);
    client.publish(UP, rumqttc::QoS::AtLeastOnce, false, "report").await.unwrap();
    let (seen, mut pubacks) = tokio::sync::mpsc::unbounded_channel();
    let driver = tokio::spawn(async move {
        while let Ok(event) = eventloop.poll().await {
            if let rumqttc::Event::Incoming(rumqttc::Packet::PubAck(ack)) = event {
                seen.send(ack.pkid).unwrap();
            }
        }
    });
    let upload = house.upload().await;
    assert_eq!((upload.device, &upload.messages[0].payload[..]), (seal(SEAL), &b"report"[..]));
    assert!(pubacks.try_recv().is_err(), "no PUBACK before the settlement");
    assert_eq!(house.front.counters().pubacks, 0);
    house.settle(&upload, Verdict::Stored, Vec::new());
    assert_eq!(soon(pubacks.recv()).await, Some(upload.messages[0].ticket));
    driver.abort();
}

#[tokio::test]
async fn a_version_5_client_gets_its_puback_only_after_the_settlement() {
    use rumqttc::v5::mqttbytes::{QoS, v5::Packet as Incoming, v5::PubAckReason};
    let mut house = House::open();
    let mut options = rumqttc::v5::MqttOptions::new(SEAL, house.address().ip().to_string(), house.address().port());
    options.set_credentials(SEAL, login());
    let (client, mut eventloop) = rumqttc::v5::AsyncClient::new(options, 10);
    client.publish(UP, QoS::AtLeastOnce, false, "report").await.unwrap();
    let (seen, mut pubacks) = tokio::sync::mpsc::unbounded_channel();
    let driver = tokio::spawn(async move {
        while let Ok(event) = eventloop.poll().await {
            if let rumqttc::v5::Event::Incoming(Incoming::PubAck(ack)) = event {
                seen.send(ack.reason).unwrap();
            }
        }
    });
    let upload = house.upload().await;
    assert!(pubacks.try_recv().is_err(), "no PUBACK before the settlement");
    house.settle(&upload, Verdict::NothingAcceptable, Vec::new());
    assert_eq!(soon(pubacks.recv()).await, Some(PubAckReason::PayloadFormatInvalid));
    driver.abort();
}

#[tokio::test]
async fn nothing_acceptable_is_told_with_a_reason_in_version_5_alone() {
    for (level, expected) in [(4, vec![0, 7]), (5, vec![0, 7, 0x99])] {
        let mut house = House::open();
        let mut client = house.device(level, SEAL).await;
        client.send(&publish(level, UP, 7, b"garbage")).await;
        let upload = house.upload().await;
        house.settle(&upload, Verdict::NothingAcceptable, Vec::new());
        assert_eq!(client.packet().await, Some(Packet { first: 0x40, body: expected }));
    }
}

#[tokio::test]
async fn what_one_read_brings_is_one_upload_and_its_pubacks_are_one_write() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    house.earn(&mut client, 2).await;
    let burst: Vec<u8> = (1..=10).flat_map(|id| publish(5, UP, id, &[0; 300])).collect();
    client.send(&burst).await;
    let upload = house.upload().await;
    assert_eq!(upload.messages.len(), 10);
    house.settle(&upload, Verdict::Stored, Vec::new());
    for id in 1..=10 {
        assert_eq!(client.packet().await, Some(puback(id)));
    }
    let counters = house.front.counters();
    assert_eq!((counters.published, counters.uploads, counters.pubacks, counters.puback_writes), (12, 3, 12, 3));
}

#[tokio::test]
async fn a_report_that_comes_in_pieces_is_whole() {
    let mut house = House::open();
    let mut client = house.device(4, SEAL).await;
    let payload: Vec<u8> = (0..PAYLOAD_MAX).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let bytes = publish(4, UP, 1, &payload);
    for piece in bytes.chunks(1_000) {
        client.send(piece).await;
        client.0.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(house.upload().await.messages[0].payload, payload);
}

#[tokio::test]
async fn a_full_tracker_slows_the_socket_and_nothing_is_dropped() {
    const REPORTS: u16 = 1_500;
    let mut config = FrontConfig::loopback();
    config.limits.in_flight = 8;
    let mut house = House::full(config);
    let client = house.device(4, SEAL).await;
    let (mut reading, mut writing) = client.0.into_split();
    let writer = tokio::spawn(async move {
        for id in 1..=REPORTS {
            writing.write_all(&publish(4, UP, id, &vec![0; PAYLOAD_MAX])).await.unwrap();
        }
        writing
    });
    // 24 MB do not fit into the kernel's buffers: the writer stands still, and the front holds no more than its cap.
    assert!(
        tokio::time::timeout(Duration::from_millis(500), async {
            while !writer.is_finished() {
                tokio::task::yield_now().await
            }
        })
        .await
        .is_err()
    );
    assert!(house.front.counters().published <= 8, "{:?}", house.front.counters());
    assert!(house.no_upload());
    house.desk.make_room();
    let acknowledged = tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let mut pubacks = vec![0; 4 * usize::from(REPORTS)];
        reading.read_exact(&mut pubacks).await.unwrap();
        pubacks
    });
    let mut expected = 1;
    while expected <= REPORTS {
        let upload = house.upload().await;
        assert!(upload.messages.len() <= 8);
        for message in &upload.messages {
            assert_eq!((message.ticket, message.payload.len()), (expected, PAYLOAD_MAX));
            expected += 1;
        }
        house.settle(&upload, Verdict::Stored, Vec::new());
    }
    let pubacks = soon(acknowledged).await.unwrap();
    let ids: Vec<u16> = pubacks.chunks(4).map(|ack| u16::from_be_bytes([ack[2], ack[3]])).collect();
    assert_eq!(ids, (1..=REPORTS).collect::<Vec<_>>());
    drop(soon(writer).await);
}

#[tokio::test]
async fn pubacks_go_out_while_the_next_upload_waits_for_room() {
    let mut house = House::full(FrontConfig::loopback());
    let mut client = house.device(5, SEAL).await;
    client.send(&publish(5, UP, 1, b"first")).await;
    // The settlement of a report that the tracker has, while its door is shut for more.
    while house.front.counters().uploads == 0 {
        tokio::task::yield_now().await;
    }
    house.front.downlink().settle(vec![sealway_schemas::link::Settlement {
        session: sealway_schemas::link::SessionId(1),
        settled: vec![(1, Verdict::Stored)],
        down: Vec::new(),
    }]);
    assert_eq!(client.packet().await, Some(puback(1)));
    assert!(house.no_upload());
}

#[tokio::test]
async fn a_version_5_client_beyond_its_receive_maximum_is_disconnected() {
    let house = House::with(|config| config.limits.in_flight = 2);
    let mut client = house.device(5, SEAL).await;
    client.send(&(1..=3).flat_map(|id| publish(5, UP, id, b"x")).collect::<Vec<_>>()).await;
    assert_eq!(client.packet().await, Some(crate::harness::disconnect(0x93)));
    assert_eq!(house.front.counters().refused(Refusal::ReceiveMaximum), 1);
}

#[tokio::test]
async fn an_id_that_is_in_flight_is_not_used_again() {
    let mut house = House::open();
    let mut client = house.device(4, SEAL).await;
    client.send(&publish(4, UP, 5, b"one")).await;
    house.upload().await;
    client.send(&publish(4, UP, 5, b"another")).await;
    assert_eq!(client.packet().await, None, "one PUBACK could not say which of the two is stored");
    assert_eq!(house.front.counters().refused(Refusal::PacketIdInUse), 1);
}

#[tokio::test]
async fn acks_and_grants_reach_a_device_that_subscribed() {
    for level in [4, 5] {
        let mut house = House::open();
        let mut client = house.device(level, SEAL).await;
        assert!(!house.front.downlink().publish(&seal(SEAL), Bytes::from_static(b"grant")), "not subscribed yet");
        let suback = client.subscribe(level, DOWN, 1).await;
        assert_eq!(suback.body.last(), Some(&1));
        client.send(&publish(level, UP, 1, b"report")).await;
        let upload = house.upload().await;
        house.settle(&upload, Verdict::Stored, vec![Bytes::from_static(b"ack")]);
        assert_eq!(client.packet().await, Some(puback(1)));
        assert_eq!(down(client.packet().await.unwrap(), level), (Some(1), b"ack".to_vec()));
        assert!(house.front.downlink().publish(&seal(SEAL), Bytes::from_static(b"grant")));
        assert_eq!(down(client.packet().await.unwrap(), level), (Some(2), b"grant".to_vec()));
        assert!(!house.front.downlink().publish(&seal("XA-OTHER"), Bytes::from_static(b"grant")), "not connected");
    }
}

#[tokio::test]
async fn a_device_that_acknowledges_nothing_keeps_the_newest_acks_and_the_rest_is_refused() {
    let mut house = House::open();
    let mut client = house.knock().await;
    // receive maximum 1
    client.send(&connect_with(5, 60, &[3, 0x21, 0, 1], SEAL, SEAL, &login())).await;
    client.welcomed().await;
    client.subscribe(5, DOWN, 1).await;
    client.send(&publish(5, UP, 1, b"report")).await;
    let upload = house.upload().await;
    for i in 0..20_u8 {
        house.settle(&upload, Verdict::Stored, vec![Bytes::from(vec![i])]);
        client.ping_among_others(i).await;
    }
    let downlink = house.front.downlink();
    let taken = (0..30).filter(|_| downlink.publish(&seal(SEAL), Bytes::from_static(b"grant"))).count();
    assert_eq!(taken, 16, "the mailbox holds 16 and says when it is full");
    assert_eq!(house.front.counters().acks_superseded, 15, "20 acks: one in flight, four kept");
    // PUBACK of the one in flight lets exactly one more out. Acks come last: the key that signed them may be what another message introduces.
    client.send(&packet(0x40, &1_u16.to_be_bytes())).await;
    assert_eq!(down(client.packet().await.unwrap(), 5), (Some(2), b"grant".to_vec()));
}

impl Client {
    /// Waits until the front has looked into the mailbox; skips what it wrote meanwhile.
    async fn ping_among_others(&mut self, _round: u8) {
        self.send(&[0xC0, 0]).await;
        while self.packet().await.unwrap().first != 0xD0 {}
    }
}

#[tokio::test]
async fn a_down_message_above_the_clients_own_limit_is_not_sent() {
    let mut house = House::open();
    let mut client = house.knock().await;
    // maximum packet size 40
    client.send(&connect_with(5, 60, &[5, 0x27, 0, 0, 0, 40], SEAL, SEAL, &login())).await;
    client.welcomed().await;
    client.subscribe(5, DOWN, 1).await;
    client.send(&publish(5, UP, 1, b"report")).await;
    let upload = house.upload().await;
    house.settle(&upload, Verdict::Stored, vec![Bytes::from_static(&[0; 60]), Bytes::from_static(b"ack")]);
    assert_eq!(client.packet().await, Some(puback(1)));
    assert_eq!(down(client.packet().await.unwrap(), 5).1, b"ack");
    assert_eq!(house.front.counters().downs_unsendable, 1);
}

#[tokio::test]
async fn a_device_that_does_not_read_is_disconnected_after_the_deadline() {
    let mut house = House::with(|config| config.limits.write_deadline = Duration::from_millis(100));
    let mut client = house.device(4, SEAL).await;
    client.subscribe(4, DOWN, 0).await;
    let downlink = house.front.downlink();
    let flood = tokio::spawn(async move {
        let message = Bytes::from(vec![0; 8_000]);
        loop {
            downlink.publish(&seal(SEAL), message.clone());
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(house.closed().await.1, seal(SEAL));
    flood.abort();
    assert_eq!(house.front.counters().refused(Refusal::SlowReader), 1);
}

/// Packet id and payload of a PUBLISH on the `down` topic.
fn down(packet: Packet, level: u8) -> (Option<u16>, Vec<u8>) {
    let rest = packet.body.strip_prefix(&crate::harness::text(DOWN)[..]).expect("on the down topic");
    let (id, rest) = if packet.first == 0x32 { (Some(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]) } else { (None, rest) };
    (id, if level == 5 { rest[1..].to_vec() } else { rest.to_vec() })
}
