//! Whom the one who checks believes: the log by its key, and witnesses, if any, who must have seen it.

use super::verify::{Checked, Reason, signed_checkpoint};
use crate::proof::note::{NotAVerifier, Note, NoteFault, Scheme, Verifier};
use sealway_schemas::Time;
use sealway_schemas::bundle::Bundle;
use serde::Serialize;

/// The lines of a trust file: one log, then any number of witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    pub log: Verifier,
    pub witnesses: Vec<Verifier>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFault {
    #[error(transparent)]
    Line(#[from] NotAVerifier),
    #[error("trust root with {0} keys of logs, expected one, as `sealway evidence root` prints it")]
    Logs(usize),
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
        let (mut logs, witnesses): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.scheme() == Scheme::Ed25519);
        match (logs.pop(), logs.len()) {
            (Some(log), 0) => Ok(Self { log, witnesses }),
            (last, others) => Err(TrustFault::Logs(others + usize::from(last.is_some()))),
        }
    }

    /// Adds what the witnesses saw. One that saw none of the bundle's checkpoints makes it incomplete, a false cosignature forged.
    pub fn look_for_witnesses(&self, bundle: &Bundle, checked: &mut Checked) {
        let notes: Vec<&String> = bundle.cosigned.iter().map(|older| &older.note).chain([&bundle.checkpoint]).collect();
        for witness in &self.witnesses {
            let before = checked.witnessed.len();
            for note in &notes {
                match self.seen(note, witness) {
                    Ok(seen) => checked.witnessed.extend(seen),
                    Err(reason) => checked.reasons.push(reason),
                }
            }
            if checked.witnessed.len() == before {
                checked.reasons.push(Reason::incomplete(None, format!("no cosignature of witness {}", witness.name())));
            }
        }
        checked.conclude();
    }

    fn seen(&self, note: &str, witness: &Verifier) -> Result<Option<Witnessed>, Reason> {
        let Ok(checkpoint) = signed_checkpoint(note, &self.log) else { return Ok(None) };
        let parsed = Note::parse(note).map_err(|fault| Reason::forged(None, fault))?;
        match witness.verify(&parsed) {
            Ok(seconds) => Ok(Some(Witnessed {
                witness: witness.name().to_owned(),
                entries: checkpoint.size,
                at: Time::from_ms(seconds.saturating_mul(1000)),
            })),
            Err(NoteFault::NotSigned(_)) => Ok(None),
            Err(fault) => Err(Reason::forged(None, format!("witness {}: {fault}", witness.name()))),
        }
    }
}
