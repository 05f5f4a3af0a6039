//! Passwords: set by an administrator's link, changed by their person, asked for at the door.

use crate::client::Answer;
use crate::house::{House, token_of};
use crate::session::{name, with_session};
use serde_json::{Value, json};

const BY_PASSWORD: &str = "/api/v1/session/password";
const BY_LINK: &str = "/api/v1/session/account-link";
const HOUR: u64 = 3_600_000;
pub(crate) const PASSWORD: &str = "the river bends at dawn";
const OTHER: &str = "nine lanterns over the gate";

pub(crate) fn enter(house: &House, user: &str, password: &str) -> Answer {
    house.nobody().post(BY_PASSWORD, &json!({"user": user, "password": password}))
}

/// The secret of a link that the administrator makes.
fn link(house: &House, user: &str, body: &Value) -> String {
    let issued = house.as_user("admin").post(&format!("/api/v1/users/{user}/account-link"), body).ok();
    let (place, secret) = issued["link"].as_str().unwrap().split_once(':').unwrap();
    assert_eq!(place, format!("/password#{user}"));
    secret.to_owned()
}

fn follow(house: &House, user: &str, link: &str, password: &str) -> Answer {
    house.nobody().post(BY_LINK, &json!({"user": user, "link": link, "password": password}))
}

pub(crate) fn set(house: &House, user: &str, password: &str) {
    set_by(house, user, (&Value::Null, password));
}

/// By a link that was asked for so.
pub(crate) fn set_by(house: &House, user: &str, (asked, password): (&Value, &str)) {
    let answer = follow(house, user, &link(house, user, asked), password);
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[test]
fn a_link_sets_a_password_once_and_the_password_opens_a_session() {
    let house = House::open();
    let secret = link(&house, "officer", &Value::Null);
    assert_eq!(enter(&house, "officer", PASSWORD).problem(401), "wrong-credentials");
    assert_eq!(follow(&house, "officer", &secret, PASSWORD).status, 204);
    assert_eq!(follow(&house, "officer", &secret, OTHER).problem(422), "account-link-unknown", "once");
    let browser = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    assert_eq!(browser.get("/api/v1/me").ok(), json!({"user": "officer", "party": "customs-xian", "role": "customs"}));
    let account = browser.get("/api/v1/account").ok();
    assert_eq!((&account["password_set_at"], &account["second_factor"]), (&json!(house.now()), &json!("off")));
    assert_eq!((&account["sessions"][0]["by"], &account["sessions"][0]["own"]), (&json!("password"), &json!(true)));
    assert_eq!(house.as_user("officer").get("/api/v1/me").status, 200, "tokens still work");
}

#[test]
fn a_link_is_for_its_user_for_a_day_and_only_the_newest() {
    let house = House::open();
    let first = link(&house, "officer", &Value::Null);
    let second = link(&house, "officer", &Value::Null);
    for (user, link) in [("officer", first.as_str()), ("north", &second), ("nobody", &second), ("no body", &second), ("officer", "")] {
        assert_eq!(follow(&house, user, link, PASSWORD).problem(422), "account-link-unknown", "{user} {link}");
    }
    house.later(25 * HOUR);
    assert_eq!(follow(&house, "officer", &second, PASSWORD).problem(422), "account-link-unknown", "too old");
    let north = house.as_user("north").post("/api/v1/users/officer/account-link", &Value::Null);
    assert_eq!(north.problem(403), "role-forbids");
    let nobody = house.as_user("admin").post("/api/v1/users/nobody/account-link", &Value::Null);
    assert_eq!(nobody.problem(422), "unknown-user");
}

#[test]
fn a_link_asked_for_twice_under_one_key_is_one_link() {
    let house = House::open();
    let ask = || house.as_user("admin").with("idempotency-key", "link-1").post("/api/v1/users/officer/account-link", &Value::Null).ok();
    let first = ask();
    house.later(60_000);
    assert_eq!(ask(), first);
    let secret = first["link"].as_str().unwrap().split_once(':').unwrap().1.to_owned();
    assert_eq!(follow(&house, "officer", &secret, PASSWORD).status, 204);
    assert_eq!(ask(), first);
    assert_eq!(follow(&house, "officer", &secret, OTHER).problem(422), "account-link-unknown", "asking again does not bring it back");
}

#[test]
fn the_log_tells_who_made_a_link_for_whom_and_no_secret_of_a_person() {
    let house = House::open();
    let secret = link(&house, "officer", &Value::Null);
    assert_eq!(follow(&house, "officer", &secret, PASSWORD).status, 204);
    let folder = house.folder();
    let accounts = std::fs::read_to_string(folder.join("accounts.json")).unwrap();
    let hash = serde_json::from_str::<Value>(&accounts).unwrap()["officer"]["password"]["hash"].as_str().unwrap().to_owned();
    let mut logged = Vec::new();
    for segment in std::fs::read_dir(folder.join("log")).unwrap() {
        logged.extend(std::fs::read(segment.unwrap().path()).unwrap());
    }
    let has = |needle: &str| logged.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(has("issue-account-link"));
    assert!(!has(PASSWORD) && !has(&hash) && !has(&secret));
    assert!(!accounts.contains(PASSWORD) && !accounts.contains(&secret));
}

#[test]
fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let house = House::open();
    set(&house, "officer", PASSWORD);
    let answers = ["officer", "north", "nobody", "No Such Id!"].map(|user| enter(&house, user, OTHER));
    for answer in &answers {
        assert_eq!((answer.problem(401), answer.text()), ("wrong-credentials".to_owned(), answers[0].text()));
    }
}

