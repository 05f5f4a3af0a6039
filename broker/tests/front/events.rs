//! What people's systems hear, and what they do not.

use crate::harness::{Client, House, Packet, UP, connect, disconnect, publish, soon, text};
use sealway_broker::{Claimed, Refusal};

const OWN: &str = "events/v1/lian-yun/26CN/opened";
const OTHER: &str = "events/v1/other/26CN/opened";

impl Client {
    /// Topic and payload of the next event at QoS 1, acknowledged.
    async fn event(&mut self, level: u8) -> (String, Vec<u8>) {
        let packet = self.packet().await.expect("an event");
        assert_eq!(packet.first, 0x32);
        let len = usize::from(u16::from_be_bytes([packet.body[0], packet.body[1]]));
        let (topic, rest) = packet.body[2..].split_at(len);
        self.send(&[0x40, 2, rest[0], rest[1]]).await;
        let skip = if level == 5 { 3 } else { 2 };
        (String::from_utf8(topic.to_vec()).unwrap(), rest[skip..].to_vec())
    }
}

#[tokio::test]
async fn clients_of_another_make_hear_their_partys_events() {
    let house = House::open();
    let mut options = rumqttc::MqttOptions::new("", house.address().ip().to_string(), house.address().port());
    options.set_credentials("lian-yun", "slw_token");
    let (client, mut eventloop) = rumqttc::AsyncClient::new(options, 10);
    client.subscribe("events/v1/lian-yun/#", rumqttc::QoS::AtLeastOnce).await.unwrap();
    let heard = soon(async {
        loop {
            match eventloop.poll().await.unwrap() {
                rumqttc::Event::Incoming(rumqttc::Packet::SubAck(_)) => {
                    house.events.publish(OTHER, b"not for you").unwrap();
                    house.events.publish(OWN, b"for you").unwrap();
                }
                rumqttc::Event::Incoming(rumqttc::Packet::Publish(publish)) => return (publish.topic, publish.payload),
                _ => {}
            }
        }
    });
    assert_eq!(heard.await, (OWN.to_owned(), b"for you"[..].into()));
}

#[tokio::test]
async fn a_token_hears_only_within_its_scope() {
    for level in [4, 5] {
        let house = House::open();
        let mut own = house.listener(level, "lian-yun").await;
        let mut customs = house.listener(level, "customs").await;
        let mut narrow = house.listener(level, "other").await;
        own.subscribe(level, "events/v1/lian-yun/+/opened", 1).await;
        customs.subscribe(level, "events/v1/#", 1).await;
        narrow.subscribe(level, "events/v1/other/+/closed", 1).await;
        house.events.publish(OTHER, b"1").unwrap();
        house.events.publish(OWN, b"2").unwrap();
        house.events.publish("events/v1/other/26CN/closed", b"3").unwrap();
        assert_eq!(own.event(level).await, (OWN.to_owned(), b"2".to_vec()));
        assert_eq!(customs.event(level).await, (OTHER.to_owned(), b"1".to_vec()));
        assert_eq!(customs.event(level).await, (OWN.to_owned(), b"2".to_vec()));
        assert_eq!(narrow.event(level).await.1, b"3");
        own.ping().await;
    }
}

#[tokio::test]
async fn a_subscription_outside_the_scope_is_refused_and_the_listener_stays() {
    for (filter, refusal) in [
        ("events/v1/#", Refusal::ForeignSubscription),
        ("events/v1/other/#", Refusal::ForeignSubscription),
        ("events/v1/+/26CN/opened", Refusal::ForeignSubscription),
        ("#", Refusal::ForeignSubscription),
        (UP, Refusal::ForeignSubscription),
        ("$SYS/#", Refusal::ForeignSubscription),
        ("$share/g/events/v1/lian-yun/#", Refusal::SharedSubscription),
        ("events/v1/lian-yun/#/x", Refusal::TopicFilter),
    ] {
        let house = House::open();
        for (level, code) in [(4, 0x80), (5, refusal.reason_code())] {
            let mut listener = house.listener(level, "lian-yun").await;
            assert_eq!(listener.subscribe(level, filter, 1).await.body.last(), Some(&code), "{filter}");
            listener.ping().await;
        }
        assert_eq!(house.front.counters().refused(refusal), 2, "{filter}");
    }
}

#[tokio::test]
async fn a_listener_publishes_nothing() {
    for topic in [OWN, UP, "anything"] {
        let mut house = House::open();
        let mut listener = house.listener(5, "customs").await;
        listener.send(&publish(5, topic, 1, b"x")).await;
        assert_eq!(listener.packet().await, Some(disconnect(0x87)), "{topic}");
        assert!(house.no_upload());
    }
}

