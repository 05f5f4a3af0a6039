//! `sealway gate`: a gate's own program. It asks the platform while that answers, decides alone by a signed snapshot while it does not,
//! and files afterwards what it decided.
//!
//! A question is a line of JSON on standard input, its answer a line on standard output, given only when it is on disk.

mod book;
mod platform;

use crate::cli;
use crate::config::{Log, LogFormat};
use crate::{logging, say::say};
use anyhow::Context as _;
use book::Book;
use platform::{Failure, Platform};
use sealway_core::gate::Alone;
use sealway_schemas::gate::{GateQuestion, GateVerdict, Reason, ReasonView, SignedText};
use sealway_schemas::{PublicKey, Time};
use sealway_tracker::GateKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two looks whether the platform is there.
const ROUND: Duration = Duration::from_secs(2);
/// A snapshot is taken anew when it is older.
const RENEW_MS: u64 = 60_000;
const SNAPSHOT: &str = "snapshot.json";

pub(crate) fn run(arguments: &cli::Gate) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "warn".to_owned() });
    std::fs::create_dir_all(&arguments.data).with_context(|| arguments.data.display().to_string())?;
    let key = GateKey::load_or_make(&arguments.data.join("gate.key"))?;
    say!("gate {} key {}", arguments.gate, key.public());
    let book = Book::open(&arguments.data, key)?;
    let platform = Platform::new(arguments)?;
    let mut gate = Gate { data: arguments.data.clone(), trust: arguments.trust, alone: None, book };
    gate.carry_on()?;
    let gate = Arc::new(Mutex::new(gate));
    if let Err(failure) = round(&gate, &platform) {
        tracing::warn!(%failure, "the platform gives no answer; this gate is alone");
    }
    let (behind, platform_behind) = (gate.clone(), platform.clone());
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(ROUND);
            if let Err(failure) = round(&behind, &platform_behind) {
                tracing::warn!(%failure, "nothing was filed or fetched; tried again");
            }
        }
    });
    for line in std::io::stdin().lock().lines() {
        say!("{}", serde_json::to_string(&answer(&gate, &platform, &line?)?)?);
    }
    if let Err(failure) = round(&gate, &platform) {
        tracing::warn!(%failure, "what is not filed is kept");
    }
    Ok(())
}

/// What a lane's controller sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    question: GateQuestion,
    /// What the gate's own reader heard from the seal, hex of COSE.
    #[serde(default)]
    answer: Option<String>,
}

/// What it hears.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// The platform decided: its answer as it came.
    Platform(Value),
    Alone {
        decision: String,
        verdict: GateVerdict,
        reasons: Vec<ReasonView>,
        at: Time,
    },
    /// The line is no question, or the platform refused it, or nothing is there to decide by.
    Refused {
        code: String,
        detail: String,
    },
}

/// Without the platform.
struct Gate {
    data: PathBuf,
    trust: PublicKey,
    alone: Option<Alone>,
    book: Book,
}

fn lock(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Time {
    sealway_tracker::Clock::now(&sealway_tracker::SystemClock)
}

fn answer(gate: &Mutex<Gate>, platform: &Platform, line: &str) -> anyhow::Result<Answer> {
    let asked: Asked = match serde_json::from_str(line) {
        Ok(asked) => asked,
        Err(error) => return Ok(Answer::Refused { code: "gate-line".to_owned(), detail: format!("question: {error}") }),
    };
    // A decision that this gate made alone stands: the platform learns of it by its line.
    if let Some(known) = lock(gate).known(&asked.question) {
        return Ok(known);
    }
    match platform.ask(&asked.question) {
        Ok(answer) => {
            lock(gate).heard(&asked.question, &answer);
            Ok(Answer::Platform(answer))
        }
        Err(Failure::Refused { code, detail }) => Ok(Answer::Refused { code, detail }),
        Err(Failure::Away(error)) => {
            tracing::warn!(%error, "the platform gives no answer; decided alone");
            lock(gate).decide(asked)
        }
    }
}

/// Files what waits, then fetches a newer snapshot where that is due.
fn round(gate: &Mutex<Gate>, platform: &Platform) -> Result<(), Failure> {
    loop {
        let Some((number, line)) = lock(gate).book.next_unfiled() else { break };
        platform.file(&line)?;
        lock(gate).book.filed(number).map_err(|error| Failure::Away(format!("{error:#}")))?;
    }
    if lock(gate).is_fresh(now()) {
        return Ok(());
    }
    let signed = platform.snapshot()?;
    lock(gate).take(&signed).map_err(|error| Failure::Away(format!("{error:#}")))
}

impl Gate {
    /// After a start: the snapshot that was carried, and what was decided by it.
    fn carry_on(&mut self) -> anyhow::Result<()> {
        let path = self.data.join(SNAPSHOT);
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
        let signed: SignedText = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        self.open(&signed)
    }

    fn open(&mut self, signed: &SignedText) -> anyhow::Result<()> {
        let mut alone = Alone::open(signed, &self.trust)?;
        self.book.lines().for_each(|line| alone.take(line));
        self.alone = Some(alone);
        Ok(())
    }

    fn take(&mut self, signed: &SignedText) -> anyhow::Result<()> {
        self.open(signed)?;
        book::write_whole(&self.data.join(SNAPSHOT), &serde_json::to_vec(signed)?)
    }

    fn is_fresh(&self, now: Time) -> bool {
        self.alone.as_ref().is_some_and(|alone| now.since(alone.snapshot().at) < RENEW_MS)
    }

    /// What the platform let through does not pass again when it is gone a moment later.
    fn heard(&mut self, question: &GateQuestion, answer: &Value) {
        let verdict = answer.get("verdict").cloned().and_then(|verdict| serde_json::from_value(verdict).ok());
        if let (Some(alone), Some(verdict)) = (&mut self.alone, verdict) {
            alone.remember(now(), question, verdict);
        }
    }

    fn known(&self, question: &GateQuestion) -> Option<Answer> {
        let line = self.book.lines().find(|line| line.question.decision == question.decision)?;
        Some(told(line.question.decision.to_string(), line.verdict, &line.reasons, line.at))
    }

    fn decide(&mut self, asked: Asked) -> anyhow::Result<Answer> {
        let Asked { question, answer } = asked;
        let Some(alone) = &mut self.alone else {
            let detail = "gate: carries no snapshot, expected one that was fetched while the platform was there".to_owned();
            return Ok(Answer::Refused { code: "no-snapshot".to_owned(), detail });
        };
        let heard = answer.as_ref().and_then(|answer| hex::decode(answer).ok());
        let at = now();
        let reasons = alone.decide(at, &question, heard.as_deref());
        let line = self.book.write(at, alone.snapshot().at, (question, answer), reasons)?;
        alone.take(&line);
        Ok(told(line.question.decision.to_string(), line.verdict, &line.reasons, line.at))
    }
}

fn told(decision: String, verdict: GateVerdict, reasons: &[Reason], at: Time) -> Answer {
    Answer::Alone { decision, verdict, reasons: reasons.iter().map(ReasonView::from).collect(), at }
}

/// The trust of a platform as its operator writes it down: 64 hex digits.
pub(crate) fn trust(text: &str) -> Result<PublicKey, String> {
    let read = || std::fs::read_to_string(Path::new(text)).unwrap_or_else(|_| text.to_owned());
    read().trim().parse().map_err(|error: sealway_schemas::ids::NotAnId| error.to_string())
}
