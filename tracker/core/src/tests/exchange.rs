//! What other systems are told: numbered without a gap, to whom it concerns, and the same again by a replay.

use super::{Bench, signer};
use crate::input::Input;
use crate::{Effect, Outbound, Told};
use bytes::Bytes;
use sealway_schemas::command::Role;
use serde_json::{Value, json};

fn put(webhook: &str, party: &str, kinds: &[&str]) -> Value {
    json!({"type": "put-webhook", "webhook": webhook, "party": party, "url": "https://erp.example/", "kinds": kinds})
}

fn told(effects: &[Effect], webhook: &str) -> Vec<Told> {
    let outbound = effects.iter().filter_map(|effect| match effect {
        Effect::Outbox(outbound) => Some(&**outbound),
        _ => None,
    });
    let events = outbound.filter_map(|outbound| match outbound {
        Outbound::Event(told) if told.webhook.as_str() == webhook => Some(told.clone()),
        Outbound::Event(_) | Outbound::Webhook { .. } | Outbound::Removed { .. } => None,
    });
    events.collect()
}

#[test]
fn a_webhook_is_told_under_numbers_without_a_gap_and_only_what_concerns_its_party() {
    let mut bench = Bench::new();
    bench.ok(Role::Carrier, put("own", "silk-road-carrier", &["movement", "alert"]));
    bench.ok(Role::Admin, put("other", "other-carrier", &["movement", "alert"]));
    bench.ok(Role::Customs, put("customs", "xian-customs", &["movement"]));
    let mut seal = bench.enrol(1);
    bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 3);
    let own = told(&bench.effects, "own");
    assert!(own.len() > 2, "{own:?}");
    assert!(own.iter().zip(1..).all(|(told, number)| told.number == number && told.id() == format!("own-{number}")), "{own:?}");
    let body: Value = serde_json::from_str(&own[0].body).unwrap();
    assert_eq!((&body["id"], &body["type"], &body["data"]["state"]), (&json!("own-1"), &json!("movement"), &json!("declared")));
    assert_eq!(told(&bench.effects, "other"), []);
    let movements = own.iter().filter(|told| told.kind == "movement").count();
    assert_eq!(told(&bench.effects, "customs").len(), movements, "customs of the whole country hear of everybody");
}

#[test]
fn a_webhook_that_was_removed_hears_nothing_and_keeps_its_numbers() {
    let mut bench = Bench::new();
    let draft = |bench: &mut Bench, name: &str| {
        bench.ok(Role::Admin, json!({"type": "put-district", "district": name, "name_zh": "某", "name_en": "Some"}));
    };
    bench.ok(Role::Customs, put("erp", "xian-customs", &["record"]));
    draft(&mut bench, "a");
    bench.ok(Role::Customs, json!({"type": "remove-webhook", "webhook": "erp"}));
    draft(&mut bench, "b");
    bench.ok(Role::Customs, put("erp", "xian-customs", &["record"]));
    draft(&mut bench, "c");
    let numbers: Vec<u64> = told(&bench.effects, "erp").iter().map(|told| told.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4], "its own putting, a, its own putting again, c");
    let removed = bench.effects.iter().find_map(|effect| match effect {
        Effect::Outbox(outbound) => match &**outbound {
            Outbound::Removed { upto, .. } => Some(*upto),
            Outbound::Event(_) | Outbound::Webhook { .. } => None,
        },
        _ => None,
    });
    assert_eq!(removed, Some(2));
    assert_eq!(bench.code(Role::Carrier, json!({"type": "remove-webhook", "webhook": "erp"})), "not-yours");
}

#[test]
fn a_command_that_is_refused_tells_nobody() {
    let mut bench = Bench::new();
    bench.ok(Role::Customs, put("erp", "xian-customs", &["record"]));
    let body = Bytes::from(json!({"type": "put-district", "district": "a", "name_zh": "", "name_en": "Some"}).to_string());
    let effects = bench.give(Input::Command { by: signer(Role::Admin), key: "k".into(), body, signature: None });
    assert!(matches!(effects[..], [Effect::Refused(_)]), "{effects:?}");
    let replayed = bench.replayed();
    assert_eq!(replayed.fingerprint(), bench.core.fingerprint());
}
