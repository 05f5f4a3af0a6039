//! Apache Parquet: row groups of 10,000 reports, compressed with Snappy. Times are milliseconds in UTC.

use super::columns::{COLUMNS, Cell, Column, Kind};
use super::{Out, Sink};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use sealway_schemas::DeviceId;
use sealway_tracker::series::Point;
use std::sync::Arc;

const GROUP: usize = 10_000;
const PRESENT: i16 = 1;
const ABSENT: i16 = 0;

pub(super) struct Parquet {
    writer: SerializedFileWriter<Out>,
    gathered: Vec<Gathered>,
    rows: usize,
}

/// One column of the row group that is being gathered.
#[derive(Default)]
struct Gathered {
    present: Vec<i16>,
    texts: Vec<ByteArray>,
    wholes: Vec<i64>,
    numbers: Vec<f64>,
}

impl Parquet {
    pub(super) fn begin(out: Out) -> anyhow::Result<Self> {
        let columns: String = COLUMNS.iter().map(field).collect();
        let schema = Arc::new(parse_message_type(&format!("message report {{ {columns} }}"))?);
        let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
        let writer = SerializedFileWriter::new(out, schema, properties)?;
        Ok(Self { writer, gathered: empty(), rows: 0 })
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        self.rows = 0;
        let mut group = self.writer.next_row_group()?;
        for (column, gathered) in COLUMNS.iter().zip(std::mem::replace(&mut self.gathered, empty())) {
            if let Some(mut writer) = group.next_column()? {
                write_column(column, &gathered, &mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        Ok(())
    }
}

impl Sink for Parquet {
    fn begin(&mut self, _: &DeviceId) -> anyhow::Result<()> {
        Ok(())
    }

    fn put(&mut self, point: &Point) -> anyhow::Result<()> {
        for (column, gathered) in COLUMNS.iter().zip(&mut self.gathered) {
            let cell = (column.of)(point);
            gathered.present.push(if cell.is_some() { PRESENT } else { ABSENT });
            match cell {
                Some(Cell::Text(text)) => gathered.texts.push(text.into_bytes().into()),
                Some(Cell::Time(t)) => gathered.wholes.push(t.as_ms().cast_signed()),
                Some(Cell::Whole(value)) => gathered.wholes.push(value),
                Some(Cell::Number(value)) => gathered.numbers.push(value),
                None => {}
            }
        }
        self.rows += 1;
        if self.rows == GROUP { self.write_group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }
}

fn empty() -> Vec<Gathered> {
    COLUMNS.iter().map(|_| Gathered::default()).collect()
}

fn field(column: &Column) -> String {
    let need = if column.always { "required" } else { "optional" };
    let (physical, logical) = match column.kind {
        Kind::Text => ("binary", " (STRING)"),
        Kind::Time => ("int64", " (TIMESTAMP(MILLIS,true))"),
        Kind::Whole => ("int64", ""),
        Kind::Number => ("double", ""),
    };
    format!("{need} {physical} {}{logical}; ", column.name)
}

fn write_column(column: &Column, gathered: &Gathered, writer: &mut SerializedColumnWriter<'_>) -> anyhow::Result<()> {
    let present = (!column.always).then_some(gathered.present.as_slice());
    match column.kind {
        Kind::Text => writer.typed::<ByteArrayType>().write_batch(&gathered.texts, present, None)?,
        Kind::Time | Kind::Whole => writer.typed::<Int64Type>().write_batch(&gathered.wholes, present, None)?,
        Kind::Number => writer.typed::<DoubleType>().write_batch(&gathered.numbers, present, None)?,
    };
    Ok(())
}
