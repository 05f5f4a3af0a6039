//! The second factor: set up, asked for, never taken twice.

use crate::client::{Answer, Client};
use crate::house::House;
use crate::passwords::{PASSWORD, enter, set, set_by};
use crate::session::{name, with_session};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sealway_dashboard::{Dashboard, SignInRules};
use sealway_schemas::command::Role;
use serde_json::{Value, json};
use sha1::Sha1;

const ACCOUNT: &str = "/api/v1/account";
const STEP: u64 = 30_000;

/// A person's device: what it read from the QR code, and the platform's clock.
struct Device(Vec<u8>);

impl Device {
    fn reading(key: &str) -> Self {
        let five = |letter: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
        let bits: Vec<bool> = key.chars().map(five).flat_map(|five| (0..5).rev().map(move |at| five >> at & 1 == 1)).collect();
        Self(bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect())
    }

    fn code(&self, house: &House) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap();
        mac.update(&(house.now().as_ms() / STEP).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 0xf);
        let word = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

fn asking_of(role: Role) -> House {
    let rules = SignInRules { second_factor: vec![role], ..SignInRules::default() };
    House::open_as(|tracker| Dashboard::new(tracker).with_sign_in(rules))
}

fn begin(browser: &Client) -> Answer {
    browser.post(&format!("{ACCOUNT}/second-factor"), &json!({"password": PASSWORD}))
}

fn confirm(browser: &Client, code: &str) -> Answer {
    browser.post(&format!("{ACCOUNT}/second-factor/confirm"), &json!({"code": code}))
}

/// Sets the officer's factor up: his device, his recovery codes, and the browser in which he did it.
fn set_up(house: &House) -> (Device, Vec<String>, Client) {
    set(house, "officer", PASSWORD);
    let browser = with_session(house, &name(&enter(house, "officer", PASSWORD)));
    let device = Device::reading(begin(&browser).ok()["key"].as_str().unwrap());
    let confirmed = confirm(&browser, &device.code(house));
    let codes = serde_json::from_value(confirmed.ok()["recovery_codes"].clone()).unwrap();
    (device, codes, with_session(house, &name(&confirmed)))
}

fn enter_with(house: &House, code: &str) -> Answer {
    house.nobody().post("/api/v1/session/password", &json!({"user": "officer", "password": PASSWORD, "code": code}))
}

#[test]
fn the_qr_code_says_what_the_key_says() {
    let house = House::open();
    set(&house, "officer", PASSWORD);
    let browser = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    let shown = begin(&browser).ok();
    let uri = format!(
        "otpauth://totp/Sealway:officer?secret={}&issuer=Sealway&algorithm=SHA1&digits=6&period=30",
        shown["key"].as_str().unwrap()
    );
    assert_eq!(shown["uri"], uri);
    assert!(shown["qr"].as_str().unwrap().starts_with("<svg "));
    assert_eq!(browser.get(ACCOUNT).ok()["second_factor"], "pending");
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204, "nothing is asked for that was not confirmed");
    assert_eq!(browser.post(&format!("{ACCOUNT}/second-factor"), &json!({"password": "another one"})).problem(403), "wrong-password");
}

#[test]
fn from_the_first_code_on_a_password_alone_opens_nothing() {
    let house = House::open();
    set(&house, "officer", PASSWORD);
    let other = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    let (device, codes, browser) = set_up(&house);
    assert_eq!(codes.len(), 10);
    assert_eq!(other.get("/api/v1/me").problem(401), "not-authenticated", "other sessions were opened without it");
    assert_eq!(browser.get(ACCOUNT).ok()["second_factor"], "on");
    assert_eq!(begin(&browser).problem(409), "second-factor-on");
    assert_eq!(enter(&house, "officer", PASSWORD).problem(401), "code-required");
    house.later(STEP);
    assert_eq!(enter_with(&house, &device.code(&house)).status, 204);
}

#[test]
fn a_code_opens_once_whoever_saw_it() {
    let house = House::open();
    let (device, _, _) = set_up(&house);
    assert_eq!(enter_with(&house, &device.code(&house)).problem(401), "wrong-code", "the one that confirmed");
    let before = device.code(&house);
    house.later(STEP);
    let code = device.code(&house);
    assert_eq!(enter_with(&house, &code).status, 204);
    assert_eq!(enter_with(&house, &code).problem(401), "wrong-code", "again");
    assert_eq!(enter_with(&house, &before).problem(401), "wrong-code", "the one before");
    let house = house.again(|| {});
    assert_eq!(enter_with(&house, &code).problem(401), "wrong-code", "a restart forgets nothing");
    house.later(STEP);
    assert_eq!(enter_with(&house, &device.code(&house)).status, 204);
}

