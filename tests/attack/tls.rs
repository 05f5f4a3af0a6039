//! Weak TLS, and certificates that change while connections live.

use crate::certificate;
use crate::client::Client;
use crate::stage::{Field, Stage};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, crypto};

/// A ClientHello of this version that offers these suites and nothing else.
fn client_hello(version: [u8; 2], suites: &[u16]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(2 * suites.len()).unwrap().to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    // Groups x25519 and P-256, uncompressed points, ECDSA and RSA with SHA-256.
    let extensions =
        [&[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1], &[0, 23, 0, 0]].concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let handshake = [&[1, 0], &length[..], &body].concat();
    let length = u16::try_from(handshake.len()).unwrap().to_be_bytes();
    [&[22, 3, 1], &length[..], &handshake].concat()
}

/// Type of the first record that the server answers with: 22 goes on, 21 is an alert.
async fn answer(field: &Field, hello: &[u8]) -> u8 {
    let mut client = Client(field.connect(field.mqtts, 1).await.unwrap());
    client.send(hello).await.unwrap();
    client.0.read_u8().await.unwrap()
}

#[test]
fn tls_before_1_2_and_old_suites_are_refused() {
    const ECDHE_ECDSA_AES_GCM: u16 = 0xC02B;
    const OLD: [(&str, u16); 6] = [
        ("RSA key exchange", 0x009C),
        ("RSA with CBC", 0x002F),
        ("ECDHE with CBC", 0xC009),
        ("3DES", 0x000A),
        ("RC4", 0x0005),
        ("no encryption", 0x0001),
    ];
    let stage = Stage::open();
    stage.under("weak TLS", async |field: Field| {
        assert_eq!(answer(&field, &client_hello([3, 3], &[ECDHE_ECDSA_AES_GCM])).await, 22, "this hello is one that is answered");
        for version in [[3, 0], [3, 1], [3, 2]] {
            assert_eq!(answer(&field, &client_hello(version, &[ECDHE_ECDSA_AES_GCM])).await, 21, "{version:?}");
            field.count("old versions");
        }
        for (name, suite) in OLD {
            assert_eq!(answer(&field, &client_hello([3, 3], &[suite])).await, 21, "{name}");
            field.count("old suites");
        }
    });
    assert!(stage.refused("tls-handshake") >= 9);
    stage.close();
}

/// Takes any certificate and remembers it.
#[derive(Debug, Default)]
struct Remembers(Mutex<Vec<u8>>);

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

/// A TLS connection, and the certificate that the server showed.
async fn secure(field: &Field, number: u32) -> (TlsStream<TcpStream>, Vec<u8>) {
    let remembers = Arc::new(Remembers::default());
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(remembers.clone())
        .with_no_client_auth();
    let socket = field.connect(field.mqtts, number).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap();
    let shown = remembers.0.lock().unwrap().clone();
    (stream, shown)
}

fn has(certificate: &[u8], serial: &str) -> bool {
    certificate.windows(serial.len()).any(|window| window == serial.as_bytes())
}

#[test]
fn certificates_change_without_a_restart_and_a_broken_pair_changes_nothing() {
    let stage = Stage::open();
    let mut seal = stage.rogues(1).remove(0);
    stage.alone(async |field: Field| {
        let (mut old, shown) = secure(&field, 1).await;
        assert!(has(&shown, "first"));
        old.write_all(&seal.connect()).await.unwrap();
        assert_eq!(old.read_u32().await.unwrap(), 0x2002_0000, "welcome");
        certificate::write(stage.room.path(), "second");
        shows(&field, &stage, "second").await;
        std::fs::write(stage.room.path().join("server.key"), "no key").unwrap();
        stage.platform.hang_up();
        // Whoever is connected keeps its connection through both.
        old.write_all(&[0xC0, 0]).await.unwrap();
        assert_eq!(old.read_u16().await.unwrap(), 0xD000);
        let (_, shown) = secure(&field, 2).await;
        assert!(has(&shown, "second"), "what served before goes on");
        certificate::write(stage.room.path(), "third");
        shows(&field, &stage, "third").await;
    });
    stage.close();
}

/// Sends SIGHUP and connects until the new certificate is shown; a signal is heard when the platform comes to it.
async fn shows(field: &Field, stage: &Stage, serial: &str) {
    stage.platform.hang_up();
    for number in 10..1_000 {
        if has(&secure(field, number).await.1, serial) {
            return;
        }
    }
    panic!("{serial} is never shown");
}
