//! JSON goes out in gzip to whom takes it: lists of transfers cross a slow line in less than a fifth of their bytes.
//!
//! Nothing else is touched: files of the interface are compressed when they are built, evidence and tiles are what was signed, and an
//! event must not wait in a compressor. That another site measures what a secret compresses to needs a request with the cookie, which
//! `SameSite=Strict` does not let it make.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

/// Below this the head of the answer is most of what is sent.
const WORTH_BYTES: u64 = 1024;

type Told = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, Told>> {
    let worth = SizeAbove::new(WORTH_BYTES).and(is_json as Told);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth)
}

fn is_json(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}
