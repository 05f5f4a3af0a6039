//! Comma-separated values by RFC 4180, with a line of names. Times are RFC 3339; what a report did not say is empty.

use super::columns::{COLUMNS, Cell};
use super::{Out, Sink};
use sealway_schemas::DeviceId;
use sealway_tracker::series::Point;

pub(super) struct Csv(csv::Writer<Out>);

impl Csv {
    pub(super) fn begin(out: Out) -> anyhow::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS.map(|column| column.name))?;
        Ok(Self(writer))
    }
}

impl Sink for Csv {
    fn begin(&mut self, _: &DeviceId) -> anyhow::Result<()> {
        Ok(())
    }

    fn put(&mut self, point: &Point) -> anyhow::Result<()> {
        let text = |cell| match cell {
            Cell::Text(text) => text,
            Cell::Time(t) => t.rfc3339(),
            Cell::Whole(value) => value.to_string(),
            Cell::Number(value) => value.to_string(),
        };
        Ok(self.0.write_record(COLUMNS.map(|column| (column.of)(point).map(text).unwrap_or_default()))?)
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.0.flush()?)
    }
}
