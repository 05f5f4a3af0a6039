//! A server that answers slowly, half, wrongly or not at all.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Answers each request with the next of the answers, then with the last for ever. An empty one closes the connection.
struct Unwell {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Unwell {
    fn answering(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                read_request(&mut stream);
                let n = count.fetch_add(1, SeqCst).min(answers.len() - 1);
                // A client that has gone is no concern of this one.
                let _gone = stream.write_all(answers[n].as_bytes());
            }
        });
        Self { url, asked }
    }

    fn config(&self, api: Api) -> InfluxConfig {
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_millis(500))).http_status_as_error(false).build();
        InfluxConfig {
            url: self.url.clone(),
            login: Login::None,
            org: String::new(),
            bucket: BUCKET.to_owned(),
            api,
            agent: agent.new_agent(),
        }
    }
}

fn read_request(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let (mut request, mut piece) = (Vec::new(), [0; 65_536]);
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
}

const FINE: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_a_while_is_tried_until_it_is_taken() {
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworse";
    let html = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<html>no</h>";
    let half = "HTTP/1.1 500 Internal Server Err";
    let server = Unwell::answering(Vec::leak(vec![broken, "", half, html, FINE]));
    let (backend, influx) = opened(&server.config(Api::V1));
    backend.append(points(device(1), 0..10)).await.unwrap();
    backend.settle().await.unwrap();
    let health = influx.health();
    assert_eq!((health.writes, health.retries, health.dead_letters, health.failing), (1, 4, 0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_how_long_is_left_alone_for_as_long() {
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // The second is the empty write that asks for the header.
    for (api, answers) in [(Api::V1, vec![busy, FINE]), (Api::V2, vec![busy, busy, FINE])] {
        let server = Unwell::answering(Vec::leak(answers));
        let (backend, _) = opened(&server.config(api));
        let begun = Instant::now();
        backend.append(points(device(1), 0..10)).await.unwrap();
        backend.settle().await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(2), "{api:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_newer_call_is_asked_by_the_older_one_and_then_only_so() {
    let unknown = "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\nConnection: close\r\n\r\n404 page not found";
    let server = Unwell::answering(Vec::leak(vec![unknown, FINE]));
    let (backend, influx) = opened(&server.config(Api::Auto));
    for n in 0..3 {
        backend.append(points(device(1), n..n + 1)).await.unwrap();
        backend.settle().await.unwrap();
    }
    assert_eq!((influx.health().writes, server.asked.load(SeqCst)), (3, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_named() {
    for (answer, named) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>hi</html>", "what is no answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{\"results\":[", "cannot be reached"),
        ("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworse", "answered 500: worse"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{\"error\":\"half asleep\"}", "what is no answer"),
        ("", "cannot be reached"),
    ] {
        let server = Unwell::answering(Vec::leak(vec![answer]));
        let told = opened(&server.config(Api::V1)).0.track(&device(1), day(), 1).await.unwrap_err().to_string();
        assert!(told.contains(named) && told.contains(&server.url), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_server_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Unwell { url: format!("http://{}", listener.local_addr().unwrap()), asked: Arc::default() };
    let (backend, influx) = opened(&server.config(Api::V1));
    backend.append(points(device(1), 0..10)).await.unwrap();
    until(|| influx.health().failing.is_some()).await;
    assert!(backend.track(&device(1), day(), 1).await.unwrap_err().to_string().contains("cannot be reached"));
    influx.end();
    assert!(matches!(backend.settle().await, Err(SeriesError::Stopped)), "the end does not wait either");
}
