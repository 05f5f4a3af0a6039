//! Asks witnesses to cosign the log's checkpoints.

use crate::config::Witness;
use sealway_tracker::proof::witness::request;
use sealway_tracker::{SignedCheckpoint, Tracker};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(5);

/// Asks each witness again and again, until it is aborted.
pub(crate) async fn ask(tracker: Tracker, witnesses: Vec<Witness>, agent: ureq::Agent) {
    let mut known: Vec<u64> = vec![0; witnesses.len()];
    while !witnesses.is_empty() {
        let Some(signed) = tracker.tree().checkpoint() else {
            tokio::time::sleep(EVERY).await;
            continue;
        };
        for (witness, seen) in witnesses.iter().zip(&mut known) {
            let (tracker, witness, signed, old, agent) = (tracker.clone(), witness.clone(), signed.clone(), *seen, agent.clone());
            let asked = tokio::task::spawn_blocking(move || cosigned(&tracker, (&agent, &witness), &signed, old)).await;
            match asked {
                Ok(Ok(size)) => *seen = size,
                Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), "a witness did not cosign; asked again"),
                Err(error) => tracing::error!(%error, "a witness was not asked"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How many entries the witness has seen afterwards.
fn cosigned(tracker: &Tracker, (agent, witness): (&ureq::Agent, &Witness), signed: &SignedCheckpoint, old: u64) -> anyhow::Result<u64> {
    let size = signed.checkpoint.size;
    let proof = tracker.tree().prove_growth(old.min(size), size)?;
    let mut answer = agent.post(format!("{}/add-checkpoint", witness.url)).send(request(old, &proof, &signed.note))?;
    let text = answer.body_mut().with_config().limit(64 * 1024).read_to_string()?;
    match answer.status().as_u16() {
        200 => {
            tracker.tree().cosign(signed, &witness.key, &text)?;
            Ok(size)
        }
        // It has seen more, or less, than was believed here: asked again from there the next time.
        409 => Ok(text.trim().parse()?),
        status => anyhow::bail!("{}: {status}: {}", witness.url, text.trim()),
    }
}
