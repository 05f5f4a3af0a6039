//! The life of a drafted transfer: who lets it go on, what holds it, and how it gets out again.

use super::{Bench, DESTINATION, ORIGIN, ROAD, told};
use crate::tests::seal::Seal;
use crate::transfer::Bond;
use crate::{CommandRefusal, Effect, Row};
use proptest::prelude::*;
use sealway_schemas::command::Role;
use sealway_schemas::event::AlertKind;
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState, Punctuality, StepView};
use sealway_schemas::record::{InspectionRuleView, Recorded, StandingOrderView};
use sealway_schemas::{DeviceId, TransferId};
use serde_json::{Value, json};

impl Bench {
    pub(super) fn draft(&mut self, serial: u8, seal: &Seal) -> TransferId {
        let id = TransferId::new(26, "CN", &format!("XA{serial:011}")).unwrap();
        let draft = json!({"type": "draft-transfer", "transfer": id, "carrier": "silk-road-carrier", "unit": format!("LOOSE-{serial}"),
                           "seal": seal.id, "origin": ORIGIN, "destination": DESTINATION, "corridor": ROAD});
        self.ok(Role::Carrier, draft);
        id
    }

    pub(super) fn bind_to(&mut self, id: &TransferId, unit: &str, seal: &Seal) {
        self.ok(
            Role::Carrier,
            json!({"type": "bind-seal", "transfer": id, "unit": unit, "seal": seal.id, "mechanical": [
            {"number": "HS-1", "class": "H"}]}),
        );
    }

    /// Drafted, submitted, accepted and bound.
    pub(super) fn accepted(&mut self, seal: &Seal) -> TransferId {
        let id = self.draft(1, seal);
        self.ok(Role::Carrier, json!({"type": "submit-transfer", "transfer": id}));
        self.ok(Role::Customs, json!({"type": "accept-transfer", "transfer": id}));
        self.bind_to(&id, "LOOSE-1", seal);
        id
    }

    pub(super) fn sealed(&mut self, seal: &mut Seal) -> TransferId {
        let id = self.accepted(seal);
        self.seal_up(seal);
        self.ok(Role::Customs, countersign(&id, seal.id, 1));
        id
    }

    pub(super) fn released(&mut self, seal: &mut Seal) -> TransferId {
        let id = self.sealed(seal);
        self.ok(Role::Customs, json!({"type": "release-transfer", "transfer": id, "reason": "papers seen"}));
        id
    }

    pub(super) fn refused(&mut self, role: Role, body: &Value) -> CommandRefusal {
        self.command(role, body).unwrap_err()
    }

    pub(super) fn steps(&self) -> Vec<StepView> {
        self.records()
    }

    /// The records of a kind, in the order in which they were told.
    pub(super) fn records<T: Recorded>(&self) -> Vec<T> {
        let record = |effect: &Effect| match effect {
            Effect::Row(row) => match row.as_ref() {
                Row::Record(record) if record.kind == T::KIND => Some(serde_json::from_value(record.body.clone()).unwrap()),
                _ => None,
            },
            _ => None,
        };
        self.effects.iter().filter_map(record).collect()
    }
}

pub(super) fn countersign(id: &TransferId, seal: DeviceId, epoch: u64) -> Value {
    json!({"type": "countersign-seal", "transfer": id, "seal": seal, "epoch": epoch})
}

