//! What each device said: every report under its key by the contract's equation, none left out between the first and the last, each with
//! the window of time in which it was made.

use super::people::Given;
use super::verify::{Proved, Reason};
use crate::keyring::Keyring;
use crate::verify::{Refusal, UnverifiedReport, VerifiedReport, verify_enrolment};
use sealway_schemas::command::{Command, DeviceCommand};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Fix};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a bundle shows of a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceStatement {
    pub device: DeviceId,
    /// Of its enrolment.
    pub public_key: Option<PublicKey>,
    pub first_ctr: u64,
    pub last_ctr: u64,
    /// Counters between first and last of which no report is there.
    pub missing: Vec<Missing>,
    pub reports: Vec<Shown>,
}

/// Counters without a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub from: u64,
    pub to: u64,
    /// The device itself signed that it lost them.
    pub declared: bool,
}

/// A report that verified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    pub entry: u64,
    pub ctr: u64,
    pub epoch: u64,
    pub event: Event,
    pub closed: bool,
    /// By the device's clock.
    pub t: Time,
    /// It names a tree that holds an entry which arrived then.
    pub not_before: Option<Time>,
    /// When it arrived.
    pub not_after: Time,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    #[serde(skip)]
    prev: Digest,
    #[serde(skip)]
    digest: Digest,
}

impl Shown {
    /// When it was made: by the device's clock, within what is proved.
    #[must_use]
    pub fn made(&self) -> Time {
        self.t.max(self.not_before.unwrap_or_default()).min(self.not_after)
    }

    /// Longitude and latitude.
    #[must_use]
    pub fn place(&self) -> Option<(f64, f64)> {
        Some((self.lon?, self.lat?))
    }
}

type Arrived = (u64, Time, UnverifiedReport);

/// A device under one identity key: from an enrolment to its revocation or the next enrolment.
struct Term {
    device: DeviceId,
    key: PublicKey,
    from: u64,
    revoked: Option<u64>,
}

pub(super) fn statements(
    entries: &[Proved],
    commands: &[Given],
    heard: &BTreeMap<[u8; 8], Time>,
    reasons: &mut Vec<Reason>,
) -> Vec<DeviceStatement> {
    let terms = terms(commands, reasons);
    let marked = marked(entries);
    let mut statements = Vec::new();
    for (device, arrived) in reports(entries, reasons) {
        let of_device: Vec<&Term> = terms.iter().filter(|term| term.device == device).collect();
        if of_device.is_empty() {
            let text = format!("device {device}: its enrolment is missing, so its reports show nothing");
            reasons.push(Reason::incomplete(None, text, format!("关锁 {device}：缺少登记，其报告不能证明任何事")));
        }
        let ends = of_device.iter().skip(1).map(|next| next.from).chain([u64::MAX]);
        for (term, end) in of_device.iter().zip(ends) {
            let own = arrived.iter().filter(|(seq, ..)| (term.from..end).contains(seq)).cloned().collect();
            let verified = verified(term, own, &marked, reasons);
            statements.extend(statement(device, term.key, &verified, heard, reasons));
        }
    }
    statements
}

/// Enrolments that the device's own key signed.
fn terms(commands: &[Given], reasons: &mut Vec<Reason>) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for given in commands {
        match &given.command {
            Command::Device(DeviceCommand::EnrolDevice { device, public_key, challenge, proof, .. }) => {
                let mut challenged = [0; 32];
                let proof = hex::decode(proof).ok().filter(|_| hex::decode_to_slice(challenge, &mut challenged).is_ok());
                if proof.is_some_and(|proof| verify_enrolment(device, public_key, &challenged, &proof).is_ok()) {
                    terms.push(Term { device: *device, key: *public_key, from: given.seq, revoked: None });
                } else {
                    let text = format!("device {device}: its key did not sign its enrolment");
                    reasons.push(Reason::forged(Some(given.seq), text, format!("关锁 {device}：登记并非由其密钥签名")));
                }
            }
            Command::Device(DeviceCommand::RevokeDevice { device, .. }) => {
                if let Some(term) = terms.iter_mut().rfind(|term| term.device == *device) {
                    term.revoked = term.revoked.or(Some(given.seq));
                }
            }
            _ => {}
        }
    }
    terms
}

fn reports(entries: &[Proved], reasons: &mut Vec<Reason>) -> BTreeMap<DeviceId, Vec<Arrived>> {
    let mut by_device: BTreeMap<DeviceId, Vec<Arrived>> = BTreeMap::new();
    for Proved { seq, entry } in entries {
        let Entry::Report { at, device, bytes } = entry else { continue };
        match UnverifiedReport::decode(*device, bytes.clone()) {
            Ok(report) => by_device.entry(*device).or_default().push((*seq, *at, report)),
            Err(fault) => reasons.push(Reason::forged(Some(*seq), fault, "报告格式无效")),
        }
    }
    by_device
}

/// Reports that the log itself says failed the strict check, with the entry that says so.
fn marked(entries: &[Proved]) -> BTreeMap<(DeviceId, Digest), u64> {
    let marks = entries.iter().filter_map(|Proved { seq, entry }| match entry {
        Entry::StrictFailed { device, digest, .. } => Some(((*device, *digest), *seq)),
        _ => None,
    });
    marks.collect()
}

