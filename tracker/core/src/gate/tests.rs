//! The decision, rule by rule: each alone, and all of them together.

use super::decide::decide;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::gate::{Facts, GateNumbers, GateQuestion, Reason, ReasonView};
use sealway_schemas::movement::HoldReason;
use sealway_schemas::{AlertId, Time, TransferId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const NOW: Time = Time::from_ms(1_790_000_000_000);
const NUMBERS: GateNumbers =
    GateNumbers { answer_fresh_ms: 300_000, border_weight_permille: 50, hinterland_weight_permille: 30, place_slack_m: 500 };

/// A truck that nothing holds: out of the origin, through its border.
fn question() -> Value {
    json!({"decision": "D-1", "gate": "south", "lane": 2, "direction": "outbound", "truck": "陕A12345", "unit": {"number": "CSQU3054383",
           "reading": "ocr"}, "seal": "XA-0001", "weight_kg": "30000", "note": "N-1"})
}

fn card() -> Value {
    json!({"card": "C-1", "enterprise": "chips", "truck": "陕A12345", "not_before": 0, "not_after": NOW.plus_ms(1000),
           "goods": [{"goods": "CHIP", "quantity": "100", "unit": "PCE", "specification": "7 nm"}]})
}

fn facts() -> Value {
    json!({
        "gate": {"gate": "south", "place": "zone", "name_zh": "南", "name_en": "South", "line": "border", "lanes": 4,
                 "directions": ["outbound"], "public_key": null, "put_at": 0},
        "note": {"Known": {"note": "N-1", "transfer": "26CNXA000000000011", "truck": "陕A12345", "unit": "CSQU3054383", "direction": "outbound",
                 "place": "zone", "gate": "south", "gross_kg": "30000", "not_after": NOW.plus_ms(1000), "revoked": false, "used": null,
                 "goods": [{"goods": "CHIP", "quantity": "100", "unit": "PCE", "specification": ""}]}},
        "transfer": {"transfer": "26CNXA000000000011", "state": "sealed", "unit": "CSQU3054383", "seal": "XA-0001", "bound": true, "epoch": 1,
                     "origin": "zone", "destination": "airport", "holds": [], "whole": true, "red": [], "papers": "undeclared"},
        "answer": {"at": NOW.minus_ms(300_000), "epoch": 1, "closed": true, "beyond_m": 500},
        "card": {"Known": {"card": card(), "revoked": false}},
        "inspection": null, "held": {"gate": "south", "lane": 2, "at": 7}, "alone_until": NOW
    })
}

fn transfer_id() -> String {
    sealway_schemas::TransferId::new(26, "CN", "XA00000000001").unwrap().to_string()
}

fn decided(question: &Value, facts: &Value) -> Vec<Reason> {
    let text = facts.to_string().replace("26CNXA000000000011", &transfer_id());
    let (question, facts): (GateQuestion, Facts) =
        (serde_json::from_value(question.clone()).unwrap(), serde_json::from_str(&text).unwrap());
    decide(NOW, &question, &facts, &NUMBERS)
}

fn codes(reasons: &[Reason]) -> Vec<&'static str> {
    reasons.iter().map(Reason::code).collect()
}

/// What to change, in the question (`q`) or in the facts, and the one reason that it makes.
fn rules() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/alone_until", json!(NOW.minus_ms(1)), "snapshot-expired"),
        ("q/vehicles", json!(2), "tailgating"),
        ("q/lane", json!(3), "lane-changed"),
        ("/held/gate", json!("north"), "lane-changed"),
        ("/card", json!("Forged"), "card-forged"),
        ("/card/Known/revoked", json!(true), "card-revoked"),
        ("/card/Known/card/not_after", json!(1), "card-out-of-time"),
        ("/card/Known/card/not_before", json!(NOW.plus_ms(1)), "card-out-of-time"),
        ("/card/Known/card/truck", json!("陕B00001"), "card-other-truck"),
        ("/card/Known/card/goods/0/quantity", json!("99.999"), "card-other-goods"),
        ("/card/Known/card/goods/0/unit", json!("KGM"), "card-other-goods"),
        ("/note/Known/used", json!({"gate": "north", "decision": "D-0", "at": 5}), "note-reused"),
        ("/note/Known/revoked", json!(true), "note-revoked"),
        ("/note/Known/not_after", json!(1), "note-expired"),
        ("/note/Known/truck", json!("陕B00001"), "note-other-truck"),
        ("/note/Known/direction", json!("inbound"), "note-other-direction"),
        ("/note/Known/place", json!("elsewhere"), "note-other-place"),
        ("/note/Known/gate", json!("north"), "note-other-gate"),
        ("/note/Known/unit", json!("MWCU6059784"), "note-other-unit"),
        ("q/unit", Value::Null, "unit-missing"),
        ("q/unit/number", json!("CSQU3054384"), "unit-unreadable"),
        ("q/unit/number", json!("CSQU305438"), "unit-unreadable"),
        ("q/unit/number", json!("MWCU6059784"), "wrong-unit"),
        ("/transfer/state", json!("accepted"), "transfer-state"),
        ("/transfer/state", json!("in-transit"), "transfer-state"),
        ("/transfer/holds", json!(["officer"]), "transfer-held"),
        ("/transfer/whole", json!(false), "custody-hole"),
        ("/transfer/red", json!([{"alert": 7, "kind": "cable-cut"}]), "red-alert"),
        ("/gate/line", json!("hinterland"), "goods-undeclared"),
        ("/transfer/papers", json!("differ"), "goods-differ"),
        ("/transfer/bound", json!(false), "seal-unbound"),
        ("q/seal", json!("XA-0002"), "wrong-seal"),
        ("/answer", Value::Null, "seal-silent"),
        ("/answer/at", json!(NOW.minus_ms(300_001)), "seal-silent"),
        ("/answer/closed", json!(false), "seal-open"),
        ("/answer/epoch", json!(2), "seal-other-epoch"),
        ("/answer/beyond_m", json!(501), "seal-elsewhere"),
        ("q/weight_kg", Value::Null, "weight-missing"),
        ("q/weight_kg", json!("31500.001"), "weight-off"),
        ("q/weight_kg", json!("28499.999"), "weight-off"),
        ("/inspection", json!({"since": 1, "until": NOW}), "inspection"),
    ]
}

