//! Signing in by the authority's own provider: who is let in, and everything that lets nobody in.

mod provider;

use crate::client::{Answer, Client};
use crate::house::House;
use provider::{OpenIdProvider, Tcp};
use sealway_dashboard::{Dashboard, OidcClaim, OidcRules, SignInRules};
use sealway_schemas::command::Role;
use sealway_tracker::accounts::Secret;
use serde_json::{Value, json};

const HOME: &str = "https://sealway.example";

struct Stage {
    house: House,
    provider: OpenIdProvider,
}

/// A browser that was sent to the provider.
struct Sent {
    cookie: String,
    location: String,
}

impl Stage {
    fn open() -> Self {
        Self::with(OidcClaim::PreferredUsername, &[])
    }

    fn with(claim: OidcClaim, second_factor: &[Role]) -> Self {
        let provider = OpenIdProvider::start();
        let rules = OidcRules {
            issuer: provider.issuer(),
            client_id: provider::CLIENT.to_owned(),
            client_secret: Secret::new(provider::SECRET),
            home: HOME.to_owned(),
            claim,
            name_zh: "海关统一认证".to_owned(),
            name_en: "Customs ID".to_owned(),
        };
        rules.check().unwrap();
        let sign_in = SignInRules { second_factor: second_factor.to_vec(), ..SignInRules::default() };
        let house = House::open_as(|tracker| Dashboard::from(tracker).with_sign_in(sign_in).with_oidc(rules, Tcp));
        provider.clock(house.now().as_ms() / 1000);
        Self { house, provider }
    }

    fn start(&self) -> Sent {
        let answer = self.house.nobody().get("/api/v1/session/oidc/start");
        assert_eq!(answer.status, 303, "{}", answer.text());
        let set = answer.cookie("sealway_oidc").unwrap();
        assert!(set.contains("HttpOnly; SameSite=Lax") && set.contains("Path=/api/v1/session/oidc;"), "{set}");
        Sent { cookie: set.split(';').next().unwrap().to_owned(), location: answer.header("location").unwrap().to_owned() }
    }

    fn back(&self, sent: &Sent, query: &str) -> Answer {
        let browser = self.house.nobody().with("cookie", &format!("sealway_oidc={}", sent.cookie));
        browser.get(&format!("/api/v1/session/oidc/back?{query}"))
    }

    /// The whole way of a person whose ID token has these claims beside the usual ones.
    fn visit(&self, claims: &Value) -> Answer {
        let sent = self.start();
        let query = self.provider.authorize(&sent.location, claims);
        self.back(&sent, &query)
    }

    fn signed_in(&self, answer: &Answer) -> Client {
        let name = answer.cookie("sealway_session").unwrap().split(';').next().unwrap();
        self.house.nobody().with("cookie", &format!("sealway_session={name}"))
    }

    fn me(&self, answer: &Answer) -> Answer {
        self.signed_in(answer).get("/api/v1/me")
    }
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), Some(format!("/login?refused={code}").as_str()));
    assert_eq!(answer.cookie("sealway_session"), None);
}

#[test]
fn whom_the_provider_vouches_for_is_let_in_as_the_registry_knows_him() {
    let stage = Stage::open();
    assert_eq!(stage.house.nobody().get("/api/v1/session/ways").ok()["oidc"], json!({"name_zh": "海关统一认证", "name_en": "Customs ID"}));
    let answer = stage.visit(&json!({}));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert!(answer.cookie("sealway_session").unwrap().contains("HttpOnly; SameSite=Strict"));
    assert!(answer.cookie("sealway_oidc").unwrap().contains("Max-Age=0"));
    let me = stage.me(&answer).ok();
    assert_eq!((&me["user"], &me["role"]), (&json!("officer"), &json!("customs")));
    let session = &stage.signed_in(&answer).get("/api/v1/account").ok()["sessions"][0];
    assert_eq!((&session["by"], &session["own"]), (&json!("oidc"), &json!(true)));
    let by_subject = Stage::with(OidcClaim::Subject, &[]);
    let answer = by_subject.visit(&json!({"sub": "gate", "preferred_username": "officer"}));
    assert_eq!(by_subject.me(&answer).ok()["user"], "gate");
}

#[test]
fn a_sign_in_is_good_once_and_in_the_browser_that_began_it() {
    let stage = Stage::open();
    let (own, other) = (stage.start(), stage.start());
    let query = stage.provider.authorize(&own.location, &json!({}));
    refused(&stage.back(&other, &query), "oidc-state");
    refused(&stage.back(&Sent { cookie: String::new(), location: String::new() }, &query), "oidc-state");
    assert_eq!(stage.back(&own, &query).header("location"), Some("/"));
    refused(&stage.back(&own, &query), "oidc-state");
    refused(&stage.back(&own, "code=1&state=made-up"), "oidc-state");
    refused(&stage.back(&own, ""), "oidc-state");
    assert_eq!(stage.back(&own, "state=a&state=b").problem(400), "query-invalid");
    let late = stage.start();
    let query = stage.provider.authorize(&late.location, &json!({}));
    stage.house.later(10 * 60_000);
    refused(&stage.back(&late, &query), "oidc-state");
}

