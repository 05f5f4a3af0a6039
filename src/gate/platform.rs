//! The platform as a gate reaches it.

use crate::{cli, outbound};
use anyhow::Context as _;
use sealway_schemas::GateId;
use sealway_schemas::command::GateCommand;
use sealway_schemas::gate::{GateQuestion, SignedText};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A truck waits no longer; then the gate decides alone.
const PATIENCE: Duration = Duration::from_millis(800);
/// A snapshot may be large, and nobody waits for it.
const FETCH: Duration = Duration::from_secs(20);
/// Of a snapshot of thousands of notes.
const ANSWER_BYTES: u64 = 64 << 20;

#[derive(Clone)]
pub(super) struct Platform {
    agent: ureq::Agent,
    base: String,
    bearer: String,
    gate: GateId,
}

#[derive(Debug)]
pub(super) enum Failure {
    /// It may have taken the command or not.
    Away(String),
    Refused {
        code: String,
        detail: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(error) => f.write_str(error),
            Self::Refused { code, detail } => write!(f, "{code}: {detail}"),
        }
    }
}

#[derive(Deserialize)]
struct Receipt {
    answer: Option<Value>,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl Platform {
    pub(super) fn new(arguments: &cli::Gate) -> anyhow::Result<Self> {
        let base = arguments.platform.trim_end_matches('/').to_owned();
        outbound::expect_private(&base).context("platform")?;
        let token = std::fs::read_to_string(&arguments.token_file).with_context(|| arguments.token_file.display().to_string())?;
        let agent = outbound::agent(arguments.authority.as_deref())?;
        Ok(Self { agent, base, bearer: format!("Bearer {}", token.trim()), gate: arguments.gate.clone() })
    }

    pub(super) fn ask(&self, question: &GateQuestion) -> Result<Value, Failure> {
        let command = GateCommand::AskGate { question: question.clone() };
        let receipt: Receipt = self.post("/api/v1/commands", Some(&command), PATIENCE)?;
        receipt.answer.ok_or_else(|| Failure::Away("the platform's answer holds no decision".to_owned()))
    }

    pub(super) fn file(&self, line: &SignedText) -> Result<(), Failure> {
        let (gate, line, signature) = (self.gate.clone(), line.text.clone(), line.signature.clone());
        let filed: Receipt = self.post("/api/v1/commands", Some(&GateCommand::FileGateDecision { gate, line, signature }), FETCH)?;
        if let Some(conflicts) =
            filed.answer.as_ref().and_then(|answer| answer.get("conflicts")).filter(|list| **list != Value::Array(Vec::new()))
        {
            tracing::warn!(%conflicts, "the platform knew something against a decision that this gate made alone");
        }
        Ok(())
    }

    pub(super) fn snapshot(&self) -> Result<SignedText, Failure> {
        self.post(&format!("/api/v1/gates/{}/snapshots", self.gate), None, FETCH)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, command: Option<&GateCommand>, within: Duration) -> Result<T, Failure> {
        let away = |error: &dyn fmt::Display| Failure::Away(format!("{}{path}: {error}", self.base));
        let request = self.agent.post(format!("{}{path}", self.base)).header("authorization", &self.bearer);
        let request = request.config().timeout_global(Some(within)).build();
        let sent = match command {
            Some(command) => request.send_json(command),
            None => request.send_empty(),
        };
        let mut answer = sent.map_err(|error| away(&error))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().map_err(|error| away(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| away(&error));
        }
        // The platform has spoken, unless it is the one that fails.
        match serde_json::from_slice::<Problem>(&body) {
            Ok(Problem { code, detail }) if status.is_client_error() => Err(Failure::Refused { code, detail }),
            Ok(_) | Err(_) => Err(away(&status)),
        }
    }
}
