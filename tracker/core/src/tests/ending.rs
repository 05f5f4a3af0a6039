//! The end of a transfer's life: arrival, the seal's answer, handing over, opening by grant, verifying.

use super::commands::grant;
use super::seal::Seal;
use super::{Bench, DESTINATION, signer};
use crate::geometry::Position;
use crate::{Effect, Input};
use sealway_schemas::TransferId;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::down::Down;
use sealway_schemas::event::AlertKind;
use sealway_schemas::hello::Hello;
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::record::{GrantStanding, GrantView};
use sealway_schemas::report::{Event, Status};
use serde_json::{Value, json};

const NONCE: [u8; 16] = [4; 16];
const AWAY_KM: f64 = 10.0;

pub(super) fn arrival(id: &TransferId) -> Value {
    json!({"type": "report-arrival", "transfer": id, "place": DESTINATION})
}

pub(super) fn hand_over(id: &TransferId) -> Value {
    json!({"type": "hand-over", "transfer": id, "place": DESTINATION})
}

pub(super) fn verification(id: &TransferId, conclusion: &str, seal: &str) -> Value {
    json!({"type": "verify-transfer", "transfer": id, "conclusion": conclusion, "seal": seal, "note": "counted"})
}

impl Bench {
    pub(super) fn end(&self) -> Position {
        self.road().at_km(self.road().length_km()).unwrap()
    }

    /// Asked by the operator and answered a moment later, from there.
    fn answered(&mut self, seal: &mut Seal, nonce: [u8; 16], at: Position) {
        let not_after = self.now.plus_ms(60_000);
        self.ok(Role::Operator, json!({"type": "issue-challenge", "device": seal.id, "nonce": hex::encode(nonce), "not_after": not_after}));
        self.pass_s(5);
        let answer = seal.make(self.now, Event::ChallengeAnswer, Some(at), |draft| draft.reference = Some(nonce));
        self.send(seal, &answer);
    }

    /// Released, driven, arrived by both words.
    fn arrived(&mut self, seal: &mut Seal) -> TransferId {
        let id = self.released(seal);
        self.drive(seal, 0, 24);
        self.ok(Role::Operator, arrival(&id));
        id
    }

    pub(super) fn handed_over(&mut self, seal: &mut Seal) -> TransferId {
        let id = self.arrived(seal);
        let end = self.end();
        self.answered(seal, NONCE, end);
        self.ok(Role::Operator, hand_over(&id));
        id
    }

    fn downs(&mut self) -> Vec<Down> {
        let downs = self.effects.iter().filter_map(|effect| match effect {
            Effect::Down { down, .. } => Some(down.clone()),
            _ => None,
        });
        downs.collect()
    }
}

fn hello(seal: &Seal) -> Hello {
    Hello { lo: 1, hi: seal.ctr, epoch: seal.epoch, generation: 1, released: 0, login_t: 0 }
}

/// Small enough for one officer: it lies within the destination.
pub(super) fn small(seal: &Seal, bench: &Bench) -> Value {
    let mut body = grant(seal, bench.end(), bench.now);
    body["circle"]["radius_m"] = json!(20);
    body
}

#[test]
fn a_transfer_ends_with_one_named_signer_on_every_arrow() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    assert_eq!(bench.state(&id), MovementState::UnsealingGranted);
    bench.pass_s(30);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    assert_eq!(bench.state(&id), MovementState::Unsealed);
    assert_eq!(bench.core.device(&seal.id).unwrap().transfer, None, "free for the next one");
    bench.ok(Role::Customs, verification(&id, "A2", "intact"));
    let steps = bench.steps();
    let ends: Vec<_> = steps.iter().skip(5).map(|step| (step.arrow, step.by.clone())).collect();
    let user = |role| By::User(signer(role).user);
    let expected = [
        (Arrow::Arrive, user(Role::Operator)),
        (Arrow::HandOver, user(Role::Operator)),
        (Arrow::GrantUnsealing, user(Role::Customs)),
        (Arrow::Unseal, By::Seal { device: seal.id, ctr: seal.ctr }),
        (Arrow::Verify, user(Role::Customs)),
        (Arrow::WriteOff, user(Role::Customs)),
    ];
    assert_eq!(ends, expected);
    assert_eq!(bench.alert_kinds(), []);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn an_arrival_report_waits_for_the_seal_and_a_seal_for_the_report() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    assert_eq!(bench.refused(Role::Operator, &arrival(&id)).code, "arrow-illegal");
    bench.drive(&mut seal, 0, 24);
    assert_eq!(bench.state(&id), MovementState::InTransit, "the seal alone is no arrival");
    let stranger = json!({"type": "report-arrival", "transfer": id, "place": super::ORIGIN});
    assert_eq!(bench.code(Role::Operator, stranger), "other-place");
    bench.ok(Role::Operator, arrival(&id));
    assert_eq!(bench.state(&id), MovementState::Arrived);
}

