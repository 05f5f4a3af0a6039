//! The calls to the server, one by one: no retries, no waiting.

use super::answer::Answer;
use super::{Api, InfluxConfig, Login};
use crate::series::SeriesError;
use base64::Engine as _;
use sealway_schemas::Time;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

/// Of one answer; 2,000 rows are far below.
const ANSWER_LIMIT: u64 = 64 << 20;
/// Where the program's own client has none.
const TIMEOUT: Duration = Duration::from_secs(30);
const UNKNOWN: u8 = 0;
const V1: u8 = 1;
const V2: u8 = 2;

/// What a server said that did not do as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// 0 where nothing was said.
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Http(Arc<Inner>);

struct Inner {
    config: InfluxConfig,
    authorization: Option<String>,
    /// Carries lines where no TLS is needed.
    plain: Option<influxdb2::Client>,
    /// The write call that the server was found to take.
    found: AtomicU8,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.0.config.url).finish()
    }
}

impl Http {
    pub(super) fn new(config: &InfluxConfig) -> Result<Self, SeriesError> {
        let config = InfluxConfig { url: config.url.trim_end_matches('/').to_owned(), ..config.clone() };
        let authorization = match &config.login {
            Login::None => None,
            Login::Token(token) => Some(format!("Token {token}")),
            Login::User { name, password } => {
                Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"))))
            }
        };
        let plain = config.url.starts_with("http://").then(|| plain(&config)).transpose()?;
        let found = match config.api {
            Api::Auto => UNKNOWN,
            Api::V1 => V1,
            Api::V2 => V2,
        };
        Ok(Self(Arc::new(Inner { config, authorization, plain, found: AtomicU8::new(found) })))
    }

    pub(super) fn url(&self) -> &str {
        &self.0.config.url
    }

    /// Writes lines by the call that the server takes.
    pub(super) async fn write(&self, lines: &Arc<Vec<u8>>) -> Result<(), Failure> {
        match self.0.found.load(Relaxed) {
            V1 => self.write_v1(lines).await,
            V2 => self.write_v2(lines).await,
            _ => match self.write_v2(lines).await {
                Err(Failure { status: 404, .. }) => {
                    self.write_v1(lines).await?;
                    self.0.found.store(V1, Relaxed);
                    Ok(())
                }
                Ok(()) => {
                    self.0.found.store(V2, Relaxed);
                    Ok(())
                }
                failed => failed,
            },
        }
    }

    async fn write_v2(&self, lines: &Arc<Vec<u8>>) -> Result<(), Failure> {
        let config = &self.0.config;
        let Some(plain) = &self.0.plain else {
            let path = format!("/api/v2/write?org={}&bucket={}&precision=ns", escape(&config.org), escape(&config.bucket));
            return self.post(path, lines.clone()).await;
        };
        let written = plain.write_line_protocol(&config.org, &config.bucket, lines.to_vec()).await;
        match written {
            Ok(()) => Ok(()),
            Err(influxdb2::RequestError::Http { status, text }) => {
                let status = status.as_u16();
                let retry_after = if matches!(status, 429 | 503) { self.retry_after().await } else { None };
                Err(Failure { status, message: text.trim().to_owned(), retry_after })
            }
            Err(other) => Err(Failure { status: 0, message: other.to_string(), retry_after: None }),
        }
    }

    async fn write_v1(&self, lines: &Arc<Vec<u8>>) -> Result<(), Failure> {
        self.post(format!("/write?db={}&precision=ns", escape(&self.0.config.bucket)), lines.clone()).await
    }

    /// The crate that carries the lines does not show the header; an empty write brings it again.
    async fn retry_after(&self) -> Option<Duration> {
        let config = &self.0.config;
        let path = format!("/api/v2/write?org={}&bucket={}&precision=ns", escape(&config.org), escape(&config.bucket));
        self.post(path, Arc::default()).await.err()?.retry_after
    }

