//! A transfer over several legs: by road to an airport, and on by air.

use super::life::countersign;
use super::seal::Seal;
use super::{Bench, DESTINATION, ORIGIN, ROAD, features};
use sealway_schemas::TransferId;
use sealway_schemas::command::Role;
use sealway_schemas::event::{AlertKind, TransferView};
use sealway_schemas::movement::{Arrow, MovementState, Punctuality};
use serde_json::{Value, json};

const AIR: &str = "air-xiy-pvg";
const PVG: &str = "airport-pvg";

/// The way on from the airport.
fn bench() -> Bench {
    let mut bench = Bench::new();
    for mut place in features(include_str!("../../world/places.geojson")).into_iter().filter(|place| place["id"] == PVG) {
        place["properties"]["operator"] = json!("xiy-cargo");
        bench.ok(Role::Customs, json!({"type": "put-place", "feature": place}));
    }
    for corridor in features(include_str!("../../world/corridors.geojson")).into_iter().filter(|corridor| corridor["id"] == AIR) {
        bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": corridor}));
    }
    bench
}

fn draft(id: &TransferId, seal: &Seal, legs: Value) -> Value {
    json!({"type": "draft-transfer", "transfer": id, "carrier": "silk-road-carrier", "unit": "LOOSE-1", "seal": seal.id,
           "origin": ORIGIN, "destination": PVG, "corridor": ROAD, "legs": legs})
}

fn both() -> Value {
    json!([{"mode": "road", "corridor": ROAD}, {"mode": "air", "corridor": AIR}])
}

fn released(bench: &mut Bench, seal: &mut Seal) -> TransferId {
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    bench.ok(Role::Carrier, draft(&id, seal, both()));
    bench.ok(Role::Carrier, json!({"type": "submit-transfer", "transfer": id}));
    bench.ok(Role::Customs, json!({"type": "accept-transfer", "transfer": id}));
    bench.bind_to(&id, "LOOSE-1", seal);
    bench.seal_up(seal);
    bench.ok(Role::Customs, countersign(&id, seal.id, 1));
    bench.ok(Role::Customs, json!({"type": "release-transfer", "transfer": id, "reason": "papers seen"}));
    id
}

/// A report a minute from the airport to the end of the flight, `aside` degrees north of the line in its middle.
fn fly(bench: &mut Bench, seal: &mut Seal, aside: f64) {
    let air = bench.core.atlas().corridor(&AIR.parse().unwrap()).unwrap().clone();
    for minute in 0..=87_u32 {
        bench.pass_s(60);
        let mut at = air.at_km((f64::from(minute) * 15.0).min(air.length_km())).unwrap();
        at.lat += if (40..45).contains(&minute) { aside } else { 0.0 };
        let bytes = seal.periodic(bench.now, at);
        bench.send(seal, &bytes);
    }
}

#[test]
fn legs_have_to_be_chained_and_of_the_mode_of_their_corridors() {
    let mut bench = bench();
    let seal = bench.enrol(1);
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let before = bench.core.fingerprint();
    for (legs, code) in [
        (json!([]), "corridor-elsewhere"),
        (json!([{"mode": "road", "corridor": ROAD}]), "legs-apart"),
        (json!([{"mode": "road", "corridor": ROAD}, {"mode": "road", "corridor": ROAD}]), "legs-apart"),
        (json!([{"mode": "rail", "corridor": ROAD}, {"mode": "air", "corridor": AIR}]), "leg-mode"),
        (json!([{"mode": "air", "corridor": AIR}]), "legs"),
        (json!([{"mode": "road", "corridor": ROAD}, {"mode": "air", "corridor": "air-nowhere"}]), "unknown-corridor"),
    ] {
        assert_eq!(bench.code(Role::Carrier, draft(&id, &seal, legs.clone())), code, "{legs}");
    }
    assert_eq!(bench.core.fingerprint(), before);
    let refusal = bench.refused(Role::Carrier, &draft(&id, &seal, json!([{"mode": "road", "corridor": ROAD}])));
    assert_eq!(refusal.detail, format!("the last leg ends at {DESTINATION}, expected {PVG}"));
}

