//! The arrows of a transfer's life as one total function over (state, arrow).

use sealway_schemas::movement::{Arrow, MovementState};

/// The state behind `arrow`, or `None` where the arrow does not start at `state`.
#[must_use]
pub(crate) fn after(state: MovementState, arrow: Arrow) -> Option<MovementState> {
    use MovementState as S;
    let (from, to): (&[S], S) = match arrow {
        Arrow::Declare => (&[S::Draft], S::Declared),
        Arrow::Accept => (&[S::Declared], S::Accepted),
        Arrow::Seal => (&[S::Accepted], S::Sealed),
        Arrow::Release => (&[S::Sealed], S::Released),
        Arrow::Depart => (&[S::Released], S::InTransit),
        // Also at the end of the way: a seal that is broken or dead there is replaced as under way.
        Arrow::ReportIncident => (&[S::Released, S::InTransit, S::Arrived, S::HandedOver, S::UnsealingGranted], S::Incident),
        Arrow::Resume => (&[S::Incident], S::InTransit),
        Arrow::Arrive => (&[S::InTransit], S::Arrived),
        Arrow::HandOver => (&[S::Arrived], S::HandedOver),
        Arrow::GrantUnsealing => (&[S::HandedOver], S::UnsealingGranted),
        Arrow::RevokeGrant => (&[S::UnsealingGranted], S::HandedOver),
        Arrow::Unseal => (&[S::UnsealingGranted], S::Unsealed),
        // Again where it was not satisfactory, or was counted anew.
        Arrow::Verify => (&[S::Unsealed, S::Verified], S::Verified),
        Arrow::WriteOff => (&[S::Verified], S::WrittenOff),
        Arrow::ReverseWriteOff => (&[S::WrittenOff], S::Verified),
        Arrow::Cancel => {
            (&[S::Draft, S::Declared, S::Accepted, S::Sealed, S::Released, S::InTransit, S::Incident, S::Arrived], S::Cancelled)
        }
    };
    from.contains(&state).then_some(to)
}

/// Whether a hold stops the arrow. What physically happened is never stopped, only what people let happen.
#[must_use]
pub(crate) fn stopped_by_hold(arrow: Arrow) -> bool {
    match arrow {
        Arrow::Accept | Arrow::Seal | Arrow::Release | Arrow::HandOver | Arrow::GrantUnsealing | Arrow::WriteOff => true,
        Arrow::Declare
        | Arrow::Depart
        | Arrow::ReportIncident
        | Arrow::Resume
        | Arrow::Arrive
        | Arrow::RevokeGrant
        | Arrow::Unseal
        | Arrow::Verify
        | Arrow::ReverseWriteOff
        | Arrow::Cancel => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: states in their order, with every arrow that starts there.
    #[test]
    fn every_arrow_starts_and_ends_where_the_table_says() {
        use Arrow as A;
        use MovementState as S;
        let table = [
            (S::Draft, vec![(A::Declare, S::Declared), (A::Cancel, S::Cancelled)]),
            (S::Declared, vec![(A::Accept, S::Accepted), (A::Cancel, S::Cancelled)]),
            (S::Accepted, vec![(A::Seal, S::Sealed), (A::Cancel, S::Cancelled)]),
            (S::Sealed, vec![(A::Release, S::Released), (A::Cancel, S::Cancelled)]),
            (S::Released, vec![(A::Depart, S::InTransit), (A::ReportIncident, S::Incident), (A::Cancel, S::Cancelled)]),
            (S::InTransit, vec![(A::ReportIncident, S::Incident), (A::Arrive, S::Arrived), (A::Cancel, S::Cancelled)]),
            (S::Incident, vec![(A::Resume, S::InTransit), (A::Cancel, S::Cancelled)]),
            (S::Arrived, vec![(A::ReportIncident, S::Incident), (A::HandOver, S::HandedOver), (A::Cancel, S::Cancelled)]),
            (S::HandedOver, vec![(A::ReportIncident, S::Incident), (A::GrantUnsealing, S::UnsealingGranted)]),
            (S::UnsealingGranted, vec![(A::ReportIncident, S::Incident), (A::RevokeGrant, S::HandedOver), (A::Unseal, S::Unsealed)]),
            (S::Unsealed, vec![(A::Verify, S::Verified)]),
            (S::Verified, vec![(A::Verify, S::Verified), (A::WriteOff, S::WrittenOff)]),
            (S::WrittenOff, vec![(A::ReverseWriteOff, S::Verified)]),
            (S::Cancelled, vec![]),
        ];
        assert_eq!(table.len(), S::ALL.len());
        for (state, goes) in table {
            for arrow in A::ALL {
                let expected = goes.iter().find(|(of, _)| *of == arrow).map(|(_, to)| *to);
                assert_eq!(after(state, arrow), expected, "{state:?} {arrow:?}");
            }
        }
    }
}
