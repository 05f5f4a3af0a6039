//! The embedded store on a real disk.

use super::file::Row as _;
use super::*;
use crate::series::contract::{self, START, device, point, points};
use crate::series::{Backend, POINTS_LIMIT};
use proptest::prelude::*;
use sealway_schemas::report::{Event, Fix, Status};

fn opened(folder: &Path) -> Backend {
    Backend::Embedded(Arc::new(Embedded::open(folder).unwrap()))
}

fn all() -> Span {
    Span::new(Time::ZERO, Time::from_ms(START * 2)).unwrap()
}

async fn reports(backend: &Backend, who: u32) -> u64 {
    backend.track(&device(who), all(), 1).await.unwrap().reports
}

#[tokio::test]
async fn the_contract_holds() {
    let folder = tempfile::tempdir().unwrap();
    contract::holds(&opened(folder.path())).await;
    let again = tempfile::tempdir().unwrap();
    contract::forgets(&opened(again.path())).await;
    let third = tempfile::tempdir().unwrap();
    contract::forgets_nothing_in_flight(&opened(third.path())).await;
}

#[tokio::test]
async fn the_contract_holds_for_what_was_never_settled_and_for_what_was_merged() {
    let folder = tempfile::tempdir().unwrap();
    let backend = opened(folder.path());
    backend.append(points(device(1), 0..20)).await.unwrap();
    assert_eq!(reports(&backend, 1).await, 20, "what waits in memory is told too");
    for n in 0..20 {
        backend.append(points(device(1), n * 50..n * 50 + 80)).await.unwrap();
        backend.settle().await.unwrap();
    }
    let Backend::Embedded(embedded) = &backend else { panic!("opened as such") };
    embedded.compact().unwrap();
    assert_eq!(embedded.size().1, 1, "a day is one file");
    let track = backend.track(&device(1), all(), 2_000).await.unwrap();
    assert_eq!(track.points.iter().map(|point| point.ctr).collect::<Vec<_>>(), (1..=1_030).collect::<Vec<_>>());
}

#[tokio::test]
async fn five_years_are_told_in_two_thousand_points() {
    let folder = tempfile::tempdir().unwrap();
    let backend = opened(folder.path());
    let half_a_day = 4_320;
    let five_years = 5 * 365 * 2;
    let points: Vec<Point> = (0..five_years).map(|n| point(device(1), n * half_a_day)).collect();
    backend.append(points.clone()).await.unwrap();
    backend.settle().await.unwrap();
    let asked = Span::new(Time::from_ms(START), Time::from_ms(START + five_years * DAY_MS / 2)).unwrap();
    let track = backend.track(&device(1), asked, POINTS_LIMIT).await.unwrap();
    assert_eq!(track.reports, five_years);
    assert!((1_000..=POINTS_LIMIT).contains(&track.points.len()), "{}", track.points.len());
    assert_eq!(track.points.last().unwrap().ctr, points.last().unwrap().ctr);
    assert!(backend.downsample(&device(1), Field::Speed, asked, POINTS_LIMIT).await.unwrap().len() <= POINTS_LIMIT);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_seals_are_asked_for_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let backend = opened(folder.path());
    for number in 0..10_000 {
        backend.append(points(device(number), 0..3)).await.unwrap();
    }
    backend.settle().await.unwrap();
    let asked: Vec<_> = (0..10_000)
        .map(|number| {
            let backend = backend.clone();
            tokio::spawn(async move { reports(&backend, number).await })
        })
        .collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), 3);
    }
}

#[tokio::test]
async fn days_are_forgotten_once_where_a_crash_came_between() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join((START / DAY_MS).to_string());
    let (aside, tomorrow) = (tempfile::tempdir().unwrap(), Time::from_ms(START + DAY_MS));
    let counted = async |backend: &Backend| {
        let counts = backend.counts(&device(1), all(), 2_000).await.unwrap();
        counts.iter().map(|count| count.reports).sum::<u64>()
    };
    {
        let backend = opened(folder.path());
        backend.append(points(device(1), 0..700)).await.unwrap();
        backend.settle().await.unwrap();
        let file = std::fs::read_dir(&day).unwrap().next().unwrap().unwrap();
        std::fs::copy(file.path(), aside.path().join(file.file_name())).unwrap();
        backend.expire(tomorrow).await.unwrap();
        assert_eq!((day.exists(), counted(&backend).await), (false, 700));
    }
    // The hours were on the disk, the points were still there.
    std::fs::create_dir(&day).unwrap();
    for file in std::fs::read_dir(aside.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), day.join(file.file_name())).unwrap();
    }
    let backend = opened(folder.path());
    assert_eq!((counted(&backend).await, reports(&backend, 1).await), (700, 0));
    backend.append(points(device(1), 700..800)).await.unwrap();
    backend.settle().await.unwrap();
    backend.expire(tomorrow).await.unwrap();
    assert_eq!(counted(&backend).await, 800);
    drop(backend);
    assert_eq!(counted(&opened(folder.path())).await, 800);
    assert_eq!(std::fs::read_dir(folder.path().join("hours")).unwrap().count(), 1);
}

