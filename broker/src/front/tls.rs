//! TLS 1.3 and 1.2 with optional client certificates. A device's certificate is self-signed or signed by anybody: it carries
//! the identity key, the handshake proves its possession, and the tracker knows whose key it is. No chain means anything here.

use super::x509::ClaimedIdentity;
use crate::config::{FrontError, TlsListener};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::TlsAcceptor;

/// What a listener serves by. It may change while connections come in: a certificate lives for weeks, a connection for months.
#[derive(Debug)]
pub(crate) struct Certificates {
    listener: TlsListener,
    serving: Mutex<Arc<ServerConfig>>,
}

impl Certificates {
    pub(crate) fn read(listener: TlsListener) -> Result<Self, FrontError> {
        let serving = Mutex::new(server_config(&listener)?);
        Ok(Self { listener, serving })
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.serving.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again. What they hold serves from now on, or, where it is no pair, what served before.
    pub(crate) fn reload(&self) -> Result<(), FrontError> {
        let fresh = server_config(&self.listener)?;
        *self.serving.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

fn server_config(listener: &TlsListener) -> Result<Arc<ServerConfig>, FrontError> {
    let path = &listener.certificates;
    let unreadable = |reason: String| FrontError::Certificates { path: path.clone(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(|items| items.collect::<Result<Vec<_>, _>>())
        .map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&listener.private_key)
        .map_err(|error| FrontError::PrivateKey { path: listener.private_key.clone(), reason: error.to_string() })?;
    let unfit = |error: rustls::Error| FrontError::Tls { path: path.clone(), reason: error.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(unfit)?
        .with_client_cert_verifier(Arc::new(PossessionOnly(provider)))
        .with_single_cert(certificates, key)
        .map_err(unfit)?;
    // Every connection proves its key anew; and nothing is kept for clients that may never come back.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// Lets any certificate pass whose shape is a device's, once its holder has signed the handshake.
#[derive(Debug)]
struct PossessionOnly(Arc<CryptoProvider>);

impl ClientCertVerifier for PossessionOnly {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        match ClaimedIdentity::read(end_entity) {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
