//! The ledger beside a transfer: imported, declared, compared, written off once, taken back, collected.

use super::ending::small;
use super::{Bench, seal::Seal, signer, told};
use crate::ledger::book::{Item, Stand};
use proptest::prelude::*;
use sealway_schemas::TransferId;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::command::Role;
use sealway_schemas::gate::KpiDay;
use sealway_schemas::ledger::{Field, GoodsStatus, LedgerImport, LedgerStand, PeriodicDeclaration, Quantity};
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::report::{Event, Gap, GapReason};
use serde_json::{Value, json};
use std::fmt::Write as _;

const OWN: &str = "silk-road-carrier";

pub(super) fn csv(lines: usize, bad: Option<usize>) -> String {
    let mut text = "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\n".to_owned();
    for line in 1..=lines {
        let hs = if bad == Some(line) { "12" } else { "85423190" };
        writeln!(text, "G-{line},{hs},芯片,Chip,PCE,bonded,100,200").unwrap();
    }
    text
}

pub(super) fn import(reference: &str, content: &str) -> Value {
    json!({"type": "import-ledger", "enterprise": OWN, "reference": reference, "format": "csv", "content": content})
}

pub(super) fn goods(quantity: &str, weight_kg: &str) -> Value {
    json!([{"goods": "G-1", "hs": "85423190", "unit": "PCE", "status": "bonded", "quantity": quantity, "weight_kg": weight_kg}])
}

pub(super) fn declaration(id: &TransferId, lines: Value) -> Value {
    json!({"type": "declare-goods", "transfer": id, "enterprise": OWN, "declaration": "D-1", "lines": lines})
}

fn counted(quantity: Option<&str>) -> Value {
    quantity.map_or(json!([]), |quantity| json!([{"goods": "G-1", "status": "bonded", "quantity": quantity}]))
}

pub(super) fn write_off(id: &TransferId, quantity: Option<&str>) -> Value {
    json!({"type": "write-off-transfer", "transfer": id, "verified": counted(quantity), "note": "counted"})
}

pub(super) fn verify(id: &TransferId, conclusion: &str, quantity: Option<&str>) -> Value {
    json!({"type": "verify-transfer", "transfer": id, "conclusion": conclusion, "verified": counted(quantity), "note": "counted"})
}

pub(super) fn go(bench: &mut Bench, id: &TransferId, arrows: &[Arrow]) {
    let ix = bench.core.transfers.find(id).unwrap();
    for arrow in arrows {
        bench.core.step(bench.now, ix, *arrow, By::User("customs-1".parse().unwrap()), &mut Vec::new()).unwrap();
    }
}

pub(super) fn stand(bench: &Bench) -> Stand {
    let item = Item { enterprise: OWN.parse().unwrap(), goods: "G-1".parse().unwrap(), status: GoodsStatus::Bonded };
    bench.core.book().stand(&item).unwrap().clone()
}

/// Stock, under way, written off of G-1.
pub(super) fn accounts(bench: &Bench) -> [String; 3] {
    let stand = stand(bench);
    [stand.stock, stand.under_way, stand.written_off].map(|quantity: Quantity| quantity.to_string())
}

pub(super) fn missing(bench: &Bench) -> String {
    stand(bench).missing.to_string()
}

/// A transfer with 10 pieces out of a stock of 100.
pub(super) fn laden() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.ok(Role::Carrier, import("L-1", &csv(3, None)));
    bench.ok(Role::Carrier, declaration(&id, goods("10", "20")));
    (bench, seal, id)
}

pub(super) fn unsealed() -> (Bench, TransferId) {
    let (mut bench, mut seal, id) = laden();
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    go(&mut bench, &id, &[Arrow::HandOver, Arrow::GrantUnsealing, Arrow::Unseal]);
    (bench, id)
}