#[tokio::test]
async fn an_event_that_two_filters_match_comes_once() {
    let house = House::open();
    let mut listener = house.listener(5, "lian-yun").await;
    listener.subscribe(5, "events/v1/lian-yun/#", 0).await;
    listener.subscribe(5, "events/v1/lian-yun/+/opened", 1).await;
    house.events.publish(OWN, b"once").unwrap();
    house.events.publish("events/v1/lian-yun/26CN/closed", b"next").unwrap();
    assert_eq!(listener.event(5).await.1, b"once", "with the higher QoS");
    assert_eq!(listener.packet().await.unwrap().first, 0x30, "then the next, at the QoS of its one filter");
}

#[tokio::test]
async fn a_second_subscription_to_a_filter_replaces_the_first() {
    let house = House::open();
    let mut listener = house.listener(5, "lian-yun").await;
    listener.subscribe(5, "events/v1/lian-yun/#", 0).await;
    listener.subscribe(5, "events/v1/lian-yun/#", 1).await;
    house.events.publish(OWN, b"once").unwrap();
    assert_eq!(listener.event(5).await.1, b"once", "at the QoS that was asked for last");
    listener.ping().await;
}

#[tokio::test]
async fn after_unsubscribe_nothing_more_comes() {
    let house = House::open();
    let mut listener = house.listener(5, "lian-yun").await;
    listener.subscribe(5, "events/v1/lian-yun/#", 1).await;
    let unsubscribe = [&[0, 3, 0][..], &text("events/v1/lian-yun/#"), &text("events/v1/lian-yun/x")].concat();
    listener.send(&crate::harness::packet(0xA2, &unsubscribe)).await;
    assert_eq!(listener.packet().await, Some(Packet { first: 0xB0, body: vec![0, 3, 0, 0, 0x11] }));
    house.events.publish(OWN, b"unheard").unwrap();
    listener.ping().await;
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_disconnected_and_told_and_the_others_hear_all() {
    const EVENTS: u32 = 1_200;
    let house = House::open();
    let mut lagging = house.listener(5, "lian-yun").await;
    lagging.subscribe(5, "events/v1/lian-yun/#", 1).await;
    let mut healthy = house.knock().await;
    healthy.send(&connect(5, 60, "another", "lian-yun", "slw_token")).await;
    healthy.welcomed().await;
    healthy.subscribe(5, "events/v1/lian-yun/#", 0).await;
    for number in 0..EVENTS {
        house.events.publish(OWN, &number.to_be_bytes()).unwrap();
    }
    // The two share one way from the router: when one has the last event, the other has had its chance.
    for number in 0..EVENTS {
        assert!(healthy.packet().await.unwrap().body.ends_with(&number.to_be_bytes()));
    }
    for _ in 0..64 {
        assert_eq!(lagging.packet().await.unwrap().first, 0x32);
    }
    // 64 are in flight and 1,024 may wait; that the rest is lost is known when the window opens again.
    lagging.send(&[0x40, 2, 0, 1]).await;
    assert_eq!(lagging.packet().await, Some(disconnect(0x97)));
    assert_eq!(house.front.counters().refused(Refusal::LaggingListener), 1);
}

#[tokio::test]
async fn a_client_id_belongs_to_its_user() {
    let house = House::open();
    let mut own = house.listener(5, "lian-yun").await;
    let mut others = house.listener(5, "other").await;
    own.ping().await;
    let mut again = house.listener(5, "lian-yun").await;
    assert_eq!(own.packet().await, Some(disconnect(0x8E)));
    others.ping().await;
    again.ping().await;
}

#[tokio::test]
async fn a_listener_without_a_client_id_is_given_one() {
    let mut house = House::open();
    let mut listener = house.knock().await;
    listener.send(&connect(5, 60, "", "lian-yun", "slw_token")).await;
    let connack = listener.packet().await.unwrap();
    assert!(connack.body.windows(9).any(|window| window == b"listener-"));
    let claim = house.claim().await;
    assert!(matches!(&claim, Claimed::Person { user, token } if user == "lian-yun" && token.expose() == "slw_token"));
    assert!(!format!("{claim:?}").contains("slw_token"));
}

#[tokio::test]
async fn one_listener_more_than_the_limit_is_refused() {
    let house = House::with(|config| config.limits.listeners = 1);
    let _first = house.listener(5, "lian-yun").await;
    let mut second = house.knock().await;
    second.send(&connect(5, 60, "x", "other", "slw_token")).await;
    assert_eq!(second.packet().await.unwrap().body[..2], [0, 0x97]);
}
