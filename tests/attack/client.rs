//! An attacker's end of a connection, and the packets that it says by hand.

use crate::seal::Seal;
use crate::stage::Field;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longer than the front keeps anybody whom it means to close.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plain or TLS.
pub(crate) trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<L: AsyncRead + AsyncWrite + Unpin + Send> Line for L {}

pub(crate) struct Client(Box<dyn Line>);

/// What the front said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) first: u8,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn over(line: impl Line + 'static) -> Self {
        Self(Box::new(line))
    }

    /// A plain connection from the address of this number, which says nothing yet.
    pub(crate) async fn knock(field: &Field, number: u32) -> Self {
        Self::over(field.connect(field.mqtt, number).await.unwrap())
    }

    /// Connects, says CONNECT, and hears the answer.
    pub(crate) async fn login(field: &Field, number: u32, seal: &mut Seal) -> Option<(Self, Packet)> {
        let client = Self::over(field.connect(field.mqtt, number).await.ok()?);
        client.greeted(&seal.connect()).await
    }

    /// The same, which must succeed.
    pub(crate) async fn welcome(field: &Field, number: u32, seal: &mut Seal) -> Self {
        Self::knock(field, number).await.welcomed(&seal.connect()).await
    }

    /// Says this CONNECT, and hears the answer.
    pub(crate) async fn greeted(mut self, connect: &[u8]) -> Option<(Self, Packet)> {
        self.send(connect).await.ok()?;
        let answer = self.packet().await?;
        Some((self, answer))
    }

    pub(crate) async fn welcomed(self, connect: &[u8]) -> Self {
        let (client, answer) = self.greeted(connect).await.expect("an answer");
        assert_eq!((answer.first, &answer.body[..2]), (0x20, &[0, 0][..]), "welcome");
        client
    }

    /// The system of a person with this token, which listens to events.
    pub(crate) async fn listener(field: &Field, level: u8, number: u32, client_id: &str, token: &str) -> Self {
        Self::knock(field, number).await.welcomed(&listener(level, client_id, token)).await
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// `None` once the front has closed.
    pub(crate) async fn packet(&mut self) -> Option<Packet> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer, or an end")
    }

    /// The same, however long it takes to come.
    pub(crate) async fn next(&mut self) -> Option<Packet> {
        self.read().await
    }

    pub(crate) async fn byte(&mut self) -> u8 {
        self.0.read_u8().await.unwrap()
    }

    async fn read(&mut self) -> Option<Packet> {
        let first = self.0.read_u8().await.ok()?;
        let mut length = 0;
        for digit in 0..4 {
            let byte = usize::from(self.0.read_u8().await.ok()?);
            length |= (byte & 0x7F) << (7 * digit);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Packet { first, body })
    }

    /// Whether the front closes, whatever it says before.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut rest)).await;
        ended.is_ok()
    }

    /// One filter, answered with its code.
    pub(crate) async fn subscribe(&mut self, level: u8, filter: &str, qos: u8) -> u8 {
        self.send(&subscribe(level, 9, &[filter], qos)).await.unwrap();
        let answer = self.packet().await.expect("a SUBACK");
        assert_eq!(answer.first, 0x90);
        *answer.body.last().unwrap()
    }

    /// That the front still answers.
    pub(crate) async fn ping(&mut self) {
        self.send(&[0xC0, 0]).await.unwrap();
        assert_eq!(self.packet().await, Some(Packet { first: 0xD0, body: Vec::new() }));
    }
}

/// Length-prefixed, as MQTT writes texts.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// A packet of fewer than 16,384 bytes.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = vec![first];
    if length >= 128 {
        bytes.push(u8::try_from(length % 128).unwrap() | 0x80);
        bytes.push(u8::try_from(length / 128).unwrap());
    } else {
        bytes.push(u8::try_from(length).unwrap());
    }
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn no_properties(level: u8) -> &'static [u8] {
    if level == 5 { &[0] } else { &[] }
}

/// A CONNECT of this version with these flags beside user name, password and clean start; what a will says stands between.
pub(crate) fn connect(level: u8, flags: u8, client_id: &str, will: &[Vec<u8>], (user, password): (&str, &str)) -> Vec<u8> {
    let head = [&b"\0\x04MQTT"[..], &[level, 0xC2 | flags, 0, 60], no_properties(level)].concat();
    packet(0x10, &[head, text(client_id), will.concat(), text(user), text(password)].concat())
}

pub(crate) fn listener(level: u8, client_id: &str, token: &str) -> Vec<u8> {
    connect(level, 0, client_id, &[], ("customs", token))
}

pub(crate) fn publish(level: u8, topic: &str, ticket: u16, payload: &[u8]) -> Vec<u8> {
    packet(0x32, &[&text(topic), &ticket.to_be_bytes()[..], no_properties(level), payload].concat())
}

pub(crate) fn subscribe(level: u8, ticket: u16, filters: &[impl AsRef<str>], qos: u8) -> Vec<u8> {
    let mut body = [&ticket.to_be_bytes()[..], no_properties(level)].concat();
    for filter in filters {
        body.extend(text(filter.as_ref()));
        body.push(qos);
    }
    packet(0x82, &body)
}
