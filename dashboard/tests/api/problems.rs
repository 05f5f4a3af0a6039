//! Each kind of error is a problem with its own code, naming the value and what was expected.

use crate::house::{House, transfer};
use serde_json::json;

#[test]
fn an_address_or_a_method_that_is_not_there_is_a_problem() {
    let house = House::open();
    let officer = house.as_user("officer");
    assert_eq!(officer.get("/api/v1/nothing").problem(404), "not-found");
    assert_eq!(officer.get("/api").problem(404), "not-found");
    assert_eq!(officer.send("POST", "/anywhere", b"").problem(404), "not-found");
    let wrong = officer.send("PATCH", "/api/v1/devices", b"");
    assert_eq!(wrong.problem(405), "method-not-allowed");
    assert!(wrong.header("allow").unwrap().contains("GET"));
    assert_eq!(officer.send("DELETE", "/openapi.json", b"").problem(405), "method-not-allowed");
}

#[test]
fn json_that_is_wrong_is_refused_with_the_place_where_it_is() {
    let house = House::open();
    let admin = house.as_user("admin").with("content-type", "application/json");
    let broken = admin.send("POST", "/api/v1/users", b"{\"user\": \"u\",\n \"party\": }");
    assert_eq!(broken.problem(400), "not-json");
    assert_eq!((broken.json()["line"].clone(), broken.json()["path"].clone()), (json!(2), json!("party")));
    assert_eq!(admin.send("POST", "/api/v1/users", b"").problem(400), "not-json");
    assert_eq!(admin.send("POST", "/api/v1/users", b"{\"user\":\"\xff\"}").problem(400), "not-json");
    for (body, path, expected) in [
        (&b"{\"user\":\"U\",\"party\":\"p\",\"role\":\"carrier\",\"name\":\"N\"}"[..], "user", "user \"U\": expected 1 to 64 of a-z"),
        (b"{\"user\":\"u\",\"party\":\"p\",\"role\":\"king\",\"name\":\"N\"}", "role", "unknown variant `king`, expected one of `customs`"),
        (b"{\"user\":\"u\",\"party\":\"p\",\"role\":\"carrier\",\"name\":7}", "name", "invalid type: integer `7`, expected a string"),
        (b"{\"user\":\"u\",\"party\":\"p\",\"role\":\"carrier\"}", ".", "missing field `name`"),
        (b"{\"user\":\"u\",\"rank\":1}", "rank", "unknown field `rank`, expected one of `user`"),
    ] {
        let refused = admin.send("POST", "/api/v1/users", body);
        assert_eq!(refused.problem(422), "body-invalid");
        assert_eq!(refused.json()["path"], path);
        assert!(refused.detail().contains(expected), "{}", refused.detail());
    }
    assert_eq!(admin.send("POST", "/api/v1/users", b"{} {}").status, 422);
}

#[test]
fn a_body_of_another_kind_or_size_is_refused() {
    let house = House::open();
    let admin = house.as_user("admin");
    assert_eq!(admin.send("POST", "/api/v1/parties", b"{}").problem(415), "content-type");
    let form = admin.with("content-type", "application/x-www-form-urlencoded").send("POST", "/api/v1/parties", b"party=x");
    assert!(form.problem(415) == "content-type" && form.detail().contains("application/x-www-form-urlencoded"));
    let large = admin.with("content-type", "application/json").send("POST", "/api/v1/parties", &vec![b' '; 70_000]);
    assert_eq!(large.problem(413), "body-too-large");
    assert_eq!(large.detail(), "body: 70000 bytes, expected at most 65536 bytes");
}