#[test]
fn an_operator_who_says_here_while_the_seal_is_elsewhere_holds_the_transfer() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 10);
    bench.ok(Role::Operator, arrival(&id));
    assert_eq!(bench.alert_kinds(), [AlertKind::FalseArrival]);
    let holds = bench.transfer(&id).holds;
    assert_eq!(holds.iter().map(|hold| hold.reason).collect::<Vec<_>>(), [HoldReason::Contested]);
    let Some(HoldFinding::SealElsewhere { metres, .. }) = holds[0].found else { panic!("{:?}", holds[0]) };
    assert_eq!(Some(f64::from(metres)), bench.only_alert().facts.get("distance_m").map(|value| value.round()));
    bench.drive(&mut seal, 11, 24);
    assert_eq!(bench.state(&id), MovementState::InTransit, "a word that was contested is said again");
    bench.ok(Role::Operator, arrival(&id));
    assert_eq!(bench.state(&id), MovementState::Arrived, "what happened is never stopped");
    let end = bench.end();
    bench.answered(&mut seal, NONCE, end);
    assert_eq!(bench.refused(Role::Operator, &hand_over(&id)).step.unwrap().missing, ["no-hold"]);
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "seen on camera"}));
    bench.ok(Role::Operator, hand_over(&id));
    assert_eq!(bench.state(&id), MovementState::HandedOver);
}

#[test]
fn a_handoff_needs_an_answer_that_is_fresh_from_here_and_its_own() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    let missing = |bench: &mut Bench| bench.refused(Role::Operator, &hand_over(&id)).step.unwrap().missing;
    assert_eq!(missing(&mut bench), ["fresh-answer"]);
    let end = bench.end();
    let stale = seal.make(bench.now, Event::ChallengeAnswer, Some(end), |draft| draft.reference = Some([7; 16]));
    bench.send(&seal, &stale);
    assert_eq!(missing(&mut bench), ["fresh-answer"], "the answer to another question");
    bench.answered(&mut seal, NONCE, end);
    bench.wait_s(301);
    assert_eq!(missing(&mut bench), ["fresh-answer"], "an answer of five minutes ago");
    let away = bench.road().at_km(AWAY_KM).unwrap();
    bench.answered(&mut seal, [5; 16], away);
    bench.ok(Role::Operator, hand_over(&id));
    assert_eq!(bench.state(&id), MovementState::Arrived, "signed here, answered from elsewhere");
    assert!(bench.alert_kinds().contains(&AlertKind::FalseArrival));
    assert_eq!(bench.transfer(&id).holds[0].reason, HoldReason::Contested);
}

#[test]
fn a_handoff_needs_a_closed_seal_of_the_bound_epoch() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    let end = bench.end();
    let not_after = bench.now.plus_ms(60_000);
    bench.ok(Role::Operator, json!({"type": "issue-challenge", "device": seal.id, "nonce": hex::encode(NONCE), "not_after": not_after}));
    let cut = seal.make(bench.now, Event::ChallengeAnswer, Some(end), |draft| {
        draft.reference = Some(NONCE);
        draft.status = Status::new(draft.status.bits() & !Status::CABLE_INSERTED).unwrap();
    });
    bench.send(&seal, &cut);
    assert_eq!(bench.refused(Role::Operator, &hand_over(&id)).step.unwrap().missing, ["closed-seal"]);
    let again = seal.seal(bench.now, end);
    bench.send(&seal, &again);
    bench.answered(&mut seal, [6; 16], end);
    assert_eq!(bench.refused(Role::Operator, &hand_over(&id)).step.unwrap().missing, ["bound-epoch"]);
}