#[test]
fn guessing_codes_is_slowed_even_with_the_right_password() {
    let house = House::open();
    let (device, _, _) = set_up(&house);
    house.later(STEP);
    let wrong = if device.code(&house) == "000000" { "000001" } else { "000000" };
    for _ in 0..10 {
        assert_eq!(enter_with(&house, wrong).problem(401), "wrong-code");
    }
    assert_eq!(enter_with(&house, &device.code(&house)).problem(429), "too-many-attempts");
}

#[test]
fn a_recovery_code_opens_once_and_new_ones_make_the_old_ones_worthless() {
    let house = House::open();
    let (_, codes, browser) = set_up(&house);
    assert_eq!(enter_with(&house, &codes[0]).status, 204);
    assert_eq!(enter_with(&house, &codes[0]).problem(401), "wrong-code");
    assert_eq!(browser.get(ACCOUNT).ok()["recovery_codes_left"], 9);
    let renew = |password: &str| browser.post(&format!("{ACCOUNT}/recovery-codes"), &json!({"password": password}));
    assert_eq!(renew("another one").problem(403), "wrong-password");
    let renewed = renew(PASSWORD).ok();
    assert_eq!(enter_with(&house, &codes[1]).problem(401), "wrong-code");
    assert_eq!(enter_with(&house, renewed["recovery_codes"][0].as_str().unwrap()).status, 204);
}

#[test]
fn a_factor_comes_off_with_password_and_code_or_by_a_link_that_says_so() {
    let house = House::open();
    let (_, codes, browser) = set_up(&house);
    let remove =
        |password: &str, code: &str| browser.post(&format!("{ACCOUNT}/second-factor/remove"), &json!({"password": password, "code": code}));
    assert_eq!(remove("another one", &codes[0]).problem(403), "wrong-password");
    assert_eq!(remove(PASSWORD, "000000").problem(403), "wrong-code");
    assert_eq!(remove(PASSWORD, &codes[0]).status, 204);
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204);

    set_up(&house);
    set(&house, "officer", PASSWORD);
    assert_eq!(enter(&house, "officer", PASSWORD).problem(401), "code-required", "a new password alone takes nothing off");
    set_by(&house, "officer", (&json!({"reset_second_factor": true}), PASSWORD));
    assert_eq!(enter(&house, "officer", PASSWORD).status, 204);
}

#[test]
fn where_the_role_asks_for_a_factor_a_password_alone_opens_only_the_account_until_there_is_one() {
    let house = asking_of(Role::Customs);
    set(&house, "officer", PASSWORD);
    set(&house, "north", PASSWORD);
    let carrier = with_session(&house, &name(&enter(&house, "north", PASSWORD)));
    assert_eq!(carrier.get("/api/v1/devices").status, 200, "only the role that was named");
    let browser = with_session(&house, &name(&enter(&house, "officer", PASSWORD)));
    for closed in ["devices", "alerts", "events", "users"] {
        assert_eq!(browser.get(&format!("/api/v1/{closed}")).problem(403), "second-factor-required", "{closed}");
    }
    assert_eq!(browser.post("/api/v1/commands", &json!({})).problem(403), "second-factor-required");
    assert_eq!(browser.get("/api/v1/me").ok()["second_factor_due"], true);
    assert_eq!(browser.get(ACCOUNT).ok()["second_factor_required"], true);
    let device = Device::reading(begin(&browser).ok()["key"].as_str().unwrap());
    assert_eq!(confirm(&browser, "").problem(403), "wrong-code");
    let confirmed = confirm(&browser, &device.code(&house));
    assert_eq!(browser.get("/api/v1/me").problem(401), "not-authenticated", "more rights, another name");
    let browser = with_session(&house, &name(&confirmed));
    assert_eq!(browser.get("/api/v1/devices").status, 200);
    assert_eq!(browser.get("/api/v1/me").ok().get("second_factor_due"), None::<&Value>);
    let remove = browser.post(&format!("{ACCOUNT}/second-factor/remove"), &json!({"password": PASSWORD, "code": device.code(&house)}));
    assert_eq!(remove.problem(409), "second-factor-by-role");
    assert_eq!(house.as_user("officer").get("/api/v1/devices").status, 200, "tokens still work");
}
