//! What lies in a sealed unit: a tree of consignments, what they inherit of the seal, and how they are parted.

use super::seal::Seal;
use super::{Bench, DESTINATION, ORIGIN, ROAD, features, signer, told};
use proptest::prelude::*;
use sealway_schemas::TransferId;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::cargo::{CargoView, ConsignmentView, Inherited, InspectionView, SplitLine, TransportDocument};
use sealway_schemas::command::Role;
use sealway_schemas::ledger::{GoodsStatus, Quantity};
use sealway_schemas::movement::{Arrow, HoldFinding, HoldReason, MovementState};
use sealway_schemas::record::Recorded as _;
use serde_json::{Value, json};

const OWNER: &str = "other-carrier";
const MASTER: &str = "176-12345675";

fn master() -> Value {
    json!({"master-air-waybill": MASTER})
}

fn house(name: &str) -> Value {
    json!({"house-air-waybill": {"master": MASTER, "house": name}})
}

fn line(goods: &str, status: &str, quantity: u32) -> Value {
    json!({"goods": {"goods": goods, "hs": "85423190", "unit": "PCE", "status": status, "quantity": quantity.to_string(),
                     "weight_kg": quantity.to_string()},
           "description_zh": "芯片", "description_en": "Chips"})
}

fn consignment(document: &Value, parent: Option<&Value>, lines: &[Value]) -> Value {
    json!({"document": document, "parent": parent, "owner": OWNER, "lines": lines})
}

/// Ten bonded and four other chips under a master bill, in two house bills.
fn consolidation() -> Value {
    json!([
        consignment(&master(), None, &[line("CHIP", "bonded", 10), line("CHIP", "non-bonded", 4)]),
        consignment(&house("H-1"), Some(&master()), &[line("CHIP", "bonded", 6)]),
        consignment(&house("H-2"), Some(&master()), &[line("CHIP", "bonded", 4), line("CHIP", "non-bonded", 4)]),
    ])
}

pub(super) fn in_a_uld(uld: &str) -> Value {
    json!([{"document": {"bill-of-lading": "COSU-1"}, "unit": uld, "owner": OWNER, "lines": [line("CHIP", "bonded", 1)]}])
}

pub(super) fn declare(id: &TransferId, consignments: &Value) -> Value {
    json!({"type": "declare-cargo", "transfer": id, "consignments": consignments})
}

fn found(document: &Value, lines: &[(&str, u32, u32)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(status, quantity, damaged)| {
            json!({"goods": "CHIP", "status": status, "quantity": quantity.to_string(), "damaged": damaged.to_string()})
        })
        .collect();
    json!({"document": document, "lines": lines})
}

fn split(id: &TransferId, parent: Option<Value>, found: &[Value]) -> Value {
    let mut body = json!({"type": "split-cargo", "transfer": id, "place": DESTINATION, "found": found, "note": "counted by hand"});
    if let Some(parent) = parent {
        body["parent"] = parent;
    }
    body
}

fn whole() -> [Value; 2] {
    [found(&house("H-1"), &[("bonded", 6, 0)]), found(&house("H-2"), &[("bonded", 4, 0), ("non-bonded", 4, 0)])]
}

impl Bench {
    fn may_split(&mut self, may: bool) {
        let place = features(include_str!("../../world/places.geojson")).into_iter().find(|place| place["id"] == DESTINATION);
        let mut place = place.unwrap();
        place["properties"]["operator"] = json!("xiy-cargo");
        place["properties"]["splitting"] = json!(may);
        self.ok(Role::Customs, json!({"type": "put-place", "feature": place}));
    }

    fn step(&mut self, id: &TransferId, arrows: &[Arrow]) {
        super::ledger::go(self, id, arrows);
    }

    /// A consolidation that stands opened at its destination.
    fn opened(&mut self, seal: &mut Seal) -> TransferId {
        let id = self.draft(1, seal);
        self.ok(Role::Carrier, declare(&id, &consolidation()));
        self.step(&id, &[Arrow::Declare, Arrow::Accept]);
        self.bind_to(&id, "LOOSE-1", seal);
        self.seal_up(seal);
        self.step(&id, &[Arrow::Seal, Arrow::Release]);
        self.drive(seal, 0, 24);
        self.step(&id, &[Arrow::Arrive, Arrow::HandOver, Arrow::GrantUnsealing]);
        let end = self.road().at_km(self.road().length_km()).unwrap();
        let receipt = seal.open(self.now, Some(end), None);
        self.send(seal, &receipt);
        self.step(&id, &[Arrow::Unseal]);
        id
    }
}

