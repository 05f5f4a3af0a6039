//! Points, their lines, and the way along the log.

use super::*;
use crate::log::{EvidenceLog, LogConfig, LogError};
use bytes::Bytes;
use proptest::prelude::*;
use sealway_schemas::cose::seal;
use sealway_schemas::entry::Entry;
use sealway_schemas::report::{Event, Fix, Report, ReportDraft};
use sealway_schemas::sensors::Sensors;
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

fn device() -> DeviceId {
    "XA-7Q2K".parse().unwrap()
}

fn fix(lat_e7: i64, lon_e7: i64) -> Fix {
    Fix { lat_e7, lon_e7, accuracy_dm: 25, speed_cm_s: 1_667, heading_ddeg: 905, satellites: 14, cn0_ddbhz: 421 }
}

fn draft(ctr: u64, t: u64) -> ReportDraft {
    ReportDraft::new(ctr, 1, Digest::ZERO, Time::from_ms(t), Event::Periodic)
}

fn made(draft: ReportDraft) -> Report {
    draft.build().unwrap()
}

fn line(point: &Point) -> String {
    let mut out = Vec::new();
    encode(point, &mut out);
    String::from_utf8(out).unwrap()
}

fn logged(report: &Report, at: u64) -> Entry {
    let bytes = seal(&report.encode(), &aad::up(&device()), PublicKey::from_bytes([1; 32]).key_id(), |_| [0; 64]);
    Entry::Report { at: Time::from_ms(at), device: device(), bytes: Bytes::from(bytes) }
}

fn counters(batch: &Batch) -> Vec<u64> {
    batch.points.iter().map(|point| point.ctr).collect()
}

#[test]
fn two_reports_of_one_millisecond_stay_two_points() {
    let at = |ctr| PointTime::new(Time::from_ms(1_000), ctr).unwrap();
    assert_ne!(at(7), at(8));
    assert_eq!(at(7).as_ns(), 1_000_000_007);
    assert_eq!(at(3_000_007).as_ns(), 1_000_000_007);
}

#[test]
fn a_device_time_beyond_nanoseconds_is_named_and_no_point() {
    let last = 9_223_372_036_853;
    assert!(PointTime::new(Time::from_ms(last), 999_999).is_ok_and(|at| i64::try_from(at.as_ns()).is_ok()));
    let refused = PointTime::new(Time::from_ms(last + 1), 1).unwrap_err();
    assert!(refused.to_string().contains("9223372036854 ms"), "{refused}");
}

#[test]
fn a_full_report_becomes_one_line() {
    let mut draft = draft(42, 1_764_000_000_000);
    draft.fix = Some(fix(230_000_001, -1_135_000_000));
    draft.battery = Some(87);
    draft.sensors = Sensors::new([("Cel".to_owned(), -4.5), ("Cel:door".to_owned(), 20.0)]).unwrap();
    let point = Point::new(device(), &made(draft), Time::from_ms(1_764_000_000_250)).unwrap();
    assert_eq!(
        line(&point),
        "report,dev=XA-7Q2K ctr=42i,t=1764000000000i,epoch=1i,event=0i,status=0i,received_at=1764000000250i,battery=87i,lat=23.0000001,\
         lon=-113.5000000,accuracy_dm=25i,speed_cm_s=1667i,heading_ddeg=905i,satellites=14i,cn0_ddbhz=421i,temperature=-4.50 \
         1764000000000000042\n"
    );
}

#[test]
fn what_the_report_did_not_say_is_not_in_the_line() {
    let point = Point::new(device(), &made(draft(1, 5)), Time::from_ms(6)).unwrap();
    assert_eq!(line(&point), "report,dev=XA-7Q2K ctr=1i,t=5i,epoch=1i,event=0i,status=0i,received_at=6i 5000001\n");
}

#[test]
fn places_that_a_seal_entered_and_left_are_texts_of_the_line() {
    let mut point = Point::new(device(), &made(draft(1, 5)), Time::from_ms(6)).unwrap();
    point.entered = vec!["xian-port".parse().unwrap(), "xian-czone".parse().unwrap()];
    point.left = vec!["yard-1".parse().unwrap()];
    let expected = "report,dev=XA-7Q2K ctr=1i,t=5i,epoch=1i,event=0i,status=0i,received_at=6i,entered=\"xian-port,xian-czone\",left=\"yard-1\" 5000001\n";
    assert_eq!(line(&point), expected);
}

#[test]
fn a_temperature_is_written_exactly() {
    let mut point = Point::new(device(), &made(draft(1, 5)), Time::from_ms(5)).unwrap();
    for (value, written) in
        [(0.0, "0.00"), (-0.25, "-0.25"), (21.07, "21.07"), (-40.0, "-40.00"), (1.0 / 3.0, "0.3333333333333333"), (1e300, "1e300")]
    {
        point.temperature = Some(value);
        let line = line(&point);
        let told = line.split("temperature=").nth(1).unwrap().split(' ').next().unwrap();
        assert_eq!(told.parse::<f64>().unwrap().to_bits(), value.to_bits());
        assert!(told == written || value == 1e300, "{told}");
    }
}