#[tokio::test]
async fn what_was_settled_is_there_after_a_start_and_half_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    {
        let backend = opened(folder.path());
        backend.append(points(device(1), 0..100)).await.unwrap();
        backend.settle().await.unwrap();
        backend.append(points(device(1), 100..200)).await.unwrap();
    }
    let day = START / DAY_MS;
    std::fs::write(folder.path().join(day.to_string()).join("000000000002-0.tmp"), b"SEALPTS1 half").unwrap();
    let backend = opened(folder.path());
    assert_eq!(reports(&backend, 1).await, 100);
    backend.append(points(device(1), 100..200)).await.unwrap();
    backend.settle().await.unwrap();
    assert_eq!(reports(&backend, 1).await, 200);
}

#[tokio::test]
async fn a_day_that_is_written_is_not_written_again_for_one_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let backend = opened(folder.path());
    let (first, second) = (START / DAY_MS, START / DAY_MS + 1);
    backend.append(points(device(1), 8_600..8_700)).await.unwrap();
    let in_the_way = folder.path().join(second.to_string());
    std::fs::write(&in_the_way, b"a file").unwrap();
    for _ in 0..5 {
        assert!(backend.settle().await.is_err());
    }
    assert_eq!(std::fs::read_dir(folder.path().join(first.to_string())).unwrap().count(), 1);
    assert_eq!(reports(&backend, 1).await, 100);
    std::fs::remove_file(&in_the_way).unwrap();
    backend.settle().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join(first.to_string())).unwrap().count(), 1);
    drop(backend);
    assert_eq!(reports(&opened(folder.path()), 1).await, 100);
}

#[tokio::test]
async fn a_bit_that_turned_over_is_found_and_the_file_named() {
    let folder = tempfile::tempdir().unwrap();
    {
        let backend = opened(folder.path());
        backend.append(points(device(1), 0..500)).await.unwrap();
        backend.settle().await.unwrap();
    }
    let path = folder.path().join((START / DAY_MS).to_string()).join("000000000001-0.pts");
    let good = std::fs::read(&path).unwrap();
    for place in [40, good.len() - 40, good.len() - 3] {
        let mut bad = good.clone();
        bad[place] ^= 4;
        std::fs::write(&path, &bad).unwrap();
        let told = match Embedded::open(folder.path()) {
            Ok(embedded) => Backend::Embedded(Arc::new(embedded)).track(&device(1), all(), 10).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(told.to_string().contains("000000000001-0.pts is damaged"), "{told}");
    }
}

#[tokio::test]
async fn a_day_on_the_road_takes_under_thirty_bytes_a_point() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Arc::new(Embedded::open(folder.path()).unwrap());
    for hour in 0..24 {
        for who in 0..10 {
            embedded.append(points(device(who), hour * 360..hour * 360 + 360)).unwrap();
        }
        embedded.settle().unwrap();
    }
    embedded.compact().unwrap();
    let (bytes, _) = embedded.size();
    assert!(bytes < 30 * 10 * 8_640, "{bytes} bytes for 86400 points");
}

fn any_point() -> impl Strategy<Value = Point> {
    let fix = (any::<(i32, i32)>(), 0..1u64 << 32, any::<[u16; 4]>()).prop_map(|((lat, lon), accuracy_dm, rest)| Fix {
        lat_e7: i64::from(lat),
        lon_e7: i64::from(lon),
        accuracy_dm,
        speed_cm_s: u64::from(rest[0]),
        heading_ddeg: u64::from(rest[1]),
        satellites: u64::from(rest[2]),
        cn0_ddbhz: u64::from(rest[3]),
    });
    let rest = (any::<Option<u8>>(), proptest::option::of(proptest::num::f64::ANY), proptest::option::of(fix), 0..64u64, any::<u32>());
    (0..1u64 << 42, any::<u64>(), 0..1u64 << 44, any::<u64>(), rest).prop_map(|(t, ctr, received, epoch, rest)| {
        let (battery, temperature, fix, event, status) = rest;
        Point {
            at: crate::series::PointTime::new(Time::from_ms(t), ctr).unwrap(),
            received_at: Time::from_ms(received),
            ctr,
            epoch,
            event: Event::from_code(event).unwrap(),
            status: Status::new(u64::from(status)).unwrap(),
            fix,
            battery,
            temperature,
            ..point(device(1), 120)
        }
    })
}

proptest! {
    #[test]
    fn every_point_comes_back_from_its_block(points in proptest::collection::vec(any_point(), 0..40)) {
        let bytes = Point::encode(&points).unwrap();
        let told = Point::decode(device(1), &bytes).unwrap();
        let bits = |points: &[Point]| points.iter().map(|point| point.temperature.map(f64::to_bits)).collect::<Vec<_>>();
        prop_assert_eq!(bits(&told), bits(&points));
        let plain = |points: &[Point]| points.iter().map(|point| Point { temperature: None, ..point.clone() }).collect::<Vec<_>>();
        prop_assert_eq!(plain(&told), plain(&points));
    }

    #[test]
    fn no_bytes_make_the_reader_fall(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _none = Point::decode(device(1), &bytes);
    }
}
