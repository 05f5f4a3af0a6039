//! What the device guarantees (`wire.md`), one sentence each.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

mod common;

use common::{Platform, signed_by};
use sealway_schemas::cose::Sign1;
use sealway_schemas::down::{Ack, Challenge, Circle, Configure, Down, Grant, Range, Rekey, TreeHead};
use sealway_schemas::enrol::Enrolment;
use sealway_schemas::hello::Hello;
use sealway_schemas::login::Login;
use sealway_schemas::report::{Event, Fix, GapReason, Report, Status};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use sealway_seal_sim::device::{Device, GrantRefusal, Heard, Ignored, Lock, NotMade, Observation};
use sealway_seal_sim::state;

const NOON: u64 = 1_800_000_000_000;
const LAT: i64 = 343_000_000;
const LON: i64 = 1_090_000_000;

fn id() -> DeviceId {
    "XA-7Q2K".parse().unwrap()
}

fn device(ring: usize) -> (Device, Platform) {
    let mut device = Device::new(id(), [1; 32], ring);
    let platform = Platform::of(id(), device.public_key());
    device.trust(platform.public_key());
    (device, platform)
}

fn fix(accuracy_dm: u64) -> Fix {
    Fix { lat_e7: LAT, lon_e7: LON, accuracy_dm, speed_cm_s: 0, heading_ddeg: 0, satellites: 9, cn0_ddbhz: 400 }
}

fn seen(device: &mut Device, uptime_ms: u64) {
    let gnss_time = Some(Time::from_ms(NOON + uptime_ms));
    device.observe(uptime_ms, Observation { gnss_time, fix: Some(fix(40)), battery: Some(80), external_power: false });
}

fn report(device: &Device, ctr: u64) -> Report {
    Report::parse(&device.ring().get(ctr).unwrap().bytes).unwrap().1
}

fn signed_with(device: &Device, ctr: u64, key: PublicKey) -> bool {
    signed_by(&key, &Sign1::parse(&device.ring().get(ctr).unwrap().bytes).unwrap(), &aad::up(&id()))
}

/// Sends everything that the device wants to send, and brings the ack back.
fn exchange(device: &mut Device, platform: &mut Platform) -> Heard {
    let mut ticket = 0;
    while let Some(payload) = device.next_payload(ticket + 1) {
        ticket += 1;
        platform.take(&payload);
        device.settled(ticket);
    }
    device.hear(900_000, &platform.signed_ack())
}

fn ack(platform: &Platform, generation: u64, stored: u64, released: u64, wants: &[(u64, u64)]) -> Vec<u8> {
    let wants = wants.iter().map(|(from, to)| Range { from: *from, to: *to }).collect();
    platform.sign(&Down::Ack(Ack { generation, stored, released, ranges: Vec::new(), wants, t: Time::from_ms(1), tree: None }))
}

fn counters(payload: Option<Vec<u8>>) -> Vec<u64> {
    let payload = payload.unwrap_or_default();
    if payload.is_empty() {
        return Vec::new();
    }
    let items = sealway_schemas::up::split(&payload);
    let ctr = |item: &Result<_, _>| match item {
        Ok(sealway_schemas::up::UpItem::Report(_, report)) => Report::ctr(report),
        other => panic!("{other:?}"),
    };
    items.iter().map(ctr).collect()
}

#[test]
fn counters_rise_by_one_and_each_report_names_the_one_before_it() {
    let (mut device, _) = device(100);
    for uptime in 0..5 {
        device.report(uptime * 1_000, Event::Periodic).unwrap();
    }
    assert_eq!(report(&device, 1).prev(), Digest::ZERO);
    for ctr in 2..=5 {
        assert_eq!(report(&device, ctr).prev(), Digest::of(&device.ring().get(ctr - 1).unwrap().bytes));
    }
}

