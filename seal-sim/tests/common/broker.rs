//! A broker in one task per connection: takes every login, and answers as a [`Platform`](crate::common::Platform) would.

use crate::common::Platform;
use sealway_schemas::topics::{self, DeviceTopic};
use sealway_schemas::{DeviceId, PublicKey};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    /// After each PUBLISH.
    pub(crate) changed: Arc<Notify>,
    pub(crate) platforms: Arc<Mutex<BTreeMap<DeviceId, Platform>>>,
}

impl Broker {
    pub(crate) async fn start(devices: impl IntoIterator<Item = (DeviceId, PublicKey)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platforms = devices.into_iter().map(|(device, key)| (device, Platform::of(device, key))).collect();
        let broker = Self { address: listener.local_addr().unwrap(), changed: Arc::default(), platforms: Arc::new(Mutex::new(platforms)) };
        let serving = broker.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        broker
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.platforms.lock().unwrap().values().next().unwrap().public_key()
    }

    /// Ends with the connection.
    async fn serve(self, mut stream: TcpStream) -> Option<()> {
        let mut listening = false;
        loop {
            let kind = stream.read_u8().await.ok()?;
            let body = body(&mut stream).await?;
            let mut out = Vec::new();
            match kind >> 4 {
                1 => out.extend_from_slice(&[0x20, 2, 0, 0]),
                8 => {
                    listening = true;
                    out.extend_from_slice(&[0x90, 3, body[0], body[1], 1]);
                }
                3 => self.publish(&body, listening, &mut out),
                12 => out.extend_from_slice(&[0xd0, 0]),
                4 => {}
                _ => return None,
            }
            stream.write_all(&out).await.ok()?;
            self.changed.notify_one();
        }
    }

    fn publish(&self, body: &[u8], listening: bool, out: &mut Vec<u8>) {
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = std::str::from_utf8(&body[2..2 + length]).unwrap();
        let Some(DeviceTopic::Up(device)) = DeviceTopic::parse(topic) else { panic!("{topic}") };
        let mut platforms = self.platforms.lock().unwrap();
        let platform = platforms.get_mut(&device).unwrap();
        platform.take(&body[4 + length..]);
        out.extend_from_slice(&[0x40, 2, body[2 + length], body[3 + length]]);
        if listening {
            sealway_seal_sim::mqtt::publish_once(&topics::down(&device), 1, &platform.signed_ack(), out);
        }
    }
}

async fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = stream.read_u8().await.ok()?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}
