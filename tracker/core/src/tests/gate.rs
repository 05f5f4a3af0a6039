//! Gates: what a GO does and what a HOLD finds.

use super::seal::Seal;
use super::{Bench, DESTINATION, ORIGIN, signer};
use crate::{Effect, Row};
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::command::Role;
use sealway_schemas::gate::KpiDay;
use sealway_schemas::movement::{By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::report::Event;
use sealway_schemas::{PublicKey, TransferId};
use serde_json::{Value, json};

const TRUCK: &str = "陕A12345";
pub(super) const PLATFORM: [u8; 32] = [77; 32];
pub(super) const GATE_KEY: [u8; 32] = [78; 32];

pub(super) fn public(secret: [u8; 32]) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&secret).verifying_key().to_bytes())
}

fn put_gate(gate: &str, place: &str) -> Value {
    json!({"type": "put-gate", "gate": gate, "place": place, "name_zh": "卡口", "name_en": "Gate", "line": "border", "lanes": 3,
           "directions": ["inbound", "outbound"], "public_key": public(GATE_KEY)})
}

pub(super) fn note(note: &str, id: &TransferId) -> Value {
    json!({"type": "issue-release-note", "note": note, "transfer": id, "truck": TRUCK, "unit": "LOOSE-1", "direction": "outbound",
           "place": ORIGIN, "gross_kg": "30000"})
}

/// A truck at the south gate, lane 1.
pub(super) fn question(decision: &str, note: &str) -> Value {
    json!({"decision": decision, "gate": "south", "lane": 1, "direction": "outbound", "truck": TRUCK,
           "unit": {"number": "LOOSE-1", "reading": "typed"}, "weight_kg": "30100", "note": note})
}

fn ask(question: &Value) -> Value {
    json!({"type": "ask-gate", "question": question})
}

impl Bench {
    /// Two gates of the origin, one of the destination, and a sealed transfer whose seal has just answered; release note N-1.
    pub(super) fn at_the_gate(&mut self, seal: &mut Seal) -> TransferId {
        for (gate, place) in [("south", ORIGIN), ("north", ORIGIN), ("airport", DESTINATION)] {
            self.ok(Role::Customs, put_gate(gate, place));
        }
        let id = self.sealed(seal);
        self.ok(Role::Customs, note("N-1", &id));
        self.answers(seal, 1);
        id
    }

    fn answers(&mut self, seal: &mut Seal, nonce: u8) {
        let not_after = self.now.plus_ms(60_000);
        self.ok(
            Role::Customs,
            json!({"type": "issue-challenge", "device": seal.id, "nonce": hex::encode([nonce; 16]), "not_after": not_after}),
        );
        let at = self.road().at_km(0.0).unwrap();
        let answer = seal.make(self.now, Event::ChallengeAnswer, Some(at), |draft| draft.reference = Some([nonce; 16]));
        self.send(seal, &answer);
    }

    /// The verdict, and the codes of the reasons.
    pub(super) fn asked(&mut self, question: &Value) -> (String, Vec<String>) {
        let answer = self.ok(Role::Customs, ask(question)).answer.unwrap();
        let codes = answer["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap().to_owned());
        (answer["verdict"].as_str().unwrap().to_owned(), codes.collect())
    }

    pub(super) fn told_of(&self, kind: &str) -> Vec<Value> {
        let of = |effect: &Effect| match effect {
            Effect::Row(row) => match row.as_ref() {
                Row::Record(record) if record.kind == kind => Some(record.body.clone()),
                _ => None,
            },
            _ => None,
        };
        self.effects.iter().filter_map(of).collect()
    }

    pub(super) fn uses(&self, note: &str) -> Vec<Value> {
        let uses = self.told_of("release-note").into_iter().filter(|view| view["note"] == note && !view["used"].is_null());
        uses.map(|view| view["used"].clone()).collect()
    }
}

#[test]
fn a_go_releases_the_transfer_and_spends_its_note() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    assert_eq!(bench.asked(&question("D-1", "N-1")), ("go".to_owned(), vec![]));
    assert_eq!(bench.state(&id), MovementState::Released);
    assert_eq!(bench.transfer(&id).changed_by, By::Gate("south".parse().unwrap()));
    assert_eq!(bench.uses("N-1").len(), 1);
    let told = bench.told_of("gate-decision");
    assert_eq!((told.len(), &told[0]["transfer"], &told[0]["verdict"]), (1, &json!(id), &json!("go")));
    assert_eq!(bench.alert_kinds(), []);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn the_same_question_gets_the_same_answer_under_any_key() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let first = bench.command_by(signer(Role::Customs), "gate-1", &ask(&question("D-1", "N-1"))).unwrap();
    let again = bench.command_by(signer(Role::Customs), "gate-1", &ask(&question("D-1", "N-1"))).unwrap();
    let other = bench.command_by(signer(Role::Customs), "gate-2", &ask(&question("D-1", "N-1"))).unwrap();
    assert!(again.repeated && again.answer == first.answer && other.answer == first.answer && first.answer.is_some());
    assert_eq!(bench.code(Role::Customs, ask(&question("D-1", "N-2"))), "decision-exists");
    assert_eq!((bench.told_of("gate-decision").len(), bench.alert_kinds()), (1, vec![]));
}