#[test]
fn sealing_is_signed_by_the_identity_key_and_everything_after_it_by_the_epoch_key() {
    let (mut device, _) = device(100);
    device.report(0, Event::SelfTest).unwrap();
    let sealed = device.seal(1_000, [9; 32]).unwrap();
    let after = device.report(2_000, Event::Periodic).unwrap();
    let epoch_key = device.epoch_key().unwrap();
    assert!(signed_with(&device, 1, device.public_key()));
    assert!(signed_with(&device, sealed, device.public_key()));
    assert!(signed_with(&device, after, epoch_key));
    let announcement = report(&device, sealed);
    assert_eq!((announcement.epoch(), announcement.epoch_key()), (1, Some(epoch_key)));
    assert!(announcement.status().closed() && report(&device, after).status().closed());
    assert_eq!(device.seal(3_000, [8; 32]), Err(NotMade::CannotSeal));
}

#[test]
fn a_forced_seal_has_erased_its_epoch_key_before_it_says_so() {
    for lock in [
        Lock { motor_locked: false, ..Lock::default().sealed() },
        Lock { cable_cut: true, ..Lock::default().sealed() },
        Lock { housing_closed: false, ..Lock::default().sealed() },
    ] {
        let (mut device, _) = device(100);
        device.seal(0, [9; 32]).unwrap();
        let events = device.found(1_000, lock).unwrap();
        assert_eq!((events.len(), device.epoch_key()), (1, None));
        assert!(!report(&device, events[0]).status().epoch_key_held());
        assert!(signed_with(&device, events[0], device.public_key()));
    }
}

#[test]
fn a_cut_cable_stays_cut_until_the_next_sealing() {
    let (mut device, _) = device(100);
    device.seal(0, [9; 32]).unwrap();
    device.found(1, Lock { cable_cut: true, ..device.lock() }).unwrap();
    device.found(2, Lock { cable_cut: false, motor_locked: false, ..device.lock() }).unwrap();
    let ctr = device.report(3, Event::Periodic).unwrap();
    assert!(report(&device, ctr).status().has(Status::CABLE_CUT));
    let sealed = device.seal(4, [8; 32]).unwrap();
    assert!(!report(&device, sealed).status().has(Status::CABLE_CUT));
    assert_eq!(report(&device, sealed).epoch(), 2);
}

#[test]
fn a_seal_found_open_at_boot_erases_its_key_first_and_a_closed_one_keeps_it() {
    let (mut device, _) = device(100);
    device.seal(0, [9; 32]).unwrap();
    let closed = device.boot(Lock::default().sealed()).unwrap();
    assert!(report(&device, closed).status().closed());
    let open = device.boot(Lock::default()).unwrap();
    assert_eq!((report(&device, open).event(), device.epoch_key()), (Event::PowerOn, None));
    assert!(signed_with(&device, open, device.public_key()));
}

#[test]
fn before_it_has_a_fix_its_time_is_the_last_time_plus_uptime_and_bit_5_is_clear() {
    let (mut device, _) = device(100);
    seen(&mut device, 5_000);
    let with = device.report(5_000, Event::Periodic).unwrap();
    assert!(report(&device, with).status().has(Status::CLOCK_DISCIPLINED));
    device.boot(Lock::default()).unwrap();
    let without = device.report(7_000, Event::Periodic).unwrap();
    let report = report(&device, without);
    assert_eq!(report.t(), Time::from_ms(NOON + 5_000 + 7_000));
    assert!(!report.status().has(Status::CLOCK_DISCIPLINED) && report.fix().is_none());
}

#[test]
fn an_old_fix_is_never_repeated() {
    let (mut device, _) = device(100);
    seen(&mut device, 0);
    let fresh = device.report(500, Event::Periodic).unwrap();
    let stale = device.report(1_000, Event::Periodic).unwrap();
    assert!(report(&device, fresh).fix().is_some() && report(&device, stale).fix().is_none());
}