    /// What a measurement has before `before`.
    pub(super) async fn forget(&self, measurement: &str, before: Time) -> Result<(), SeriesError> {
        let config = &self.0.config;
        if self.0.found.load(Relaxed) == V2 {
            let path = format!("/api/v2/delete?org={}&bucket={}", escape(&config.org), escape(&config.bucket));
            let predicate = format!("_measurement=\"{measurement}\"");
            let body = serde_json::json!({"start": Time::ZERO.rfc3339(), "stop": before.rfc3339(), "predicate": predicate});
            return self.post(path, Arc::new(body.to_string().into_bytes())).await.map_err(|failure| self.error(failure));
        }
        let text = format!("DELETE FROM \"{measurement}\" WHERE time < {}ms", before.as_ms());
        self.ask(text, serde_json::Map::new()).await.map(drop)
    }

    /// Asks in InfluxQL. What comes from outside goes into `bound`, never into the text.
    pub(super) async fn ask(&self, text: String, bound: serde_json::Map<String, serde_json::Value>) -> Result<Answer, SeriesError> {
        let bound = serde_json::Value::Object(bound).to_string();
        let body = format!("db={}&epoch=ns&q={}&params={}", escape(&self.0.config.bucket), escape(&text), escape(&bound));
        let inner = self.0.clone();
        let called = tokio::task::spawn_blocking(move || inner.call("/query", "application/x-www-form-urlencoded", body.as_bytes()));
        let body = called.await.map_err(|_| SeriesError::Stopped)?.map_err(|failure| self.error(failure))?;
        Answer::parse(&body).map_err(|message| SeriesError::Answer { url: self.url().to_owned(), message })
    }

    pub(super) fn error(&self, failure: Failure) -> SeriesError {
        let url = self.url().to_owned();
        match failure {
            Failure { status: 0, message, .. } => SeriesError::Unreachable { url, message },
            Failure { status, message, .. } => SeriesError::Refused { url, status, message },
        }
    }

    async fn post(&self, path: String, body: Arc<Vec<u8>>) -> Result<(), Failure> {
        let inner = self.0.clone();
        let called = tokio::task::spawn_blocking(move || inner.call(&path, "text/plain; charset=utf-8", &body)).await;
        called.unwrap_or_else(|_| Err(Failure { status: 0, message: "stopped".to_owned(), retry_after: None })).map(drop)
    }
}

fn plain(config: &InfluxConfig) -> Result<influxdb2::Client, SeriesError> {
    let token = match &config.login {
        Login::None => String::new(),
        Login::Token(token) => token.clone(),
        // 1.8 takes both words as a token at its call of 2.x.
        Login::User { name, password } => format!("{name}:{password}"),
    };
    let unreachable = |message: String| SeriesError::Unreachable { url: config.url.clone(), message };
    // The crate ends the process on a URL that is none.
    reqwest::Url::parse(&config.url).map_err(|error| unreachable(error.to_string()))?;
    let timeout = config.agent.config().timeouts().global.unwrap_or(TIMEOUT);
    let client = reqwest::ClientBuilder::new().timeout(timeout).no_proxy();
    influxdb2::ClientBuilder::with_builder(client, &config.url, &config.org, token).build().map_err(|error| unreachable(error.to_string()))
}

impl Inner {
    fn call(&self, path: &str, content: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut request = self.config.agent.post(format!("{}{path}", self.config.url)).header("Content-Type", content);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let silent = |error: ureq::Error| Failure { status: 0, message: error.to_string(), retry_after: None };
        let mut answer = request.send(body).map_err(silent)?;
        let status = answer.status().as_u16();
        let seconds = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
        let read = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec();
        if (200..300).contains(&status) {
            return read.map_err(silent);
        }
        let message = String::from_utf8_lossy(&read.unwrap_or_default()).trim().chars().take(500).collect();
        Err(Failure { status, message, retry_after: seconds.map(Duration::from_secs) })
    }
}

/// For a query of a URL and for a form.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _written = fmt::Write::write_fmt(&mut out, format_args!("%{byte:02X}"));
        }
    }
    out
}
