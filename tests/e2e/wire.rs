//! `sealway wire check` as a device maker uses it: the golden vectors through standard input and output.

use sealway_tests::program;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

fn vectors(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/vectors").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(lines: &[String]) -> Vec<Value> {
    let mut child = program("sealway").args(["wire", "check"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = lines.join("\n") + "\n";
    let writing = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_golden_message_gets_its_answer_from_the_program() {
    let messages: Vec<Value> = ["valid.json", "invalid.json"].iter().flat_map(|name| vectors(name)).collect();
    let line = |message: &Value| {
        let mut line = json!({ "device": message["device"], "public_key": message["public_key"], "bytes": message["bytes"] });
        if message["kind"] != "report" {
            line["kind"] = message["kind"].clone();
        }
        line.to_string()
    };
    let answers = check(&messages.iter().map(line).collect::<Vec<_>>());
    assert_eq!(answers.len(), messages.len());
    for (message, answer) in messages.iter().zip(&answers) {
        assert_eq!((&answer["outcome"], &answer["outcomes"]), (&message["outcome"], &message["outcomes"]), "{}", message["name"]);
    }
}

#[test]
fn every_golden_sequence_gets_its_judgement_and_its_acks() {
    let sequences = vectors("sequences.json");
    let line = |sequence: &Value| {
        let bytes: Vec<&Value> = sequence["steps"].as_array().unwrap().iter().map(|step| &step["bytes"]).collect();
        json!({ "device": sequence["device"], "public_key": sequence["public_key"], "start": sequence["start"], "sequence": bytes })
            .to_string()
    };
    let answers = check(&sequences.iter().map(line).collect::<Vec<_>>());
    for (sequence, answer) in sequences.iter().zip(&answers) {
        let steps = sequence["steps"].as_array().unwrap();
        let outcomes: Vec<&Value> = steps.iter().map(|step| &step["outcome"]).collect();
        let acks: Vec<&Value> = steps.iter().map(|step| &step["ack"]).collect();
        assert_eq!((&answer["outcomes"], &answer["acks"]), (&json!(outcomes), &json!(acks)), "{}", sequence["name"]);
    }
}

#[test]
fn a_line_that_is_no_message_is_answered_and_the_next_one_too() {
    let answers = check(&["{}".to_owned(), "no json".to_owned(), "[]".to_owned()]);
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|answer| answer["error"].is_string()), "{answers:?}");
}
