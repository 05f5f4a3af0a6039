//! The client's side of TLS. It takes any certificate, for what is asked here is not whose it is, and remembers which was shown.

use crate::stage::Field;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, crypto};

#[derive(Debug, Default)]
pub(crate) struct Remembers(Mutex<Vec<u8>>);

impl ServerCertVerifier for Remembers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().unwrap() = end_entity.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

pub(crate) fn server_name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

pub(crate) fn taking_any_certificate() -> (Arc<ClientConfig>, Arc<Remembers>) {
    let remembers = Arc::new(Remembers::default());
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(remembers.clone())
        .with_no_client_auth();
    (Arc::new(config), remembers)
}

/// A TLS connection, and the certificate that the server showed.
pub(crate) async fn secure(field: &Field, number: u32) -> std::io::Result<(TlsStream<TcpStream>, Vec<u8>)> {
    let (config, remembers) = taking_any_certificate();
    let socket = field.connect(field.mqtts, number).await?;
    let stream = TlsConnector::from(config).connect(server_name(), socket).await?;
    let shown = remembers.0.lock().unwrap().clone();
    Ok((stream, shown))
}