#[test]
fn a_note_used_at_two_gates_at_once_lets_one_truck_through() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let mut north = question("D-1", "N-1");
    north["gate"] = json!("north");
    assert_eq!(bench.asked(&question("D-1", "N-1")).0, "go");
    assert_eq!(bench.asked(&north), ("hold".to_owned(), vec!["note-reused".to_owned()]));
    assert_eq!(bench.only_alert().kind, AlertKind::NoteReused);
    assert_eq!(bench.uses("N-1")[0]["gate"], "south");
}

#[test]
fn another_unit_or_seal_is_alarmed_and_a_misreading_is_not() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let mut misread = question("D-1", "N-1");
    misread["unit"] = json!({"number": "LOOSE-7", "reading": "ocr"});
    assert_eq!(bench.asked(&misread).1, ["unit-unreadable"]);
    assert_eq!(bench.alert_kinds(), []);
    let mut wrong = question("D-2", "N-1");
    wrong["unit"] = json!({"number": "LOOSE-7", "reading": "typed"});
    wrong["seal"] = json!("XA-9999");
    assert_eq!(bench.asked(&wrong).1, ["wrong-unit", "wrong-seal"]);
    assert_eq!(bench.alert_kinds(), [AlertKind::WrongUnit, AlertKind::WrongSeal]);
    assert_eq!(bench.asked(&question("D-3", "N-1")).1, ["red-alert", "red-alert"], "until an officer has decided");
}

#[test]
fn a_truck_that_was_held_comes_back_to_its_lane_or_where_an_officer_sends_it() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let mut light = question("D-1", "N-1");
    light["weight_kg"] = json!("20000");
    assert_eq!(bench.asked(&light).1, ["weight-off"]);
    let in_lane = |decision: &str, lane: u8| {
        let mut question = question(decision, "N-1");
        question["lane"] = json!(lane);
        question
    };
    assert_eq!(bench.asked(&in_lane("D-2", 2)).1, ["lane-changed"]);
    assert_eq!(bench.only_alert().kind, AlertKind::LaneChange);
    bench.ok(Role::Customs, json!({"type": "direct-truck", "truck": TRUCK, "gate": "south", "lane": 3}));
    assert_eq!(bench.asked(&in_lane("D-3", 1)).1, ["lane-changed"]);
    assert_eq!(bench.asked(&in_lane("D-4", 3)).0, "go");
    assert_eq!(bench.code(Role::Customs, json!({"type": "direct-truck", "truck": TRUCK, "gate": "south", "lane": 1})), "truck-not-held");
}

#[test]
fn more_than_one_vehicle_in_a_cycle_is_found_before_and_behind_the_barrier() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let mut close = question("D-1", "N-1");
    close["vehicles"] = json!(2);
    assert_eq!(bench.asked(&close).1, ["tailgating"]);
    assert_eq!(bench.asked(&question("D-2", "N-1")).0, "go");
    let cycle = |cycle: &str, vehicles: u8| {
        json!({"type": "report-barrier", "gate": "south", "cycle": cycle, "lane": 1, "decision": "D-2", "vehicles": vehicles,
               "plates": [TRUCK, "陕B00002"]})
    };
    bench.ok(Role::Customs, cycle("B-1", 1));
    assert_eq!(bench.only_alert().count, 1);
    bench.ok(Role::Customs, cycle("B-2", 2));
    let alert = bench.only_alert();
    assert_eq!((alert.kind, alert.count), (AlertKind::Tailgating, 2));
    assert_eq!(bench.told_of("barrier-cycle").len(), 2);
}

