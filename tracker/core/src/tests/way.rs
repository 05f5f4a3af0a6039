//! What is watched along the way, beside the corridor itself: stops, waypoints, the truck, the receiver, the sealing in the origin.

use super::{Bench, ROAD, seal::Seal};
use crate::geometry::Position;
use sealway_schemas::TransferId;
use sealway_schemas::command::Role;
use sealway_schemas::event::AlertKind;
use sealway_schemas::report::{Event, Status};
use serde_json::{Value, json};

fn under_way(marks: &[(&str, Value)]) -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut corridor = bench.core.corridor(&ROAD.parse().unwrap()).unwrap().feature;
    for (name, value) in marks {
        corridor["properties"][*name] = value.clone();
    }
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": corridor}));
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 10);
    (bench, seal, id)
}

fn stand(bench: &mut Bench, seal: &mut Seal, km: f64, minutes: u32) {
    for _ in 0..minutes / 4 {
        bench.pass_s(240);
        bench.report_at(seal, km);
    }
}

#[test]
fn one_may_stand_longer_where_it_is_allowed_and_not_for_ever() {
    let stops = [("stops", json!([[10.5, 11.5, 60]]))];
    let (mut bench, mut seal, _) = under_way(&stops);
    stand(&mut bench, &mut seal, 11.0, 56);
    assert_eq!(bench.alert_kinds(), []);
    stand(&mut bench, &mut seal, 11.0, 16);
    assert_eq!(bench.only_alert().kind, AlertKind::Overstay);
    bench.drive(&mut seal, 12, 13);
    assert!(bench.only_alert().cleared_at.is_some());

    let (mut bench, mut seal, _) = under_way(&stops);
    stand(&mut bench, &mut seal, 12.0, 40);
    assert_eq!(bench.only_alert().kind, AlertKind::StopOutsidePlace);
}

#[test]
fn a_waypoint_is_passed_or_missed() {
    for (aside_m, expected) in [(0.0, vec![]), (100.0, vec![AlertKind::WaypointMissed])] {
        let (mut bench, mut seal, _) = under_way(&[("waypoints", json!([[15.5, 60]]))]);
        for km in 11..=20 {
            bench.pass_s(60);
            let on = bench.road().at_km(f64::from(km)).unwrap();
            let at = Position { lat: on.lat + aside_m / 111_195.0, lon: on.lon + aside_m / 91_000.0 };
            let bytes = seal.periodic(bench.now, at);
            bench.send(&seal, &bytes);
        }
        assert_eq!(bench.alert_kinds(), expected, "{aside_m} m aside");
    }
}

fn truck(bench: &Bench, id: &TransferId, km: f64) -> Value {
    let at = bench.road().at_km(km).unwrap();
    json!({"type": "report-truck", "transfer": id, "at": bench.now, "lat": at.lat, "lon": at.lon})
}

#[test]
fn a_truck_that_drives_off_without_the_seal_is_a_check_and_with_a_lost_mount_a_removal() {
    let (mut bench, mut seal, id) = under_way(&[]);
    for km in [10.2, 22.0, 10.1, 22.0] {
        let body = truck(&bench, &id, km);
        bench.ok(Role::Carrier, body);
    }
    assert_eq!(bench.alert_kinds(), [], "one position may be wrong");
    let far = truck(&bench, &id, 22.0);
    bench.ok(Role::Carrier, far.clone());
    assert_eq!(bench.only_alert().kind, AlertKind::TruckDrift);
    let near = truck(&bench, &id, 10.0);
    bench.ok(Role::Carrier, near);
    assert!(bench.only_alert().cleared_at.is_some());

    let at = bench.road().at_km(10.0);
    let mounted = |on: bool| {
        move |draft: &mut sealway_schemas::report::ReportDraft| {
            let bits = draft.status.bits();
            let bits = if on { bits | Status::MOUNT_PRESENT } else { bits & !Status::MOUNT_PRESENT };
            draft.status = Status::new(bits).unwrap();
        }
    };
    for (event, on) in [(Event::Periodic, true), (Event::MountLost, false)] {
        bench.pass_s(10);
        let bytes = seal.make(bench.now, event, at, mounted(on));
        bench.send(&seal, &bytes);
    }
    for _ in 0..2 {
        let far = truck(&bench, &id, 22.0);
        bench.ok(Role::Carrier, far);
    }
    assert!(bench.alert_kinds().contains(&AlertKind::DeviceRemoved), "{:?}", bench.alert_kinds());
    let mut nowhere = truck(&bench, &id, 10.0);
    nowhere["lat"] = json!(91.0);
    assert_eq!(bench.code(Role::Carrier, nowhere), "truck-position");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_made_up_position_is_red_by_two_kinds_of_signs() {
    let (mut bench, mut seal, _) = under_way(&[]);
    let strong = |draft: &mut sealway_schemas::report::ReportDraft| {
        if let Some(fix) = &mut draft.fix {
            fix.cn0_ddbhz = 580;
        }
    };
    bench.pass_s(60);
    let at = bench.road().at_km(11.0);
    let bytes = seal.make(bench.now, Event::Periodic, at, strong);
    bench.send(&seal, &bytes);
    assert_eq!(bench.alert_kinds(), [AlertKind::SpoofingSuspected]);
    bench.pass_s(60);
    let away = at.map(|at| Position { lat: at.lat + 2.0, ..at });
    let bytes = seal.make(bench.now, Event::Periodic, away, strong);
    bench.send(&seal, &bytes);
    assert!(bench.alert_kinds().contains(&AlertKind::Spoofing), "{:?}", bench.alert_kinds());
}

#[test]
fn a_seal_that_is_put_on_again_after_the_countersign_is_red_unless_an_order_countersigns() {
    for (order, expected) in [(true, vec![]), (false, vec![AlertKind::EpochChanged])] {
        let mut bench = Bench::new();
        let mut seal = bench.enrol(1);
        if order {
            bench.declare(1, &seal);
            bench.seal_up(&mut seal);
        } else {
            bench.released(&mut seal);
        }
        bench.seal_up(&mut seal);
        assert_eq!(bench.alert_kinds(), expected);
    }
}
