//! An attacker's end of a connection.

use crate::seal::Seal;
use crate::stage::Field;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than the front keeps anybody whom it means to close.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client(pub(crate) TcpStream);

/// What the front said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) first: u8,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects, says CONNECT, and hears the answer.
    pub(crate) async fn login(field: &Field, number: u32, seal: &mut Seal) -> Option<(Self, Packet)> {
        let mut client = Self(field.connect(field.mqtt, number).await.ok()?);
        client.send(&seal.connect()).await.ok()?;
        let answer = client.packet().await?;
        Some((client, answer))
    }

    /// The same, which must succeed.
    pub(crate) async fn welcome(field: &Field, number: u32, seal: &mut Seal) -> Self {
        let (client, answer) = Self::login(field, number, seal).await.expect("an answer");
        assert_eq!(answer.body, [0, 0], "welcome");
        client
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// `None` once the front has closed.
    pub(crate) async fn packet(&mut self) -> Option<Packet> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer, or an end")
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
