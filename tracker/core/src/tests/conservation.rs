//! Quantities through a whole life: declared out of stock, split, written off, taken back. None is made, none is lost.

use super::ledger::{csv, declaration, go, goods, import, verify, write_off};
use super::{Bench, told};
use crate::ledger::book::Stand;
use proptest::prelude::*;
use sealway_schemas::cargo::CargoView;
use sealway_schemas::command::Role;
use sealway_schemas::ledger::Quantity;
use sealway_schemas::movement::Arrow;
use serde_json::{Value, json};

const PARENT: &str = "COSU-1";

fn bill(number: &str) -> Value {
    json!({"bill-of-lading": number})
}

fn cargo(quantity: u32, first: u32) -> Value {
    let line = |quantity: u32| {
        let lines = goods(&quantity.to_string(), &quantity.to_string());
        json!({"goods": lines[0], "description_zh": "芯片", "description_en": "Chips"})
    };
    let consignment = |number: &str, parent: Option<Value>, quantity| json!({"document": bill(number), "parent": parent, "owner": "silk-road-carrier", "lines": [line(quantity)]});
    json!([
        consignment(PARENT, None, quantity),
        consignment("A", Some(bill(PARENT)), first),
        consignment("B", Some(bill(PARENT)), quantity - first),
    ])
}

fn found(number: &str, quantity: u32) -> Value {
    json!({"document": bill(number), "lines": [{"goods": "G-1", "status": "bonded", "quantity": quantity.to_string()}]})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn splits_and_write_offs_conserve_every_quantity(
        first in 1_u32..10,
        asked in prop::collection::vec((0_u8..7, 0_u32..12, 0_u32..12), 1..24),
    ) {
        let mut bench = Bench::new();
        let seal = bench.enrol(1);
        let mut place = super::features(include_str!("../../world/places.geojson")).into_iter().find(|place| place["id"] == super::DESTINATION).unwrap();
        place["properties"]["splitting"] = json!(true);
        bench.ok(Role::Customs, json!({"type": "put-place", "feature": place}));
        bench.ok(Role::Carrier, import("L-1", &csv(1, None)));
        let id = bench.draft(1, &seal);
        bench.ok(Role::Carrier, json!({"type": "declare-cargo", "transfer": id, "consignments": cargo(10, first)}));
        bench.ok(Role::Carrier, declaration(&id, goods("10", "20")));
        let way = [Arrow::Declare, Arrow::Accept];
        go(&mut bench, &id, &way);
        for (what, a, b) in asked {
            let (role, body) = match what {
                0 => (Role::Customs, json!({"type": "split-cargo", "transfer": id, "place": super::DESTINATION, "parent": bill(PARENT),
                                            "found": [found("A", a), found("B", b)], "note": "counted"})),
                1 => (Role::Customs, verify(&id, ["A1", "A5", "B1"][a as usize % 3], (b > 5).then(|| b.to_string()).as_deref())),
                2 => (Role::Customs, write_off(&id, Some(&a.to_string()))),
                3 => (Role::Customs, json!({"type": "reverse-write-off", "posting": a, "reason": "counted anew"})),
                4 => (Role::Carrier, declaration(&id, goods(&(a + 1).to_string(), &(2 * a + 2).to_string()))),
                5 => (Role::Customs, json!({"type": "lift-hold", "transfer": id, "reason": "heard"})),
                _ => {
                    opened(&mut bench, &id);
                    continue;
                }
            };
            let before = bench.core.fingerprint();
            let taken = bench.command(role, &body);
            prop_assert!(taken.is_ok() || bench.core.fingerprint() == before, "a refused command changes nothing: {taken:?}");
            let stands: Vec<&Stand> = bench.core.book().items().map(|(_, stand)| stand).collect();
            for stand in stands {
                let sum = [stand.stock, stand.under_way, stand.written_off, stand.missing].map(Quantity::thousandths).iter().sum::<u64>();
                prop_assert_eq!(sum, stand.imported.thousandths());
            }
            if what == 0 && taken.is_ok() {
                let view: CargoView = told(&bench);
                for line in &view.splits[0].lines {
                    prop_assert_eq!(line.declared.plus(line.over), line.found.plus(line.short));
                }
            }
        }
    }
}

/// As a seal that was bound, driven and opened would leave it: the arrows alone, for what they move is not asked here.
fn opened(bench: &mut Bench, id: &sealway_schemas::TransferId) {
    use crate::movement::{Movement, Sealing};
    use sealway_schemas::movement::MovementState;
    let ix = bench.core.transfers.find(id).unwrap();
    let Some(transfer) = bench.core.transfers.get_mut(ix).filter(|transfer| transfer.state == MovementState::Accepted) else { return };
    transfer.state = MovementState::UnsealingGranted;
    transfer.movement = Movement::Arrived(Sealing { epoch: 1, ctr: 1 });
    go(bench, id, &[Arrow::Unseal]);
}
