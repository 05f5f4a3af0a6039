//! A bundle that somebody changed: a stranger, who has no key, and the platform itself, which can sign whatever log it likes.

use super::{Bench, seal::Seal};
use crate::evidence::{Checked, LogKeys, Verdict, page, verify};
use crate::proof::note::{Scheme, Verifier};
use crate::proof::tree::tests::Kept;
use crate::proof::{Checkpoint, Frontier, Hash, consistency, many};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::bundle::{Bundle, OlderTree};
use sealway_schemas::command::Role;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Event;
use sealway_schemas::succession::Succession;
use sealway_schemas::{Digest, PublicKey, TransferId};
use serde_json::json;

fn platform() -> (SigningKey, Verifier) {
    key_of_the_log(77)
}

fn key_of_the_log(seed: u8) -> (SigningKey, Verifier) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
    (key, Verifier::new("sealway/test", public, Scheme::Ed25519).unwrap())
}

fn bytes_of(entry: &Entry) -> Bytes {
    let mut bytes = Vec::new();
    entry.encode_into(&mut bytes);
    bytes.into()
}

fn tree(log: &[Entry]) -> (Kept, Frontier) {
    let (mut kept, mut frontier) = (Kept::default(), Frontier::default());
    for entry in log {
        frontier.push(Hash::leaf(&Entry::leaf(&bytes_of(entry)).unwrap()), |level, index, hash| kept.put(level, index, hash));
    }
    (kept, frontier)
}

/// The bundle of a whole log, signed by the platform.
pub(super) fn bundle(transfer: &TransferId, log: &[Entry]) -> Bundle {
    bundle_by(&platform(), transfer, log)
}

fn bundle_by((key, verifier): &(SigningKey, Verifier), transfer: &TransferId, log: &[Entry]) -> Bundle {
    let (kept, frontier) = tree(log);
    let entries = (0..).zip(log.iter().map(bytes_of)).collect();
    let text = Checkpoint { origin: "sealway/test".into(), size: frontier.size(), root: frontier.root() }.text();
    let checkpoint = format!("{text}\n{}", verifier.line(0, &key.sign(text.as_bytes()).to_bytes()));
    let numbers: Vec<u64> = (0..frontier.size()).collect();
    let proof = many::prove(&numbers, frontier.size(), &kept).unwrap().iter().map(|hash| *hash.as_bytes()).collect();
    Bundle { transfer: transfer.clone(), checkpoint, entries, proof, heard: Vec::new(), cosigned: None }
}

fn arrived() -> (TransferId, Vec<Entry>) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    (id, bench.log)
}

pub(super) fn look(bundle: &Bundle) -> Checked {
    verify(bundle, &LogKeys::new(vec![platform().1]).unwrap())
}

pub(super) fn is_report(entry: &Entry) -> bool {
    matches!(entry, Entry::Report { .. })
}

#[test]
fn an_honest_transfer_is_genuine_and_says_that_nothing_was_left_out() {
    let (id, log) = arrived();
    let checked = look(&bundle(&id, &log));
    assert_eq!((checked.verdict, checked.reasons.as_slice()), (Verdict::Genuine, [].as_slice()));
    let [device] = checked.devices.as_slice() else { panic!("{:?}", checked.devices) };
    assert_eq!((device.first_ctr, device.last_ctr, device.reports.len()), (1, 26, 26));
    assert!(checked.decisions.iter().any(|decision| decision.command == "declare-transfer" && decision.subject == id.to_string()));
    let page = page(&checked);
    assert!(page.contains("真实完整") && page.contains(id.as_str()) && page.contains("polyline") && !page.contains("<script"));
}

#[test]
fn a_stranger_can_change_drop_or_swap_nothing() {
    let (id, log) = arrived();
    let whole = bundle(&id, &log);
    let forged = |change: &dyn Fn(&mut Bundle), what: &str| {
        let mut changed = whole.clone();
        change(&mut changed);
        let checked = look(&changed);
        assert_eq!(checked.verdict, Verdict::Forged, "{what}: {:?}", checked.reasons);
        assert!(checked.devices.is_empty(), "{what}: nothing of it is shown");
    };
    forged(&|bundle| drop(bundle.entries.remove(20)), "an entry left out");
    forged(&|bundle| bundle.entries.swap(20, 21), "entries out of order");
    forged(&|bundle| bundle.entries[20].1 = bundle.entries[21].1.clone(), "an entry twice");
    forged(&|bundle| bundle.checkpoint = bundle.checkpoint.replacen("sealway/test", "sealway/other", 1), "another log's name");
    forged(&|bundle| bundle.proof.push([0; 32]), "a hash too many");
    for byte in [5, 60, 150] {
        forged(
            &|bundle| {
                let mut bytes = bundle.entries[20].1.to_vec();
                bytes[byte] ^= 1;
                bundle.entries[20].1 = bytes.into();
            },
            "a changed byte",
        );
    }
}

