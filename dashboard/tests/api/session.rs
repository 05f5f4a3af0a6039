//! A browser's session, and how it is opened by a token.

use crate::client::{Answer, Client};
use crate::house::{House, token_of};
use sealway_dashboard::{Dashboard, SignInRules};
use sealway_schemas::command::{RegistryCommand, Role};
use serde_json::{Value, json};

const SESSION: &str = "/api/v1/session";
const CHALLENGES: &str = "/api/v1/devices/enrolment-challenges";
const MINUTE: u64 = 60_000;

fn sign_in(house: &House, token: &str) -> Answer {
    house.nobody().post(SESSION, &json!({"token": token}))
}

/// The session's name, which an answer puts into the cookie.
pub(crate) fn name(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
    cookie.strip_prefix("sealway_session=").unwrap().split(';').next().unwrap().to_owned()
}

/// A browser with a session's cookie, on the page itself.
pub(crate) fn with_session(house: &House, name: &str) -> Client {
    house.nobody().with("cookie", &format!("theme=dark; sealway_session={name}")).with("sec-fetch-site", "same-origin")
}

fn browser(house: &House) -> Client {
    with_session(house, &name(&sign_in(house, &token_of("north"))))
}

#[test]
fn a_token_becomes_a_cookie_that_no_script_reads_and_that_is_not_the_token() {
    let house = House::open();
    let answer = sign_in(&house, &token_of("north"));
    assert_eq!(answer.status, 204, "{}", answer.text());
    let name = name(&answer);
    let cookie = answer.header("set-cookie").unwrap();
    assert_eq!(cookie, format!("sealway_session={name}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"));
    assert_eq!((name.len(), name.contains("north")), (64, false));
    let browser = with_session(&house, &name);
    assert_eq!(browser.get("/api/v1/me").ok(), json!({"user": "north", "party": "north-rail", "role": "carrier"}));
    let token = house.nobody().with("cookie", &format!("sealway_session={}", token_of("north")));
    assert_eq!(token.get("/api/v1/me").problem(401), "not-authenticated", "a token is no session");
    let closed = browser.json("DELETE", SESSION, &Value::Null);
    assert_eq!((closed.status, closed.header("set-cookie").unwrap().contains("Max-Age=0")), (204, true));
    assert_eq!(browser.get("/api/v1/me").problem(401), "not-authenticated", "a cookie that was copied before is worthless");
}

#[test]
fn behind_tls_the_cookie_stays_there() {
    let house = House::open_as(|tracker| Dashboard::new(tracker).behind_tls());
    let answer = sign_in(&house, &token_of("north"));
    assert!(answer.header("set-cookie").unwrap().ends_with("; Secure"));
    assert!(answer.header("strict-transport-security").is_some());
}

#[test]
fn every_sign_in_gives_the_session_another_name_and_the_old_one_opens_nothing() {
    let house = House::open();
    let old = browser(&house);
    let again = old.post(SESSION, &json!({"token": token_of("south")}));
    assert_eq!(with_session(&house, &name(&again)).get("/api/v1/me").ok()["user"], "south");
    assert_eq!(old.get("/api/v1/me").problem(401), "not-authenticated");
    let chosen = house.nobody().with("cookie", "sealway_session=chosen-by-an-attacker").post(SESSION, &json!({"token": token_of("north")}));
    assert_ne!(name(&chosen), "chosen-by-an-attacker");
}

#[test]
fn a_session_ends_after_half_an_hour_in_which_only_the_page_asked() {
    let house = House::open();
    let browser = browser(&house);
    for _ in 0..3 {
        house.later(29 * MINUTE);
        assert_eq!(browser.get("/api/v1/me").status, 200);
    }
    house.later(15 * MINUTE);
    assert_eq!(browser.with("sealway-unattended", "?1").get("/api/v1/me").status, 200);
    house.later(15 * MINUTE);
    assert_eq!(browser.get("/api/v1/me").problem(401), "not-authenticated");
}

