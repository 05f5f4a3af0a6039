//! Every route, for every role and for nobody.

use crate::house::{House, START, corridor, place, transfer};
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What becomes of a request, as far as it is about who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Let in; the content is another matter.
    Open,
    /// 403.
    Closed,
    /// 404: for this caller it does not exist.
    Hidden,
}
use Door::{Closed, Hidden, Open};

const USERS: [&str; 6] = ["officer", "north", "south", "gate", "auditor", "admin"];

struct Route {
    method: &'static str,
    template: &'static str,
    body: Value,
    /// In the order of `USERS`; `north` owns the device.
    doors: [Door; 6],
}

const EVERYONE: [Door; 6] = [Open; 6];
const ADMIN: [Door; 6] = [Closed, Closed, Closed, Closed, Closed, Open];
/// Nothing of the kind is in this house.
const ADMIN_IN_VAIN: [Door; 6] = [Closed, Closed, Closed, Closed, Closed, Hidden];
/// The gate sees the device because its transfer begins there.
const SEEN_DEVICE: [Door; 6] = [Open, Open, Hidden, Open, Open, Open];
const CUSTOMS_ON_DEVICE: [Door; 6] = [Open, Closed, Hidden, Closed, Closed, Closed];

/// The webhook is of `north`.
const OWN_WEBHOOK: [Door; 6] = [Hidden, Open, Hidden, Hidden, Open, Open];

fn route(method: &'static str, template: &'static str, body: Value, doors: [Door; 6]) -> Route {
    Route { method, template, body, doors }
}

