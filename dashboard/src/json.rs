//! JSON from outside, with the place where it is wrong.

use crate::problem::{Problem, Spot};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    reader.end().map_err(|error| refused(".", &error))?;
    Ok(parsed)
}

fn refused(path: &str, error: &serde_json::Error) -> Problem {
    let spot = Spot { path: path.to_owned(), line: error.line(), column: error.column() };
    let (status, code) = match error.classify() {
        serde_json::error::Category::Data => (StatusCode::UNPROCESSABLE_ENTITY, "body-invalid"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
            (StatusCode::BAD_REQUEST, "not-json")
        }
    };
    let whole = if path == "." { "body".to_owned() } else { path.to_owned() };
    Problem::new(status, code, format!("{whole}: {error}")).at(spot)
}
