//! Real keys, real signatures, and a holder of a key that does what no honest device does.

use super::*;
use bytes::Bytes;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::cose::seal;
use sealway_schemas::report::{ReportDraft, Status};
use sealway_schemas::{Digest, Time};
use sha2::{Digest as _, Sha512};

const CLOSED: u64 = 0b1_0000_0111;

pub(super) fn device(number: usize) -> DeviceId {
    format!("XA-{number:04}").parse().unwrap()
}

fn signing(number: usize) -> SigningKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    SigningKey::from_bytes(&seed)
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_bytes(key.verifying_key().to_bytes())
}

pub(super) fn draft(ctr: u64, event: Event) -> ReportDraft {
    let mut draft = ReportDraft::new(ctr, 1, Digest::ZERO, Time::from_ms(ctr), event);
    draft.status = Status::new(CLOSED).unwrap();
    draft
}

pub(super) fn signed(of: DeviceId, draft: ReportDraft, by: &SigningKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> UnverifiedReport {
    let payload = draft.build().unwrap().encode();
    let bytes = seal(&payload, &aad::up(&of), public(by).key_id(), sign);
    UnverifiedReport::decode(of, Bytes::from(bytes)).unwrap()
}

pub(super) fn honest(of: DeviceId, draft: ReportDraft, by: &SigningKey) -> UnverifiedReport {
    signed(of, draft, by, |message| by.sign(message).to_bytes())
}

/// A signature whose R carries a torsion part: the equation holds with the cofactor only.
pub(super) fn with_torsion(message: &[u8], by: &SigningKey) -> [u8; 64] {
    let r = Scalar::from_bytes_mod_order([9; 32]);
    let commitment = (ED25519_BASEPOINT_POINT * r + EIGHT_TORSION[1]).compress();
    let hash = Sha512::new().chain_update(commitment.as_bytes()).chain_update(by.verifying_key().as_bytes()).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let s = r + k * by.to_scalar();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(commitment.as_bytes());
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// A keyring of sealed devices whose last report was strictly checked.
pub(super) fn keyring(devices: usize) -> Keyring {
    let mut keyring = Keyring::default();
    for number in 0..devices {
        keyring.enrol(device(number), public(&signing(number))).unwrap();
        let sealed = sealed(number);
        assert!(keyring.screen_strict(vec![sealed]).pop().unwrap().is_ok());
    }
    keyring
}

pub(super) fn epoch_key(number: usize) -> SigningKey {
    signing(100_000 + number)
}

fn sealed(number: usize) -> UnverifiedReport {
    let mut sealed = draft(1, Event::Sealed);
    sealed.epoch_key = Some(public(&epoch_key(number)));
    honest(device(number), sealed, &signing(number))
}

pub(super) fn coins() -> impl FnMut(&mut [u8]) {
    let mut state = 0_u8;
    move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(29).wrapping_add(71);
            *byte = state;
        }
    }
}

pub(super) fn periodic(number: usize, ctr: u64) -> UnverifiedReport {
    honest(device(number), draft(ctr, Event::Periodic), &epoch_key(number))
}

#[test]
fn a_batch_answers_in_the_order_of_its_reports_and_finds_each_bad_one() {
    let mut keyring = keyring(30);
    let reports: Vec<UnverifiedReport> = (0..300)
        .map(|n| {
            let good = periodic(n % 30, 2 + n as u64);
            let bad = |_: &[u8]| epoch_key(n % 30).sign(b"another").to_bytes();
            let number = n % 30;
            if n % 41 == 0 { signed(device(number), draft(2 + n as u64, Event::Periodic), &epoch_key(number), bad) } else { good }
        })
        .collect();
    let answers = keyring.screen(reports.clone(), &mut coins());
    for (n, (answer, report)) in answers.iter().zip(&reports).enumerate() {
        match answer {
            Ok(verified) => assert_eq!((verified.bytes(), n % 41 == 0), (report.bytes(), false)),
            Err(refusal) => assert_eq!((*refusal, n % 41), (Refusal::BadSignature, 0), "{n}"),
        }
    }
}

#[test]
fn periodic_reports_wait_for_the_strict_check_and_what_changes_custody_does_not() {
    let mut keyring = keyring(2);
    let mut open = draft(4, Event::Periodic);
    open.status = Status::new(0b110).unwrap();
    let shock = honest(device(0), draft(3, Event::Shock), &epoch_key(0));
    let open = honest(device(0), open, &signing(0));
    let mut reports = vec![periodic(0, 2), shock, open, periodic(0, 5)];
    reports.extend((0..4).map(|n| periodic(1, 2 + n)));
    let answers = keyring.screen(reports, &mut coins());
    let strict: Vec<bool> = answers.into_iter().map(|answer| answer.unwrap().strict()).collect();
    assert_eq!(strict, [false, true, true, true, false, false, false, false]);
}

#[test]
fn a_few_reports_are_strictly_checked_at_once() {
    let mut keyring = keyring(1);
    let answers = keyring.screen(vec![periodic(0, 2), periodic(0, 3)], &mut coins());
    assert!(answers.into_iter().all(|answer| answer.unwrap().strict()));
}