#[test]
fn a_platform_that_leaves_out_a_report_is_found_by_the_seals_counter() {
    let (id, mut log) = arrived();
    let at = log.iter().enumerate().filter(|(_, entry)| is_report(entry)).map(|(at, _)| at).nth(9).unwrap();
    log.remove(at);
    let checked = look(&bundle(&id, &log));
    assert_eq!(checked.verdict, Verdict::Incomplete);
    let holes: Vec<_> = checked.devices[0].missing.iter().map(|hole| (hole.from, hole.to, hole.declared)).collect();
    assert_eq!(holes, [(10, 10, false)]);
}

#[test]
fn a_platform_that_makes_up_a_report_is_found_by_its_signature() {
    let (id, mut log) = arrived();
    let Some(Entry::Report { bytes, .. }) = log.iter_mut().filter(|entry| is_report(entry)).nth(9) else { panic!("a report") };
    let mut changed = bytes.to_vec();
    // Inside `prev`: well formed as before.
    changed[40] ^= 1;
    *bytes = changed.into();
    let checked = look(&bundle(&id, &log));
    assert_eq!(checked.verdict, Verdict::Forged, "{:?}", checked.reasons);
}

#[test]
fn a_platform_that_hides_the_enrolment_or_the_declaration_proves_nothing() {
    let (id, log) = arrived();
    for (kind, said) in [("enrol-device", "its enrolment is missing"), ("declare-transfer", "the declaration of transfer")] {
        let without: Vec<Entry> = log
            .iter()
            .filter(|entry| !matches!(entry, Entry::Command { body, .. } if String::from_utf8_lossy(body).contains(kind)))
            .cloned()
            .collect();
        assert!(without.len() < log.len());
        let checked = look(&bundle(&id, &without));
        assert_eq!(checked.verdict, Verdict::Incomplete, "{kind}");
        assert!(checked.reasons.iter().any(|reason| reason.text.contains(said)), "{kind}: {:?}", checked.reasons);
    }
}

#[test]
fn a_clone_shows_as_two_versions_of_one_report() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    let at = bench.road().at_km(9.0).unwrap();
    let twin = seal.fork(bench.now, Event::Periodic, Some(at), |_| {});
    bench.drive(&mut seal, 4, 6);
    bench.send(&seal, &twin);
    let checked = look(&bundle(&id, &bench.log));
    assert_eq!(checked.verdict, Verdict::Incomplete);
    assert!(checked.reasons.iter().any(|reason| reason.text.contains("2 versions of report")), "{:?}", checked.reasons);
}

#[test]
fn a_report_that_follows_another_life_of_its_seal_is_found_by_its_chain() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    let at = bench.road().at_km(4.0);
    let torn = seal.make(bench.now, Event::Periodic, at, |draft| draft.prev = Digest::of(b"another life"));
    bench.send(&seal, &torn);
    let checked = look(&bundle(&id, &bench.log));
    assert_eq!(checked.verdict, Verdict::Incomplete);
    let said = format!("report {} does not follow any version of the one before", seal.ctr);
    assert!(checked.reasons.iter().any(|reason| reason.text.contains(&said)), "{:?}", checked.reasons);
    assert!(checked.devices[0].missing.is_empty(), "the counters alone have no hole");
}

#[test]
fn a_report_that_names_a_tree_was_made_after_it_and_a_tree_that_never_was_is_found() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    let (heard_at, root) = (bench.log.last().unwrap().at(), tree(&bench.log).1.root());
    let size = bench.log.len() as u64;
    bench.pass_s(600);
    let at = bench.road().at_km(4.0);
    let names = seal.make(bench.now, Event::Periodic, at, |draft| draft.heard = root.as_bytes().first_chunk().copied());
    bench.send(&seal, &names);
    let (whole, (kept, frontier)) = (bundle(&id, &bench.log), tree(&bench.log));
    let growth = consistency::prove(size, frontier.size(), &kept).unwrap().iter().map(|hash| *hash.as_bytes()).collect();
    let older = OlderTree { size, root: *root.as_bytes(), growth };
    let with = |older: OlderTree| look(&Bundle { heard: vec![older], ..whole.clone() });

    let checked = with(older.clone());
    assert_eq!(checked.verdict, Verdict::Genuine, "{:?}", checked.reasons);
    let reports = &checked.devices[0].reports;
    let window = reports.last().map(|report| (report.not_before, report.not_after));
    assert_eq!(window, Some((Some(heard_at), bench.log.last().unwrap().at())));
    assert!(reports.iter().rev().skip(1).all(|report| report.not_before.is_none()), "the others name no tree");

    let mut changed = older.clone();
    changed.root[0] ^= 1;
    let mut cut = older;
    cut.growth.pop();
    for lie in [changed, cut] {
        assert_eq!(with(lie).verdict, Verdict::Forged);
    }
}

