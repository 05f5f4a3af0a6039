//! The way from a log to a store, over stops, losses and damage.

use super::contract::{START, device};
use super::*;
use crate::config::SystemClock;
use crate::log::{EvidenceLog, LogConfig, LogReader};
use bytes::Bytes;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::cose::seal;
use sealway_schemas::entry::{Entry, Salt};
use sealway_schemas::report::{Event, Fix, ReportDraft};
use sealway_schemas::{DeviceId, Digest, PublicKey, Time, aad};
use serde_json::json;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const INSIDE: (i64, i64) = (343_500_000, 1_089_500_000);
const OUTSIDE: (i64, i64) = (345_000_000, 1_089_500_000);

/// A log of one device that reports every ten seconds, and of a place.
pub(super) struct House {
    folder: tempfile::TempDir,
    log: EvidenceLog,
    ctr: u64,
}

impl House {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EvidenceLog::open(&folder.path().join("log"), LogConfig::default(), 0).unwrap();
        Self { folder, log, ctr: 0 }
    }

    fn place(&mut self, id: &str) {
        let square = json!([[[108.9, 34.3], [109.0, 34.3], [109.0, 34.4], [108.9, 34.4], [108.9, 34.3]]]);
        let feature = json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square},
            "properties": {"id": id, "kind": "port", "name_zh": "港", "name_en": "Port"}});
        let body = json!({"type": "put-place", "feature": feature}).to_string();
        let by = Signer { user: "someone".parse().unwrap(), party: "customs".parse().unwrap(), role: Role::Customs };
        let entry = Entry::Command {
            at: Time::from_ms(START),
            by,
            key: "k".into(),
            body: Bytes::from(body),
            signature: None,
            salt: Salt::UNFILLED,
        };
        self.log.append(&entry, None).unwrap();
    }

    pub(super) fn reports(count: u64) -> Self {
        let mut house = Self::new();
        for _ in 0..count {
            house.report(INSIDE);
        }
        house.log.commit().unwrap();
        house
    }

    pub(super) fn log(&self) -> LogReader {
        self.log.reader()
    }

    fn report(&mut self, (lat_e7, lon_e7): (i64, i64)) {
        self.ctr += 1;
        let t = Time::from_ms(START + self.ctr * 10_000);
        let mut draft = ReportDraft::new(self.ctr, 1, Digest::ZERO, t, Event::Periodic);
        draft.fix = Some(Fix { lat_e7, lon_e7, accuracy_dm: 25, speed_cm_s: 1_667, heading_ddeg: 905, satellites: 14, cn0_ddbhz: 421 });
        let signed = seal(&draft.build().unwrap().encode(), &aad::up(&who()), PublicKey::from_bytes([1; 32]).key_id(), |_| [0; 64]);
        self.log.append(&Entry::Report { at: t, device: who(), bytes: Bytes::from(signed) }, None).unwrap();
    }

    pub(super) fn series(&self) -> std::path::PathBuf {
        self.folder.path().join("series")
    }

    fn start(&self) -> Series {
        Series::start(&self.series(), &SeriesConfig::default(), self.log.reader(), Arc::new(SystemClock)).unwrap()
    }

    async fn stored(&self, series: &Series) -> u64 {
        let span = Span::new(Time::from_ms(START), Time::from_ms(START + 24 * HOUR_MS)).unwrap();
        series.backend().track(&who(), span, 1).await.unwrap().reports
    }

    /// Starts, lets it reach the log's end, stops: what the store has then.
    async fn follow(&self) -> u64 {
        let series = self.start();
        until(|| series.latest(&who()).is_some_and(|latest| latest.point.ctr == self.ctr)).await;
        series.stop();
        self.stored(&series).await
    }
}

pub(super) fn who() -> DeviceId {
    device(7)
}

async fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_follows_the_log_and_tells_where_a_seal_came_and_went() {
    let mut house = House::new();
    house.report(INSIDE);
    house.place("xian-port");
    for at in [INSIDE, OUTSIDE, OUTSIDE, INSIDE] {
        house.report(at);
    }
    house.log.commit().unwrap();
    assert_eq!(house.follow().await, 5);
    let series = house.start();
    until(|| series.latest(&who()).is_some()).await;
    let latest = series.latest(&who()).unwrap();
    assert_eq!((latest.point.ctr, latest.inside), (5, vec!["xian-port".parse().unwrap()]));
    let span = Span::new(Time::from_ms(START), Time::from_ms(START + HOUR_MS)).unwrap();
    let crossings = series.backend().crossings(&who(), span, 10).await.unwrap();
    let told: Vec<_> = crossings.iter().map(|crossing| (crossing.ctr, crossing.entered.len(), crossing.left.len())).collect();
    assert_eq!(told, [(2, 1, 0), (3, 0, 1), (5, 1, 0)], "the place was not there at the first report");
    series.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_it_was_away_is_caught_up_and_nothing_is_twice() {
    let mut house = House::reports(50);
    assert_eq!(house.follow().await, 50);
    for _ in 0..30 {
        house.report(OUTSIDE);
    }
    house.log.commit().unwrap();
    assert_eq!(house.follow().await, 80);
    let series = house.start();
    until(|| series.latest(&who()).is_some()).await;
    series.stop();
    assert_eq!((series.state().cursor, series.state().points), (80, 0), "what is settled is not read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_or_damaged_is_made_again() {
    let house = House::reports(50);
    assert_eq!(house.follow().await, 50);
    std::fs::remove_dir_all(house.series()).unwrap();
    assert_eq!(house.follow().await, 50);
    cut_every_file(&house.series().join("points"));
    assert_eq!(house.follow().await, 50, "a file that lost its end");
    std::fs::write(house.series().join("kept"), b"SEALSER1 nonsense").unwrap();
    assert_eq!(house.follow().await, 50, "a cursor that cannot be read");
}

fn cut_every_file(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cut_every_file(&path);
        } else {
            std::fs::write(&path, &std::fs::read(&path).unwrap()[..40]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_of_another_log_is_made_again() {
    let house = House::reports(50);
    assert_eq!(house.follow().await, 50);
    let mut restored = House::new();
    for _ in 0..20 {
        restored.report(OUTSIDE);
    }
    restored.log.commit().unwrap();
    std::fs::rename(house.series(), restored.series()).unwrap();
    assert_eq!(restored.follow().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_nothing_makes_it_lag_and_catch_up() {
    let house = House::reports(50);
    std::fs::create_dir_all(house.series().join("points")).unwrap();
    let day = house.series().join("points").join((START / (24 * HOUR_MS)).to_string());
    let series = house.start();
    // Where the day's folder has to be is a file.
    std::fs::write(&day, b"in the way").unwrap();
    until(|| series.latest(&who()).is_some()).await;
    let stopping = tokio::task::spawn_blocking({
        let series = series.clone();
        move || series.stop()
    });
    stopping.await.unwrap();
    assert!(series.state().failing.is_some_and(|why| why.contains("points/")), "{:?}", series.state());
    assert_eq!(series.state().cursor, 0);
    std::fs::remove_file(&day).unwrap();
    assert_eq!(house.follow().await, 50);
}

/// What feeds it, by hand: what is in its way has to be there before it begins.
fn fed(house: &House, config: &SeriesConfig, hinder: impl FnOnce()) -> (Series, std::thread::JoinHandle<()>) {
    let (series, feeder) = Series::open(&house.series(), config, house.log(), Arc::new(SystemClock)).unwrap();
    hinder();
    (series, std::thread::spawn(move || feeder.run()))
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_that_cannot_be_forgotten_hold_no_new_points_up() {
    let house = House::reports(12_000);
    let hours = house.series().join("points/hours");
    let config = SeriesConfig { keep_days: Some(1), ..SeriesConfig::default() };
    let (series, feeding) = fed(&house, &config, || {
        std::fs::remove_dir(&hours).unwrap();
        std::fs::write(&hours, b"in the way").unwrap();
    });
    until(|| series.state().cursor == 12_000 && series.latest(&who()).is_some_and(|latest| latest.point.ctr == 12_000)).await;
    let state = series.state();
    assert!(state.failing.as_ref().is_some_and(|why| why.contains("hours")), "{state:?}");
    assert_eq!((state.points, state.lag), (12_000, 0), "nothing is given twice");
    std::fs::remove_file(&hours).unwrap();
    std::fs::create_dir(&hours).unwrap();
    until(|| series.state().failing.is_none()).await;
    assert_eq!(house.stored(&series).await, 0, "they are forgotten as soon as they can be");
    series.stop();
    feeding.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_on_is_not_given_again_with_every_try() {
    let house = House::reports(6_000);
    let last = house.log().frames_from(5_999).next().unwrap().unwrap().position;
    let segment = std::fs::OpenOptions::new().write(true).open(house.folder.path().join("log/00000000000000000000.seg")).unwrap();
    segment.write_all_at(&[0xff], (last.as_u64() & u64::from(u32::MAX)) + 60).unwrap();
    let (series, feeding) = fed(&house, &SeriesConfig::default(), || {});
    until(|| series.state().failures >= 3).await;
    let state = series.state();
    assert_eq!((state.cursor, state.points, state.lag), (5_000, 5_000, 1_000), "{state:?}");
    series.stop();
    feeding.join().unwrap();
}

#[test]
fn a_rebuild_shows_its_progress_and_ends_with_all_of_it() {
    let house = House::reports(12_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let mut told = Vec::new();
    let config = SeriesConfig::default();
    let state =
        Series::rebuild((&house.series(), &config), house.log.reader(), Arc::new(SystemClock), |progress| told.push(progress)).unwrap();
    assert_eq!((state.points, state.cursor), (12_000, 12_000));
    assert!(told.iter().all(|progress| progress.entries == 12_000 && progress.done <= 12_000) && !told.is_empty(), "{told:?}");
}
