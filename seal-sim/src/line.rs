//! The line to a platform: TCP, and TLS over it where others could listen.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Why a platform cannot be reached by TLS.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("{}: expected certificates of an authority in PEM: {reason}", path.display())]
    Authority { path: PathBuf, reason: String },
    #[error("server name {0:?}: expected a DNS name or an IP address")]
    Name(String),
    #[error("TLS: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// Where a platform listens, and whom to believe there.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl From<SocketAddr> for Door {
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("address", &self.address).field("tls", &self.tls.as_ref().map(|(_, name)| name)).finish()
    }
}

impl Door {
    /// By TLS, to whoever shows a certificate for `name` (else for the address) from an authority of this file.
    pub fn secure(address: SocketAddr, authority: &Path, name: Option<&str>) -> Result<Self, DoorError> {
        let unreadable = |reason: String| DoorError::Authority { path: authority.to_owned(), reason };
        let mut believed = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).map_err(|error| unreadable(error.to_string()))? {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            believed.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
        if believed.is_empty() {
            return Err(unreadable("no certificate in it".to_owned()));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(believed)
            .with_no_client_auth();
        let name = match name {
            Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| DoorError::Name(name.to_owned()))?,
            None => ServerName::IpAddress(address.ip().into()),
        };
        Ok(Self { address, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// Connects, and shakes hands where it is a door of TLS.
    pub async fn open(&self) -> io::Result<Line> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Line::Plain(stream)),
            Some((connector, name)) => Ok(Line::Secure(Box::new(connector.connect(name.clone(), stream).await?))),
        }
    }
}

/// An open line.
#[derive(Debug)]
pub enum Line {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
