//! What the platform says, believed only under the platform's key and the strict equation.

use super::Device;
use crate::acked::Taken;
use crate::keys::PlatformKey;
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::{Ack, Challenge, Configure, Down, Grant, Rekey};
use sealway_schemas::report::Event;
use sealway_schemas::{PublicKey, aad};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Answers are at least this far apart.
const ANSWER_SPACING_MS: u64 = 5_000;
const NONCES_KEPT: usize = 1_024;
const GRANTS_KEPT: usize = 8;

/// What became of a down message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Acked,
    /// A higher generation: everything above `stored` goes out again.
    Restored,
    /// The platform has counters that this device never used.
    StateLost,
    GrantKept,
    /// With the answer's counter.
    Answered(u64),
    Configured,
    Rekeyed,
    Ignored(Ignored),
}

/// Why a down message changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    Malformed,
    /// Not signed by the platform's key for this device.
    NotThePlatform,
    LowerGeneration,
    /// A grant for another epoch, or one that was used or is kept.
    GrantOfNoUse,
    AnsweredBefore,
    TooSoonAfterAnswer,
    /// A lower or equal `seq`.
    OldSeq,
    WeakKey,
    /// The report that it asks for could not be made.
    NotMade,
}

impl Device {
    /// Takes a message from its `down` topic.
    pub fn hear(&mut self, uptime_ms: u64, message: &[u8]) -> Heard {
        let Ok(unverified) = Sign1::parse(message) else { return Heard::Ignored(Ignored::Malformed) };
        let key = self.platform_key();
        let Some(payload) = key.and_then(|key| key.open(&unverified, &aad::down(&self.id))) else {
            return Heard::Ignored(Ignored::NotThePlatform);
        };
        match Down::decode(payload) {
            Ok(Down::Ack(ack)) => self.hear_ack(uptime_ms, &ack),
            Ok(Down::Grant(grant)) => self.hear_grant(grant, payload),
            Ok(Down::Challenge(challenge)) => self.hear_challenge(uptime_ms, challenge),
            Ok(Down::Configure(configure)) => self.configured.configure(configure),
            Ok(Down::Rekey(rekey)) => self.hear_rekey(rekey),
            Err(_) => Heard::Ignored(Ignored::Malformed),
        }
    }

    fn hear_ack(&mut self, uptime_ms: u64, ack: &Ack) -> Heard {
        let taken = self.acked.take(ack, self.highest());
        match taken {
            Taken::Lower => return Heard::Ignored(Ignored::LowerGeneration),
            Taken::AheadOfUs => {
                self.state_lost = true;
                return Heard::StateLost;
            }
            Taken::Same | Taken::Restored => {}
        }
        if let Some(tree) = ack.tree {
            self.heard = tree.root.first_chunk().copied();
        }
        if taken == Taken::Restored {
            self.declared.retain(|declared| self.ring.get(declared.by).is_some());
            self.outbox.restart(&self.acked);
            self.find_lost(self.acked.stored + 1, self.highest());
        }
        let mut wanted = Vec::new();
        for want in &ack.wants {
            let to = want.to.min(self.highest());
            self.find_lost(want.from, to);
            wanted.extend(self.held(want.from, to));
        }
        self.outbox.hear(&self.acked, &wanted);
        self.lost.forget_up_to(self.acked.stored);
        self.own_up(uptime_ms);
        if taken == Taken::Restored { Heard::Restored } else { Heard::Acked }
    }

    /// Counters that the platform lacks, the ring does not hold, and no gap report names yet.
    fn find_lost(&mut self, from: u64, to: u64) {
        let mut expected = from;
        for ctr in self.held(from, to).into_iter().chain([to + 1]) {
            for missing in expected..ctr {
                let declared = self.declared.iter().any(|declared| declared.span.has(missing));
                if !declared && !self.acked.is_stored(missing) {
                    self.lost.add(missing);
                }
            }
            expected = ctr + 1;
        }
    }

    fn held(&self, from: u64, to: u64) -> Vec<u64> {
        self.ring.from(from).map(|record| record.ctr).take_while(|ctr| *ctr <= to).collect()
    }

