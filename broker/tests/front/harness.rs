//! A front with a tracker's stand-in behind it, and a client that sends any bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sealway_broker::{AdmitRefusal, Admitted, Claimed, EventRouter, EventScope, Front, FrontConfig, Ingress, Refusal};
use sealway_schemas::DeviceId;
use sealway_schemas::link::{Downlink, SessionId, Settlement, Upload, Verdict};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

pub(crate) const SEAL: &str = "XA-7Q2K";
pub(crate) const UP: &str = "seal/v1/XA-7Q2K/up";
pub(crate) const DOWN: &str = "seal/v1/XA-7Q2K/down";
/// Longer than anything takes here; a test that meets it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes soon")
}

/// Waits without letting a paused clock run: it moves only while the runtime has nothing to do, and sockets are not seen as work.
pub(crate) async fn at_once<T>(what: impl Future<Output = T>) -> T {
    let mut what = pin!(what);
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        what.as_mut().poll(cx)
    })
    .await
}

pub(crate) fn seal(id: &str) -> DeviceId {
    id.parse().unwrap()
}

/// Stands in for the tracker: admits by simple rules and shows what it was told.
pub(crate) struct Desk {
    claims: mpsc::UnboundedSender<Claimed>,
    uploads: mpsc::UnboundedSender<Upload>,
    closed: mpsc::UnboundedSender<(SessionId, DeviceId)>,
    pub(crate) refused: std::sync::Mutex<Vec<(DeviceId, Refusal)>>,
    /// One permit lets one upload in; closed = lets all in.
    room: Semaphore,
}

impl Desk {
    pub(crate) fn make_room(&self) {
        self.room.close();
    }
}

impl Ingress for Desk {
    /// `BAD` is not enrolled; `lian-yun` hears its party, `customs` hears all, whatever their token.
    async fn admit(&self, _session: SessionId, claimed: Claimed) -> Result<Admitted, AdmitRefusal> {
        self.claims.send(claimed.clone()).unwrap();
        match claimed {
            Claimed::DeviceLogin { device, .. } | Claimed::DeviceCertificate { device, .. } if device.as_str() == "BAD" => {
                Err(AdmitRefusal::NotEnrolled)
            }
            Claimed::DeviceLogin { device, .. } | Claimed::DeviceCertificate { device, .. } => Ok(Admitted::Device(device)),
            Claimed::Person { user, .. } if user == "customs" => Ok(Admitted::Listener(EventScope::All)),
            Claimed::Person { user, .. } => {
                user.parse().map(|party| Admitted::Listener(EventScope::Party(party))).map_err(|_| AdmitRefusal::UnknownToken)
            }
        }
    }

    async fn upload(&self, upload: Upload) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
        let _ = self.uploads.send(upload);
    }

    /// A front outlives its test by a moment: nobody may listen any more.
    fn closed(&self, session: SessionId, device: &DeviceId) {
        let _ = self.closed.send((session, *device));
    }

    fn refused(&self, device: &DeviceId, refusal: Refusal) {
        self.refused.lock().unwrap().push((*device, refusal));
    }
}

pub(crate) struct House {
    pub(crate) front: Front,
    pub(crate) desk: Arc<Desk>,
    pub(crate) events: EventRouter,
    claims: mpsc::UnboundedReceiver<Claimed>,
    uploads: mpsc::UnboundedReceiver<Upload>,
    closed: mpsc::UnboundedReceiver<(SessionId, DeviceId)>,
}

impl House {
    pub(crate) fn open() -> Self {
        let house = Self::full(FrontConfig::loopback());
        house.desk.make_room();
        house
    }

    pub(crate) fn with(change: impl FnOnce(&mut FrontConfig)) -> Self {
        let mut config = FrontConfig::loopback();
        change(&mut config);
        let house = Self::full(config);
        house.desk.make_room();
        house
    }

