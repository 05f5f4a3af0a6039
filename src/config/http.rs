//! The keys of interface and API, and of signing in there.

use super::Reader;
use crate::outbound;
use sealway_dashboard::{OidcClaim, OidcRules, SignInRules};
use sealway_schemas::command::Role;
use sealway_tracker::accounts::Secret;
use std::net::SocketAddr;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    /// A proxy ends TLS before it: cookies are sent over TLS only.
    pub(crate) behind_tls: bool,
    pub(crate) sign_in: SignInRules,
    /// The provider at which people may sign in.
    pub(crate) oidc: Option<OidcRules>,
}

impl Http {
    pub(crate) fn on(listen: SocketAddr) -> Self {
        Self { listen, behind_tls: false, sign_in: SignInRules::default(), oidc: None }
    }
}

pub(super) fn read(reader: &mut Reader, base: Http) -> Http {
    let listen = reader.address("http.listen").unwrap_or(base.listen);
    let behind_tls = reader.flag("http.behind_tls").unwrap_or(base.behind_tls);
    if !listen.ip().is_loopback() && !behind_tls {
        reader.mistake("http.listen", &format!("\"{listen}\""), "a loopback address, or http.behind_tls = true where a proxy ends TLS");
    }
    let forwarded_for = reader.flag("http.forwarded_for").unwrap_or(base.sign_in.forwarded_for);
    if forwarded_for && !behind_tls {
        reader.mistake(
            "http.forwarded_for",
            "true",
            "http.behind_tls = true beside it: without a proxy anybody writes what he likes there",
        );
    }
    let idle = session_time(reader, "http.session_idle").unwrap_or(base.sign_in.idle);
    let absolute = session_time(reader, "http.session_absolute").unwrap_or(base.sign_in.absolute);
    if absolute < idle {
        reader.mistake("http.session_absolute", &format!("{absolute:?}"), "at least http.session_idle");
    }
    let roles = reader.list::<Role>("http.second_factor", "roles, as in [\"customs\", \"admin\"]");
    let second_factor = roles.unwrap_or(base.sign_in.second_factor);
    let oidc = read_oidc(reader);
    Http { listen, behind_tls, sign_in: SignInRules { idle, absolute, second_factor, forwarded_for }, oidc }
}

/// All of it, or nothing; names and claim have defaults.
fn read_oidc(reader: &mut Reader) -> Option<OidcRules> {
    let [issuer, home] = ["http.oidc.issuer", "http.oidc.home"].map(|key| private_url(reader, key));
    let client_id = reader.text("http.oidc.client_id");
    let client_secret = reader.secret("http.oidc.client_secret_file");
    let claims = [("preferred_username", OidcClaim::PreferredUsername), ("sub", OidcClaim::Subject)];
    let claim = reader.choice("http.oidc.claim", &claims).unwrap_or(OidcClaim::PreferredUsername);
    let name_zh = reader.text("http.oidc.name_zh").unwrap_or_else(|| "统一身份认证".to_owned());
    let name_en = reader.text("http.oidc.name_en").unwrap_or_else(|| "single sign-on".to_owned());
    match (issuer, home, client_id, client_secret) {
        (None, None, None, None) => None,
        (Some(issuer), Some(home), Some(client_id), Some(secret)) => {
            let rules = OidcRules { issuer, client_id, client_secret: Secret::new(secret), home, claim, name_zh, name_en };
            rules
                .check()
                .map_err(|mistake| reader.mistake("http.oidc", &format!("{:?}", mistake.0), "addresses, as in \"https://id.example\""))
                .ok()?;
            Some(rules)
        }
        _ => {
            reader.incomplete("http.oidc", &["issuer", "home", "client_id", "client_secret_file"]);
            None
        }
    }
}

fn private_url(reader: &mut Reader, key: &str) -> Option<String> {
    let url = reader.text(key)?;
    if outbound::expect_private(&url).is_err() {
        reader.mistake(key, &format!("{url:?}"), "https://, or http:// on this machine");
    }
    Some(url)
}

/// No session lasts for more than thirty days.
fn session_time(reader: &mut Reader, key: &str) -> Option<Duration> {
    let time = reader.duration(key)?;
    if (Duration::from_secs(60)..=30 * DAY).contains(&time) {
        return Some(time);
    }
    reader.mistake(key, &format!("{time:?}"), "1m to 720h");
    None
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn sessions_and_second_factors_are_the_authoritys_choice() {
        let text = r#"
            [http]
            behind_tls = true
            forwarded_for = true
            session_idle = "15m"
            session_absolute = "8h"
            second_factor = ["customs", "admin"]
        "#;
        let rules = Config::parse(text).unwrap().http.sign_in;
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let second_factor = vec![Role::Customs, Role::Admin];
        assert_eq!(rules, SignInRules { idle: minutes(15), absolute: minutes(480), second_factor, forwarded_for: true });
    }

    #[test]
    fn a_provider_is_named_whole_and_its_secret_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "client-s3cret\n").unwrap();
        let text = format!(
            "[http.oidc]\nissuer = \"https://id.example\"\nhome = \"https://sealway.example\"\nclient_id = \"sealway\"\nclaim = \"sub\"\n\
             client_secret_file = {:?}\n",
            file.path()
        );
        let config = Config::parse(&text).unwrap();
        let oidc = config.http.oidc.clone().unwrap();
        assert_eq!(
            (oidc.claim, oidc.client_secret.expose(), oidc.name_en.as_str()),
            (OidcClaim::Subject, &b"client-s3cret"[..], "single sign-on")
        );
        assert!(!format!("{config:?}").contains("client-s3cret"));
        for (wrong, key) in [
            (text.replace("https://id.example", "http://id.example"), "http.oidc.issuer"),
            (text.replace("https://sealway.example", "sealway.example"), "http.oidc.home"),
            (text.replace("client_id = \"sealway\"\n", ""), "http.oidc"),
            (text.replace("\"sub\"", "\"email\""), "http.oidc.claim"),
            (text.replace("https://id.example", "https://"), "http.oidc"),
        ] {
            let mistakes = Config::parse(&wrong).unwrap_err();
            assert!(mistakes.0.iter().any(|mistake| mistake.key == key), "{wrong}: {mistakes}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, key) in [
            ("http.forwarded_for = true", "http.forwarded_for"),
            ("http.session_idle = \"1s\"", "http.session_idle"),
            ("http.session_absolute = \"1000h\"", "http.session_absolute"),
            ("http.session_absolute = \"10m\"", "http.session_absolute"),
            ("http.second_factor = [\"officer\"]", "http.second_factor"),
        ] {
            let mistakes = Config::parse(text).unwrap_err();
            assert!(mistakes.0.iter().any(|mistake| mistake.key == key), "{text}: {mistakes}");
        }
    }
}
