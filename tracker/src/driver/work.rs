//! What travels between the stages.

use crate::log::Position;
use bytes::Bytes;
use sealway_core::verify::{Refusal, VerifiedReport};
use sealway_core::{CommandReceipt, CommandRefusal, LoginRefusal, TerminalRefusal};
use sealway_schemas::command::Signer;
use sealway_schemas::hello::Hello;
use sealway_schemas::link::{SessionId, Upload};
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time};
use tokio::sync::oneshot;

/// Why a device was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitRefusal {
    #[error("login: {0}")]
    Login(#[from] LoginRefusal),
    #[error("login of device {device}: {refusal}")]
    Signature { device: DeviceId, refusal: Refusal },
    #[error("device {0}: the certificate holds another key than its identity key")]
    OtherKey(DeviceId),
    #[error("the tracker has stopped")]
    Stopped,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandFailure {
    #[error(transparent)]
    Refused(#[from] CommandRefusal),
    #[error("the tracker has stopped")]
    Stopped,
    #[error("the disk is full")]
    DiskFull,
}

/// Why a terminal's call or frame was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalFailure {
    #[error(transparent)]
    Refused(#[from] TerminalRefusal),
    #[error("the tracker has stopped")]
    Stopped,
}

pub(crate) type TerminalReply = oneshot::Sender<Result<DeviceId, TerminalFailure>>;
pub(crate) type UnsignedReply = oneshot::Sender<Result<(), TerminalFailure>>;
pub(crate) type AdmitReply = oneshot::Sender<Result<(), AdmitRefusal>>;
/// The receipt, and the registry's hand-over that shows what the command did.
pub(crate) type CommandReply = oneshot::Sender<Result<(CommandReceipt, u64), CommandFailure>>;

/// To a verify worker.
#[derive(Debug)]
pub(crate) enum Job {
    Upload(Upload),
    Login {
        device: DeviceId,
        login: Vec<u8>,
        reply: AdmitReply,
    },
    /// Nothing to verify: goes on behind what came before it.
    Pass(Work),
}

/// To the sequencer.
#[derive(Debug)]
pub(crate) enum Work {
    Screened(Screened),
    Login {
        device: DeviceId,
        t: Time,
        reply: AdmitReply,
    },
    /// Which registered terminal calls itself so.
    Terminal {
        protocol: Protocol,
        call_sign: CallSign,
        reply: TerminalReply,
    },
    Unsigned {
        frame: UnsignedFrame,
        reply: UnsignedReply,
    },
    Certificate {
        device: DeviceId,
        key: PublicKey,
        reply: AdmitReply,
    },
    Command {
        by: Signer,
        key: String,
        body: Bytes,
        signature: Option<CommandSignature>,
        reply: CommandReply,
    },
    /// The device's newest frame.
    Head {
        device: DeviceId,
        reply: oneshot::Sender<Option<Position>>,
    },
    StrictFailed {
        device: DeviceId,
        ctr: u64,
        digest: Digest,
    },
    /// Answered when everything before it was taken.
    Fence {
        reply: oneshot::Sender<()>,
    },
    Fingerprint {
        reply: oneshot::Sender<[u8; 32]>,
    },
    /// Everything before it is settled, a snapshot written, then the sequencer ends.
    Drain {
        reply: oneshot::Sender<()>,
    },
}

/// An upload whose signatures were looked at.
#[derive(Debug)]
pub(crate) struct Screened {
    pub(crate) session: SessionId,
    pub(crate) device: DeviceId,
    /// Ticket of each message and how many of `items` are its own.
    pub(crate) messages: Vec<(u16, usize)>,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every item is a report, and a box for each would cost more than it saves")]
pub(crate) enum Item {
    Report(VerifiedReport),
    Hello(Hello),
    /// `ctr`: what the report claims, where it could be decoded.
    Refused {
        refusal: Refusal,
        unverified_ctr: Option<u64>,
        bytes: Bytes,
    },
}
