//! Holds: what stops a transfer for a reason, and whose word lets it go on.

use super::TransferIx;
use crate::core::Core;
use crate::effect::{CommandRefusal, Effect};
use sealway_schemas::Time;
use sealway_schemas::movement::{By, HoldFinding, HoldReason, HoldView};
use sealway_schemas::record::{HeldView, LiftedView, Record};

/// More than this is nobody's reason any more.
const HOLDS_LIMIT: usize = 16;

/// In whose words: a person's, or those of what the platform found.
#[derive(Debug, Clone)]
pub(crate) struct Why {
    text: String,
    found: Option<HoldFinding>,
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self { text, found: None }
    }
}

impl From<HoldFinding> for Why {
    fn from(found: HoldFinding) -> Self {
        Self { text: found.to_string(), found: Some(found) }
    }
}

/// What a word takes away, whose word, and why.
#[derive(Debug)]
pub(crate) struct Lifting {
    /// Without one whatever a word alone ends.
    pub(crate) hold: Option<HoldReason>,
    pub(crate) by: By,
    pub(crate) why: Why,
}

impl Lifting {
    pub(crate) fn of(hold: HoldReason, by: By, why: impl Into<Why>) -> Self {
        Self { hold: Some(hold), by, why: why.into() }
    }

    fn takes(&self, held: &HoldView) -> bool {
        self.hold.map_or(held.reason != HoldReason::Unsatisfactory, |reason| held.reason == reason)
    }
}

impl Core {
    /// Holds a transfer: once for each reason, but each word of an officer is a hold of its own. It stays until it is lifted.
    pub(crate) fn hold(
        &mut self,
        now: Time,
        ix: TransferIx,
        (reason, why): (HoldReason, impl Into<Why>),
        by: By,
        effects: &mut Vec<Effect>,
    ) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        if reason != HoldReason::Officer && transfer.holds.iter().any(|hold| hold.reason == reason) {
            return;
        }
        transfer.held += 1;
        let Why { text, found } = why.into();
        let hold = HoldView { number: transfer.held, reason, detail: text, found, since: now, by };
        transfer.holds.push(hold.clone());
        self.tell_held(now, ix, (hold, None), effects);
        self.tell_transfer(now, ix, effects);
    }

    /// What waited goes on.
    pub(crate) fn lift_hold(&mut self, now: Time, ix: TransferIx, lifting: Lifting, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let Why { text, found } = lifting.why.clone();
        let lifted = LiftedView { at: now, by: lifting.by.clone(), reason: text, found };
        let ended: Vec<HoldView> = transfer.holds.extract_if(.., |hold| lifting.takes(hold)).collect();
        for hold in ended {
            self.tell_held(now, ix, (hold, Some(lifted.clone())), effects);
        }
        self.tell_transfer(now, ix, effects);
        self.go_on(now, ix, effects);
    }

    /// An officer's word to stop it.
    pub(super) fn hold_by_word(
        &mut self,
        now: Time,
        ix: TransferIx,
        (reason, by): (String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        let holds = self.holds(ix).len();
        if holds >= HOLDS_LIMIT {
            let detail = format!("transfer: held for {holds} reasons, expected fewer than {HOLDS_LIMIT}: lift those first");
            return Err(CommandRefusal::new("holds-limit", detail));
        }
        self.hold(now, ix, (HoldReason::Officer, reason), by, effects);
        Ok(())
    }

    /// An officer's word to let it go on.
    pub(super) fn lift(
        &mut self,
        now: Time,
        ix: TransferIx,
        (reason, by): (String, By),
        effects: &mut Vec<Effect>,
    ) -> Result<(), CommandRefusal> {
        if self.holds(ix).is_empty() {
            return Err(CommandRefusal::new("not-held", "transfer: nothing holds it, expected one that is held"));
        }
        if self.holds(ix).iter().all(|hold| hold.reason == HoldReason::Unsatisfactory) {
            return Err(CommandRefusal::new("not-satisfactory", "transfer: verified as B1, expected a later verification to lift it"));
        }
        self.lift_hold(now, ix, Lifting { hold: None, by, why: reason.into() }, effects);
        Ok(())
    }

    pub(crate) fn holds(&self, ix: TransferIx) -> &[HoldView] {
        self.transfers.get(ix).map_or(&[], |transfer| &transfer.holds)
    }

    fn tell_held(&self, now: Time, ix: TransferIx, (hold, lifted): (HoldView, Option<LiftedView>), effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let view = HeldView { transfer: transfer.id.clone(), hold, lifted };
        self.tell_record(now, Record::of(&view, self.parties_of(Some(transfer), None)), effects);
    }
}
