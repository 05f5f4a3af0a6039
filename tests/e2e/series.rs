//! The time series of a running platform while what keeps them is away or full: nobody waits for them, and they catch up.

use sealway_tests::{Api, Sealway, SmallDisk, free_port, run};
use serde_json::Value;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A data folder with a few minutes of a few seals.
fn lived(data: &Path) {
    let demo = ["demo", "--devices", "4", "--for", "5s", "--http", "127.0.0.1:0", "--report", "json", "--data", data.to_str().unwrap()];
    assert!(run(&demo).status.success());
}

pub(crate) fn gauge(api: &Api, name: &str) -> u64 {
    let page = api.get("/metrics").body;
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("sealway_{name} "))).unwrap_or_else(|| panic!("{name}: {page}"));
    line.parse().unwrap()
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Reports of a seal that the series have.
pub(crate) fn reports(api: &Api, seal: &str) -> u64 {
    let told = api.get(&format!("/api/v1/devices/{seal}/series/points?from=0&to=4000000000000&points=2000")).ok();
    told["reports"].as_u64().unwrap()
}

/// Of every seal under way; those in a drawer said nothing.
fn reports_of_all(api: &Api) -> Vec<(String, u64)> {
    let of = |device: &Value| device["id"].as_str().map(|id| (id.to_owned(), reports(api, id))).unwrap();
    api.all("/api/v1/devices").iter().filter(|device| !device["transfer"].is_null()).map(of).collect()
}

struct Influxd(Child);

impl Influxd {
    /// `None` where the machine has none; `tests/run` installs it.
    fn start(folder: &Path, port: u16) -> Option<Self> {
        let config = folder.join("influxdb.conf");
        let text = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n[meta]\ndir = {:?}\n[data]\ndir = {:?}\nwal-dir = {:?}\n[http]\n\
             bind-address = \"127.0.0.1:{port}\"\n",
            free_port(),
            folder.join("meta"),
            folder.join("data"),
            folder.join("wal"),
        );
        std::fs::write(&config, text).unwrap();
        let mut command = std::process::Command::new("influxd");
        let child = command.arg("-config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        until("influxd listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Self(child))
    }
}

impl Drop for Influxd {
    fn drop(&mut self) {
        drop(self.0.kill().and_then(|()| self.0.wait()));
    }
}

#[test]
fn a_database_that_was_away_gets_everything_once_it_is_there() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    lived(&data);
    let platform = Sealway::serve(&data);
    until("the embedded store is level", || gauge(&platform.admin(), "series_lag_entries") == 0);
    let embedded = reports_of_all(&platform.admin());
    assert!(embedded.iter().all(|(_, reports)| *reports > 5), "{embedded:?}");
    assert!(platform.stop().success());

    let port = free_port();
    let config = room.path().join("influx.toml");
    let text = format!(
        "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[series]\nstore = \"influxdb\"\n[series.influx]\n\
         url = \"http://127.0.0.1:{port}\"\nbucket = \"sealway\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let platform = Sealway::serve_by(&config, &data);
    let admin = platform.admin();
    until("it is told that the database is away", || gauge(&admin, "series_failing") == 1);
    let state = admin.get("/api/v1/series/state").ok();
    assert!(state["failing"].as_str().unwrap().contains(&port.to_string()) && state["failing_since"].is_u64(), "{state}");
    let (device, unanswered) = (format!("/api/v1/devices/{}/series/points", embedded[0].0), "series_unanswered_total");
    assert_eq!(gauge(&admin, unanswered), 0);
    assert_eq!(admin.get(&device).json()["type"].as_str().map(|kind| kind.ends_with("series-unavailable")), Some(true));
    assert_eq!(gauge(&admin, unanswered), 1, "what it could not answer is counted");
    assert_eq!(admin.get("/api/v1/devices").status, 200, "nothing else waits for it");

    let Some(_database) = Influxd::start(room.path(), port) else {
        assert!(std::env::var_os("CI").is_none(), "influxd is not installed, and in CI nothing is left out");
        return println!("left out: influxd is missing");
    };
    let database = Api::new(([127, 0, 0, 1], port).into(), "");
    assert_eq!(database.post("/query?q=CREATE+DATABASE+sealway", &Value::Null).status, 200);
    until("it has caught up", || gauge(&admin, "series_failing") == 0 && gauge(&admin, "series_lag_entries") == 0);
    until("every report is there", || reports_of_all(&admin) == embedded);
    assert_eq!(gauge(&admin, "series_dead_letters_total"), 0);
    assert!(platform.stop().success());
}

#[test]
fn a_full_disk_under_the_series_makes_them_late_and_nothing_else() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    lived(&data);
    let series = data.join("series");
    std::fs::remove_dir_all(&series).unwrap();
    let Some(_disk) = SmallDisk::mounted(&series, 1) else {
        return println!("skipped: a full disk needs a user who may mount a tmpfs");
    };
    let filler = series.join("filler");
    let left = std::iter::repeat_with(|| 4_096).take_while(|bytes| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&filler).unwrap();
        file.write_all(&vec![0; *bytes]).is_ok()
    });
    assert!(left.count() > 100, "the disk is full");
    let platform = Sealway::serve(&data);
    let admin = platform.admin();
    until("it is told", || gauge(&admin, "series_failing") == 1);
    let party = serde_json::json!({"party": "late", "role": "carrier", "name_zh": "迟到物流", "name_en": "Late Haulage"});
    let _receipt = admin.post("/api/v1/parties", &party).ok();
    until("what came meanwhile is lag", || gauge(&admin, "series_lag_entries") > 0);
    std::fs::remove_file(&filler).unwrap();
    until("it has caught up", || gauge(&admin, "series_failing") == 0 && gauge(&admin, "series_lag_entries") == 0);
    assert!(reports_of_all(&admin).iter().all(|(_, reports)| *reports > 5));
    assert!(platform.stop().success());
}

#[test]
fn a_rebuild_by_command_shows_its_progress_and_makes_the_same_series() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    lived(&data);
    let platform = Sealway::serve(&data);
    until("the series are level", || gauge(&platform.admin(), "series_lag_entries") == 0);
    let before = reports_of_all(&platform.admin());
    assert!(before.iter().all(|(_, reports)| *reports > 5), "{before:?}");
    assert!(platform.stop().success());
    let points = data.join("series/points");
    std::fs::write(points.join("left-behind"), b"not of the log").unwrap();

    let output = run(&["rebuild", "--series", "--data", data.to_str().unwrap()]);
    let (said, progress) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{progress}");
    let entries = said.split("points of ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{said}"));
    assert!(progress.contains(&format!(" of {entries} entries")), "{progress}");
    assert!(!points.join("left-behind").exists(), "it was thrown away before");

    let platform = Sealway::serve(&data);
    until("the series are level", || gauge(&platform.admin(), "series_lag_entries") == 0);
    assert_eq!(reports_of_all(&platform.admin()), before);
    assert!(platform.stop().success());
}
