//! Requests to other machines: TLS by the authorities that the operator names, time-outs, answers with an end. What others name as an address is
//! looked at once more where it leads: a request to it leaves for the world, not for this machine or its neighbours.

use crate::network::{Network, is_public};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// The authorities that a Debian machine believes.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
const TIMEOUT: Duration = Duration::from_secs(30);
/// Of a request to an address that somebody else named.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(10);
const HEADERS_LIMIT: usize = 16 * 1024;

/// `authority`: a file of PEM certificates to believe; the machine's own without one.
pub(crate) fn agent(authority: Option<&Path>) -> anyhow::Result<ureq::Agent> {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).max_redirects(0);
    Ok(config.tls_config(tls(authority)?).build().new_agent())
}

/// For addresses that somebody else named: TLS only, past every proxy, to public addresses and to those in `allowed`. The name is resolved once, and
/// the connection goes to the address that was looked at, so that a name whose answers change leads nowhere else.
pub(crate) fn agent_for_strangers(authority: Option<&Path>, allowed: &[Network]) -> anyhow::Result<ureq::Agent> {
    let config = ureq::Agent::config_builder().timeout_global(Some(STRANGER_TIMEOUT)).http_status_as_error(false).max_redirects(0);
    let config = config.https_only(true).proxy(None).max_response_header_size(HEADERS_LIMIT).tls_config(tls(authority)?).build();
    Ok(ureq::Agent::with_parts(config, DefaultConnector::default(), Guard { allowed: allowed.to_vec() }))
}

/// Lets through what is public or allowed.
#[derive(Debug)]
struct Guard {
    allowed: Vec<Network>,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut open = self.empty();
        for address in
            found.iter().filter(|address| is_public(address.ip()) || self.allowed.iter().any(|network| network.holds(address.ip())))
        {
            open.push(*address);
        }
        if open.is_empty() {
            let closed = found.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
            let host = uri.host().unwrap_or_default();
            return Err(ureq::Error::Io(std::io::Error::other(format!("{host}: leads to {closed}, expected a public address"))));
        }
        Ok(open)
    }
}

fn tls(authority: Option<&Path>) -> anyhow::Result<TlsConfig> {
    let roots = RootCerts::Specific(Arc::new(roots(authority)?));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build())
}

/// Without TLS only to this machine: tokens and entries are nobody else's.
pub(crate) fn expect_private(url: &str) -> anyhow::Result<()> {
    // As the client reads it: "http://127.0.0.1:80@elsewhere" leads elsewhere.
    let uri = url.parse::<Uri>().ok();
    let private = uri.as_ref().is_some_and(|uri| match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) | (Some("http"), Some("127.0.0.1" | "localhost")) => true,
        (_, _) => false,
    });
    if private {
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
        for bad in [
            "http://customs.example",
            "ftp://127.0.0.1",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:80@evil.example/",
            "http://localhost@evil.example",
            "https://",
            "localhost",
        ] {
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
