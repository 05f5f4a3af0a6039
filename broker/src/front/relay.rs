//! A seal that speaks through somebody else's line: the same login, the same name at the switchboard, the same way back as over MQTT.

use super::mailbox::{Delivery, Mailbox};
use super::seat::Seat;
use super::switchboard::Badge;
use super::{Front, Shared};
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

    pub(crate) async fn admit(&self, device: DeviceId, login: Vec<u8>) -> Result<Relayed<I>, AdmitRefusal> {
        let Self { shared, reader } = self;
        let session = shared.state.next_session();
        let admitted = shared.ingress.admit(session, Claimed::DeviceLogin { device, login });
        match timeout(shared.state.limits.admit_deadline, admitted).await {
            Ok(Ok(Admitted::Device(admitted))) if admitted == device => {
                let mailbox = Arc::new(Mailbox::default());
                mailbox.hears(true);
                let seat = Seat::take(shared, (session, device), Badge::relayed(device, reader), &mailbox);
                Ok(Relayed { shared: shared.clone(), session, device, mailbox, _seat: seat })
            }
            Ok(Ok(Admitted::Device(_) | Admitted::Listener(_))) => Err(AdmitRefusal::LoginSignature),
            Ok(Err(refusal)) => Err(refusal),
            Err(_) => Err(AdmitRefusal::Busy),
        }
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

    /// Resolves when there is something to take.
    pub(crate) async fn rung(&self) {
        self.mailbox.rung().await;
    }

    pub(crate) fn take(&self) -> Delivery {
        self.mailbox.take(DOWNS)
    }
}
