//! What a seal was asked, and what it answered: the proof that it is here, now. Judged by arrival, for a seal's clock proves nothing.

use crate::core::Core;
use crate::device::{DeviceIx, PackedFix};
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The newest question to each seal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Questions(BTreeMap<DeviceId, Question>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Question {
    nonce: [u8; 16],
    not_after: Time,
    by: UserId,
    answer: Option<Answer>,
}

/// A seal's answer, in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// When it arrived.
    pub(crate) at: Time,
    pub(crate) ctr: u64,
    pub(crate) epoch: u64,
    pub(crate) closed: bool,
    pub(crate) fix: Option<PackedFix>,
}

impl Questions {
    pub(super) fn ask(&mut self, device: DeviceId, (nonce, not_after): ([u8; 16], Time), by: UserId) {
        self.0.insert(device, Question { nonce, not_after, by, answer: None });
    }

    /// What a device that was away has still to be asked.
    pub(super) fn open(&self, device: &DeviceId, now: Time) -> Option<([u8; 16], Time)> {
        let question = self.0.get(device)?;
        (question.answer.is_none() && now <= question.not_after).then_some((question.nonce, question.not_after))
    }
}

impl Core {
    /// The newest answer of a seal, if it is younger than `fresh_ms`.
    pub(crate) fn fresh_answer(&self, now: Time, device: &DeviceId) -> Option<Answer> {
        let answer = self.questions.0.get(device)?.answer?;
        (now.since(answer.at) <= self.policy.answer_fresh_ms).then_some(answer)
    }

    pub(crate) fn check_answer(&mut self, now: Time, ix: DeviceIx, report: &Report) {
        if report.event() != Event::ChallengeAnswer {
            return;
        }
        let Some(device) = self.devices.get(ix).map(|device| device.id) else { return };
        let Some(question) = self.questions.0.get_mut(&device) else { return };
        if report.reference() == Some(question.nonce) && now <= question.not_after && question.answer.is_none() {
            let fix = report.fix().and_then(|fix| PackedFix::pack(&fix, report.t()));
            let closed = report.status().closed();
            question.answer = Some(Answer { at: now, ctr: report.ctr(), epoch: report.epoch(), closed, fix });
        }
    }
}