#[test]
fn a_draft_goes_under_way_with_one_named_signer_on_every_arrow() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 3);
    assert_eq!(bench.state(&id), MovementState::InTransit);
    let steps = bench.steps();
    let (carrier, officer) = (By::User("carrier-1".parse().unwrap()), By::User("customs-1".parse().unwrap()));
    let arrows: Vec<_> = steps.iter().map(|step| step.arrow).collect();
    assert_eq!(arrows, [Arrow::Declare, Arrow::Accept, Arrow::Seal, Arrow::Release, Arrow::Depart]);
    let signers: Vec<_> = steps.iter().take(4).map(|step| step.by.clone()).collect();
    assert_eq!(signers, [carrier, officer.clone(), officer.clone(), officer]);
    assert!(matches!(steps[4].by, By::Seal { device, .. } if device == seal.id));
    assert!(steps.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].number + 1 == pair[1].number));
    assert_eq!(bench.alert_kinds(), []);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn an_arrow_that_does_not_start_here_is_refused_with_the_state_and_the_arrow() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    let refusal = bench.refused(Role::Customs, &json!({"type": "release-transfer", "transfer": id, "reason": "r"}));
    let step = refusal.step.unwrap();
    assert_eq!((refusal.code, step.state, step.arrow), ("arrow-illegal", MovementState::Draft, Arrow::Release));
}

#[test]
fn a_countersign_names_everything_that_is_missing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.accepted(&seal);
    bench.ok(Role::Customs, json!({"type": "hold-transfer", "transfer": id, "reason": "risk"}));
    bench.pass_s(601);
    let refusal = bench.refused(Role::Customs, &countersign(&id, seal.id, 1));
    assert_eq!(refusal.step.unwrap().missing, ["no-hold", "sealed-inside-origin", "fresh-report"]);
    bench.seal_up(&mut seal);
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "looked into"}));
    assert_eq!(bench.code(Role::Customs, countersign(&id, seal.id, 2)), "another-sealing");
    bench.ok(Role::Customs, countersign(&id, seal.id, 1));
    assert_eq!(bench.state(&id), MovementState::Sealed);
}

#[test]
fn leaving_unreleased_is_held_and_alarmed_and_an_officer_brings_it_back() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.accepted(&seal);
    bench.seal_up(&mut seal);
    bench.ok(Role::Customs, countersign(&id, seal.id, 1));
    bench.drive(&mut seal, 0, 4);
    assert_eq!(bench.state(&id), MovementState::Sealed);
    let hold = &bench.transfer(&id).holds[0];
    assert_eq!((hold.reason, hold.found.clone()), (HoldReason::UnreleasedDeparture, Some(HoldFinding::LeftUnreleased)));
    assert_eq!(bench.only_alert().kind, AlertKind::UnreleasedDeparture);
    let release = json!({"type": "release-transfer", "transfer": id, "reason": "papers seen"});
    assert_eq!(bench.refused(Role::Customs, &release).step.unwrap().missing, ["no-hold"]);
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "driver heard"}));
    bench.ok(Role::Customs, release);
    assert_eq!(bench.state(&id), MovementState::InTransit, "it is under way already");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_standing_order_lets_through_in_its_officers_name() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.let_through();
    let id = bench.draft(1, &seal);
    bench.bind_to(&id, "LOOSE-1", &seal);
    bench.ok(Role::Carrier, json!({"type": "submit-transfer", "transfer": id}));
    assert_eq!(bench.state(&id), MovementState::Accepted);
    bench.seal_up(&mut seal);
    assert_eq!(bench.state(&id), MovementState::Released);
    let named = By::Order { order: "low-risk".to_owned(), officer: "customs-1".parse().unwrap() };
    assert_eq!(bench.transfer(&id).changed_by, named);
    assert_eq!(bench.code(Role::Customs, json!({"type": "remove-standing-order", "order": "other"})), "unknown-order");
    let verify = json!({"type": "put-standing-order", "order": "o", "carrier": null, "origin": null, "arrows": ["verify"]});
    assert_eq!(bench.code(Role::Customs, verify), "order-arrow");
}

