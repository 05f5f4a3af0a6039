//! `sealway wire check`: one JSON line in, one JSON line out, so that a device maker can hold messages against this implementation.
//! The lines are those of `schemas/vectors/README.md`.

use crate::keyring::Keyring;
use crate::order::{AckState, Cursor, Past};
use crate::verify::{Refusal, UnverifiedReport, verify_claimed};
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::{Down, Range};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::login::Login;
use sealway_schemas::report::Report;
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, Digest, Malformed, PublicKey, Time, aad};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A line that is no question at all.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("line: {0}")]
    Json(#[from] serde_json::Error),
    #[error("bytes {shown:?}: expected hex")]
    Hex { shown: String },
    #[error("expected \"bytes\" for a message, or \"start\" and \"sequence\" for a sequence")]
    NeitherNor,
    #[error("{0}")]
    Key(#[from] crate::keyring::KeyRefusal),
    #[error("start next {next}: expected 1 or more")]
    Start { next: u64 },
}

#[derive(Deserialize)]
struct Line {
    device: DeviceId,
    public_key: PublicKey,
    #[serde(default)]
    kind: Kind,
    bytes: Option<String>,
    start: Option<Start>,
    sequence: Option<Vec<String>>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Report,
    Up,
    Hello,
    Down,
    Login,
    Enrol,
}

#[derive(Deserialize)]
struct Start {
    next: u64,
    prev: Digest,
    epoch: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Message(Judged),
    Payload { outcomes: Vec<&'static str>, reasons: Vec<Option<String>> },
    Sequence { outcomes: Vec<&'static str>, acks: Vec<AckAnswer>, later: Vec<Vec<(u64, &'static str)>> },
    Error { error: String },
}

#[derive(Serialize)]
struct Judged {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct AckAnswer {
    stored: u64,
    ranges: Vec<[u64; 2]>,
    wants: Vec<[u64; 2]>,
}

/// Answers one line. Whatever comes in, one JSON object without a line feed comes out.
#[must_use]
pub fn answer(line: &str) -> String {
    let answer = judge(line).unwrap_or_else(|error| Answer::Error { error: error.to_string() });
    serde_json::to_string(&answer).unwrap_or_else(|_| r#"{"error":"the answer cannot be written"}"#.to_owned())
}

fn judge(line: &str) -> Result<Answer, LineError> {
    let line: Line = serde_json::from_str(line)?;
    match (&line.bytes, &line.start, &line.sequence) {
        (Some(bytes), None, None) => judge_message(&line, &from_hex(bytes)?),
        (None, Some(start), Some(sequence)) => judge_sequence(&line, start, sequence),
        _ => Err(LineError::NeitherNor),
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, LineError> {
    hex::decode(text).map_err(|_| LineError::Hex { shown: text.chars().take(40).collect() })
}

fn judge_message(line: &Line, bytes: &[u8]) -> Result<Answer, LineError> {
    let device = &line.device;
    let judged = match line.kind {
        Kind::Up => return Ok(judge_payload(line, bytes)),
        Kind::Report => Report::parse(bytes).map_err(Refusal::from).and_then(|(message, _)| check(line, &message, &aad::up(device))),
        Kind::Hello => check_as(line, bytes, &aad::hello(device), |payload| Hello::decode(payload).map(|_| ())),
        Kind::Down => check_as(line, bytes, &aad::down(device), |payload| Down::decode(payload).map(|_| ())),
        Kind::Login => check_as(line, bytes, &aad::login(device), |payload| Login::decode(payload).map(|_| ())),
        Kind::Enrol => check_as(line, bytes, &aad::enrol(device), |payload| Enrolment::decode(payload).map(|_| ())),
    };
    Ok(Answer::Message(Judged { outcome: word(judged), reason: judged.err().map(|refusal| refusal.to_string()) }))
}

fn judge_payload(line: &Line, payload: &[u8]) -> Answer {
    let items = split(payload).into_iter().map(|item| match item? {
        UpItem::Report(message, _) => check(line, &message, &aad::up(&line.device)),
        UpItem::Hello(message, _) => check(line, &message, &aad::hello(&line.device)),
    });
    let judged: Vec<Result<(), Refusal>> = items.collect();
    let reasons = judged.iter().map(|judged| judged.err().map(|refusal| refusal.to_string())).collect();
    Answer::Payload { outcomes: judged.into_iter().map(word).collect(), reasons }
}

fn check_as(line: &Line, bytes: &[u8], aad: &str, decode: impl FnOnce(&[u8]) -> Result<(), Malformed>) -> Result<(), Refusal> {
    let message = Sign1::parse(bytes)?;
    decode(message.payload())?;
    check(line, &message, aad)
}

/// The line's key is the only one known.
fn check(line: &Line, message: &Sign1<'_>, aad: &str) -> Result<(), Refusal> {
    if message.key_id() != line.public_key.key_id() {
        return Err(Refusal::UnknownKey);
    }
    let mut signed = Vec::new();
    message.to_be_signed(aad, &mut signed);
    let good = verify_claimed(&line.public_key, &signed, message.signature());
    if good { Ok(()) } else { Err(Refusal::BadSignature) }
}

fn word(judged: Result<(), Refusal>) -> &'static str {
    match judged {
        Ok(()) => "accepted",
        Err(refusal) => refusal.as_str(),
    }
}

/// What the sequence kept so far.
#[derive(Default)]
struct Kept(RefCell<BTreeMap<u64, Vec<Digest>>>);

impl Past for Kept {
    fn versions(&self, _: &DeviceId, ctr: u64) -> Vec<Digest> {
        self.0.borrow().get(&ctr).cloned().unwrap_or_default()
    }
}

fn judge_sequence(line: &Line, start: &Start, sequence: &[String]) -> Result<Answer, LineError> {
    if start.next == 0 {
        return Err(LineError::Start { next: start.next });
    }
    let mut keyring = Keyring::default();
    keyring.enrol(line.device, line.public_key)?;
    let enrolment = Enrolment { challenge: [0; 32], next_ctr: start.next, prev: start.prev, epoch: start.epoch };
    let mut cursor = Cursor::start(line.public_key, &enrolment);
    let past = Kept::default();
    let (mut outcomes, mut acks, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for bytes in sequence {
        let step = take_step(line.device, &from_hex(bytes)?, &mut keyring, &mut cursor, &past);
        outcomes.push(step.outcome);
        acks.push(step.ack.into());
        later.push(step.later);
    }
    Ok(Answer::Sequence { outcomes, acks, later })
}

struct Step {
    outcome: &'static str,
    ack: AckState,
    later: Vec<(u64, &'static str)>,
}

fn take_step(device: DeviceId, bytes: &[u8], keyring: &mut Keyring, cursor: &mut Cursor, past: &Kept) -> Step {
    let report = match UnverifiedReport::decode(device, bytes.to_vec().into()) {
        Ok(report) => report,
        Err(malformed) => return Step { outcome: Refusal::from(malformed).as_str(), ack: cursor.position(), later: Vec::new() },
    };
    let unverified_ctr = report.unverified().ctr();
    let screened = keyring.screen_strict(vec![report]).pop().unwrap_or(Err(Refusal::BadSignature));
    let verified = match screened {
        Ok(verified) => verified,
        Err(Refusal::UnknownKey) => {
            let ack = cursor.missed_unknown(unverified_ctr);
            return Step { outcome: Refusal::UnknownKey.as_str(), ack, later: Vec::new() };
        }
        Err(refusal) => return Step { outcome: refusal.as_str(), ack: cursor.position(), later: Vec::new() },
    };
    let (ctr, digest) = (verified.report().ctr(), verified.digest());
    let ordered = cursor.order(Time::ZERO, verified, past, &|_| false);
    if ordered.outcome.is_kept() {
        past.0.borrow_mut().entry(ctr).or_default().push(digest);
    }
    let others = ordered.settled.iter().map(|settled| (settled.report.report().ctr(), settled.outcome.as_str()));
    let later = others.filter(|(other, _)| *other != ctr).collect();
    Step { outcome: ordered.outcome.as_str(), ack: cursor.position(), later }
}

impl From<AckState> for AckAnswer {
    fn from(ack: AckState) -> Self {
        let pairs = |ranges: Vec<Range>| ranges.into_iter().map(|range| [range.from, range.to]).collect();
        Self { stored: ack.stored, ranges: pairs(ack.ranges), wants: pairs(ack.wants) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const VALID: &str = include_str!("../../../schemas/vectors/valid.json");
    const INVALID: &str = include_str!("../../../schemas/vectors/invalid.json");
    const SEQUENCES: &str = include_str!("../../../schemas/vectors/sequences.json");

    fn read(file: &str, count: usize) -> Vec<Value> {
        let vectors: Vec<Value> = serde_json::from_str(file).unwrap();
        assert_eq!(vectors.len(), count);
        vectors
    }

    fn ask(line: &Value) -> Value {
        let answer = answer(&line.to_string());
        assert!(!answer.contains('\n'));
        serde_json::from_str(&answer).unwrap()
    }

    #[test]
    fn every_message_of_the_vectors_gets_its_outcome() {
        for vector in read(VALID, 67).into_iter().chain(read(INVALID, 90)) {
            let line = json!({
                "device": vector["device"], "public_key": vector["public_key"], "bytes": vector["bytes"], "kind": vector["kind"],
            });
            let answer = ask(&line);
            let member = if vector["kind"] == "up" { "outcomes" } else { "outcome" };
            assert_eq!(answer[member], vector[member], "{}: {answer}", vector["name"]);
        }
    }

    #[test]
    fn every_sequence_of_the_vectors_gets_its_outcomes_and_acks() {
        for sequence in read(SEQUENCES, 14) {
            let steps = sequence["steps"].as_array().unwrap();
            let all = |member: &str| Value::from_iter(steps.iter().map(|step| step[member].clone()));
            let line = json!({
                "device": sequence["device"], "public_key": sequence["public_key"], "start": sequence["start"], "sequence": all("bytes"),
            });
            let answer = ask(&line);
            for (member, of_step) in [("outcomes", "outcome"), ("acks", "ack"), ("later", "later")] {
                assert_eq!(answer[member], all(of_step), "{}: {member}", sequence["name"]);
            }
        }
    }

    #[test]
    fn a_line_without_a_kind_is_a_report() {
        let vector = read(VALID, 67).remove(0);
        let line = json!({ "device": vector["device"], "public_key": vector["public_key"], "bytes": vector["bytes"] });
        assert_eq!(ask(&line), json!({ "outcome": "accepted" }));
    }

    #[test]
    fn a_line_that_is_no_question_is_told_what_was_expected() {
        let key = "3f97f5e0ad930bc2727b6e0b04df38f7c588f9f08ac9737f90a324d8e515f2dc";
        for (line, expected) in [
            (String::new(), "EOF"),
            ("{}".to_owned(), "missing field `device`"),
            (json!({ "device": "xa", "public_key": key }).to_string(), "device id"),
            (json!({ "device": "XA-7Q2K", "public_key": "00", "bytes": "" }).to_string(), "32 bytes in hex"),
            (json!({ "device": "XA-7Q2K", "public_key": key }).to_string(), "\\\"sequence\\\""),
            (json!({ "device": "XA-7Q2K", "public_key": key, "bytes": "0g" }).to_string(), "expected hex"),
            (json!({ "device": "XA-7Q2K", "public_key": key, "bytes": "", "kind": "ack" }).to_string(), "unknown variant"),
        ] {
            let answer = answer(&line);
            assert!(answer.starts_with("{\"error\":") && answer.contains(expected), "{line}: {answer}");
        }
    }
}
