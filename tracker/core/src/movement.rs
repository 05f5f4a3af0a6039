//! The life of a transfer: one total function over (state, what the seal showed, custody). No clock, no store.
//!
//! Only reports that stand in their device's order come here. A held custody moves nothing; the next report after an officer's
//! decision does.

use sealway_schemas::event::MovementState;
use serde::{Deserialize, Serialize};

/// The sealing that a transfer travels under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    pub epoch: u64,
    /// Counter of the `sealed` report.
    pub ctr: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Movement {
    Declared,
    Sealed(Sealing),
    InTransit { sealing: Sealing, approach: Approach },
    Arrived(Sealing),
}

/// One fix at the destination may be an error of the receiver; two are an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approach {
    UnderWay,
    SeenAtDestination,
}

/// Where a report places the seal, among the places of its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// No fix, none good enough, or at the origin's edge.
    Unclear,
    AtOrigin,
    /// Clearly outside the origin, and not inside the destination.
    OnTheWay,
    AtDestination,
}

/// What an applied report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A `sealed` report that opened an epoch, closed, inside the origin.
    SealedAtOrigin(Sealing),
    /// The same anywhere else, or not closed.
    SealedElsewhere,
    /// Closed, in the epoch that the transfer travels under.
    Closed(Whereabouts),
    /// Open, or closed in another epoch.
    NotClosed(Whereabouts),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Custody {
    Whole,
    /// A hole, an equivocation or a mismatch waits for an officer.
    Held,
}

impl Movement {
    #[must_use]
    pub fn state(self) -> MovementState {
        match self {
            Self::Declared => MovementState::Declared,
            Self::Sealed(_) => MovementState::Sealed,
            Self::InTransit { .. } => MovementState::InTransit,
            Self::Arrived(_) => MovementState::Arrived,
        }
    }

    #[must_use]
    pub fn sealing(self) -> Option<Sealing> {
        match self {
            Self::Declared => None,
            Self::Sealed(sealing) | Self::InTransit { sealing, .. } | Self::Arrived(sealing) => Some(sealing),
        }
    }

    /// The seal is expected to speak: sealed and not yet arrived.
    #[must_use]
    pub fn in_custody(self) -> bool {
        match self {
            Self::Sealed(_) | Self::InTransit { .. } => true,
            Self::Declared | Self::Arrived(_) => false,
        }
    }

    /// The state after a report.
    #[must_use]
    pub fn next(self, seen: Seen, custody: Custody) -> Self {
        use Approach::{SeenAtDestination, UnderWay};
        use Seen::{Closed, NotClosed, SealedAtOrigin, SealedElsewhere};
        use Whereabouts::{AtDestination, AtOrigin, OnTheWay, Unclear};
        match custody {
            Custody::Held => return self,
            Custody::Whole => {}
        }
        match (self, seen) {
            (Self::Declared | Self::Sealed(_), SealedAtOrigin(sealing)) => Self::Sealed(sealing),
            (Self::Declared, SealedElsewhere | Closed(_) | NotClosed(_)) => self,

            (Self::Sealed(sealing), Closed(OnTheWay) | NotClosed(OnTheWay | AtDestination)) => {
                Self::InTransit { sealing, approach: UnderWay }
            }
            (Self::Sealed(sealing), Closed(AtDestination)) => Self::InTransit { sealing, approach: SeenAtDestination },
            (Self::Sealed(_), SealedElsewhere | Closed(Unclear | AtOrigin) | NotClosed(Unclear | AtOrigin)) => self,

            (Self::InTransit { sealing, approach: SeenAtDestination }, Closed(AtDestination)) => Self::Arrived(sealing),
            (Self::InTransit { sealing, approach: UnderWay }, Closed(AtDestination)) => {
                Self::InTransit { sealing, approach: SeenAtDestination }
            }
            (Self::InTransit { .. }, Closed(Unclear)) => self,
            (Self::InTransit { sealing, .. }, SealedAtOrigin(_) | SealedElsewhere | Closed(AtOrigin | OnTheWay) | NotClosed(_)) => {
                Self::InTransit { sealing, approach: UnderWay }
            }

            (Self::Arrived(_), SealedAtOrigin(_) | SealedElsewhere | Closed(_) | NotClosed(_)) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Approach::{SeenAtDestination, UnderWay};
    use Custody::{Held, Whole};
    use Seen::{Closed, NotClosed, SealedAtOrigin, SealedElsewhere};
    use Whereabouts::{AtDestination, AtOrigin, OnTheWay, Unclear};

    const FIRST: Sealing = Sealing { epoch: 1, ctr: 5 };
    const SECOND: Sealing = Sealing { epoch: 2, ctr: 9 };
    const D: Movement = Movement::Declared;
    const S: Movement = Movement::Sealed(FIRST);
    const S2: Movement = Movement::Sealed(SECOND);
    const T: Movement = Movement::InTransit { sealing: FIRST, approach: UnderWay };
    const N: Movement = Movement::InTransit { sealing: FIRST, approach: SeenAtDestination };
    const A: Movement = Movement::Arrived(FIRST);
    const STATES: [Movement; 5] = [D, S, T, N, A];

    /// Columns: declared, sealed, in transit, in transit and once seen at the destination, arrived.
    const TABLE: [(Seen, [Movement; 5]); 10] = [
        (SealedAtOrigin(SECOND), [S2, S2, T, T, A]),
        (SealedElsewhere, [D, S, T, T, A]),
        (Closed(Unclear), [D, S, T, N, A]),
        (Closed(AtOrigin), [D, S, T, T, A]),
        (Closed(OnTheWay), [D, T, T, T, A]),
        (Closed(AtDestination), [D, N, N, A, A]),
        (NotClosed(Unclear), [D, S, T, T, A]),
        (NotClosed(AtOrigin), [D, S, T, T, A]),
        (NotClosed(OnTheWay), [D, T, T, T, A]),
        (NotClosed(AtDestination), [D, T, T, T, A]),
    ];

    #[test]
    fn every_report_moves_every_state_as_the_table_says() {
        for (seen, after) in TABLE {
            for (state, expected) in STATES.into_iter().zip(after) {
                assert_eq!(state.next(seen, Whole), expected, "{state:?} on {seen:?}");
            }
        }
    }

    #[test]
    fn a_held_custody_moves_nothing() {
        for (seen, _) in TABLE {
            for state in STATES {
                assert_eq!(state.next(seen, Held), state, "{state:?} on {seen:?}");
            }
        }
    }

    #[test]
    fn only_a_closed_seal_arrives() {
        for (seen, _) in TABLE {
            for state in STATES.into_iter().filter(|state| state.state() != MovementState::Arrived) {
                let arrived = state.next(seen, Whole).state() == MovementState::Arrived;
                assert!(!arrived || seen == Closed(AtDestination), "{state:?} on {seen:?}");
            }
        }
    }
}
