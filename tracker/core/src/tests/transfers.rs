//! A transfer from declaration to arrival, and what holds it.

use super::{Bench, DESTINATION, declaration};
use crate::input::Input;
use crate::{Effect, Row};
use sealway_schemas::command::Role;
use sealway_schemas::event::{AlertKind, Change, ChangedBy, MovementState};
use sealway_schemas::report::{Event, Gap, GapReason};
use sealway_schemas::{Time, TransferId};
use serde_json::json;

#[test]
fn an_honest_run_arrives_by_the_seals_word_and_the_operators_and_raises_nothing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    let officer = ChangedBy::Order { order: "low-risk".to_owned(), officer: "customs-1".parse().unwrap() };
    assert_eq!((bench.state(&id), bench.transfer(&id).changed_by), (MovementState::Accepted, officer.clone()));

    bench.seal_up(&mut seal);
    assert_eq!((bench.state(&id), bench.transfer(&id).changed_by), (MovementState::Released, officer));

    bench.drive(&mut seal, 0, 12);
    let under_way = bench.transfer(&id);
    assert_eq!(under_way.state, MovementState::InTransit);
    assert!(matches!(under_way.changed_by, ChangedBy::Seal { device, .. } if device == seal.id));
    assert!((under_way.progress_km.unwrap() - 12.0).abs() < 0.05, "{under_way:?}");

    bench.drive(&mut seal, 13, 24);
    bench.report_arrival(&id);
    let there = bench.transfer(&id);
    assert_eq!((there.state, there.changed_by), (MovementState::Arrived, ChangedBy::User("operator-1".parse().unwrap())));
    assert_eq!((there.open_alerts, there.worst_severity, there.custody_held), (0, None, false));
    assert_eq!(bench.alert_kinds(), []);
}

#[test]
fn a_state_begins_in_the_seals_time_however_late_its_reports_arrive() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.pass_s(60);
    let left_at = bench.now;
    let at = bench.road().at_km(4.0).unwrap();
    let left = seal.periodic(left_at, at);
    bench.pass_s(300);
    bench.send(&seal, &left);
    assert_eq!((bench.state(&id), bench.transfer(&id).state_since), (MovementState::InTransit, left_at));
}

#[test]
fn a_sealing_outside_the_origin_or_without_a_fix_seals_nothing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    let away = bench.road().at_km(12.0).unwrap();
    let sealed = seal.seal(bench.now, away);
    bench.send(&seal, &sealed);
    assert_eq!(bench.state(&id), MovementState::Accepted);
}

#[test]
fn one_stray_fix_at_the_destination_is_no_arrival() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 20);
    let place = bench.core.atlas().place(&DESTINATION.parse().unwrap()).unwrap().clone();
    let inside = (0..240).map(|tenth| f64::from(tenth) / 10.0).find(|km| place.contains(bench.road().at_km(*km).unwrap())).unwrap();
    bench.pass_s(200);
    bench.report_at(&mut seal, inside);
    bench.pass_s(200);
    bench.report_at(&mut seal, 20.0);
    bench.pass_s(120);
    bench.report_arrival(&id);
    assert_eq!((bench.state(&id), bench.alert_kinds()), (MovementState::InTransit, vec![]), "it may be there by now");
    bench.pass_s(200);
    bench.report_at(&mut seal, inside);
    bench.pass_s(60);
    bench.report_at(&mut seal, inside + 0.1);
    assert_eq!(bench.state(&id), MovementState::Arrived, "the operator's word waited for it");
}

#[test]
fn custody_does_not_close_over_a_declared_hole_until_an_officer_lets_it_pass() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    let lost_at = bench.road().at_km(11.0).unwrap();
    seal.periodic(bench.now, lost_at);
    let lost = seal.ctr;
    bench.pass_s(60);
    let gap = seal.make(bench.now, Event::Gap, Some(lost_at), |draft| {
        draft.gap = Some(Gap { from: lost, to: lost, reason: GapReason::RingFull });
    });
    bench.send(&seal, &gap);
    assert!(bench.transfer(&id).custody_held);
    bench.drive(&mut seal, 12, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.state(&id), MovementState::InTransit, "the hole stays");
    assert_eq!(bench.only_alert().kind, AlertKind::Hole);

    bench.ok(Role::Customs, json!({"type": "lift-quarantine", "device": seal.id, "reason": "seal inspected"}));
    assert!(!bench.transfer(&id).custody_held);
    bench.drive(&mut seal, 24, 24);
    bench.drive(&mut seal, 24, 24);
    assert_eq!(bench.state(&id), MovementState::Arrived);
    assert!(bench.only_alert().cleared_at.is_some());
}

#[test]
fn an_equivocation_stops_custody_until_an_officer_decides() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    let at = bench.road().at_km(11.0).unwrap();
    let clone = seal.fork(bench.now, Event::Periodic, Some(at), |draft| draft.battery = Some(50));
    bench.drive(&mut seal, 11, 12);
    bench.send(&seal, &clone);
    assert!(bench.core.device(&seal.id).unwrap().quarantined);
    bench.drive(&mut seal, 13, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.state(&id), MovementState::InTransit);
    assert_eq!(bench.only_alert().kind, AlertKind::Equivocation);
    bench.ok(Role::Customs, json!({"type": "lift-quarantine", "device": seal.id, "reason": "clone found"}));
    bench.drive(&mut seal, 24, 24);
    bench.drive(&mut seal, 24, 24);
    assert_eq!(bench.state(&id), MovementState::Arrived);
}

