//! The lanes' requests: each at its own time over one of a few connections that stay open.

use super::trucks::Trucks;
use crate::cli::BenchGate;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

#[derive(Default)]
pub(super) struct Answered {
    /// From when each was due.
    pub(super) latencies_us: Vec<u64>,
    pub(super) go: usize,
    pub(super) hold: usize,
    pub(super) failed: usize,
    pub(super) seconds: f64,
    pub(super) first_fault: Option<String>,
}

type Due = (Instant, String);

pub(super) async fn ask(http: SocketAddr, trucks: &Trucks, arguments: &BenchGate) -> anyhow::Result<Answered> {
    let (sender, due) = mpsc::unbounded_channel::<Due>();
    let due = Arc::new(Mutex::new(due));
    let mut lanes = Vec::new();
    for _ in 0..arguments.connections {
        let (due, token) = (due.clone(), trucks.token.clone());
        let stream = TcpStream::connect(http).await.context("connect")?;
        stream.set_nodelay(true)?;
        lanes.push(tokio::spawn(lane(stream, token, due)));
    }
    let began = Instant::now();
    let between = Duration::from_secs(1) / arguments.rate;
    for (number, question) in (0_u32..).zip(&trucks.questions) {
        let at = began + between * number;
        tokio::time::sleep_until(at.into()).await;
        sender.send((at, question.to_string())).context("no lane is left")?;
    }
    drop(sender);
    let mut all = Answered::default();
    for lane in lanes {
        let one = lane.await?;
        all.latencies_us.extend(one.latencies_us);
        (all.go, all.hold, all.failed) = (all.go + one.go, all.hold + one.hold, all.failed + one.failed);
        all.first_fault = all.first_fault.or(one.first_fault);
    }
    all.seconds = began.elapsed().as_secs_f64();
    Ok(all)
}

async fn lane(mut stream: TcpStream, token: String, due: Arc<Mutex<mpsc::UnboundedReceiver<Due>>>) -> Answered {
    let mut answered = Answered::default();
    loop {
        let next = due.lock().await.recv().await;
        let Some((at, body)) = next else { return answered };
        match exchange(&mut stream, &token, &body).await {
            Ok(answer) => {
                answered.latencies_us.push(u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX));
                if answer.contains("\"verdict\":\"go\"") {
                    answered.go += 1;
                } else if answer.contains("\"verdict\":\"hold\"") {
                    answered.hold += 1;
                    answered.first_fault.get_or_insert(answer);
                } else {
                    answered.failed += 1;
                    answered.first_fault.get_or_insert(answer);
                }
            }
            Err(error) => {
                answered.failed += 1;
                answered.first_fault.get_or_insert(format!("{error:#}"));
                return answered;
            }
        }
    }
}

/// One request and its answer's body.
async fn exchange(stream: &mut TcpStream, token: &str, body: &str) -> anyhow::Result<String> {
    let request = format!(
        "POST /api/v1/commands HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::with_capacity(4096);
    loop {
        anyhow::ensure!(stream.read_buf(&mut bytes).await? > 0, "the platform closed the connection");
        if let Some(whole) = whole(&bytes)? {
            return Ok(whole);
        }
    }
}

/// The body, once all of it is here.
fn whole(bytes: &[u8]) -> anyhow::Result<Option<String>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = bytes.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("an answer without its length")?;
    let length: usize = length.trim().parse().context("content-length")?;
    Ok((body.len() >= length).then(|| String::from_utf8_lossy(body).into_owned()))
}
