//! Binding: the carrier binds, the device proves, customs countersigns; one active binding for each seal and each unit.

use super::life::countersign;
use super::seal::Seal;
use super::{Bench, DESTINATION, ORIGIN, ROAD, signer, told};
use crate::geometry::Position;
use crate::transfer::Bond;
use crate::{CommandReceipt, CommandRefusal};
use proptest::prelude::*;
use sealway_schemas::TransferId;
use sealway_schemas::binding::BindingView;
use sealway_schemas::command::Role;
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{By, MovementState};
use sealway_schemas::report::{Event, Gap, GapReason};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const CARRIERS: [&str; 2] = ["silk-road-carrier", "other-carrier"];

fn draft(serial: u8, carrier: &str, (seal, unit): (&Seal, &str)) -> (TransferId, Value) {
    let id = TransferId::new(26, "CN", &format!("XA{serial:011}")).unwrap();
    let body = json!({"type": "draft-transfer", "transfer": id, "carrier": carrier, "unit": unit, "seal": seal.id,
                      "origin": ORIGIN, "destination": DESTINATION, "corridor": ROAD});
    (id, body)
}

fn bind(id: &TransferId, unit: &str, seal: &Seal) -> Value {
    json!({"type": "bind-seal", "transfer": id, "unit": unit, "seal": seal.id, "mechanical": []})
}

impl Bench {
    fn as_carrier(&mut self, carrier: &str, body: &Value) -> Result<CommandReceipt, CommandRefusal> {
        let mut by = signer(Role::Carrier);
        by.party = carrier.parse().unwrap();
        self.keys += 1;
        self.command_by(by, &format!("c-{}", self.keys), body)
    }

    fn seal_of(&mut self, seed: u8, carrier: &str) -> Seal {
        let seal = Seal::new(seed, self.now);
        self.as_carrier(carrier, &seal.enrolment(carrier)).unwrap();
        seal
    }

    fn start(&self) -> Position {
        self.road().at_km(0.0).unwrap()
    }
}

#[test]
fn two_carriers_that_bind_in_the_same_moment_get_it_once() {
    let mut bench = Bench::new();
    let (ours, theirs) = (bench.seal_of(1, CARRIERS[0]), bench.seal_of(2, CARRIERS[1]));
    let (first, body) = draft(1, CARRIERS[0], (&ours, "CSQU3054383"));
    bench.as_carrier(CARRIERS[0], &body).unwrap();
    let (second, body) = draft(2, CARRIERS[1], (&theirs, "CSQU3054383"));
    bench.as_carrier(CARRIERS[1], &body).unwrap();
    bench.as_carrier(CARRIERS[0], &bind(&first, "CSQU3054383", &ours)).unwrap();
    let before = bench.core.fingerprint();
    let refusal = bench.as_carrier(CARRIERS[1], &bind(&second, "CSQU3054383", &ours)).unwrap_err();
    assert_eq!(refusal.code, "not-yours", "another's seal");
    let refusal = bench.as_carrier(CARRIERS[1], &bind(&second, "CSQU3054383", &theirs)).unwrap_err();
    let detail = format!("unit CSQU3054383: bound to transfer {first}, expected a unit without an active transfer");
    assert_eq!((refusal.code, refusal.detail), ("unit-bound", detail));
    let (third, body) = draft(3, CARRIERS[0], (&ours, "LOOSE-3"));
    bench.as_carrier(CARRIERS[0], &body).unwrap();
    assert_eq!(bench.as_carrier(CARRIERS[0], &bind(&third, "LOOSE-3", &ours)).unwrap_err().code, "seal-bound");
    assert_ne!(bench.core.fingerprint(), before, "only the third draft was taken");
    assert_eq!(bench.core.device(&ours.id).unwrap().transfer, Some(first));
}

fn assess(tier: &str) -> Value {
    json!({"type": "assess-carrier", "carrier": "silk-road-carrier", "tier": tier, "reason": "audited"})
}

/// Accepted and closed, under an order that countersigns for carriers of low risk.
fn under_order() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let order =
        json!({"type": "put-standing-order", "order": "low-risk", "carrier": null, "origin": null, "tier": "low", "arrows": ["seal"]});
    bench.ok(Role::Customs, order);
    let id = bench.accepted(&seal);
    bench.seal_up(&mut seal);
    (bench, seal, id)
}

