//! Whatever the order of arrival, the end is the same.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy)]
enum Step {
    Periodic,
    Opened,
    Sealed,
    WrongPrev,
    WrongEpoch,
    WrongKey,
    EpochSkipped,
    KnownKey,
    WeakKey,
    KeyNotHeld,
    /// So many reports are lost, so many more follow, then the gap is declared.
    Lost(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Periodic),
        1 => Just(Step::Opened),
        2 => Just(Step::Sealed),
        1 => Just(Step::WrongPrev),
        1 => Just(Step::WrongEpoch),
        1 => Just(Step::WrongKey),
        1 => Just(Step::EpochSkipped),
        1 => Just(Step::KnownKey),
        1 => Just(Step::WeakKey),
        1 => Just(Step::KeyNotHeld),
        2 => (1_u64..5, 0_u64..4).prop_map(|(lost, after)| Step::Lost(lost, after)),
    ]
}

fn write(pen: &mut Pen, step: Step, out: &mut Vec<VerifiedReport>) {
    let new_key = key(u8::try_from(pen.ctr % 200).unwrap() + 1);
    let sealed = |pen: &mut Pen, change: &dyn Fn(&mut ReportDraft)| {
        let mut draft = pen.draft(Event::Sealed);
        (draft.epoch, draft.epoch_key) = (draft.epoch + 1, Some(new_key));
        draft.status = Status::new(CLOSED).unwrap();
        change(&mut draft);
        pen.finish(draft, SignedBy::Identity)
    };
    let report = match step {
        Step::Periodic => pen.periodic(),
        Step::Opened => pen.opened(),
        Step::Sealed => pen.sealed(new_key),
        Step::WrongPrev => {
            pen.prev = Digest::of(b"another");
            pen.periodic()
        }
        Step::WrongEpoch => {
            let mut draft = pen.draft(Event::Periodic);
            draft.epoch += 2;
            pen.finish(draft, SignedBy::Identity)
        }
        Step::WrongKey => {
            let mut draft = pen.draft(Event::Periodic);
            draft.status = Status::new(CLOSED).unwrap();
            pen.finish(draft, SignedBy::Identity)
        }
        Step::EpochSkipped => sealed(pen, &|draft| draft.epoch += 1),
        Step::KnownKey => sealed(pen, &|draft| draft.epoch_key = Some(identity())),
        Step::WeakKey => sealed(pen, &|draft| draft.epoch_key = Some(PublicKey::from_bytes([0; 32]))),
        Step::KeyNotHeld => sealed(pen, &|draft| draft.status = Status::new(OPEN).unwrap()),
        Step::Lost(lost, after) => {
            let from = pen.ctr + 1;
            (0..lost).for_each(|_| drop(pen.periodic()));
            out.extend((0..after).map(|_| pen.periodic()));
            pen.gap(from, from + lost - 1)
        }
    };
    out.push(report);
}

fn history() -> impl Strategy<Value = (Vec<VerifiedReport>, Vec<usize>)> {
    prop::collection::vec(step(), 1..40).prop_flat_map(|steps| {
        let mut reports = Vec::new();
        let mut pen = Pen::new();
        steps.into_iter().for_each(|step| write(&mut pen, step, &mut reports));
        let count = reports.len();
        let arrivals: Vec<usize> = (0..count).chain(0..count / 2).collect();
        (Just(reports), Just(arrivals).prop_shuffle())
    })
}

/// As a device does: what was not stored is sent again.
fn deliver(reports: &[VerifiedReport], arrivals: &[usize]) -> Desk {
    let mut desk = Desk::new();
    let mut queue: VecDeque<&VerifiedReport> = arrivals.iter().map(|at| &reports[*at]).collect();
    let mut left = 100 * queue.len();
    while let Some(report) = queue.pop_front().filter(|_| left > 0) {
        left -= 1;
        if desk.take(report) == Outcome::Overflow {
            queue.push_back(report);
        }
    }
    assert!(queue.is_empty(), "reports that are never stored");
    desk.settled.sort_unstable();
    desk
}

proptest! {
    #[test]
    fn reports_in_any_order_with_duplicates_end_in_the_same_state((reports, arrivals) in history()) {
        let in_order: Vec<usize> = (0..reports.len()).collect();
        let (plain, mixed) = (deliver(&reports, &in_order), deliver(&reports, &arrivals));
        prop_assert_eq!(&plain.settled, &mixed.settled);
        prop_assert_eq!(&plain.cursor, &mixed.cursor);
        prop_assert!(!mixed.cursor.has_hole());
        prop_assert_eq!(mixed.cursor.stored(), reports.last().unwrap().report().ctr());
    }

    #[test]
    fn an_ack_is_one_that_a_device_accepts((reports, arrivals) in history()) {
        let mut desk = Desk::new();
        for at in arrivals {
            let stored = desk.cursor.stored();
            desk.take(&reports[at]);
            let position = desk.cursor.position();
            prop_assert!(position.stored >= stored);
            prop_assert!(position.ranges.len() <= 8 && position.wants.len() <= 4);
            for list in [&position.ranges, &position.wants] {
                let mut below = position.stored;
                for range in list {
                    prop_assert!(below < range.from && range.from <= range.to);
                    below = range.to;
                }
            }
        }
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was((reports, arrivals) in history(), cut in 0_usize..60) {
        let mut desk = Desk::new();
        for (number, at) in arrivals.into_iter().enumerate() {
            if number == cut {
                let bytes = postcard::to_stdvec(&desk.cursor).unwrap();
                let restored: Cursor = postcard::from_bytes(&bytes).unwrap();
                prop_assert_eq!(&restored, &desk.cursor);
                desk.cursor = restored;
            }
            desk.take(&reports[at]);
        }
    }
}
