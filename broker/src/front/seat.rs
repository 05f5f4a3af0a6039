//! A device's name at the switchboard, from its admission to the end of its connection, whatever carries it.

use super::Shared;
use super::mailbox::Mailbox;
use super::switchboard::{Badge, Name};
use crate::claim::Ingress;
use sealway_schemas::DeviceId;
use sealway_schemas::link::SessionId;
use std::sync::Arc;

/// Frees the name and tells the ingress, however the connection ends.
pub(crate) struct Seat<I: Ingress> {
    shared: Shared<I>,
    session: SessionId,
    device: DeviceId,
}

impl<I: Ingress> Seat<I> {
    /// Takes the name, also from another connection of the device.
    pub(crate) fn take(shared: &Shared<I>, (session, device): (SessionId, DeviceId), badge: Badge, mailbox: &Arc<Mailbox>) -> Self {
        shared.state.switchboard.seat(session, badge, mailbox);
        Self { shared: shared.clone(), session, device }
    }
}

impl<I: Ingress> Drop for Seat<I> {
    fn drop(&mut self) {
        self.shared.state.switchboard.leave(self.session, &Name::Device(self.device));
        self.shared.ingress.closed(self.session, &self.device);
    }
}
