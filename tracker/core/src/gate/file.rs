//! Decisions that a gate made alone, filed afterwards: each line once, in its order, and what the platform knew against it is told.

use super::Chain;
use super::ask::Decided;
use super::decide::{Passage, decide};
use super::facts::transfer_of;
use crate::command::Asking;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use crate::transfer::{Lifting, TransferIx};
use crate::verify::verify_claimed;
use sealway_schemas::alert::{AlertKind, Ground};
use sealway_schemas::gate::{Facts, GateLine, GateVerdict, NoteSeen, NoteUse, Reason, SignedText};
use sealway_schemas::movement::{Arrow, By, HoldFinding, HoldReason, MovementState};
use sealway_schemas::{Digest, GateId, Time};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn passage(line: &GateLine, facts: &Facts) -> Option<Passage> {
    facts.transfer.as_ref().map(|transfer| Passage::of(&facts.gate, line.question.direction, transfer))
}

/// Whether the transfer is now where only somebody who was let through can be.
fn gone_on(line: &GateLine, facts: &Facts) -> bool {
    let state = facts.transfer.as_ref().map(|transfer| transfer.state);
    let last = passage(line, facts).and_then(|passage| passage.states().last().copied());
    state.is_some_and(|state| state <= MovementState::WrittenOff && last.is_some_and(|last| state > last))
}

