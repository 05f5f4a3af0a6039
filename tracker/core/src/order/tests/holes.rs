//! What is missing, asked for, accounted for.

use super::super::{KEPT_LIMIT, PERIODIC_LIMIT};
use super::*;

/// A seal under way, and the reports that follow its sealing.
fn under_way(count: usize) -> (Pen, Desk, Vec<VerifiedReport>) {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.sealed(key(1)));
    let reports = (0..count).map(|_| pen.periodic()).collect();
    (pen, desk, reports)
}

#[test]
fn the_lowest_holes_are_asked_for() {
    let (_, mut desk, reports) = under_way(40);
    reports.iter().skip(1).step_by(2).for_each(|report| drop(desk.order(report)));
    assert_eq!(desk.wants(), [(2, 2), (4, 4), (6, 6), (8, 8)]);
    assert_eq!(desk.ranges(), (0..8).map(|n| (2 * n + 3, 2 * n + 3)).collect::<Vec<_>>());
}

#[test]
fn a_gap_is_no_longer_asked_for_though_other_holes_remain() {
    let (mut pen, mut desk, reports) = under_way(7);
    // 2 missing, 3 here, 4 and 5 lost, 6 missing, 7 and 8 here.
    [1, 5, 6].iter().for_each(|at| drop(desk.order(&reports[*at])));
    assert_eq!(desk.wants(), [(2, 2), (4, 6)]);
    assert_eq!(desk.take(&pen.gap(4, 5)), Outcome::KeptHole);
    assert_eq!(desk.wants(), [(2, 2), (6, 6)]);
    assert_eq!(desk.take(&reports[0]), Outcome::Applied);
    assert_eq!((desk.cursor.stored(), desk.wants()), (5, vec![(6, 6)]));
    assert_eq!(desk.holes(), [(4, 5)]);
    assert_eq!(desk.take(&reports[4]), Outcome::Applied);
    assert_eq!((desk.cursor.stored(), desk.wants()), (9, vec![]));
}

#[test]
fn a_faulty_gap_accounts_for_nothing() {
    let (pen, _, _) = under_way(3);
    let wrong_prev = |pen: &mut Pen| pen.prev = Digest::of(b"another");
    let wrong_epoch = |pen: &mut Pen| (pen.epoch, pen.held) = (9, false);
    let wrong_key = |pen: &mut Pen| (pen.key, pen.held) = (None, true);
    let faults: [&dyn Fn(&mut Pen); 3] = [&wrong_prev, &wrong_epoch, &wrong_key];
    for fault in faults {
        let mut pen = pen.clone();
        let (_, mut desk, reports) = under_way(3);
        desk.take(&reports[2]);
        fault(&mut pen);
        assert_eq!(desk.take(&pen.gap(2, 3)), Outcome::KeptHole);
        assert_eq!((desk.cursor.stored(), desk.wants()), (1, vec![(2, 3)]));
        assert!(desk.holes().is_empty());
    }
}

#[test]
fn a_gap_whose_fault_shows_is_not_believed_while_another_hole_lies_before_it() {
    let wrong_prev = |pen: &mut Pen| pen.prev = Digest::of(b"another");
    let wrong_key = |pen: &mut Pen| (pen.key, pen.held) = (None, true);
    let faults: [&dyn Fn(&mut Pen); 2] = [&wrong_prev, &wrong_key];
    for fault in faults {
        let (mut pen, mut desk, reports) = under_way(7);
        [1, 5, 6].iter().for_each(|at| drop(desk.order(&reports[*at])));
        fault(&mut pen);
        assert_eq!(desk.take(&pen.gap(4, 5)), Outcome::KeptHole);
        assert_eq!(desk.wants(), [(2, 2), (4, 6)]);
        assert_eq!(desk.take(&reports[0]), Outcome::Applied);
        assert_eq!((desk.cursor.stored(), desk.wants()), (3, vec![(4, 6)]));
    }
}

#[test]
fn a_hole_as_wide_as_the_counters_is_passed_in_one_step() {
    let (mut pen, mut desk, _) = under_way(0);
    pen.ctr = (1 << 53) - 3;
    let gap = pen.gap(2, (1 << 53) - 3);
    assert_eq!(desk.take(&gap), Outcome::Applied);
    assert_eq!(desk.holes(), [(2, (1 << 53) - 3)]);
    assert_eq!(desk.take(&pen.periodic()), Outcome::Applied);
}

