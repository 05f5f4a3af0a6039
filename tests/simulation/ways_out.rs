//! What the contract leaves to an officer, step by step: a seal whose history cannot go on by itself.

use super::platform::Platform;
use super::world;
use sealway_schemas::Time;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::down::Ack;
use sealway_schemas::report::Event;
use sealway_seal_sim::device::{Device, Heard, Lock, NotMade};
use serde_json::json;

const START: u64 = 1_790_000_000_000;

struct Desk {
    platform: Platform,
    device: Device,
    now: Time,
    ticket: u16,
}

impl Desk {
    fn new(ring: usize) -> Self {
        let now = Time::from_ms(START);
        let mut platform = Platform::new(None, now);
        let mut device = Device::new(world::seal(), [1; 32], ring);
        device.trust(platform.public_key());
        platform.furnish(device.public_key(), &device.enrolment([7; 32]));
        Self { platform, device, now, ticket: 0 }
    }

    fn pass(&mut self) -> u64 {
        self.now = self.now.plus_ms(60_000);
        self.platform.at(self.now);
        self.now.as_ms() - START
    }

    fn report(&mut self) {
        let uptime_ms = self.pass();
        self.device.report(uptime_ms, Event::Periodic).unwrap();
    }

    fn seal(&mut self, secret: u8) -> u64 {
        let uptime_ms = self.pass();
        self.device.seal(uptime_ms, [secret; 32]).unwrap()
    }

    fn open(&mut self) {
        let uptime_ms = self.pass();
        let open = Lock { motor_locked: false, ..self.device.lock() };
        self.device.found(uptime_ms, open).unwrap();
    }

    /// Connects, and goes on until neither side has anything to say.
    fn connect(&mut self) -> (Ack, Heard) {
        let hello = self.device.connected();
        self.platform.take(0, &hello);
        let heard = self.hear();
        self.send().unwrap_or(heard)
    }

    /// What the newest ack led to.
    fn send(&mut self) -> Option<(Ack, Heard)> {
        let mut heard = None;
        for _ in 0..40 {
            self.ticket += 1;
            let Some(payload) = self.device.next_payload(self.ticket) else { break };
            self.platform.take(self.ticket, &payload);
            self.platform.commit().into_iter().for_each(|ticket| self.device.settled(ticket));
            heard = Some(self.hear());
        }
        heard
    }

    fn hear(&mut self) -> (Ack, Heard) {
        let uptime_ms = self.pass();
        let (message, ack) = self.platform.ack().unwrap();
        (ack, self.device.hear(uptime_ms, &message))
    }

    fn decide(&mut self, command: &str) -> bool {
        self.platform.command("officer", &json!({"type": command, "device": self.device.id(), "reason": "looked at"}))
    }

    fn enrol(&mut self) -> bool {
        let enrolment = world::enrolment(self.device.public_key(), &self.device.enrolment([7; 32]));
        self.device.trust(self.platform.public_key());
        self.platform.command("officer", &enrolment)
    }

    fn level(&self) -> bool {
        self.device.all_acked()
    }

    fn alarmed(&self, kind: AlertKind) -> bool {
        self.platform.core.alerts().any(|alert| alert.kind == kind)
    }
}

#[test]
fn after_a_clone_took_a_sealings_place_an_officer_lifts_and_the_next_sealing_counts() {
    let mut desk = Desk::new(100);
    desk.report();
    desk.connect();
    let mut twin = desk.device.stolen_keys();
    let uptime_ms = desk.pass();
    twin.report(uptime_ms, Event::WrongCredential).unwrap();
    let _hello = twin.connected();
    desk.platform.take(0, &twin.next_payload(1).unwrap());
    desk.seal(50);
    desk.report();
    desk.send();
    assert!(desk.alarmed(AlertKind::Equivocation));
    assert_eq!(desk.platform.core.device(&world::seal()).map(|device| device.quarantined), Some(true));
    assert!(desk.decide("lift-quarantine"));
    desk.open();
    let sealed = desk.seal(51);
    desk.report();
    desk.connect();
    assert!(desk.level(), "{:?}", desk.device.acked());
    let device = desk.platform.core.device(&world::seal()).unwrap();
    assert_eq!((device.quarantined, device.last.map(|last| (last.ctr, last.epoch))), (false, Some((sealed + 1, 2))));
}

#[test]
fn where_a_copy_lacks_a_sealing_that_the_seal_overwrote_it_is_enrolled_anew() {
    const RING: usize = 4;
    let mut desk = Desk::new(RING);
    desk.platform.copy_to_standby(usize::MAX / 2);
    let sealed = desk.seal(50);
    desk.connect();
    assert!(desk.level());
    for _ in 0..RING {
        desk.report();
    }
    assert!(desk.device.ring().get(sealed).is_none(), "stored, so it may be overwritten");
    desk.platform.restore();
    desk.report();
    let (ack, heard) = desk.connect();
    assert!(!desk.level() && ack.stored < sealed, "nobody can read what its key signed: {ack:?} {heard:?}");
    desk.open();
    desk.seal(51);
    desk.connect();
    assert!(!desk.level(), "nor does another sealing help");
    assert!(desk.decide("revoke-device"));
    desk.device.renew([2; 32]);
    assert!(desk.enrol());
    desk.open();
    let sealed = desk.seal(52);
    desk.report();
    desk.connect();
    assert!(desk.level(), "{:?}", desk.device.acked());
    let last = desk.platform.core.device(&world::seal()).unwrap().last.unwrap();
    assert_eq!((last.ctr, last.epoch), (sealed + 1, desk.device.epoch()));
}

#[test]
fn a_seal_that_lost_its_flash_is_silent_until_it_is_enrolled_anew_with_a_new_key() {
    let mut desk = Desk::new(100);
    desk.seal(50);
    for _ in 0..5 {
        desk.report();
    }
    desk.connect();
    let old = std::mem::replace(&mut desk.device, Device::new(world::seal(), [1; 32], 100));
    desk.device.trust(desk.platform.public_key());
    assert_eq!(desk.connect().1, Heard::StateLost);
    let uptime_ms = desk.pass();
    assert_eq!(desk.device.report(uptime_ms, Event::Periodic), Err(NotMade::StateLost(world::seal())));
    assert!(desk.alarmed(AlertKind::StateLost));

    assert!(!desk.enrol(), "the old key is not taken again");
    assert!(desk.decide("revoke-device"));
    assert!(!desk.enrol(), "not even when it was revoked");
    desk.device.renew([2; 32]);
    assert!(desk.enrol());
    desk.seal(52);
    desk.report();
    desk.connect();
    assert!(desk.level(), "{:?}", desk.device.acked());
    let before = desk.platform.log.len();
    let mut old = old;
    let uptime_ms = desk.pass();
    old.report(uptime_ms, Event::Periodic).unwrap();
    let _hello = old.connected();
    desk.platform.take(0, &old.next_payload(1).unwrap());
    assert_eq!(desk.platform.log.len(), before, "what the lost keys sign counts no more");
}
