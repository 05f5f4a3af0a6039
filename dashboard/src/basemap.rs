//! The base map 底图 under places and seals: the bundled one, outlines from a file, or a style in the authority's own network, since an
//! authority shows its own approved map.

use crate::caller::Caller;
use crate::collection::MEDIA_TYPE;
use crate::problem::{Problem, ProblemBody};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const FILE_LIMIT: u64 = 32 * 1024 * 1024;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Basemap {
    #[default]
    Bundled,
    Outlines {
        geojson: Bytes,
        attribution: String,
    },
    /// A MapLibre style, which browsers fetch by themselves.
    Style {
        style: StyleUrl,
        attribution: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum BasemapFault {
    #[error("{}: {error}, expected a file that can be read", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{}: more than {FILE_LIMIT} bytes, expected fewer", path.display())]
    Size { path: PathBuf },
    #[error("{}: {error}, expected a GeoJSON FeatureCollection of outlines with `kind` \"state\" or \"province\"", path.display())]
    Form { path: PathBuf, error: String },
}

/// An address of a style, http or https, with nothing in it that a header could not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleUrl {
    url: String,
    origin: String,
}

impl FromStr for StyleUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or(())?;
        let authority = uri.authority().map(|authority| authority.as_str()).ok_or(())?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if !authority.bytes().all(plain) {
            return Err(());
        }
        Ok(Self { url: text.to_owned(), origin: format!("{scheme}://{authority}") })
    }
}

/// Whether the map's layers can draw it: outlines of states and provinces. Says what is wrong.
fn check(collection: &Value) -> Result<(), String> {
    let kind = collection.get("type").unwrap_or(&Value::Null);
    let features = collection.get("features").and_then(Value::as_array).filter(|_| kind == "FeatureCollection");
    let features = features.ok_or_else(|| format!("type {kind} with its features"))?;
    for (number, feature) in features.iter().enumerate() {
        let kind = feature.pointer("/properties/kind").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "state" | "province") {
            return Err(format!("feature {number} of kind {kind:?}"));
        }
        let shape = feature.pointer("/geometry/type").and_then(Value::as_str).unwrap_or_default();
        let depth = match shape {
            "LineString" => 1,
            "Polygon" | "MultiLineString" => 2,
            "MultiPolygon" => 3,
            _ => return Err(format!("feature {number} with a geometry {shape:?}")),
        };
        if !feature.pointer("/geometry/coordinates").is_some_and(|coordinates| is_drawn(coordinates, depth)) {
            return Err(format!("feature {number} with coordinates that are no {shape} in degrees"));
        }
    }
    Ok(())
}

/// Whether these are positions, so many lists deep.
fn is_drawn(coordinates: &Value, depth: u8) -> bool {
    let Some(list) = coordinates.as_array() else { return false };
    if depth > 0 {
        return !list.is_empty() && list.iter().all(|inner| is_drawn(inner, depth - 1));
    }
    // Maps with the Pacific in their middle count on past 180.
    let within = |value: &Value, most: f64| value.as_f64().is_some_and(|degrees| degrees.abs() <= most);
    matches!(list.as_slice(), [lon, lat, ..] if within(lon, 360.0) && within(lat, 90.0))
}

impl Basemap {
    /// Reads outlines, each with `kind` "state" or "province", and `home` true for the own country.
    pub fn from_file(path: &Path, attribution: String) -> Result<Self, BasemapFault> {
        let fault = |error| BasemapFault::Read { path: path.to_owned(), error };
        let mut json = Vec::new();
        std::fs::File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut json)).map_err(fault)?;
        if json.len() as u64 > FILE_LIMIT {
            return Err(BasemapFault::Size { path: path.to_owned() });
        }
        let form = |error| BasemapFault::Form { path: path.to_owned(), error };
        let collection: Value = serde_json::from_slice(&json).map_err(|error| form(error.to_string()))?;
        check(&collection).map_err(form)?;
        Ok(Self::Outlines { geojson: json.into(), attribution })
    }

    /// The host that browsers may ask beside this one.
    pub(crate) fn origin(&self) -> Option<&str> {
        match self {
            Self::Bundled | Self::Outlines { .. } => None,
            Self::Style { style, .. } => Some(&style.origin),
        }
    }
}

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(which)).routes(routes!(outlines))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum BasemapKind {
    /// Comes with the interface.
    Bundled,
    /// At `/api/v1/basemap/outlines`.
    Outlines,
    /// A MapLibre style at `style`.
    Style,
}

#[derive(Serialize, ToSchema)]
struct BasemapView {
    kind: BasemapKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<String>,
    /// To be shown on every map; the bundled one's is the interface's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
}

/// The base map of this platform
#[utoipa::path(get, path = "/basemap", tag = "places", responses(
    (status = 200, body = BasemapView),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn which(State(dashboard): State<Dashboard>, _: Caller) -> Json<BasemapView> {
    Json(match &*dashboard.basemap {
        Basemap::Bundled => BasemapView { kind: BasemapKind::Bundled, style: None, attribution: None },
        Basemap::Outlines { attribution, .. } => {
            BasemapView { kind: BasemapKind::Outlines, style: None, attribution: Some(attribution.clone()) }
        }
        Basemap::Style { style, attribution } => {
            BasemapView { kind: BasemapKind::Style, style: Some(style.url.clone()), attribution: Some(attribution.clone()) }
        }
    })
}

/// The outlines of states and provinces, where the base map is a file
#[utoipa::path(get, path = "/basemap/outlines", tag = "places", responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn outlines(State(dashboard): State<Dashboard>, _: Caller) -> Result<Response, Problem> {
    let Basemap::Outlines { geojson, .. } = &*dashboard.basemap else {
        return Err(Problem::not_found("basemap/outlines: the base map is no file, expected map.basemap to name one"));
    };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], geojson.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_has_an_address_that_a_policy_can_hold() {
        let origin = |text: &str| text.parse::<StyleUrl>().map(|url| url.origin);
        assert_eq!(origin("https://tiles.customs.example:8443/v1/style.json?key=1"), Ok("https://tiles.customs.example:8443".to_owned()));
        assert_eq!(origin("http://[fd00::1]/style.json"), Ok("http://[fd00::1]".to_owned()));
        for bad in ["/style.json", "ftp://a/style.json", "https://user@host/s", "https://a;b/s", "https://a b/s", "style", ""] {
            assert_eq!(origin(bad), Err(()), "{bad}");
        }
    }

    #[test]
    fn a_file_of_outlines_is_looked_at_before_it_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.geojson");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Basemap::from_file(&path, "Bureau".to_owned()).map_err(|fault| fault.to_string())
        };
        let good = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"state","home":true},
            "geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}"#;
        assert!(read(good).is_ok());
        for (bad, why) in [
            (good.replace("state", "river"), "river"),
            (good.replace("FeatureCollection", "Topology"), "Topology"),
            (good.replace("Polygon", "Point"), "Point"),
            (good.replace("Polygon", "MultiPolygon"), "no MultiPolygon"),
            (good.replace("[[[0,0],[1,0],[1,1],[0,0]]]", "\"x\""), "no Polygon"),
            (good.replace("[[[0,0],[1,0],[1,1],[0,0]]]", "[[]]"), "no Polygon"),
            (good.replace("[1,1]", "[12057000,3400000]"), "in degrees"),
            ("nonsense".to_owned(), "line 1"),
        ] {
            let fault = read(&bad).unwrap_err();
            assert!(fault.contains(why) && fault.contains("map.geojson"), "{fault}");
        }
        assert!(Basemap::from_file(&folder.path().join("none"), String::new()).is_err());
    }
}
