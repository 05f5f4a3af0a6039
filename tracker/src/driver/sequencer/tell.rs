//! After the commit: devices, people, the registry and the snapshots hear of it.

use super::{MOVED_MS, Sequencer};
use crate::snapshot::{self, SnapshotRef};
use sealway_core::Row;
use sealway_schemas::DeviceId;
use sealway_schemas::down::{Ack, Down};
use sealway_schemas::event::{Change, Event};
use sealway_schemas::link::CloseReason;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Rows asked of the judge in one go; the others wait for the next.
const MOVED_ROWS: usize = 5_000;
/// A snapshot rests so many times as long as the one before took.
const SNAPSHOT_REST: u64 = 10;

impl Sequencer {
    /// Tells devices: PUBACKs, acks, down messages.
    pub(super) fn settle(&mut self) {
        for device in std::mem::take(&mut self.owed.introduce) {
            for message in self.parts.key.introductions(&device) {
                // One that has gone meanwhile hears it when it comes again.
                let _told = self.parts.downlink.publish(&device, message);
            }
        }
        let tree = self.parts.tree.head();
        for wanted in self.acks.take_due(self.parts.now) {
            let (core, now) = (&self.parts.core, self.parts.now);
            let ack = match wanted.unknown_key_at {
                Some(ctr) => core.ack_below(&wanted.device, ctr, now),
                None => core.ack(&wanted.device, now),
            };
            let Some(ack) = ack else { continue };
            let released = self.released.of(&wanted.device, ack.stored, self.parts.log.next_seq());
            let ack = Ack { released, tree, ..ack };
            self.parts.counters.acks_signed.fetch_add(1, Relaxed);
            let message = self.parts.key.seal(&wanted.device, &Down::Ack(ack));
            self.owed.send_down(wanted.session, message);
        }
        let settlements = self.owed.take_settlements();
        if !settlements.is_empty() {
            self.parts.downlink.settle(settlements);
        }
        self.parts.counters.in_flight.fetch_sub(std::mem::take(&mut self.owed.uploads), Relaxed);
        for (device, down) in std::mem::take(&mut self.owed.down) {
            let message = self.parts.key.seal(&device, &down);
            if !self.parts.downlink.publish(&device, message) {
                tracing::debug!(%device, "not connected: a down message waits for its next hello");
            }
        }
        for device in std::mem::take(&mut self.owed.close) {
            self.parts.downlink.close(&device, CloseReason::Revoked);
        }
        for (reply, head) in std::mem::take(&mut self.owed.heads) {
            let _gone = reply.send(head);
        }
        for (reply, result) in std::mem::take(&mut self.owed.admits) {
            let _gone = reply.send(result);
        }
        self.answer_terminals();
    }

    /// Rows and positions of devices and terminals that moved, at most once a second each, and only while the registry keeps up.
    pub(super) fn show_moved(&mut self) {
        let due = self.parts.now.since(self.moved_at) >= MOVED_MS;
        if self.moved.is_empty() || !(due || self.draining.is_some()) {
            return;
        }
        self.moved_at = self.parts.now;
        if self.parts.projector.backlog() >= MOVED_ROWS && self.draining.is_none() {
            return;
        }
        let limit = if self.draining.is_some() { usize::MAX } else { MOVED_ROWS };
        let devices: Vec<DeviceId> = self.moved.iter().take(limit).copied().collect();
        for device in devices {
            self.moved.remove(&device);
            let core = &self.parts.core;
            let Some(view) = core.device(&device) else {
                self.show_terminal(&device);
                continue;
            };
            if let Some(position) = core.position(&device) {
                let change = Change::Position(position);
                self.owed.events.push(Event { at: self.parts.now, visible_to: core.visible_to(&device), change });
            }
            if let Some(transfer) = view.transfer.as_ref().and_then(|id| core.transfer(id)) {
                self.owed.rows.push(Row::Transfer(transfer));
            }
            self.owed.rows.push(Row::Device(view));
        }
    }

    /// Tells people: rows, events, receipts.
    pub(super) fn tell(&mut self) {
        let rows = std::mem::take(&mut self.owed.rows);
        let events = std::mem::take(&mut self.owed.events);
        let commands = std::mem::take(&mut self.owed.commands);
        let seq = self.parts.log.next_seq();
        if !rows.is_empty() || !events.is_empty() || !commands.is_empty() || self.draining.is_some() {
            let complete = self.moved.is_empty().then_some(seq);
            let ticket = self.parts.projector.put(rows, events, complete, !commands.is_empty());
            self.parts.projector.told_records(seq);
            for (reply, result) in commands {
                let _gone = reply.send(result.map(|receipt| (receipt, ticket)));
            }
        }
        self.parts.outbox.put(self.owed.outbound.drain(..), seq);
    }

    pub(super) fn write_snapshot_if_due(&mut self) {
        let entries = self.parts.log.next_seq().saturating_sub(self.parts.snapshot_seq);
        let waited = self.parts.now.since(self.snapshot_at);
        // What a crash leaves to replay is bounded by work, and what snapshots cost by their own last time.
        let interval = self.parts.config.snapshot_interval_ms.max(SNAPSHOT_REST * self.snapshot_took_ms.load(Relaxed));
        if entries >= self.parts.config.snapshot_entries && waited >= interval {
            self.write_snapshot(false);
        }
    }

    /// Made here, because only here the state stands still; written beside, because the disk is slow.
    pub(super) fn write_snapshot(&mut self, wait: bool) {
        // One writer: two of the same number would share what is not yet in place.
        if let Some(before) = self.snapshot_writing.take_if(|writing| wait || writing.is_finished()) {
            let _ended = before.join();
        }
        if self.snapshot_writing.is_some() {
            return;
        }
        let began = Instant::now();
        let seq = self.parts.log.next_seq();
        let strict_cursor = self.parts.counters.strict_cursor.load(Relaxed);
        let heads = self.parts.heads.to_vec();
        let body = SnapshotRef { seq, now: self.parts.now, strict_cursor, heads, core: &self.parts.core }.encode();
        self.parts.snapshot_seq = seq;
        self.snapshot_at = self.parts.now;
        let (dir, counters) = (self.parts.data_dir.snapshots(), self.parts.counters.clone());
        let (records, took_ms) = (self.parts.projector.records(), self.snapshot_took_ms.clone());
        let write = move || {
            let written = body.map_err(std::io::Error::other).and_then(|body| snapshot::write(&dir, (seq, records), &body));
            took_ms.store(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), Relaxed);
            match written {
                Ok(()) => _ = counters.snapshots.fetch_add(1, Relaxed),
                Err(error) => tracing::warn!(%error, seq, "snapshot not written; the next start replays more"),
            }
        };
        if wait {
            write();
            return;
        }
        match std::thread::Builder::new().name("snapshot".into()).spawn(write) {
            Ok(writing) => self.snapshot_writing = Some(writing),
            Err(error) => tracing::warn!(%error, "no thread for the snapshot"),
        }
    }
}