#[test]
fn what_a_gap_covers_and_still_came_is_no_hole() {
    let (mut pen, mut desk, reports) = under_way(4);
    desk.take(&reports[1]);
    desk.take(&pen.gap(2, 5));
    assert_eq!(desk.settled.iter().map(|(ctr, _)| *ctr).collect::<Vec<_>>(), [1, 3, 6]);
    assert_eq!(desk.holes(), [(2, 2), (4, 5)]);
    desk.cursor.lift_quarantine();
    assert!(desk.holes().is_empty());
}

#[test]
fn a_late_report_is_held_against_its_parent() {
    let (mut pen, mut desk, reports) = under_way(3);
    desk.take(&pen.gap(2, 4));
    let mut forged = Pen { ctr: 1, ..pen.clone() };
    forged.prev = Digest::of(b"another");
    assert_eq!(desk.take(&reports[1]), Outcome::Late);
    assert_eq!(desk.take(&forged.periodic()), Outcome::PrevMismatch);
    assert_eq!(desk.take(&reports[0]), Outcome::Equivocation);
    assert!(desk.cursor.quarantined());
}

#[test]
fn an_unknown_key_asks_for_what_lies_below_it_and_leaves_no_trace() {
    let (_, mut desk, reports) = under_way(4);
    let before = desk.cursor.clone();
    assert_eq!(pairs(&desk.cursor.missed_unknown(4).wants), [(2, 3)]);
    assert!(desk.cursor.missed_unknown(2).wants.is_empty());
    assert_eq!(desk.cursor, before);
    desk.take(&reports[2]);
    assert_eq!(pairs(&desk.cursor.missed_unknown(3).wants), [(2, 3)]);
    assert_eq!(pairs(&desk.cursor.missed_unknown(9).wants), [(2, 3), (5, 8)]);
}

#[test]
fn a_key_whose_sealing_is_not_in_the_log_is_not_taken() {
    let mut pen = Pen::new();
    let (sealed, next) = (pen.sealed(key(1)), pen.periodic());
    let mut desk = Desk::new();
    assert_eq!(desk.take(&next), Outcome::Overflow);
    assert_eq!(desk.take(&sealed), Outcome::Applied);
    assert_eq!(desk.take(&next), Outcome::Applied);
}

#[test]
fn a_sealing_above_a_hole_makes_its_key_known_at_once() {
    let mut pen = Pen::new();
    let (missing, sealed, next) = (pen.periodic(), pen.sealed(key(1)), pen.periodic());
    let mut desk = Desk::new();
    assert_eq!(desk.take(&sealed), Outcome::KeptHole);
    assert_eq!(desk.cursor.epoch_keys(), [key(1)]);
    assert_eq!(desk.take(&next), Outcome::KeptHole);
    desk.take(&missing);
    assert_eq!((desk.cursor.stored(), desk.cursor.epoch_key()), (3, Some(key(1))));
}

#[test]
fn above_a_hole_there_is_a_bound_and_events_find_room_longer_than_periodic_reports() {
    let (mut pen, mut desk, mut reports) = under_way(PERIODIC_LIMIT + 2);
    let missing = reports.remove(0);
    let last = reports.pop().unwrap();
    assert!(reports.iter().all(|report| desk.take(report) == Outcome::KeptHole));
    assert_eq!(desk.take(&last), Outcome::Overflow);
    assert_eq!(desk.take(&pen.write(Event::Shock)), Outcome::KeptHole);
    while desk.settled.len() < KEPT_LIMIT && desk.take(&pen.write(Event::Shock)) == Outcome::KeptHole {}
    desk.take(&missing);
    assert_eq!(desk.cursor.stored(), u64::try_from(PERIODIC_LIMIT).unwrap() + 2);
    assert_eq!(desk.take(&last), Outcome::Applied);
    assert!(!desk.cursor.has_hole());
}

#[test]
fn a_quiet_cursor_is_small() {
    let (_, mut desk, reports) = under_way(100);
    reports.iter().for_each(|report| drop(desk.order(report)));
    assert!(size_of::<Cursor>() <= 320, "{}", size_of::<Cursor>());
    assert!(postcard::to_stdvec(&desk.cursor).unwrap().len() < 640);
}
