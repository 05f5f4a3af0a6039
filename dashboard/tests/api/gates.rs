//! Gates through the API: a question and its answer, a snapshot, a pass card to print, and the figures of the day.

use crate::house::{House, START, transfer};
use crate::seal::Seal;
use ed25519_dalek::{Signature, VerifyingKey};
use sealway_schemas::TransferId;
use sealway_schemas::report::{Event, Status};
use serde_json::{Value, json};

const TRUCK: &str = "陕A12345";
const CLOSED: u64 =
    Status::CABLE_INSERTED | Status::MOTOR_LOCKED | Status::HOUSING_CLOSED | Status::CLOCK_DISCIPLINED | Status::EPOCH_KEY_HELD;

pub(crate) fn send(house: &House, user: &str, command: &Value) -> Value {
    house.as_user(user).post("/api/v1/commands", command).ok()
}

/// A sealed transfer before the gate of its origin, its seal just asked, and release note N-1.
pub(crate) fn before_the_gate(house: &House) -> TransferId {
    house.atlas();
    let mut seal = Seal::new("XA-1", 1);
    house.enrol("north", &seal);
    let id = TransferId::new(26, "CN", "GATE000000001").unwrap();
    let mut draft = transfer("XA-1", "LOOSE-1");
    (draft["type"], draft["transfer"], draft["carrier"]) = (json!("draft-transfer"), json!(id), json!("north-rail"));
    send(house, "north", &draft);
    send(house, "north", &json!({"type": "submit-transfer", "transfer": id}));
    send(house, "officer", &json!({"type": "accept-transfer", "transfer": id}));
    send(house, "north", &json!({"type": "bind-seal", "transfer": id, "unit": "LOOSE-1", "seal": "XA-1", "mechanical": []}));
    seal.status = CLOSED;
    house.hear(&mut seal, Event::Sealed);
    send(house, "officer", &json!({"type": "countersign-seal", "transfer": id, "seal": "XA-1", "epoch": 1}));
    send(
        house,
        "officer",
        &json!({"type": "put-gate", "gate": "south", "place": "zone-a", "name_zh": "南门", "name_en": "South",
        "line": "border", "lanes": 2, "directions": ["inbound", "outbound"]}),
    );
    send(
        house,
        "officer",
        &json!({"type": "issue-release-note", "note": "N-1", "transfer": id, "truck": TRUCK, "unit": "LOOSE-1",
        "direction": "outbound", "place": "zone-a", "gate": "south", "gross_kg": "30000"}),
    );
    let not_after = house.now().plus_ms(60_000);
    send(house, "gate", &json!({"type": "issue-challenge", "device": "XA-1", "nonce": hex::encode([7; 16]), "not_after": not_after}));
    seal.reference = Some([7; 16]);
    house.hear(&mut seal, Event::ChallengeAnswer);
    id
}

fn question(decision: &str, weight: &str) -> Value {
    json!({"type": "ask-gate", "question": {"decision": decision, "gate": "south", "lane": 1, "direction": "outbound", "truck": TRUCK,
        "unit": {"number": "LOOSE-1", "reading": "typed"}, "weight_kg": weight, "note": "N-1"}})
}

#[test]
fn a_gate_hears_go_or_every_reason_in_both_languages() {
    let house = House::open();
    let id = before_the_gate(&house);
    let held = send(&house, "gate", &question("D-1", "20000"))["answer"].clone();
    assert_eq!((&held["verdict"], &held["reasons"][0]["code"]), (&json!("hold"), &json!("weight-off")));
    assert_eq!(held["reasons"][0]["zh"], "实测重量 20000 千克，申报 30000 千克，超出千分之 50 的允许误差。");
    assert_eq!(held["reasons"][0]["parameters"]["measured"], "20000");
    let gate = house.as_user("gate").with("idempotency-key", "go-1");
    let go = gate.post("/api/v1/commands", &question("D-2", "30000")).ok();
    assert_eq!((&go["answer"]["verdict"], &go["answer"]["reasons"]), (&json!("go"), &json!([])));
    let again = gate.post("/api/v1/commands", &question("D-2", "30000")).ok();
    assert_eq!((&again["repeated"], &again["answer"]), (&json!(true), &go["answer"]));
    let shown = house.as_user("gate").get(&format!("/api/v1/transfers/{id}")).ok();
    assert_eq!((&shown["state"], &shown["changed_by"]), (&json!("released"), &json!({"gate": "south"})));
    let told = house.as_user("north").get("/api/v1/records/gate-decision/south.D-2").ok();
    assert_eq!(told["body"]["verdict"], "go");
    assert_eq!(house.as_user("south").get("/api/v1/records/gate-decision/south.D-2").problem(404), "not-found");
    assert_eq!(house.as_user("north").post("/api/v1/commands", &question("D-3", "1")).problem(403), "role-forbids");
}