#[test]
fn the_seal_is_followed_leg_by_leg_each_with_its_own_corridor_and_limit() {
    let mut bench = bench();
    let mut seal = bench.enrol(1);
    let id = released(&mut bench, &mut seal);
    let first = bench.transfer(&id);
    assert_eq!((first.leg, first.corridor.as_str(), first.legs[0].to.as_str()), (0, ROAD, DESTINATION));
    bench.drive(&mut seal, 0, 23);
    assert_eq!(bench.transfer(&id).leg, 0, "one fix in the airport may be an error of the receiver");
    bench.report_at(&mut seal, 23.9);
    let second = bench.transfer(&id);
    assert_eq!((second.state, second.leg, second.corridor.as_str()), (MovementState::InTransit, 1, AIR));
    assert!((second.length_km - 1_275.3).abs() < 13.0 && second.progress_km.is_none());
    assert!(second.due > first.due);
    let (ended, on) = (&second.legs[0], &second.legs[1]);
    assert_eq!((ended.due, ended.ended_at, ended.limit_ms), (first.due, Some(bench.now), first.limit_ms.unwrap()), "against its own limit");
    assert_eq!((on.due, on.ended_at, Some(on.limit_ms)), (second.due, None, second.limit_ms));
    assert_eq!((first.legs[1].due, first.legs[1].limit_ms), (None, on.limit_ms), "its clock had not begun");
    let arrival = |view: &TransferView| view.plan.iter().find(|step| step.arrow == Arrow::Arrive).map(|step| step.by);
    assert_eq!((arrival(&first), arrival(&second)), (Some(None), Some(second.due)), "no arrival by the limit of a leg before");
    bench.wait_s(5 * 3_600);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::OnTime, "the limit of the first leg is over with it");
    fly(&mut bench, &mut seal, 0.0);
    bench.ok(Role::Operator, json!({"type": "report-arrival", "transfer": id, "place": PVG}));
    assert_eq!((bench.state(&id), bench.transfer(&id).punctuality), (MovementState::Arrived, Punctuality::OnTime));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn the_watch_is_that_of_the_leg_and_a_late_leg_stays_a_flag() {
    let mut bench = bench();
    let mut seal = bench.enrol(1);
    let id = released(&mut bench, &mut seal);
    bench.drive(&mut seal, 0, 10);
    let due = bench.transfer(&id).due.unwrap();
    bench.wait_s(due.since(bench.now) / 1000 + 1);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Overdue);
    bench.drive(&mut seal, 11, 24);
    bench.report_at(&mut seal, 23.9);
    assert_eq!((bench.transfer(&id).leg, bench.transfer(&id).punctuality), (1, Punctuality::OnTime));
    // Ten kilometres aside are far off a road and well within an air route.
    fly(&mut bench, &mut seal, 0.09);
    assert!(!bench.alert_kinds().contains(&AlertKind::Deviation), "{:?}", bench.alert_kinds());
    bench.ok(Role::Operator, json!({"type": "report-arrival", "transfer": id, "place": PVG}));
    assert_eq!((bench.state(&id), bench.transfer(&id).punctuality), (MovementState::Arrived, Punctuality::Late));
}

#[test]
fn a_seal_in_a_plane_may_be_silent_for_the_flight_and_no_longer() {
    let mut bench = bench();
    let mut seal = bench.enrol(1);
    released(&mut bench, &mut seal);
    bench.drive(&mut seal, 0, 23);
    bench.report_at(&mut seal, 23.9);
    bench.pass_s(60);
    let started = bench.core.atlas().corridor(&AIR.parse().unwrap()).unwrap().at_km(15.0).unwrap();
    let bytes = seal.periodic(bench.now, started);
    bench.send(&seal, &bytes);
    let before = bench.alert_kinds();
    bench.wait_s(2 * 3_600);
    assert_eq!(bench.alert_kinds(), before, "a flight of 1,275 km and what is around it");
    bench.wait_s(4 * 3_600);
    assert_eq!(bench.alert_kinds(), [before, vec![AlertKind::Silence]].concat());
}