#[test]
fn an_answer_that_comes_too_late_is_none() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    let not_after = bench.now.plus_ms(10_000);
    bench.ok(Role::Operator, json!({"type": "issue-challenge", "device": seal.id, "nonce": hex::encode(NONCE), "not_after": not_after}));
    let end = bench.end();
    let answer = seal.make(bench.now, Event::ChallengeAnswer, Some(end), |draft| draft.reference = Some(NONCE));
    bench.pass_s(11);
    bench.send(&seal, &answer);
    assert_eq!(bench.refused(Role::Operator, &hand_over(&id)).step.unwrap().missing, ["fresh-answer"]);
}

#[test]
fn one_officer_grants_inside_the_destination_and_two_elsewhere() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let mut wide = grant(&seal, bench.end(), bench.now);
    wide["circle"]["radius_m"] = json!(50_000);
    bench.ok(Role::Customs, wide);
    assert_eq!(bench.state(&id), MovementState::HandedOver, "half a grant opens nothing");
    assert!(!bench.downs().iter().any(|down| matches!(down, Down::Grant(_))));
    let second = json!({"type": "countersign-grant", "grant": hex::encode([9; 16]), "device": seal.id});
    assert_eq!(bench.code(Role::Customs, second.clone()), "same-officer");
    let mut other = signer(Role::Customs);
    other.user = "officer-2".parse().unwrap();
    bench.command_by(other, "second", &second).unwrap();
    assert_eq!(bench.state(&id), MovementState::UnsealingGranted);
    assert!(bench.downs().iter().any(|down| matches!(down, Down::Grant(_))));
    let told = bench.records::<GrantView>();
    let standings: Vec<_> = told.iter().map(|grant| grant.standing).collect();
    assert_eq!(standings, [GrantStanding::Proposed, GrantStanding::Given]);
    let last = told.last().unwrap();
    assert_eq!(last.transfer, Some(id));
    assert_eq!((last.proposed_by.as_str(), last.countersigned_by.as_ref().unwrap().as_str()), ("customs-1", "officer-2"));
}

/// Two officers' leave to open far around the end of the way.
fn give_wide(bench: &mut Bench, seal: &Seal) {
    let mut wide = grant(seal, bench.end(), bench.now);
    wide["circle"]["radius_m"] = json!(50_000);
    bench.ok(Role::Customs, wide);
    let second = json!({"type": "countersign-grant", "grant": hex::encode([9; 16]), "device": seal.id});
    let officer = Signer { user: "officer-2".parse().unwrap(), ..signer(Role::Customs) };
    bench.command_by(officer, "second", &second).unwrap();
}

#[test]
fn leave_that_two_officers_gave_under_way_holds_from_the_handoff_on() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    give_wide(&mut bench, &seal);
    assert_eq!(bench.state(&id), MovementState::Arrived);
    let end = bench.end();
    bench.answered(&mut seal, NONCE, end);
    bench.ok(Role::Operator, hand_over(&id));
    let granted = bench.transfer(&id);
    assert_eq!((granted.state, granted.changed_by), (MovementState::UnsealingGranted, By::User("officer-2".parse().unwrap())));
    let opened = seal.open(bench.now, Some(end), Some([9; 16]));
    bench.send(&seal, &opened);
    assert_eq!(bench.state(&id), MovementState::Unsealed);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn leave_for_a_sealing_that_ended_gives_nothing_at_the_handoff() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    give_wide(&mut bench, &seal);
    bench.ok(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "hit"}));
    let end = bench.end();
    let sealed = seal.seal(bench.now, end);
    bench.send(&seal, &sealed);
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "closed anew"}));
    bench.report_at(&mut seal, 24.0);
    bench.ok(Role::Operator, arrival(&id));
    bench.answered(&mut seal, NONCE, end);
    bench.ok(Role::Operator, hand_over(&id));
    assert_eq!(bench.state(&id), MovementState::HandedOver);
}