#[test]
fn of_ten_thousand_lines_the_one_bad_line_is_refused_and_the_others_are_taken() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, import("L-1", &csv(10_000, Some(5_000))));
    let import: LedgerImport = told(&bench);
    assert_eq!((import.lines, import.taken), (10_000, vec![(1, 4_999), (5_001, 10_000)]));
    assert_eq!((import.refused.len(), import.refused[0].line, import.refused[0].code.as_str()), (1, 5_000, "hs-code-malformed"));
    assert_eq!(bench.core.book().postings().count(), 9_999);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn an_import_counts_once_by_its_reference() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, import("L-1", &csv(3, None)));
    bench.ok(Role::Carrier, import("L-1", &csv(3, None)));
    assert_eq!(accounts(&bench), ["100", "0", "0"]);
    assert_eq!(bench.code(Role::Carrier, import("L-1", &csv(4, None))), "import-exists");
    assert_eq!(bench.code(Role::Carrier, import("L-2", "nonsense")), "ledger-file");
    bench.ok(Role::Carrier, import("L-2", &csv(1, None)));
    assert_eq!(accounts(&bench), ["200", "0", "0"]);
}

#[test]
fn from_arrival_to_release_is_counted_where_it_arrived() {
    let (mut bench, mut seal, id) = laden();
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    bench.pass_s(600);
    go(&mut bench, &id, &[Arrow::HandOver, Arrow::GrantUnsealing, Arrow::Unseal]);
    bench.ok(Role::Customs, verify(&id, "A1", None));
    let day: KpiDay = told(&bench);
    assert_eq!(day.arrival_to_release.percentile(50), Some(10.0), "minutes: {day:?}");
    assert_eq!(day.place, bench.transfer(&id).destination);
}

#[test]
fn goods_are_called_as_the_newest_import_calls_them() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, import("L-1", &csv(1, None)));
    let before: LedgerStand = told(&bench);
    assert_eq!((before.name_zh.as_str(), before.name_en.as_str()), ("芯片", "Chip"));
    bench.ok(Role::Carrier, import("L-2", &csv(1, None).replace("Chip", "Microcontroller")));
    let after: LedgerStand = told(&bench);
    assert_eq!((after.name_zh.as_str(), after.name_en.as_str()), ("芯片", "Microcontroller"));
}

#[test]
fn a_ledger_is_touched_by_its_enterprise_and_customs_alone() {
    let (mut bench, _, id) = laden();
    let mut other = signer(Role::Carrier);
    other.party = "other-carrier".parse().unwrap();
    for (key, body) in [("o-1", import("L-9", &csv(1, None))), ("o-2", declaration(&id, goods("1", "2")))] {
        assert_eq!(bench.command_by(other.clone(), key, &body).unwrap_err().code, "not-yours");
    }
    let mut own = declaration(&id, goods("1", "2"));
    own["enterprise"] = json!("other-carrier");
    assert_eq!(bench.command_by(other, "o-3", &own).unwrap_err().code, "not-yours", "own goods on another's transfer");
    for body in [write_off(&id, None), verify(&id, "A1", None), json!({"type": "reverse-write-off", "posting": 1, "reason": "x"})] {
        assert_eq!(bench.code(Role::Carrier, body), "role-forbids");
    }
}

#[test]
fn a_large_body_is_an_imports_alone() {
    let mut bench = Bench::new();
    let note = "x".repeat(crate::command::COMMAND_BYTES_LIMIT / 2);
    let body = json!({"type": "acknowledge-alert", "alert": 1, "note": note});
    assert_eq!(bench.code(Role::Customs, body), "too-large");
}

#[test]
fn papers_that_differ_hold_the_transfer_until_they_agree() {
    let (mut bench, mut seal, id) = laden();
    assert_eq!(bench.alert_kinds(), []);
    let note = |weight: &str| json!({"type": "note-goods", "transfer": id, "note": "N-1", "lines": goods("10", weight)});
    bench.ok(Role::Carrier, note("25"));
    assert_eq!(bench.alert_kinds(), [AlertKind::LedgerDifference]);
    assert_eq!(bench.core.ledger_difference(&id).len(), 1);
    let hold = &bench.transfer(&id).holds[0];
    assert_eq!((hold.reason, &hold.found), (HoldReason::LedgerDifference, &Some(HoldFinding::BooksDiffer { differences: 1 })));
    bench.ok(Role::Carrier, note("20"));
    assert!(bench.only_alert().cleared_at.is_some());
    let ended = bench.told_of("hold").pop().unwrap();
    assert_eq!(ended["lifted"]["found"], "books-agree", "{ended}");
    assert_eq!(bench.transfer(&id).holds, []);
    bench.ok(Role::Carrier, declaration(&id, goods("101", "202")));
    assert_eq!(accounts(&bench), ["100", "0", "0"], "more than the stock takes nothing");
    assert_eq!(bench.transfer(&id).holds.len(), 1);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    assert_eq!(bench.code(Role::Carrier, declaration(&id, goods("10", "20"))), "transfer-left");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_draft_is_submitted_only_with_goods_that_the_ledger_has() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, declaration(&id, goods("10", "20")));
    let submit = json!({"type": "submit-transfer", "transfer": id});
    assert_eq!(bench.command(Role::Carrier, &submit).unwrap_err().step.unwrap().missing, ["ledger-lines"]);
    bench.ok(Role::Carrier, import("L-1", &csv(1, None)));
    bench.ok(Role::Carrier, declaration(&id, goods("10", "20")));
    bench.ok(Role::Carrier, submit);
    assert_eq!(bench.state(&id), MovementState::Declared);
}