impl Core {
    pub(super) fn file_decision(
        &mut self,
        now: Time,
        asking: &Asking<'_>,
        gate: &GateId,
        (text, signature): (&str, [u8; 64]),
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Value>, CommandRefusal> {
        let chain = self.gate_of(asking, gate)?.chain;
        let line = self.signed_line(gate, text, &signature)?;
        if line.number <= chain.number {
            return self.filed_before(gate, &line, text).map(Some);
        }
        expect_next(gate, chain, &line)?;
        let view = self.gate_asked(asking, &line.question)?;
        let key = (gate.clone(), line.question.decision.clone());
        let answered = self.gates.decisions.get(&key).map(|kept| (kept.verdict, kept.reasons.clone()));
        let at = line.at.min(now);
        self.sweep_gates(now);
        let facts = self.gate_facts(at, &line.question, &view);
        let conflicts = match (line.verdict, answered) {
            (GateVerdict::Hold, _) | (GateVerdict::Go, Some((GateVerdict::Go, _))) => Vec::new(),
            (GateVerdict::Go, Some((GateVerdict::Hold, reasons))) => reasons,
            (GateVerdict::Go, None) => self.against(at, &line, &facts),
        };
        if line.verdict == GateVerdict::Go {
            self.catch_up(now, at, (&line, &facts), &conflicts, effects);
        }
        if let Some(gate) = self.gates.gates.get_mut(gate) {
            gate.chain = Chain { number: line.number, digest: Sha256::digest(text.as_bytes()).into() };
        }
        let GateLine { question, verdict, reasons, .. } = line;
        let decided = Decided { at, verdict, reasons, conflicts, line: Some(Digest::of(text.as_bytes())) };
        Ok(self.keep_decision(now, asking, (question, facts), decided, effects))
    }

    /// Signed by the gate's key over the bytes as they came.
    fn signed_line(&self, gate: &GateId, text: &str, signature: &[u8; 64]) -> Result<GateLine, CommandRefusal> {
        let none = || CommandRefusal::new("gate-key", format!("gate {gate}: has no key, expected one that was put"));
        let key = self.gate_key(gate).ok_or_else(none)?;
        if !verify_claimed(&key, &SignedText::message(GateLine::PURPOSE, text), signature) {
            let detail = format!("line of gate {gate}: not signed by {key}, expected the key that was put");
            return Err(CommandRefusal::new("gate-signature", detail));
        }
        let malformed = |detail: String| CommandRefusal::new("gate-line", format!("line of gate {gate}: {detail}"));
        let line: GateLine = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let agrees = (line.verdict == GateVerdict::Go) == line.reasons.is_empty();
        if line.question.gate != *gate || !agrees {
            return Err(malformed("of another gate, or a verdict without its reasons, expected its own and both".to_owned()));
        }
        Ok(line)
    }

    fn filed_before(&self, gate: &GateId, line: &GateLine, text: &str) -> Result<Value, CommandRefusal> {
        self.filed_answer(gate, text).ok_or_else(|| {
            let detail = format!("line {} of gate {gate}: filed before as another one or too long ago, expected the next", line.number);
            CommandRefusal::new("gate-chain", detail)
        })
    }

    /// The answer that a line got.
    pub(super) fn filed_answer(&self, gate: &GateId, text: &str) -> Option<Value> {
        let line: GateLine = serde_json::from_str(text).ok()?;
        let key = (gate.clone(), line.question.decision);
        let kept = self.gates.decisions.get(&key).filter(|kept| kept.line == Some(Digest::of(text.as_bytes())))?;
        debug_assert!(kept.filed_at.is_some(), "a line is filed");
        self.kept_answer(gate, &key.1)
    }

    /// What the platform knew that the gate could not. That the seal was seen leaving without a release says nothing: this was it; nor does
    /// what became of the cargo behind the gate before the line was filed.
    fn against(&self, at: Time, line: &GateLine, facts: &Facts) -> Vec<Reason> {
        let mut found = Vec::new();
        let until = line.snapshot_at.plus_ms(self.policy.gate_alone_ms);
        if at > until {
            found.push(Reason::SnapshotExpired { until });
        }
        let standing = decide(at, &line.question, facts, &self.gate_numbers()).into_iter().filter(Reason::is_standing);
        let departed = |reason: &Reason| {
            matches!(
                reason,
                Reason::TransferHeld { hold: HoldReason::UnreleasedDeparture, .. }
                    | Reason::RedAlert { kind: AlertKind::UnreleasedDeparture, .. }
            )
        };
        let gone_on = gone_on(line, facts);
        let became = |reason: &Reason| gone_on && matches!(reason, Reason::TransferState { .. } | Reason::SealUnbound { .. });
        found.extend(standing.filter(|reason| !departed(reason) && !became(reason)));
        found
    }

    /// The truck is through: the note is spent and the transfer released as of then, or somebody has to hear why not.
    fn catch_up(&mut self, now: Time, at: Time, (line, facts): (&GateLine, &Facts), conflicts: &[Reason], effects: &mut Vec<Effect>) {
        let Some(ix) = transfer_of(&facts.note).and_then(|id| self.transfers.find(id)) else { return };
        if let NoteSeen::Known(note) = &facts.note
            && note.used.is_none()
        {
            let used = NoteUse { gate: line.question.gate.clone(), decision: line.question.decision.clone(), at };
            self.consume(now, &note.note, used, effects);
        }
        let leaving = passage(line, facts) == Some(Passage::Leaving);
        let sealed = facts.transfer.as_ref().is_some_and(|transfer| transfer.state == MovementState::Sealed);
        if leaving && sealed && conflicts.is_empty() {
            self.release_late(now, ix, &line.question.gate, effects);
        } else if conflicts.iter().any(|reason| matches!(reason, Reason::NoteReused { .. })) {
            self.alarm(now, ix, AlertKind::NoteReused, effects);
        } else if leaving && !conflicts.is_empty() {
            self.alarm(now, ix, AlertKind::UnreleasedDeparture, effects);
        }
    }

    /// The seal may have been seen leaving before the gate could tell: that is explained now.
    fn release_late(&mut self, now: Time, ix: TransferIx, gate: &GateId, effects: &mut Vec<Effect>) {
        let by = By::Gate(gate.clone());
        let lifting = Lifting::of(HoldReason::UnreleasedDeparture, by.clone(), HoldFinding::LetGoAlone);
        self.lift_hold(now, ix, lifting, effects);
        let open = self.transfers.get(ix).map(|transfer| transfer.open_alerts.clone()).unwrap_or_default();
        let found = open.into_iter().find(|id| self.alerts.get(*id).is_some_and(|alert| alert.kind == AlertKind::UnreleasedDeparture));
        if let Some(id) = found {
            let ctr = self.alerts.get(id).and_then(|alert| alert.evidence.first().copied()).unwrap_or_default();
            self.alerts.explain(now, id, ctr);
            self.alerts.end(now, id);
            self.close_in_transfer(id);
            self.tell_alert(now, id, effects);
            if let Some(alert) = self.alerts.get(id) {
                self.exculpate(now, alert, Ground::Proved, effects);
            }
        }
        if self.step(now, ix, Arrow::Release, by, effects).is_err() {
            self.alarm(now, ix, AlertKind::UnreleasedDeparture, effects);
        }
    }
}

fn expect_next(gate: &GateId, chain: Chain, line: &GateLine) -> Result<(), CommandRefusal> {
    if line.number == chain.number + 1 && line.prev == hex::encode(chain.digest) {
        return Ok(());
    }
    let detail = format!("line {} of gate {gate}: expected line {} after {}", line.number, chain.number + 1, hex::encode(chain.digest));
    Err(CommandRefusal::new("gate-chain", detail))
}