/// Short, over, damaged of each line, in thousandths.
fn differences(view: &CargoView) -> Vec<(String, GoodsStatus, [u64; 3])> {
    let named = |document: &Option<TransportDocument>| document.as_ref().map_or("sum".to_owned(), ToString::to_string);
    let lines = view.splits.iter().flat_map(|split| &split.lines);
    lines.map(|line| (named(&line.document), line.status, [line.short, line.over, line.damaged].map(Quantity::thousandths))).collect()
}

#[test]
fn a_draft_carries_its_cargo_and_no_sum_mixes_bonded_with_other_goods() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    bench.ok(
        Role::Carrier,
        json!({"type": "draft-transfer", "transfer": id, "carrier": "silk-road-carrier", "unit": "CSQU3054383", "seal": seal.id,
               "origin": ORIGIN, "destination": DESTINATION, "corridor": ROAD, "consignments": consolidation()}),
    );
    let view: CargoView = told(&bench);
    let totals: Vec<_> = view.totals.iter().map(|total| (total.status, total.quantity.thousandths())).collect();
    assert_eq!(totals, [(GoodsStatus::Bonded, 10_000), (GoodsStatus::NonBonded, 4_000)], "a child is counted in its parent");
    assert_eq!((view.unit.as_str(), view.consignments.len()), ("CSQU3054383", 3));
    assert!(view.consignments.iter().all(|consignment| consignment.seals.is_empty() && consignment.unit.as_str() == "CSQU3054383"));
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn what_cannot_be_in_a_unit_is_refused_with_its_reason_and_changes_nothing() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    let before = bench.core.fingerprint();
    let bonded = |quantity| [line("CHIP", "bonded", quantity)];
    let under = |lines: &[Value]| json!([consignment(&master(), None, &bonded(10)), consignment(&house("H-1"), Some(&master()), lines)]);
    let mut other_terms = line("CHIP", "bonded", 1);
    other_terms["goods"]["unit"] = json!("KGM");
    let mut wordless = line("CHIP", "bonded", 1);
    wordless["description_zh"] = json!(" ");
    let stranger = json!({"house-air-waybill": {"master": "020-81140743", "house": "H-1"}});
    for (cargo, code) in [
        (under(&bonded(11)), "children-exceed-parent"),
        (under(&[line("CHIP", "non-bonded", 1)]), "children-exceed-parent"),
        (under(&[other_terms]), "terms-differ"),
        (json!([consignment(&house("H-1"), Some(&master()), &bonded(1))]), "parent-missing"),
        (json!([consignment(&master(), None, &bonded(1)), consignment(&master(), None, &bonded(1))]), "consignment-twice"),
        (json!([consignment(&master(), None, &bonded(1)), consignment(&stranger, Some(&master()), &bonded(1))]), "other-master"),
        (json!([consignment(&master(), None, &[])]), "goods-lines"),
        (json!([consignment(&master(), None, &bonded(0))]), "goods-lines"),
        (json!([consignment(&master(), None, &[line("CHIP", "bonded", 1), line("CHIP", "bonded", 2)])]), "goods-lines"),
        (json!([consignment(&master(), None, &[wordless])]), "goods-description"),
        (json!([{"document": master(), "owner": "nobody", "lines": bonded(1)}]), "unknown-party"),
    ] {
        assert_eq!(bench.code(Role::Carrier, declare(&id, &cargo)), code, "{cargo}");
    }
    let refusal = bench.refused(Role::Carrier, &declare(&id, &under(&bonded(11))));
    let detail = "goods CHIP (Bonded) of the children of 176-12345675: 11 with 176-12345675:H-1, expected at most 10";
    assert_eq!(refusal.detail, detail);
    let wrong = json!([consignment(&json!({"master-air-waybill": "176-12345676"}), None, &bonded(1))]);
    let refusal = bench.refused(Role::Carrier, &declare(&id, &wrong));
    assert!(refusal.detail.contains("air waybill 176-12345676: check digit is 6, expected 5"), "{}", refusal.detail);
    assert_eq!(bench.code(Role::Operator, declare(&id, &consolidation())), "role-forbids");
    assert_eq!(bench.core.fingerprint(), before);
}