#[test]
fn an_opened_seal_does_not_arrive_and_a_second_epoch_does_not_either() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    let at = bench.road().at_km(10.0).unwrap();
    let opened = seal.open(bench.now, Some(at), None);
    bench.send(&seal, &opened);
    let sealed = seal.seal(bench.now, at);
    bench.send(&seal, &sealed);
    bench.drive(&mut seal, 11, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.state(&id), MovementState::InTransit);
    assert_eq!(bench.alert_kinds(), [AlertKind::OpenedWithoutGrant, AlertKind::EpochChanged]);
}

#[test]
fn a_seal_and_a_unit_are_bound_once_and_free_again_after_the_end() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let other = bench.enrol(2);
    let id = bench.declare(1, &seal);
    let second = TransferId::new(26, "CN", "XA00000000002").unwrap();
    assert_eq!(bench.code(Role::Carrier, declaration(&id, &seal, "LOOSE-9")), "transfer-exists");
    assert_eq!(bench.code(Role::Carrier, declaration(&second, &seal, "LOOSE-9")), "seal-bound");
    assert_eq!(bench.code(Role::Carrier, declaration(&second, &other, "LOOSE-1")), "unit-bound");
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.code(Role::Carrier, declaration(&second, &seal, "LOOSE-1")), "seal-bound", "arrived is not discharged");
    bench.ok(Role::Customs, json!({"type": "cancel-transfer", "transfer": id, "reason": "sent back"}));
    bench.ok(Role::Carrier, declaration(&second, &seal, "LOOSE-1"));
    assert_eq!(bench.core.device(&seal.id).unwrap().transfer, Some(second));
}

#[test]
fn carrier_owner_and_operators_see_what_is_theirs() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.declare(1, &seal);
    bench.effects.clear();
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    let parties = ["silk-road-carrier".parse().unwrap(), "xiy-cargo".parse().unwrap()];
    let events: Vec<_> =
        bench.effects.iter().filter_map(|effect| if let Effect::Event(event) = effect { Some(event) } else { None }).collect();
    assert!(events.iter().all(|event| event.visible_to == parties), "{events:?}");
    let count = |kind| events.iter().filter(|event| event.change.kind() == kind).count();
    assert_eq!((count("position"), count("movement")), (5, 4));
    assert!(events.iter().any(|event| matches!(&event.change, Change::Movement(view) if view.state == MovementState::InTransit)));
}

#[test]
fn a_free_seal_costs_no_row_and_no_event() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.pass_s(60);
    let at = bench.road().at_km(5.0).unwrap();
    let bytes = seal.periodic(bench.now, at);
    let effects = bench.send(&seal, &bytes);
    let kinds: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Append(_) => "append",
            Effect::Outcome { .. } => "outcome",
            Effect::Ack(_) => "ack",
            Effect::Moved(_) => "moved",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["append", "outcome", "ack", "moved"]);
    let position = bench.core.position(&seal.id).unwrap();
    assert!((position.lat - at.lat).abs() < 1e-6 && (position.lon - at.lon).abs() < 1e-6);
}

#[test]
fn a_duplicate_is_acknowledged_again_and_recorded_once() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let at = bench.road().at_km(5.0).unwrap();
    let bytes = seal.periodic(bench.now, at);
    bench.send(&seal, &bytes);
    let (before, entries) = (bench.core.fingerprint(), bench.log.len());
    bench.pass_s(5);
    let effects = bench.send(&seal, &bytes);
    assert!(effects.contains(&Effect::Ack(seal.id)));
    assert_eq!(bench.log.len(), entries);
    assert_eq!(bench.core.fingerprint(), before);
}

#[test]
fn the_ack_says_what_is_stored_and_what_is_missing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let at = bench.road().at_km(5.0).unwrap();
    let reports: Vec<_> = (0..4).map(|_| seal.periodic(bench.now, at)).collect();
    for kept in [0, 3] {
        bench.send(&seal, &reports[kept]);
    }
    let ack = bench.core.ack(&seal.id, Time::from_ms(5)).unwrap();
    assert_eq!((ack.generation, ack.stored, ack.released, ack.t), (1, 1, 0, Time::from_ms(5)));
    assert_eq!(ack.ranges.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>(), [(4, 4)]);
    assert_eq!(ack.wants.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>(), [(2, 3)]);
}

#[test]
fn a_snapshot_goes_on_where_it_stopped() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    let bytes = postcard::to_stdvec(&bench.core).unwrap();
    let restored: crate::Core = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(restored, bench.core);
    bench.core = restored;
    bench.drive(&mut seal, 11, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.state(&id), MovementState::Arrived);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn places_are_told_as_they_were_put() {
    let mut bench = Bench::new();
    let rows = bench.effects.iter().filter(|effect| matches!(effect, Effect::Row(row) if matches!(**row, Row::Place(_)))).count();
    assert_eq!(rows, 2);
    let place = bench.core.place(&DESTINATION.parse().unwrap()).unwrap();
    assert_eq!(place.feature["properties"]["name_en"].as_str().map(|name| name.contains("Xi'an")), Some(true), "{place:?}");
    assert_eq!(place.operator, Some("xiy-cargo".parse().unwrap()));
    assert!(bench.give(Input::Tick).is_empty());
}