fn changed(mut of: Value, pointer: &str, to: &Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = of.pointer_mut(parent).unwrap();
    match key.parse::<usize>() {
        Ok(index) => parent[index] = to.clone(),
        Err(_) => parent[key] = to.clone(),
    }
    of
}

#[test]
fn a_truck_that_nothing_speaks_against_goes() {
    assert_eq!(decided(&question(), &facts()), []);
    for (pointer, to) in [
        ("q/weight_kg", json!("31500")),
        ("q/card", Value::Null),
        ("q/seal", Value::Null),
        ("/answer/beyond_m", Value::Null),
        ("/transfer/state", json!("released")),
        ("/note/Known/gate", Value::Null),
        ("/held", Value::Null),
        ("/inspection", json!({"since": 1, "until": NOW.minus_ms(1)})),
    ] {
        let (question, facts) = apply(pointer, &to);
        assert_eq!(decided(&question, &facts), [], "{pointer} {to}");
    }
}

fn apply(pointer: &str, to: &Value) -> (Value, Value) {
    match pointer.strip_prefix('q') {
        Some(pointer) => (changed(question(), pointer, to), facts()),
        None => (question(), changed(facts(), pointer, to)),
    }
}

#[test]
fn each_rule_holds_by_itself_and_for_one_reason() {
    let mut seen = BTreeSet::new();
    for (pointer, to, code) in rules() {
        let (question, facts) = apply(pointer, &to);
        assert_eq!(codes(&decided(&question, &facts)), [code], "{pointer} {to}");
        seen.insert(code);
    }
    let papers = |note: &str| changed(changed(facts(), "/note", &json!(note)), "/transfer", &Value::Null);
    assert_eq!(codes(&decided(&question(), &papers("Missing"))), ["note-missing"]);
    let unknown = changed(changed(facts(), "/note", &json!({"Unknown": "N-9"})), "/transfer", &Value::Null);
    assert_eq!(codes(&decided(&question(), &unknown)), ["note-unknown"]);
    let nobody = changed(question(), "/truck", &Value::Null);
    assert_eq!(codes(&decided(&nobody, &changed(facts(), "/card", &json!("Absent")))), ["no-vehicle"]);
    assert_eq!(decided(&nobody, &facts()), [], "the card names the truck");
    seen.extend(["note-missing", "note-unknown", "no-vehicle"]);
    assert_eq!(seen, Reason::CODES.iter().copied().collect(), "every reason has its row");
}

#[test]
fn the_two_lines_have_their_own_rules() {
    let hinterland = changed(changed(facts(), "/gate/line", &json!("hinterland")), "/transfer/papers", &json!("agree"));
    assert_eq!(decided(&question(), &hinterland), []);
    let heavier = changed(question(), "/weight_kg", &json!("31000"));
    assert_eq!(codes(&decided(&heavier, &hinterland)), ["weight-off"], "3.3 % over");
    assert_eq!(decided(&heavier, &facts()), [], "the border lets 5 % pass");
}

#[test]
fn an_uncertain_reading_accuses_nobody() {
    for (number, reading, code) in [
        ("LOOSE-2", "ocr", "unit-unreadable"),
        ("LOOSE-2", "typed", "unit-unreadable"),
        ("MWCU6059784", "typed", "wrong-unit"),
        ("MWCU6059785", "typed", "unit-unreadable"),
    ] {
        let seen = changed(question(), "/unit", &json!({"number": number, "reading": reading}));
        assert_eq!(codes(&decided(&seen, &facts())), [code], "{number} {reading}");
    }
    let loose = changed(changed(facts(), "/transfer/unit", &json!("LOOSE-1")), "/note/Known/unit", &json!("LOOSE-1"));
    let typed = changed(question(), "/unit", &json!({"number": "LOOSE-2", "reading": "typed"}));
    assert_eq!(codes(&decided(&typed, &loose)), ["wrong-unit"], "what has no check digit is believed when it is typed");
}