#[test]
fn a_transfer_tells_its_plan_and_each_step_what_planned_it() {
    let house = House::open();
    let id = before_the_gate(&house);
    let until = START + 3_600_000;
    send(&house, "officer", &json!({"type": "revoke-release-note", "note": "N-1", "reason": "it has no end"}));
    let dated = json!({"type": "issue-release-note", "note": "N-2", "transfer": id, "truck": TRUCK, "unit": "LOOSE-1",
        "direction": "outbound", "place": "zone-a", "gross_kg": "30000", "not_after": until});
    send(&house, "officer", &dated);
    let shown = |house: &House| house.as_user("north").get(&format!("/api/v1/transfers/{id}")).ok();
    let (limit, results) = (shown(&house)["limit_ms"].clone(), 3 * 86_400_000);
    let planned = json!([
        {"arrow": "release", "rule": "release-note", "by": until, "within_ms": null},
        {"arrow": "arrive", "rule": "time-limit", "by": null, "within_ms": limit},
        {"arrow": "verify", "rule": "results", "by": null, "within_ms": results},
    ]);
    assert_eq!(shown(&house)["plan"], planned);
    house.later(2 * 3_600_000);
    send(&house, "officer", &json!({"type": "release-transfer", "transfer": id, "reason": "by hand, an hour late"}));
    let (released, due) = (shown(&house), START + 2 * 3_600_000 + limit.as_u64().unwrap());
    assert_eq!(released["plan"][0], json!({"arrow": "arrive", "rule": "time-limit", "by": due, "within_ms": limit}));
    assert_eq!((&released["legs"][0]["due"], &released["legs"][0]["limit_ms"]), (&json!(due), &limit));
    let steps = |house: &House| {
        let rows = house.as_user("north").get(&format!("/api/v1/records/step?transfer={id}")).ok()["items"].as_array().unwrap().clone();
        let mut steps: Vec<Value> = rows.into_iter().map(|row| row["body"].clone()).collect();
        steps.sort_by_key(|step| step["number"].as_u64());
        steps.into_iter().map(|step| json!([step["arrow"], step["planned"]])).collect::<Vec<_>>()
    };
    let gone = steps(&house);
    assert_eq!(gone.last(), Some(&json!(["release", {"by": until, "rule": "release-note"}])));
    assert!(gone[..gone.len() - 1].iter().all(|step| step[1].is_null()), "nothing planned the others: {gone:?}");
    let registry = house.folder().join("registry.sqlite");
    let house = house.again(|| std::fs::remove_file(registry).unwrap());
    assert_eq!((shown(&house), steps(&house)), (released, gone), "made again from the log");
}

