//! The reports of a transfer as points, for other programs to work with. Evidence is what the bundle has; this is for reading.

use super::gather::EvidenceError;
use super::named::{Named, each_entry, look};
use crate::log::LogError;
use crate::series::Point;
use crate::tree::TreeReader;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Report;
use sealway_schemas::{DeviceId, TransferId};

/// The reports of one transfer's seals, under the newest checkpoint.
#[derive(Debug)]
pub struct TransferPoints<'a> {
    tree: &'a TreeReader,
    named: Named,
    size: u64,
}

impl<'a> TransferPoints<'a> {
    /// `progress` is told how many entries were looked at.
    pub fn of(tree: &'a TreeReader, transfer: &TransferId, progress: &dyn Fn(u64)) -> Result<Self, EvidenceError> {
        let size = tree.checkpoint().ok_or(EvidenceError::NoCheckpoint)?.checkpoint.size;
        Ok(Self { tree, named: look(tree, transfer, size, progress)?, size })
    }

    /// The transfer's seals, in their order.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.named.devices()
    }

    /// Gives the points of one seal, one by one, in the order in which the reports were received.
    pub fn each<E: From<LogError>>(
        &self,
        device: &DeviceId,
        progress: &dyn Fn(u64),
        mut take: impl FnMut(Point) -> Result<(), E>,
    ) -> Result<(), E> {
        each_entry(self.tree, self.size, progress, |seq, entry, _| match entry {
            Entry::Report { at, device: whose, bytes } if whose == *device && self.named.has(device, seq) => {
                let point = Report::parse(&bytes).ok().and_then(|(_, report)| Point::new(whose, &report, at).ok());
                point.map_or(Ok(()), &mut take)
            }
            _ => Ok(()),
        })
    }
}