#[test]
fn a_standing_order_countersigns_for_the_tier_of_risk_that_it_names() {
    let (mut bench, mut seal, id) = under_order();
    assert_eq!(bench.state(&id), MovementState::Accepted, "a carrier that was not assessed is in no tier");
    assert_eq!(bench.code(Role::Carrier, assess("low")), "role-forbids");
    assert_eq!(
        bench.code(Role::Customs, json!({"type": "assess-carrier", "carrier": "xiy-cargo", "tier": "low", "reason": "r"})),
        "unknown-party"
    );
    bench.ok(Role::Customs, assess("medium"));
    bench.report_at(&mut seal, 0.0);
    assert_eq!(bench.state(&id), MovementState::Accepted);
    bench.ok(Role::Customs, assess("low"));
    bench.report_at(&mut seal, 0.0);
    let named = By::Order { order: "low-risk".to_owned(), officer: "customs-1".parse().unwrap() };
    assert_eq!((bench.state(&id), bench.transfer(&id).changed_by), (MovementState::Sealed, named.clone()));
    let view: BindingView = told(&bench);
    assert_eq!(view.seals[0].epochs[0].countersigned_by, Some(named));
}

#[test]
fn outside_the_origin_no_standing_order_countersigns() {
    let (mut bench, mut seal, id) = under_order();
    bench.drive(&mut seal, 3, 5);
    bench.ok(Role::Customs, assess("low"));
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "driver heard"}));
    bench.drive(&mut seal, 6, 7);
    assert_eq!(bench.state(&id), MovementState::Accepted);
    bench.ok(Role::Customs, countersign(&id, seal.id, 1));
    assert_eq!(bench.state(&id), MovementState::Sealed, "an officer may");
}

#[test]
fn a_seal_that_was_opened_again_is_not_countersigned() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.accepted(&seal);
    bench.seal_up(&mut seal);
    let opened = seal.open(bench.now, Some(bench.start()), None);
    bench.send(&seal, &opened);
    let refusal = bench.refused(Role::Customs, &countersign(&id, seal.id, 1));
    assert_eq!(refusal.step.unwrap().missing, ["closed-seal"]);
}

#[test]
fn a_seal_that_is_closed_anew_after_the_countersign_is_alarmed_and_needs_another_one() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.accepted(&seal);
    bench.seal_up(&mut seal);
    bench.ok(Role::Customs, countersign(&id, seal.id, 1));
    bench.seal_up(&mut seal);
    assert_eq!(bench.alert_kinds(), [AlertKind::EpochChanged]);
    let release = json!({"type": "release-transfer", "transfer": id, "reason": "papers seen"});
    assert_eq!(bench.refused(Role::Customs, &release).step.unwrap().missing, ["countersigned-epoch"]);
    assert_eq!(bench.code(Role::Customs, countersign(&id, seal.id, 1)), "another-sealing");
    bench.ok(Role::Customs, countersign(&id, seal.id, 2));
    assert_eq!(bench.refused(Role::Customs, &countersign(&id, seal.id, 2)).code, "arrow-illegal", "signed once");
    bench.ok(Role::Customs, release);
    assert_eq!(bench.state(&id), MovementState::Released);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn resealing_keeps_the_chain_of_seals_and_epochs_in_order() {
    let mut bench = Bench::new();
    let (mut seal, mut spare) = (bench.enrol(1), bench.enrol(2));
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    let cut = bench.now;
    let at = bench.road().at_km(5.0).unwrap();
    let opened = seal.open(cut, Some(at), None);
    bench.send(&seal, &opened);
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "seal-broken", "note": "hit by a forklift"}));
    let elsewhere = json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-9", "seal": spare.id, "mechanical": []});
    assert_eq!(bench.code(Role::Carrier, elsewhere), "unit-elsewhere");
    bench.pass_s(600);
    bench.bind_to(&id, "LOOSE-1", &spare);
    let sealed = spare.seal(bench.now, at);
    bench.send(&spare, &sealed);
    bench.pass_s(60);
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "new seal seen"}));
    let view: BindingView = told(&bench);
    let links: Vec<_> = view.seals.iter().map(|link| (link.seal, link.unbound_at.is_none(), link.mechanical.len())).collect();
    assert_eq!(links, [(seal.id, false, 1), (spare.id, true, 1)]);
    let officer = By::User(signer(Role::Customs).user);
    let epochs: Vec<_> = view.seals.iter().flat_map(|link| &link.epochs).map(|e| (e.epoch, e.until, e.countersigned_by.clone())).collect();
    assert_eq!(epochs, [(1, Some(cut), Some(officer.clone())), (1, None, Some(officer))]);
    assert_eq!(view.seals[1].epochs[0].since, bench.now, "from the officer's word on");
}