#[test]
fn a_snapshot_is_signed_by_the_platform_and_asks_each_seal() {
    let house = House::open();
    before_the_gate(&house);
    let signed = house.as_user("gate").post("/api/v1/gates/south/snapshots", &Value::Null).ok();
    let text = signed["text"].as_str().unwrap();
    let key = VerifyingKey::from_bytes(house.platform_key().as_bytes()).unwrap();
    let signature = Signature::from_slice(&hex::decode(signed["signature"].as_str().unwrap()).unwrap()).unwrap();
    key.verify_strict(format!("sealway/v1/gate-snapshot\n{text}").as_bytes(), &signature).unwrap();
    let snapshot: Value = serde_json::from_str(text).unwrap();
    assert_eq!(snapshot["not_after"], START + 4 * 3_600_000);
    assert_eq!((&snapshot["notes"][0]["note"], &snapshot["seals"][0]["device"]), (&json!("N-1"), &json!("XA-1")));
    assert!(hex::decode(snapshot["seals"][0]["message"].as_str().unwrap()).unwrap().len() > 64);
    assert_eq!(house.as_user("north").post("/api/v1/gates/south/snapshots", &Value::Null).problem(403), "role-forbids");
    assert_eq!(house.as_user("gate").post("/api/v1/gates/west/snapshots", &Value::Null).problem(404), "not-found");
}

#[test]
fn a_printed_pass_card_is_read_again_and_files_itself() {
    let house = House::open();
    before_the_gate(&house);
    let goods = json!([{"goods": "CHIP", "quantity": "100", "unit": "PCE", "specification": "7 nm 晶圆"}]);
    send(
        &house,
        "officer",
        &json!({"type": "issue-pass-card", "card": "C-1", "enterprise": "north-rail", "truck": TRUCK, "goods": goods,
        "not_before": START, "not_after": START + 1_000_000}),
    );
    let north = house.as_user("north");
    let text = north.get("/api/v1/pass-cards/C-1/text").text();
    let svg = north.get("/api/v1/pass-cards/C-1/svg");
    assert!(svg.header("content-type") == Some("image/svg+xml") && svg.text().starts_with("<svg "));
    assert_eq!(scanned(&north.get("/api/v1/pass-cards/C-1/png").body), text);
    let read = send(&house, "gate", &json!({"type": "read-pass-card", "gate": "south", "reading": "R-1", "lane": 1, "text": text}));
    assert_eq!((&read["answer"]["valid"], &read["answer"]["content"]["goods"]), (&json!(true), &goods));
    assert_eq!(north.get("/api/v1/records/pass-card-reading/south.R-1").ok()["body"]["content"]["card"], "C-1");
    assert_eq!(house.as_user("south").get("/api/v1/pass-cards/C-1/png").problem(404), "not-found");
}

/// What a scanner reads from a picture.
fn scanned(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let side = reader.next_frame(&mut pixels).unwrap().width as usize;
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| pixels[y * side + x]);
    picture.detect_grids()[0].decode().unwrap().1
}

#[test]
fn the_figures_of_a_place_and_a_day_are_beside_their_targets() {
    let house = House::open();
    before_the_gate(&house);
    send(&house, "gate", &question("D-1", "20000"));
    house.later(90_000);
    send(&house, "gate", &question("D-2", "30000"));
    house.shown();
    let kpis = house.as_user("gate").get("/api/v1/kpis").ok();
    assert_eq!(kpis["targets"], json!({"before_min": 120, "target_min": 40}));
    let figures = &kpis["days"][0]["figures"];
    assert_eq!((&figures["automatic_release_rate"], &figures["passed"], &figures["held"]), (&json!(1.0), &json!(1), &json!(1)));
    assert_eq!(figures["gate_minutes"]["south"], json!({"count": 1, "p50_min": 1.5, "p90_min": 1.5}));
    assert_eq!(figures["false_alarm_rate"], Value::Null);
    assert_eq!((&kpis["all"], &kpis["places"][0]["figures"]), (figures, figures), "one place and one day are all there is");
    let others = house.as_user("south").get("/api/v1/kpis").ok();
    assert_eq!((&others["days"], &others["all"]["passed"]), (&json!([]), &json!(0)));
    assert_eq!(house.as_user("gate").get(&format!("/api/v1/kpis?to={}", START - 172_800_000)).ok()["days"], json!([]));
    assert_eq!(house.as_user("gate").get("/api/v1/kpis?from=172800000&to=1").problem(400), "query-invalid");
    assert_eq!(house.as_user("gate").get("/api/v1/kpis?from=0").problem(400), "query-invalid");
}
