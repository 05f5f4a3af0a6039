//! What `README.md` and `asyncapi.yaml` tell the makers of seals, held against the code.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use ed25519_dalek::{Signature, SigningKey, Verifier as _, VerifyingKey};
use sealway_schemas::cose::Sign1;
use sealway_schemas::event::Change;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Report, Status};
use sealway_schemas::{DeviceId, Digest, aad, topics};

const README: &str = include_str!("../README.md");
const TOPICS: &str = include_str!("../asyncapi.yaml");
/// RFC 8032, 7.1, test 1.
const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

fn seal() -> DeviceId {
    "XA-7Q2K".parse().unwrap()
}

fn key() -> VerifyingKey {
    let secret: Vec<u8> = bytes_of(SECRET);
    SigningKey::from_bytes(&secret.try_into().unwrap()).verifying_key()
}

/// A fenced block of the page.
fn block(name: &str) -> &'static str {
    let from = README.find(&format!("```{name}\n")).unwrap_or_else(|| panic!("no block {name}"));
    let text = README.get(from..).unwrap().split_once('\n').unwrap().1;
    text.split_once("```").unwrap().0
}

/// Hex without comments and white space.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits: String = text.lines().map(|line| line.split(';').next().unwrap()).collect();
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn verify(message: &Sign1<'_>, aad: &str) -> Vec<u8> {
    let mut signed = Vec::new();
    message.to_be_signed(aad, &mut signed);
    key().verify_strict(&signed, &Signature::from_bytes(message.signature())).unwrap();
    key().verify(&signed, &Signature::from_bytes(message.signature())).unwrap();
    signed
}

#[test]
fn the_report_of_the_page_is_one_and_its_signature_holds() {
    let bytes = bytes_of(block("hex report"));
    let (message, report) = Report::parse(&bytes).unwrap();
    assert_eq!(verify(&message, &aad::up(&seal())), bytes_of(block("hex signed")));
    assert_eq!((report.ctr(), report.epoch(), report.prev(), report.event()), (1, 0, Digest::ZERO, Event::PowerOn));
    let fix = report.fix().unwrap();
    assert_eq!((fix.lat_e7, fix.lon_e7, fix.accuracy_dm, fix.satellites, fix.cn0_ddbhz), (343_415_700, 1_089_401_750, 50, 12, 420));
    assert!(report.status().has(Status::HOUSING_CLOSED | Status::CLOCK_DISCIPLINED | Status::MOUNT_PRESENT));
    assert_eq!(report.battery(), Some(85));
    assert_eq!(Digest::of(&bytes).as_bytes().to_vec(), bytes_of(block("hex prev")));
    assert!(README.contains(&hex_of(key().as_bytes())));
}

#[test]
fn the_password_of_the_page_is_a_login() {
    let password = block("password").trim();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(password).unwrap();
    let message = Sign1::parse(&bytes).unwrap();
    verify(&message, &aad::login(&seal()));
    let login = Login::decode(message.payload()).unwrap();
    assert_eq!(login.t.as_ms(), 1_788_251_400_000);
}

#[test]
fn the_frame_of_the_page_carries_its_report_under_its_sum() {
    let frame = bytes_of(block("hex frame"));
    let report = bytes_of(block("hex report"));
    let length = u16::try_from(report.len()).unwrap().to_be_bytes();
    let head = [b"SW\x01\x02\x00\x07\x07".as_slice(), &length, b"XA-7Q2K"].concat();
    let (content, sum) = frame.split_at(frame.len() - 4);
    assert_eq!(content, [head, report].concat());
    // CRC-32 as the page says it, bit by bit.
    let expected = content.iter().skip(2).fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0x04C1_1DB7_u32.reverse_bits() })
    });
    assert_eq!(sum, (!expected).to_be_bytes());
}

#[test]
fn the_topics_of_the_document_are_those_of_the_code() {
    let (seal, transfer) = (seal(), "26CNXA000000000173".parse().unwrap());
    let party = "carrier-longsea".parse().unwrap();
    let event = topics::event(&party, Some(&transfer), "movement");
    let expected = [
        topics::up(&seal).replace(seal.as_str(), "{device}"),
        topics::down(&seal).replace(seal.as_str(), "{device}"),
        event.replace(party.as_str(), "{party}").replace(transfer.as_str(), "{transfer}").replace("movement", "{kind}"),
    ];
    let addresses: Vec<&str> = TOPICS.lines().filter_map(|line| line.trim().strip_prefix("address: ")).collect();
    assert_eq!(addresses, expected);
}

#[test]
fn the_kinds_of_the_document_are_those_of_the_code() {
    let kinds = TOPICS.lines().find_map(|line| line.trim().strip_prefix("enum: [")).unwrap().trim_end_matches(']');
    let body = serde_json::json!({});
    for kind in kinds.split(", ") {
        // A kind that the code does not know is told as such; a known one misses its fields.
        let refused = serde_json::from_value::<Change>(serde_json::json!({"kind": kind, "body": body})).unwrap_err().to_string();
        assert!(refused.contains("missing field"), "{kind}: {refused}");
    }
    let all = serde_json::from_value::<Change>(serde_json::json!({"kind": "?", "body": body})).unwrap_err().to_string();
    let known = all.split("expected one of ").nth(1).unwrap().replace('`', "");
    assert_eq!(known.trim(), kinds);
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
