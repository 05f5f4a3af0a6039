//! Enrolment: a challenge of the platform, the device's signature over it, and back.

use super::arguments::Prover;
use super::field;
use super::remote::Remote;
use anyhow::{Context as _, bail};
use sealway_schemas::{DeviceId, PartyId, PublicKey};
use serde_json::{Value, json};
use std::process::Command;

/// The platform's answer.
pub(super) fn enrol(remote: &Remote, prover: &Prover, device: &DeviceId, owner: Option<&PartyId>) -> anyhow::Result<Value> {
    let challenge = field(&remote.post("/devices/enrolment-challenges", &json!({}))?, "challenge");
    let (public_key, proof) = prove(prover, device, &challenge)?;
    let mut enrolment = json!({ "device": device, "public_key": public_key, "challenge": challenge, "proof": proof });
    if let (Some(owner), Some(fields)) = (owner, enrolment.as_object_mut()) {
        fields.insert("owner".to_owned(), json!(owner));
    }
    remote.post("/devices", &enrolment)
}

/// Runs the program without a shell: an id or a challenge is an argument and never a command.
fn prove(prover: &Prover, device: &DeviceId, challenge: &str) -> anyhow::Result<(PublicKey, String)> {
    let mut words = prover.prove.split_whitespace();
    let program = words.next().context("--prove: expected a program")?;
    let output = Command::new(program).args(words).arg(device.as_str()).arg(challenge).output().with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("{program} for {device}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    let expected =
        || format!("{program} for {device} said {:?}: expected public key and proof in hex", said.chars().take(80).collect::<String>());
    let (public_key, proof) = said.trim().split_once(char::is_whitespace).with_context(expected)?;
    let proof = proof.trim();
    hex::decode(proof).with_context(expected)?;
    Ok((public_key.parse().ok().with_context(expected)?, proof.to_owned()))
}
