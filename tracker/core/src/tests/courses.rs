//! Laws of a transfer's whole life, whatever people ask and seals say in whatever order.

use super::ending::{arrival, hand_over, small, verification};
use super::life::countersign;
use super::{Bench, Log, declaration, seal::Seal, signer};
use crate::Effect;
use crate::input::Input;
use crate::movement::Custody;
use bytes::Bytes;
use proptest::prelude::*;
use sealway_schemas::TransferId;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::entry::Entry;
use sealway_schemas::movement::{Arrow, By, MovementState, StepView};
use sealway_schemas::report::{Event, Report};
use serde_json::{Value, json};

/// What may happen, in the order of an honest life; the rest is what goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Submit,
    Bind,
    Accept,
    Seal,
    Countersign,
    Release,
    DriveOff,
    DriveOn,
    Arrive,
    Answer,
    HandOver,
    Grant,
    Open,
    Verify,
    // Nothing of the following belongs into an honest life.
    Hold,
    Lift,
    LiftQuarantine,
    Incident,
    /// By the spare seal, closed at once.
    Reseal,
    Resume,
    Revoke,
    Lose,
    Find,
    BreakOpen,
    Cancel,
    /// Not satisfactory; the next verification decides again.
    Doubt,
    WriteOff,
    Wait,
}

const HONEST: [Act; 14] = [
    Act::Submit,
    Act::Bind,
    Act::Accept,
    Act::Seal,
    Act::Countersign,
    Act::Release,
    Act::DriveOff,
    Act::DriveOn,
    Act::Arrive,
    Act::Answer,
    Act::HandOver,
    Act::Grant,
    Act::Open,
    Act::Verify,
];

const ODD: [Act; 14] = [
    Act::Hold,
    Act::Lift,
    Act::LiftQuarantine,
    Act::Incident,
    Act::Reseal,
    Act::Resume,
    Act::Revoke,
    Act::Lose,
    Act::Find,
    Act::BreakOpen,
    Act::Cancel,
    Act::Doubt,
    Act::WriteOff,
    Act::Wait,
];

struct Life {
    bench: Bench,
    seal: Seal,
    spare: Seal,
    id: TransferId,
    lost: Vec<Bytes>,
    km: f64,
    nonce: u8,
    seen: usize,
    steps: Vec<StepView>,
}

/// How the seal's counters stood before an act.
#[derive(Debug, Clone, Copy)]
struct Before {
    held: bool,
    /// Also one that the seal may fill yet.
    holed: bool,
    /// Of any seal that closed the unit.
    chain_holed: bool,
}

impl Life {
    fn begin() -> Self {
        let mut bench = Bench::new();
        let (seal, spare) = (bench.enrol(1), bench.enrol(2));
        let id = bench.draft(1, &seal);
        Self { bench, seal, spare, id, lost: Vec::new(), km: 0.0, nonce: 0, seen: 0, steps: Vec::new() }
    }

    /// Sends what the platform can read; what it cannot is lost.
    fn send(&mut self, bytes: &Bytes) {
        if let Some(report) = super::seal::try_verify(&mut self.bench.keyring, self.seal.id, bytes) {
            self.bench.give(Input::Report(report));
        }
    }

    fn periodic(&mut self) -> Bytes {
        let at = self.bench.road().at_km(self.km).unwrap();
        self.seal.periodic(self.bench.now, at)
    }

    /// A command as its person gives it, under the laws that hold for every command.
    fn ask(&mut self, role: Role, body: Value) {
        self.bench.keys += 1;
        let key = format!("k-{}", self.bench.keys);
        self.ask_by(signer(role), &key, &body);
    }

