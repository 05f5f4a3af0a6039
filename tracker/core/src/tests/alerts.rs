//! Every alert is raised by its fraud, with its evidence, and not by the honest run beside it (`transfers.rs`).

use super::{Bench, seal::Seal};
use crate::Effect;
use crate::geometry::Position;
use crate::input::Input;
use sealway_schemas::command::Role;
use sealway_schemas::entry::Entry;
use sealway_schemas::event::{AlertKind, Severity};
use sealway_schemas::hello::Hello;
use sealway_schemas::movement::{By, HoldReason};
use sealway_schemas::report::{Event, Gap, GapReason, Status};
use sealway_schemas::{Digest, Time, TransferId};
use serde_json::json;

fn under_way() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    (bench, seal, id)
}

fn beside(at: Position, metres: f64) -> Position {
    Position { lat: at.lat + metres / 111_195.0, ..at }
}

#[test]
fn a_signed_breach_is_red_and_stands_on_the_transfer() {
    for (event, kind) in [
        (Event::Opened, AlertKind::OpenedWithoutGrant),
        (Event::CableCut, AlertKind::CableCut),
        (Event::HousingOpened, AlertKind::HousingOpened),
    ] {
        let (mut bench, mut seal, id) = under_way();
        let at = bench.road().at_km(10.0);
        let bytes = seal.make(bench.now, event, at, |_| {});
        bench.send(&seal, &bytes);
        let alert = bench.only_alert();
        assert_eq!((alert.kind, alert.severity, alert.happened_at), (kind, Severity::Red, bench.now));
        assert_eq!((alert.evidence, alert.transfer), (vec![seal.ctr], Some(id.clone())));
        let transfer = bench.transfer(&id);
        assert_eq!((transfer.open_alerts, transfer.worst_severity), (1, Some(Severity::Red)));

        assert_eq!(alert.respond_by, alert.opened_at.plus_ms(bench.core.policy().respond_ms(alert.severity)));
        bench.ok(Role::Customs, json!({"type": "acknowledge-alert", "alert": alert.id, "note": "patrol sent"}));
        assert_eq!((bench.transfer(&id).open_alerts, bench.only_alert().acknowledged_by), (1, Some("customs-1".parse().unwrap())));
        bench.ok(Role::Customs, json!({"type": "decide-alert", "alert": alert.id, "verdict": "incident", "reason": "seen by the patrol"}));
        assert_eq!(bench.transfer(&id).open_alerts, 0);
    }
}

#[test]
fn suspected_smuggling_holds_the_transfer_in_the_name_of_the_officer_who_decided() {
    let (mut bench, mut seal, id) = under_way();
    let at = bench.road().at_km(10.0);
    let cut = seal.make(bench.now, Event::CableCut, at, |_| {});
    bench.send(&seal, &cut);
    let alert = bench.only_alert().id;
    let decide = json!({"type": "decide-alert", "alert": alert, "verdict": "suspected-smuggling", "reason": "a box less on the X-ray"});
    bench.ok(Role::Customs, decide);
    let transfer = bench.transfer(&id);
    assert_eq!((transfer.open_alerts, transfer.state), (0, sealway_schemas::event::MovementState::InTransit));
    let [hold] = transfer.holds.as_slice() else { panic!("{:?}", transfer.holds) };
    assert_eq!((hold.reason, hold.detail.as_str(), &hold.found), (HoldReason::Officer, "a box less on the X-ray", &None));
    assert_eq!(hold.by, By::User("customs-1".parse().unwrap()));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn reports_that_the_flash_lost_are_a_fault_of_the_device_and_an_overwritten_ring_is_none() {
    for (reason, kinds) in [(GapReason::FlashFault, vec![AlertKind::DeviceFault]), (GapReason::RingFull, Vec::new())] {
        let (mut bench, mut seal, _) = under_way();
        let at = bench.road().at_km(10.0).unwrap();
        let _lost = seal.periodic(bench.now, at);
        bench.pass_s(60);
        let lost = seal.ctr;
        let gap = seal.make(bench.now, Event::Gap, Some(at), |draft| draft.gap = Some(Gap { from: lost, to: lost, reason }));
        bench.send(&seal, &gap);
        assert_eq!(bench.alert_kinds().into_iter().filter(|kind| *kind != AlertKind::Hole).collect::<Vec<_>>(), kinds);
    }
}

#[test]
fn what_officers_write_stands_beside_the_alert_in_their_order() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0);
    let cut = seal.make(bench.now, Event::CableCut, at, |_| {});
    bench.send(&seal, &cut);
    let id = bench.only_alert().id;
    bench.ok(Role::Customs, json!({"type": "acknowledge-alert", "alert": id, "note": "patrol sent"}));
    bench.ok(Role::Customs, json!({"type": "note-alert", "alert": id, "note": "driver called"}));
    let notes = bench.only_alert().notes;
    let written: Vec<_> = notes.iter().map(|note| (note.text.as_str(), note.by.as_str())).collect();
    assert_eq!(written, [("patrol sent", "customs-1"), ("driver called", "customs-1")]);
    assert_eq!(bench.code(Role::Customs, json!({"type": "note-alert", "alert": id, "note": "  "})), "reason-length");
    assert_eq!(bench.only_alert().notes, notes);
    for number in 3..=200 {
        bench.ok(Role::Customs, json!({"type": "note-alert", "alert": id, "note": format!("note {number}")}));
    }
    assert_eq!(bench.code(Role::Customs, json!({"type": "note-alert", "alert": id, "note": "one more"})), "too-many-notes");
}