#[test]
fn a_full_ring_overwrites_released_then_stored_then_periodic_reports_and_never_another_event() {
    let (mut device, platform) = device(4);
    device.report(0, Event::Shock).unwrap();
    device.report(0, Event::Shock).unwrap();
    device.report(0, Event::Periodic).unwrap();
    device.report(0, Event::Shock).unwrap();
    let held = |device: &Device| device.ring().from(1).map(|record| record.ctr).collect::<Vec<_>>();
    device.hear(0, &ack(&platform, 1, 2, 1, &[]));
    device.report(0, Event::Shock).unwrap();
    assert_eq!(held(&device), [2, 3, 4, 5], "the released one");
    device.report(0, Event::Shock).unwrap();
    assert_eq!(held(&device), [3, 4, 5, 6], "the stored one");
    device.report(0, Event::Shock).unwrap();
    assert_eq!(held(&device), [4, 5, 6, 7], "the periodic one");
    assert!(matches!(device.report(0, Event::Shock), Err(NotMade::RingFull(_))));
    assert_eq!((held(&device), device.highest()), (vec![4, 5, 6, 7], 7), "no event, and no counter");
}

#[test]
fn what_was_lost_is_owned_up_to_in_one_gap_for_each_range() {
    let (mut device, mut platform) = device(4);
    (0..9).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    device.connected();
    exchange(&mut device, &mut platform);
    exchange(&mut device, &mut platform);
    let gaps: Vec<_> = platform.held.keys().filter_map(|ctr| platform.report(*ctr).gap()).collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].from, gaps[0].to, gaps[0].reason), (1, 5, GapReason::RingFull));
    assert_eq!((platform.stored(), device.all_acked()), (10, true));
}

#[test]
fn a_connection_begins_with_a_hello_that_says_what_the_device_holds() {
    let (mut device, platform) = device(4);
    let hello = |bytes: &[u8]| {
        let message = Sign1::parse(bytes).unwrap();
        Hello::decode(message.payload()).unwrap()
    };
    let empty = hello(&device.connected());
    assert_eq!((empty.lo, empty.hi, empty.generation), (1, 0, 0));
    (0..3).for_each(|_| {
        device.report(0, Event::Shock).unwrap();
    });
    device.hear(0, &ack(&platform, 5, 2, 1, &[]));
    device.login(Time::from_ms(77), [0; 16]);
    let bytes = device.connected();
    let full = hello(&bytes);
    assert_eq!((full.lo, full.hi, full.epoch, full.generation, full.released, full.login_t), (1, 3, 0, 5, 1, 77));
    assert!(signed_by(&device.public_key(), &Sign1::parse(&bytes).unwrap(), &aad::hello(&id())));
}

#[test]
fn after_a_connect_everything_above_stored_goes_out_oldest_first_at_most_32_at_a_time() {
    let (mut device, platform) = device(100);
    (0..40).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    device.hear(0, &ack(&platform, 1, 3, 0, &[]));
    device.connected();
    assert_eq!(counters(device.next_payload(1)), (4..=35).collect::<Vec<_>>());
    assert_eq!(counters(device.next_payload(2)), (36..=40).collect::<Vec<_>>());
    assert_eq!(device.next_payload(3), None);
}

#[test]
fn what_an_ack_wants_goes_out_again_and_what_it_lists_does_not() {
    let (mut device, platform) = device(100);
    (0..6).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    device.connected();
    device.next_payload(1);
    device.settled(1);
    device.hear(0, &ack(&platform, 1, 2, 0, &[(3, 4)]));
    assert_eq!(counters(device.next_payload(2)), [3, 4]);
}

#[test]
fn the_same_generation_takes_the_maximum_a_lower_one_is_ignored() {
    let (mut device, platform) = device(100);
    (0..9).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    assert_eq!(device.hear(0, &ack(&platform, 2, 5, 4, &[])), Heard::Acked);
    device.hear(0, &ack(&platform, 2, 3, 3, &[]));
    assert_eq!((device.acked().stored, device.acked().released), (5, 4));
    assert_eq!(device.hear(0, &ack(&platform, 1, 9, 9, &[])), Heard::Ignored(Ignored::LowerGeneration));
    assert_eq!(device.acked().stored, 5);
}

