//! Terminals: heard only when registered, shown with their grade, and without any weight in what is proved.

use super::{Bench, DESTINATION, START};
use crate::effect::{Effect, Row};
use crate::input::Input;
use crate::terminal::Sighted;
use bytes::Bytes;
use sealway_schemas::Time;
use sealway_schemas::command::Role;
use sealway_schemas::entry::Entry;
use sealway_schemas::event::MovementState;
use sealway_schemas::report::{Event, Fix};
use sealway_schemas::terminal::{Grade, LockWord, Protocol, Sighting, UnsignedFrame};
use serde_json::{Value, json};

const TRUCK: &str = "TRUCK-7";
const PHONE: &str = "13912345678";

pub(super) fn terminal(id: &str, call_sign: &str) -> Value {
    json!({"type": "register-terminal", "terminal": id, "owner": "silk-road-carrier", "protocol": "jtt808",
           "call_sign": call_sign, "used_as": "vehicle"})
}

fn fix(lat_e7: i64) -> Fix {
    Fix { lat_e7, lon_e7: 1_088_000_000, accuracy_dm: 150, speed_cm_s: 1_000, heading_ddeg: 0, satellites: 9, cn0_ddbhz: 0 }
}

fn seen(t: Time, lat_e7: i64) -> Sighting {
    Sighting { t: Some(t), fix: Some(fix(lat_e7)), ..Sighting::default() }
}

fn frame(raw: &[u8], sightings: Vec<Sighting>) -> UnsignedFrame {
    UnsignedFrame::new(TRUCK.parse().unwrap(), "jtt808 203.0.113.7:4001".into(), Bytes::copy_from_slice(raw), sightings).unwrap()
}

impl Bench {
    fn hear(&mut self, raw: &[u8], sightings: Vec<Sighting>) -> Sighted {
        let effects = self.give(Input::Unsigned(frame(raw, sightings)));
        effects.into_iter().find_map(|effect| if let Effect::Sighted(sighted) = effect { Some(sighted) } else { None }).unwrap()
    }

    fn marker(&self) -> i64 {
        let last = self.core.terminal(&TRUCK.parse().unwrap()).unwrap().last.unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        let e7 = (last.fix.unwrap().lat * 1e7).round() as i64;
        e7
    }
}

#[test]
fn a_terminal_that_nobody_registered_is_not_heard() {
    let mut bench = Bench::new();
    let kept = bench.log.len();
    assert!(bench.core.terminal_called(Protocol::Jtt808, &PHONE.parse().unwrap()).is_err());
    assert_eq!(bench.hear(b"~1~", vec![seen(START, 340_000_000)]), Sighted::Refused);
    assert_eq!(bench.log.len(), kept);
    assert_eq!(bench.core.terminals().count(), 0);
}

#[test]
fn what_a_registered_terminal_says_is_kept_as_it_came_and_told_as_unsigned() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    let id = bench.core.terminal_called(Protocol::Jtt808, &PHONE.parse().unwrap()).unwrap();
    assert!(bench.core.terminal_called(Protocol::Jointech, &PHONE.parse().unwrap()).is_err());
    let locked = Sighting { lock: Some(LockWord::new(LockWord::CABLE_CUT)), ..seen(START, 340_000_000) };
    assert_eq!(bench.hear(b"~1~", vec![locked]), Sighted::Kept);
    let Some(Entry::Unsigned { first: 1, frame, .. }) = bench.log.last() else { panic!("{:?}", bench.log.last()) };
    assert_eq!((frame.frame().as_ref(), frame.source()), (b"~1~".as_slice(), "jtt808 203.0.113.7:4001"));
    let view = bench.core.terminal(&id).unwrap();
    assert_eq!((view.grade, view.last.as_ref().unwrap().event), (Grade::Unsigned, Event::CableCut));
    let (row, event) = bench.core.terminal_told(bench.now, &id).unwrap();
    let Row::Record(record) = row else { panic!("{row:?}") };
    assert_eq!((record.kind.as_str(), record.parties.len()), ("terminal", 1));
    let told = serde_json::to_value(event.unwrap().change).unwrap();
    assert_eq!((&told["kind"], &told["body"]["grade"]), (&json!("position"), &json!("unsigned")));
    assert_eq!(bench.replayed(), bench.core);
}

#[test]
fn a_terminal_never_touches_a_seal_a_transfer_or_an_alert() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 1, 3);
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    let before = bench.core.clone();
    // It says that it stands at the destination, with its cable cut.
    let there = bench.core.place(&DESTINATION.parse().unwrap()).unwrap();
    let corner = &there.feature["geometry"]["coordinates"][0][0];
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let lat_e7 = (corner[1].as_f64().unwrap() * 1e7) as i64;
    let cut = Sighting { lock: Some(LockWord::new(u16::MAX)), battery: Some(1), ..seen(bench.now, lat_e7) };
    assert_eq!(bench.hear(b"~2~", vec![cut]), Sighted::Kept);
    assert_eq!(bench.state(&id), MovementState::InTransit);
    let (devices, transfers, alerts) = (&bench.core.devices, &bench.core.transfers, &bench.core.alerts);
    assert_eq!((devices, transfers, alerts), (&before.devices, &before.transfers, &before.alerts));
    assert_ne!(bench.core, before);
}

