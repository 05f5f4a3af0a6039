//! Whom the one who checks believes: the log by its keys, and witnesses, if any, who must have seen it.

use super::verify::{Checked, Reason, signed_checkpoint};
use crate::proof::note::{NotAVerifier, Note, NoteFault, Scheme, Verifier};
use crate::verify::verify_claimed;
use sealway_schemas::Time;
use sealway_schemas::bundle::Bundle;
use sealway_schemas::entry::Entry;
use sealway_schemas::succession::Succession;
use serde::Serialize;
use std::fmt;

/// The lines of a trust file: the keys of one log, then any number of witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    pub log: LogKeys,
    pub witnesses: Vec<Verifier>,
}

/// The keys that one log signs with, oldest first. One that a known key announced in the log is known too, so a trust root that was kept
/// for years needs no news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeys {
    name: String,
    keys: Vec<Verifier>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFault {
    #[error(transparent)]
    Line(#[from] NotAVerifier),
    #[error("trust root without the key of a log, expected what `sealway evidence root` prints")]
    NoLog,
    #[error("trust root with keys of {one} and {other}, expected those of one log")]
    Logs { one: String, other: String },
}

/// That a witness cosigned a checkpoint of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    pub witness: String,
    /// Size of the tree that it saw.
    pub entries: u64,
    /// By the witness's own clock.
    pub at: Time,
}

impl Trust {
    pub fn parse(text: &str) -> Result<Self, TrustFault> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(Verifier::parse).collect::<Result<Vec<_>, _>>()?;
        let (logs, witnesses): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.scheme() == Scheme::Ed25519);
        Ok(Self { log: LogKeys::new(logs)?, witnesses })
    }

    /// Adds what the witnesses saw. One that saw none of the bundle's checkpoints makes it incomplete, a false cosignature forged.
    pub fn look_for_witnesses(&self, bundle: &Bundle, checked: &mut Checked) {
        let notes: Vec<&String> = bundle.cosigned.iter().map(|older| &older.note).chain([&bundle.checkpoint]).collect();
        let log = self.log.with_successors(bundle);
        for witness in &self.witnesses {
            let before = checked.witnessed.len();
            for note in &notes {
                match seen(&log, note, witness) {
                    Ok(seen) => checked.witnessed.extend(seen),
                    Err(reason) => checked.reasons.push(reason),
                }
            }
            if checked.witnessed.len() == before {
                let text = format!("no cosignature of witness {}", witness.name());
                checked.reasons.push(Reason::incomplete(None, text, format!("缺少见证 {} 的联署", witness.name())));
            }
        }
        checked.conclude();
    }
}

impl LogKeys {
    /// Of one log, oldest first.
    pub fn new(keys: Vec<Verifier>) -> Result<Self, TrustFault> {
        let name = keys.first().ok_or(TrustFault::NoLog)?.name().to_owned();
        match keys.iter().find(|key| key.name() != name) {
            Some(other) => Err(TrustFault::Logs { one: name, other: other.name().to_owned() }),
            None => Ok(Self { name, keys }),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn all(&self) -> &[Verifier] {
        &self.keys
    }

    /// Whether one of them signed the note.
    pub fn verify(&self, note: &Note<'_>) -> Result<(), NoteFault> {
        let mut fault = NoteFault::NotSigned(self.name.clone());
        for key in &self.keys {
            match key.verify(note) {
                Ok(_) => return Ok(()),
                Err(NoteFault::NotSigned(_)) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// And the keys that these announce in a bundle, one after the other.
    pub(super) fn with_successors(&self, bundle: &Bundle) -> Self {
        let mut log = self.clone();
        for (_, bytes) in &bundle.entries {
            let Ok(Entry::Rekey { succession, .. }) = Entry::decode(bytes) else { continue };
            if log.announced(&succession)
                && let Ok(next) = Verifier::new(&log.name, succession.public_key, Scheme::Ed25519)
                && !log.keys.contains(&next)
            {
                log.keys.push(next);
            }
        }
        log
    }

    fn announced(&self, succession: &Succession) -> bool {
        let message = Succession::to_be_signed(&self.name, succession.seq, &succession.public_key);
        self.keys.iter().any(|key| verify_claimed(&key.key(), &message, &succession.signature))
    }
}

impl fmt::Display for LogKeys {
    /// One a line, as a trust file has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.keys.iter().map(Verifier::text).collect();
        f.write_str(&lines.join("\n"))
    }
}

fn seen(log: &LogKeys, note: &str, witness: &Verifier) -> Result<Option<Witnessed>, Reason> {
    let Ok(checkpoint) = signed_checkpoint(note, log) else { return Ok(None) };
    let parsed = Note::parse(note).map_err(|fault| Reason::forged(None, fault, "检查点格式无效"))?;
    match witness.verify(&parsed) {
        Ok(seconds) => Ok(Some(Witnessed {
            witness: witness.name().to_owned(),
            entries: checkpoint.size,
            at: Time::from_ms(seconds.saturating_mul(1000)),
        })),
        Err(NoteFault::NotSigned(_)) => Ok(None),
        Err(fault) => {
            let zh = format!("见证 {} 的联署无效", witness.name());
            Err(Reason::forged(None, format!("witness {}: {fault}", witness.name()), zh))
        }
    }
}