/// Leaves a hole that is told, or a second version of a report.
fn spoil(bench: &mut Bench, seal: &mut Seal, clone: bool) {
    let at = bench.road().at_km(5.0).unwrap();
    bench.pass_s(60);
    if clone {
        let other = seal.fork(bench.now, Event::Periodic, Some(at), |draft| draft.battery = Some(50));
        let own = seal.periodic(bench.now, at);
        bench.send(seal, &own);
        bench.send(seal, &other);
        return;
    }
    let _lost = seal.periodic(bench.now, at);
    let lost = seal.ctr;
    let gap = Gap { from: lost, to: lost, reason: GapReason::RingFull };
    let told = seal.make(bench.now, Event::Gap, Some(at), |draft| draft.gap = Some(gap));
    bench.send(seal, &told);
}

#[test]
fn a_new_seal_does_not_cover_what_the_one_before_it_left_open() {
    for clone in [false, true] {
        let mut bench = Bench::new();
        let (mut seal, mut spare) = (bench.enrol(1), bench.enrol(2));
        let id = bench.released(&mut seal);
        bench.drive(&mut seal, 0, 5);
        spoil(&mut bench, &mut seal, clone);
        bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "seal-broken", "note": "hit by a forklift"}));
        bench.bind_to(&id, "LOOSE-1", &spare);
        let at = bench.road().at_km(5.0).unwrap();
        let sealed = spare.seal(bench.now, at);
        bench.send(&spare, &sealed);
        let resume = json!({"type": "resume-transfer", "transfer": id, "note": "new seal seen"});
        assert_eq!(bench.refused(Role::Customs, &resume).step.unwrap().missing, ["whole-custody"]);
        let revoke = json!({"type": "revoke-device", "device": seal.id, "reason": "broken"});
        assert_eq!(bench.code(Role::Carrier, revoke.clone()), "seal-in-custody", "it is evidence");
        bench.ok(Role::Customs, revoke);
        bench.ok(Role::Customs, json!({"type": "lift-quarantine", "device": seal.id, "reason": "goods counted"}));
        bench.ok(Role::Customs, resume);
        assert_eq!(bench.state(&id), MovementState::InTransit);
        assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
    }
}

#[test]
fn a_seal_that_is_closed_anew_does_not_cover_its_own_hole() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    spoil(&mut bench, &mut seal, false);
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "ditch"}));
    let at = bench.road().at_km(5.0).unwrap();
    let sealed = seal.seal(bench.now, at);
    bench.send(&seal, &sealed);
    let resume = json!({"type": "resume-transfer", "transfer": id, "note": "closed again"});
    assert_eq!(bench.refused(Role::Customs, &resume).step.unwrap().missing, ["whole-custody"]);
    bench.ok(Role::Customs, json!({"type": "lift-quarantine", "device": seal.id, "reason": "goods counted"}));
    bench.ok(Role::Customs, resume);
}

#[test]
fn goods_that_were_transferred_go_on_in_another_unit() {
    let mut bench = Bench::new();
    let (mut seal, spare) = (bench.enrol(1), bench.enrol(2));
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "goods-transferred", "note": "axle broken"}));
    let into = |unit: &str| json!({"type": "bind-seal", "transfer": id, "unit": unit, "seal": spare.id, "mechanical": []});
    assert_eq!(bench.code(Role::Carrier, into("CSQU3054384")), "unit-check-digit");
    bench.ok(Role::Carrier, into("CSQU3054383"));
    assert_eq!(bench.transfer(&id).unit, "CSQU3054383");
    let (other, body) = draft(2, CARRIERS[0], (&seal, "LOOSE-1"));
    bench.ok(Role::Carrier, body);
    bench.bind_to(&other, "LOOSE-1", &seal);
    let view: BindingView = told(&bench);
    assert_eq!((view.transfer, view.seals.len()), (other, 1), "the truck that was left is free");
}

