//! Recorded receivers against the table in the recordings' README. They are not part of the project; see `SEALWAY_SHARED`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

use sealway_schemas::report::Report;
use sealway_seal_sim::device::Device;
use sealway_seal_sim::earth::Point;
use sealway_seal_sim::replay::{self, ReplayPoint, Summary};
use std::path::PathBuf;

/// `None`, said aloud, where the recordings are absent.
fn traces() -> Option<PathBuf> {
    let shared = std::env::var_os("SEALWAY_SHARED").map(PathBuf::from);
    let folder = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared")).join("data/traces");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no recordings at {}; set SEALWAY_SHARED to the folder that holds data/traces", folder.display());
    None
}

fn fixes(points: &[ReplayPoint]) -> usize {
    points.iter().filter(|point| point.fix.is_some()).count()
}

#[test]
fn receiver_logs_hold_what_their_table_says() {
    let Some(folder) = traces() else { return };
    // RMC, void, GGA, no fix. The table counts sentences at the start of a line; beidou-bd has one more after a space.
    let table = [
        ("bundg_zeus_9.log", [146, 0, 138, 0]),
        ("haicom-305N.log", [74, 6, 73, 5]),
        ("humminbird-M37.log", [17, 0, 8, 0]),
        ("beidou-bd.log", [10, 5, 10, 5]),
        ("quectel-eg25-g.log", [60, 37, 60, 37]),
    ];
    for (name, [rmc, rmc_void, gga, gga_no_fix]) in table {
        let (points, found) = replay::read_counted(&folder.join(name)).unwrap();
        let expected = Summary { rmc, rmc_void, gga, gga_no_fix, skipped: found.skipped, bad_checksum: 0 };
        assert_eq!(found, expected, "{name}");
        assert!(points.len() >= rmc, "{name}");
    }
}

#[test]
fn moments_without_a_fix_stay_without_one() {
    let Some(folder) = traces() else { return };
    let count = |name: &str| {
        let points = replay::read(&folder.join(name)).unwrap();
        (points.len(), fixes(&points))
    };
    assert_eq!(count("haicom-305N.log"), (74, 68));
    assert_eq!(count("beidou-bd.log"), (10, 5));
    assert_eq!(count("quectel-eg25-g.log"), (60, 23));
    assert_eq!(count("humminbird-M37.log"), (25, 25));
}

#[test]
fn positions_and_times_are_those_of_the_recording() {
    let Some(folder) = traces() else { return };
    let points = replay::read(&folder.join("bundg_zeus_9.log")).unwrap();
    let way: f64 = points.windows(2).map(|pair| Point::of(&pair[0].fix.unwrap()).distance_m(Point::of(&pair[1].fix.unwrap()))).sum();
    assert!((400.0..470.0).contains(&way), "{way} m");
    assert!(points.iter().all(|point| (1_534_723_200_000..1_534_809_600_000).contains(&point.t_ms)), "2018-08-20");
    let shanghai = replay::read(&folder.join("beidou-bd.log")).unwrap();
    assert_eq!(shanghai[5].t_ms, 1_424_850_115_799);
    assert_eq!(shanghai[5].fix.map(|fix| (fix.lat_e7, fix.lon_e7)), Some((312_479_500, 1_215_874_383)));
}

#[test]
fn a_clock_that_goes_back_goes_back_in_the_reports_too() {
    let Some(folder) = traces() else { return };
    let points = replay::read(&folder.join("humminbird-M37.log")).unwrap();
    let mut device = Device::new("HB-M37".parse().unwrap(), [1; 32], 1_000);
    replay::report_all(&mut device, &points, 100).unwrap();
    let times: Vec<u64> = device.ring().from(1).map(|record| Report::parse(&record.bytes).unwrap().1.t().as_ms()).collect();
    assert_eq!(times, points.iter().map(|point| point.t_ms).collect::<Vec<_>>());
    assert_eq!(times.windows(2).filter(|pair| pair[1] < pair[0]).count(), 1);
}

#[test]
fn each_moment_becomes_one_report_with_its_fix_or_none() {
    let Some(folder) = traces() else { return };
    for name in ["quectel-eg25-g.log", "haicom-305N.log", "car-visnjan.csv", "helicopter-rega-zh.csv"] {
        let points = replay::read(&folder.join(name)).unwrap();
        let mut device = Device::new("REC-1".parse().unwrap(), [1; 32], 1_000);
        replay::report_all(&mut device, &points, 100).unwrap();
        let reports: Vec<Report> = device.ring().from(1).map(|record| Report::parse(&record.bytes).unwrap().1).collect();
        assert_eq!(reports.len(), points.len(), "{name}");
        for (report, point) in reports.iter().zip(&points) {
            assert_eq!((report.fix(), report.t().as_ms()), (point.fix, point.t_ms), "{name}");
        }
    }
}

#[test]
fn tracks_are_read_point_by_point() {
    let Some(folder) = traces() else { return };
    let car = replay::read(&folder.join("car-visnjan.csv")).unwrap();
    assert_eq!((car.len(), fixes(&car)), (104, 104));
    assert_eq!(car[0].fix.map(|fix| (fix.lat_e7, fix.lon_e7)), Some((452_735_189, 137_142_100)));
    let helicopter = replay::read(&folder.join("helicopter-rega-zh.csv")).unwrap();
    assert_eq!((helicopter.len(), helicopter[1].fix.map(|fix| fix.speed_cm_s)), (339, Some(2_734)));
}

#[test]
fn a_recording_that_is_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "hello\n").unwrap();
    assert!(replay::read(&path).unwrap_err().to_string().contains("notes.txt"));
    std::fs::write(&path, "unix_ms,lat,lon,alt_m,speed_mps\n1,91,0,,\n").unwrap();
    assert!(replay::read(&path).unwrap_err().to_string().contains("line 2: lat \"91\": expected degrees within 90"));
    assert!(replay::read(&folder.path().join("absent")).is_err());
}
