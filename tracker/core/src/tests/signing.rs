//! People's signatures: over the bytes as they are sent, by a key that is theirs, where a rule asks for it.

use super::{Bench, signer};
use crate::input::Input;
use crate::{CommandRefusal, Effect};
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_schemas::PublicKey;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::movement::By;
use sealway_schemas::record::SigningKeyView;
use sealway_schemas::signature::CommandSignature;
use serde_json::{Value, json};

fn key(seed: u8) -> (SigningKey, PublicKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::from_bytes(key.verifying_key().to_bytes());
    (key, public)
}

pub(super) fn enrolment(by: &Signer, seed: u8) -> Value {
    let (key, public) = key(seed);
    let proof = key.sign(SigningKeyView::challenge(&by.user, &public).as_bytes()).to_bytes();
    json!({"type": "enrol-signing-key", "user": by.user, "public_key": public, "proof": hex::encode(proof)})
}

impl Bench {
    fn signed(&mut self, by: &Signer, seed: u8, body: &Value, sent: &Value) -> Result<(), CommandRefusal> {
        self.keys += 1;
        let idempotency = format!("s-{}", self.keys);
        let (key, public) = key(seed);
        let message = CommandSignature::to_be_signed(by, &idempotency, body.to_string().as_bytes());
        let signature = CommandSignature { key_id: public.key_id(), signature: key.sign(&message).to_bytes() };
        let body = Bytes::from(sent.to_string());
        let effects = self.give(Input::Command { by: by.clone(), key: idempotency, body, signature: Some(signature) });
        let answer = effects.into_iter().find_map(|effect| match effect {
            Effect::Accepted(_) => Some(Ok(())),
            Effect::Refused(refusal) => Some(Err(refusal)),
            _ => None,
        });
        answer.unwrap()
    }
}

fn party(name: &str) -> Value {
    json!({"type": "register-party", "party": name, "role": "carrier", "name_zh": "某", "name_en": "Some"})
}

#[test]
fn a_signed_command_is_taken_and_kept_with_its_signature() {
    let mut bench = Bench::new();
    let admin = signer(Role::Admin);
    bench.ok(Role::Admin, enrolment(&admin, 40));
    bench.signed(&admin, 40, &party("one"), &party("one")).unwrap();
    let kept = bench.log.last().unwrap();
    assert!(matches!(kept, sealway_schemas::entry::Entry::Command { signature: Some(bytes), .. } if bytes.len() == 72));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn another_body_another_persons_key_and_a_revoked_key_are_refused() {
    let mut bench = Bench::new();
    let (admin, officer) = (signer(Role::Admin), signer(Role::Customs));
    bench.ok(Role::Admin, enrolment(&admin, 40));
    bench.ok(Role::Customs, enrolment(&officer, 41));
    assert_eq!(bench.signed(&admin, 40, &party("one"), &party("two")).unwrap_err().code, "signature-invalid");
    assert_eq!(bench.signed(&admin, 41, &party("one"), &party("one")).unwrap_err().code, "signing-key-unknown");
    let revoke = json!({"type": "revoke-signing-key", "user": admin.user, "public_key": key(40).1, "reason": "phone lost"});
    bench.ok(Role::Admin, revoke);
    assert_eq!(bench.signed(&admin, 40, &party("one"), &party("one")).unwrap_err().code, "signing-key-unknown");
    assert_eq!(bench.code(Role::Admin, enrolment(&admin, 40)), "key-known", "a revoked key is nobody's again");
}

#[test]
fn a_key_is_enrolled_by_its_holder_with_a_proof() {
    let mut bench = Bench::new();
    let officer = signer(Role::Customs);
    assert_eq!(bench.code(Role::Admin, enrolment(&officer, 41)), "not-yours");
    let mut stolen = enrolment(&officer, 41);
    stolen["public_key"] = json!(key(42).1);
    assert_eq!(bench.code(Role::Customs, stolen), "signing-key-proof");
    let mut weak = enrolment(&officer, 41);
    weak["public_key"] = json!("00".repeat(32));
    assert_eq!(bench.code(Role::Customs, weak), "key-weak");
}

#[test]
fn a_rule_asks_for_a_signature_in_its_roles_from_then_on() {
    let mut bench = Bench::new();
    let officer = signer(Role::Customs);
    let lift = json!({"type": "lift-quarantine", "device": "XA-0001", "reason": "seen"});
    assert_eq!(bench.code(Role::Customs, lift.clone()), "unknown-device", "unsigned is good enough");
    bench.ok(Role::Admin, json!({"type": "put-signature-rule", "command": "lift-quarantine", "roles": ["customs"]}));
    assert_eq!(bench.code(Role::Customs, lift.clone()), "signature-required");
    bench.ok(Role::Customs, enrolment(&officer, 41));
    assert_eq!(bench.signed(&officer, 41, &lift, &lift).unwrap_err().code, "unknown-device", "signed, and judged on");
    assert_eq!(bench.code(Role::Admin, json!({"type": "put-signature-rule", "command": "make-coffee", "roles": []})), "unknown-command");
}

#[test]
fn a_rule_for_an_arrow_holds_for_every_command_that_goes_it_and_the_step_names_the_key() {
    let mut bench = Bench::new();
    let officer = signer(Role::Customs);
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, json!({"type": "submit-transfer", "transfer": id}));
    bench.ok(Role::Admin, json!({"type": "put-arrow-rule", "arrow": "accept", "roles": ["customs"]}));
    let accept = json!({"type": "accept-transfer", "transfer": id});
    assert_eq!(bench.code(Role::Customs, accept.clone()), "signature-required");
    let order = json!({"type": "put-standing-order", "order": "o", "carrier": null, "origin": null, "arrows": ["accept"]});
    assert_eq!(bench.code(Role::Customs, order), "signature-required", "no way round by an order");
    let hold = json!({"type": "hold-transfer", "transfer": id, "reason": "r"});
    bench.ok(Role::Customs, hold);
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "r"}));
    bench.ok(Role::Customs, enrolment(&officer, 41));
    bench.signed(&officer, 41, &accept, &accept).unwrap();
    let step = bench.steps().pop().unwrap();
    assert_eq!(step.by, By::Signed { user: officer.user, key: key(41).1.key_id() });
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}
