//! Commands: who may, once, and with which words they are refused.

use super::terminals::terminal;
use super::{Bench, DESTINATION, ROAD, declaration, seal::Seal, signer};
use crate::geometry::Position;
use crate::input::Input;
use crate::role::{Reach, reach};
use crate::{Effect, KeyChange};
use bytes::Bytes;
use sealway_schemas::command::{Command, Role};
use sealway_schemas::{Time, TransferId};
use serde_json::{Value, json};

pub(super) fn grant(seal: &Seal, at: Position, now: Time) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let e7 = |degrees: f64| (degrees * 1e7) as i64;
    json!({"type": "issue-grant", "grant": hex::encode([9; 16]), "device": seal.id, "epoch": seal.epoch,
           "circle": {"lat_e7": e7(at.lat), "lon_e7": e7(at.lon), "radius_m": 200},
           "not_before": now, "not_after": now.plus_ms(600_000), "authorised_by": "Officer Li"})
}

fn one_of_each(seal: &Seal) -> Vec<Value> {
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    vec![
        json!({"type": "register-party", "party": "p", "role": "carrier", "name_zh": "某", "name_en": "P"}),
        json!({"type": "register-user", "user": "u", "party": "p", "role": "carrier", "name": "U"}),
        json!({"type": "issue-token", "token": "t", "user": "u", "digest": "00".repeat(32), "not_after": null}),
        json!({"type": "revoke-token", "token": "t"}),
        json!({"type": "issue-account-link", "user": "u", "digest": "00".repeat(32), "not_after": 5, "reset_second_factor": false}),
        json!({"type": "put-signature-rule", "command": "put-place", "roles": []}),
        json!({"type": "put-arrow-rule", "arrow": "accept", "roles": []}),
        json!({"type": "put-place", "feature": {}}),
        json!({"type": "put-corridor", "feature": {}}),
        json!({"type": "withdraw-place-version", "place": DESTINATION, "effective_from": 5, "reason": "r"}),
        json!({"type": "withdraw-corridor-version", "corridor": ROAD, "effective_from": 5, "reason": "r"}),
        seal.enrolment("silk-road-carrier"),
        json!({"type": "revoke-device", "device": seal.id, "reason": "lost"}),
        json!({"type": "reset-login", "device": seal.id, "t": 5}),
        json!({"type": "lift-quarantine", "device": seal.id, "reason": "looked at"}),
        terminal("TRUCK-7", "13912345678"),
        json!({"type": "revoke-terminal", "terminal": "TRUCK-7", "reason": "sold"}),
        declaration(&id, seal, "LOOSE-1"),
        json!({"type": "acknowledge-alert", "alert": 1, "note": null}),
        json!({"type": "note-alert", "alert": 1, "note": "seen"}),
        grant(seal, Position { lat: 34.0, lon: 108.0 }, Time::ZERO),
        json!({"type": "issue-challenge", "device": seal.id, "nonce": "00".repeat(16), "not_after": 5}),
    ]
}

/// customs, carrier, operator, auditor, admin: `a` all, `o` own, `-` not.
const TABLE: [(&str, &str); 22] = [
    ("register-party", "----a"),
    ("register-user", "----a"),
    ("issue-token", "----a"),
    ("revoke-token", "----a"),
    ("issue-account-link", "----a"),
    ("put-signature-rule", "----a"),
    ("put-arrow-rule", "----a"),
    ("put-place", "a---a"),
    ("put-corridor", "a---a"),
    ("withdraw-place-version", "a---a"),
    ("withdraw-corridor-version", "a---a"),
    ("enrol-device", "ao--a"),
    ("revoke-device", "ao--a"),
    ("reset-login", "a----"),
    ("lift-quarantine", "a----"),
    ("register-terminal", "aoo-a"),
    ("revoke-terminal", "aoo-a"),
    ("declare-transfer", "-o---"),
    ("acknowledge-alert", "a----"),
    ("note-alert", "a----"),
    ("issue-grant", "a----"),
    ("issue-challenge", "aoo--"),
];

#[test]
fn every_role_reaches_exactly_as_far_as_the_table_says() {
    let seal = Seal::new(1, Time::ZERO);
    for (body, (kind, row)) in one_of_each(&seal).into_iter().zip(TABLE) {
        let command = Command::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(command.kind(), kind);
        for (role, mark) in Role::ALL.into_iter().zip(row.chars()) {
            let expected = match mark {
                'a' => Reach::All,
                'o' => Reach::Own,
                _ => Reach::None,
            };
            assert_eq!(reach(role, &command), expected, "{role} {kind}");
        }
    }
}

