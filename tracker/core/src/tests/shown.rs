//! What a bundle has to show beside what it says: every seal that the transfer names, up to where it was opened.

use super::ending::{small, verification};
use super::evidence::{bundle, is_report, look};
use super::signing::enrolment;
use super::{Bench, seal::Seal, signer};
use crate::evidence::Verdict;
use sealway_schemas::command::Role;
use sealway_schemas::entry::Entry;
use sealway_schemas::{Digest, TransferId};
use serde_json::{Value, json};

/// A transfer from its declaration to its verification.
fn concluded() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.handed_over(&mut seal);
    let body = small(&seal, &bench);
    bench.ok(Role::Customs, body);
    bench.pass_s(30);
    let receipt = seal.open(bench.now, Some(bench.end()), Some([9; 16]));
    bench.send(&seal, &receipt);
    bench.ok(Role::Customs, verification(&id, "A1", "intact"));
    (bench, seal, id)
}

/// Verdict, and the reasons in one text.
fn looked_at(id: &TransferId, log: &[Entry]) -> (Verdict, String) {
    let checked = look(&bundle(id, log));
    let reasons: Vec<String> = checked.reasons.iter().map(ToString::to_string).collect();
    (checked.verdict, reasons.join("; "))
}

#[test]
fn a_concluded_transfer_whose_seal_is_left_out_is_incomplete() {
    let (bench, seal, id) = concluded();
    assert_eq!(looked_at(&id, &bench.log), (Verdict::Genuine, String::new()));
    let without: Vec<Entry> = bench.log.iter().filter(|entry| !is_report(entry)).cloned().collect();
    let (verdict, said) = looked_at(&id, &without);
    assert_eq!(verdict, Verdict::Incomplete);
    assert!(said.contains(&format!("device {}: the transfer names it", seal.id)), "{said}");
}

#[test]
fn a_bound_seal_is_shown_until_it_is_unbound() {
    let (mut bench, _, id) = concluded();
    let log = bench.log.clone();
    let second = bench.enrol(2);
    let by = signer(Role::Customs);
    let said = |body: Value, key: &str| Entry::Command {
        at: bench.now,
        by: by.clone(),
        key: key.into(),
        body: body.to_string().into(),
        salt: sealway_schemas::entry::Salt::UNFILLED,
        signature: None,
    };
    let bind = said(json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-1", "seal": second.id, "mechanical": []}), "b");
    let unbind = said(json!({"type": "unbind-seal", "transfer": id, "seal": second.id, "reason": "defect"}), "u");
    let bound: Vec<Entry> = log.iter().cloned().chain([bind]).collect();
    let (verdict, text) = looked_at(&id, &bound);
    assert!(verdict == Verdict::Incomplete && text.contains(&format!("device {}: the transfer names it", second.id)), "{text}");
    let unbound: Vec<Entry> = bound.into_iter().chain([unbind]).collect();
    assert_eq!(looked_at(&id, &unbound), (Verdict::Genuine, String::new()));
    let other = TransferId::new(26, "CN", "XA00000000099").unwrap();
    let theirs = said(json!({"type": "bind-seal", "transfer": other, "unit": "LOOSE-2", "seal": second.id, "mechanical": []}), "o");
    let log: Vec<Entry> = bench.log.iter().cloned().chain([theirs]).collect();
    assert_eq!(looked_at(&id, &log), (Verdict::Genuine, String::new()), "another transfer's seal");
}

#[test]
fn a_concluded_transfer_without_the_opening_is_incomplete() {
    let (mut bench, mut seal, id) = concluded();
    let opening = bench.log.iter().rposition(is_report).unwrap();
    let mut without = bench.log.clone();
    without.remove(opening);
    let (verdict, said) = looked_at(&id, &without);
    assert!(verdict == Verdict::Incomplete && said.contains("the end of custody is not shown"), "{said}");
    bench.pass_s(600);
    bench.seal_up(&mut seal);
    assert_eq!(looked_at(&id, &bench.log), (Verdict::Genuine, String::new()), "what it is closed for next is another's");
}

#[test]
fn a_report_that_the_log_itself_marked_is_not_relied_on_and_forges_nothing() {
    let (mut bench, seal, id) = concluded();
    let at = bench.log.iter().rposition(is_report).unwrap() - 3;
    let at = bench.log.iter().take(at).rposition(is_report).unwrap();
    let Entry::Report { bytes, .. } = &mut bench.log[at] else { panic!("a report") };
    let mut changed = bytes.to_vec();
    // Inside `prev`: well formed as before.
    changed[40] ^= 1;
    *bytes = changed.into();
    let digest = Digest::of(bytes);
    assert_eq!(looked_at(&id, &bench.log).0, Verdict::Forged, "nobody marked it");
    bench.log.push(Entry::StrictFailed { at: bench.now, device: seal.id, ctr: 0, digest });
    let (verdict, said) = looked_at(&id, &bench.log);
    assert!(verdict == Verdict::Incomplete && said.contains("as the log itself says"), "{said}");
    let mark = bench.log.pop().unwrap();
    bench.log.insert(0, mark);
    assert_eq!(looked_at(&id, &bench.log).0, Verdict::Forged, "no mark comes before what it marks");
}

#[test]
fn a_persons_key_that_did_not_sign_its_enrolment_is_forged() {
    let (mut bench, _, id) = concluded();
    let officer = signer(Role::Customs);
    let mut body = enrolment(&officer, 41);
    bench.ok(Role::Customs, body.clone());
    assert_eq!(looked_at(&id, &bench.log).0, Verdict::Genuine);
    body["proof"] = json!("00".repeat(64));
    let Some(Entry::Command { body: kept, .. }) = bench.log.last_mut() else { panic!("a command") };
    *kept = body.to_string().into();
    let (verdict, said) = looked_at(&id, &bench.log);
    assert!(verdict == Verdict::Forged && said.contains("did not sign its enrolment"), "{said}");
}