#[test]
fn what_the_provider_refuses_or_did_not_say_lets_nobody_in() {
    let stage = Stage::open();
    let sent = stage.start();
    let state = provider::asked(&sent.location, "state");
    refused(&stage.back(&sent, &format!("error=access_denied&state={state}")), "oidc-denied");
    let sent = stage.start();
    let query = stage.provider.authorize(&sent.location, &json!({}));
    refused(&stage.back(&sent, &format!("{query}&iss=https%3A%2F%2Fother.example")), "oidc-token");
    for claims in [
        json!({"iss": "https://other.example"}),
        json!({"aud": "another-client"}),
        json!({"nonce": "another"}),
        json!({"exp": 1_700_000_000}),
        json!({"preferred_username": null}),
    ] {
        refused(&stage.visit(&claims), "oidc-token");
    }
    refused(&stage.visit(&json!({"preferred_username": "nobody-here"})), "oidc-unknown-user");
    refused(&stage.visit(&json!({"preferred_username": "Officer Wang <x>"})), "oidc-unknown-user");
}

#[test]
fn a_token_is_signed_by_a_key_of_the_provider_and_its_new_keys_are_learned() {
    let stage = Stage::open();
    assert_eq!(stage.visit(&json!({})).header("location"), Some("/"));
    for forgery in ["none", "HS256", "another-key"] {
        stage.provider.forge(Some(forgery));
        refused(&stage.visit(&json!({})), "oidc-token");
    }
    stage.provider.forge(None);
    stage.provider.rotate();
    stage.house.later(61_000);
    assert_eq!(stage.visit(&json!({})).header("location"), Some("/"));
}

#[test]
fn a_provider_that_is_away_is_said_to_be_away() {
    let stage = Stage::open();
    stage.provider.stop();
    let answer = stage.house.nobody().get("/api/v1/session/oidc/start");
    refused(&answer, "oidc-unreachable");
    let began = Stage::open();
    let sent = began.start();
    let query = began.provider.authorize(&sent.location, &json!({}));
    began.provider.stop();
    refused(&began.back(&sent, &query), "oidc-unreachable");
    let without = House::open();
    for path in ["start", "back"] {
        assert_eq!(without.nobody().get(&format!("/api/v1/session/oidc/{path}")).problem(404), "not-found");
    }
    assert_eq!(without.nobody().get("/api/v1/session/ways").ok(), json!({}));
}

#[test]
fn a_role_that_needs_two_factors_is_let_in_when_the_provider_saw_two() {
    let stage = Stage::with(OidcClaim::PreferredUsername, &[Role::Customs]);
    refused(&stage.visit(&json!({})), "oidc-one-factor");
    for one in [json!(["pwd"]), json!(["pwd", "pin"]), json!(["otp"]), json!(["hwk", "sc"]), json!(["face"]), json!(["user", "rba"])] {
        refused(&stage.visit(&json!({"amr": one})), "oidc-one-factor");
        stage.house.later(60_000);
        stage.provider.clock(stage.house.now().as_ms() / 1000);
    }
    for two in [json!(["pwd", "otp"]), json!(["hwk", "pin"]), json!(["sc", "fpt"]), json!(["mfa"])] {
        let answer = stage.visit(&json!({"amr": two}));
        assert_eq!(stage.me(&answer).ok()["user"], "officer", "{two}");
    }
    let other_role = stage.visit(&json!({"preferred_username": "gate"}));
    assert_eq!(stage.me(&other_role).ok()["user"], "gate");
}

#[test]
fn who_is_in_another_role_meanwhile_signs_in_anew_and_who_tries_too_often_waits() {
    let stage = Stage::open();
    let answer = stage.visit(&json!({"preferred_username": "auditor"}));
    assert_eq!(stage.me(&answer).ok()["role"], "auditor");
    let admin = stage.house.as_user("admin");
    admin.post("/api/v1/users", &json!({"user": "auditor", "party": "customs-xian", "role": "customs", "name": "Name"})).ok();
    assert_eq!(stage.me(&answer).problem(401), "not-authenticated");
    for time in 0..12 {
        assert_eq!(stage.visit(&json!({})).header("location"), Some("/"), "who is let in has his attempt back: {time}");
    }
    let starts: Vec<_> = (0..12).map(|_| stage.house.nobody().get("/api/v1/session/oidc/start")).collect();
    assert!(starts[0].header("location").unwrap().starts_with(&stage.provider.issuer()));
    refused(&starts[11], "too-many-attempts");
    assert_eq!(starts[11].cookie("sealway_oidc"), None);
}