#[test]
fn what_a_role_may_not_do_is_refused_and_not_recorded() {
    let mut bench = Bench::new();
    let (seal, entries) = (Seal::new(1, bench.now), bench.log.len());
    for (body, (kind, row)) in one_of_each(&seal).into_iter().zip(TABLE) {
        for (role, _) in Role::ALL.into_iter().zip(row.chars()).filter(|(_, mark)| *mark == '-') {
            assert_eq!(bench.code(role, body.clone()), "role-forbids", "{role} {kind}");
        }
    }
    assert_eq!(bench.log.len(), entries);
}

#[test]
fn a_carrier_reaches_only_what_is_its_own() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let mut other = signer(Role::Carrier);
    other.party = "other-carrier".parse().unwrap();
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let fresh = Seal::new(2, bench.now);
    for (body, code) in [
        (fresh.enrolment("silk-road-carrier"), "not-yours"),
        (json!({"type": "revoke-device", "device": seal.id, "reason": "spite"}), "not-yours"),
        (declaration(&id, &seal, "LOOSE-1"), "not-yours"),
        (json!({"type": "issue-challenge", "device": seal.id, "nonce": "00".repeat(16), "not_after": 5}), "not-yours"),
    ] {
        bench.keys += 1;
        let key = format!("o-{}", bench.keys);
        assert_eq!(bench.command_by(other.clone(), &key, &body).unwrap_err().code, code, "{body}");
    }
    let mut stolen = declaration(&id, &seal, "LOOSE-1");
    stolen["carrier"] = json!("other-carrier");
    assert_eq!(bench.command_by(other, "o-x", &stolen).unwrap_err().code, "not-yours", "own transfer, another's seal");
    bench.ok(Role::Carrier, json!({"type": "issue-challenge", "device": seal.id, "nonce": "00".repeat(16), "not_after": 5}));
}

#[test]
fn a_command_sent_twice_under_one_key_is_done_once() {
    let mut bench = Bench::new();
    let seal = Seal::new(1, bench.now);
    let body = seal.enrolment("silk-road-carrier");
    let first = bench.command_by(signer(Role::Carrier), "same", &body).unwrap();
    let entries = bench.log.len();
    bench.pass_s(3_600);
    let second = bench.command_by(signer(Role::Carrier), "same", &body).unwrap();
    assert_eq!((second.at, second.subject, second.repeated), (first.at, first.subject, true));
    assert_eq!(bench.log.len(), entries);
    let other = bench.command_by(signer(Role::Carrier), "same", &json!({"type": "revoke-device", "device": seal.id, "reason": "x"}));
    assert_eq!(other.unwrap_err().code, "idempotency-key-reused");
    bench.pass_s(86_400);
    assert_eq!(
        bench.command_by(signer(Role::Carrier), "same", &body).unwrap_err().code,
        "device-enrolled",
        "the key is forgotten, the device is not"
    );
}

#[test]
fn a_device_is_enrolled_once_and_its_key_never_comes_back() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    assert_eq!(bench.code(Role::Carrier, seal.enrolment("silk-road-carrier")), "device-enrolled");
    bench.ok(Role::Customs, json!({"type": "revoke-device", "device": seal.id, "reason": "stolen"}));
    assert!(bench.effects.contains(&Effect::Keys(KeyChange::Revoked { device: seal.id })));
    assert!(bench.effects.contains(&Effect::Close(seal.id)));
    assert_eq!(bench.code(Role::Carrier, seal.enrolment("silk-road-carrier")), "key-known");
    assert!(bench.core.login_allowed(&seal.id, bench.now).is_err());

    let mut reborn = Seal::new(2, bench.now);
    reborn.id = seal.id;
    bench.ok(Role::Carrier, reborn.enrolment("silk-road-carrier"));
    assert_eq!(bench.core.device(&seal.id).unwrap().public_key, reborn.public_key());
    assert_eq!(bench.core.devices().count(), 1);
}

#[test]
fn an_enrolment_without_proof_or_with_a_weak_key_is_refused() {
    let mut bench = Bench::new();
    let seal = Seal::new(1, bench.now);
    let good = seal.enrolment("silk-road-carrier");
    let mut small_order = [0; 32];
    small_order[0] = 1;
    for (field, value) in [
        ("proof", json!(Seal::new(2, bench.now).enrolment("silk-road-carrier")["proof"])),
        ("challenge", json!("08".repeat(32))),
        ("proof", json!("00")),
        ("proof", json!("zz")),
        ("proof", json!("00".repeat(2_000))),
        ("device", json!("XA-9999")),
        ("public_key", json!(hex::encode(small_order))),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(bench.code(Role::Carrier, bad.clone()), "enrolment-proof", "{bad}");
    }
    let mut stranger = good;
    stranger["owner"] = json!("nobody");
    assert_eq!(bench.code(Role::Admin, stranger), "unknown-party");
}

