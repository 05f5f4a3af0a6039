//! Joins the front to the tracker: what a client claims, what it brings, and the way back.

use sealway_broker::{
    AdmitRefusal, Admitted, Claimed, Count, EventScope, FrontDownlink, Ingress, Refusal, TerminalIngress, TerminalRefusal,
};
use sealway_core::verify::Refusal as Unverified;
use sealway_schemas::DeviceId;
use sealway_schemas::link::{CloseReason, Downlink, SessionId, Settlement, Upload};
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use sealway_tracker::{AdmitRefusal as Refused, LoginRefusal, Scope, TerminalFailure, Tracker};
use std::sync::OnceLock;

/// The tracker as the front sees it.
pub(crate) struct TrackerIngress(pub(crate) Tracker);

impl Ingress for TrackerIngress {
    async fn admit(&self, _: SessionId, claimed: Claimed) -> Result<Admitted, AdmitRefusal> {
        match claimed {
            Claimed::DeviceLogin { device, login } => {
                let admitted = self.0.admit_device(device, login).await;
                self.told(device, admitted)
            }
            Claimed::DeviceCertificate { device, public_key } => {
                let admitted = self.0.admit_certificate(device, public_key).await;
                self.told(device, admitted)
            }
            Claimed::Person { user: _, token } => {
                let principal = self.0.registry().authenticate(token.expose()).await.map_err(|error| {
                    tracing::error!(%error, "a token could not be looked up");
                    AdmitRefusal::Busy
                })?;
                Ok(Admitted::Listener(match principal.ok_or(AdmitRefusal::UnknownToken)?.scope {
                    Scope::All => EventScope::All,
                    Scope::District { customs: party, .. } | Scope::Party(party) => EventScope::Party(party),
                }))
            }
        }
    }

    async fn upload(&self, upload: Upload) {
        self.0.upload(upload).await;
    }

    /// The tracker keeps nothing of a session.
    fn closed(&self, _: SessionId, _: &DeviceId) {}

    /// For the device's owner. What a login was refused for has been noted with its reason; and a name that was only claimed is nobody's.
    fn refused(&self, device: &DeviceId, refusal: Refusal) {
        let noted = matches!(
            refusal,
            Refusal::NotEnrolled
                | Refusal::Revoked
                | Refusal::LoginSignature
                | Refusal::LoginReplayed
                | Refusal::AdmitDeadline
                | Refusal::TrackerBusy
        );
        if !noted {
            self.0.errors().note(self.0.now(), device, refusal.as_str(), refusal.to_string());
        }
    }
}

impl TerminalIngress for TrackerIngress {
    async fn call(&self, protocol: Protocol, call_sign: CallSign) -> Result<DeviceId, TerminalRefusal> {
        self.0.call_terminal(protocol, call_sign).await.map_err(terminal_refusal)
    }

    async fn keep(&self, frame: UnsignedFrame) -> Result<(), TerminalRefusal> {
        self.0.keep_unsigned(frame).await.map_err(terminal_refusal)
    }

    fn refused(&self, terminal: &DeviceId, why: Count, source: &str) {
        self.0.errors().note(self.0.now(), terminal, why.as_str(), source.to_owned());
    }
}

fn terminal_refusal(failure: TerminalFailure) -> TerminalRefusal {
    match failure {
        TerminalFailure::Refused(_) => TerminalRefusal::NotRegistered,
        TerminalFailure::Stopped => TerminalRefusal::Busy,
    }
}

impl TrackerIngress {
    fn told(&self, device: DeviceId, admitted: Result<(), Refused>) -> Result<Admitted, AdmitRefusal> {
        let Err(refused) = admitted else { return Ok(Admitted::Device(device)) };
        let told = refusal(&refused);
        if !matches!(told, AdmitRefusal::NotEnrolled | AdmitRefusal::Busy) {
            self.0.errors().note(self.0.now(), &device, Refusal::from(told).as_str(), refused.to_string());
        }
        Err(told)
    }
}

fn refusal(refused: &Refused) -> AdmitRefusal {
    match refused {
        Refused::Login(LoginRefusal::UnknownDevice(_)) | Refused::Signature { refusal: Unverified::UnknownDevice, .. } => {
            AdmitRefusal::NotEnrolled
        }
        Refused::Login(LoginRefusal::Revoked(_)) | Refused::Signature { refusal: Unverified::Revoked, .. } => AdmitRefusal::Revoked,
        Refused::Login(LoginRefusal::Replayed { .. }) => AdmitRefusal::LoginReplayed,
        Refused::Signature { .. } | Refused::OtherKey(_) => AdmitRefusal::LoginSignature,
        Refused::Stopped => AdmitRefusal::Busy,
    }
}

/// The way back to devices. The tracker is opened before the front, so the front is set once it listens; before that no device
/// is connected and there is nothing to send.
#[derive(Default)]
pub(crate) struct WayBack(OnceLock<FrontDownlink>);

impl WayBack {
    pub(crate) fn lead_to(&self, front: FrontDownlink) {
        // Set once, by the one place that starts the front.
        drop(self.0.set(front));
    }
}

impl Downlink for WayBack {
    fn settle(&self, settlements: Vec<Settlement>) {
        if let Some(front) = self.0.get() {
            front.settle(settlements);
        }
    }

    fn publish(&self, device: &DeviceId, message: bytes::Bytes) -> bool {
        self.0.get().is_some_and(|front| front.publish(device, message))
    }

    fn close(&self, device: &DeviceId, reason: CloseReason) {
        if let Some(front) = self.0.get() {
            front.close(device, reason);
        }
    }
}
