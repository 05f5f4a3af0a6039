//! A plain HTTP client for the API on loopback.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The API as one holder of a token sees it.
#[derive(Debug, Clone)]
pub struct Api {
    address: SocketAddr,
    token: String,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The JSON of an answer that must be a success.
    #[must_use]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl Api {
    #[must_use]
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.trim().to_owned() }
    }

    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None)
    }

    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(body))
    }

    #[must_use]
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path, Some(body))
    }

    #[must_use]
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, None)
    }

    /// All items of a paged list.
    #[must_use]
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{joint}limit=200{next}")).ok();
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(after) => next = format!("&after={after}"),
                None => return items,
            }
        }
    }

    /// The body of an answer that must be a success, whatever its bytes.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        let (head, body) = self.exchange("GET", path, None).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body
    }

    /// `None` where the platform ends before it has answered.
    #[must_use]
    pub fn try_post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.exchange("POST", path, Some(body)).ok().map(|exchanged| answer(&exchanged))
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        answer(&self.exchange(method, path, body).unwrap())
    }

    /// Head and body of the answer.
    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<(String, Vec<u8>)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            self.token,
            body.len(),
        );
        // In one write: a server that answers without its body, and closes, would reset what comes after.
        request.push_str(&body);
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(45)))?;
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let body = bytes.split_off(end + 4);
        Ok((String::from_utf8_lossy(&bytes).trim_end().to_owned(), body))
    }
}

fn answer((headers, body): &(String, Vec<u8>)) -> Answer {
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers: headers.clone(), body: String::from_utf8(body.clone()).unwrap() }
}
