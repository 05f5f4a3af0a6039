//! The interface, served from the binary: no request leaves the host.

use crate::routes::not_found;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One file of the built interface.
struct Asset {
    path: &'static str,
    /// SHA-256, hex, in quotes: its entity tag.
    tag: &'static str,
    bytes: &'static [u8],
    /// The same in gzip, where that is smaller.
    gzip: Option<&'static [u8]>,
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
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
        (header::ETAG, HeaderValue::from_static(asset.tag)),
        (header::VARY, HeaderValue::from_name(header::ACCEPT_ENCODING)),
    ];
    if listed(headers, header::IF_NONE_MATCH).any(|tag| tag.trim_start_matches("W/") == asset.tag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let mut response = (fixed, [(header::CONTENT_TYPE, HeaderValue::from_static(media_type(asset.path)))]).into_response();
    *response.body_mut() = match asset.gzip.filter(|_| reads_gzip(headers)) {
        Some(gzip) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            // The bytes are others, the content is the same (RFC 9110, 8.8.1).
            response.headers_mut().insert(header::ETAG, weak(asset.tag));
            gzip.into()
        }
        None => asset.bytes.into(),
    };
    response
}

fn weak(tag: &'static str) -> HeaderValue {
    HeaderValue::try_from(format!("W/{tag}")).unwrap_or_else(|_| HeaderValue::from_static(tag))
}

/// Whether the other side takes gzip; a weight of zero says that it does not (RFC 9110, 12.4.2).
fn reads_gzip(headers: &HeaderMap) -> bool {
    listed(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The elements of a header that is a list.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_whom_asks_for_it() {
        for (asked, reads) in [
            ("gzip", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("deflate,gzip", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(asked))]);
            assert_eq!(reads_gzip(&headers), reads, "{asked}");
        }
        assert!(!reads_gzip(&HeaderMap::new()));
    }
}