/// Cargo of the enterprise or of another, each line (goods, status, quantity) in a consignment of its own.
fn cargo(id: &TransferId, owner: &str, lines: &[(&str, &str, &str)]) -> Value {
    let consignment = |(number, (goods, status, quantity)): (usize, &(&str, &str, &str))| {
        let goods = json!({"goods": goods, "hs": "85423190", "unit": "PCE", "status": status, "quantity": quantity, "weight_kg": "20"});
        json!({"document": {"bill-of-lading": format!("COSU-{number}")}, "owner": owner,
               "lines": [{"goods": goods, "description_zh": "芯片", "description_en": "Chips"}]})
    };
    json!({"type": "declare-cargo", "transfer": id, "consignments": lines.iter().enumerate().map(consignment).collect::<Vec<_>>()})
}

/// Not submitted yet, with 10 pieces of G-1.
fn drafted() -> (Bench, TransferId) {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, import("L-1", &csv(2, None)));
    bench.ok(Role::Carrier, declaration(&id, goods("10", "20")));
    (bench, id)
}

#[test]
fn bonded_cargo_that_the_declaration_of_goods_leaves_out_is_not_declared() {
    let (mut bench, id) = drafted();
    let submit = json!({"type": "submit-transfer", "transfer": id});
    bench.ok(Role::Carrier, cargo(&id, OWN, &[("G-1", "bonded", "10"), ("G-2", "bonded", "1")]));
    assert_eq!(bench.refused(Role::Carrier, &submit).step.unwrap().missing, ["ledger-lines"]);
    bench.ok(Role::Carrier, cargo(&id, OWN, &[("G-1", "bonded", "10"), ("G-2", "non-bonded", "1")]));
    bench.ok(Role::Carrier, submit);
    assert_eq!((bench.state(&id), bench.transfer(&id).holds), (MovementState::Declared, Vec::new()));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn consignments_that_do_not_sum_to_the_declared_goods_hold_the_transfer_until_they_do() {
    let (mut bench, id) = drafted();
    let mut own = |quantities: &[&str]| {
        let lines: Vec<_> = quantities.iter().map(|quantity| ("G-1", "bonded", *quantity)).collect();
        bench.ok(Role::Carrier, cargo(&id, OWN, &lines));
        bench.core.ledger_difference(&id).to_vec()
    };
    assert_eq!(own(&["6", "4"]), []);
    let [found] = own(&["6", "3"]).try_into().unwrap();
    assert_eq!((found.field, found.declared.as_deref(), found.consigned.as_deref()), (Field::Consigned, Some("10"), Some("9")));
    assert_eq!(bench.transfer(&id).holds[0].reason, HoldReason::LedgerDifference);
    bench.ok(Role::Carrier, cargo(&id, "other-carrier", &[("G-1", "bonded", "3")]));
    assert_eq!(bench.transfer(&id).holds, [], "another's goods are in another ledger");
}

#[test]
fn goods_of_a_cancelled_transfer_go_back_into_stock() {
    let (mut bench, _, id) = laden();
    bench.ok(Role::Customs, json!({"type": "cancel-transfer", "transfer": id, "reason": "not sold"}));
    assert_eq!(accounts(&bench), ["100", "0", "0"]);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn goods_declared_anew_leave_the_stock_once() {
    let (mut bench, _, id) = laden();
    assert_eq!(accounts(&bench), ["90", "10", "0"]);
    bench.ok(Role::Carrier, declaration(&id, goods("30", "60")));
    assert_eq!(accounts(&bench), ["70", "30", "0"]);
}

#[test]
fn a_satisfactory_verification_writes_off_by_itself_and_once() {
    for conclusion in ["A1", "A2"] {
        let (mut bench, id) = unsealed();
        assert_eq!(bench.code(Role::Customs, verify(&id, conclusion, Some("10.001"))), "verified-quantity");
        assert_eq!(bench.state(&id), MovementState::Unsealed);
        bench.ok(Role::Customs, verify(&id, conclusion, None));
        assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::WrittenOff, ["90", "0", "10"].map(str::to_owned)));
        assert_eq!(bench.code(Role::Customs, write_off(&id, None)), "arrow-illegal");
    }
}

