//! Readers of seals on serial lines, over pseudo terminals: what they pass on, and the way back.

use crate::harness::{PATIENCE, counted, serial};
use crate::pty::{Plug, Socket};
use crate::uart;
use bytes::Bytes;
use sealway_broker::{
    AdmitRefusal, Admitted, Claimed, Count, EventRouter, Front, FrontConfig, Ingress, LineState, ReaderConfig, ReaderGateway, Refusal,
};
use sealway_schemas::DeviceId;
use sealway_schemas::link::{CloseReason, Downlink as _, SessionId, Settlement, Upload, Verdict};
use sealway_seal_sim::reader::{Frame, Reader};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const CALL: u8 = 0x01;
const UP: u8 = 0x02;
const ANSWER: u8 = 0x81;
const SETTLED: u8 = 0x82;
const DOWN: u8 = 0x83;
const END: u8 = 0x84;

/// Admits every seal but `BAD`, `SLOW` never, and shows what it was told.
struct Desk {
    refused: Mutex<Vec<(DeviceId, Refusal)>>,
    uploads: mpsc::UnboundedSender<Upload>,
    closed: mpsc::UnboundedSender<DeviceId>,
}

impl Ingress for Desk {
    async fn admit(&self, _: SessionId, claimed: Claimed) -> Result<Admitted, AdmitRefusal> {
        match claimed {
            Claimed::DeviceLogin { device, .. } if device.as_str() == "SLOW" => std::future::pending().await,
            Claimed::DeviceLogin { device, login } if device.as_str() != "BAD" && login == b"login" => Ok(Admitted::Device(device)),
            Claimed::DeviceLogin { device, .. } if device.as_str() != "BAD" => Err(AdmitRefusal::LoginSignature),
            _ => Err(AdmitRefusal::NotEnrolled),
        }
    }

    async fn upload(&self, upload: Upload) {
        // A test that has ended listens no more.
        let _gone = self.uploads.send(upload);
    }

    fn closed(&self, _: SessionId, device: &DeviceId) {
        let _gone = self.closed.send(*device);
    }

    fn refused(&self, device: &DeviceId, refusal: Refusal) {
        self.refused.lock().unwrap().push((*device, refusal));
    }
}

struct Bench {
    front: Front,
    desk: Arc<Desk>,
    uploads: mpsc::UnboundedReceiver<Upload>,
    closed: mpsc::UnboundedReceiver<DeviceId>,
}

impl Bench {
    fn new() -> Self {
        let (uploads, uploaded) = mpsc::unbounded_channel();
        let (closed, ended) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk { refused: Mutex::default(), uploads, closed });
        let front = Front::start(FrontConfig::loopback(), Arc::clone(&desk), EventRouter::start().unwrap()).unwrap();
        Self { front, desk, uploads: uploaded, closed: ended }
    }

    fn gateway(&self, socket: &Socket) -> ReaderGateway {
        self.gateway_at(socket, &[115_200])
    }

    fn gateway_at(&self, socket: &Socket, bauds: &[u32]) -> ReaderGateway {
        let config = ReaderConfig { serial: serial(socket, bauds), name: "gate-3-reader".to_owned() };
        ReaderGateway::start(config, &self.front, Arc::clone(&self.desk))
    }

    async fn uploaded(&mut self) -> Upload {
        tokio::time::timeout(PATIENCE, self.uploads.recv()).await.unwrap().unwrap()
    }
}

fn seal(id: &str) -> DeviceId {
    id.parse().unwrap()
}