    fn hear_grant(&mut self, grant: Grant, payload: &[u8]) -> Heard {
        if self.epoch_key.is_none() || grant.epoch != self.epoch || !self.grants.keep(&grant, payload) {
            return Heard::Ignored(Ignored::GrantOfNoUse);
        }
        Heard::GrantKept
    }

    /// `not_after` is for the platform: an answer's freshness is judged by its arrival, and this clock may be wrong.
    fn hear_challenge(&mut self, uptime_ms: u64, challenge: Challenge) -> Heard {
        if let Err(why) = self.challenges.may_answer(&challenge.nonce, uptime_ms) {
            return Heard::Ignored(why);
        }
        let made = self.make(uptime_ms, Event::ChallengeAnswer, |draft| draft.reference = Some(challenge.nonce));
        let Ok(ctr) = made else { return Heard::Ignored(Ignored::NotMade) };
        self.challenges.answered(challenge.nonce, uptime_ms);
        Heard::Answered(ctr)
    }

    fn hear_rekey(&mut self, rekey: Rekey) -> Heard {
        if rekey.seq <= self.configured.rekey_seq {
            return Heard::Ignored(Ignored::OldSeq);
        }
        if PlatformKey::new(&rekey.public_key).is_none() {
            return Heard::Ignored(Ignored::WeakKey);
        }
        self.configured.rekey_seq = rekey.seq;
        self.platform = Some(rekey.public_key);
        Heard::Rekeyed
    }

    /// The key by which the device knows the platform.
    #[must_use]
    pub fn platform(&self) -> Option<PublicKey> {
        self.platform
    }
}

/// Grants that may still open it, as their payloads, and the ids of those that did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Grants {
    kept: VecDeque<Vec<u8>>,
    used: Vec<[u8; 16]>,
}

impl Grants {
    pub(super) fn kept(&self) -> Vec<Grant> {
        let decoded = self.kept.iter().map(|payload| Down::decode(payload));
        decoded.filter_map(|down| if let Ok(Down::Grant(grant)) = down { Some(grant) } else { None }).collect()
    }

    fn keep(&mut self, grant: &Grant, payload: &[u8]) -> bool {
        if self.used.contains(&grant.id) || self.kept().iter().any(|kept| kept.id == grant.id) {
            return false;
        }
        if self.kept.len() == GRANTS_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(payload.to_vec());
        true
    }

    /// Marks a grant as used. Every other one dies with its epoch.
    pub(super) fn use_up(&mut self, id: &[u8; 16]) {
        self.used.push(*id);
        self.kept.clear();
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Challenges {
    answered: VecDeque<[u8; 16]>,
    #[serde(skip)]
    last_at_ms: Option<u64>,
}

impl Challenges {
    fn may_answer(&self, nonce: &[u8; 16], uptime_ms: u64) -> Result<(), Ignored> {
        if self.answered.contains(nonce) {
            return Err(Ignored::AnsweredBefore);
        }
        match self.last_at_ms {
            Some(last) if uptime_ms.saturating_sub(last) < ANSWER_SPACING_MS => Err(Ignored::TooSoonAfterAnswer),
            _ => Ok(()),
        }
    }

    fn answered(&mut self, nonce: [u8; 16], uptime_ms: u64) {
        if self.answered.len() == NONCES_KEPT {
            self.answered.pop_front();
        }
        self.answered.push_back(nonce);
        self.last_at_ms = Some(uptime_ms);
    }

    pub(super) fn boot(&mut self) {
        self.last_at_ms = None;
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Configured {
    seq: u64,
    rekey_seq: u64,
    period_s: u64,
    moving_period_s: u64,
}

impl Configured {
    pub(super) fn new(period_s: u64, moving_period_s: u64) -> Self {
        Self { seq: 0, rekey_seq: 0, period_s, moving_period_s }
    }

    pub(super) fn periods_s(&self) -> (u64, u64) {
        (self.period_s, self.moving_period_s)
    }

    fn configure(&mut self, configure: Configure) -> Heard {
        if configure.seq <= self.seq {
            return Heard::Ignored(Ignored::OldSeq);
        }
        self.seq = configure.seq;
        self.period_s = configure.period_s.unwrap_or(self.period_s).max(1);
        self.moving_period_s = configure.moving_period_s.unwrap_or(self.moving_period_s).max(1);
        Heard::Configured
    }
}
