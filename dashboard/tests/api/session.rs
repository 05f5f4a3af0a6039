//! A browser's session.

use crate::client::{Answer, Client};
use crate::house::{House, token_of};
use sealway_dashboard::Dashboard;
use serde_json::{Value, json};

const SESSION: &str = "/api/v1/session";
const CHALLENGES: &str = "/api/v1/devices/enrolment-challenges";

fn sign_in(house: &House, token: &str) -> Answer {
    house.nobody().post(SESSION, &json!({"token": token}))
}

fn browser(house: &House) -> Client {
    house.nobody().with("cookie", &format!("theme=dark; sealway_session={}", token_of("north")))
}

#[test]
fn a_token_becomes_a_cookie_that_no_script_reads() {
    let house = House::open();
    let answer = sign_in(&house, &token_of("north"));
    assert_eq!(answer.status, 204, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(cookie, format!("sealway_session={}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", token_of("north")));
    assert_eq!(browser(&house).get("/api/v1/me").ok(), json!({"user": "north", "party": "north-rail", "role": "carrier"}));
    let closed = house.nobody().json("DELETE", SESSION, &Value::Null);
    assert_eq!((closed.status, closed.header("set-cookie").unwrap().contains("Max-Age=0")), (204, true));
}

#[test]
fn behind_tls_the_cookie_stays_there() {
    let house = House::open_as(|tracker| Dashboard::new(tracker).behind_tls());
    let answer = sign_in(&house, &token_of("north"));
    assert!(answer.header("set-cookie").unwrap().ends_with("; Secure"));
    assert!(answer.header("strict-transport-security").is_some());
}

#[test]
fn wrong_tokens_are_slowed_by_address_and_good_ones_are_not() {
    let house = House::open();
    for _ in 0..20 {
        assert_eq!(sign_in(&house, &token_of("north")).status, 204);
    }
    for wrong in ["", "slw_guess", "slw with spaces", &"x".repeat(300)].into_iter().cycle().take(10) {
        assert_eq!(sign_in(&house, wrong).problem(401), "not-authenticated");
    }
    let slowed = sign_in(&house, &token_of("north"));
    assert_eq!((slowed.problem(429), slowed.header("retry-after")), ("too-many-attempts".to_owned(), Some("6")));
    house.later(6_000);
    assert_eq!(sign_in(&house, &token_of("north")).status, 204);
}

#[test]
fn another_site_cannot_use_the_cookie() {
    let house = House::open();
    let own = format!("http://{}", house.authority());
    let post = |client: Client| client.post(CHALLENGES, &Value::Null);
    assert_eq!(post(browser(&house).with("origin", &own)).status, 201);
    assert_eq!(post(browser(&house).with("sec-fetch-site", "same-origin")).status, 201);
    for foreign in
        [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        assert_eq!(post(browser(&house).with(foreign.0, foreign.1)).problem(403), "cross-site", "{foreign:?}");
    }
    assert_eq!(post(browser(&house)).problem(403), "cross-site", "every browser says where it comes from");
    assert_eq!(post(house.as_user("north").with("origin", "http://evil.example")).status, 201, "a header is never sent by itself");
    let elsewhere = house.nobody().with("origin", "http://evil.example").post(SESSION, &json!({"token": token_of("north")}));
    assert_eq!(elsewhere.problem(403), "cross-site");
}

#[test]
fn a_token_shown_once_opens_the_api_until_it_is_revoked_or_over() {
    let house = House::open();
    let admin = house.as_user("admin");
    let issued = admin.post("/api/v1/tokens", &json!({"user": "north", "not_after": house.now().as_ms() + 60_000})).ok();
    let holder = house.nobody().bearer(issued["token"].as_str().unwrap());
    assert_eq!(holder.get("/api/v1/me").ok()["user"], "north");
    house.later(60_000);
    assert_eq!(holder.get("/api/v1/me").problem(401), "not-authenticated");

    let issued = admin.post("/api/v1/tokens", &json!({"user": "north"})).ok();
    let holder = house.nobody().bearer(issued["token"].as_str().unwrap());
    assert_eq!(holder.get("/api/v1/me").status, 200);
    let list = admin.get("/api/v1/tokens").text();
    assert!(list.contains(issued["id"].as_str().unwrap()) && !list.contains(issued["token"].as_str().unwrap()));
    admin.json("DELETE", &format!("/api/v1/tokens/{}", issued["id"].as_str().unwrap()), &Value::Null).ok();
    assert_eq!(holder.get("/api/v1/me").problem(401), "not-authenticated");
}
