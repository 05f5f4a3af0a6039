//! The interface, served from the binary: no request leaves the host.

use crate::routes::not_found;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One file of the built interface.
struct Asset {
    path: &'static str,
    /// SHA-256, hex, in quotes: its entity tag.
    tag: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const INDEX: &str = "index.html";
/// Vite puts the hash of the content into these names.
const HASHED: &str = "assets/";

/// A file, or the page itself for any address that does not look like a file.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    if let Some(asset) = find(name) {
        return send(asset, headers);
    }
    let file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    match find(INDEX) {
        Some(index) if !file => send(index, headers),
        Some(_) => not_found(path).into_response(),
        None => not_built(),
    }
}

fn find(name: &str) -> Option<&'static Asset> {
    let at = ASSETS.binary_search_by(|asset| asset.path.cmp(name)).ok()?;
    ASSETS.get(at)
}

fn send(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let kept = if asset.path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [(header::CACHE_CONTROL, HeaderValue::from_static(kept)), (header::ETAG, HeaderValue::from_static(asset.tag))];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == asset.tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(header::CONTENT_TYPE, HeaderValue::from_static(media_type(asset.path)))], asset.bytes).into_response()
}

/// The kinds of files that the build makes.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "map" => "application/json",
        "geojson" => "application/geo+json",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "pbf" => "application/x-protobuf",
        _ => "application/octet-stream",
    }
}

fn not_built() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sealway</title>\
        <h1>Sealway</h1><p>The web interface was not built into this program (feature <code>ui</code>). \
        The API is at <a href=\"/openapi.json\">/openapi.json</a>.</p></html>";
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page).into_response()
}
