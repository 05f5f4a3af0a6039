//! `sealway export`: the reports of a transfer for other programs, one by one from the log, seal after seal, in the order of receipt.

mod columns;
mod csv;
mod geojson;
mod gpx;
mod parquet;

use crate::cli::{ExportFormat, ExportSeries};
use crate::say::say;
use anyhow::Context as _;
use sealway_schemas::DeviceId;
use sealway_tracker::TreeReader;
use sealway_tracker::evidence::TransferPoints;
use sealway_tracker::log::LogError;
use sealway_tracker::series::Point;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// A file that is being written.
trait Sink {
    /// The points of another seal follow.
    fn begin(&mut self, device: &DeviceId) -> anyhow::Result<()>;
    fn put(&mut self, point: &Point) -> anyhow::Result<()>;
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// What stops the walk through the log.
enum Stop {
    Log(LogError),
    Sink(anyhow::Error),
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

pub(crate) fn run(arguments: &ExportSeries) -> anyhow::Result<()> {
    let ExportSeries { transfer, format, output, data } = arguments;
    let tree = TreeReader::open(data).with_context(|| format!("data folder {}", data.display()))?;
    let progress = |entries: u64| eprintln!("{entries} entries looked at");
    let points = TransferPoints::of(&tree, transfer, &progress)?;
    // The file has its name when all of it is there.
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::NamedTempFile::new_in(folder).with_context(|| output.display().to_string())?;
    let out = BufWriter::new(beside.reopen()?);
    let mut sink: Box<dyn Sink> = match format {
        ExportFormat::Csv => Box::new(csv::Csv::begin(out)?),
        ExportFormat::Geojson => Box::new(geojson::GeoJson::begin(out)?),
        ExportFormat::Gpx => Box::new(gpx::Gpx::begin(out, transfer)?),
        ExportFormat::Parquet => Box::new(parquet::Parquet::begin(out)?),
    };
    let reports = write(&points, sink.as_mut(), &progress)?;
    sink.finish().with_context(|| output.display().to_string())?;
    beside.persist(output).with_context(|| output.display().to_string())?;
    say!("{}: {reports} reports of {} seals", output.display(), points.devices().count());
    Ok(())
}

fn write(points: &TransferPoints<'_>, sink: &mut dyn Sink, progress: &dyn Fn(u64)) -> anyhow::Result<u64> {
    let mut reports = 0;
    for device in points.devices() {
        sink.begin(device)?;
        let written = points.each(device, progress, |point| {
            reports += 1;
            sink.put(&point).map_err(Stop::Sink)
        });
        written.map_err(|stop| match stop {
            Stop::Log(error) => error.into(),
            Stop::Sink(error) => error,
        })?;
    }
    Ok(reports)
}

type Out = BufWriter<File>;