/// In counter order, because a `sealed` report brings the key of those that follow it.
fn verified(
    term: &Term,
    mut arrived: Vec<Arrived>,
    marked: &BTreeMap<(DeviceId, Digest), u64>,
    reasons: &mut Vec<Reason>,
) -> Vec<(u64, Time, VerifiedReport)> {
    let mut keyring = Keyring::default();
    if keyring.enrol(term.device, term.key).is_err() {
        let text = format!("device {}: its key is weak", term.device);
        reasons.push(Reason::forged(Some(term.from), text, format!("关锁 {}：密钥不安全", term.device)));
        return Vec::new();
    }
    if let Some((seq, ..)) = arrived.iter().find(|(seq, ..)| term.revoked.is_some_and(|revoked| *seq > revoked)) {
        let text = format!("device {}: a report after its revocation", term.device);
        reasons.push(Reason::forged(Some(*seq), text, format!("关锁 {}：撤销之后的报告", term.device)));
    }
    arrived.sort_by_key(|(seq, _, report)| (report.unverified().ctr(), *seq));
    let mut verified = Vec::with_capacity(arrived.len());
    let places: Vec<(u64, Time, bool)> = arrived
        .iter()
        .map(|(seq, at, report)| {
            let mark = marked.get(&(term.device, Digest::of(report.bytes())));
            (*seq, *at, mark.is_some_and(|mark| mark > seq))
        })
        .collect();
    let looked = keyring.screen_strict(arrived.into_iter().map(|(.., report)| report).collect());
    for ((seq, at, marked), looked) in places.into_iter().zip(looked) {
        match looked {
            Ok(report) => verified.push((seq, at, report)),
            Err(Refusal::UnknownKey) => {
                let text = "signed by a key that no sealed report here brings";
                reasons.push(Reason::incomplete(Some(seq), text, "签名密钥没有对应的施封报告"));
            }
            // Only the key's holder can make such a signature: a batch let it pass, and the log says afterwards that it is none.
            Err(Refusal::BadSignature) if marked => {
                let text = "failed the strict check, as the log itself says: it is not relied on";
                reasons.push(Reason::incomplete(Some(seq), text, "未通过严格验签，日志已自行标明，不予采信"));
            }
            Err(refusal) => reasons.push(Reason::forged(Some(seq), refusal, "报告签名无法通过验证")),
        }
    }
    verified
}

fn statement(
    device: DeviceId,
    key: PublicKey,
    verified: &[(u64, Time, VerifiedReport)],
    heard: &BTreeMap<[u8; 8], Time>,
    reasons: &mut Vec<Reason>,
) -> Option<DeviceStatement> {
    let reports: Vec<Shown> = verified.iter().map(|(seq, at, report)| shown(*seq, *at, report, heard)).collect();
    let (first_ctr, last_ctr) = (reports.first()?.ctr, reports.last()?.ctr);
    check_chain(&device, &reports, reasons);
    let missing = missing(verified, &reports);
    for hole in &missing {
        let (how, zh) = if hole.declared {
            ("the device declared them lost", "关锁自己声明已丢失")
        } else {
            ("nobody says why", "原因不明")
        };
        let text = format!("device {device}: reports {} to {} are missing, {how}", hole.from, hole.to);
        reasons.push(Reason::incomplete(None, text, format!("关锁 {device}：缺少报告 {} 至 {}，{zh}", hole.from, hole.to)));
    }
    Some(DeviceStatement { device, public_key: Some(key), first_ctr, last_ctr, missing, reports })
}

fn shown(seq: u64, at: Time, verified: &VerifiedReport, heard: &BTreeMap<[u8; 8], Time>) -> Shown {
    let report = verified.report();
    let fix = report.fix();
    Shown {
        entry: seq,
        ctr: report.ctr(),
        epoch: report.epoch(),
        event: report.event(),
        closed: report.status().closed(),
        t: report.t(),
        not_before: report.heard().and_then(|root| heard.get(&root).copied()),
        not_after: at,
        lat: fix.as_ref().map(Fix::lat),
        lon: fix.as_ref().map(Fix::lon),
        prev: report.prev(),
        digest: verified.digest(),
    }
}

/// Each report names the bytes of the one before; two versions of one counter are a clone or a stolen key.
fn check_chain(device: &DeviceId, reports: &[Shown], reasons: &mut Vec<Reason>) {
    let mut versions: BTreeMap<u64, BTreeSet<Digest>> = BTreeMap::new();
    for report in reports {
        versions.entry(report.ctr).or_default().insert(report.digest);
    }
    for (ctr, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let text = format!("device {device}: {} versions of report {ctr}, a clone or a stolen key", versions.len());
        reasons.push(Reason::incomplete(None, text, format!("关锁 {device}：报告 {ctr} 有 {} 个版本，存在克隆或密钥被盗", versions.len())));
    }
    for report in reports {
        let before = report.ctr.checked_sub(1).and_then(|before| versions.get(&before));
        if before.is_some_and(|before| !before.contains(&report.prev)) {
            let text = format!("device {device}: report {} does not follow any version of the one before", report.ctr);
            let zh = format!("关锁 {device}：报告 {} 与前一报告不相连", report.ctr);
            reasons.push(Reason::incomplete(Some(report.entry), text, zh));
        }
    }
}

fn missing(verified: &[(u64, Time, VerifiedReport)], reports: &[Shown]) -> Vec<Missing> {
    let gaps: Vec<_> = verified.iter().filter_map(|(.., report)| report.report().gap()).collect();
    let pairs = reports.iter().zip(reports.iter().skip(1));
    pairs
        .filter(|(one, next)| next.ctr > one.ctr + 1)
        .map(|(one, next)| {
            let (from, to) = (one.ctr + 1, next.ctr - 1);
            Missing { from, to, declared: gaps.iter().any(|gap| gap.from <= from && gap.to >= to) }
        })
        .collect()
}
