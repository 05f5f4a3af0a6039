//! A platform in one struct: keeps what is signed, and answers with signed acks as the contract says.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod broker;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sealway_schemas::cose::{self, Sign1};
use sealway_schemas::down::{Ack, Down, Range};
use sealway_schemas::report::{Event, Report};
use sealway_schemas::up::{self, UpItem};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Platform {
    key: SigningKey,
    pub(crate) generation: u64,
    device: DeviceId,
    identity: PublicKey,
    keys: Vec<PublicKey>,
    /// Every version that it holds.
    pub(crate) held: BTreeMap<u64, Vec<Vec<u8>>>,
    pub(crate) accounted: BTreeSet<u64>,
    pub(crate) refused: usize,
    pub(crate) duplicates: usize,
}

impl Platform {
    pub(crate) fn of(device: DeviceId, identity: PublicKey) -> Self {
        Self {
            key: SigningKey::from_bytes(&[0x77; 32]),
            generation: 1,
            device,
            identity,
            keys: Vec::new(),
            held: BTreeMap::new(),
            accounted: BTreeSet::new(),
            refused: 0,
            duplicates: 0,
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    /// Takes a payload as the contract judges it, signatures and signers included.
    pub(crate) fn take(&mut self, payload: &[u8]) {
        for item in up::split(payload) {
            match item {
                Ok(UpItem::Report(message, report)) if self.verified(&message, &report) => self.keep(&message, &report),
                Ok(UpItem::Hello(message, _)) if signed_by(&self.identity, &message, &aad::hello(&self.device)) => {}
                Ok(_) | Err(_) => self.refused += 1,
            }
        }
    }

    fn verified(&self, message: &Sign1<'_>, report: &Report) -> bool {
        let by_epoch = report.status().epoch_key_held() && report.event() != Event::Sealed;
        let candidates: Vec<PublicKey> = if by_epoch { self.keys.clone() } else { vec![self.identity] };
        candidates.iter().any(|key| signed_by(key, message, &aad::up(&self.device)))
    }

    fn keep(&mut self, message: &Sign1<'_>, report: &Report) {
        self.keys.extend(report.epoch_key());
        let versions = self.held.entry(report.ctr()).or_default();
        if versions.iter().any(|version| version == message.bytes()) {
            self.duplicates += 1;
            return;
        }
        versions.push(message.bytes().to_vec());
        if let Some(gap) = report.gap() {
            self.accounted.extend(gap.from..=gap.to);
        }
    }

    pub(crate) fn report(&self, ctr: u64) -> Report {
        Report::parse(&self.held[&ctr][0]).unwrap().1
    }

    pub(crate) fn digest(&self, ctr: u64) -> Digest {
        Digest::of(&self.held[&ctr][0])
    }

    pub(crate) fn stored(&self) -> u64 {
        (1..).find(|ctr| !self.has(*ctr)).unwrap() - 1
    }

    fn has(&self, ctr: u64) -> bool {
        self.held.contains_key(&ctr) || self.accounted.contains(&ctr)
    }

    pub(crate) fn ack(&self) -> Ack {
        let stored = self.stored();
        let top = self.held.keys().chain(&self.accounted).max().copied().unwrap_or(0);
        let runs = |wanted: bool| {
            let mut runs: Vec<Range> = Vec::new();
            for ctr in (stored + 1..=top).filter(|ctr| self.has(*ctr) != wanted) {
                match runs.last_mut() {
                    Some(last) if last.to + 1 == ctr => last.to = ctr,
                    _ => runs.push(Range { from: ctr, to: ctr }),
                }
            }
            runs
        };
        let (mut ranges, mut wants) = (runs(false), runs(true));
        ranges.truncate(8);
        wants.truncate(4);
        Ack { generation: self.generation, stored, released: 0, ranges, wants, t: Time::from_ms(1), tree: None }
    }

    /// Signs a down message for its device.
    pub(crate) fn sign(&self, down: &Down) -> Vec<u8> {
        self.sign_for(&self.device, down)
    }

    pub(crate) fn sign_for(&self, device: &DeviceId, down: &Down) -> Vec<u8> {
        let sign = |message: &[u8]| self.key.sign(message).to_bytes();
        cose::seal(&down.encode(), &aad::down(device), self.public_key().key_id(), sign)
    }

    pub(crate) fn signed_ack(&self) -> Vec<u8> {
        self.sign(&Down::Ack(self.ack()))
    }
}

pub(crate) fn signed_by(key: &PublicKey, message: &Sign1<'_>, aad: &str) -> bool {
    let mut signed = Vec::new();
    message.to_be_signed(aad, &mut signed);
    let key = VerifyingKey::from_bytes(key.as_bytes()).unwrap();
    key.verify_strict(&signed, &Signature::from_bytes(message.signature())).is_ok()
}