#[test]
fn a_standing_order_is_listed_for_officers_alone_and_stays_listed_when_it_is_removed() {
    let mut bench = Bench::new();
    bench.let_through();
    let put_at = bench.now;
    let view: StandingOrderView = told(&bench);
    assert_eq!((view.order.as_str(), view.officer.as_str(), view.put_at, view.removed_at), ("low-risk", "customs-1", put_at, None));
    assert_eq!(view.arrows, [Arrow::Accept, Arrow::Seal, Arrow::Release]);
    bench.pass_s(60);
    bench.ok(Role::Customs, json!({"type": "remove-standing-order", "order": "low-risk"}));
    let view: StandingOrderView = told(&bench);
    assert_eq!((view.put_at, view.removed_at, view.removed_by), (put_at, Some(bench.now), Some("customs-1".parse().unwrap())));
    bench.ok(Role::Customs, json!({"type": "put-inspection-rule", "permille": 30, "salt": hex::encode([3; 32])}));
    let view: InspectionRuleView = told(&bench);
    assert_eq!((view.permille, view.put_by.as_str()), (30, "customs-1"));
    let shown = |effect: &Effect| match effect {
        Effect::Event(event) => Some((event.visible_to.clone(), format!("{:?}", event.change))),
        _ => None,
    };
    let rules: Vec<_> =
        bench.effects.iter().filter_map(shown).filter(|(_, change)| change.contains("rule") || change.contains("order")).collect();
    assert_eq!(rules.len(), 3);
    assert!(rules.iter().all(|(seen, _)| *seen == ["xian-customs".parse().unwrap()]), "{rules:?}");
    assert!(!rules.iter().any(|(_, change)| change.contains(&hex::encode([3; 32]))), "the salt is nobody's");
}

#[test]
fn an_incident_goes_on_under_a_new_seal_and_the_chain_stays() {
    let mut bench = Bench::new();
    let (mut seal, mut spare) = (bench.enrol(1), bench.enrol(2));
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "seal-broken", "note": "hit by a forklift"}));
    assert_eq!(bench.state(&id), MovementState::Incident);
    bench.bind_to(&id, "LOOSE-1", &spare);
    let resume = json!({"type": "resume-transfer", "transfer": id, "note": "new seal seen"});
    assert_eq!(bench.refused(Role::Customs, &resume).step.unwrap().missing, ["closed-seal"]);
    let at = bench.road().at_km(5.0).unwrap();
    let sealed = spare.seal(bench.now, at);
    bench.send(&spare, &sealed);
    bench.ok(Role::Customs, resume);
    assert_eq!((bench.state(&id), bench.transfer(&id).seal), (MovementState::InTransit, spare.id));
    bench.drive(&mut spare, 6, 8);
    assert_eq!(bench.alert_kinds(), [AlertKind::IncidentReported]);
    assert_eq!(bench.core.device(&seal.id).unwrap().transfer, None);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_seal_that_two_drafts_want_is_bound_to_the_first() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let (first, second) = (bench.draft(1, &seal), bench.draft(2, &seal));
    bench.bind_to(&first, "LOOSE-1", &seal);
    let bind = json!({"type": "bind-seal", "transfer": second, "unit": "LOOSE-2", "seal": seal.id, "mechanical": []});
    assert_eq!(bench.code(Role::Carrier, bind.clone()), "seal-bound");
    bench.ok(Role::Carrier, json!({"type": "unbind-seal", "transfer": first, "seal": seal.id, "reason": "wrong truck"}));
    bench.ok(Role::Carrier, bind);
    assert_eq!(bench.core.device(&seal.id).unwrap().transfer, Some(second));
}

#[test]
fn a_carrier_cancels_before_release_and_an_officer_later() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    let cancel = json!({"type": "cancel-transfer", "transfer": id, "reason": "not sold"});
    assert_eq!(bench.code(Role::Carrier, cancel.clone()), "role-forbids");
    bench.ok(Role::Customs, cancel);
    assert_eq!(bench.state(&id), MovementState::Cancelled);
    assert_eq!(bench.core.device(&seal.id).unwrap().transfer, None);
}