#[test]
fn ids_and_queries_are_read_once_and_named_when_they_are_wrong() {
    let house = House::open();
    let officer = house.as_user("officer");
    for (path, code, value) in [
        ("devices/lower", "id-malformed", "device id \"lower\""),
        ("transfers/26CN", "id-malformed", "transfer \"26CN\""),
        ("places/Zone", "id-malformed", "place \"Zone\""),
        ("devices?limit=0", "query-invalid", "limit: 0, expected 1 to 500"),
        ("devices?limit=501", "query-invalid", "limit: 501"),
        ("devices?colour=red", "query-invalid", "unknown field `colour`"),
        ("devices?after=x", "query-invalid", "device id \"x\""),
        ("transfers?state=lost", "query-invalid", "unknown variant `lost`"),
        ("alerts?state=old", "query-invalid", "unknown variant `old`"),
        ("devices/XA-1/track?limit=10001", "query-invalid", "limit: 10001"),
        ("devices/XA-1/track?from=-1", "query-invalid", "from"),
    ] {
        let refused = officer.get(&format!("/api/v1/{path}"));
        assert_eq!(refused.problem(400), code, "{path}");
        assert!(refused.detail().contains(value), "{path}: {}", refused.detail());
    }
    let odd = officer.json("POST", "/api/v1/alerts/seven/acknowledge", &serde_json::Value::Null);
    assert_eq!((odd.problem(400), odd.detail()), ("id-malformed".into(), "alert \"seven\": expected a number".into()));
}

#[test]
fn a_command_that_does_not_hold_says_so() {
    let house = House::open();
    let carrier = house.as_user("north");
    assert_eq!(carrier.post("/api/v1/transfers", &transfer("XX-0001", "LOOSE-1")).problem(422), "unknown-device");
    let admin = house.as_user("admin");
    assert_eq!(admin.post("/api/v1/tokens", &json!({"user": "nobody"})).problem(422), "unknown-user");
    let other_role = json!({"party": "north-rail", "role": "customs", "name_zh": "名", "name_en": "N"});
    assert_eq!(admin.post("/api/v1/parties", &other_role).problem(409), "party-role-fixed");
}

#[test]
fn a_request_sent_twice_under_one_key_happens_once() {
    let house = House::open();
    let admin = house.as_user("admin").with("idempotency-key", "one");
    let party = json!({"party": "west-air", "role": "carrier", "name_zh": "西", "name_en": "West"});
    assert_eq!(admin.post("/api/v1/parties", &party).ok()["repeated"], false);
    assert_eq!(admin.post("/api/v1/parties", &party).ok()["repeated"], true);
    let other = json!({"party": "east-air", "role": "carrier", "name_zh": "东", "name_en": "East"});
    assert_eq!(admin.post("/api/v1/parties", &other).problem(409), "idempotency-key-reused");
    let two = house.as_user("admin").with("idempotency-key", "two");
    let tokens = [0, 1].map(|_| two.post("/api/v1/tokens", &json!({"user": "north"})).ok()["token"].clone());
    assert_eq!(tokens[0], tokens[1]);
    let long = house.as_user("admin").with("idempotency-key", &"k".repeat(129));
    assert_eq!(long.post("/api/v1/parties", &other).problem(400), "idempotency-key");
}

#[test]
fn a_transfer_gets_its_reference_from_the_platform_once() {
    let house = House::open();
    house.atlas();
    house.enrol("north", &crate::seal::Seal::new("NR-0001", 1));
    let north = house.as_user("north").with("idempotency-key", "declare-1");
    let answers = [0, 1].map(|_| north.post("/api/v1/transfers", &transfer("NR-0001", "CSQU3054383")));
    let reference = answers[0].ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(answers[1].ok()["id"], *reference);
    assert!(reference.parse::<sealway_schemas::TransferId>().is_ok() && reference.starts_with("26CN"), "{reference}");
    let location = answers[0].header("location").unwrap();
    assert_eq!(house.as_user("north").get(location).ok()["unit"], "CSQU3054383");
    let again = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "CSQU3054384"));
    assert_eq!(again.problem(422), "unit-check-digit");
    assert!(again.detail().contains("check digit is 4, expected 3"), "{}", again.detail());
}