    /// A tracker that takes nothing until [`Desk::make_room`].
    pub(crate) fn full(config: FrontConfig) -> Self {
        let (claims, claimed) = mpsc::unbounded_channel();
        let (uploads, uploaded) = mpsc::unbounded_channel();
        let (closed, ended) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk { claims, uploads, closed, refused: std::sync::Mutex::default(), room: Semaphore::new(0) });
        let events = EventRouter::start().unwrap();
        let front = Front::start(config, Arc::clone(&desk), events.clone()).unwrap();
        Self { front, desk, events, claims: claimed, uploads: uploaded, closed: ended }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.front.addresses().plain.unwrap()
    }

    pub(crate) async fn claim(&mut self) -> Claimed {
        soon(self.claims.recv()).await.unwrap()
    }

    pub(crate) async fn upload(&mut self) -> Upload {
        soon(self.uploads.recv()).await.unwrap()
    }

    pub(crate) fn no_upload(&mut self) -> bool {
        self.uploads.try_recv().is_err()
    }

    pub(crate) async fn closed(&mut self) -> (SessionId, DeviceId) {
        soon(self.closed.recv()).await.unwrap()
    }

    /// As the tracker does after a commit.
    pub(crate) fn settle(&self, upload: &Upload, verdict: Verdict, down: Vec<Bytes>) {
        let settled = upload.messages.iter().map(|message| (message.ticket, verdict)).collect();
        self.front.downlink().settle(vec![Settlement { session: upload.session, settled, down }]);
    }

    /// A few stored reports, each of which doubles what a device may have under way.
    pub(crate) async fn earn(&mut self, client: &mut Client, reports: u16) {
        for id in 1..=reports {
            client.send(&publish(5, UP, id, b"report")).await;
            let upload = self.upload().await;
            self.settle(&upload, Verdict::Stored, Vec::new());
            assert_eq!(client.packet().await, Some(puback(id)));
        }
    }

    pub(crate) async fn knock(&self) -> Client {
        let socket = TcpStream::connect(self.address()).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Client(socket)
    }

    pub(crate) async fn device(&self, level: u8, id: &str) -> Client {
        let mut client = self.knock().await;
        client.send(&connect(level, 60, id, id, &login())).await;
        client.welcomed().await;
        client
    }

    pub(crate) async fn listener(&self, level: u8, user: &str) -> Client {
        let mut client = self.knock().await;
        client.send(&connect(level, 60, "any", user, "slw_token")).await;
        client.welcomed().await;
        client
    }
}

/// What a device's login looks like to the front.
pub(crate) fn login() -> String {
    URL_SAFE_NO_PAD.encode([0xD2, 0x84, 1, 2, 3])
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) first: u8,
    pub(crate) body: Vec<u8>,
}

/// A client by hand.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next packet; `None` once the front has closed, by whatever means.
    pub(crate) async fn packet(&mut self) -> Option<Packet> {
        soon(self.packet_at_all()).await
    }

    /// The same without a limit of time, for tests that let the clock run.
    pub(crate) async fn packet_at_all(&mut self) -> Option<Packet> {
        let first = self.0.read_u8().await.ok()?;
        let mut len = 0;
        for i in 0..4 {
            let byte = usize::from(self.0.read_u8().await.ok()?);
            len |= (byte & 0x7F) << (7 * i);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Packet { first, body })
    }

    pub(crate) async fn welcomed(&mut self) {
        let connack = at_once(self.packet_at_all()).await.expect("a CONNACK");
        assert_eq!((connack.first, &connack.body[..2]), (0x20, &[0, 0][..]));
    }

    pub(crate) async fn subscribe(&mut self, level: u8, filter: &str, qos: u8) -> Packet {
        self.send(&subscribe(level, 9, filter, qos)).await;
        self.packet().await.expect("a SUBACK")
    }

    /// That the front still answers, and has answered all before.
    pub(crate) async fn ping(&mut self) {
        self.send(&[0xC0, 0]).await;
        assert_eq!(at_once(self.packet_at_all()).await, Some(Packet { first: 0xD0, body: Vec::new() }));
    }
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut len = body.len();
    loop {
        let low = u8::try_from(len % 128).unwrap();
        len /= 128;
        bytes.push(if len > 0 { low | 0x80 } else { low });
        if len == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

fn no_properties(level: u8) -> &'static [u8] {
    if level == 5 { &[0] } else { &[] }
}

pub(crate) fn connect(level: u8, keep_alive: u16, client_id: &str, user: &str, password: &str) -> Vec<u8> {
    connect_with(level, keep_alive, no_properties(level), client_id, user, password)
}

pub(crate) fn connect_with(level: u8, keep_alive: u16, properties: &[u8], client_id: &str, user: &str, password: &str) -> Vec<u8> {
    let [high, low] = keep_alive.to_be_bytes();
    let head = [&b"\0\x04MQTT"[..], &[level, 0xC2, high, low], properties].concat();
    packet(0x10, &[head, text(client_id), text(user), text(password)].concat())
}

pub(crate) fn publish(level: u8, topic: &str, packet_id: u16, payload: &[u8]) -> Vec<u8> {
    publish_flags(level, 0x32, topic, packet_id, payload)
}

pub(crate) fn publish_flags(level: u8, first: u8, topic: &str, packet_id: u16, payload: &[u8]) -> Vec<u8> {
    let id = packet_id.to_be_bytes();
    let id = if first & 0x06 == 0 { &[][..] } else { &id };
    packet(first, &[&text(topic), id, no_properties(level), payload].concat())
}

pub(crate) fn subscribe(level: u8, packet_id: u16, filter: &str, qos: u8) -> Vec<u8> {
    packet(0x82, &[&packet_id.to_be_bytes()[..], no_properties(level), &text(filter), &[qos]].concat())
}

pub(crate) fn puback(packet_id: u16) -> Packet {
    Packet { first: 0x40, body: packet_id.to_be_bytes().to_vec() }
}

pub(crate) fn disconnect(reason: u8) -> Packet {
    Packet { first: 0xE0, body: vec![reason] }
}