#[test]
fn an_id_is_a_seals_or_a_terminals_and_a_call_sign_is_one_terminals() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    assert_eq!(bench.code(Role::Carrier, terminal(seal.id.as_str(), PHONE)), "terminal-registered");
    bench.ok(Role::Carrier, terminal("XA-0002", PHONE));
    let other = super::Seal::new(2, bench.now);
    assert_eq!(bench.code(Role::Carrier, other.enrolment("silk-road-carrier")), "terminal-registered");
    assert_eq!(bench.code(Role::Carrier, terminal("XA-0003", PHONE)), "call-sign-taken");
    assert_eq!(bench.code(Role::Carrier, terminal("XA-0002", "7")), "terminal-registered");
    let mut foreign = terminal("XA-0004", "8");
    foreign["owner"] = json!("other-carrier");
    assert_eq!(bench.code(Role::Carrier, foreign.clone()), "not-yours");
    bench.ok(Role::Customs, foreign);
    let revoke = |id: &str| json!({"type": "revoke-terminal", "terminal": id, "reason": "sold"});
    assert_eq!(bench.code(Role::Carrier, revoke("XA-0004")), "not-yours");
    assert_eq!(bench.code(Role::Customs, revoke("XA-0009")), "unknown-terminal");
    assert_eq!(bench.replayed(), bench.core);
}

#[test]
fn a_revoked_terminal_is_not_heard_until_it_is_registered_anew() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    bench.hear(b"~1~", vec![seen(START, 1), seen(START, 2)]);
    bench.ok(Role::Carrier, json!({"type": "revoke-terminal", "terminal": TRUCK, "reason": "sold"}));
    assert_eq!(bench.hear(b"~2~", vec![seen(START, 3)]), Sighted::Refused);
    assert!(bench.core.terminal_called(Protocol::Jtt808, &PHONE.parse().unwrap()).is_err());
    bench.ok(Role::Carrier, terminal(TRUCK, "13900000000"));
    assert_eq!(bench.hear(b"~2~", vec![seen(START, 3)]), Sighted::Kept);
    // Its numbers go on, so that no two sightings of one id have the same.
    let Some(Entry::Unsigned { first, .. }) = bench.log.last() else { panic!("a frame") };
    assert_eq!(*first, 3);
    assert_eq!(bench.replayed(), bench.core);
}

#[test]
fn a_frame_that_is_sent_again_is_recorded_once() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    assert_eq!(bench.hear(b"~1~", vec![seen(START, 1)]), Sighted::Kept);
    let kept = bench.log.len();
    assert_eq!(bench.hear(b"~1~", vec![seen(START, 1)]), Sighted::Duplicate);
    assert_eq!(bench.log.len(), kept);
}

#[test]
fn what_comes_from_a_dead_zone_does_not_move_the_marker_back() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    bench.hear(b"~1~", vec![seen(START.plus_ms(60_000), 5)]);
    bench.hear(b"~2~", vec![seen(START, 1), seen(START.plus_ms(30_000), 2)]);
    assert_eq!(bench.marker(), 5);
    bench.hear(b"~3~", vec![seen(START.plus_ms(61_000), 6)]);
    assert_eq!(bench.marker(), 6);
}

#[test]
fn a_clock_that_once_ran_ahead_does_not_stop_the_marker_for_years() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    bench.hear(b"~1~", vec![seen(START.plus_ms(31_536_000_000), 5)]);
    bench.hear(b"~2~", vec![seen(START, 6)]);
    assert_eq!(bench.marker(), 6);
}

#[test]
fn an_officer_of_a_district_has_to_do_with_its_own_parties_terminals_only() {
    let mut bench = Bench::new();
    for district in ["xian", "tianjin"] {
        bench.ok(Role::Admin, json!({"type": "put-district", "district": district, "name_zh": "某", "name_en": "Some"}));
    }
    for (party, role, district) in
        [("xian-customs", Role::Customs, "xian"), ("silk-road-carrier", Role::Carrier, "tianjin"), ("other-carrier", Role::Carrier, "xian")]
    {
        let party =
            json!({"type": "register-party", "party": party, "role": role, "name_zh": "某", "name_en": "Some", "district": district});
        bench.ok(Role::Admin, party);
    }
    assert_eq!(bench.code(Role::Customs, terminal(TRUCK, PHONE)), "unknown-party");
    bench.ok(Role::Carrier, terminal(TRUCK, PHONE));
    let revoke = |id: &str| json!({"type": "revoke-terminal", "terminal": id, "reason": "sold"});
    assert_eq!(bench.code(Role::Customs, revoke(TRUCK)), "unknown-terminal");
    let mut own = terminal("TRUCK-8", "8");
    own["owner"] = json!("other-carrier");
    bench.ok(Role::Customs, own);
    bench.ok(Role::Customs, revoke("TRUCK-8"));
}