#[test]
fn an_opening_by_two_officers_leave_under_way_is_an_incident_and_no_breach() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    give_wide(&mut bench, &seal);
    let end = bench.end();
    let opened = seal.open(bench.now, Some(end), Some([9; 16]));
    bench.send(&seal, &opened);
    let opened = bench.transfer(&id);
    assert_eq!((opened.state, opened.changed_by), (MovementState::Incident, By::Seal { device: seal.id, ctr: seal.ctr }));
    assert_eq!(bench.alert_kinds(), []);
    let resume = json!({"type": "resume-transfer", "transfer": id, "note": "looked into and closed"});
    assert_eq!(bench.refused(Role::Customs, &resume).step.unwrap().missing, ["closed-seal"]);
    let sealed = seal.seal(bench.now, end);
    bench.send(&seal, &sealed);
    bench.ok(Role::Customs, resume);
    assert_eq!(bench.state(&id), MovementState::InTransit);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_grant_can_be_taken_back_until_it_is_used() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    let back = json!({"type": "revoke-grant", "grant": hex::encode([9; 16]), "device": seal.id});
    bench.ok(Role::Customs, back.clone());
    assert_eq!(bench.state(&id), MovementState::HandedOver);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    assert!(bench.alert_kinds().contains(&AlertKind::OpenedWithoutGrant), "a revoked grant opens nothing");
    assert_eq!(bench.code(Role::Customs, back), "grant-standing");
    assert_eq!(bench.records::<GrantView>().last().unwrap().standing, GrantStanding::Revoked);
}

#[test]
fn a_grant_before_the_handoff_is_refused_with_the_state() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let _id = bench.arrived(&mut seal);
    let body = small(&seal, &bench);
    let refusal = bench.refused(Role::Customs, &body);
    assert_eq!((refusal.code, refusal.step.unwrap().state), ("arrow-illegal", MovementState::Arrived));
}

#[test]
fn a_seal_that_was_away_is_asked_and_granted_again_when_it_says_hello() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let _id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    let said = bench.give(Input::Hello { device: seal.id, hello: hello(&seal) });
    assert!(said.iter().any(|effect| matches!(effect, Effect::Down { down: Down::Grant(_), .. })), "{said:?}");
    bench.wait_s(700);
    let said = bench.give(Input::Hello { device: seal.id, hello: hello(&seal) });
    assert!(!said.iter().any(|effect| matches!(effect, Effect::Down { down: Down::Grant(_), .. })), "it is over");
}

#[test]
fn a_damaged_seal_ends_in_a5_or_b1() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    for seal in ["absent", "damaged", "different"] {
        assert_eq!(bench.code(Role::Customs, verification(&id, "A1", seal)), "conclusion");
    }
    bench.ok(Role::Customs, verification(&id, "A5", "damaged"));
    assert_eq!(bench.state(&id), MovementState::Verified);
}

#[test]
fn results_that_are_not_in_three_days_after_the_unsealing_are_asked_for() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    bench.wait_s(3 * 86_400 - 1);
    assert_eq!(bench.alert_kinds(), []);
    bench.wait_s(1);
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.opened_at, alert.transfer), (AlertKind::ResultsOverdue, bench.now, Some(id.clone())));
    bench.ok(Role::Customs, verification(&id, "A2", "intact"));
    assert!(bench.only_alert().cleared_at.is_some());
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_refused_arrival_is_held_until_an_officer_decides() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.arrived(&mut seal);
    let refuse = |reason: &str| json!({"type": "refuse-transfer", "transfer": id, "place": DESTINATION, "reason": reason});
    assert_eq!(bench.code(Role::Operator, refuse(" ")), "reason-length");
    bench.ok(Role::Operator, refuse("no room in the bonded hall"));
    assert_eq!(bench.transfer(&id).holds[0].reason, HoldReason::Refused);
}