    fn ask_by(&mut self, by: Signer, key: &str, body: &Value) {
        // What the clock does is no one's command.
        self.bench.give(Input::Tick);
        let (before, entries) = (self.bench.core.fingerprint(), self.bench.log.len());
        let taken = self.bench.command_by(by.clone(), key, body);
        if taken.is_err() {
            assert_eq!((self.bench.core.fingerprint(), self.bench.log.len()), (before, entries), "refused, and changed something: {body}");
            return;
        }
        let (after, entries) = (self.bench.core.fingerprint(), self.bench.log.len());
        let again = self.bench.command_by(by, key, body).unwrap();
        assert!(again.repeated, "{body}");
        assert_eq!((self.bench.core.fingerprint(), self.bench.log.len()), (after, entries), "the same once more changed something: {body}");
    }

    fn act(&mut self, act: Act) {
        self.bench.pass_s(60);
        let (id, seal) = (self.id.clone(), self.seal.id);
        match act {
            Act::Submit => self.ask(Role::Carrier, json!({"type": "submit-transfer", "transfer": id})),
            Act::Bind => {
                let bind = json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-1", "seal": seal, "mechanical": []});
                self.ask(Role::Carrier, bind);
            }
            Act::Accept => self.ask(Role::Customs, json!({"type": "accept-transfer", "transfer": id})),
            Act::Seal => {
                let at = self.bench.road().at_km(self.km).unwrap();
                let sealed = self.seal.seal(self.bench.now, at);
                self.send(&sealed);
            }
            Act::Countersign => self.ask(Role::Customs, countersign(&id, seal, self.seal.epoch)),
            Act::Release => self.ask(Role::Customs, json!({"type": "release-transfer", "transfer": id, "reason": "seen"})),
            Act::DriveOff | Act::DriveOn => self.drive(if act == Act::DriveOff { 8.0 } else { 24.0 }),
            Act::Arrive => self.ask(Role::Operator, arrival(&id)),
            Act::Answer => self.answer(),
            Act::HandOver => self.ask(Role::Operator, hand_over(&id)),
            Act::Grant => {
                let mut grant = small(&self.seal, &self.bench);
                self.nonce += 1;
                grant["grant"] = json!(hex::encode([self.nonce; 16]));
                self.ask(Role::Customs, grant);
            }
            Act::Open => {
                let opened = self.seal.open(self.bench.now, Some(self.bench.end()), Some([self.nonce; 16]));
                self.send(&opened);
            }
            Act::Verify => self.ask(Role::Customs, verification(&id, "A1", "intact")),
            Act::Doubt => self.ask(Role::Customs, verification(&id, "B1", "damaged")),
            Act::Hold => self.ask(Role::Customs, json!({"type": "hold-transfer", "transfer": id, "reason": "r"})),
            Act::Lift => self.ask(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "r"})),
            Act::LiftQuarantine => self.ask(Role::Customs, json!({"type": "lift-quarantine", "device": seal, "reason": "r"})),
            Act::Incident => self.ask(Role::Carrier, json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "n"})),
            Act::Reseal => self.reseal(),
            Act::Resume => self.ask(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "n"})),
            Act::Revoke => {
                let back = json!({"type": "revoke-grant", "grant": hex::encode([self.nonce; 16]), "device": seal});
                self.ask(Role::Customs, back);
            }
            Act::Lose => {
                let lost = self.periodic();
                self.lost.push(lost);
            }
            Act::Find => {
                for found in std::mem::take(&mut self.lost) {
                    self.send(&found);
                }
            }
            Act::BreakOpen => {
                let opened = self.seal.open(self.bench.now, Some(self.bench.end()), None);
                self.send(&opened);
            }
            Act::Cancel => self.ask(Role::Customs, json!({"type": "cancel-transfer", "transfer": id, "reason": "r"})),
            Act::WriteOff => self.ask(Role::Customs, json!({"type": "write-off-transfer", "transfer": id, "note": "n"})),
            Act::Wait => self.bench.wait_s(20_000),
        }
    }

    fn reseal(&mut self) {
        let bind = json!({"type": "bind-seal", "transfer": self.id, "unit": "LOOSE-1", "seal": self.spare.id, "mechanical": []});
        self.ask(Role::Carrier, bind);
        if self.bench.transfer(&self.id).seal == self.spare.id {
            std::mem::swap(&mut self.seal, &mut self.spare);
            // What the other seal lost stays lost.
            self.lost.clear();
            let at = self.bench.road().at_km(self.km).unwrap();
            let sealed = self.seal.seal(self.bench.now, at);
            self.send(&sealed);
        }
    }

    fn drive(&mut self, to_km: f64) {
        while self.km < to_km {
            self.km = (self.km + 4.0).min(to_km);
            self.bench.pass_s(240);
            let bytes = self.periodic();
            self.send(&bytes);
        }
        self.bench.pass_s(60);
        let bytes = self.periodic();
        self.send(&bytes);
    }

    fn answer(&mut self) {
        self.nonce += 1;
        let (nonce, not_after) = ([self.nonce; 16], self.bench.now.plus_ms(60_000));
        let ask = json!({"type": "issue-challenge", "device": self.seal.id, "nonce": hex::encode(nonce), "not_after": not_after});
        self.ask(Role::Operator, ask);
        let at = self.bench.road().at_km(self.km);
        let answer = self.seal.make(self.bench.now, Event::ChallengeAnswer, at, |draft| draft.reference = Some(nonce));
        self.send(&answer);
    }

    /// Every new step has one signer, who is known, and stands on the one before it; none closes custody over a hole.
    fn check_steps(&mut self, before: Before) {
        let all = self.bench.steps();
        for step in &all[self.seen..] {
            let from = self.steps.last().map_or(MovementState::Draft, |last| last.to);
            assert_eq!((step.from, step.number as usize), (from, self.steps.len() + 1), "{step:?}");
            match &step.by {
                By::User(user) => assert!(["carrier-1", "customs-1", "operator-1"].contains(&user.as_str()), "{step:?}"),
                By::Seal { device, ctr } => assert!(self.in_log(*device, *ctr), "{step:?}"),
                other => panic!("nobody else may: {other:?}"),
            }
            match step.arrow {
                Arrow::HandOver | Arrow::WriteOff => assert!(!before.holed, "{step:?} over a hole"),
                Arrow::Release => assert!(!before.held, "{step:?} over a hole"),
                Arrow::Resume => assert!(!before.chain_holed, "{step:?} over a hole"),
                _ => {}
            }
            self.steps.push(step.clone());
        }
        self.seen = all.len();
        assert_eq!(self.bench.state(&self.id), self.steps.last().map_or(MovementState::Draft, |last| last.to));
    }

    fn in_log(&self, device: sealway_schemas::DeviceId, ctr: u64) -> bool {
        self.bench.log.iter().any(|entry| match entry {
            Entry::Report { device: of, bytes, .. } if *of == device => Report::parse(bytes).is_ok_and(|(_, report)| report.ctr() == ctr),
            _ => false,
        })
    }

    fn before(&self) -> Before {
        let core = &self.bench.core;
        let transfer = core.transfers.get(core.transfers.find(&self.id).unwrap()).unwrap();
        let cursor = &core.devices.by_id(&self.seal.id).unwrap().cursor;
        let sealed_at = transfer.movement.sealing().map_or(0, |sealing| sealing.ctr);
        let declared = cursor.holes().iter().any(|hole| hole.to > sealed_at);
        let holed = cursor.quarantined() || cursor.has_hole() || declared;
        let chain_holed = transfer.chain.seals().iter().any(|link| {
            let cursor = &core.devices.by_id(&link.seal).unwrap().cursor;
            let since = link.epochs.first().map(|epoch| epoch.ctr);
            since.is_some_and(|since| cursor.quarantined() || cursor.holes().iter().any(|hole| hole.to > since))
        });
        Before { held: core.custody(transfer) == Custody::Held, holed, chain_holed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_change_has_one_named_signer_and_custody_never_closes_over_a_hole(
        odd in prop::collection::vec((0_usize..30, 0_usize..ODD.len()), 0..8),
        again in prop::collection::vec(0_usize..HONEST.len(), 0..10),
    ) {
        let mut life = Life::begin();
        let mut acts: Vec<Act> = HONEST.to_vec();
        acts.extend(again.into_iter().map(|index| HONEST[index]));
        for (at, which) in odd {
            acts.insert(at.min(acts.len()), ODD[which]);
        }
        for act in acts {
            let before = life.before();
            life.act(act);
            life.check_steps(before);
        }
        life.bench.give(Input::Tick);
        prop_assert_eq!(life.bench.replayed().fingerprint(), life.bench.core.fingerprint());
    }

    /// A seal's clock decides nothing: with another one the same steps are gone, in the same order.
    #[test]
    fn a_clock_that_is_set_back_or_forth_changes_no_step(shifts in prop::collection::vec(-172_800_i64..172_800, 12)) {
        let arrows = |shifts: &[i64]| {
            let mut life = Life::begin();
            for act in [Act::Submit, Act::Bind, Act::Accept, Act::Seal, Act::Countersign, Act::Release] {
                life.act(act);
            }
            for (km, shift) in (0_u8..).map(|step| f64::from(step) * 2.4).zip(shifts) {
                life.bench.pass_s(240);
                let at = life.bench.road().at_km(km);
                let shown = life.bench.now.as_ms().saturating_add_signed(shift * 1000);
                let bytes = life.seal.make(life.bench.now, Event::Periodic, at, |draft| draft.t = sealway_schemas::Time::from_ms(shown));
                life.send(&bytes);
            }
            life.km = 24.0;
            life.act(Act::DriveOn);
            life.act(Act::Arrive);
            life.bench.steps().into_iter().map(|step| (step.arrow, step.by)).collect::<Vec<_>>()
        };
        let honest = arrows(&[0; 12]);
        prop_assert_eq!(honest.last().map(|(arrow, _)| *arrow), Some(Arrow::Arrive));
        prop_assert_eq!(arrows(&shifts), honest);
    }
}

#[test]
fn an_undisturbed_life_goes_from_draft_to_written_off() {
    let mut life = Life::begin();
    for act in HONEST {
        life.act(act);
    }
    assert_eq!(life.bench.state(&life.id), MovementState::WrittenOff);
    assert_eq!(life.bench.alert_kinds(), []);
}

#[test]
fn a_verification_that_was_not_satisfactory_is_made_again_and_ends_the_life() {
    let mut life = Life::begin();
    for act in HONEST.into_iter().filter(|act| *act != Act::Verify).chain([Act::Doubt, Act::Lift, Act::WriteOff, Act::Doubt]) {
        life.act(act);
    }
    assert_eq!(life.bench.state(&life.id), MovementState::Verified);
    life.act(Act::Verify);
    assert_eq!(life.bench.state(&life.id), MovementState::WrittenOff);
    assert_eq!(life.bench.replayed().fingerprint(), life.bench.core.fingerprint());
}

#[test]
fn two_carriers_cannot_have_one_seal_and_a_command_comes_twice_without_effect() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let first = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let body = declaration(&first, &seal, "LOOSE-1");
    let by = signer(Role::Carrier);
    assert!(!bench.command_by(by.clone(), "once", &body).unwrap().repeated);
    let entries = bench.log.len();
    assert!(bench.command_by(by, "once", &body).unwrap().repeated);
    assert_eq!(bench.log.len(), entries);
    let rival = Signer { user: "rival".parse().unwrap(), party: "other-carrier".parse().unwrap(), role: Role::Carrier };
    let second = TransferId::new(26, "CN", "XA00000000002").unwrap();
    let mut theirs = declaration(&second, &seal, "LOOSE-2");
    theirs["carrier"] = json!("other-carrier");
    let mut effects = Vec::new();
    let input = Input::Command { by: rival, key: "r".to_owned(), body: Bytes::from(theirs.to_string()), signature: None };
    bench.core.handle(bench.now, input, &Log(&bench.log), &mut effects);
    let refused = effects.iter().find_map(|effect| match effect {
        Effect::Refused(refusal) => Some(refusal.code),
        _ => None,
    });
    assert_eq!(refused, Some("not-yours"));
}
