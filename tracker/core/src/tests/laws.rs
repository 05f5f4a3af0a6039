//! Laws: the order of arrival leaves no trace, a replay makes the same state, nothing is bound twice.

use super::{Bench, declaration, findings, seal::Seal};
use crate::geometry::Position;
use crate::input::Input;
use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::Index;
use sealway_schemas::command::Role;
use sealway_schemas::event::MovementState;
use sealway_schemas::report::Event;
use sealway_schemas::{Time, TransferId};
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};

/// What happens at one kilometre of a run.
#[derive(Debug, Clone, Copy)]
enum Incident {
    Nothing,
    Off,
    Cut,
    Housing,
    Battery,
    Opened,
    Resealed,
    Jump,
}

fn incident() -> impl Strategy<Value = Incident> {
    use Incident::{Battery, Cut, Housing, Jump, Nothing, Off, Opened, Resealed};
    prop_oneof![
        30 => Just(Nothing),
        4 => Just(Off),
        1 => prop_oneof![Just(Cut), Just(Housing), Just(Battery), Just(Opened), Just(Resealed), Just(Jump)],
    ]
}

/// A sealed run along the road, a report a kilometre; the reports in counter order.
fn run(bench: &Bench, seal: &mut Seal, incidents: &[Incident]) -> Vec<Bytes> {
    let mut t = bench.now;
    let at = |km: f64| bench.road().at_km(km).unwrap();
    let mut reports = vec![seal.seal(t, at(0.0))];
    for (km, incident) in (0_u8..).zip(incidents) {
        t = t.plus_ms(60_000);
        reports.push(report(seal, t, at(f64::from(km)), *incident));
    }
    reports
}

fn report(seal: &mut Seal, t: Time, at: Position, incident: Incident) -> Bytes {
    let moved = |degrees: f64| Position { lat: at.lat + degrees, ..at };
    match incident {
        Incident::Nothing => seal.periodic(t, at),
        Incident::Off => seal.periodic(t, moved(0.01)),
        Incident::Cut => seal.make(t, Event::CableCut, Some(at), |_| {}),
        Incident::Housing => seal.make(t, Event::HousingOpened, Some(at), |_| {}),
        Incident::Battery => seal.make(t, Event::Periodic, Some(at), |draft| draft.battery = Some(9)),
        Incident::Opened => seal.open(t, Some(at), None),
        Incident::Resealed => seal.seal(t, at),
        Incident::Jump => seal.periodic(t, moved(1.0)),
    }
}

/// Delivers in the order given; what is refused for an unknown key is sent again, as a device does.
fn deliver(bench: &mut Bench, seal: &Seal, reports: Vec<Bytes>, pace_ms: u64) {
    let mut queue = VecDeque::from(reports);
    let mut refusals = 0;
    while let Some(bytes) = queue.pop_front() {
        match super::seal::try_verify(&mut bench.keyring, seal.id, &bytes) {
            Some(report) => {
                refusals = 0;
                bench.now = bench.now.plus_ms(pace_ms);
                bench.give(Input::Report(report));
            }
            None => {
                refusals += 1;
                queue.push_back(bytes);
                assert!(refusals <= queue.len(), "every key becomes known");
            }
        }
    }
}

fn shuffled(reports: &[Bytes], picks: &[Index]) -> Vec<Bytes> {
    let mut rest = reports.to_vec();
    let mut order: Vec<Bytes> = picks.iter().take(reports.len()).map(|pick| rest.remove(pick.index(rest.len()))).collect();
    order.extend(rest);
    order
}