#[test]
fn a_higher_generation_is_taken_as_is_and_everything_above_it_goes_out_again() {
    let (mut device, platform) = device(100);
    (0..9).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    device.connected();
    device.hear(0, &ack(&platform, 1, 9, 9, &[]));
    assert_eq!(device.next_payload(1), None);
    assert_eq!(device.hear(0, &ack(&platform, 2, 4, 2, &[])), Heard::Restored);
    assert_eq!((device.acked().stored, device.acked().released), (4, 2));
    assert_eq!(counters(device.next_payload(1)), [5, 6, 7, 8, 9]);
}

#[test]
fn a_restored_platform_hears_of_what_was_overwritten_since() {
    let (mut device, platform) = device(3);
    (0..3).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    device.hear(0, &ack(&platform, 1, 3, 3, &[]));
    (0..2).for_each(|_| {
        device.report(0, Event::Periodic).unwrap();
    });
    let mut restored = Platform::of(id(), device.public_key());
    restored.generation = 2;
    device.connected();
    for _ in 0..4 {
        exchange(&mut device, &mut restored);
    }
    assert!(device.all_acked(), "{:?}", restored.ack());
    assert!(restored.accounted.contains(&1) && restored.accounted.contains(&2));
}

#[test]
fn an_ack_above_its_own_counter_silences_the_device() {
    let (mut device, platform) = device(100);
    device.report(0, Event::Periodic).unwrap();
    assert_eq!(device.hear(0, &ack(&platform, 1, 2, 0, &[])), Heard::StateLost);
    assert_eq!(device.report(0, Event::Periodic), Err(NotMade::StateLost(id())));
    assert_eq!(device.next_payload(1), None);
}

#[test]
fn a_down_message_counts_only_under_the_platforms_key_and_for_this_device() {
    let (mut device, platform) = device(100);
    device.report(0, Event::Periodic).unwrap();
    let other: DeviceId = "XA-OTHER".parse().unwrap();
    let message = Down::Ack(Ack { stored: 1, ..platform.ack() });
    assert_eq!(device.hear(0, &platform.sign_for(&other, &message)), Heard::Ignored(Ignored::NotThePlatform));
    let mut flipped = platform.sign(&message);
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(device.hear(0, &flipped), Heard::Ignored(Ignored::NotThePlatform));
    assert_eq!(device.hear(0, &flipped[..9]), Heard::Ignored(Ignored::Malformed));
    assert_eq!(device.acked().stored, 0);
}

fn challenge(platform: &Platform, nonce: u8) -> Vec<u8> {
    platform.sign(&Down::Challenge(Challenge { nonce: [nonce; 16], not_after: Time::from_ms(NOON) }))
}

#[test]
fn a_challenge_is_answered_once_and_answers_are_five_seconds_apart() {
    let (mut device, platform) = device(100);
    assert_eq!(device.hear(0, &challenge(&platform, 1)), Heard::Answered(1));
    assert_eq!(report(&device, 1).reference(), Some([1; 16]));
    assert_eq!(device.hear(1, &challenge(&platform, 1)), Heard::Ignored(Ignored::AnsweredBefore));
    assert_eq!(device.hear(4_999, &challenge(&platform, 2)), Heard::Ignored(Ignored::TooSoonAfterAnswer));
    assert_eq!(device.hear(5_000, &challenge(&platform, 2)), Heard::Answered(2));
    assert_eq!(device.hear(99_000, &challenge(&platform, 1)), Heard::Ignored(Ignored::AnsweredBefore));
}

fn grant(epoch: u64) -> Grant {
    Grant {
        id: [3; 16],
        epoch,
        circle: Circle { lat_e7: LAT, lon_e7: LON, radius_m: 100 },
        not_before: Time::from_ms(NOON),
        not_after: Time::from_ms(NOON + 3_600_000),
        authorised_by: "王关员".to_owned(),
    }
}