#[test]
fn an_account_is_slowed_whether_it_is_there_or_not_and_its_session_and_token_go_on() {
    let rules = sealway_dashboard::SignInRules { forwarded_for: true, ..Default::default() };
    let house = House::open_as(|tracker| sealway_dashboard::Dashboard::new(tracker).with_sign_in(rules));
    set(&house, "officer", PASSWORD);
    let browser = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    let guess = |user: &str, from: u8| {
        let client = house.nobody().with("x-forwarded-for", &format!("203.0.113.{from}"));
        client.post(BY_PASSWORD, &json!({"user": user, "password": OTHER}))
    };
    for user in ["officer", "nobody"] {
        for from in 0..10 {
            assert_eq!(guess(user, from).problem(401), "wrong-credentials", "{user} from {from}");
        }
        let slowed = guess(user, 99);
        assert_eq!((slowed.problem(429), slowed.header("retry-after")), ("too-many-attempts".to_owned(), Some("30")), "{user}");
    }
    assert_eq!(enter(&house, "officer", PASSWORD).problem(429), "too-many-attempts", "the right one waits too");
    assert_eq!(browser.get("/api/v1/me").status, 200);
    assert_eq!(house.nobody().post("/api/v1/session", &json!({"token": token_of("officer")})).status, 204);
    house.later(30_000);
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204);
}

#[test]
fn a_password_that_anybody_tries_is_refused_and_the_link_is_still_good() {
    let house = House::open();
    let secret = link(&house, "officer", &Value::Null);
    for (password, code) in [
        ("tiny", "password-too-short"),
        ("officer-officer", "password-forbidden"),
        ("Sealway-Password-1", "password-forbidden"),
        (&"long ".repeat(300), "password-too-long"),
    ] {
        let refused = follow(&house, "officer", &secret, password);
        assert_eq!(refused.problem(422), code, "{password}");
        assert!(!refused.text().contains(password), "a password is never said back");
    }
    assert_eq!(follow(&house, "officer", &secret, PASSWORD).status, 204);
}

#[test]
fn a_changed_password_ends_every_other_session_and_gives_this_one_another_name() {
    let house = House::open();
    set(&house, "officer", PASSWORD);
    let other = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    let own = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    let change = |current: &str, new: &str| own.post("/api/v1/account/password", &json!({"current": current, "new": new}));
    assert_eq!(change(OTHER, "eleven cranes on the quay").problem(403), "wrong-password");
    assert_eq!(change(PASSWORD, "officer 1234").problem(422), "password-forbidden");
    assert_eq!(other.get("/api/v1/me").status, 200);
    let changed = change(PASSWORD, OTHER);
    assert_eq!(changed.status, 204, "{}", changed.text());
    assert_eq!(own.get("/api/v1/me").problem(401), "not-authenticated");
    assert_eq!(other.get("/api/v1/me").problem(401), "not-authenticated");
    assert_eq!(with_session(&house, &name(&changed)).get("/api/v1/me").status, 200);
    assert_eq!(enter(&house, "officer", PASSWORD).problem(401), "wrong-credentials");
    assert_eq!(enter(&house, "officer", OTHER).status, 204);
}

#[test]
fn a_link_for_a_forgotten_password_ends_every_session_and_signing_out_everywhere_too() {
    let house = House::open();
    set(&house, "officer", PASSWORD);
    let sessions = || [0, 1].map(|_| with_session(&house, &name(&enter(&house, "officer", PASSWORD))));
    let over = |session: &crate::client::Client| session.get("/api/v1/me").status == 401;
    let open = sessions();
    assert!(!open.iter().any(over));
    set(&house, "officer", PASSWORD);
    assert!(open.iter().all(over));
    let open = sessions();
    let north = with_session(&house, &name(&house.nobody().post("/api/v1/session", &json!({"token": token_of("north")}))));
    let answer = open[0].json("DELETE", "/api/v1/account/sessions", &Value::Null);
    assert!(answer.status == 204 && answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(open.iter().all(over) && !over(&north));
}

#[test]
fn who_has_only_a_token_cannot_make_a_password_of_it() {
    let house = House::open();
    let change = house.as_user("officer").post("/api/v1/account/password", &json!({"current": "", "new": PASSWORD}));
    assert_eq!(change.problem(409), "no-password");
}

#[test]
fn a_password_is_kept_with_todays_figures_from_the_next_sign_in_on() {
    let mut house = House::open();
    set(&house, "officer", PASSWORD);
    let path = house.folder().join("accounts.json");
    let read = || serde_json::from_str::<Value>(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let today = read()["officer"]["password"].clone();
    // As it was kept years ago.
    let params = argon2::Params::new(8, 1, 1, Some(32)).unwrap();
    let mut hash = [0; 32];
    let argon2id = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2id.hash_password_into(PASSWORD.as_bytes(), b"saltsalt", &mut hash).unwrap();
    let mut dated = read();
    dated["officer"]["password"] = json!({"memory_kib": 8, "passes": 1, "lanes": 1, "salt": hex::encode(b"saltsalt"),
        "hash": hex::encode(hash), "set_at": 5});
    house = house.again(|| std::fs::write(&path, dated.to_string()).unwrap());
    assert_eq!(enter(&house, "officer", OTHER).problem(401), "wrong-credentials");
    assert_eq!(read(), dated, "a wrong password changes nothing");
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204);
    let kept = read()["officer"]["password"].clone();
    assert_eq!((&kept["memory_kib"], &kept["passes"], &kept["set_at"]), (&today["memory_kib"], &today["passes"], &json!(5)));
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204);
    assert_eq!(read()["officer"]["password"], kept, "once is enough");
}
