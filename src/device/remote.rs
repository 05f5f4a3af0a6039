//! The API of a running platform, as the holder of a token.

use super::arguments::Platform;
use crate::outbound;
use anyhow::{Context as _, bail};
use serde_json::Value;

pub(super) struct Remote {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

impl Remote {
    pub(super) fn new(platform: &Platform) -> anyhow::Result<Self> {
        let base = platform.platform.trim_end_matches('/').to_owned();
        outbound::expect_private(&base).context("platform")?;
        let agent = outbound::agent(platform.authority.as_deref())?;
        let token = std::fs::read_to_string(&platform.token_file).with_context(|| platform.token_file.display().to_string())?;
        Ok(Self { agent, base, bearer: format!("Bearer {}", token.trim()) })
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.read(self.agent.get(self.url(path)).header("authorization", &self.bearer).call()?)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.agent.post(self.url(path)).header("authorization", &self.bearer).header("idempotency-key", fresh_key()?);
        self.read(request.send_json(body)?)
    }

    pub(super) fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.read(self.agent.delete(self.url(path)).header("authorization", &self.bearer).call()?)
    }

    /// Every item of a list, page by page.
    pub(super) fn each(&self, path: &str, mut take: impl FnMut(&Value) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{path}{joint}limit=500{after}"))?;
            page.get("items").and_then(Value::as_array).context("a list without items")?.iter().try_for_each(&mut take)?;
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(()),
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    /// The answer's JSON, or the problem that it tells.
    fn read(&self, mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<Value> {
        let status = answer.status();
        let text = answer.body_mut().read_to_string().with_context(|| self.base.clone())?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).with_context(|| self.base.clone())? };
        if status.is_success() {
            return Ok(body);
        }
        let said = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        bail!("{} {}: {}", status.as_u16(), said("code"), said("detail"))
    }
}

fn fresh_key() -> anyhow::Result<String> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).context("randomness")?;
    Ok(hex::encode(key))
}