async fn open(gateway: &ReaderGateway) {
    let waiting = async {
        while matches!(gateway.status().get().0, LineState::Starting | LineState::Absent { .. }) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// A reader that is plugged in and heard.
async fn plugged() -> (Bench, Socket, Plug, ReaderGateway, Line) {
    let (bench, socket) = (Bench::new(), Socket::default());
    let plug = socket.plug();
    let gateway = bench.gateway(&socket);
    open(&gateway).await;
    let line = Line::new(&plug);
    (bench, socket, plug, gateway, line)
}

/// The reader's end; reading blocks, so it is done beside.
struct Line(Option<Reader<std::fs::File>>);

impl Line {
    fn new(plug: &Plug) -> Self {
        Self(Some(Reader::new(plug.device.try_clone().unwrap())))
    }

    fn send(&mut self, kind: u8, ticket: u16, device: &str, body: &[u8]) {
        self.0.as_mut().unwrap().send(&Frame::new(kind, ticket, &seal(device), body)).unwrap();
    }

    async fn hear(&mut self) -> (u8, u16, String, Vec<u8>) {
        let mut reader = self.0.take().unwrap();
        let hearing = tokio::task::spawn_blocking(move || {
            let frame = reader.hear().unwrap();
            (frame, reader)
        });
        let (frame, reader) = tokio::time::timeout(PATIENCE, hearing).await.unwrap().unwrap();
        self.0 = Some(reader);
        (frame.kind, frame.ticket, frame.device, frame.body)
    }

    async fn call(&mut self, device: &str) {
        self.send(CALL, 0, device, b"login");
        assert_eq!(self.hear().await, (ANSWER, 0, device.to_owned(), vec![0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_carries_what_two_seals_say_and_brings_each_its_own_back() {
    let (mut bench, _socket, _plug, gateway, mut line) = plugged().await;
    line.call("XA-7Q2K").await;
    line.call("XA-7Q2L").await;
    line.send(UP, 7, "XA-7Q2K", b"report");
    let upload = bench.uploaded().await;
    assert_eq!(
        (upload.device, upload.messages[0].ticket, &upload.messages[0].payload),
        (seal("XA-7Q2K"), 7, &Bytes::from_static(b"report"))
    );
    let downlink = bench.front.downlink();
    downlink.settle(vec![Settlement {
        session: upload.session,
        settled: vec![(7, Verdict::Stored)],
        down: vec![Bytes::from_static(b"ack")],
    }]);
    assert_eq!(line.hear().await, (SETTLED, 7, "XA-7Q2K".to_owned(), vec![0]));
    assert_eq!(line.hear().await, (DOWN, 0, "XA-7Q2K".to_owned(), b"ack".to_vec()));
    assert!(downlink.publish(&seal("XA-7Q2L"), Bytes::from_static(b"grant")));
    assert_eq!(line.hear().await, (DOWN, 0, "XA-7Q2L".to_owned(), b"grant".to_vec()));
    counted(gateway.gauges(), Count::Downs, 2).await;
    assert_eq!(gateway.gauges().get(Count::Downs), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_is_not_enrolled_or_did_not_log_in_is_not_carried() {
    let (mut bench, _socket, _plug, gateway, mut line) = plugged().await;
    for (device, login, answer) in [("BAD", b"login".as_slice(), 1), ("XA-7Q2K", b"forged", 2)] {
        line.send(CALL, 0, device, login);
        assert_eq!(line.hear().await, (ANSWER, 0, device.to_owned(), vec![answer]));
    }
    line.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(line.hear().await, (ANSWER, 0, "XA-7Q2K".to_owned(), vec![5]));
    assert_eq!((gateway.gauges().get(Count::Stranger), gateway.gauges().get(Count::Authentication)), (1, 1));
    assert!(bench.uploads.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unplugged_reader_loses_its_seals_and_they_call_again() {
    let (mut bench, socket, plug, gateway, mut line) = plugged().await;
    line.call("XA-7Q2K").await;
    // Half a frame is on the line when the plug is pulled.
    line.0.as_mut().unwrap().write(&Frame::new(UP, 1, &seal("XA-7Q2K"), b"report").encode()[..20]).unwrap();
    drop((plug, line));
    assert_eq!(tokio::time::timeout(PATIENCE, bench.closed.recv()).await.unwrap(), Some(seal("XA-7Q2K")));
    assert!(!bench.front.downlink().publish(&seal("XA-7Q2K"), Bytes::from_static(b"grant")));
    let plug = socket.plug();
    counted(gateway.gauges(), Count::Opened, 2).await;
    let mut line = Line::new(&plug);
    line.call("XA-7Q2K").await;
    line.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(bench.uploaded().await.messages[0].payload, Bytes::from_static(b"report"));
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_between_frames_is_counted_and_costs_no_frame() {
    let (mut bench, _socket, _plug, gateway, mut line) = plugged().await;
    line.call("XA-7Q2K").await;
    let mut spoilt = Frame::new(UP, 1, &seal("XA-7Q2K"), b"lost").encode();
    spoilt[18] ^= 0x20;
    line.0.as_mut().unwrap().write(&[&[0xFF; 700], spoilt.as_slice()].concat()).unwrap();
    line.send(UP, 2, "XA-7Q2K", b"found");
    assert_eq!(bench.uploaded().await.messages[0].payload, Bytes::from_static(b"found"));
    assert!(gateway.gauges().get(Count::Garbage) >= 1);
}

/// What a reader at 115,200 passes on of a seal that calls, as it is heard at the speed that the platform's end has.
fn call_at_115200(plug: &mut Plug) {
    let call = Frame::new(CALL, 0, &seal("XA-7Q2K"), b"login").encode();
    let heard = uart::heard(&call, 115_200, plug.baud());
    plug.say(&heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_another_speed_is_found_by_trying() {
    let (mut bench, socket) = (Bench::new(), Socket::default());
    let mut plug = socket.plug();
    let gateway = bench.gateway_at(&socket, &[9_600, 38_400, 115_200]);
    open(&gateway).await;
    let began = Instant::now();
    while plug.baud() != 115_200 {
        assert!(began.elapsed() < PATIENCE, "{:?}", gateway.status().get());
        call_at_115200(&mut plug);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut line = Line::new(&plug);
    line.call("XA-7Q2K").await;
    line.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(bench.uploaded().await.messages[0].payload, Bytes::from_static(b"report"));
    assert_eq!(gateway.status().get().0, LineState::Well { baud: 115_200 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_readers_line_of_one_speed_that_cannot_be_read_says_so() {
    let (bench, socket) = (Bench::new(), Socket::default());
    let mut plug = socket.plug();
    let gateway = bench.gateway_at(&socket, &[9_600]);
    open(&gateway).await;
    let began = Instant::now();
    // Without a pause in it: one run of bytes outside frames.
    while gateway.status().get().0 != (LineState::Garbled { baud: 9_600 }) {
        assert!(began.elapsed() < PATIENCE, "{:?}", gateway.status().get());
        call_at_115200(&mut plug);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(gateway.gauges().get(Count::Garbage) >= 12);
    let mut line = Line::new(&plug);
    line.call("XA-7Q2K").await;
    assert_eq!(gateway.status().get().0, LineState::Well { baud: 9_600 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_waits_for_its_admission_holds_up_no_other() {
    let (mut bench, _socket, _plug, _gateway, mut line) = plugged().await;
    line.send(CALL, 0, "SLOW", b"login");
    line.send(UP, 1, "SLOW", b"report");
    let began = Instant::now();
    line.call("XA-7Q2K").await;
    line.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(bench.uploaded().await.device, seal("XA-7Q2K"));
    let deadline = FrontConfig::loopback().limits.admit_deadline;
    assert!(began.elapsed() < deadline, "{:?}", began.elapsed());
    // Who waits too long is told to call again, and nothing of it was taken.
    assert_eq!(line.hear().await, (ANSWER, 0, "SLOW".to_owned(), vec![4]));
    assert!(bench.uploads.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_calls_twice_is_answered_once_more_and_heard() {
    let (mut bench, _socket, _plug, _gateway, mut line) = plugged().await;
    line.call("XA-7Q2K").await;
    line.call("XA-7Q2K").await;
    line.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(bench.uploaded().await.device, seal("XA-7Q2K"));
    assert!(bench.front.downlink().publish(&seal("XA-7Q2K"), Bytes::from_static(b"grant")));
    assert_eq!(line.hear().await, (DOWN, 0, "XA-7Q2K".to_owned(), b"grant".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_whose_messages_come_to_nothing_is_let_go_and_put_off_and_another_is_heard() {
    let (mut bench, _socket, _plug, gateway, mut line) = plugged().await;
    line.call("XA-7Q2K").await;
    let downlink = bench.front.downlink();
    for ticket in 1..=32 {
        line.send(UP, ticket, "XA-7Q2K", b"garbage");
        let session = bench.uploaded().await.session;
        downlink.settle(vec![Settlement { session, settled: vec![(ticket, Verdict::NothingAcceptable)], down: Vec::new() }]);
        assert_eq!(line.hear().await, (SETTLED, ticket, "XA-7Q2K".to_owned(), vec![1]));
    }
    assert_eq!(line.hear().await.0, END);
    line.send(CALL, 0, "XA-7Q2K", b"login");
    assert_eq!(line.hear().await, (ANSWER, 0, "XA-7Q2K".to_owned(), vec![4]));
    let told = bench.desk.refused.lock().unwrap().clone();
    assert_eq!(told, [(seal("XA-7Q2K"), Refusal::InVain), (seal("XA-7Q2K"), Refusal::DeviceRate)], "its owner can be told");
    assert_eq!([Count::InVain, Count::ConnectRate].map(|count| gateway.gauges().get(count)), [1, 1]);
    line.call("XA-7Q2L").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_is_taken_over_or_revoked_has_to_call_again() {
    let (mut bench, one, other) = (Bench::new(), Socket::default(), Socket::default());
    let (plug, second) = (one.plug(), other.plug());
    let (gateway, beside) = (bench.gateway(&one), bench.gateway(&other));
    open(&gateway).await;
    open(&beside).await;
    let (mut line, mut elsewhere) = (Line::new(&plug), Line::new(&second));
    line.call("XA-7Q2K").await;
    elsewhere.call("XA-7Q2K").await;
    assert_eq!(line.hear().await.0, END);
    elsewhere.send(UP, 1, "XA-7Q2K", b"report");
    assert_eq!(bench.uploaded().await.device, seal("XA-7Q2K"));
    bench.front.downlink().close(&seal("XA-7Q2K"), CloseReason::Revoked);
    assert_eq!(elsewhere.hear().await.0, END);
}
