//! One client's socket, plain or TLS: reads into a buffer that the thread owns, so that an idle connection owns none, and
//! writes everything that is due at once, within a deadline.

use super::mailbox::Farewell;
use crate::Refusal;
use crate::mqtt::frame::Inbox;
use crate::mqtt::{Version, write};
use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

const READ: usize = 32 * 1024;
/// Capacity that the write buffer keeps between writes.
const KEPT: usize = 256;
/// How long, and how much, a closing connection still reads: closing over unread bytes would reset the connection, and the
/// client might lose the DISCONNECT that says why, or its last PUBACKs.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_READS: usize = 16;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

#[derive(Debug)]
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug)]
pub(crate) struct Line {
    wire: Wire,
    pub(crate) inbox: Inbox,
    /// Packets to be written at the next [`Line::flush`].
    pub(crate) out: Vec<u8>,
    pub(crate) peer: SocketAddr,
    write_deadline: Duration,
}

impl Line {
    pub(crate) fn new(wire: Wire, peer: SocketAddr, write_deadline: Duration) -> Self {
        Self { wire, inbox: Inbox::default(), out: Vec::new(), peer, write_deadline }
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.wire, Wire::Tls(_))
    }

    /// Reads once into the inbox. Leaves nothing half done when dropped.
    pub(crate) async fn read(&mut self) -> Result<(), Farewell> {
        let Self { wire, inbox, .. } = self;
        let read = poll_fn(|cx| wire.poll_fill(cx, |bytes| inbox.feed(bytes))).await;
        // A reset is as good as an end: there is nobody left to tell.
        if read.unwrap_or_default() == 0 { Err(Farewell::Left) } else { Ok(()) }
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Farewell> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        let written = tokio::time::timeout(self.write_deadline, self.wire.write(&out)).await;
        self.out = out;
        self.out.clear();
        if self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Farewell::Left),
            Err(_) => Err(Farewell::Refused(Refusal::SlowReader)),
        }
    }

    /// Says why, where the version has words for it, and ends. Who left, or does not read, is not waited for.
    pub(crate) async fn close(mut self, version: Version, farewell: Farewell) {
        let Some(reason) = farewell.reason_code().filter(|_| farewell != Farewell::Refused(Refusal::SlowReader)) else { return };
        if version == Version::V5 {
            write::disconnect(&mut self.out, reason);
        }
        self.hang_up().await;
    }

    /// Writes what is left to say, says that no more comes, and reads a little so that the client gets to hear it.
    pub(crate) async fn hang_up(mut self) {
        let said = tokio::time::timeout(LINGER, async {
            self.flush().await?;
            self.wire.shutdown().await.map_err(|_| Farewell::Left)?;
            for _ in 0..LINGER_READS {
                if poll_fn(|cx| self.wire.poll_fill(cx, |_| {})).await.unwrap_or_default() == 0 {
                    break;
                }
            }
            Ok::<(), Farewell>(())
        });
        // Too slow to hear it: closed without.
        let _ = said.await;
    }
}

impl Wire {
    fn poll_fill(&mut self, cx: &mut Context<'_>, mut take: impl FnMut(&[u8])) -> Poll<std::io::Result<usize>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(match self {
                Self::Plain(socket) => Pin::new(socket).poll_read(cx, &mut buffer),
                Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, &mut buffer),
            })?;
            take(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    async fn shutdown(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(socket) => socket.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
        }
    }
}
