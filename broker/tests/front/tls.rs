//! TLS and device certificates, against the client side of rustls.

use crate::harness::{House, Packet, connect, disconnect, login, packet, soon, text};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use sealway_broker::{Claimed, EventRouter, Front, FrontConfig, FrontError, Refusal, TlsListener};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Secure {
    house: House,
    server: CertificateDer<'static>,
    _folder: TempDir,
}

fn self_signed(name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.self_signed(&key).unwrap(), key)
}

impl Secure {
    fn open() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut FrontConfig)) -> Self {
        let (certificate, key) = self_signed("Sealway", &PKCS_ECDSA_P256_SHA256);
        let folder = TempDir::new().unwrap();
        let listener = TlsListener {
            address: ([127, 0, 0, 1], 0).into(),
            certificates: folder.path().join("server.pem"),
            private_key: folder.path().join("server.key"),
        };
        std::fs::write(&listener.certificates, certificate.pem()).unwrap();
        std::fs::write(&listener.private_key, key.serialize_pem()).unwrap();
        let house = House::with(|config| {
            config.tls = Some(listener);
            change(config);
        });
        Self { house, server: certificate.der().clone(), _folder: folder }
    }

    async fn handshake(
        &self,
        version: &'static SupportedProtocolVersion,
        identity: Option<(&rcgen::Certificate, &KeyPair)>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.server.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            Some((certificate, key)) => {
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                config.with_client_auth_cert(vec![certificate.der().clone()], key).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        let socket = TcpStream::connect(self.house.front.addresses().tls.unwrap()).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), socket).await
    }
}

/// CONNECT without user name and password.
fn connect_bare(client_id: &str) -> Vec<u8> {
    packet(0x10, &[&b"\0\x04MQTT\x05\x02\0\x3c\0"[..], &text(client_id)].concat())
}

async fn answer(stream: &mut TlsStream<TcpStream>) -> Option<Packet> {
    soon(async {
        let first = stream.read_u8().await.ok()?;
        let mut body = vec![0; usize::from(stream.read_u8().await.ok()?)];
        stream.read_exact(&mut body).await.ok()?;
        Some(Packet { first, body })
    })
    .await
}

#[tokio::test]
async fn a_device_comes_in_by_its_certificate_in_tls_1_3_and_1_2() {
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut secure = Secure::open();
        let (certificate, key) = self_signed("XA-7Q2K", &PKCS_ED25519);
        let mut stream = secure.handshake(version, Some((&certificate, &key))).await.unwrap();
        stream.write_all(&connect_bare("XA-7Q2K")).await.unwrap();
        assert_eq!(answer(&mut stream).await.unwrap().body[..2], [0, 0]);
        let Claimed::DeviceCertificate { device, public_key } = secure.house.claim().await else {
            panic!("a certificate is no login");
        };
        assert_eq!(device.as_str(), "XA-7Q2K");
        assert_eq!(&public_key.as_bytes()[..], key.der_bytes());
        stream.write_all(&crate::harness::publish(5, "seal/v1/XA-7Q2K/up", 1, b"report")).await.unwrap();
        let upload = secure.house.upload().await;
        secure.house.settle(&upload, sealway_schemas::link::Verdict::Stored, Vec::new());
        assert_eq!(answer(&mut stream).await, Some(crate::harness::puback(1)));
    }
}

#[tokio::test]
async fn a_login_works_inside_tls_too() {
    let mut secure = Secure::open();
    let mut stream = secure.handshake(&rustls::version::TLS13, None).await.unwrap();
    stream.write_all(&connect(5, 60, "XA-7Q2K", "XA-7Q2K", &login())).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().body[..2], [0, 0]);
    assert!(matches!(secure.house.claim().await, Claimed::DeviceLogin { .. }));
    stream.write_all(&[0x32, 0xFF, 0xFF, 0xFF, 0x7F]).await.unwrap();
    assert_eq!(answer(&mut stream).await, Some(disconnect(0x95)));
}

#[tokio::test]
async fn a_certificate_does_not_open_another_devices_door() {
    let secure = Secure::open();
    let (certificate, key) = self_signed("XA-7Q2K", &PKCS_ED25519);
    for bytes in [connect_bare("XA-7Q2L"), connect(5, 60, "XA-7Q2K", "XA-7Q2L", "x"), connect(5, 60, "XA-7Q2K", "XA-7Q2K", &login())] {
        let mut stream = secure.handshake(&rustls::version::TLS13, Some((&certificate, &key))).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(answer(&mut stream).await.unwrap().body[..2], [0, 0x86]);
    }
    assert_eq!(secure.house.front.counters().refused(Refusal::CertificateMismatch), 3);
}

