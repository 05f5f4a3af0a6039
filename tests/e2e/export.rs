//! A transfer of the demo, exported in every format and read again by other people's readers.

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use sealway_tests::run;
use serde_json::Value;
use std::path::{Path, PathBuf};

struct Room {
    folder: tempfile::TempDir,
    transfer: String,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let demo = ["demo", "--devices", "3", "--for", "6s", "--http", "127.0.0.1:0", "--report", "json", "--data", data.to_str().unwrap()];
        assert!(run(&demo).status.success());
        let bundles = folder.path().join("bundles");
        let output = run(&["evidence", "export", "--all", "-o", bundles.to_str().unwrap(), "--data", data.to_str().unwrap()]);
        assert!(output.status.success());
        let name = std::fs::read_dir(bundles).unwrap().next().unwrap().unwrap().file_name();
        Self { folder, transfer: name.to_str().unwrap().strip_suffix(".zip").unwrap().to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, transfer: &str, format: &str, to: &Path) -> std::process::Output {
        let (data, to) = (self.path("data"), to.to_str().unwrap());
        run(&["export", "--transfer", transfer, "--format", format, "-o", to, "--data", data.to_str().unwrap()])
    }

    fn exported(&self, format: &str) -> PathBuf {
        let path = self.path(format);
        let output = self.export(&self.transfer, format, &path);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        path
    }

    /// What the evidence of the same transfer shows: counter, latitude and longitude of each report.
    fn evidence(&self) -> Vec<Value> {
        let data = self.path("data");
        std::fs::write(self.path("root.pub"), run(&["evidence", "root", "--data", data.to_str().unwrap()]).stdout).unwrap();
        let (file, trust) = (self.path("bundles").join(format!("{}.zip", self.transfer)), self.path("root.pub"));
        let checked = run(&["evidence", "verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap(), "--report", "json"]);
        let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
        checked["devices"][0]["reports"].as_array().unwrap().clone()
    }
}

#[test]
fn every_format_has_every_report_of_the_transfer() {
    let room = Room::new();
    let counters: Vec<i64> = room.evidence().iter().map(|report| report["ctr"].as_i64().unwrap()).collect();
    assert!(counters.len() > 5);

    let mut csv = csv::Reader::from_path(room.exported("csv")).unwrap();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(&csv.headers().unwrap().iter().collect::<Vec<_>>()[..4], ["device", "t", "received_at", "ctr"]);
    assert_eq!(rows.iter().map(|row| row[3].parse::<i64>().unwrap()).collect::<Vec<_>>(), counters);
    assert!(rows.iter().any(|row| &row[5] == "sealed" && row[1].ends_with('Z')));

    let geojson: Value = serde_json::from_slice(&std::fs::read(room.exported("geojson")).unwrap()).unwrap();
    let features = geojson["features"].as_array().unwrap();
    for (feature, row) in features.iter().zip(&rows) {
        assert_eq!(feature["properties"]["ctr"].to_string(), row[3]);
        assert_eq!(feature["geometry"].is_null(), row[7].is_empty());
        if !row[7].is_empty() {
            let place = &feature["geometry"]["coordinates"];
            assert_eq!((place[1].as_f64(), place[0].as_f64()), (row[7].parse().ok(), row[8].parse().ok()));
        }
    }
    assert_eq!(features.len(), rows.len());

    let gpx = std::fs::read_to_string(room.exported("gpx")).unwrap();
    let gpx = roxmltree::Document::parse(&gpx).unwrap();
    let fixes: Vec<_> = gpx.descendants().filter(|node| node.has_tag_name(("http://www.topografix.com/GPX/1/1", "trkpt"))).collect();
    assert_eq!(fixes.len(), rows.iter().filter(|row| !row[7].is_empty()).count());
    assert_eq!(fixes[0].attribute("lat"), rows.iter().map(|row| &row[7]).find(|lat| !lat.is_empty()));

    let parquet = SerializedFileReader::new(std::fs::File::open(room.exported("parquet")).unwrap()).unwrap();
    let told: Vec<_> = parquet.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(told.iter().map(|row| row.get_long(3).unwrap()).collect::<Vec<_>>(), counters);
    assert_eq!(told[0].get_string(0).unwrap(), &rows[0][0]);
    for (row, line) in told.iter().zip(&rows) {
        assert_eq!(row.get_double(7).ok(), line[7].parse().ok());
    }
}

#[test]
fn a_transfer_that_is_not_there_leaves_no_file() {
    let room = Room::new();
    let path = room.path("none.csv");
    let output = room.export("26CN0000000000000000", "csv", &path);
    assert!(!output.status.success() && !path.exists());
    let unknown = sealway_schemas::TransferId::new(26, "CN", "0000000000000").unwrap().to_string();
    let output = room.export(&unknown, "csv", &path);
    assert!(String::from_utf8_lossy(&output.stderr).contains(&unknown), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && !path.exists());
}