#[test]
fn refusals_name_the_value_and_what_was_expected() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let mut elsewhere = declaration(&id, &seal, "LOOSE-1");
    elsewhere["origin"] = json!(DESTINATION);
    let mut unknown = declaration(&id, &seal, "LOOSE-1");
    unknown["corridor"] = json!("road-to-nowhere");
    for (role, body, code, detail) in [
        (Role::Carrier, declaration(&id, &seal, "CSQU3054384"), "unit-check-digit", "container CSQU3054384: check digit is 4, expected 3"),
        (Role::Carrier, unknown, "unknown-corridor", "corridor road-to-nowhere: expected one that was put before"),
        (
            Role::Carrier,
            elsewhere,
            "corridor-elsewhere",
            "corridor road-xian-epz-a-xiy: runs from zone-xian-epz-a to airport-xiy, expected from airport-xiy to airport-xiy",
        ),
        (
            Role::Customs,
            json!({"type": "acknowledge-alert", "alert": 7, "note": null}),
            "unknown-alert",
            "alert 7: expected one that exists",
        ),
        (
            Role::Customs,
            json!({"type": "lift-quarantine", "device": seal.id, "reason": "x"}),
            "not-quarantined",
            "device XA-0001: not in quarantine, without a hole and in its epoch, expected a device whose custody is held",
        ),
        (
            Role::Admin,
            json!({"type": "register-user", "user": "u", "party": "silk-road-carrier", "role": "customs", "name": "U"}),
            "role-exceeds-party",
            "role customs of user u: party silk-road-carrier is carrier",
        ),
        (
            Role::Admin,
            json!({"type": "register-party", "party": "silk-road-carrier", "role": "customs", "name_zh": "某", "name_en": "P"}),
            "party-role-fixed",
            "party silk-road-carrier: is carrier, expected that role, not customs",
        ),
    ] {
        let refused = bench.command(role, &body).unwrap_err();
        assert_eq!((refused.code, refused.detail.as_str()), (code, detail));
    }
    assert_eq!(bench.code(Role::Admin, json!({"type": "make-coffee"})), "malformed-command");
    assert_eq!(bench.code(Role::Admin, json!([])), "malformed-command");
    let mut feature = bench.core.place(&DESTINATION.parse().unwrap()).unwrap().feature;
    feature["geometry"]["coordinates"] = json!("x".repeat(1_100_000));
    assert_eq!(bench.code(Role::Customs, json!({"type": "put-place", "feature": feature})), "feature-too-large");
}

#[test]
fn a_command_of_ten_megabytes_is_refused_unread() {
    let mut bench = Bench::empty();
    let body = Bytes::from(vec![b' '; 10 << 20]);
    let effects = bench.give(Input::Command { by: signer(Role::Admin), key: "k".into(), body, signature: None });
    assert!(matches!(&effects[..], [Effect::Refused(refusal)] if refusal.code == "too-large"));
}

#[test]
fn a_login_is_worth_something_once() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let t = Time::from_ms(500);
    assert!(matches!(bench.give(Input::Login { device: seal.id, t })[..], [Effect::Append(_)]));
    assert!(matches!(bench.give(Input::Login { device: seal.id, t })[..], [Effect::LoginRefused { .. }]));
    bench.ok(Role::Customs, json!({"type": "reset-login", "device": seal.id, "t": 3}));
    assert_eq!(bench.core.login_allowed(&seal.id, Time::from_ms(4)), Ok(()));
}

#[test]
fn a_token_is_issued_to_a_user_and_revoked() {
    let mut bench = Bench::new();
    bench.ok(Role::Admin, json!({"type": "register-user", "user": "li", "party": "xian-customs", "role": "auditor", "name": "Li"}));
    let issue = json!({"type": "issue-token", "token": "t-1", "user": "li", "digest": "07".repeat(32), "not_after": 9});
    bench.ok(Role::Admin, issue.clone());
    assert_eq!(bench.code(Role::Admin, issue), "token-exists");
    bench.ok(Role::Admin, json!({"type": "revoke-token", "token": "t-1"}));
    assert_eq!(bench.core.token("t-1").unwrap().revoked_at, Some(bench.now));
    assert_eq!(bench.code(Role::Admin, json!({"type": "revoke-token", "token": "t-2"})), "unknown-token");
}