#[test]
fn a_torsion_part_passes_a_batch_and_no_strict_check() {
    let mut keyring = keyring(2);
    let report = signed(device(0), draft(2, Event::Periodic), &epoch_key(0), |message| with_torsion(message, &epoch_key(0)));
    for count in [5, 40] {
        let reports = std::iter::once(report.clone()).chain((0..count).map(|n| periodic(1, 2 + n))).collect();
        let answers = keyring.screen(reports, &mut coins());
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|verified| !verified.strict())));
    }
    let logged = keyring.screen_logged(vec![report.clone(), periodic(1, 2)]);
    assert_eq!(logged.into_iter().map(|answer| answer.unwrap().strict()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(keyring.screen_strict(vec![report.clone()]), [Err(Refusal::BadSignature)]);
    let event = signed(device(1), draft(2, Event::Shock), &epoch_key(1), |message| with_torsion(message, &epoch_key(1)));
    assert_eq!(keyring.screen(vec![event], &mut coins()), [Err(Refusal::BadSignature)]);
}

/// S of a good signature, moved by `by`.
fn moved(signature: [u8; 64], by: Scalar) -> [u8; 64] {
    let s: [u8; 32] = signature[32..].try_into().unwrap();
    let mut moved = signature;
    moved[32..].copy_from_slice((Scalar::from_canonical_bytes(s).unwrap() + by).as_bytes());
    moved
}

#[test]
fn two_bad_signatures_whose_faults_cancel_are_both_found() {
    let mut keyring = keyring(2);
    let bad = |number, by| {
        let key = epoch_key(number);
        signed(device(number), draft(2, Event::Periodic), &key, |message| moved(key.sign(message).to_bytes(), by))
    };
    let mut reports = vec![bad(0, Scalar::ONE), bad(1, -Scalar::ONE)];
    reports.extend((3..20).map(|ctr| periodic(1, ctr)));
    let answers = keyring.screen(reports, &mut coins());
    let refused: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].is_err()).collect();
    assert_eq!(refused, [0, 1]);
}

#[test]
fn a_device_with_a_bad_signature_goes_alone_and_the_others_do_not_wait_for_it() {
    let mut keyring = keyring(2);
    let bad = signed(device(0), draft(2, Event::Periodic), &epoch_key(0), |_| [1; 64]);
    keyring.screen(vec![bad, periodic(1, 2)], &mut coins());
    let reports = std::iter::once(periodic(0, 2)).chain((3..8).map(|ctr| periodic(1, ctr))).collect();
    let answers = keyring.screen(reports, &mut coins());
    let strict: Vec<bool> = answers.into_iter().map(|answer| answer.unwrap().strict()).collect();
    assert_eq!(strict, [true, false, false, false, false, false]);
}

#[test]
fn a_sealing_makes_its_key_known_for_the_later_reports_of_the_same_call() {
    let mut keyring = Keyring::default();
    keyring.enrol(device(0), public(&signing(0))).unwrap();
    let answers = keyring.screen(vec![periodic(0, 2), sealed(0), periodic(0, 2)], &mut coins());
    assert_eq!(answers[0], Err(Refusal::UnknownKey));
    assert_eq!(answers[1].as_ref().unwrap().signed_by(), SignedBy::Identity);
    assert_eq!(answers[2].as_ref().unwrap().signed_by(), SignedBy::Epoch(public(&epoch_key(0))));
}

#[test]
fn an_epoch_key_announces_no_other_key() {
    let mut keyring = keyring(1);
    let mut announcement = draft(2, Event::Sealed);
    announcement.epoch_key = Some(public(&signing(5)));
    let announcement = honest(device(0), announcement, &epoch_key(0));
    let next = honest(device(0), draft(3, Event::Periodic), &signing(5));
    let answers = keyring.screen(vec![announcement, next], &mut coins());
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refusal::UnknownKey));
}

#[test]
fn old_epoch_keys_still_verify() {
    let mut keyring = keyring(1);
    for number in 1..9 {
        keyring.epoch_key(device(0), public(&epoch_key(number))).unwrap();
    }
    assert!(keyring.screen(vec![periodic(0, 2)], &mut coins()).pop().unwrap().is_ok());
}

#[test]
fn unknown_and_revoked_devices_are_refused() {
    let mut keyring = keyring(1);
    assert_eq!(keyring.screen(vec![periodic(3, 2)], &mut coins()), [Err(Refusal::UnknownDevice)]);
    keyring.revoke(device(0));
    assert_eq!(keyring.screen(vec![periodic(0, 2)], &mut coins()), [Err(Refusal::Revoked)]);
    keyring.enrol(device(0), public(&signing(9))).unwrap();
    assert_eq!(keyring.screen(vec![periodic(0, 2)], &mut coins()), [Err(Refusal::UnknownKey)]);
}

#[test]
fn the_aad_is_the_contracts() {
    let (mut text, mut message) = (String::new(), Vec::new());
    let report = periodic(0, 2);
    to_be_signed(report.device(), &Sign1::parse(report.bytes()).unwrap(), &mut text, &mut message);
    assert_eq!(text, aad::up(report.device()));
}

#[test]
fn a_login_is_checked_by_the_identity_key_alone() {
    let keyring = keyring(1);
    let payload = Login { t: Time::from_ms(5), nonce: [3; 16] }.encode();
    let login = |by: &SigningKey, aad: &str| seal(&payload, aad, public(by).key_id(), |message| by.sign(message).to_bytes());
    let good = login(&signing(0), &aad::login(&device(0)));
    assert_eq!(keyring.verify_login(&device(0), &good).unwrap().t(), Time::from_ms(5));
    assert_eq!(keyring.verify_login(&device(1), &good), Err(Refusal::UnknownDevice));
    assert_eq!(keyring.verify_login(&device(0), &login(&epoch_key(0), &aad::login(&device(0)))), Err(Refusal::UnknownKey));
    assert_eq!(keyring.verify_login(&device(0), &login(&signing(0), &aad::hello(&device(0)))), Err(Refusal::BadSignature));
}