#[test]
fn a_hold_stops_the_write_off_until_an_officer_lifts_it() {
    let (mut bench, id) = unsealed();
    bench.ok(Role::Customs, json!({"type": "hold-transfer", "transfer": id, "reason": "risk"}));
    bench.ok(Role::Customs, verify(&id, "A1", None));
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::Verified, ["90", "10", "0"].map(str::to_owned)));
    assert_eq!(bench.command(Role::Customs, &write_off(&id, Some("4"))).unwrap_err().step.unwrap().missing, ["no-hold"]);
    bench.ok(Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "looked into"}));
    bench.ok(Role::Customs, write_off(&id, None));
    assert_eq!(bench.state(&id), MovementState::WrittenOff);
}

#[test]
fn nothing_is_written_off_before_verification_or_over_a_hole() {
    let (mut bench, mut seal, id) = laden();
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 24);
    bench.report_arrival(&id);
    assert_eq!(bench.code(Role::Customs, write_off(&id, None)), "arrow-illegal");
    go(&mut bench, &id, &[Arrow::HandOver, Arrow::GrantUnsealing]);
    let at = bench.road().at_km(24.0).unwrap();
    let _lost = seal.periodic(bench.now, at);
    bench.pass_s(60);
    let next = seal.periodic(bench.now, at);
    bench.send(&seal, &next);
    go(&mut bench, &id, &[Arrow::Unseal]);
    bench.ok(Role::Customs, verify(&id, "A1", None));
    assert_eq!(accounts(&bench), ["90", "10", "0"]);
    let held = bench.refused(Role::Customs, &write_off(&id, None));
    assert_eq!((held.code, held.step.unwrap().missing), ("custody-hole", vec!["whole-custody"]));
}

/// Between the handoff and the opening the seal lost a report, and says so.
fn opened_over_a_hole(bench: &mut Bench, seal: &mut Seal) -> TransferId {
    let id = bench.handed_over(seal);
    let end = bench.end();
    let _lost = seal.periodic(bench.now, end);
    let gap = Gap { from: seal.ctr, to: seal.ctr, reason: GapReason::RingFull };
    let told = seal.make(bench.now, Event::Gap, Some(end), |draft| draft.gap = Some(gap));
    bench.send(seal, &told);
    bench.ok(Role::Customs, small(seal, bench));
    let opened = seal.open(bench.now, Some(end), Some([9; 16]));
    bench.send(seal, &opened);
    assert_eq!(bench.state(&id), MovementState::Unsealed);
    id
}

#[test]
fn a_hole_before_the_opening_holds_the_write_off_until_an_officer_decides_on_it() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = opened_over_a_hole(&mut bench, &mut seal);
    bench.ok(Role::Customs, verify(&id, "A5", None));
    assert_eq!(bench.refused(Role::Customs, &write_off(&id, None)).step.unwrap().missing, ["whole-custody"]);
    let next = bench.declare(2, &seal);
    assert_eq!(bench.refused(Role::Customs, &write_off(&id, None)).step.unwrap().missing, ["whole-custody"], "{next} has the seal now");
    bench.ok(Role::Customs, json!({"type": "lift-quarantine", "device": seal.id, "reason": "counted and complete"}));
    bench.ok(Role::Customs, write_off(&id, None));
    assert_eq!(bench.state(&id), MovementState::WrittenOff);
}