#[test]
fn withholding_one_report_does_not_keep_the_cable_cut_after_it_quiet() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0);
    let withheld = seal.make(bench.now, Event::Periodic, at, |_| {});
    let cut_at = bench.now;
    let cut = seal.make(cut_at, Event::CableCut, at, |_| {});
    bench.pass_s(120);
    bench.send(&seal, &cut);
    assert_eq!((bench.only_alert().kind, bench.only_alert().happened_at), (AlertKind::CableCut, cut_at));
    bench.send(&seal, &withheld);
    assert_eq!(bench.only_alert().count, 1, "the same report is counted once");
}

#[test]
fn an_opening_inside_its_grant_is_none() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0).unwrap();
    bench.grant_away(&seal, at);
    let opened = seal.open(bench.now, Some(at), Some([9; 16]));
    bench.send(&seal, &opened);
    assert_eq!(bench.alert_kinds(), []);
}

type Opening = fn(&mut Bench, &mut Seal, Position) -> bytes::Bytes;

#[test]
fn an_opening_that_its_grant_does_not_cover_is_one() {
    let here = |bench: &Bench| bench.road().at_km(10.0).unwrap();
    let cases: [(&str, Opening); 4] = [
        ("another id", |bench, seal, at| seal.open(bench.now, Some(at), Some([8; 16]))),
        ("another place", |bench, seal, at| seal.open(bench.now, Some(beside(at, 900.0)), Some([9; 16]))),
        ("too late", |bench, seal, at| {
            bench.pass_s(290);
            seal.open(bench.now.plus_ms(600_001), Some(at), Some([9; 16]))
        }),
        ("another epoch", |bench, seal, at| {
            let second = seal.seal(bench.now, at);
            bench.send(seal, &second);
            seal.open(bench.now, Some(at), Some([9; 16]))
        }),
    ];
    for (name, open) in cases {
        let (mut bench, mut seal, _) = under_way();
        let at = here(&bench);
        bench.grant_away(&seal, at);
        let opened = open(&mut bench, &mut seal, at);
        bench.send(&seal, &opened);
        assert!(bench.alert_kinds().contains(&AlertKind::OpenedWithoutGrant), "{name}");
    }
}

#[test]
fn a_grant_opens_once() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0).unwrap();
    bench.grant_away(&seal, at);
    for expected in [0, 1] {
        let opened = seal.open(bench.now, Some(at), Some([9; 16]));
        bench.send(&seal, &opened);
        assert_eq!(bench.alert_kinds().len(), expected);
    }
}

#[test]
fn a_new_epoch_under_way_is_found() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0).unwrap();
    let sealed = seal.seal(bench.now, at);
    bench.send(&seal, &sealed);
    assert_eq!(bench.only_alert().kind, AlertKind::EpochChanged);
}

#[test]
fn sealing_again_inside_the_origin_is_allowed_until_customs_has_signed() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.accepted(&seal);
    bench.seal_up(&mut seal);
    bench.seal_up(&mut seal);
    assert_eq!(bench.alert_kinds(), []);
}

#[test]
fn two_fixes_off_the_road_are_a_deviation_and_two_back_on_it_end_it() {
    let (mut bench, mut seal, id) = under_way();
    let mut first_off = None;
    for (km, metres, open) in [(11, 600.0, 0), (12, 700.0, 1), (13, 800.0, 1), (14, 0.0, 1), (15, 0.0, 0)] {
        bench.pass_s(60);
        let at = beside(bench.road().at_km(f64::from(km)).unwrap(), metres);
        first_off = first_off.or(Some(bench.now));
        let bytes = seal.periodic(bench.now, at);
        bench.send(&seal, &bytes);
        assert_eq!(bench.transfer(&id).open_alerts, open, "at {km} km");
    }
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.count, Some(alert.happened_at)), (AlertKind::Deviation, 2, first_off));
    assert!(alert.facts["distance_m"] > 300.0, "{alert:?}");
    assert!(alert.cleared_at.is_some());
}