fn sealed_with(grant: Grant) -> Device {
    let (mut device, platform) = device(100);
    seen(&mut device, 0);
    device.seal(0, [9; 32]).unwrap();
    assert_eq!(device.hear(0, &platform.sign(&Down::Grant(grant))), Heard::GrantKept);
    device
}

#[test]
fn a_grant_opens_once_erasing_the_key_before_the_receipt_is_stored_and_the_motor_moves() {
    let mut device = sealed_with(grant(1));
    device.disconnected();
    let receipt = device.open_by_grant(1_000).unwrap();
    let said = report(&device, receipt);
    assert_eq!((said.event(), said.reference(), said.epoch()), (Event::OpenedByGrant, Some([3; 16]), 1));
    assert!(said.status().has(Status::MOTOR_LOCKED) && !said.status().epoch_key_held());
    assert!(signed_with(&device, receipt, device.public_key()));
    assert_eq!((device.epoch_key(), device.lock().motor_locked), (None, false));
    assert_eq!(device.open_by_grant(2_000), Err(GrantRefusal::NoGrant));
}

#[test]
fn a_used_grant_is_worthless_in_the_next_epoch_too() {
    let (_, platform) = device(1);
    let mut device = sealed_with(grant(1));
    device.open_by_grant(0).unwrap();
    device.seal(1, [8; 32]).unwrap();
    for epoch in [1, 2] {
        assert_eq!(device.hear(2, &platform.sign(&Down::Grant(grant(epoch)))), Heard::Ignored(Ignored::GrantOfNoUse));
    }
}

#[test]
fn a_grant_does_not_open_outside_its_circle_its_time_or_with_an_old_or_coarse_fix() {
    let refusal = |grant: Grant, uptime_ms| sealed_with(grant).open_by_grant(uptime_ms).unwrap_err();
    let north = Circle { lat_e7: LAT + 20_000, lon_e7: LON, radius_m: 100 };
    assert!(matches!(refusal(Grant { circle: north, ..grant(1) }, 0), GrantRefusal::OutsideCircle { away_m: 222, radius_m: 100 }));
    let early = Grant { not_before: Time::from_ms(NOON + 1), ..grant(1) };
    assert!(matches!(refusal(early, 0), GrantRefusal::OutsideTime { .. }));
    let late = Grant { not_after: Time::from_ms(NOON + 999), ..grant(1) };
    assert!(matches!(refusal(late, 1_000), GrantRefusal::OutsideTime { .. }));
    assert_eq!(refusal(grant(1), 60_000), GrantRefusal::NoFreshFix);
    let small = Circle { lat_e7: LAT, lon_e7: LON, radius_m: 3 };
    assert_eq!(refusal(Grant { circle: small, ..grant(1) }, 0), GrantRefusal::FixTooCoarse { accuracy_m: 4, radius_m: 3 });
    assert!(sealed_with(grant(1)).open_by_grant(59_999).is_ok());
}

#[test]
fn a_grant_does_not_open_while_gnss_has_not_set_the_clock_or_in_another_epoch() {
    let (_, platform) = device(1);
    let mut device = sealed_with(grant(1));
    device.boot(Lock::default().sealed()).unwrap();
    device.observe(0, Observation { fix: Some(fix(40)), ..Observation::default() });
    assert_eq!(device.open_by_grant(0), Err(GrantRefusal::ClockNotDisciplined));
    assert_eq!(device.hear(0, &platform.sign(&Down::Grant(Grant { id: [4; 16], ..grant(2) }))), Heard::Ignored(Ignored::GrantOfNoUse));
}

