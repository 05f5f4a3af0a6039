//! What every backend promises, run against each of them.

use super::query::{DAY_MS, bucket_of, fold};
use super::*;
use sealway_schemas::report::{Event, Fix, Status};
use sealway_schemas::{DeviceId, Time};

/// 2025-11-24 00:00 UTC.
pub(super) const START: u64 = 1_763_942_400_000;

pub(super) fn device(number: u32) -> DeviceId {
    format!("XA-{number:05}").parse().unwrap()
}

fn span(from: u64, to: u64) -> Span {
    Span::new(Time::from_ms(START + from), Time::from_ms(START + to)).unwrap()
}

/// A report every ten seconds; not every one has a fix, a battery or a temperature.
pub(super) fn point(device: DeviceId, n: u64) -> Point {
    let t = START + n * 10_000;
    let step = i64::try_from(n).unwrap();
    let fix = Fix {
        lat_e7: 342_000_000 + step * 171,
        lon_e7: 1_089_000_000 - step * 213,
        accuracy_dm: 25 + n % 7,
        speed_cm_s: 1_500 + n % 300,
        heading_ddeg: (900 + n * 3) % 3_600,
        satellites: 9 + n % 6,
        cn0_ddbhz: 380 + n % 50,
    };
    Point {
        device,
        at: PointTime::new(Time::from_ms(t), n + 1).unwrap(),
        received_at: Time::from_ms(t + 400 + n % 90),
        ctr: n + 1,
        epoch: 1 + n / 5_000,
        event: if n.is_multiple_of(97) { Event::ChallengeAnswer } else { Event::Periodic },
        status: Status::new(Status::CABLE_INSERTED | Status::MOTOR_LOCKED | (n / 50 % 2 * Status::HOUSING_CLOSED)).unwrap(),
        fix: (n % 11 != 3).then_some(fix),
        battery: n.is_multiple_of(5).then(|| u8::try_from(95 - n / 200 % 90).unwrap()),
        temperature: (n % 3 == 1).then(|| f64::from(u32::try_from(n % 40).unwrap()) / 4.0 - 5.0),
        entered: if n == 120 { vec!["xian-port".parse().unwrap(), "xian-czone".parse().unwrap()] } else { Vec::new() },
        left: if n == 120 || n == 500 { vec!["yard-1".parse().unwrap()] } else { Vec::new() },
    }
}

pub(super) fn points(device: DeviceId, range: std::ops::Range<u64>) -> Vec<Point> {
    range.map(|n| point(device, n)).collect()
}

fn without_crossings(points: &[Point]) -> Vec<Point> {
    points.iter().map(|point| Point { entered: Vec::new(), left: Vec::new(), ..point.clone() }).collect()
}

async fn put(backend: &Backend, points: Vec<Point>) {
    backend.append(points).await.unwrap();
    backend.settle().await.unwrap();
}

/// The whole contract. The backend is empty at first.
pub(super) async fn holds(backend: &Backend) {
    nothing_is_told_of_a_stranger(backend).await;
    a_short_track_is_every_report(backend).await;
    points_come_again_and_late_without_harm(backend).await;
    a_long_track_is_the_newest_of_each_bucket(backend).await;
    curves_have_least_greatest_mean_and_last(backend).await;
    reports_are_counted_by_the_hour(backend).await;
    crossings_are_told_in_order(backend).await;
}

async fn nothing_is_told_of_a_stranger(backend: &Backend) {
    let who = device(99_999);
    let all = span(0, 400 * DAY_MS);
    assert_eq!(backend.track(&who, all, 10).await.unwrap(), Track { points: Vec::new(), reports: 0 });
    assert_eq!(backend.downsample(&who, Field::Speed, all, 10).await.unwrap(), []);
    assert_eq!(backend.counts(&who, all, 10).await.unwrap(), []);
    assert_eq!(backend.crossings(&who, all, 10).await.unwrap(), []);
}

