//! GeoJSON out: one collection, with the attribution that its features ask for.

use crate::problem::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

pub(crate) const MEDIA_TYPE: &str = "application/geo+json";
/// Rows of one question to the registry.
pub(crate) const CHUNK: u32 = 1000;

/// A GeoJSON FeatureCollection (RFC 7946) with a foreign member `attribution`.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeatureCollection {
    #[serde(rename = "type")]
    #[schema(inline, example = "FeatureCollection")]
    kind: &'static str,
    /// Who has to be named where the features are shown.
    attribution: String,
    #[schema(value_type = Vec<Object>)]
    features: Vec<Value>,
}

impl FeatureCollection {
    pub(crate) fn new(features: Vec<Value>) -> Self {
        Self { kind: "FeatureCollection", attribution: attribution(&features), features }
    }
}

impl IntoResponse for FeatureCollection {
    fn into_response(self) -> Response {
        feature(&self)
    }
}

pub(crate) fn feature(value: &impl Serialize) -> Response {
    let json = serde_json::to_vec(value).unwrap_or_default();
    ([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], json).into_response()
}

/// Each feature's own `attribution`, or else its `source` with the licence, once.
fn attribution(features: &[Value]) -> String {
    let named: BTreeSet<String> = features.iter().filter_map(|feature| credit(feature.get("properties")?)).collect();
    named.into_iter().collect::<Vec<_>>().join("; ")
}

fn credit(properties: &Value) -> Option<String> {
    let text = |name| properties.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if let Some(attribution) = text("attribution") {
        return Some(attribution.to_owned());
    }
    let source = text("source")?;
    Some(text("licence").map_or_else(|| source.to_owned(), |licence| format!("{source} ({licence})")))
}

/// The address and the feature must speak of the same thing.
pub(crate) fn expect_id(feature: &Value, id: &str) -> Result<(), Problem> {
    let found = feature.get("properties").and_then(|properties| properties.get("id"));
    if found.and_then(Value::as_str) == Some(id) {
        return Ok(());
    }
    let shown: String = found.map_or_else(|| "missing".to_owned(), Value::to_string).chars().take(80).collect();
    let detail = format!("property id: {shown}, expected {id:?} as in the address");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "id-mismatch", detail))
}