fn reads() -> Vec<Route> {
    let open = [
        "/me",
        "/account",
        "/parties",
        "/users",
        "/tokens",
        "/devices",
        "/basemap",
        "/places",
        "/corridors",
        "/transfers",
        "/alerts",
        "/places/{id}",
        "/corridors/{id}",
        "/places/{id}/versions",
        "/corridors/{id}/versions",
        "/places/{id}/versions/{effective_from}",
        "/corridors/{id}/versions/{effective_from}",
        "/planned-versions",
    ];
    let mut routes: Vec<Route> = open.into_iter().map(|template| route("get", template, Value::Null, EVERYONE)).collect();
    routes.push(route("get", "/records/{kind}", Value::Null, EVERYONE));
    // The bundled map has no outlines beside it.
    routes.push(route("get", "/basemap/outlines", Value::Null, [Hidden; 6]));
    // A record that nobody has.
    routes.push(route("get", "/records/{kind}/{id}", Value::Null, [Hidden; 6]));
    let sees_all = [Open, Closed, Closed, Closed, Open, Open];
    routes.push(route("get", "/log/entries/{id}", Value::Null, sees_all));
    routes.push(route("get", "/log/entries", Value::Null, sees_all));
    routes.push(route("get", "/log/growth?old=0", Value::Null, sees_all));
    routes.push(route("get", "/log/state", Value::Null, EVERYONE));
    routes.push(route("get", "/log/frames?from=0", Value::Null, ADMIN));
    routes.push(route("get", "/devices/{id}", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/devices/{id}/track", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/devices/{id}/reports?ctrs=1", Value::Null, SEEN_DEVICE));
    for question in ["points", "chart?field=battery", "counts", "crossings"] {
        let template: &'static str = format!("/devices/{{id}}/series/{question}").leak();
        routes.push(route("get", template, Value::Null, SEEN_DEVICE));
    }
    routes.push(route("get", "/devices/{id}/series/latest", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/devices/{id}/errors", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/connections", Value::Null, ADMIN_IN_VAIN));
    routes.push(route("get", "/gateways", Value::Null, EVERYONE));
    routes.push(route("get", "/kpis", Value::Null, EVERYONE));
    routes.push(route("get", "/pass-cards/{id}/{form}", Value::Null, [Hidden; 6]));
    routes.push(route("get", "/series/latest", Value::Null, EVERYONE));
    routes.push(route("get", "/series/state", Value::Null, EVERYONE));
    routes.push(route("get", "/transfers/{id}", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/alerts/{id}", Value::Null, SEEN_DEVICE));
    routes.push(route("get", "/transfers/{id}/photos", Value::Null, SEEN_DEVICE));
    // No incident names one.
    routes.push(route("get", "/transfers/{id}/photos/{photo}", Value::Null, [Hidden; 6]));
    // No goods were declared.
    routes.push(route("get", "/transfers/{id}/ledger", Value::Null, [Hidden; 6]));
    routes.push(route("get", "/webhooks", Value::Null, EVERYONE));
    routes.push(route("get", "/webhooks/key", Value::Null, EVERYONE));
    routes.push(route("get", "/webhooks/{id}/letters", Value::Null, OWN_WEBHOOK));
    for export in ["/transfers/{id}/evidence", "/transfers/{id}/epcis", "/transfers/{id}/eaeu"] {
        routes.push(route("get", export, Value::Null, SEEN_DEVICE));
    }
    routes
}

fn changes(now: u64) -> Vec<Route> {
    let because = json!({"reason": "test"});
    let circle = json!({"lat_e7": 343_500_000, "lon_e7": 1_089_500_000, "radius_m": 500});
    let grant = json!({"epoch": 0, "circle": circle, "not_before": now, "not_after": now + 3_600_000});
    let enrolment = json!({"device": "NEW-1", "public_key": "00".repeat(32), "challenge": "00".repeat(32), "proof": ""});
    let map = [Open, Closed, Closed, Closed, Closed, Open];
    let enrols = [Open, Open, Open, Closed, Closed, Open];
    vec![
        route("post", "/parties", json!({"party": "p", "role": "carrier", "name_zh": "名", "name_en": "P"}), ADMIN),
        route("post", "/users", json!({"user": "u", "party": "north-rail", "role": "carrier", "name": "U"}), ADMIN),
        route("post", "/tokens", json!({"user": "north"}), ADMIN),
        route("delete", "/tokens/{id}", Value::Null, ADMIN),
        route("delete", "/connections/{session}", Value::Null, ADMIN_IN_VAIN),
        route("post", "/gates/{id}/snapshots", Value::Null, [Open, Closed, Closed, Hidden, Closed, Closed]),
        route("post", "/users/{id}/account-link", Value::Null, ADMIN),
        // Nobody here has a password.
        route("post", "/account/password", json!({"current": "", "new": ""}), EVERYONE),
        route("delete", "/account/sessions", Value::Null, EVERYONE),
        route("post", "/account/second-factor", json!({"password": ""}), EVERYONE),
        route("post", "/account/second-factor/confirm", json!({"code": ""}), EVERYONE),
        route("post", "/account/second-factor/remove", json!({"password": "", "code": ""}), EVERYONE),
        route("post", "/account/recovery-codes", json!({"password": ""}), EVERYONE),
        route("post", "/log/confirmations", json!({"size": 0, "root": "00".repeat(32)}), ADMIN),
        route("post", "/commands", json!({"type": "revoke-token", "token": "token-nobody-has"}), ADMIN),
        route("put", "/transfers/{id}/photos/{photo}", Value::Null, [Hidden, Hidden, Hidden, Closed, Closed, Closed]),
        route("put", "/places/{id}", place("zone-a", 108.9), map),
        route("put", "/corridors/{id}", corridor(), map),
        route("post", "/corridors/{id}/test", corridor(), map),
        route("post", "/devices/enrolment-challenges", Value::Null, enrols),
        route("post", "/devices", enrolment, enrols),
        route("post", "/transfers", transfer("NR-0001", "LOOSE-2"), [Closed, Open, Open, Closed, Closed, Closed]),
        route("post", "/devices/{id}/lift-quarantine", because.clone(), CUSTOMS_ON_DEVICE),
        route("post", "/devices/{id}/grants", grant, CUSTOMS_ON_DEVICE),
        route("post", "/devices/{id}/challenges", json!({"not_after": now + 60_000}), [Open, Open, Hidden, Open, Closed, Closed]),
        route("post", "/devices/{id}/reset-login", json!({"t": now}), CUSTOMS_ON_DEVICE),
        route("post", "/alerts/{id}/acknowledge", Value::Null, CUSTOMS_ON_DEVICE),
        route("post", "/alerts/{id}/assign", json!({"to": "customs"}), CUSTOMS_ON_DEVICE),
        route("post", "/alerts/{id}/decide", json!({"verdict": "false-alarm", "reason": "test"}), CUSTOMS_ON_DEVICE),
        route("post", "/ledger/imports?reference=L-1", json!([]), [Open, Open, Open, Open, Closed, Closed]),
        route("post", "/webhooks/{id}/retry", Value::Null, [Hidden, Open, Hidden, Hidden, Closed, Open]),
        route("put", "/webhooks/{id}", webhook(), [Closed, Open, Hidden, Hidden, Closed, Open]),
        route("delete", "/webhooks/{id}", Value::Null, [Hidden, Open, Hidden, Hidden, Closed, Open]),
        route("post", "/devices/{id}/revoke", because, [Open, Open, Hidden, Closed, Closed, Open]),
    ]
}

fn webhook() -> Value {
    json!({"url": "https://erp.example/sealway", "kinds": ["alert", "record"]})
}

fn address(template: &str, transfer: &str) -> String {
    let id = match template.split('/').nth(1).unwrap() {
        "devices" => "NR-0001",
        "transfers" => transfer,
        "alerts" | "log" => "1",
        "places" => "zone-a",
        "corridors" => "a-b",
        "tokens" | "records" | "pass-cards" | "gates" => "token-nobody-has",
        "users" => "north",
        "webhooks" => "north-erp",
        other => panic!("{other} has no id"),
    };
    format!(
        "/api/v1{}",
        template
            .replace("{kind}", "step")
            .replace("{form}", "svg")
            .replace("{id}", id)
            .replace("{photo}", &"0a".repeat(32))
            .replace("{effective_from}", &START.to_string())
    )
}

fn path(template: &str, transfer: &str) -> String {
    if template.contains("{id}") {
        address(template, transfer)
    } else {
        format!("/api/v1{}", template.replace("{kind}", "step").replace("{session}", "1"))
    }
}

/// A device of `north`, bound to a transfer from the gate's place, with an alert.
fn furnished() -> (House, String) {
    let house = House::open();
    house.atlas();
    let mut seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    let declared = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    house.upload(&mut seal, Event::CableCut);
    house.as_user("north").put("/api/v1/webhooks/north-erp", &webhook()).ok();
    house.checkpointed();
    (house, declared["id"].as_str().unwrap().to_owned())
}

fn door(status: u16) -> Door {
    match status {
        403 => Closed,
        404 => Hidden,
        401 | 405 | 500.. => panic!("{status}"),
        _ => Open,
    }
}

#[test]
fn each_role_gets_what_is_its_own_and_nobody_gets_anything() {
    let (house, transfer) = furnished();
    house.followed(&"NR-0001".parse().unwrap(), 1);
    let routes: Vec<Route> = reads().into_iter().chain(changes(house.now().as_ms())).collect();
    for route in &routes {
        let (method, path) = (route.method.to_uppercase(), path(route.template, &transfer));
        assert_eq!(house.nobody().json(&method, &path, &route.body).problem(401), "not-authenticated", "{method} {path}");
        let stranger = house.nobody().bearer("slw_unknown").json(&method, &path, &route.body);
        assert_eq!(stranger.header("www-authenticate"), Some("Bearer realm=\"sealway\""), "{method} {path}");
        // Those who may not come first, so that nothing has changed before they ask.
        for wanted in [Closed, Hidden, Open] {
            for (user, expected) in USERS.into_iter().zip(route.doors).filter(|(_, door)| *door == wanted) {
                let answer = house.as_user(user).json(&method, &path, &route.body);
                assert_eq!(door(answer.status), expected, "{user}: {method} {path}: {} {}", answer.status, answer.text());
            }
        }
    }
}

#[test]
fn no_route_is_forgotten_here() {
    let document: Value = serde_json::from_str(&sealway_dashboard::document().unwrap()).unwrap();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(path, item)| Some((path.strip_prefix("/api/v1")?.to_owned(), item)))
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())).collect::<Vec<_>>())
        .collect();
    let described_as = |template: &str| template.split('?').next().unwrap().to_owned();
    let routes = reads().into_iter().chain(changes(0)).map(|route| (route.method.to_owned(), described_as(route.template)));
    // The session's door is open by nature, the stream has no end: both have tests of their own.
    let others = [
        ("post", "/session"),
        ("delete", "/session"),
        ("post", "/session/password"),
        ("post", "/session/account-link"),
        ("get", "/session/ways"),
        ("get", "/session/oidc/start"),
        ("get", "/session/oidc/back"),
        ("get", "/events"),
    ]
    .map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(routes.chain(others).collect::<BTreeSet<_>>(), described);
}