fn declared() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.pass_s(60);
    (bench, seal, id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_arrival_ends_in_the_same_transfer_and_alerts(
        incidents in prop::collection::vec(incident(), 25..30),
        picks in prop::collection::vec(any::<Index>(), 31),
    ) {
        let (mut straight, mut seal, id) = declared();
        let reports = run(&straight, &mut seal, &incidents);
        deliver(&mut straight, &seal, reports.clone(), 0);

        let (mut mixed, _, _) = declared();
        deliver(&mut mixed, &seal, shuffled(&reports, &picks), 0);
        prop_assert_eq!(mixed.transfer(&id), straight.transfer(&id));
        prop_assert_eq!(findings(&mixed.core), findings(&straight.core));
        prop_assert_eq!(mixed.core.device(&seal.id).map(|device| device.last.map(|last| last.ctr)), straight.core.device(&seal.id).map(|device| device.last.map(|last| last.ctr)));
    }

    #[test]
    fn a_replay_of_the_log_makes_the_same_state(
        incidents in prop::collection::vec(incident(), 25..30),
        picks in prop::collection::vec(any::<Index>(), 20),
        pace_ms in prop_oneof![Just(0_u64), Just(1_000), Just(70_000), Just(700_000)],
        officer in any::<bool>(),
    ) {
        let (mut bench, mut seal, _) = declared();
        let reports = run(&bench, &mut seal, &incidents);
        let again = reports.clone();
        deliver(&mut bench, &seal, shuffled(&reports, &picks), pace_ms);
        bench.wait_s(900);
        deliver(&mut bench, &seal, again, pace_ms);
        if officer {
            let ids: Vec<_> = bench.core.alerts().map(|alert| alert.id).collect();
            for id in ids {
                bench.ok(Role::Customs, json!({"type": "acknowledge-alert", "alert": id, "note": null}));
            }
        }
        bench.wait_s(10_000);
        let replayed = bench.replayed();
        prop_assert_eq!(&replayed, &bench.core);
        prop_assert_eq!(replayed.fingerprint(), bench.core.fingerprint());
    }

    #[test]
    fn no_seal_and_no_unit_is_bound_twice(steps in prop::collection::vec((0_u8..7, 0_u8..3, 0_u8..3), 1..40)) {
        let mut bench = Bench::new();
        bench.let_through();
        let mut seals: Vec<Seal> = (1..=3).map(|seed| bench.enrol(seed)).collect();
        for (serial, (action, seal, unit)) in (0_u8..).zip(steps) {
            bench.pass_s(60);
            act(&mut bench, &mut seals[usize::from(seal)], serial, action, unit);
            let active: Vec<_> = bench.core.transfers().filter(|transfer| transfer.state != MovementState::Cancelled).collect();
            let seals: BTreeSet<_> = active.iter().map(|transfer| transfer.seal).collect();
            let units: BTreeSet<_> = active.iter().map(|transfer| transfer.unit.clone()).collect();
            prop_assert_eq!((seals.len(), units.len()), (active.len(), active.len()));
        }
    }
}

fn act(bench: &mut Bench, seal: &mut Seal, serial: u8, action: u8, unit: u8) {
    match action {
        0..=2 => {
            let id = TransferId::new(26, "CN", &format!("XA{serial:011}")).unwrap();
            let _taken = bench.command(Role::Carrier, &declaration(&id, seal, &format!("LOOSE-{unit}")));
        }
        3 => {
            bench.seal_up(seal);
            for km in [0, 5, 12, 23, 24, 24] {
                bench.pass_s(600);
                bench.report_at(seal, f64::from(km));
            }
        }
        4 => {
            let mut reborn = Seal::new(100 + serial, bench.now);
            reborn.id = seal.id;
            if bench.command(Role::Carrier, &json!({"type": "revoke-device", "device": seal.id, "reason": "worn"})).is_ok() {
                bench.ok(Role::Carrier, reborn.enrolment("silk-road-carrier"));
                *seal = reborn;
            }
        }
        5 => {
            let bound = bench.core.device(&seal.id).and_then(|device| device.transfer);
            let cancel = |id| json!({"type": "cancel-transfer", "transfer": id, "reason": "sent back"});
            bound.into_iter().for_each(|id| drop(bench.ok(Role::Customs, cancel(id))));
        }
        _ => bench.wait_s(1_000),
    }
}
