//! Tokens: the administrator's at the first start, and `sealway token new`.

use crate::cli::NewToken;
use crate::ingress::WayBack;
use crate::platform::Platform;
use crate::say::say;
use crate::{config::Config, config::Log, config::LogFormat, logging};
use anyhow::{Context as _, anyhow, bail};
use sealway_schemas::command::{Command, RegistryCommand, Role, Signer};
use sealway_schemas::{PartyId, PublicKey, UserId};
use sealway_tracker::{Page, Scope, Tracker, TrackerConfig};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

const PLATFORM: &str = "platform";
const ADMIN: &str = "admin";
const TOKEN_FILE: &str = "admin.token";
const ADDRESS_FILE: &str = "http.address";

/// A secret that opens the API. Shown once, where it is made.
pub(crate) struct Token(String);

impl Token {
    fn new() -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| anyhow!("random numbers: {error}"))?;
        Ok(Self(format!("slw_{}", hex::encode(secret))))
    }

    fn digest(&self) -> PublicKey {
        PublicKey::from_bytes(Sha256::digest(self.0.as_bytes()).into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// The program itself, as the signer of what it does for whoever owns the data folder.
fn platform_signer() -> anyhow::Result<Signer> {
    Ok(Signer { user: ADMIN.parse()?, party: PLATFORM.parse()?, role: Role::Admin })
}

/// Sends a command as the platform's administrator.
pub(crate) async fn command(tracker: &Tracker, key: &str, command: impl Into<Command>) -> anyhow::Result<()> {
    command_by(tracker, platform_signer()?, key, command).await
}

/// Sends a command in the name of another signer.
pub(crate) async fn command_by(tracker: &Tracker, by: Signer, key: &str, command: impl Into<Command>) -> anyhow::Result<()> {
    let command = command.into();
    let body = serde_json::to_vec(&command)?;
    tracker.command(by, key.to_owned(), body.into(), None).await.with_context(|| command.kind())?;
    Ok(())
}

/// Makes party, user and token as far as they do not exist.
pub(crate) async fn issue(tracker: &Tracker, role: Role, party: &PartyId, user: &UserId) -> anyhow::Result<Token> {
    let parties = tracker.registry().parties(&Scope::All, &Page::first(1000)).await?;
    if !parties.iter().any(|known| known.id == *party) {
        let name = party.to_string();
        let register = RegistryCommand::RegisterParty { party: party.clone(), role, name_zh: name.clone(), name_en: name, district: None };
        command(tracker, &format!("party-{party}"), register).await?;
    }
    let register = RegistryCommand::RegisterUser { user: user.clone(), party: party.clone(), role, name: user.to_string() };
    command(tracker, &format!("user-{user}"), register).await?;
    let token = Token::new()?;
    let id = hex::encode(token.digest().as_bytes().get(..8).unwrap_or_default());
    let issue = RegistryCommand::IssueToken { token: id.clone(), user: user.clone(), digest: token.digest(), not_after: None };
    command(tracker, &format!("token-{id}"), issue).await?;
    Ok(token)
}

/// At the first start: the administrator and a token in a file that only the owner reads.
pub(crate) async fn bootstrap(platform: &Platform, data: &Path) -> anyhow::Result<()> {
    let address = data.join(ADDRESS_FILE);
    std::fs::write(&address, platform.http().to_string()).with_context(|| address.display().to_string())?;
    let path = data.join(TOKEN_FILE);
    if path.exists() {
        return Ok(());
    }
    let token = issue(&platform.tracker, Role::Admin, &PLATFORM.parse()?, &ADMIN.parse()?).await?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut file = file.with_context(|| path.display().to_string())?;
    writeln!(file, "{}", token.expose())?;
    file.sync_all()?;
    tracing::info!(file = %path.display(), "the administrator's token is in this file");
    Ok(())
}

/// `sealway token new`: through the API of the running platform, else straight into its data folder.
pub(crate) fn new_token(arguments: &NewToken) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn".to_owned() });
    let user = match &arguments.user {
        Some(user) => user.clone(),
        None => format!("{}-{}", arguments.party, arguments.role).parse()?,
    };
    let token = match running(&arguments.data)? {
        Some(api) => api.new_token(arguments.role, &arguments.party, &user)?,
        None => offline(arguments, &user)?.expose().to_owned(),
    };
    say!("{token}");
    Ok(())
}

fn offline(arguments: &NewToken, user: &UserId) -> anyhow::Result<Token> {
    let config = Config { data: arguments.data.clone(), ..Config::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads")?;
    runtime.block_on(async {
        let opened = Tracker::open(TrackerConfig::new(&config.data), Arc::new(WayBack::default())).await;
        let tracker = opened.with_context(|| format!("data folder {}", config.data.display()))?;
        let token = issue(&tracker, arguments.role, &arguments.party, user).await;
        tracker.drain().await;
        token
    })
}

/// The API of the platform that runs on a data folder, with its administrator's token.
struct RunningApi {
    base: String,
    token: String,
}

fn running(data: &Path) -> anyhow::Result<Option<RunningApi>> {
    let (address, token) = (std::fs::read_to_string(data.join(ADDRESS_FILE)), std::fs::read_to_string(data.join(TOKEN_FILE)));
    let (Ok(address), Ok(token)) = (address, token) else { return Ok(None) };
    let base = format!("http://{}", address.trim());
    let answers = ureq::get(format!("{base}/healthz")).call().is_ok();
    Ok(answers.then(|| RunningApi { base, token: token.trim().to_owned() }))
}

impl RunningApi {
    fn new_token(&self, role: Role, party: &PartyId, user: &UserId) -> anyhow::Result<String> {
        let parties = self.get("/api/v1/parties?limit=500")?;
        let known = parties.get("items").and_then(serde_json::Value::as_array).context("the API's answer holds no parties")?;
        if !known.iter().any(|known| known.get("id").and_then(serde_json::Value::as_str) == Some(party.as_str())) {
            let names = serde_json::json!({ "party": party, "role": role, "name_zh": party, "name_en": party });
            self.post("/api/v1/parties", &names)?;
        }
        self.post("/api/v1/users", &serde_json::json!({ "user": user, "party": party, "role": role, "name": user }))?;
        let made = self.post("/api/v1/tokens", &serde_json::json!({ "user": user }))?;
        made.get("token").and_then(serde_json::Value::as_str).map(str::to_owned).context("the API's answer holds no token")
    }

    fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let request = ureq::get(format!("{}{path}", self.base)).header("authorization", self.bearer());
        read(path, request.config().http_status_as_error(false).build().call()?)
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
        let request = ureq::post(format!("{}{path}", self.base)).header("authorization", self.bearer());
        read(path, request.config().http_status_as_error(false).build().send_json(body)?)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn read(path: &str, mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<serde_json::Value> {
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("{path}: {text}");
    }
    Ok(if text.is_empty() { serde_json::Value::Null } else { serde_json::from_str(&text)? })
}