#[test]
fn a_mechanical_seal_has_a_number_of_its_own() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    let with = |numbers: Vec<&str>| {
        let seals: Vec<Value> = numbers.iter().map(|number| json!({"number": number, "class": "H"})).collect();
        json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-1", "seal": seal.id, "mechanical": seals})
    };
    for (numbers, code) in [
        (vec![""], "mechanical-seal"),
        (vec!["A B"], "mechanical-seal"),
        (vec!["A", "A"], "mechanical-seal"),
        (vec!["A"; 9], "too-many-seals"),
    ] {
        assert_eq!(bench.code(Role::Carrier, with(numbers.clone())), code, "{numbers:?}");
    }
    bench.ok(Role::Carrier, with(vec!["HS-1", "HS-2"]));
}

/// How often each unit and each seal is bound now, and whether every chain holds at most at its end.
fn check_bonds(bench: &Bench) -> Result<(), TestCaseError> {
    let (mut units, mut seals): (BTreeMap<String, usize>, BTreeMap<_, usize>) = Default::default();
    for (ix, transfer) in bench.core.transfers.iter() {
        let links = transfer.chain.seals();
        let open = links.iter().filter(|link| link.unbound_at.is_none()).count();
        prop_assert_eq!(open, usize::from(transfer.bond == Bond::Active), "{:?}", links);
        prop_assert!(links.iter().rev().skip(1).all(|link| link.unbound_at.is_some()));
        let epochs: Vec<_> = links.iter().flat_map(|link| &link.epochs).collect();
        prop_assert!(epochs.iter().rev().skip(1).all(|epoch| epoch.until.is_some()));
        prop_assert!(epochs.iter().all(|epoch| epoch.until.is_none_or(|until| until >= epoch.since)));
        if transfer.bond == Bond::Active {
            *seals.entry(transfer.seal).or_default() += 1;
            bench.core.units_of(ix).into_iter().for_each(|unit| *units.entry(unit).or_default() += 1);
        }
    }
    prop_assert!(seals.values().all(|count| *count == 1), "{seals:?}");
    prop_assert!(units.values().all(|count| *count == 1), "{units:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Three drafts of two carriers want two seals, one unit, and one smaller unit in it.
    #[test]
    fn no_order_of_commands_binds_a_seal_or_a_unit_twice(asked in prop::collection::vec((0_u8..8, 0_usize..3, 0_usize..2), 1..40)) {
        let mut bench = Bench::new();
        let mut seals = [bench.seal_of(1, CARRIERS[0]), bench.seal_of(2, CARRIERS[1])];
        let drafts = [(1, CARRIERS[0], "LOOSE-1"), (2, CARRIERS[1], "LOOSE-1"), (3, CARRIERS[1], "LOOSE-3")];
        let ids = drafts.map(|(serial, carrier, unit)| {
            let (id, body) = draft(serial, carrier, (&seals[0], unit));
            bench.as_carrier(carrier, &body).unwrap();
            id
        });
        for (what, of, with) in asked {
            let (id, (_, carrier, unit)) = (&ids[of], drafts[of]);
            let seal = seals[with].id;
            let body = match what {
                0 => json!({"type": "submit-transfer", "transfer": id}),
                1 => json!({"type": "accept-transfer", "transfer": id}),
                2 => bind(id, unit, &seals[with]),
                3 => json!({"type": "unbind-seal", "transfer": id, "seal": seal, "reason": "r"}),
                4 => super::cargo::declare(id, &super::cargo::in_a_uld("AKE12345MU")),
                5 => countersign(id, seal, seals[with].epoch),
                6 => json!({"type": "cancel-transfer", "transfer": id, "reason": "r"}),
                _ => {
                    let mut seal = seals[with].clone();
                    bench.seal_up(&mut seal);
                    seals[with] = seal;
                    continue;
                }
            };
            let before = bench.core.fingerprint();
            let taken = if [1, 5].contains(&what) { bench.command(Role::Customs, &body) } else { bench.as_carrier(carrier, &body) };
            prop_assert!(taken.is_ok() || bench.core.fingerprint() == before, "a refused command changes nothing");
            check_bonds(&bench)?;
        }
        prop_assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
    }
}