#[test]
fn an_owner_sees_its_consignment_until_it_is_withdrawn_and_customs_fixes_it_by_accepting() {
    let mut bench = Bench::new();
    let seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, declare(&id, &consolidation()));
    let view: ConsignmentView = told(&bench);
    let parties = bench.effects.iter().rev().find_map(|effect| match effect {
        crate::Effect::Row(row) => match &**row {
            crate::Row::Record(record) if record.kind == ConsignmentView::KIND => Some(record.parties.clone()),
            _ => None,
        },
        _ => None,
    });
    assert!(parties.unwrap().iter().any(|party| party.as_str() == OWNER));
    bench.ok(Role::Carrier, declare(&id, &json!([consolidation()[0]])));
    let gone = bench.effects.iter().filter_map(|effect| match effect {
        crate::Effect::Row(row) => match &**row {
            crate::Row::Record(record) if record.kind == ConsignmentView::KIND => serde_json::from_value(record.body.clone()).ok(),
            _ => None,
        },
        _ => None,
    });
    let gone: Vec<ConsignmentView> = gone.filter(|view: &ConsignmentView| view.withdrawn).collect();
    assert_eq!(gone.iter().map(|gone| gone.document.to_string()).collect::<Vec<_>>(), ["176-12345675:H-1", "176-12345675:H-2"]);
    assert_eq!(gone[1].id(), view.id());
    bench.step(&id, &[Arrow::Declare, Arrow::Accept]);
    assert_eq!(bench.code(Role::Carrier, declare(&id, &consolidation())), "cargo-fixed");
}

#[test]
fn a_smaller_unit_lies_in_one_sealed_unit_only() {
    let mut bench = Bench::new();
    let (seal, spare) = (bench.enrol(1), bench.enrol(2));
    let (first, second) = (bench.draft(1, &seal), bench.draft(2, &spare));
    for id in [&first, &second] {
        bench.ok(Role::Carrier, declare(id, &in_a_uld("AKE12345MU")));
    }
    bench.bind_to(&first, "LOOSE-1", &seal);
    let bind = json!({"type": "bind-seal", "transfer": second, "unit": "LOOSE-2", "seal": spare.id, "mechanical": []});
    assert_eq!(bench.code(Role::Carrier, bind.clone()), "unit-bound");
    bench.ok(Role::Carrier, declare(&first, &in_a_uld("AKE54321MU")));
    bench.ok(Role::Carrier, bind);
    assert_eq!(bench.code(Role::Carrier, declare(&first, &in_a_uld("AKE12345MU"))), "unit-bound");
}

#[test]
fn children_lie_under_the_epoch_of_their_unit_until_it_is_opened() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, declare(&id, &consolidation()));
    bench.bind_to(&id, "LOOSE-1", &seal);
    bench.seal_up(&mut seal);
    let since = bench.now;
    let stretch = |epoch, since, until| Inherited { seal: seal.id, epoch, since, until };
    let seals = |bench: &Bench| told::<CargoView>(bench).consignments.into_iter().map(|view| view.seals).collect::<Vec<_>>();
    assert_eq!(seals(&bench), vec![vec![stretch(1, since, None)]; 3]);
    bench.pass_s(60);
    let (start, opened_at) = (bench.road().at_km(0.0).unwrap(), bench.now);
    let mut again = seal.clone();
    let opened = again.open(bench.now, Some(start), None);
    bench.send(&again, &opened);
    assert_eq!(seals(&bench), vec![vec![stretch(1, since, Some(opened_at))]; 3]);
    bench.seal_up(&mut again);
    assert_eq!(seals(&bench)[2], [stretch(1, since, Some(opened_at)), stretch(2, bench.now, None)]);
}

