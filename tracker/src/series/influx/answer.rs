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

#[derive(Debug, Deserialize)]
struct Rows {
    #[serde(default)]
    tags: HashMap<String, String>,
    columns: Vec<String>,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

/// Series have the same columns, and each its own tags.
#[derive(Debug, Default)]
pub(super) struct Answer {
    columns: HashMap<String, usize>,
    series: Vec<Rows>,
}

/// One row, its values by the names of their columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    tags: &'a HashMap<String, String>,
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
        let Some(first) = statement.series.first() else { return Ok(Self::default()) };
        let columns = first.columns.iter().enumerate().map(|(number, name)| (name.clone(), number)).collect();
        Ok(Self { columns, series: statement.series })
    }

    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.series
            .iter()
            .flat_map(move |Rows { tags, values, .. }| values.iter().map(move |values| Row { columns: &self.columns, tags, values }))
    }
}

impl<'a> Row<'a> {
    pub(super) fn tag(&self, name: &str) -> Option<&'a str> {
        self.tags.get(name).map(String::as_str)
    }

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
