//! Requests to other machines: TLS by the authorities that the operator names, time-outs, answers with an end.

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The authorities that a Debian machine believes.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
const TIMEOUT: Duration = Duration::from_secs(30);

/// `authority`: a file of PEM certificates to believe; the machine's own without one.
pub(crate) fn agent(authority: Option<&Path>) -> anyhow::Result<ureq::Agent> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots(authority)?)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).max_redirects(0).tls_config(tls);
    Ok(config.build().new_agent())
}

/// Without TLS only to this machine: tokens and entries are nobody else's.
pub(crate) fn expect_private(url: &str) -> anyhow::Result<()> {
    let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    if url.starts_with("https://") || host.is_some_and(|host| host == "127.0.0.1" || host == "localhost") {
        return Ok(());
    }
    bail!("{url:?}: expected https://, or http:// on this machine")
}

fn roots(authority: Option<&Path>) -> anyhow::Result<Vec<Certificate<'static>>> {
    let path = authority.map_or_else(|| PathBuf::from(SYSTEM_ROOTS), Path::to_owned);
    let pem = match std::fs::read(&path) {
        Ok(pem) => pem,
        // Loopback needs none; a request over TLS will say that nobody is believed.
        Err(_) if authority.is_none() => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.with_context(|| path.display().to_string())? {
            roots.push(certificate);
        }
    }
    if roots.is_empty() && authority.is_some() {
        bail!("{}: expected certificates in PEM", path.display());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_machine_without_tls() {
        for good in ["https://customs.example", "http://127.0.0.1:8080", "http://localhost"] {
            expect_private(good).unwrap();
        }
        for bad in ["http://customs.example", "ftp://127.0.0.1", "http://127.0.0.1.evil.example", "localhost"] {
            assert!(expect_private(bad).unwrap_err().to_string().contains(bad));
        }
    }

    #[test]
    fn a_file_without_certificates_is_no_authority() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(agent(Some(file.path())).unwrap_err().to_string().contains("expected certificates"));
        assert!(agent(Some(Path::new("/nowhere.pem"))).is_err());
    }
}
