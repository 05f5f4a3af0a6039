//! One transfer from its declaration to its unsealing, with its people and its seal, acted out when its time comes.

use super::deed::Deed;
use super::platform::Platform;
use super::way::Way;
use crate::chance::{Chance, secret};
use crate::device::Device;
use crate::fleet::units;
use crate::journey::Journey;
use crate::world::{Corridor, Mode};
use sealway_schemas::command::Signer;
use sealway_schemas::ids::NotAnId;
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, PartyId, Time, TransferId};
use std::collections::BTreeMap;

/// Reports that the flash holds: more than the longest way makes.
const RING: usize = 4_096;
const MINUTE_MS: u64 = 60_000;
/// So long after the last act time goes on, so that what waits for its time comes out.
const AFTERMATH_MS: u64 = 60 * MINUTE_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    Honest,
    Dishonest,
}

/// What is special about a play; `None` is a day like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conduct {
    pub deed: Option<Deed>,
    pub twin: Twin,
}

/// Who, where and when.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Numbers seal, unit and transfer; unique on one stage.
    pub number: u64,
    pub corridor: Corridor,
    pub starts_at: Time,
    pub seed: u64,
}

/// A command of the life of a transfer: how often it was taken, and refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    pub taken: u64,
    pub refused: u64,
    /// Of the last refusal.
    pub why: Option<String>,
}

/// What a play saw by itself.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub made: u64,
    pub duplicates: u64,
    pub refused: u64,
    pub logins_refused: u64,
    pub challenges_answered: u64,
    pub unsealed: u64,
    /// When the deed was done.
    pub done_at: Option<Time>,
    /// By the command's type.
    pub steps: BTreeMap<&'static str, Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cue {
    Declare,
    SelfTest,
    Seal,
    Countersign,
    Release,
    Report,
    /// The deed, in steps.
    Deed(u16),
    Arrival,
    Challenge,
    HandOver,
    Grant,
    Unseal,
    /// After the cargo is gone.
    Afterwards,
    End,
}

/// A transfer under way, honest or not.
#[derive(Debug)]
pub struct Play {
    pub(super) cast: Cast,
    pub(super) conduct: Conduct,
    pub(super) device: Device,
    pub(super) way: Way,
    pub(super) transfer: TransferId,
    pub(super) unit: String,
    pub(super) carrier: PartyId,
    pub(super) customs: Signer,
    pub(super) second_officer: Signer,
    pub(super) operator: Signer,
    pub(super) tally: Tally,
    pub(super) booted_at: Time,
    pub(super) connected: bool,
    pub(super) thief: Option<Device>,
    pub(super) password: String,
    agenda: BTreeMap<(Time, u32), Cue>,
    cues: u32,
}

impl Play {
    /// Prepares a play; nothing happens before its first act.
    pub fn new(cast: Cast, conduct: Conduct) -> Result<Self, NotAnId> {
        let number = cast.number;
        let id: DeviceId = format!("SC-{number:06}").parse()?;
        let mut chance = Chance::named(cast.seed, id.as_str());
        let sealed_at = cast.starts_at.plus_ms(2 * MINUTE_MS);
        let journey = Journey::under_way(&cast.corridor, 0.0, sealed_at, &mut chance);
        let unit = match cast.corridor.mode {
            Mode::Rail | Mode::Sea | Mode::Road => units::container(number),
            Mode::Air => units::uld(number),
        };
        let mut play = Self {
            conduct,
            device: Device::new(id, secret(cast.seed, "identity", id.as_str()), RING),
            way: Way::new(journey, conduct, chance),
            transfer: TransferId::new(26, "CN", &format!("SC{number:011}"))?,
            unit,
            carrier: super::CARRIER.parse()?,
            customs: super::stage::customs()?,
            second_officer: super::stage::second_officer()?,
            operator: super::stage::operator()?,
            tally: Tally::default(),
            booted_at: cast.starts_at.minus_ms(MINUTE_MS),
            connected: false,
            thief: None,
            password: String::new(),
            agenda: BTreeMap::new(),
            cues: 0,
            cast,
        };
        play.plan(sealed_at);
        Ok(play)
    }

    fn plan(&mut self, sealed_at: Time) {
        let start = self.cast.starts_at;
        // A gate asks while the truck still stands inside.
        let pace_ms = if self.conduct.deed.is_some_and(Deed::is_at_gate) { 1_000 } else { MINUTE_MS };
        let people = [
            (start, Cue::Declare),
            (start.plus_ms(MINUTE_MS), Cue::SelfTest),
            (sealed_at, Cue::Seal),
            (sealed_at.plus_ms(pace_ms), Cue::Countersign),
            (sealed_at.plus_ms(2 * pace_ms), Cue::Release),
        ];
        people.into_iter().for_each(|(at, cue)| self.cue(at, cue));
        let (period_ms, arrives_at) = (self.way.period_ms(), self.way.arrives_at());
        let reports_until = arrives_at.plus_ms(3 * period_ms);
        let mut at = sealed_at.plus_ms(period_ms);
        while at <= reports_until {
            self.cue(at, Cue::Report);
            at = at.plus_ms(period_ms);
        }
        if let Some(deed) = self.conduct.deed {
            self.plan_deed(deed);
        }
        let afterwards = [Cue::Arrival, Cue::Challenge, Cue::HandOver, Cue::Grant, Cue::Unseal, Cue::Afterwards];
        for (cue, minute) in afterwards.into_iter().zip(1..) {
            self.cue(reports_until.plus_ms(minute * MINUTE_MS), cue);
        }
        self.cue(reports_until.plus_ms(AFTERMATH_MS), Cue::End);
    }

    pub(super) fn cue(&mut self, at: Time, cue: Cue) {
        self.cues += 1;
        self.agenda.insert((at, self.cues), cue);
    }

    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device.id()
    }

    #[must_use]
    pub fn transfer(&self) -> &TransferId {
        &self.transfer
    }

    #[must_use]
    pub fn conduct(&self) -> Conduct {
        self.conduct
    }

    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// When it acts next; `None` after its end.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due next.
    pub fn act(&mut self, platform: &mut dyn Platform) {
        let Some(((at, _), cue)) = self.agenda.pop_first() else { return };
        match cue {
            Cue::Declare => self.declare(at, platform),
            Cue::SelfTest => self.report(at, Event::SelfTest, platform),
            Cue::Seal => self.seal(at, platform),
            Cue::Countersign => self.countersign(at, platform),
            Cue::Release if self.conduct.deed.is_some_and(Deed::is_at_gate) => self.pass_gate(at, platform),
            Cue::Release => self.release(at, platform),
            Cue::Report => self.report(at, Event::Periodic, platform),
            Cue::Deed(step) => self.do_deed(at, step, platform),
            Cue::Arrival => self.report_arrival(at, platform),
            Cue::Challenge => self.challenge(at, "nonce", platform),
            Cue::HandOver => self.hand_over(at, platform),
            Cue::Grant => self.grant(at, platform),
            Cue::Unseal => self.unseal(at, platform),
            Cue::Afterwards => self.afterwards(at, platform),
            Cue::End => platform.pass(at),
        }
    }
}
