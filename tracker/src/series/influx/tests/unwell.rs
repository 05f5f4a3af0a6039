//! A server that answers slowly, half, wrongly or not at all.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, mpsc};

/// Answers each request with the next of the answers, then with the last for ever. An empty one closes the connection.
struct Unwell {
    url: String,
    asked: Arc<AtomicUsize>,
}

const BOTH: [Api; 2] = [Api::V1, Api::V2];
const FINE: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
const TIMEOUT: Duration = Duration::from_millis(500);

impl Unwell {
    fn answering(answers: Vec<&'static str>) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let url = listening(move |mut stream| {
            read_request(&mut stream);
            let n = count.fetch_add(1, SeqCst).min(answers.len() - 1);
            // A client that has gone is no concern of this one.
            let _gone = stream.write_all(answers[n].as_bytes());
        });
        Self { url, asked }
    }

    fn config(&self, api: Api) -> InfluxConfig {
        config(&self.url, api, TIMEOUT)
    }
}

/// A server of one connection after the other.
fn listening(mut serve: impl FnMut(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(&mut serve));
    url
}

fn config(url: &str, api: Api, timeout: Duration) -> InfluxConfig {
    let agent = ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false).build().new_agent();
    InfluxConfig { url: url.to_owned(), login: Login::None, org: String::new(), bucket: BUCKET.to_owned(), api, agent }
}

/// Its body.
fn read_request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let (mut request, mut piece) = (Vec::new(), [0; 65_536]);
    loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok()).unwrap_or(0);
            if request.len() >= end + 4 + length {
                return String::from_utf8(request.split_off(end + 4)).unwrap();
            }
        }
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
            _ => return String::new(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_a_while_is_tried_until_it_is_taken() {
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworse";
    let html = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<html>no</h>";
    let half = "HTTP/1.1 500 Internal Server Err";
    for api in BOTH {
        let server = Unwell::answering(vec![broken, "", half, html, FINE]);
        let (backend, influx) = opened(&server.config(api));
        backend.append(points(device(1), 0..10)).await.unwrap();
        backend.settle().await.unwrap();
        let health = influx.health();
        assert_eq!((health.writes, health.retries, health.dead_letters, health.failing), (1, 4, 0, None), "{api:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_how_long_is_left_alone_for_as_long() {
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // The second is the empty write that asks for the header.
    for (api, answers) in [(Api::V1, vec![busy, FINE]), (Api::V2, vec![busy, busy, FINE])] {
        let server = Unwell::answering(answers);
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
    let server = Unwell::answering(vec![unknown, FINE]);
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
        let server = Unwell::answering(vec![answer]);
        let (backend, _) = opened(&server.config(Api::V1));
        let told = backend.track(&device(1), day(), 1).await.unwrap_err().to_string();
        assert!(told.contains(named) && told.contains(&server.url), "{told}");
        assert_eq!(backend.unanswered(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_server_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for api in BOTH {
        is_given_up(&config(&url, api, TIMEOUT)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_server_that_speaks_a_byte_at_a_time() {
    let url = listening(|mut stream| {
        std::thread::spawn(move || {
            read_request(&mut stream);
            let endless = b"HTTP/1.1 204 No Content\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'a'));
            for byte in endless {
                // A client that has gone ends it.
                let Ok(()) = stream.write_all(&[*byte]) else { return };
                std::thread::sleep(TIMEOUT / 5);
            }
        });
    });
    for api in BOTH {
        is_given_up(&config(&url, api, TIMEOUT)).await;
    }
}

/// Writes and questions end by themselves, and the end waits for neither.
async fn is_given_up(config: &InfluxConfig) {
    let (backend, influx) = opened(config);
    backend.append(points(device(1), 0..10)).await.unwrap();
    until(|| influx.health().failing.is_some()).await;
    assert!(backend.track(&device(1), day(), 1).await.unwrap_err().to_string().contains("cannot be reached"));
    influx.end();
    assert!(matches!(backend.settle().await, Err(SeriesError::Stopped)), "the end does not wait either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_2x_lacks_is_named_and_waited_for() {
    let text = r#"{"code":"not found","message":"bucket \"sealway\" not found"}"#;
    let missing = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    let server = Unwell::answering(vec![missing.leak(), FINE]);
    let (backend, influx) = opened(&server.config(Api::V2));
    backend.append(points(device(1), 0..10)).await.unwrap();
    let settling = tokio::spawn(async move { backend.settle().await });
    until(|| influx.health().failing.is_some_and(|(_, failing)| failing.contains("answered 404") && failing.contains("not found"))).await;
    settling.await.unwrap().unwrap();
    assert_eq!((influx.health().writes, influx.health().dead_letters, influx.health().failing), (1, 0, None));
}

/// Answers a request for each word that it is told, and every one once the words end.
struct Holding {
    url: String,
    told: mpsc::Sender<()>,
    asked: Arc<AtomicUsize>,
    /// The most that waited at once, and the most lines that one of them had.
    most_held: Arc<AtomicUsize>,
    most_lines: Arc<AtomicUsize>,
}

impl Holding {
    fn start() -> Self {
        let (told, words) = mpsc::channel();
        let [asked, held, most_held, most_lines]: [Arc<AtomicUsize>; 4] = std::array::from_fn(|_| Arc::default());
        let (words, counts) = (Arc::new(Mutex::new(words)), (asked.clone(), most_held.clone(), most_lines.clone()));
        let url = listening(move |mut stream| {
            let (words, held, (asked, most_held, most_lines)) = (words.clone(), held.clone(), counts.clone());
            std::thread::spawn(move || {
                most_lines.fetch_max(read_request(&mut stream).lines().count(), SeqCst);
                most_held.fetch_max(held.fetch_add(1, SeqCst) + 1, SeqCst);
                asked.fetch_add(1, SeqCst);
                let _word_or_end = words.lock().unwrap().recv();
                held.fetch_sub(1, SeqCst);
                stream.write_all(FINE.as_bytes()).unwrap();
            });
        });
        Self { url, told, asked, most_held, most_lines }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_batches_of_five_thousand_are_on_their_way_and_no_more() {
    let Holding { url, told, asked, most_held, most_lines } = Holding::start();
    let (backend, _) = opened(&config(&url, Api::V1, Duration::from_secs(30)));
    let appending = tokio::spawn(async move {
        for n in 0..50 {
            backend.append(points(device(1), n * 2_000..n * 2_000 + 2_000)).await.unwrap();
        }
        backend.settle().await.unwrap();
    });
    for answered in 0..12 {
        until(|| asked.load(SeqCst) == 4 + answered).await;
        told.send(()).unwrap();
    }
    drop(told);
    appending.await.unwrap();
    let (most_held, most_lines) = (most_held.load(SeqCst), most_lines.load(SeqCst));
    assert_eq!((most_held, most_lines), (4, 4_000), "with the next 2,000 it would be too many");
}
