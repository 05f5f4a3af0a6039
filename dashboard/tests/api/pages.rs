//! What every answer carries, and what is open to everyone.

use crate::house::{House, place};
use std::io::Read;

#[test]
fn every_answer_is_closed_to_other_sites_and_to_guessing() {
    let house = House::open();
    let officer = house.as_user("officer");
    for answer in [officer.get("/api/v1/me"), officer.get("/api/v1/nothing"), house.nobody().get("/api/v1/me"), house.nobody().get("/")] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("cache-control").is_some());
    }
    assert_eq!(officer.get("/api/v1/me").header("cache-control"), Some("no-store"));
}

#[test]
fn addresses_of_the_interface_are_the_page_and_files_are_files() {
    let house = House::open();
    for address in ["/", "/login", "/transfers/26CN"] {
        let page = house.nobody().get(address);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{address}");
        assert!(page.text().contains("Sealway"));
    }
    #[cfg(feature = "ui")]
    {
        let page = house.nobody().get("/");
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let text = page.text();
        let script = text.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
        let asset = house.nobody().get(script);
        assert_eq!((asset.status, asset.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let known = house.nobody().with("if-none-match", asset.header("etag").unwrap()).get(script);
        assert_eq!((known.status, known.body.len()), (304, 0));
        let small = house.nobody().with("accept-encoding", "gzip, deflate, br").get(script);
        assert_eq!((small.header("content-encoding"), small.header("vary")), (Some("gzip"), Some("accept-encoding")));
        assert!(small.body.starts_with(&[0x1F, 0x8B]) && small.body.len() * 2 < asset.body.len(), "{} bytes", small.body.len());
        let known = house.nobody().with("if-none-match", small.header("etag").unwrap()).get(script);
        assert_eq!((asset.header("content-encoding"), known.status), (None, 304));
        assert_eq!(house.nobody().get(&format!("{script}.gz")).problem(404), "not-found");
        assert_eq!(house.nobody().get("/assets/none.js").problem(404), "not-found");
    }
    #[cfg(not(feature = "ui"))]
    assert!(house.nobody().get("/").text().contains("was not built"));
}

#[test]
fn json_is_sent_small_to_whom_takes_it() {
    let house = House::open();
    let officer = house.as_user("officer");
    for n in 1_u8..=9 {
        let id = format!("zone-{n}");
        officer.put(&format!("/api/v1/places/{id}"), &place(&id, 100.0 + f64::from(n))).ok();
    }
    let reader = officer.with("accept-encoding", "gzip, deflate, br");
    for address in ["/api/v1/places", "/openapi.json"] {
        let (whole, small) = (officer.get(address), reader.get(address));
        assert_eq!((whole.header("content-encoding"), small.header("content-encoding")), (None, Some("gzip")), "{address}");
        assert!(
            small.header("vary").is_some_and(|vary| vary.eq_ignore_ascii_case("accept-encoding")),
            "{address}: {:?}",
            small.header("vary")
        );
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(small.body.as_slice()).read_to_end(&mut read).unwrap();
        assert!(read == whole.body && small.body.len() * 2 < read.len(), "{address}: {} of {} bytes", small.body.len(), whole.body.len());
    }
    assert_eq!(officer.with("accept-encoding", "gzip;q=0").get("/openapi.json").header("content-encoding"), None);
    // What is signed goes as it was signed; what is short would not get shorter.
    for address in ["/tlog/checkpoint", "/metrics", "/api/v1/me", "/api/v1/nothing"] {
        assert_eq!(reader.get(address).header("content-encoding"), None, "{address}");
    }
}

#[test]
fn health_and_figures_are_open() {
    let house = House::open();
    for address in ["/healthz", "/readyz"] {
        assert_eq!(house.nobody().get(address).ok()["status"], "ok");
    }
    house.as_user("officer").get("/api/v1/nothing").problem(404);
    let page = house.nobody().get("/metrics");
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = page.text();
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(names.iter().any(|known| name.starts_with(known)), "{line}");
    }
    assert!(text.contains("sealway_commands_total{result=\"accepted\"} 18\n"), "{text}");
    assert!(text.contains("sealway_http_answers_total{class=\"4xx\"} 1\n"), "{text}");
    assert!(text.contains("sealway_commit_seconds_bucket{le=\"+Inf\"}"), "{text}");
}
