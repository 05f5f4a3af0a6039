//! What `/query` answers: rows of one statement, columns by name.

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    results: Vec<Statement>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(default)]
    series: Vec<Rows>,
    error: Option<String>,
    #[serde(default)]
    partial: bool,
}

#[derive(Deserialize)]
struct Rows {
    columns: Vec<String>,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

#[derive(Debug, Default)]
pub(super) struct Answer {
    columns: HashMap<String, usize>,
    rows: Vec<Vec<Value>>,
}

/// One row, its values by the names of their columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    values: &'a [Value],
}

impl Answer {
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(body).map_err(|error| format!("{error}"))?;
        if let Some(error) = body.error {
            return Err(error);
        }
        let Some(statement) = body.results.into_iter().next() else { return Ok(Self::default()) };
        if let Some(error) = statement.error {
            return Err(error);
        }
        if statement.partial {
            return Err("half an answer: the server's max-row-limit is below 10000".to_owned());
        }
        let Some(rows) = statement.series.into_iter().next() else { return Ok(Self::default()) };
        let columns = rows.columns.into_iter().enumerate().map(|(number, name)| (name, number)).collect();
        Ok(Self { columns, rows: rows.values })
    }

    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { columns: &self.columns, values })
    }
}

impl<'a> Row<'a> {
    fn value(&self, column: &str) -> Option<&'a Value> {
        self.values.get(*self.columns.get(column)?).filter(|value| !value.is_null())
    }

    pub(super) fn whole(&self, column: &str) -> Option<u64> {
        self.value(column)?.as_u64()
    }

    pub(super) fn number(&self, column: &str) -> Option<f64> {
        self.value(column)?.as_f64()
    }

    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        self.value(column)?.as_str()
    }
}