#[test]
fn a_drawn_truck_stays_drawn_at_every_gate_for_a_day_or_until_it_was_inspected() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    bench.ok(Role::Customs, json!({"type": "put-inspection-rule", "permille": 1000, "salt": hex::encode([3; 32])}));
    assert_eq!(bench.asked(&question("D-1", "N-1")).1, ["inspection"]);
    let hold = &bench.transfer(&id).holds[0];
    assert_eq!(hold.reason, HoldReason::Inspection);
    assert!(matches!(hold.found, Some(HoldFinding::TruckDrawn { .. })), "{:?}", hold.found);
    bench.ok(Role::Customs, json!({"type": "put-inspection-rule", "permille": 0, "salt": hex::encode([4; 32])}));
    bench.wait_s(86_300);
    let mut north = question("D-2", "N-1");
    north["gate"] = json!("north");
    let reasons = bench.asked(&north).1;
    assert!(reasons.contains(&"inspection".to_owned()) && reasons.contains(&"transfer-held".to_owned()), "{reasons:?}");
    bench.ok(Role::Customs, json!({"type": "clear-inspection", "truck": TRUCK, "note": "opened and counted"}));
    bench.ok(Role::Customs, json!({"type": "put-inspection-rule", "permille": 1000, "salt": hex::encode([3; 32])}));
    assert!(bench.transfer(&id).holds.is_empty());
    let reasons = bench.asked(&question("D-3", "N-1")).1;
    assert!(!reasons.contains(&"inspection".to_owned()), "inspected once, not drawn anew: {reasons:?}");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn of_a_thousand_trucks_as_many_are_drawn_as_the_rule_says() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    bench.ok(Role::Customs, json!({"type": "put-inspection-rule", "permille": 100, "salt": hex::encode([5; 32])}));
    let mut drawn = 0;
    for number in 0..1000 {
        let truck = format!("陕C{number:05}");
        let mut issue = note(&format!("M-{number}"), &id);
        issue["truck"] = json!(truck);
        bench.ok(Role::Customs, issue);
        drawn += u32::from(bench.core.draws_note(bench.now, &format!("M-{number}").parse().unwrap()));
    }
    assert!((70..130).contains(&drawn), "{drawn}");
}

#[test]
fn a_pass_card_is_what_was_issued_and_its_reading_files_itself() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let issue = json!({"type": "issue-pass-card", "card": "C-1", "enterprise": "silk-road-carrier", "truck": TRUCK, "goods": [
        {"goods": "CHIP", "quantity": "100", "unit": "PCE", "specification": "7 nm"}], "not_before": bench.now, "not_after": bench.now.plus_ms(1 << 40)});
    bench.ok(Role::Customs, issue.clone());
    assert_eq!(bench.code(Role::Customs, issue), "card-exists");
    let content = serde_json::from_value(bench.told_of("pass-card")[0]["content"].clone()).unwrap();
    let sign = |secret: [u8; 32]| SigningKey::from_bytes(&secret).sign(&crate::gate::card::message(&content)).to_bytes();
    let text = crate::gate::card::text(&content, &sign(PLATFORM));
    let read = |text: &str| crate::gate::card::UnverifiedCard::read(text).and_then(|card| card.verify(&public(PLATFORM)));
    assert_eq!(read(&text), Some(content.clone()));
    assert_eq!(read(&crate::gate::card::text(&content, &sign(GATE_KEY))), None, "signed by somebody else");
    let mut question = question("D-1", "N-1");
    question["truck"] = Value::Null;
    question["card"] = json!(text);
    assert_eq!(bench.asked(&question).0, "go", "the card names the truck");
    let reading =
        |reading: &str, text: &str| json!({"type": "read-pass-card", "gate": "south", "reading": reading, "lane": 1, "text": text});
    bench.ok(Role::Customs, reading("R-1", &text));
    bench.ok(Role::Customs, json!({"type": "revoke-pass-card", "card": "C-1", "reason": "sold"}));
    bench.ok(Role::Customs, reading("R-2", &text));
    let valid: Vec<_> = bench.told_of("pass-card-reading").iter().map(|filed| filed["valid"].clone()).collect();
    assert_eq!(valid, [json!(true), json!(true), json!(false)]);
    let mut other = content;
    other.goods[0].quantity = "900".parse().unwrap();
    let forged = crate::gate::card::text(&other, &[0; 64]);
    assert_eq!(bench.code(Role::Customs, reading("R-3", &forged)), "card-forged");
}