#[test]
fn a_temperature_that_is_no_number_is_dropped() {
    let mut point = Point::new(device(), &made(draft(1, 5)), Time::from_ms(6)).unwrap();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        point.temperature = Some(value);
        assert!(!line(&point).contains("temperature"));
    }
}

#[test]
fn a_device_id_with_a_line_break_never_becomes_a_tag() {
    assert!("XA-7\n2K".parse::<DeviceId>().is_err());
    assert!("XA 7,Q=2".parse::<DeviceId>().is_err());
}

#[test]
fn a_tail_resumes_where_the_kept_points_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = EvidenceLog::open(dir.path(), LogConfig { segment_bytes: 4096, ..LogConfig::default() }, 0).unwrap();
    for ctr in 1..=50 {
        log.append(&logged(&made(draft(ctr, ctr)), ctr), None).unwrap();
    }
    log.commit().unwrap();
    let first = Tail::new(log.reader(), 0).next_batch(20).unwrap();
    assert_eq!(counters(&first), (1..=20).collect::<Vec<_>>());
    let mut resumed = Tail::new(log.reader(), first.cursor);
    assert_eq!(resumed.lag(), 30);
    assert_eq!(counters(&resumed.next_batch(100).unwrap()), (21..=50).collect::<Vec<_>>());
    assert_eq!(resumed.lag(), 0);
}

#[test]
fn a_tail_at_the_end_waits_and_finds_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = EvidenceLog::open(dir.path(), LogConfig::default(), 0).unwrap();
    let mut tail = Tail::new(log.reader(), 0);
    let nothing = Batch { points: Vec::new(), commands: Vec::new(), cursor: 0, tip: None, left_out: 0 };
    assert_eq!(tail.next_batch(10).unwrap(), nothing);
    log.append(&logged(&made(draft(1, 1)), 1), None).unwrap();
    assert_eq!(tail.next_batch(10).unwrap().cursor, 0, "what is not durable is not told");
    log.commit().unwrap();
    assert_eq!(counters(&tail.next_batch(10).unwrap()), [1]);
}

#[test]
fn reports_without_a_point_are_counted_and_hold_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = EvidenceLog::open(dir.path(), LogConfig::default(), 0).unwrap();
    log.append(&Entry::Generation { at: Time::from_ms(1), number: 1 }, None).unwrap();
    log.append(&logged(&made(draft(1, 9_007_199_254_740_990)), 2), None).unwrap();
    let noise = Entry::Report { at: Time::from_ms(3), device: device(), bytes: Bytes::from_static(b"noise") };
    log.append(&noise, None).unwrap();
    log.append(&logged(&made(draft(2, 4)), 4), None).unwrap();
    log.commit().unwrap();
    let batch = Tail::new(log.reader(), 0).next_batch(10).unwrap();
    assert_eq!((counters(&batch), batch.cursor, batch.left_out), (vec![2], 4, 2));
}

#[test]
fn a_step_that_failed_is_taken_again_from_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = EvidenceLog::open(dir.path(), LogConfig::default(), 0).unwrap();
    let fourth = (1..=4).map(|ctr| log.append(&logged(&made(draft(ctr, ctr)), ctr), None).unwrap().position).last().unwrap();
    log.append(&logged(&made(draft(5, 5)), 5), None).unwrap();
    log.commit().unwrap();
    let segment = OpenOptions::new().read(true).write(true).open(dir.path().join("00000000000000000000.seg")).unwrap();
    let place = (fourth.as_u64() & u64::from(u32::MAX)) + 60;
    let mut kept = [0];
    segment.read_exact_at(&mut kept, place).unwrap();
    segment.write_all_at(&[!kept[0]], place).unwrap();
    let mut tail = Tail::new(log.reader(), 0);
    assert!(matches!(tail.next_batch(10), Err(LogError::Corrupt { seq: 3, .. })));
    segment.write_all_at(&kept, place).unwrap();
    assert_eq!(counters(&tail.next_batch(10).unwrap()), [1, 2, 3, 4, 5]);
}

proptest! {
    #[test]
    fn every_position_is_written_exactly(lat_e7 in -900_000_000i64..=900_000_000, lon_e7 in -1_800_000_000i64..=1_800_000_000) {
        let mut draft = draft(1, 5);
        draft.fix = Some(fix(lat_e7, lon_e7));
        let text = line(&Point::new(device(), &made(draft), Time::from_ms(6)).unwrap());
        let field = |name: &str| text.split([',', ' ']).find_map(|part| part.strip_prefix(name)).unwrap().parse::<f64>().unwrap();
        prop_assert_eq!(((field("lat=") * 1e7).round(), (field("lon=") * 1e7).round()), (lat_e7 as f64, lon_e7 as f64));
    }
}
