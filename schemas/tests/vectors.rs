//! The golden vectors against the decoders: what is accepted is written again to the same bytes, what is malformed is called so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

use sealway_schemas::cose::{Sign1, seal};
use sealway_schemas::down::Down;
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::login::Login;
use sealway_schemas::report::Report;
use sealway_schemas::up::{UpItem, split};
use sealway_schemas::{DeviceId, Malformed, aad};
use serde_json::Value;

const VALID: &str = include_str!("../vectors/valid.json");
const INVALID: &str = include_str!("../vectors/invalid.json");
const SEQUENCES: &str = include_str!("../vectors/sequences.json");

fn read(file: &str) -> Vec<Value> {
    serde_json::from_str(file).unwrap()
}

fn bytes(of: &Value) -> Vec<u8> {
    hex::decode(of["bytes"].as_str().unwrap()).unwrap()
}

/// The payload as this crate writes what it read.
fn again(kind: &str, message: &[u8]) -> Result<Vec<u8>, Malformed> {
    if kind == "report" {
        return Report::parse(message).map(|(_, report)| report.encode());
    }
    let payload = Sign1::parse(message)?.payload();
    match kind {
        "hello" => Hello::decode(payload).map(|hello| hello.encode()),
        "down" => Down::decode(payload).map(|down| down.encode()),
        "login" => Login::decode(payload).map(|login| login.encode()),
        "enrol" => Enrolment::decode(payload).map(|enrolment| enrolment.encode()),
        other => panic!("kind {other}"),
    }
}

fn check_again(name: &Value, kind: &str, message: &[u8]) {
    let payload = again(kind, message).unwrap_or_else(|malformed| panic!("{name}: {malformed}"));
    let signed = Sign1::parse(message).unwrap();
    assert_eq!(hex::encode(&payload), hex::encode(signed.payload()), "{name}");
    let sealed = seal(&payload, "", signed.key_id(), |_| *signed.signature());
    let algorithm_19 = name == "algorithm -19 is taken";
    assert_eq!(sealed == message, !algorithm_19, "{name}");
}

#[test]
fn what_is_valid_is_written_again_to_the_same_bytes() {
    let vectors = read(VALID);
    assert_eq!(vectors.len(), 67);
    for vector in vectors {
        let (kind, message) = (vector["kind"].as_str().unwrap(), bytes(&vector));
        if kind != "up" {
            check_again(&vector["name"], kind, &message);
            continue;
        }
        let items = split(&message);
        assert_eq!(items.len(), vector["outcomes"].as_array().unwrap().len());
        for item in items {
            match item.unwrap() {
                UpItem::Report(signed, _) => check_again(&vector["name"], "report", signed.bytes()),
                UpItem::Hello(signed, _) => check_again(&vector["name"], "hello", signed.bytes()),
            }
        }
    }
}

#[test]
fn every_report_of_the_sequences_is_written_again_to_the_same_bytes() {
    for sequence in read(SEQUENCES) {
        for step in sequence["steps"].as_array().unwrap() {
            check_again(&sequence["name"], "report", &bytes(step));
        }
    }
}

#[test]
fn what_is_malformed_is_called_so_and_nothing_else_is() {
    let vectors = read(INVALID);
    assert_eq!(vectors.len(), 90);
    for vector in vectors {
        let (kind, message) = (vector["kind"].as_str().unwrap(), bytes(&vector));
        if kind == "up" {
            let outcomes: Vec<bool> = split(&message).iter().map(Result::is_err).collect();
            let expected: Vec<bool> = vector["outcomes"].as_array().unwrap().iter().map(|outcome| outcome == "malformed").collect();
            assert_eq!(outcomes, expected, "{}", vector["name"]);
        } else {
            assert_eq!(again(kind, &message).is_err(), vector["outcome"] == "malformed", "{}", vector["name"]);
        }
    }
}

#[test]
fn every_message_names_the_aad_of_its_kind() {
    for vector in read(VALID) {
        let device: DeviceId = vector["device"].as_str().unwrap().parse().unwrap();
        let expected = match vector["kind"].as_str().unwrap() {
            "hello" => aad::hello(&device),
            "down" => aad::down(&device),
            "login" => aad::login(&device),
            "enrol" => aad::enrol(&device),
            // Also of the payload with a hello: the vector names the topic's.
            _ => aad::up(&device),
        };
        assert_eq!(vector["aad"], expected.as_str(), "{}", vector["name"]);
    }
}