#[test]
fn papers_that_do_not_fit_are_refused_and_name_why() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    let with = |field: &str, value: Value| {
        let mut note = note("N-2", &id);
        note[field] = value;
        note
    };
    for (body, code) in [
        (note("N-1", &id), "note-exists"),
        (with("unit", json!("LOOSE-2")), "unit-elsewhere"),
        (with("gate", json!("airport")), "note-without-gate"),
        (with("direction", json!("inbound")), "note-direction"),
        (with("gross_kg", json!("0")), "note-malformed"),
        (with("not_after", json!(bench.now)), "note-malformed"),
        (json!({"type": "revoke-release-note", "note": "N-9", "reason": "r"}), "unknown-note"),
        (ask(&json!({"decision": "D", "gate": "west", "lane": 1, "direction": "outbound"})), "unknown-gate"),
        (ask(&json!({"decision": "D", "gate": "south", "lane": 4, "direction": "outbound"})), "gate-lane"),
        (json!({"type": "clear-inspection", "truck": TRUCK, "note": "n"}), "not-drawn"),
    ] {
        assert_eq!(bench.code(Role::Customs, body.clone()), code, "{body}");
    }
    assert_eq!(bench.code(Role::Carrier, ask(&question("D-1", "N-1"))), "role-forbids");
    assert_eq!(bench.code(Role::Operator, ask(&question("D-1", "N-1"))), "not-yours", "the operator of another place");
}

#[test]
fn the_only_note_of_a_truck_is_found_by_its_plate() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.at_the_gate(&mut seal);
    let mut unnamed = question("D-1", "N-1");
    unnamed["note"] = Value::Null;
    bench.ok(Role::Customs, note("N-2", &id));
    assert_eq!(bench.asked(&unnamed).1, ["note-missing"], "two fit");
    bench.ok(Role::Customs, json!({"type": "revoke-release-note", "note": "N-2", "reason": "twice"}));
    unnamed["decision"] = json!("D-2");
    assert_eq!(bench.asked(&unnamed).0, "go");
    assert_eq!(bench.uses("N-1").len(), 1);
}

#[test]
fn the_figures_of_a_day_are_counted_as_it_goes() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.at_the_gate(&mut seal);
    let mut light = question("D-1", "N-1");
    light["weight_kg"] = json!("20000");
    bench.asked(&light);
    bench.pass_s(120);
    bench.asked(&question("D-2", "N-1"));
    let day: KpiDay = serde_json::from_value(bench.told_of("kpi").pop().unwrap()).unwrap();
    assert_eq!((day.passed, day.held, day.released_automatically, day.released_by_people), (1, 1, 1, 0));
    assert_eq!(day.gates[&"south".parse().unwrap()].percentile(50), Some(2.0), "minutes from the first question to the GO");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_note_is_consumed_at_most_once_whatever_is_asked(steps in prop::collection::vec((0_u8..7, 1_u8..4, 0_u8..2, 0_u8..3), 1..24)) {
        let mut bench = Bench::new();
        let mut seal = bench.enrol(1);
        let id = bench.at_the_gate(&mut seal);
        bench.ok(Role::Customs, note("N-2", &id));
        for (number, (step, lane, which, seen)) in steps.into_iter().enumerate() {
            let name = format!("N-{}", which + 1);
            let mut asked = question(&format!("D-{}", if step == 6 { 0 } else { number }), &name);
            asked["lane"] = json!(lane);
            asked["gate"] = json!(if lane == 3 { "north" } else { "south" });
            asked["vehicles"] = json!(seen);
            let _outcome = match step {
                0 => bench.command(Role::Customs, &json!({"type": "revoke-release-note", "note": name, "reason": "r"})),
                1 => bench.command(Role::Customs, &json!({"type": "direct-truck", "truck": TRUCK, "gate": "south", "lane": lane})),
                2 => bench.command(Role::Customs, &json!({"type": "hold-transfer", "transfer": id, "reason": "r"})),
                3 => bench.command(Role::Customs, &json!({"type": "lift-hold", "transfer": id, "reason": "r"})),
                _ => bench.command(Role::Customs, &ask(&asked)),
            };
        }
        let decisions = bench.told_of("gate-decision");
        for note in ["N-1", "N-2"] {
            let goes = decisions.iter().filter(|decision| decision["note"] == note && decision["verdict"] == "go").count();
            let uses: std::collections::BTreeSet<String> = bench.uses(note).iter().map(|used| used["decision"].to_string()).collect();
            prop_assert!(goes <= 1 && uses.len() == goes, "{note}: {goes} passages, {uses:?}");
        }
        prop_assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
    }
}