#[test]
fn a_seal_that_lost_its_memory_is_shown_under_each_of_its_keys() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    bench.ok(Role::Customs, json!({"type": "revoke-device", "device": seal.id, "reason": "flash lost"}));
    let mut again = Seal::new(2, bench.now);
    again.id = seal.id;
    bench.ok(Role::Customs, again.enrolment("silk-road-carrier"));
    bench.drive(&mut again, 4, 6);
    let checked = look(&bundle(&id, &bench.log));
    let shown: Vec<_> = checked.devices.iter().map(|device| (device.public_key, device.first_ctr, device.last_ctr)).collect();
    assert_eq!(shown, [(Some(seal.public_key()), 1, 5), (Some(again.public_key()), 1, 3)]);
    assert_ne!(checked.verdict, Verdict::Forged, "{:?}", checked.reasons);

    let late = seal.periodic(bench.now, bench.road().at_km(7.0).unwrap());
    bench.log.push(Entry::Report { at: bench.now, device: seal.id, bytes: late });
    let checked = look(&bundle(&id, &bench.log));
    assert_eq!(checked.verdict, Verdict::Incomplete, "the old key is not the device's any more: {:?}", checked.reasons);
}

#[test]
fn a_report_that_a_platform_takes_after_a_revocation_is_found() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.ok(Role::Customs, json!({"type": "revoke-device", "device": seal.id, "reason": "stolen"}));
    let late = seal.periodic(bench.now, bench.road().at_km(1.0).unwrap());
    bench.log.push(Entry::Report { at: bench.now, device: seal.id, bytes: late });
    let checked = look(&bundle(&id, &bench.log));
    assert_eq!(checked.verdict, Verdict::Forged);
    assert!(checked.reasons.iter().any(|reason| reason.text.contains("after its revocation")), "{:?}", checked.reasons);
}

/// A key that takes over, announced by `by`.
fn succession(seq: u64, next: &(SigningKey, Verifier), by: &(SigningKey, Verifier)) -> Entry {
    let public_key = next.1.key();
    let signature = by.0.sign(&Succession::to_be_signed("sealway/test", seq, &public_key)).to_bytes();
    Entry::Rekey { at: super::START, succession: Succession { seq, public_key, signature } }
}

#[test]
fn a_trust_root_of_years_ago_knows_the_keys_that_its_own_announced() {
    let (first, second, third) = (platform(), key_of_the_log(78), key_of_the_log(79));
    let (id, mut log) = arrived();
    log.push(succession(1, &second, &first));
    log.push(succession(2, &third, &second));
    let newest = bundle_by(&third, &id, &log);
    let by = |keys: Vec<Verifier>| verify(&newest, &LogKeys::new(keys).unwrap()).verdict;
    assert_eq!(by(vec![first.1.clone()]), Verdict::Genuine);
    assert_eq!(by(vec![second.1.clone()]), Verdict::Genuine);
    assert_eq!(by(vec![first.1.clone(), second.1.clone(), third.1.clone()]), Verdict::Genuine);
    assert_eq!(look(&bundle(&id, &log)).verdict, Verdict::Genuine, "what the first key signed stays signed");

    let thief = key_of_the_log(80);
    assert_eq!(by(vec![thief.1.clone()]), Verdict::Forged);
    let (id, mut log) = arrived();
    log.push(succession(1, &thief, &thief));
    assert_eq!(look(&bundle_by(&thief, &id, &log)).verdict, Verdict::Forged, "a key that announces itself is nobody's");
    let (id, log) = arrived();
    assert_eq!(look(&bundle_by(&second, &id, &log)).verdict, Verdict::Forged, "a key that nobody announced");
}

#[test]
fn the_page_shows_declaration_corridor_track_timeline_and_what_a_verdict_means() {
    let (id, log) = arrived();
    let checked = look(&bundle(&id, &log));
    let declared = checked.declared.clone().unwrap();
    assert_eq!((declared.corridor.as_str(), declared.unit.as_str()), (super::ROAD, "LOOSE-1"));
    let [version] = checked.corridors.as_slice() else { panic!("{:?}", checked.corridors) };
    assert!(version.line.len() > 1 && version.entry < declared.entry);
    let page = page(&checked);
    for shown in [
        "走廊 Corridor",
        "申报转关",
        "declare-transfer",
        "aria-label=\"监管 custody\"",
        "Not before",
        "无一遗漏",
        "nothing was left out",
        "km</text>",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    for said in ["class=\"verdict genuine\"", "No part of it should be relied on", "任何部分都不应采信"] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("<circle").count(), 3, "start, end and the sealing");
}