#[test]
fn configure_and_rekey_count_only_with_a_higher_number_than_before() {
    let (mut device, platform) = device(100);
    let configure = |seq, period| Down::Configure(Configure { seq, period_s: Some(period), moving_period_s: None });
    assert_eq!(device.hear(0, &platform.sign(&configure(2, 30))), Heard::Configured);
    assert_eq!(device.hear(0, &platform.sign(&configure(2, 99))), Heard::Ignored(Ignored::OldSeq));
    assert_eq!(device.periods_s().0, 30);
    let next = Device::new(id(), [5; 32], 1).public_key();
    let rekey = |seq, public_key| Down::Rekey(Rekey { seq, public_key });
    let weak = PublicKey::from_bytes([0; 32]);
    assert_eq!(device.hear(0, &platform.sign(&rekey(1, weak))), Heard::Ignored(Ignored::WeakKey));
    assert_eq!(device.hear(0, &platform.sign(&rekey(1, next))), Heard::Rekeyed);
    assert_eq!(device.hear(0, &platform.sign(&rekey(2, next))), Heard::Ignored(Ignored::NotThePlatform));
}

#[test]
fn a_login_is_newer_than_the_last_one_whatever_the_clock_says() {
    use base64::Engine as _;
    let (mut device, _) = device(100);
    let mut t = |now| {
        let password = device.login(Time::from_ms(now), [7; 16]);
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(password).unwrap();
        let message = Sign1::parse(&bytes).unwrap();
        assert!(signed_by(&device.public_key(), &message, &aad::login(&id())));
        Login::decode(message.payload()).unwrap().t.as_ms()
    };
    assert_eq!([t(1_000), t(1_000), t(5), t(2_000)], [1_000, 1_001, 1_002, 2_000]);
}

#[test]
fn an_enrolment_says_where_the_devices_cursor_stands() {
    let (mut device, _) = device(100);
    device.report(0, Event::SelfTest).unwrap();
    let bytes = device.enrolment([6; 32]);
    let message = Sign1::parse(&bytes).unwrap();
    let enrolment = Enrolment::decode(message.payload()).unwrap();
    assert!(signed_by(&device.public_key(), &message, &aad::enrol(&id())));
    assert_eq!((enrolment.challenge, enrolment.next_ctr, enrolment.epoch), ([6; 32], 2, 0));
    assert_eq!(enrolment.prev, Digest::of(&device.ring().get(1).unwrap().bytes));
}

#[test]
fn a_report_after_an_ack_with_a_tree_says_what_it_heard() {
    let (mut device, platform) = device(100);
    let tree = Some(TreeHead { size: 3, root: [0xab; 32] });
    device.hear(0, &platform.sign(&Down::Ack(Ack { tree, ..platform.ack() })));
    let ctr = device.report(0, Event::Periodic).unwrap();
    assert_eq!(report(&device, ctr).heard(), Some([0xab; 8]));
}

#[test]
fn everything_survives_a_restart_and_the_state_is_readable_by_its_owner_alone() {
    let (mut device, platform) = device(100);
    seen(&mut device, 0);
    device.login(Time::from_ms(50), [0; 16]);
    device.seal(0, [9; 32]).unwrap();
    device.hear(0, &challenge(&platform, 1));
    device.hear(0, &platform.sign(&Down::Grant(grant(1))));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.json");
    assert!(state::load(&path).unwrap().is_none());
    state::save(&path, &device).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut again = state::load(&path).unwrap().unwrap();
    assert_eq!(again.epoch_key(), device.epoch_key());
    let boot = again.boot(Lock::default().sealed()).unwrap();
    assert_eq!((boot, report(&again, boot).prev()), (3, Digest::of(&device.ring().get(2).unwrap().bytes)));
    assert_eq!(again.hear(9_000, &challenge(&platform, 1)), Heard::Ignored(Ignored::AnsweredBefore));
    seen(&mut again, 10_000);
    assert!(again.open_by_grant(10_000).is_ok());
    std::fs::write(&path, "{}").unwrap();
    assert!(state::load(&path).unwrap_err().to_string().contains("not a device's state"));
}
