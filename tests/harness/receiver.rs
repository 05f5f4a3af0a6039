//! A system that is told of events by HTTPS, and answers as the test says.

use crate::tls::identity;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Delivery {
    /// Header `webhook-id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Lives as long as the value.
#[derive(Debug)]
pub struct Receiver {
    pub address: SocketAddr,
    told: mpsc::Receiver<Delivery>,
    _runtime: tokio::runtime::Runtime,
}

impl Receiver {
    /// Gives these answers in their order, then 200; an empty one keeps the caller waiting for ever. Whom to believe is written to `authority`.
    #[must_use]
    pub fn start(authority: &Path, answers: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(identity(authority)));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let answers: VecDeque<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let (sender, told) = mpsc::channel();
        runtime.spawn(serve(listener, acceptor, Arc::new(Mutex::new(answers)), sender));
        Self { address, told, _runtime: runtime }
    }

    /// The address that a webhook is put with.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}/hook", self.address.port())
    }

    /// Waits for what is posted next.
    #[must_use]
    pub fn next(&self) -> Delivery {
        self.told.recv_timeout(std::time::Duration::from_secs(60)).unwrap()
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, answers: Arc<Mutex<VecDeque<String>>>, told: mpsc::Sender<Delivery>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, answers, told) = (acceptor.clone(), answers.clone(), told.clone());
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let Some(delivery) = read(&mut stream).await else { return };
            let answer = answers.lock().unwrap().pop_front().unwrap_or_else(|| OK.to_owned());
            drop(told.send(delivery));
            if answer.is_empty() {
                return std::future::pending().await;
            }
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.shutdown().await);
        });
    }
}

async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Delivery> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let headers: BTreeMap<String, String> = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers["content-length"].parse().unwrap();
        if bytes.len() >= end + 4 + length {
            let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).unwrap();
            return Some(Delivery { headers, body });
        }
    }
}
