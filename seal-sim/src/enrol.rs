//! Enrolment over HTTP as a device's owner does it: ask for a challenge, let the device sign it, send the proof.
//!
//! A few lines of HTTP/1.1 over a loopback socket; a client library would be ten times this crate.

use crate::device::Device;
use crate::fleet::PlannedDevice;
use sealway_schemas::{DeviceId, PartyId, PublicKey};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(20);
/// An answer is short; what is longer is none of ours.
const ANSWER_LIMIT: u64 = 1 << 20;

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error("{host}: {source}")]
    Io { host: String, source: std::io::Error },
    #[error("{host}: no answer in {DEADLINE:?}")]
    Silent { host: String },
    #[error("{host}: an answer that is not HTTP/1.1 with a JSON body")]
    NotHttp { host: String },
    #[error("{path}: the platform answered {status}: {problem}")]
    Refused { path: &'static str, status: u16, problem: String },
    #[error("{path}: the answer has no {field} of {expected}")]
    Answer { path: &'static str, field: &'static str, expected: &'static str },
}

/// The platform's API, as one of its users.
#[derive(Clone)]
pub struct Api {
    /// `host:port`; plain HTTP, so loopback.
    host: String,
    token: String,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("host", &self.host).field("token", &"***").finish()
    }
}

const CHALLENGES: &str = "/api/v1/devices/enrolment-challenges";
const DEVICES: &str = "/api/v1/devices";

impl Api {
    #[must_use]
    pub fn new(host: &str, token: &str) -> Self {
        let host = host.trim_start_matches("http://").trim_end_matches('/');
        Self { host: host.to_owned(), token: token.to_owned() }
    }

    /// Enrols a device for its owner. The device trusts the platform's key from then on.
    pub async fn enrol(&self, device: &mut Device, owner: &PartyId) -> Result<PublicKey, EnrolError> {
        let key = self.enrol_key(&device.id(), device.public_key(), |challenge| device.enrolment(challenge), owner).await?;
        device.trust(key);
        Ok(key)
    }

    /// Enrols a device of a fleet before it exists.
    pub async fn enrol_planned(&self, planned: &PlannedDevice, owner: &PartyId) -> Result<PublicKey, EnrolError> {
        self.enrol_key(&planned.id, planned.public_key(), |challenge| planned.enrolment(challenge), owner).await
    }

    async fn enrol_key(
        &self,
        device: &DeviceId,
        public_key: PublicKey,
        prove: impl FnOnce([u8; 32]) -> Vec<u8>,
        owner: &PartyId,
    ) -> Result<PublicKey, EnrolError> {
        let challenge = self.challenge(device).await?;
        let (nonce, proof) = (hex::encode(challenge), hex::encode(prove(challenge)));
        let request = json!({ "device": device, "public_key": public_key, "challenge": nonce, "proof": proof, "owner": owner });
        let answer = self.post(DEVICES, &request).await?;
        let key = ["platform_key", "platform_public_key"].into_iter().find_map(|field| answer.get(field)).and_then(Value::as_str);
        let answered = EnrolError::Answer { path: DEVICES, field: "platform_key", expected: "32 bytes in hex" };
        key.and_then(|text| text.parse().ok()).ok_or(answered)
    }

    async fn challenge(&self, device: &DeviceId) -> Result<[u8; 32], EnrolError> {
        let answer = self.post(CHALLENGES, &json!({ "device": device })).await?;
        let mut challenge = [0; 32];
        let text = answer.get("challenge").and_then(Value::as_str).unwrap_or_default();
        hex::decode_to_slice(text, &mut challenge).map(|()| challenge).map_err(|_| EnrolError::Answer {
            path: CHALLENGES,
            field: "challenge",
            expected: "32 bytes in hex",
        })
    }

    /// POSTs JSON and returns the answer's JSON.
    pub async fn post(&self, path: &'static str, body: &Value) -> Result<Value, EnrolError> {
        let body = body.to_string();
        let exchange = tokio::time::timeout(DEADLINE, self.exchange(path, &body));
        let answer = exchange.await.map_err(|_| EnrolError::Silent { host: self.host.clone() })?;
        let answer = answer.map_err(|source| EnrolError::Io { host: self.host.clone(), source })?;
        let (status, body) = read_answer(&answer).ok_or_else(|| EnrolError::NotHttp { host: self.host.clone() })?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let problem = ["detail", "title", "code"].into_iter().find_map(|field| body.get(field)).and_then(Value::as_str);
        Err(EnrolError::Refused { path, status, problem: problem.unwrap_or("no reason given").chars().take(300).collect() })
    }

    async fn exchange(&self, path: &str, body: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.host).await?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| std::io::Error::other("no randomness from the system"))?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.host,
            self.token,
            hex::encode(nonce),
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// Status and JSON body of an answer that ends with its connection.
fn read_answer(answer: &[u8]) -> Option<(u16, Value)> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let chunked = head.lines().any(|line| line.to_ascii_lowercase().starts_with("transfer-encoding: chunked"));
    let body = if chunked { unchunked(body)? } else { body.to_owned() };
    let value = if body.trim().is_empty() { Value::Null } else { serde_json::from_str(&body).ok()? };
    Some((status, value))
}

fn unchunked(mut body: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_length_or_in_chunks() {
        let plain = b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
        let chunked = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
        for answer in [&plain[..], &chunked[..]] {
            assert_eq!(read_answer(answer), Some((201, json!({"a": 1}))));
        }
        assert_eq!(read_answer(b"SSH-2.0-x\r\n\r\n"), None);
    }

    #[test]
    fn a_token_never_shows_in_debug() {
        assert!(!format!("{:?}", Api::new("http://127.0.0.1:1/", "sw_secret")).contains("sw_secret"));
    }
}