#[tokio::test]
async fn a_certificate_that_names_no_device_ends_the_handshake() {
    let secure = Secure::open();
    let (certificate, key) = self_signed("someone", &PKCS_ED25519);
    if let Ok(mut stream) = secure.handshake(&rustls::version::TLS13, Some((&certificate, &key))).await {
        // In TLS 1.3 a client learns of it only when it reads.
        let _ = stream.write_all(&connect_bare("someone")).await;
        assert_eq!(answer(&mut stream).await, None);
    }
    assert_eq!(secure.house.front.counters().refused(Refusal::TlsHandshake), 1);
}

#[tokio::test]
async fn a_certificate_without_its_key_ends_the_handshake() {
    let secure = Secure::open();
    let (certificate, _) = self_signed("XA-7Q2K", &PKCS_ED25519);
    let (_, another) = self_signed("XA-7Q2K", &PKCS_ED25519);
    let mut roots = RootCertStore::empty();
    roots.add(secure.server.clone()).unwrap();
    let signer = rustls::crypto::ring::sign::any_eddsa_type(&PrivateKeyDer::try_from(another.serialize_der()).unwrap().clone_pkcs8());
    let stolen = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], signer.unwrap());
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen)));
    let socket = TcpStream::connect(secure.house.front.addresses().tls.unwrap()).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), socket).await;
    if let Ok(mut stream) = stream {
        let _ = stream.write_all(&connect_bare("XA-7Q2K")).await;
        assert_eq!(answer(&mut stream).await, None);
    }
    assert_eq!(secure.house.front.counters().refused(Refusal::TlsHandshake), 1);
    assert_eq!(secure.house.front.counters().admitted, 0);
}

trait Pkcs8 {
    fn clone_pkcs8(&self) -> rustls::pki_types::PrivatePkcs8KeyDer<'static>;
}

impl Pkcs8 for PrivateKeyDer<'_> {
    fn clone_pkcs8(&self) -> rustls::pki_types::PrivatePkcs8KeyDer<'static> {
        self.secret_der().to_vec().into()
    }
}

#[tokio::test]
async fn an_idle_tls_connection_stops_nobody_and_is_closed() {
    let secure = Secure::with(|config| config.limits.connect_deadline = Duration::from_secs(2));
    let mut idle = TcpStream::connect(secure.house.front.addresses().tls.unwrap()).await.unwrap();
    let mut stream = secure.handshake(&rustls::version::TLS13, None).await.unwrap();
    stream.write_all(&connect(5, 60, "XA-7Q2K", "XA-7Q2K", &login())).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().first, 0x20);
    assert_eq!(soon(idle.read(&mut [0; 16])).await.unwrap(), 0, "closed at the deadline of its CONNECT");
    assert_eq!(secure.house.front.counters().refused(Refusal::ConnectDeadline), 1);
}

#[tokio::test]
async fn files_that_are_no_certificate_are_named() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    let (certificate, key) = self_signed("Sealway", &PKCS_ECDSA_P256_SHA256);
    let (_, another) = self_signed("Sealway", &PKCS_ECDSA_P256_SHA256);
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = (write("server.pem", certificate.pem()), write("server.key", key.serialize_pem()));
    let other_key = write("other.key", another.serialize_pem());
    let absent = folder.path().join("absent.pem");
    let start = |certificates, private_key| {
        let tls = Some(TlsListener { address: ([127, 0, 0, 1], 0).into(), certificates, private_key });
        let house = House::open();
        Front::start(FrontConfig { tls, ..FrontConfig::loopback() }, house.desk, EventRouter::start().unwrap())
    };
    assert!(start(good.0.clone(), good.1.clone()).is_ok());
    let error = start(absent, good.1.clone()).unwrap_err();
    assert!(matches!(&error, FrontError::Certificates { .. }) && error.to_string().contains("absent.pem"), "{error}");
    assert!(matches!(start(empty.clone(), good.1), Err(FrontError::Certificates { .. })));
    assert!(matches!(start(good.0.clone(), empty), Err(FrontError::PrivateKey { .. })));
    assert!(matches!(start(good.0, other_key), Err(FrontError::Tls { .. })));
}
