//! What is kept, and alarmed.

use super::*;

#[test]
fn after_an_equivocation_either_version_is_a_parent_and_the_device_is_quarantined() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.periodic());
    let other = pen.other(Event::Shock);
    let first = pen.periodic();
    assert_eq!(desk.take(&first), Outcome::Applied);
    assert_eq!(desk.take(&other), Outcome::Equivocation);
    assert_eq!(desk.take(&other), Outcome::Duplicate);
    assert_eq!(desk.take(&first), Outcome::Duplicate);
    assert!(desk.cursor.quarantined());
    let mut clone = pen.clone();
    clone.prev = other.digest();
    assert_eq!(desk.take(&clone.periodic()), Outcome::Applied);
    assert_eq!(desk.take(&clone.periodic()), Outcome::Applied);
    desk.cursor.lift_quarantine();
    assert!(!desk.cursor.quarantined());
}

#[test]
fn two_versions_above_a_hole_are_an_equivocation_and_the_first_one_is_judged() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    let (missing, other) = (pen.periodic(), pen.other(Event::Shock));
    let first = pen.periodic();
    assert_eq!(desk.take(&first), Outcome::KeptHole);
    let ordered = desk.order(&other);
    assert_eq!((ordered.outcome, ordered.settled.len()), (Outcome::Equivocation, 1));
    desk.settled.clear();
    desk.take(&missing);
    assert_eq!(desk.settled, [(1, Outcome::Applied), (2, Outcome::Applied)]);
    let mut clone = pen.clone();
    clone.prev = other.digest();
    assert_eq!(desk.take(&clone.periodic()), Outcome::Applied);
}

#[test]
fn more_versions_than_memory_holds_are_looked_up_in_the_log() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    let missing = pen.periodic();
    let versions: Vec<VerifiedReport> = (20..60).map(|code| pen.other(Event::Unknown(code))).collect();
    for (number, version) in versions.iter().enumerate() {
        let expected = if number == 0 { Outcome::KeptHole } else { Outcome::Equivocation };
        assert_eq!(desk.take(version), expected);
    }
    let all_are_known = |desk: &mut Desk| assert!(versions.iter().all(|version| desk.take(version) == Outcome::Duplicate));
    all_are_known(&mut desk);
    desk.take(&missing);
    all_are_known(&mut desk);
    let mut clone = pen.clone();
    (clone.ctr, clone.prev) = (2, versions[39].digest());
    assert_eq!(desk.take(&clone.periodic()), Outcome::Applied);
}

#[test]
fn old_reports_are_looked_up_in_the_log() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    let other = pen.other(Event::Shock);
    let reports: Vec<VerifiedReport> = (0..100).map(|_| pen.periodic()).collect();
    assert!(reports.iter().all(|report| desk.take(report) == Outcome::Applied));
    assert!(reports.iter().all(|report| desk.take(report) == Outcome::Duplicate));
    assert_eq!(desk.take(&other), Outcome::Equivocation);
    assert_eq!(desk.cursor.stored(), 100);
}

#[test]
fn an_erased_epoch_key_cannot_come_back_even_under_a_wrong_prev() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.sealed(key(1)));
    let mut opened = pen.draft(Event::Opened);
    (opened.prev, opened.status) = (Digest::of(b"another"), Status::new(OPEN).unwrap());
    let opened = pen.finish(opened, SignedBy::Identity);
    assert_eq!(desk.take(&opened), Outcome::PrevMismatch);
    assert_eq!(desk.take(&pen.periodic()), Outcome::WrongKey);
    assert_eq!(desk.take(&pen.sealed(key(2))), Outcome::Applied);
    assert_eq!(desk.take(&pen.periodic()), Outcome::Applied);
}

#[test]
fn the_first_of_prev_epoch_and_key_names_the_outcome() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.periodic());
    let faulty = |pen: &Pen, prev: bool, epoch: bool| {
        let mut pen = pen.clone();
        let mut draft = pen.draft(Event::Sealed);
        draft.status = Status::new(CLOSED).unwrap();
        draft.epoch_key = Some(identity());
        draft.epoch = if epoch { 1 } else { 5 };
        draft.prev = if prev { draft.prev } else { Digest::ZERO };
        pen.finish(draft, SignedBy::Identity)
    };
    for (prev, epoch, expected) in
        [(false, false, Outcome::PrevMismatch), (true, false, Outcome::WrongEpoch), (true, true, Outcome::KnownKey)]
    {
        let report = faulty(&pen, prev, epoch);
        (pen.ctr, pen.prev) = (pen.ctr + 1, report.digest());
        assert_eq!(desk.take(&report), expected);
        assert_eq!(desk.cursor.epoch(), 0);
    }
}

#[test]
fn a_key_that_another_device_has_opens_no_epoch() {
    let mut pen = Pen::new();
    let mut desk = Desk::new();
    let ordered = desk.cursor.order(Time::from_ms(1), pen.sealed(key(1)), &desk.log, &|taken| *taken == key(1));
    assert_eq!(ordered.outcome, Outcome::KnownKey);
    assert_eq!(desk.cursor.epoch_key(), None);
}