#[test]
fn one_bad_fix_is_no_deviation_and_neither_are_many_that_know_how_bad_they_are() {
    let (mut bench, mut seal, _) = under_way();
    for (km, metres) in [(11, 600.0), (12, 0.0), (13, 600.0), (14, 0.0)] {
        bench.pass_s(60);
        let at = beside(bench.road().at_km(f64::from(km)).unwrap(), metres);
        let bytes = seal.periodic(bench.now, at);
        bench.send(&seal, &bytes);
    }
    for km in 15..20 {
        bench.pass_s(60);
        let at = beside(bench.road().at_km(f64::from(km)).unwrap(), 400.0);
        let bytes = seal.make(bench.now, Event::Periodic, Some(at), |draft| {
            if let Some(fix) = &mut draft.fix {
                fix.accuracy_dm = 1_900;
            }
        });
        bench.send(&seal, &bytes);
    }
    assert_eq!(bench.alert_kinds(), []);
}

#[test]
fn turning_round_is_going_back_along_the_corridor() {
    let (mut bench, mut seal, _) = under_way();
    for km in [9.0, 8.0, 6.5, 5.5, 4.5] {
        bench.pass_s(90);
        bench.report_at(&mut seal, km);
    }
    let alert = bench.only_alert();
    assert_eq!(alert.kind, AlertKind::WrongDirection);
    assert!(alert.facts["reversed_km"] > 3.0);
}

#[test]
fn two_missed_periods_are_silence_and_the_next_report_ends_it() {
    let (mut bench, mut seal, id) = under_way();
    let heard = bench.now;
    bench.wait_s(599);
    assert_eq!(bench.alert_kinds(), []);
    bench.wait_s(2);
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.happened_at), (AlertKind::Silence, heard));
    assert_eq!(alert.opened_at, heard.plus_ms(600_000), "at its own time, not when somebody looked");
    bench.drive(&mut seal, 11, 11);
    assert!(bench.only_alert().cleared_at.is_some());
    assert_eq!(bench.transfer(&id).open_alerts, 0);
}

#[test]
fn a_slow_seal_is_given_its_own_period() {
    let (mut bench, mut seal, _) = under_way();
    bench.wait_s(550);
    bench.report_at(&mut seal, 11.0);
    bench.wait_s(1_000);
    assert_eq!(bench.alert_kinds(), []);
    bench.wait_s(200);
    assert_eq!(bench.alert_kinds(), [AlertKind::Silence]);
}

#[test]
fn a_free_or_arrived_seal_may_be_silent() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.enrol(2);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    bench.wait_s(100_000);
    assert_eq!(bench.alert_kinds(), []);
    assert_eq!(bench.core.next_deadline(), None);
}

#[test]
fn silence_in_a_stretch_without_a_network_is_given_the_time_to_cross_it() {
    let (mut bench, _, _) = under_way();
    let mut corridor = bench.core.corridor(&super::ROAD.parse().unwrap()).unwrap().feature;
    corridor["properties"]["no_signal"] = json!([[10.5, 13.0]]);
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": corridor}));
    bench.wait_s(600 + 550);
    assert_eq!(bench.alert_kinds(), [], "2.5 km and more at 5 m/s");
    bench.wait_s(100);
    assert_eq!(bench.alert_kinds(), [AlertKind::Silence], "not for ever");
}

#[test]
fn a_hole_is_an_alert_after_its_resend_window_and_ends_when_it_is_filled() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0).unwrap();
    let withheld = seal.periodic(bench.now, at);
    bench.drive(&mut seal, 11, 20);
    assert_eq!(bench.alert_kinds(), []);
    bench.wait_s(61);
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.facts["from_ctr"]), (AlertKind::Hole, 13.0));
    bench.send(&seal, &withheld);
    assert!(bench.only_alert().cleared_at.is_some());
}

#[test]
fn a_chain_that_does_not_fit_and_a_key_of_the_wrong_kind_are_found() {
    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0);
    let torn = seal.make(bench.now, Event::Periodic, at, |draft| draft.prev = Digest::of(b"another life"));
    bench.send(&seal, &torn);
    assert_eq!(bench.only_alert().kind, AlertKind::PrevMismatch);

    let (mut bench, mut seal, _) = under_way();
    let at = bench.road().at_km(10.0);
    let wrong = seal.make(bench.now, Event::Periodic, at, |draft| draft.epoch += 1);
    bench.send(&seal, &wrong);
    assert_eq!(bench.only_alert().kind, AlertKind::WrongKey);
    assert_eq!(bench.only_alert().evidence, [seal.ctr]);
}

