//! Until when steps are planned, and what a step that is gone says of its plan.

use super::ending::{small, verification};
use super::gate::{note, question};
use super::{Bench, DESTINATION};
use crate::Effect;
use sealway_schemas::command::Role;
use sealway_schemas::event::{Change, TransferView};
use sealway_schemas::movement::{Arrow, PlanRule, Planned, PlannedStep};
use sealway_schemas::{Time, TransferId};
use serde_json::json;

impl Bench {
    /// As the newest event tells it, which is as it is.
    fn plan(&self, id: &TransferId) -> Vec<PlannedStep> {
        let told = |effect: &Effect| match effect {
            Effect::Event(event) => match &event.change {
                Change::Movement(view) if view.id == *id => Some(view.clone()),
                _ => None,
            },
            _ => None,
        };
        let told: TransferView = self.effects.iter().rev().find_map(told).unwrap();
        assert_eq!(told.plan, self.transfer(id).plan, "a plan that changes is told");
        told.plan
    }

    fn planned_by(&self, id: &TransferId, arrow: Arrow) -> Option<(PlanRule, Option<Time>)> {
        self.plan(id).iter().find(|step| step.arrow == arrow).map(|step| (step.rule, step.by))
    }

    /// What the newest of these steps was planned by.
    fn gone(&self, arrow: Arrow) -> Option<Planned> {
        self.steps().iter().rev().find(|step| step.arrow == arrow).unwrap().planned
    }
}

#[test]
fn before_its_release_a_transfer_is_planned_by_what_counts_from_there() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.sealed(&mut seal);
    let limit = bench.transfer(&id).limit_ms;
    let coming = |arrow, rule, within_ms| PlannedStep { arrow, rule, by: None, within_ms };
    let results = coming(Arrow::Verify, PlanRule::Results, Some(bench.core.policy().results_ms));
    assert_eq!(bench.plan(&id), [coming(Arrow::Arrive, PlanRule::TimeLimit, limit), results]);
    assert!(bench.steps().iter().all(|step| step.planned.is_none()), "nothing planned what is gone");
}

#[test]
fn a_release_is_planned_by_the_last_note_out_of_the_origin() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    assert_eq!(bench.planned_by(&id, Arrow::Release), None, "its note has no end");
    bench.ok(Role::Customs, json!({"type": "revoke-release-note", "note": "N-1", "reason": "other truck"}));
    let at = |minutes: u64| bench.now.plus_ms(minutes * 60_000);
    let (first, second, entering) = (at(60), at(120), at(600));
    for (number, not_after) in [("N-2", first), ("N-3", second)] {
        let mut dated = note(number, &id);
        dated["not_after"] = json!(not_after);
        bench.ok(Role::Customs, dated);
    }
    let mut inbound = note("N-4", &id);
    (inbound["direction"], inbound["place"], inbound["not_after"]) = (json!("inbound"), json!(DESTINATION), json!(entering));
    bench.ok(Role::Customs, inbound);
    assert_eq!(bench.planned_by(&id, Arrow::Release), Some((PlanRule::ReleaseNote, Some(second))));
    bench.ok(Role::Customs, json!({"type": "revoke-release-note", "note": "N-3", "reason": "one is enough"}));
    assert_eq!(bench.planned_by(&id, Arrow::Release), Some((PlanRule::ReleaseNote, Some(first))));
    assert_eq!(bench.asked(&question("D-1", "N-2")).0, "go");
    assert_eq!(bench.gone(Arrow::Release), Some(Planned { by: first, rule: PlanRule::ReleaseNote }));
    assert_eq!(bench.planned_by(&id, Arrow::Release), None, "it is gone");
    assert_eq!(bench.planned_by(&id, Arrow::Arrive), Some((PlanRule::TimeLimit, bench.transfer(&id).due)));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn arrival_unsealing_and_results_stand_against_their_times() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let due = bench.transfer(&id).due.unwrap();
    assert_eq!(bench.gone(Arrow::Arrive), Some(Planned { by: due, rule: PlanRule::TimeLimit }));
    assert_eq!(bench.planned_by(&id, Arrow::Unseal), None);
    let grant = small(&seal, &bench);
    let not_after = bench.now.plus_ms(600_000);
    bench.ok(Role::Customs, grant);
    assert_eq!(bench.planned_by(&id, Arrow::Unseal), Some((PlanRule::Grant, Some(not_after))));
    bench.pass_s(30);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    assert_eq!(bench.gone(Arrow::Unseal), Some(Planned { by: not_after, rule: PlanRule::Grant }));
    let results = bench.now.plus_ms(bench.core.policy().results_ms);
    assert_eq!(bench.planned_by(&id, Arrow::Verify), Some((PlanRule::Results, Some(results))));
    bench.wait_s(4 * 86_400);
    bench.ok(Role::Customs, verification(&id, "A5", "intact"));
    assert_eq!(bench.gone(Arrow::Verify), Some(Planned { by: results, rule: PlanRule::Results }), "late, and against the same time");
    assert_eq!(bench.plan(&id), []);
    bench.ok(Role::Customs, verification(&id, "A1", "intact"));
    assert_eq!(bench.gone(Arrow::Verify), None, "what is counted again has no time");
    assert_eq!([Arrow::Depart, Arrow::HandOver, Arrow::GrantUnsealing, Arrow::WriteOff].map(|arrow| bench.gone(arrow)), [None; 4]);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_grant_that_is_taken_back_plans_nothing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let grant = small(&seal, &bench);
    bench.ok(Role::Customs, grant);
    bench.ok(Role::Customs, json!({"type": "revoke-grant", "grant": hex::encode([9; 16]), "device": seal.id}));
    assert_eq!(bench.planned_by(&id, Arrow::Unseal), None);
}