async fn a_short_track_is_every_report(backend: &Backend) {
    let (one, two) = (points(device(1), 0..700), points(device(2), 0..40));
    put(backend, one.iter().zip(two.iter().cycle()).flat_map(|(one, two)| [one.clone(), two.clone()]).collect()).await;
    let track = backend.track(&device(1), span(1_000_000, 3_000_000), 2_000).await.unwrap();
    assert_eq!(track.reports, 200);
    assert_eq!(track.points, without_crossings(&one[100..300]), "from is in the span, to is not");
    assert_eq!(backend.track(&device(2), span(0, DAY_MS), 40).await.unwrap().points, without_crossings(&two));
}

async fn points_come_again_and_late_without_harm(backend: &Backend) {
    let who = device(3);
    let all = points(who, 0..300);
    put(backend, all[100..300].to_vec()).await;
    put(backend, all[50..150].to_vec()).await;
    put(backend, all[0..50].to_vec()).await;
    let mut corrected = all[10].clone();
    corrected.battery = Some(3);
    put(backend, vec![corrected.clone()]).await;
    let track = backend.track(&who, span(0, DAY_MS), 300).await.unwrap();
    let mut expected = all;
    expected[10] = corrected;
    assert_eq!(track.reports, 300);
    assert_eq!(track.points, without_crossings(&expected));
}

/// Days with a night between them.
fn long(who: DeviceId) -> Vec<Point> {
    let mut all = points(who, 0..3_000);
    all.extend(points(who, 20_000..23_000));
    all
}

async fn a_long_track_is_the_newest_of_each_bucket(backend: &Backend) {
    let who = device(4);
    let all = long(who);
    put(backend, all.clone()).await;
    let asked = span(5_000, 3 * DAY_MS);
    let track = backend.track(&who, asked, 50).await.unwrap();
    let width = asked.bucket_ms(50);
    let mut expected: Vec<Point> = Vec::new();
    for point in without_crossings(&all).iter().filter(|point| asked.contains(point.at)) {
        match expected.last_mut().filter(|last| bucket_of(last.at.t(), width) == bucket_of(point.at.t(), width)) {
            Some(last) => fold(last, point),
            None => expected.push(point.clone()),
        }
    }
    assert_eq!(track.reports, 5_999);
    assert!(track.points.len() <= 50, "{}", track.points.len());
    assert_eq!(track.points, expected);
}