#[test]
fn a_consolidation_is_split_only_open_and_at_a_place_that_may() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.may_split(true);
    let early = bench.draft(2, &seal);
    assert_eq!(bench.code(Role::Operator, split(&early, Some(master()), &whole())), "not-splittable");
    let id = bench.opened(&mut seal);
    bench.may_split(false);
    let body = split(&id, Some(master()), &whole());
    assert_eq!(bench.code(Role::Operator, body.clone()), "place-not-authorised");
    assert_eq!(bench.code(Role::Carrier, body.clone()), "role-forbids");
    bench.may_split(true);
    let mut at_origin = body.clone();
    at_origin["place"] = json!(ORIGIN);
    assert_eq!(bench.code(Role::Operator, at_origin.clone()), "not-yours");
    assert_eq!(bench.code(Role::Customs, at_origin), "place-not-authorised");
    assert_eq!(bench.code(Role::Operator, split(&id, Some(house("H-1")), &[])), "not-a-consolidation");
    assert_eq!(bench.code(Role::Operator, split(&id, Some(house("H-9")), &[])), "consignment-missing");
    let twice = [whole()[0].clone(), whole()[0].clone()];
    assert_eq!(bench.code(Role::Operator, split(&id, Some(master()), &twice)), "goods-lines");
    let broken = [found(&house("H-1"), &[("bonded", 6, 7)])];
    assert_eq!(bench.code(Role::Operator, split(&id, Some(master()), &broken)), "damaged-quantity");
    bench.ok(Role::Operator, body.clone());
    assert_eq!(bench.code(Role::Operator, body), "already-split");
    let view: CargoView = told(&bench);
    assert!(bench.transfer(&id).holds.is_empty() && differences(&view).iter().all(|(.., counts)| *counts == [0; 3]));
    let parted: Vec<_> = view.consignments.iter().map(|consignment| consignment.parted.as_ref().map(|parted| parted.at)).collect();
    assert_eq!(parted, [None, Some(bench.now), Some(bench.now)]);
}

#[test]
fn children_that_do_not_sum_to_their_parent_hold_the_transfer() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.may_split(true);
    let id = bench.opened(&mut seal);
    let alerts = bench.alert_kinds().len();
    // Two bonded chips went over to the other status: the sum of both would hide it.
    let short = [found(&house("H-1"), &[("bonded", 6, 1)]), found(&house("H-2"), &[("bonded", 2, 0), ("non-bonded", 6, 0)])];
    bench.ok(Role::Operator, split(&id, Some(master()), &short));
    let hold = bench.transfer(&id).holds[0].clone();
    assert_eq!(hold.reason, HoldReason::PartialCargo);
    assert_eq!(hold.detail, format!("2 lines short and 2 over when consignment 176-12345675 was split at {DESTINATION}"));
    assert!(matches!(hold.found, Some(HoldFinding::SplitDiffers { short: 2, over: 2, .. })), "{:?}", hold.found);
    assert_eq!(bench.alert_kinds()[alerts..], [AlertKind::PartialCargo]);
    let expected = [
        ("176-12345675:H-1", GoodsStatus::Bonded, [0, 0, 1_000]),
        ("176-12345675:H-2", GoodsStatus::Bonded, [2_000, 0, 0]),
        ("176-12345675:H-2", GoodsStatus::NonBonded, [0, 2_000, 0]),
        ("sum", GoodsStatus::Bonded, [2_000, 0, 1_000]),
        ("sum", GoodsStatus::NonBonded, [0, 2_000, 0]),
    ];
    assert_eq!(differences(&told(&bench)), expected.map(|(name, status, counts)| (name.to_owned(), status, counts)));
    let verify = |conclusion: &str| json!({"type": "verify-transfer", "transfer": id, "conclusion": conclusion, "note": "counted"});
    assert_eq!(bench.code(Role::Customs, verify("A1")), "conclusion");
    bench.ok(Role::Customs, verify("B1"));
    assert_eq!(bench.state(&id), MovementState::Verified);
}