#[test]
fn a_low_battery_is_told_once_and_ends_when_it_is_charged() {
    let (mut bench, mut seal, _) = under_way();
    for (km, percent, open) in [(11, 15, 0), (12, 14, 1), (13, 17, 1), (14, 13, 1), (15, 20, 0)] {
        seal.battery = percent;
        bench.drive(&mut seal, km, km);
        let still_open = bench.core.alerts().filter(|alert| alert.cleared_at.is_none()).count();
        assert_eq!(still_open, open, "{percent} percent");
    }
    assert_eq!((bench.only_alert().severity, bench.only_alert().count), (Severity::Grey, 2));
}

#[test]
fn a_jump_that_no_truck_makes_is_found_and_a_clock_that_steps_back_is_not_one() {
    let (mut bench, mut seal, _) = under_way();
    bench.pass_s(60);
    bench.report_at(&mut seal, 16.0);
    assert_eq!(bench.only_alert().kind, AlertKind::ImpossibleSpeed);
    assert!(bench.only_alert().facts["speed_m_s"] > 60.0);

    let (mut bench, mut seal, _) = under_way();
    bench.pass_s(60);
    let at = bench.road().at_km(11.0).unwrap();
    let bytes = seal.make(bench.now, Event::Periodic, Some(at), |draft| draft.t = draft.t.minus_ms(3_600_000));
    bench.send(&seal, &bytes);
    assert_eq!(bench.alert_kinds(), []);
}

#[test]
fn a_report_that_fails_the_strict_check_quarantines_its_device() {
    let (mut bench, mut seal, id) = under_way();
    let at = bench.road().at_km(11.0).unwrap();
    bench.pass_s(60);
    let bytes = seal.periodic(bench.now, at);
    bench.send(&seal, &bytes);
    bench.give(Input::StrictFailed { device: seal.id, ctr: seal.ctr, digest: Digest::of(&bytes) });
    assert_eq!(bench.only_alert().kind, AlertKind::StrictFailed);
    assert!(bench.core.device(&seal.id).unwrap().quarantined && bench.transfer(&id).custody_held);
}

#[test]
fn a_hello_below_what_is_stored_tells_of_a_lost_state() {
    let (mut bench, seal, _) = under_way();
    let hello = |hi, generation| Hello { lo: 1, hi, epoch: 1, generation, released: 0, login_t: 0 };
    let honest = bench.give(Input::Hello { device: seal.id, hello: hello(seal.ctr, 1) });
    assert_eq!(honest, [Effect::Ack(seal.id)]);
    let lost = bench.give(Input::Hello { device: seal.id, hello: hello(3, 1) });
    let entry = Effect::Append(Entry::StateLost { at: bench.now, device: seal.id, stored: seal.ctr, hi: 3 });
    assert!(lost.contains(&entry) && lost.contains(&Effect::Ack(seal.id)));
    assert_eq!(bench.only_alert().kind, AlertKind::StateLost);
    let again = bench.give(Input::Hello { device: seal.id, hello: hello(3, 1) });
    assert_eq!(again, [Effect::Ack(seal.id)], "told once");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());

    bench.give(Input::Hello { device: seal.id, hello: hello(3, 4) });
    assert_eq!(bench.core.generation(), 5, "above the one that the device heard");
    bench.give(Input::Hello { device: seal.id, hello: hello(3, (1 << 53) - 1) });
    assert_eq!(bench.core.generation(), 5, "no seal uses up the numbers that a message may carry");
    assert_eq!(bench.core.generation_after(bench.now), bench.now.as_ms() / 1_000);
    assert_eq!(bench.core.generation_after(Time::ZERO), 6, "also where the clock is behind");
}

#[test]
fn an_open_seal_status_is_not_closed_by_its_word_alone() {
    let (mut bench, mut seal, id) = under_way();
    for km in 11..=24 {
        bench.pass_s(60);
        let at = bench.road().at_km(f64::from(km));
        let bytes = seal.make(bench.now, Event::Periodic, at, |draft| {
            draft.status = Status::new(draft.status.bits() & !Status::CABLE_INSERTED).unwrap();
        });
        bench.send(&seal, &bytes);
    }
    assert_eq!(bench.state(&id), sealway_schemas::event::MovementState::InTransit);
}
