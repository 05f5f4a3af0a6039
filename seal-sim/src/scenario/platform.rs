//! Who listens to a play: anything that takes the contract's bytes.

use sealway_schemas::command::Signer;
use sealway_schemas::{DeviceId, PublicKey, Time};
use serde_json::Value;

/// A command that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// Stable, kebab-case.
    pub code: String,
    pub detail: String,
}

/// What became of the reports of one payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    pub duplicates: u64,
    pub refused: u64,
}

/// Time is an argument and never goes back between two calls.
pub trait Platform {
    /// By which a seal knows what it hears; enrolment brings it.
    fn key(&self) -> PublicKey;
    /// A person's command; what it answers beside its receipt.
    fn command(&mut self, at: Time, by: &Signer, body: &Value) -> Result<Option<Value>, Refusal>;
    /// Whether a login's password is accepted.
    fn login(&mut self, at: Time, device: &DeviceId, password: &str) -> bool;
    fn hello(&mut self, at: Time, device: &DeviceId, bytes: &[u8]);
    /// One PUBLISH on a device's `up` topic.
    fn publish(&mut self, at: Time, device: &DeviceId, payload: &[u8]) -> Published;
    /// What waits on a device's `down` topic, signed by the platform.
    fn downs(&mut self, at: Time, device: &DeviceId) -> Vec<Vec<u8>>;
    /// Only time has passed.
    fn pass(&mut self, at: Time);
}
