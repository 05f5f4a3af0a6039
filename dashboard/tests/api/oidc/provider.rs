//! A provider of the test's own over TCP. It does what a real one does: it asks for the client's secret, the code, the verifier of PKCE and
//! the address to come back to, and signs with a key that it publishes.

use crate::client::Client;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use sealway_dashboard::{Outside, OutsideAnswer, OutsideRequest};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(super) const CLIENT: &str = "sealway";
pub(super) const SECRET: &str = "client-s3cret";

/// Asks over plain TCP, as the program does with TLS.
#[derive(Debug)]
pub(super) struct Tcp;

impl Outside for Tcp {
    fn ask(&self, request: OutsideRequest) -> Result<OutsideAnswer, String> {
        let authority = request.uri().authority().ok_or("no host")?.as_str();
        let address: SocketAddr = authority.parse().map_err(|error| format!("{authority}: {error}"))?;
        TcpStream::connect(address).map_err(|error| error.to_string())?;
        let mut client = Client::new(address);
        for (name, value) in request.headers() {
            client = client.with(name.as_str(), value.to_str().unwrap());
        }
        let answer = client.send(request.method().as_str(), request.uri().path(), request.body());
        let kind = answer.header("content-type").unwrap_or("application/json").to_owned();
        let mut given = OutsideAnswer::new(answer.body.clone());
        *given.status_mut() = answer.status.try_into().map_err(|_| "no status")?;
        given.headers_mut().insert("content-type", kind.parse().map_err(|_| "no kind")?);
        Ok(given)
    }
}

/// What was asked for when a code was given.
struct Grant {
    challenge: String,
    redirect: String,
    claims: Value,
}

struct Inner {
    key: SigningKey,
    kid: String,
    forgery: Option<&'static str>,
    now_s: u64,
    grants: HashMap<String, Grant>,
    stopped: bool,
}

pub(super) struct OpenIdProvider {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl OpenIdProvider {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Inner {
            key: SigningKey::from_bytes(&[1; 32]),
            kid: "k1".to_owned(),
            forgery: None,
            now_s: 0,
            grants: HashMap::new(),
            stopped: false,
        };
        let inner = Arc::new(Mutex::new(inner));
        let served = inner.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.lock().unwrap().stopped {
                    return;
                }
                serve(&stream.unwrap(), &served, address);
            }
        });
        Self { address, inner }
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn clock(&self, now_s: u64) {
        self.inner.lock().unwrap().now_s = now_s;
    }

    pub(super) fn forge(&self, forgery: Option<&'static str>) {
        self.inner.lock().unwrap().forgery = forgery;
    }

    pub(super) fn rotate(&self) {
        let mut inner = self.inner.lock().unwrap();
        (inner.key, inner.kid) = (SigningKey::from_bytes(&[2; 32]), "k2".to_owned());
    }

    pub(super) fn stop(&self) {
        self.inner.lock().unwrap().stopped = true;
        drop(TcpStream::connect(self.address));
    }

    /// A person who signs in there; the query with which his browser comes back.
    pub(super) fn authorize(&self, location: &str, claims: &Value) -> String {
        assert!(location.starts_with(&format!("{}/authorize?", self.issuer())), "{location}");
        let asked = |name| asked(location, name);
        assert_eq!(
            (asked("client_id"), asked("response_type"), asked("code_challenge_method")),
            (CLIENT.into(), "code".into(), "S256".into())
        );
        assert!(asked("scope").contains("openid"));
        let mut inner = self.inner.lock().unwrap();
        let (code, now_s) = (format!("code-{}", inner.grants.len()), inner.now_s);
        let mut said = json!({"iss": self.issuer(), "aud": CLIENT, "sub": "officer", "preferred_username": "officer",
            "exp": now_s + 300, "iat": now_s, "nonce": asked("nonce")});
        for (name, value) in claims.as_object().unwrap() {
            said[name] = value.clone();
        }
        let grant = Grant { challenge: asked("code_challenge"), redirect: asked("redirect_uri"), claims: said };
        inner.grants.insert(code.clone(), grant);
        format!("code={code}&state={}", asked("state"))
    }
}

/// A parameter of an address or a form.
pub(super) fn asked(query: &str, name: &str) -> String {
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    decoded(found)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(&after[..2]).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn serve(stream: &TcpStream, inner: &Mutex<Inner>, address: SocketAddr) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let named = head.iter().filter_map(|line| line.split_once(": "));
        named.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next().unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let Some(first) = head.first() else { return };
    let answer = match first.split(' ').nth(1).unwrap() {
        "/.well-known/openid-configuration" => Ok(metadata(address)),
        "/jwks" => Ok(keys(&inner.lock().unwrap())),
        "/token" => token(&mut inner.lock().unwrap(), &header("authorization"), std::str::from_utf8(&body).unwrap()),
        other => Err(format!("{other} is nothing here")),
    };
    let (status, json) = match answer {
        Ok(json) => ("200 OK", json),
        Err(error) => ("400 Bad Request", json!({"error": "invalid_request", "error_description": error})),
    };
    let json = json.to_string();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", json.len());
    let mut stream = stream;
    stream.write_all((head + &json).as_bytes()).unwrap();
}

fn metadata(address: SocketAddr) -> Value {
    let issuer = format!("http://{address}");
    json!({"issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "HS256", "none"]})
}

fn keys(inner: &Inner) -> Value {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": inner.kid,
        "x": URL_SAFE_NO_PAD.encode(inner.key.verifying_key().to_bytes())}]})
}

fn token(inner: &mut Inner, authorization: &str, form: &str) -> Result<Value, String> {
    if authorization != format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}"))) {
        return Err("another client".to_owned());
    }
    let grant = inner.grants.remove(&asked(form, "code")).ok_or("the code is unknown or spent")?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked(form, "code_verifier").as_bytes()));
    if (challenge, asked(form, "redirect_uri")) != (grant.challenge, grant.redirect) {
        return Err("another verifier or address".to_owned());
    }
    Ok(json!({"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": signed(inner, &grant.claims)}))
}

fn signed(inner: &Inner, claims: &Value) -> String {
    let algorithm = inner.forgery.filter(|forgery| *forgery != "another-key").unwrap_or("EdDSA");
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": inner.kid});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = match inner.forgery {
        None => inner.key.sign(text.as_bytes()).to_bytes().to_vec(),
        Some("none") => Vec::new(),
        Some("HS256") => {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Some(_) => SigningKey::from_bytes(&[3; 32]).sign(text.as_bytes()).to_bytes().to_vec(),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