#[test]
fn what_nobody_declared_is_over_and_what_lies_beside_the_children_is_counted_under_the_parent() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    bench.may_split(true);
    let id = bench.opened(&mut seal);
    let mut all = whole().to_vec();
    all.push(found(&json!({"bill-of-lading": "STRAY"}), &[("bonded", 1, 0)]));
    bench.ok(Role::Operator, split(&id, Some(master()), &all));
    let over: Vec<_> = differences(&told(&bench)).into_iter().filter(|(.., counts)| counts[1] > 0).map(|(name, ..)| name).collect();
    assert_eq!(over, ["STRAY", "sum"]);
    // The sealed unit itself: its only child is the master bill.
    bench.ok(Role::Customs, split(&id, None, &[found(&master(), &[("bonded", 10, 0), ("non-bonded", 4, 0)])]));
    let view: CargoView = told(&bench);
    assert_eq!((view.splits.len(), view.splits[1].number), (2, 2));
    assert!(view.splits[1].lines.iter().all(|line| line.short.is_zero() && line.over.is_zero()));
}

#[test]
fn an_image_is_bound_to_the_unit_and_the_epoch_that_it_was_taken_in() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.draft(1, &seal);
    bench.ok(Role::Carrier, declare(&id, &in_a_uld("AKE12345MU")));
    bench.bind_to(&id, "LOOSE-1", &seal);
    bench.seal_up(&mut seal);
    let look = |unit: &str, document: Option<Value>| json!({"type": "record-inspection", "transfer": id, "unit": unit, "document": document, "image": "ab".repeat(32), "note": "x-ray"});
    assert_eq!(bench.code(Role::Customs, look("LOOSE-9", None)), "unit-elsewhere");
    assert_eq!(bench.code(Role::Customs, look("LOOSE-1", Some(master()))), "consignment-missing");
    assert_eq!(bench.code(Role::Operator, look("LOOSE-1", None)), "role-forbids");
    bench.ok(Role::Customs, look("AKE12345MU", Some(json!({"bill-of-lading": "COSU-1"}))));
    let view: InspectionView = told(&bench);
    assert_eq!((view.number, view.epoch, view.seal, view.unit.as_str()), (1, Some(1), seal.id, "AKE12345MU"));
    let opened = seal.open(bench.now, None, None);
    bench.send(&seal, &opened);
    bench.ok(Role::Customs, look("LOOSE-1", None));
    assert_eq!((told::<InspectionView>(&bench).number, told::<InspectionView>(&bench).epoch), (2, None));
    assert_eq!(told::<InspectionView>(&bench).by, sealway_schemas::movement::By::User(signer(Role::Customs).user));
}

fn sums(lines: &[&SplitLine]) -> [u64; 4] {
    let sum = |of: fn(&SplitLine) -> Quantity| lines.iter().map(|line| of(line).thousandths()).sum();
    [sum(|line| line.declared), sum(|line| line.over), sum(|line| line.found), sum(|line| line.short)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is found: nothing is made or lost, no status flows into another, and any difference holds.
    #[test]
    fn a_split_conserves_every_quantity_of_every_status(counted in prop::collection::vec((0_u32..8, 0_u32..4), 4)) {
        let mut bench = Bench::new();
        let mut seal = bench.enrol(1);
        bench.may_split(true);
        let id = bench.opened(&mut seal);
        let of = |at: usize| (counted[at].0, counted[at].1.min(counted[at].0));
        let [first, second, third, fourth] = [of(0), of(1), of(2), of(3)];
        let found = [
            found(&house("H-1"), &[("bonded", first.0, first.1), ("non-bonded", second.0, second.1)]),
            found(&house("H-2"), &[("bonded", third.0, third.1), ("non-bonded", fourth.0, fourth.1)]),
        ];
        bench.ok(Role::Operator, split(&id, Some(master()), &found));
        let view: CargoView = told(&bench);
        for (status, declared, counted) in
            [(GoodsStatus::Bonded, 10_u32, first.0 + third.0), (GoodsStatus::NonBonded, 4, second.0 + fourth.0)]
        {
            let of_status = || view.splits[0].lines.iter().filter(|line| line.status == status);
            for lines in [of_status().filter(|line| line.document.is_some()).collect(), of_status().filter(|line| line.document.is_none()).collect::<Vec<_>>()] {
                let [claimed, over, seen, short] = sums(&lines);
                prop_assert_eq!(claimed + over, seen + short);
                prop_assert_eq!((claimed, seen), (u64::from(declared) * 1000, u64::from(counted) * 1000));
            }
        }
        let exact = [first.0, second.0, third.0, fourth.0] == [6, 0, 4, 4];
        prop_assert_eq!(bench.transfer(&id).holds.is_empty(), exact);
    }
}