async fn curves_have_least_greatest_mean_and_last(backend: &Backend) {
    let who = device(4);
    let asked = span(0, 3 * DAY_MS);
    let width = asked.bucket_ms(24);
    for field in Field::ALL {
        let mut expected: std::collections::BTreeMap<u64, Vec<f64>> = std::collections::BTreeMap::new();
        for point in long(who) {
            if let Some(value) = field.of(&point) {
                expected.entry(bucket_of(point.at.t(), width).as_ms()).or_default().push(value);
            }
        }
        let told = backend.downsample(&who, field, asked, 24).await.unwrap();
        assert!(told.len() <= 24);
        assert_eq!(told.iter().map(|bucket| bucket.start.as_ms()).collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
        for (bucket, values) in told.iter().zip(expected.values()) {
            assert_eq!(bucket.count, values.len() as u64, "{field:?}");
            assert_eq!(bucket.min, values.iter().copied().fold(f64::INFINITY, f64::min));
            assert_eq!(bucket.max, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            assert_eq!(bucket.last, *values.last().unwrap());
            assert!((bucket.mean - values.iter().sum::<f64>() / values.len() as f64).abs() < 1e-6);
        }
    }
}

async fn reports_are_counted_by_the_hour(backend: &Backend) {
    let counts = backend.counts(&device(4), span(0, 3 * DAY_MS), 2_000).await.unwrap();
    assert_eq!(counts.first(), Some(&Count { start: Time::from_ms(START), reports: 360 }));
    assert_eq!(counts.iter().map(|count| count.reports).sum::<u64>(), 6_000);
    assert!(counts.iter().all(|count| count.start.as_ms().is_multiple_of(HOUR_MS)));
    let few = backend.counts(&device(4), span(0, 3 * DAY_MS), 5).await.unwrap();
    assert!(few.len() <= 5 && few.iter().map(|count| count.reports).sum::<u64>() == 6_000, "{few:?}");
}

async fn crossings_are_told_in_order(backend: &Backend) {
    let all = points(device(1), 0..700);
    let expected: Vec<Crossing> = [120, 500]
        .map(|n: usize| Crossing { at: all[n].at, ctr: all[n].ctr, entered: all[n].entered.clone(), left: all[n].left.clone() })
        .to_vec();
    assert_eq!(backend.crossings(&device(1), span(0, DAY_MS), 10).await.unwrap(), expected);
    assert_eq!(backend.crossings(&device(1), span(0, DAY_MS), 1).await.unwrap(), expected[1..], "the newest ones");
    assert_eq!(backend.crossings(&device(1), span(0, 600_000), 10).await.unwrap(), []);
}

/// The reports of whole days go, their figures by the hour stay, and late ones are added. Not every server can forget.
pub(super) async fn forgets(backend: &Backend) {
    let who = device(5);
    put(backend, long(who)).await;
    let first = points(who, 0..1).remove(0);
    let told = told_by_the_hour(backend, who).await;
    let limit = Time::from_ms(START + DAY_MS + 5);
    for _again_without_harm in 0..2 {
        backend.expire(limit).await.unwrap();
        assert_eq!(backend.track(&who, span(0, 9 * DAY_MS), 2).await.unwrap().reports, 3_000, "what is younger stays");
        assert_same(&told, &told_by_the_hour(backend, who).await);
    }
    let late = Point { at: PointTime::new(Time::from_ms(START + 17), 9_000).unwrap(), received_at: limit, battery: Some(1), ..first };
    put(backend, vec![late.clone(), Point { device: device(6), ..late }]).await;
    for _raw_and_then_forgotten in 0..2 {
        let (counts, curves) = told_by_the_hour(backend, who).await;
        assert_eq!(counts[0].reports, told.0[0].reports + 1);
        let (before, after) = (told.1[0][0], curves[0][0]);
        assert_eq!((after.count, after.min, after.max), (before.count + 1, 1.0, before.max));
        assert_eq!(told_by_the_hour(backend, device(6)).await.0[0].reports, 1);
        backend.expire(limit).await.unwrap();
    }
}

/// What was appended and is not settled is neither lost nor forgotten by half.
pub(super) async fn forgets_nothing_in_flight(backend: &Backend) {
    let who = device(7);
    put(backend, points(who, 0..100)).await;
    backend.append(points(who, 100..250)).await.unwrap();
    backend.expire(Time::from_ms(START + DAY_MS)).await.unwrap();
    backend.settle().await.unwrap();
    let counts = backend.counts(&who, span(0, DAY_MS), 2_000).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.reports).sum::<u64>(), 250);
}

type ByTheHour = (Vec<Count>, Vec<Vec<Bucket>>);

/// Counts, and the curve of every field.
async fn told_by_the_hour(backend: &Backend, who: DeviceId) -> ByTheHour {
    let whole = span(0, 3 * DAY_MS);
    // Stretches of two hours.
    let counts = backend.counts(&who, whole, 37).await.unwrap();
    let mut curves = Vec::new();
    for field in Field::ALL {
        curves.push(backend.downsample(&who, field, whole, 37).await.unwrap());
    }
    (counts, curves)
}

fn assert_same(one: &ByTheHour, other: &ByTheHour) {
    assert_eq!(one.0, other.0);
    for (one, other) in one.1.iter().flatten().zip(other.1.iter().flatten()) {
        assert!((one.mean - other.mean).abs() < 1e-9, "{one:?} {other:?}");
        assert_eq!(Bucket { mean: 0.0, ..*one }, Bucket { mean: 0.0, ..*other });
    }
    assert_eq!(one.1.iter().map(Vec::len).collect::<Vec<_>>(), other.1.iter().map(Vec::len).collect::<Vec<_>>());
}
