//! A gate that was alone: it decides by the same rules, writes down, and files afterwards.

use super::Bench;
use super::gate::{GATE_KEY, PLATFORM, public, question};
use super::seal::Seal;
use crate::gate::Alone;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::command::Role;
use sealway_schemas::gate::{GateLine, GateSnapshot, GateVerdict, Reason, SignedText};
use sealway_schemas::movement::MovementState;
use sealway_schemas::report::Event;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

impl Bench {
    fn snapshot(&mut self) -> SignedText {
        let taken = self.ok(Role::Customs, json!({"type": "take-gate-snapshot", "gate": "south", "nonce": hex::encode([9; 16])}));
        let text = taken.answer.unwrap().to_string();
        let key = SigningKey::from_bytes(&PLATFORM);
        let signature = hex::encode(key.sign(&SignedText::message(GateSnapshot::PURPOSE, &text)).to_bytes());
        SignedText { text, key: public(PLATFORM), signature }
    }

    fn file(&mut self, lines: &Lines, number: usize) -> Result<Value, &'static str> {
        let text = &lines.0[number - 1];
        let signature = hex::encode(SigningKey::from_bytes(&GATE_KEY).sign(&SignedText::message(GateLine::PURPOSE, text)).to_bytes());
        let filed =
            self.command(Role::Customs, &json!({"type": "file-gate-decision", "gate": "south", "line": text, "signature": signature}));
        filed.map(|receipt| receipt.answer.unwrap()).map_err(|refusal| refusal.code)
    }
}

/// What a gate wrote down alone.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn decide(&mut self, bench: &Bench, alone: &mut Alone, question: &Value, answer: Option<&[u8]>) -> Vec<Reason> {
        let question = serde_json::from_value(question.clone()).unwrap();
        let reasons = alone.decide(bench.now, &question, answer);
        let verdict = if reasons.is_empty() { GateVerdict::Go } else { GateVerdict::Hold };
        let prev = self.0.last().map_or_else(|| GateLine::FIRST.to_owned(), |line| hex::encode(Sha256::digest(line.as_bytes())));
        let line = GateLine {
            number: self.0.len() as u64 + 1,
            prev,
            at: bench.now,
            snapshot_at: alone.snapshot().at,
            question,
            answer: answer.map(hex::encode),
            verdict,
            reasons: reasons.clone(),
        };
        alone.take(&line);
        self.0.push(serde_json::to_string(&line).unwrap());
        reasons
    }
}

/// The answer to the question that the snapshot has for the seal.
fn heard(bench: &Bench, alone: &Alone, seal: &mut Seal) -> Vec<u8> {
    let asked = alone.snapshot().seals.iter().find(|asked| asked.device == seal.id).unwrap();
    let mut nonce = [0; 16];
    hex::decode_to_slice(&asked.nonce, &mut nonce).unwrap();
    let at = bench.road().at_km(0.0).unwrap();
    seal.make(bench.now, Event::ChallengeAnswer, Some(at), |draft| draft.reference = Some(nonce)).to_vec()
}

#[test]
fn a_gate_alone_decides_by_the_same_rules_and_files_afterwards_once() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    let signed = bench.snapshot();
    let mut alone = Alone::open(&signed, &public(PLATFORM)).unwrap();
    let mut lines = Lines::default();
    bench.wait_s(3 * 3600);
    assert_eq!(lines.decide(&bench, &mut alone, &question("A-1", "N-1"), None)[0].code(), "seal-silent");
    let answer = heard(&bench, &alone, &mut seal);
    assert_eq!(lines.decide(&bench, &mut alone, &question("A-2", "N-1"), Some(&answer)), []);
    assert_eq!(lines.decide(&bench, &mut alone, &question("A-3", "N-1"), Some(&answer))[0].code(), "note-reused");
    assert_eq!(bench.file(&lines, 2), Err("gate-chain"), "a line is missing before it");
    let first = bench.file(&lines, 1).unwrap();
    let go = bench.file(&lines, 2).unwrap();
    assert_eq!((&go["verdict"], &go["conflicts"]), (&json!("go"), &json!([])));
    assert_eq!((bench.state(&id), bench.uses("N-1").len()), (MovementState::Released, 1));
    assert_eq!((bench.file(&lines, 1).unwrap(), bench.file(&lines, 2).unwrap()), (first, go), "filed again, nothing more happens");
    assert_eq!(bench.told_of("gate-decision").len(), 2);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_note_used_elsewhere_meanwhile_is_explained_and_alarmed() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let signed = bench.snapshot();
    let mut alone = Alone::open(&signed, &public(PLATFORM)).unwrap();
    let mut lines = Lines::default();
    let answer = heard(&bench, &alone, &mut seal);
    let mut north = question("D-1", "N-1");
    north["gate"] = json!("north");
    assert_eq!(bench.asked(&north).0, "go");
    bench.pass_s(60);
    assert_eq!(lines.decide(&bench, &mut alone, &question("A-1", "N-1"), Some(&answer)), [], "the gate cannot know");
    let filed = bench.file(&lines, 1).unwrap();
    assert_eq!((&filed["verdict"], &filed["conflicts"][0]["code"]), (&json!("go"), &json!("note-reused")));
    assert!(filed["conflicts"][0]["zh"].as_str().unwrap().contains("north"));
    assert_eq!(bench.only_alert().kind, AlertKind::NoteReused);
    assert_eq!(bench.uses("N-1").last().unwrap()["gate"], "north");
}