#[test]
fn a_passage_asks_for_the_state_that_fits_it() {
    let all = sealway_schemas::movement::MovementState::ALL;
    for (place, direction, expected) in [
        ("zone", "outbound", vec!["sealed", "released"]),
        ("airport", "inbound", vec!["released", "in-transit", "arrived"]),
        ("border", "inbound", vec!["released", "in-transit"]),
    ] {
        let here = changed(changed(facts(), "/gate/place", &json!(place)), "/note/Known/place", &json!(place));
        let here = changed(here, "/note/Known/direction", &json!(direction));
        let asked = changed(question(), "/direction", &json!(direction));
        for state in all {
            let state = serde_json::to_value(state).unwrap();
            let goes = decided(&asked, &changed(here.clone(), "/transfer/state", &state)).is_empty();
            assert_eq!(goes, expected.contains(&state.as_str().unwrap()), "{place} {direction} {state}");
        }
    }
}

#[test]
fn all_reasons_are_told_together_the_most_urgent_first() {
    let (mut question, mut facts) = (question(), facts());
    let apart = ["card-forged", "unit-missing", "unit-unreadable", "seal-silent", "weight-missing", "note-other-gate", "goods-undeclared"];
    let mut expected = BTreeSet::new();
    for (pointer, to, code) in rules().into_iter().filter(|(_, _, code)| !apart.contains(code)) {
        match pointer.strip_prefix('q') {
            Some(pointer) => question = changed(question, pointer, &to),
            None => facts = changed(facts, pointer, &to),
        }
        expected.insert(code);
    }
    let reasons = decided(&question, &facts);
    assert_eq!(codes(&reasons).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(reasons[0].code(), "snapshot-expired");
}

#[test]
fn every_reason_says_one_plain_sentence_in_each_language() {
    let mut said = BTreeSet::new();
    let mut every: Vec<Reason> = rules()
        .iter()
        .flat_map(|(pointer, to, _)| {
            let (question, facts) = apply(pointer, to);
            decided(&question, &facts)
        })
        .collect();
    every.extend([Reason::NoVehicle {}, Reason::NoteMissing {}, Reason::NoteUnknown { note: "N-9".parse().unwrap() }]);
    for reason in every {
        let ReasonView { code, parameters, zh, en } = ReasonView::from(&reason);
        assert!(zh.ends_with('。') && zh.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)), "{zh}");
        assert!(en.ends_with('.') && en.is_ascii() || en.contains('陕'), "{en}");
        assert!(!zh.contains(['{', '}']) && !en.contains(['{', '}']), "{zh} {en}");
        for (name, value) in &parameters {
            let spoken = value.as_str().filter(|text| !text.contains('-') || text.chars().any(|c| c.is_ascii_uppercase()));
            let shown = spoken.is_none_or(|text| zh.contains(text) || text.chars().all(|c| c.is_ascii_lowercase()));
            assert!(shown, "{code}: {name} {value} is not in {zh:?}");
        }
        said.insert(code);
    }
    assert_eq!(said, Reason::CODES.iter().map(|code| (*code).to_owned()).collect());
}

#[test]
fn a_chinese_reason_has_no_code_in_it_whatever_the_alert_or_the_hold() {
    let transfer: TransferId = transfer_id().parse().unwrap();
    let red = |kind: &AlertKind| Reason::RedAlert { transfer: transfer.clone(), alert: AlertId(7), kind: *kind };
    let mut said: Vec<String> = AlertKind::ALL.iter().map(|kind| red(kind).zh()).collect();
    said.push(Reason::TransferHeld { transfer: transfer.clone(), hold: HoldReason::Unsatisfactory }.zh());
    for zh in said {
        let hyphens = zh.match_indices('-').map(|(at, _)| (zh[..at].chars().next_back(), zh[at + 1..].chars().next()));
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase());
        assert!(!hyphens.into_iter().any(|(before, after)| latin(before) && latin(after)), "{zh}");
    }
    assert!(red(&AlertKind::Silence).zh().contains("（失联）"));
}

#[test]
fn a_reason_comes_back_from_its_json_and_keeps_its_parameters() {
    let (question, facts) = apply("q/unit/number", &json!("MWCU6059784"));
    let reason = decided(&question, &facts).remove(0);
    let json = serde_json::to_value(&reason).unwrap();
    assert_eq!(json, json!({"wrong-unit": {"expected": "CSQU3054383", "seen": "MWCU6059784"}}));
    assert_eq!(serde_json::from_value::<Reason>(json).unwrap(), reason);
    let view = ReasonView::from(&reason);
    assert_eq!(view.parameters["seen"], "MWCU6059784");
    assert_eq!(view.zh, "箱号不符：应为 CSQU3054383，实际为 MWCU6059784。");
    assert_eq!(view.en, "Wrong unit: CSQU3054383 is expected, MWCU6059784 is here.");
}
