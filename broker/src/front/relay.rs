//! A seal that speaks through somebody else's line: the same login, the same name at the switchboard, the same way back as over MQTT.

use super::conduct::Conduct;
use super::mailbox::{Delivery, Mailbox};
use super::seat::Seat;
use super::switchboard::Badge;
use super::{Front, Shared};
use crate::Refusal;
use crate::claim::{AdmitRefusal, Admitted, Claimed, Ingress};
use bytes::Bytes;
use sealway_schemas::DeviceId;
use sealway_schemas::link::{SessionId, UpMessage, Upload};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Down messages that leave at once; the rest waits in the mailbox.
const DOWNS: usize = 16;

/// The door for lines that carry seals beside MQTT.
pub(crate) struct Relay<I> {
    shared: Shared<I>,
    /// The name of the line.
    reader: Arc<str>,
}

impl<I> Clone for Relay<I> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), reader: Arc::clone(&self.reader) }
    }
}

/// Why a seal is not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwelcome {
    TooOften,
    Refused(AdmitRefusal),
}

impl From<AdmitRefusal> for Unwelcome {
    fn from(refusal: AdmitRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// One seal that was admitted.
pub(crate) struct Relayed<I: Ingress> {
    shared: Shared<I>,
    session: SessionId,
    device: DeviceId,
    mailbox: Arc<Mailbox>,
    _seat: Seat<I>,
}

impl<I: Ingress> Relay<I> {
    pub(crate) fn new(front: &Front, ingress: Arc<I>, reader: &str) -> Self {
        Self { shared: Shared { state: Arc::clone(&front.state), ingress }, reader: reader.into() }
    }

    /// As over MQTT a device that came too often, or was put off, is not even looked at.
    pub(crate) async fn admit(&self, device: DeviceId, login: Vec<u8>) -> Result<Relayed<I>, Unwelcome> {
        let Self { shared, reader } = self;
        let door = &shared.state.entrance.door;
        let too_often = || {
            shared.ingress.refused(&device, Refusal::DeviceRate);
            Err(Unwelcome::TooOften)
        };
        if door.is_put_off(&device) {
            return too_often();
        }
        let session = shared.state.next_session();
        let admitted = shared.ingress.admit(session, Claimed::DeviceLogin { device, login });
        match timeout(shared.state.limits.admit_deadline, admitted).await {
            Ok(Ok(Admitted::Device(admitted))) if admitted == device => {
                if !door.enter(device) {
                    shared.ingress.closed(session, &device);
                    return too_often();
                }
                let mailbox = Arc::new(Mailbox::default());
                mailbox.hears(true);
                let seat = Seat::take(shared, (session, device), Badge::relayed(device, reader), &mailbox);
                Ok(Relayed { shared: shared.clone(), session, device, mailbox, _seat: seat })
            }
            Ok(Ok(Admitted::Device(_) | Admitted::Listener(_))) => Err(AdmitRefusal::LoginSignature.into()),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(_) => Err(AdmitRefusal::Busy.into()),
        }
    }

    /// What a seal has to earn first.
    pub(crate) fn conduct(&self) -> Conduct {
        Conduct::new(usize::from(self.shared.state.limits.in_flight))
    }

    /// After this much silence a seal has gone.
    pub(crate) fn silence_max(&self) -> Duration {
        Duration::from_secs(u64::from(self.shared.state.limits.keep_alive_max_s)) * 3 / 2
    }
}

impl<I: Ingress> Relayed<I> {
    pub(crate) async fn upload(&self, ticket: u16, payload: Bytes) {
        let messages = vec![UpMessage { ticket, payload }];
        self.shared.ingress.upload(Upload { session: self.session, device: self.device, messages }).await;
    }

    /// Its owner is told, and it is not admitted for a while.
    pub(crate) fn put_off(&self, refusal: Refusal) {
        self.shared.state.entrance.door.put_off(self.device);
        self.shared.ingress.refused(&self.device, refusal);
    }

    /// Resolves when there is something to take.
    pub(crate) async fn rung(&self) {
        self.mailbox.rung().await;
    }

    pub(crate) fn take(&self) -> Delivery {
        self.mailbox.take(DOWNS)
    }
}