#[test]
fn a_transfer_that_does_not_arrive_is_overdue_then_enquired_then_recovered() {
    const DAY_S: u64 = 86_400;
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    let due = bench.transfer(&id).due.unwrap();
    bench.wait_s(due.since(bench.now) / 1000 - 1);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::OnTime);
    let reply = json!({"type": "reply-enquiry", "transfer": id, "reply": "the bridge was closed"});
    assert_eq!(bench.core.next_deadline().map(|at| at <= due), Some(true));
    bench.wait_s(2);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Overdue);
    assert_eq!(bench.code(Role::Carrier, reply.clone()), "no-enquiry", "nobody answers beforehand");
    assert!(bench.alert_kinds().contains(&AlertKind::Overdue));
    bench.wait_s(7 * DAY_S);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Enquiry);
    let mut answered = Bench { core: bench.core.clone(), log: bench.log.clone(), ..Bench::empty() };
    answered.now = bench.now;
    answered.keys = bench.keys;
    answered.ok(Role::Carrier, reply);
    answered.wait_s(28 * DAY_S - 1);
    assert_eq!(answered.transfer(&id).punctuality, Punctuality::Enquiry);
    answered.wait_s(1);
    assert_eq!(answered.transfer(&id).punctuality, Punctuality::Recovery, "a reply is no arrival");
    bench.wait_s(28 * DAY_S);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Recovery);
    assert_eq!(bench.transfer(&id).holds[0].by, By::Clock);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn late_but_clean_is_a_flag_and_no_discrepancy() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 20);
    let due = bench.transfer(&id).due.unwrap();
    bench.wait_s(due.since(bench.now) / 1000 + 60);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Overdue);
    bench.drive(&mut seal, 21, 24);
    bench.report_arrival(&id);
    let there = bench.transfer(&id);
    assert_eq!((there.state, there.punctuality, there.holds.len()), (MovementState::Arrived, Punctuality::Late, 0));
    assert_eq!(there.open_alerts, 0, "{:?}", bench.alert_kinds());
    bench.wait_s(40 * 86_400);
    assert_eq!(bench.transfer(&id).punctuality, Punctuality::Late, "no enquiry into what has arrived");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever people ask in whatever order: states change by arrows only, and a seal belongs to one transfer at most.
    #[test]
    fn no_order_of_commands_goes_beside_the_table(asked in prop::collection::vec((0_u8..11, 0_usize..2, 0_usize..2), 1..40)) {
        let mut bench = Bench::new();
        let mut seals = [bench.enrol(1), bench.enrol(2)];
        let ids = [bench.draft(1, &seals[0]), bench.draft(2, &seals[1])];
        for (what, of, with) in asked {
            let (id, seal) = (&ids[of], seals[with].id);
            let (role, body) = match what {
                0 => (Role::Carrier, json!({"type": "submit-transfer", "transfer": id})),
                1 => (Role::Customs, json!({"type": "accept-transfer", "transfer": id})),
                2 => (Role::Carrier, json!({"type": "bind-seal", "transfer": id, "unit": format!("LOOSE-{}", of + 1), "seal": seal,
                                            "mechanical": []})),
                3 => (Role::Carrier, json!({"type": "unbind-seal", "transfer": id, "seal": seal, "reason": "r"})),
                4 => (Role::Customs, countersign(id, seal, 1)),
                5 => (Role::Customs, json!({"type": "release-transfer", "transfer": id, "reason": "r"})),
                6 => (Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "n"})),
                7 => (Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "n"})),
                8 => (Role::Customs, json!({"type": "hold-transfer", "transfer": id, "reason": "r"})),
                9 => (Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "r"})),
                _ => {
                    let mut seal = seals[with].clone();
                    bench.seal_up(&mut seal);
                    bench.drive(&mut seal, 3, 4);
                    seals[with] = seal;
                    continue;
                }
            };
            let before = bench.state(id);
            let taken = bench.command(role, &body);
            prop_assert!(taken.is_ok() || bench.state(id) == before);
        }
        for seal in &seals {
            let active = bench.core.transfers.iter().filter(|(_, transfer)| transfer.bond == Bond::Active && transfer.seal == seal.id);
            prop_assert!(active.count() < 2, "{} is bound twice", seal.id);
        }
        for step in bench.steps() {
            let goes = crate::transfer::life::after(step.from, step.arrow);
            prop_assert_eq!(goes, Some(step.to));
        }
        prop_assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
    }
}