#[test]
fn of_two_sealings_with_one_key_the_lower_counter_opens_the_epoch_whichever_came_first() {
    let mut pen = Pen::new();
    let (first, opened) = (pen.sealed(key(1)), pen.opened());
    let second = pen.sealed(key(1));
    let mut desk = Desk::new();
    assert_eq!(desk.take(&second), Outcome::KeptHole);
    assert_eq!(desk.take(&opened), Outcome::KeptHole);
    desk.take(&first);
    assert_eq!(desk.settled, [(1, Outcome::Applied), (2, Outcome::Applied), (3, Outcome::KnownKey)]);
}

#[test]
fn a_report_below_the_start_of_the_enrolment_is_kept_without_meaning() {
    let mut pen = Pen::new();
    let old = [pen.periodic(), pen.opened()];
    let mut desk = Desk::starting(3, pen.prev, 0);
    assert_eq!(desk.cursor.position().stored, 2);
    for report in &old {
        assert_eq!(desk.take(report), Outcome::Late);
        assert_eq!(desk.take(report), Outcome::Duplicate);
    }
    assert!(desk.settled.is_empty() && !desk.cursor.quarantined());
    assert_eq!(desk.take(&pen.periodic()), Outcome::Applied);
}

#[test]
fn the_first_report_continues_the_enrolment() {
    let mut pen = Pen::new();
    pen.periodic();
    let mut desk = Desk::starting(2, Digest::of(b"another"), 0);
    assert_eq!(desk.take(&pen.periodic()), Outcome::PrevMismatch);
}

#[test]
fn a_failed_strict_check_quarantines() {
    let mut desk = Desk::new();
    desk.cursor.strict_failed(1, Digest::ZERO);
    assert!(desk.cursor.quarantined());
}

#[test]
fn after_a_clone_took_the_place_of_a_sealing_an_officer_lets_the_next_one_count() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.periodic());
    desk.take(&pen.other(Event::WrongCredential));
    assert_eq!(desk.take(&pen.sealed(key(1))), Outcome::Equivocation);
    assert_eq!(desk.take(&pen.periodic()), Outcome::WrongEpoch);
    assert!(desk.cursor.quarantined() && desk.cursor.lost_epoch());
    desk.cursor.lift_quarantine();
    assert!(!desk.cursor.quarantined() && !desk.cursor.lost_epoch());
    assert_eq!(desk.take(&pen.periodic()), Outcome::WrongKey, "the epoch in dispute stays without a key");
    assert_eq!(desk.take(&pen.opened()), Outcome::Applied);
    assert_eq!(desk.take(&pen.sealed(key(2))), Outcome::Applied);
    assert_eq!(desk.take(&pen.periodic()), Outcome::Applied);
}

#[test]
fn a_seal_that_skipped_an_epoch_goes_on_after_an_officers_decision() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    pen.epoch = 4;
    assert_eq!(desk.take(&pen.sealed(key(1))), Outcome::WrongEpoch);
    pen.held = false;
    assert_eq!(desk.take(&pen.sealed(key(2))), Outcome::WrongEpoch);
    desk.cursor.lift_quarantine();
    desk.take(&pen.opened());
    assert_eq!(desk.take(&pen.sealed(key(3))), Outcome::Applied);
}

#[test]
fn a_decision_does_not_pass_over_a_sealing_that_waits_above_a_hole() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    desk.take(&pen.periodic());
    let (missing, sealed) = (pen.periodic(), pen.sealed(key(1)));
    desk.take(&sealed);
    desk.take(&{
        let mut other = pen.clone();
        other.ctr -= 1;
        other.other(Event::Shock)
    });
    assert!(desk.cursor.quarantined());
    desk.cursor.lift_quarantine();
    desk.take(&missing);
    assert_eq!((desk.cursor.epoch(), desk.cursor.epoch_key()), (1, Some(key(1))));
}

#[test]
fn what_waited_above_a_hole_is_judged_as_if_it_had_come_in_its_turn() {
    let (mut pen, mut desk) = (Pen::new(), Desk::new());
    let sealed = pen.sealed(key(1));
    desk.take(&sealed);
    let missing = pen.periodic();
    let honest = pen.periodic();
    let lost = pen.periodic();
    let gap = pen.gap(lost.report().ctr(), lost.report().ctr());
    let mut torn = pen.draft(Event::Periodic);
    torn.prev = Digest::of(b"another");
    let torn = pen.finish(torn, SignedBy::Epoch(key(1)));
    for report in [&torn, &gap, &honest, &missing] {
        desk.take(report);
    }
    let sealed = Some(sealed.report().ctr());
    let whole = |report: &VerifiedReport| desk.cursor.whole_at(sealed, report.report().ctr());
    assert_eq!([&missing, &honest, &gap, &torn].map(whole), [true, true, false, false]);
    assert!(desk.cursor.quarantined());
}