#[test]
fn a_departure_that_a_gate_alone_let_go_is_explained_when_it_files() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    let mut alone = Alone::open(&bench.snapshot(), &public(PLATFORM)).unwrap();
    let mut lines = Lines::default();
    let answer = heard(&bench, &alone, &mut seal);
    lines.decide(&bench, &mut alone, &question("A-1", "N-1"), Some(&answer));
    let sent = bytes::Bytes::from(answer);
    bench.send(&seal, &sent);
    bench.drive(&mut seal, 0, 4);
    assert_eq!(bench.only_alert().kind, AlertKind::UnreleasedDeparture);
    bench.file(&lines, 1).unwrap();
    assert_eq!(bench.state(&id), MovementState::InTransit);
    let alert = bench.only_alert();
    assert!(alert.cleared_at.is_some() && bench.transfer(&id).holds.is_empty(), "{alert:?}");
    let ended = bench.told_of("hold").pop().unwrap();
    assert_eq!((&ended["hold"]["found"], &ended["lifted"]["found"]), (&json!("left-unreleased"), &json!("let-go-alone")), "{ended}");
    assert_eq!(bench.told_of("exculpation").len(), 1);
}

#[test]
fn what_became_of_the_cargo_before_the_line_was_filed_is_no_conflict() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    let mut alone = Alone::open(&bench.snapshot(), &public(PLATFORM)).unwrap();
    let mut lines = Lines::default();
    let answer = heard(&bench, &alone, &mut seal);
    assert_eq!(lines.decide(&bench, &mut alone, &question("A-1", "N-1"), Some(&answer)), []);
    bench.send(&seal, &bytes::Bytes::from(answer));
    // An officer releases it by hand, and the truck is on its way before the gate can file.
    bench.ok(Role::Customs, json!({"type": "release-transfer", "transfer": id, "reason": "papers seen"}));
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    assert_eq!((bench.state(&id), bench.alert_kinds()), (MovementState::Arrived, vec![]));
    let filed = bench.file(&lines, 1).unwrap();
    assert_eq!((&filed["verdict"], &filed["conflicts"]), (&json!("go"), &json!([])));
    assert_eq!(bench.alert_kinds(), []);
    assert_eq!(bench.uses("N-1").len(), 1);
}

#[test]
fn nothing_is_decided_by_a_snapshot_that_is_old_or_not_the_platforms() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let signed = bench.snapshot();
    assert!(Alone::open(&signed, &public(GATE_KEY)).is_err());
    let changed = SignedText { text: signed.text.replace("30000", "90000"), ..signed.clone() };
    assert!(Alone::open(&changed, &public(PLATFORM)).is_err());
    let alone = Alone::open(&signed, &public(PLATFORM)).unwrap();
    bench.pass_s(4 * 3600 + 1);
    let answer = heard(&bench, &alone, &mut seal);
    let asked = serde_json::from_value(question("A-1", "N-1")).unwrap();
    let codes: Vec<_> = alone.decide(bench.now, &asked, Some(&answer)).iter().map(Reason::code).collect();
    assert_eq!(codes, ["snapshot-expired"]);
    bench.pass_s(600);
    assert!(alone.decide(bench.now, &asked, Some(&answer)).iter().any(|reason| reason.code() == "seal-silent"), "an answer played again");
}