#[test]
fn a_session_that_is_used_all_the_time_ends_too() {
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    let rules = SignInRules { idle: minutes(10), absolute: minutes(25), ..SignInRules::default() };
    let house = House::open_as(|tracker| Dashboard::new(tracker).with_sign_in(rules));
    let browser = browser(&house);
    for _ in 0..3 {
        house.later(8 * MINUTE);
        assert_eq!(browser.get("/api/v1/me").status, 200);
    }
    house.later(MINUTE);
    assert_eq!(browser.get("/api/v1/me").problem(401), "not-authenticated");
}

#[test]
fn a_session_ends_with_its_token_and_with_the_role_that_it_was_opened_in() {
    let house = House::open();
    let (admin, north) = (house.as_user("admin"), browser(&house));
    admin.json("DELETE", "/api/v1/tokens/token-north", &Value::Null).ok();
    assert_eq!(north.get("/api/v1/me").problem(401), "not-authenticated");

    let auditor = with_session(&house, &name(&sign_in(&house, &token_of("auditor"))));
    assert_eq!(auditor.get("/api/v1/me").ok()["role"], "auditor");
    let (user, party, name) = ("auditor".parse().unwrap(), "customs-xian".parse().unwrap(), "Name".to_owned());
    house.command(RegistryCommand::RegisterUser { user, party, role: Role::Customs, name });
    assert_eq!(auditor.get("/api/v1/me").problem(401), "not-authenticated", "in another role people sign in anew");
    assert_eq!(house.as_user("auditor").get("/api/v1/me").ok()["role"], "customs");
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
fn behind_a_proxy_wrong_tokens_are_counted_by_the_address_that_the_proxy_saw() {
    let rules = SignInRules { forwarded_for: true, ..SignInRules::default() };
    let house = House::open_as(|tracker| Dashboard::new(tracker).with_sign_in(rules));
    let from = |chain: &str| house.nobody().with("x-forwarded-for", chain).post(SESSION, &json!({"token": "slw_guess"}));
    for number in 0..10 {
        // What the client itself wrote there is different each time.
        assert_eq!(from(&format!("10.0.0.{number}, 203.0.113.7")).problem(401), "not-authenticated");
    }
    assert_eq!(from("198.51.100.1, 203.0.113.7").problem(429), "too-many-attempts");
    assert_eq!(from("203.0.113.8").problem(401), "not-authenticated");
    let trusting_nobody = House::open();
    for number in 0..10 {
        let client = trusting_nobody.nobody().with("x-forwarded-for", &format!("203.0.113.{number}"));
        assert_eq!(client.post(SESSION, &json!({"token": "slw_guess"})).problem(401), "not-authenticated");
    }
    assert_eq!(sign_in(&trusting_nobody, "slw_guess").problem(429), "too-many-attempts");
}

#[test]
fn another_site_cannot_use_the_cookie() {
    let house = House::open();
    let own = format!("http://{}", house.authority());
    let name = name(&sign_in(&house, &token_of("north")));
    let browser = house.nobody().with("cookie", &format!("sealway_session={name}"));
    let post = |client: Client| client.post(CHALLENGES, &Value::Null);
    assert_eq!(post(browser.with("origin", &own)).status, 201);
    assert_eq!(post(browser.with("sec-fetch-site", "same-origin")).status, 201);
    for foreign in
        [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        assert_eq!(post(browser.with(foreign.0, foreign.1)).problem(403), "cross-site", "{foreign:?}");
    }
    assert_eq!(post(browser).problem(403), "cross-site", "every browser says where it comes from");
    assert_eq!(post(house.as_user("north").with("origin", "http://evil.example")).status, 201, "a header is never sent by itself");
    let elsewhere = house.nobody().with("origin", "http://evil.example");
    for (path, body) in [
        ("", json!({"token": token_of("north")})),
        ("/password", json!({"user": "north", "password": "x"})),
        ("/account-link", json!({"user": "north", "link": "x", "password": "x"})),
    ] {
        assert_eq!(elsewhere.post(&format!("{SESSION}{path}"), &body).problem(403), "cross-site", "{path}");
    }
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