#[test]
fn a_write_off_comes_back_by_one_counter_entry_and_may_be_made_again() {
    let (mut bench, id) = unsealed();
    bench.ok(Role::Customs, verify(&id, "A1", None));
    let posting = bench.core.book().postings().count();
    let reverse = json!({"type": "reverse-write-off", "posting": posting, "reason": "counted wrongly"});
    bench.ok(Role::Customs, reverse.clone());
    assert_eq!((bench.state(&id), accounts(&bench)), (MovementState::Verified, ["90", "10", "0"].map(str::to_owned)));
    assert_eq!(bench.code(Role::Customs, reverse), "posting-reversed");
    bench.ok(Role::Customs, write_off(&id, Some("9")));
    assert_eq!(accounts(&bench), ["90", "1", "9"]);
}

#[test]
fn split_deliveries_are_collected_once_into_a_periodic_declaration() {
    let (mut bench, id) = unsealed();
    let periodic = |reference: &str| json!({"type": "declare-periodic", "enterprise": OWN, "declaration": reference, "transfers": [id]});
    bench.ok(Role::Customs, verify(&id, "A5", None));
    bench.ok(Role::Customs, write_off(&id, Some("4")));
    assert_eq!(bench.code(Role::Carrier, periodic("P-1")), "not-written-off");
    bench.ok(Role::Customs, write_off(&id, None));
    bench.ok(Role::Carrier, periodic("P-1"));
    let collected: PeriodicDeclaration = told(&bench);
    assert_eq!(collected.lines.iter().map(|line| line.quantity.to_string()).collect::<Vec<_>>(), ["10"]);
    assert_eq!(bench.code(Role::Carrier, periodic("P-1")), "declaration-exists");
    assert_eq!(bench.code(Role::Carrier, periodic("P-2")), "delivery-collected");
    let posting = bench.core.book().postings().count();
    let reverse = json!({"type": "reverse-write-off", "posting": posting, "reason": "late"});
    assert_eq!(bench.code(Role::Customs, reverse), "delivery-collected");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked in whatever order: all that was imported is in stock, under way, written off or missing, and what is collected was written off.
    #[test]
    fn no_order_of_commands_makes_or_loses_goods(asked in prop::collection::vec((0_u8..9, 1_u64..40), 1..30), left in any::<bool>()) {
        let (mut bench, id) = if left {
            unsealed()
        } else {
            let (bench, _, id) = laden();
            (bench, id)
        };
        let mut imported = 100;
        for (number, (what, amount)) in (1..).zip(asked) {
            let quantity = amount.to_string();
            let (role, body) = match what {
                0 => (Role::Carrier, import(&format!("R-{number}"), &csv(1, None))),
                1 => (Role::Carrier, declaration(&id, goods(&quantity, &(amount * 2).to_string()))),
                2 => (Role::Customs, verify(&id, "A1", Some(&quantity))),
                3 => (Role::Customs, verify(&id, "A5", None)),
                7 => (Role::Customs, verify(&id, if amount % 2 == 0 { "A5" } else { "B1" }, Some(&(amount % 12).to_string()))),
                4 => (Role::Customs, write_off(&id, Some(&quantity))),
                5 => (Role::Customs, json!({"type": "reverse-write-off", "posting": amount, "reason": "counted wrongly"})),
                6 => (Role::Carrier, json!({"type": "declare-periodic", "enterprise": OWN, "declaration": format!("P-{number}"),
                                            "transfers": [id]})),
                _ => (Role::Customs, json!({"type": "cancel-transfer", "transfer": id, "reason": "not sold"})),
            };
            let before = accounts(&bench);
            let taken = bench.command(role, &body);
            imported += if what == 0 && taken.is_ok() { 100 } else { 0 };
            let after = accounts(&bench);
            prop_assert!(taken.is_ok() || after == before, "a refused command moves nothing");
            prop_assert!(what != 6 || after == before, "a periodic declaration moves nothing");
            let sum: u64 = after.iter().chain([&missing(&bench)]).map(|quantity| quantity.parse::<u64>().unwrap()).sum();
            prop_assert_eq!(sum, imported);
            if what == 6 && taken.is_ok() {
                let collected: PeriodicDeclaration = told(&bench);
                let lines: Vec<String> = collected.lines.iter().map(|line| line.quantity.to_string()).collect();
                prop_assert_eq!(lines, vec![after[2].clone()]);
            }
        }
    }
}
