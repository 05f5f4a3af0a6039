//! What becomes known later: reports that a seal kept, and what officers make of an alert.

use super::{Bench, seal::Seal};
use crate::geometry::Position;
use crate::{Effect, Row};
use sealway_schemas::TransferId;
use sealway_schemas::alert::{Exculpation, Ground, Revised};
use sealway_schemas::command::Role;
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::MovementState;
use sealway_schemas::report::{Event, Status};
use serde_json::json;

fn under_way() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 8);
    (bench, seal, id)
}

fn receipts(bench: &Bench) -> Vec<Exculpation> {
    let record = |effect: &Effect| match effect {
        Effect::Row(row) => match row.as_ref() {
            Row::Record(record) if record.kind == "exculpation" => Some(serde_json::from_value(record.body.clone()).unwrap()),
            _ => None,
        },
        _ => None,
    };
    bench.effects.iter().filter_map(record).collect()
}

/// Out of reach of every network for half an hour, then heard again; what was kept comes first.
fn silent(bench: &mut Bench, seal: &mut Seal, spoken: bool, aside_deg: f64) {
    let mut kept = Vec::new();
    for minute in 1..=30_u32 {
        bench.wait_s(60);
        if spoken && minute % 5 == 0 {
            let at = bench.road().at_km(8.0 + f64::from(minute) / 10.0).unwrap();
            let at = Position { lat: at.lat + aside_deg, ..at };
            let stored = |draft: &mut sealway_schemas::report::ReportDraft| {
                draft.status = Status::new(draft.status.bits() | Status::FROM_STORE).unwrap();
            };
            kept.push(seal.make(bench.now, Event::Periodic, Some(at), stored));
        }
    }
    bench.wait_s(60);
    for bytes in kept {
        bench.send(seal, &bytes);
    }
    bench.report_at(seal, 11.2);
}

#[test]
fn a_silence_is_explained_by_what_the_seal_kept_and_the_driver_gets_his_receipt() {
    let (mut bench, mut seal, id) = under_way();
    silent(&mut bench, &mut seal, true, 0.0);
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.cleared_at), (AlertKind::Silence, Some(bench.now)));
    assert_eq!(alert.revisions.last().map(|revision| revision.change.clone()), Some(Revised::Explained));
    assert_eq!(alert.evidence.len(), 6, "{alert:?}");
    let receipts = receipts(&bench);
    assert_eq!(receipts.len(), 1);
    assert_eq!((&receipts[0].ground, &receipts[0].transfer, receipts[0].alert), (&Ground::Proved, &Some(id), alert.id));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_seal_that_kept_nothing_or_left_the_road_explains_nothing() {
    for (spoken, aside_deg) in [(false, 0.0), (true, 0.02)] {
        let (mut bench, mut seal, _) = under_way();
        silent(&mut bench, &mut seal, spoken, aside_deg);
        let silence = bench.core.alerts().find(|alert| alert.kind == AlertKind::Silence).unwrap();
        assert!(silence.revisions.is_empty(), "{silence:?}");
        assert_eq!(receipts(&bench), []);
    }
}

#[test]
fn what_an_officer_calls_an_incident_is_one_and_ends_under_a_new_seal() {
    let (mut bench, mut seal, id) = under_way();
    let at = bench.road().at_km(8.0);
    let cut = seal.make(bench.now, Event::CableCut, at, |_| {});
    bench.send(&seal, &cut);
    let decide = json!({"type": "decide-alert", "alert": bench.only_alert().id, "verdict": "incident", "reason": "seen by the patrol"});
    bench.ok(Role::Customs, decide);
    assert_eq!(bench.state(&id), MovementState::Incident);
    let mut spare = bench.enrol(2);
    bench.ok(Role::Carrier, json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-1", "seal": spare.id, "mechanical": []}));
    let at = bench.road().at_km(8.0).unwrap();
    let sealed = spare.seal(bench.now, at);
    bench.send(&spare, &sealed);
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "new seal seen"}));
    bench.drive(&mut spare, 9, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.state(&id), MovementState::Arrived);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}
