//! What a request's line says: ids in the path, parameters in the query.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sealway_schemas::AlertId;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;

/// The `{id}` of the path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|refused| malformed(refused.body_text()))?;
        parsed(&text).map(Self)
    }
}

/// A part of the path, where it has several.
pub(crate) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| malformed(error.to_string()))
}

fn malformed(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "id-malformed", detail)
}

/// An alert's number in a path or a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AlertNumber(pub(crate) AlertId);

impl FromStr for AlertNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().take(64).collect();
        text.parse().map(|number| Self(AlertId(number))).map_err(|_| format!("alert {shown:?}: expected a number"))
    }
}

/// The query, every parameter known.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refused = |rejection: axum::extract::rejection::QueryRejection| {
            Problem::new(StatusCode::BAD_REQUEST, "query-invalid", format!("query: {}", rejection.body_text()))
        };
        Query::from_request_parts(parts, state).await.map(|Query(params)| Self(params)).map_err(refused)
    }
}
