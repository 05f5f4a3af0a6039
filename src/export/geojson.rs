//! GeoJSON by RFC 7946: a feature for each report, one a line; its geometry is null where the seal had no fix.

use super::columns::{COLUMNS, Cell};
use super::{Out, Sink};
use sealway_schemas::DeviceId;
use sealway_tracker::series::Point;
use serde_json::{Map, Value, json};
use std::io::Write as _;

pub(super) struct GeoJson {
    out: Out,
    begun: bool,
}

impl GeoJson {
    pub(super) fn begin(mut out: Out) -> anyhow::Result<Self> {
        out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { out, begun: false })
    }
}

impl Sink for GeoJson {
    fn begin(&mut self, _: &DeviceId) -> anyhow::Result<()> {
        Ok(())
    }

    fn put(&mut self, point: &Point) -> anyhow::Result<()> {
        let mut properties = Map::new();
        for column in COLUMNS.iter().filter(|column| !matches!(column.name, "lat" | "lon")) {
            let value = (column.of)(point).map(|cell| match cell {
                Cell::Text(text) => Value::from(text),
                Cell::Time(t) => Value::from(t.rfc3339()),
                Cell::Whole(value) => Value::from(value),
                Cell::Number(value) => Value::from(value),
            });
            properties.extend(value.map(|value| (column.name.to_owned(), value)));
        }
        let geometry = point.fix.map(|fix| json!({"type": "Point", "coordinates": [fix.lon_e7 as f64 / 1e7, fix.lat_e7 as f64 / 1e7]}));
        self.out.write_all(if std::mem::replace(&mut self.begun, true) { b",\n" } else { b"\n" })?;
        Ok(serde_json::to_writer(&mut self.out, &json!({"type": "Feature", "geometry": geometry, "properties": properties}))?)
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }
}
