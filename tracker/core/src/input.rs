//! What comes to the judge. Whatever changes its state is in the log, so a replay feeds the same inputs.

use crate::policy::Policy;
use crate::verify::VerifiedReport;
use bytes::Bytes;
use sealway_schemas::command::Signer;
use sealway_schemas::hello::Hello;
use sealway_schemas::refusals::Refusals;
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::succession::Succession;
use sealway_schemas::terminal::UnsignedFrame;
use sealway_schemas::{DeviceId, Digest, Time};

#[derive(Debug)]
pub enum Input {
    Report(VerifiedReport),
    /// A login whose signature was verified.
    Login {
        device: DeviceId,
        t: Time,
    },
    /// A hello whose signature was verified. It is not in the log.
    Hello {
        device: DeviceId,
        hello: Hello,
    },
    /// `body`: the command's JSON as it was sent. `by` is who the token or session says.
    Command {
        by: Signer,
        key: String,
        body: Bytes,
        /// Of the person over the body, where the person has a signing key.
        signature: Option<CommandSignature>,
    },
    /// A report that a batch let pass and the strict equation refused.
    StrictFailed {
        device: DeviceId,
        ctr: u64,
        digest: Digest,
    },
    /// A hello that showed fewer reports than are stored.
    StateLost {
        device: DeviceId,
        stored: u64,
        hi: u64,
    },
    /// The platform was restored from a copy.
    Generation(u64),
    /// What the front and the verifiers refused: kept, and of no effect.
    Refusals(Refusals),
    /// The numbers to judge by from here on.
    Policy(Policy),
    /// The platform signs by another key from here on.
    Rekey(Succession),
    /// What a terminal said, as an adapter read it. Nobody signed it.
    Unsigned(UnsignedFrame),
    /// Only time has passed.
    Tick,
}
