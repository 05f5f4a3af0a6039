//! One terminal's connection, from its first byte to the end.

use super::desks::Seat;
use super::tcp::Shared;
use super::unread;
use super::{Asking, Count, Fault, Talk, TerminalIngress, TerminalRefusal, Turn};
use crate::entrance::{Admission, Place, network};
use crate::wall;
use bytes::{Bytes, BytesMut};
use sealway_schemas::DeviceId;
use sealway_schemas::report::Status;
use sealway_schemas::terminal::{CallSign, Sighting, UnsignedFrame};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

const READ_BYTES: usize = 4_096;
/// A line that says nothing but what cannot be read is ended.
const FAULTS_LIMIT: u32 = 64;
/// Frames beyond its rate that a terminal may send on one line.
const BEYOND_LIMIT: u32 = 64;

pub(super) struct Line<I> {
    socket: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    ingress: Arc<I>,
    /// Who speaks here, once the tracker knows it.
    terminal: Option<(CallSign, Seat)>,
    /// Until then.
    place: Option<Place>,
    faults: u32,
    beyond: u32,
}

/// Why a line ends, as it is counted; `None` where the other side ended it.
type Ended = Option<Count>;

impl<I: TerminalIngress> Line<I> {
    pub(super) async fn serve<T: Talk>(socket: TcpStream, admission: Admission, talk: T, (shared, ingress): (Arc<Shared>, Arc<I>)) {
        let Admission { peer, connection, place } = admission;
        let mut line = Self { socket, peer, shared, ingress, terminal: None, place: Some(place), faults: 0, beyond: 0 };
        if let Some(count) = line.talk(talk).await {
            line.ended(count);
        }
        // The next one has its place while this one is closed.
        line.place = None;
        let _closed = timeout(line.shared.limits.write_deadline, line.socket.shutdown()).await;
        drop(connection);
    }

    /// Counted, and told to the terminal's owner where it is known whose line this is.
    fn refused(&self, count: Count) {
        self.shared.gauges.one(count);
        if let Some((_, seat)) = &self.terminal {
            self.ingress.refused(&seat.terminal(), count, &self.source());
        }
    }

    fn source(&self) -> String {
        format!("{} {}", self.shared.protocol, self.peer)
    }

    fn ended(&self, count: Count) {
        self.refused(count);
        let terminal = self.terminal.as_ref().map(|(_, seat)| seat.terminal());
        let door = &self.shared.entrance.door;
        match terminal {
            None if count != Count::ConnectRate => door.refused(self.peer.ip()),
            Some(terminal) if count == Count::Rate => door.put_off((terminal, network(self.peer.ip()))),
            None | Some(_) => {}
        }
        let terminal = terminal.map(|id| id.to_string());
        tracing::debug!(protocol = %self.shared.protocol, peer = %self.peer, terminal, reason = count.as_str(), "a terminal's line ended");
    }

    async fn talk<T: Talk>(&mut self, mut talk: T) -> Ended {
        let mut stop = self.shared.stop.subscribe();
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        let called_by = Instant::now() + self.shared.limits.call_deadline;
        loop {
            loop {
                let before = buffer.len();
                let Some(turn) = talk.turn(wall::now(), &mut buffer) else { break };
                if let Err(ended) = self.take(turn, before - buffer.len()).await {
                    return ended;
                }
                if *stop.borrow() {
                    return None;
                }
            }
            // A stranger's trickle of bytes does not move this deadline; a terminal's moves its own.
            let deadline = if self.terminal.is_none() { called_by } else { Instant::now() + self.shared.limits.idle };
            buffer.reserve(READ_BYTES);
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return None,
                count = sent_away(self.place.as_ref(), self.terminal.as_ref()) => return Some(count),
                read = timeout_at(deadline, self.socket.read_buf(&mut buffer)) => match read {
                    Ok(Ok(1..)) => {}
                    Ok(Ok(0) | Err(_)) => return None,
                    Err(_) => return Some(Count::Idle),
                },
            }
        }
    }

    async fn take(&mut self, turn: Turn, bytes: usize) -> Result<(), Ended> {
        if self.terminal.as_ref().is_some_and(|(_, seat)| !seat.hears(bytes)) {
            return self.beyond();
        }
        match turn {
            Turn::Ask(asking) => self.ask(asking).await,
            Turn::Tell(answer) => {
                self.shared.gauges.one(Count::Answered);
                self.write(&answer).await
            }
            Turn::Skip(fault, answer) => self.skip(fault, &answer).await,
            Turn::End(fault, answer) => {
                self.write(&answer).await?;
                Err(fault.map(Fault::count))
            }
        }
    }

    /// Left unanswered: an honest terminal sends it again.
    fn beyond(&mut self) -> Result<(), Ended> {
        self.beyond += 1;
        if self.beyond >= BEYOND_LIMIT {
            return Err(Some(Count::Rate));
        }
        self.refused(Count::Rate);
        Ok(())
    }

    async fn skip(&mut self, fault: Fault, answer: &[u8]) -> Result<(), Ended> {
        self.faults += 1;
        if self.faults > FAULTS_LIMIT {
            return Err(Some(fault.count()));
        }
        self.refused(fault.count());
        self.write(answer).await
    }

    async fn ask(&mut self, asking: Asking) -> Result<(), Ended> {
        let Asking { call_sign, said, odd, yes, no } = asking;
        match &self.terminal {
            Some((known, _)) if *known == call_sign => {}
            Some(_) => {
                self.write(&no).await?;
                return Err(Some(Count::OtherTerminal));
            }
            None => self.know(call_sign, &no).await?,
        }
        let count = match (said, &self.terminal) {
            (Some((frame, sightings)), Some((_, seat))) => {
                let Some(unsigned) = unsigned((seat.terminal(), &self.source()), &frame, sightings) else {
                    return self.skip(Fault::TooLong, &no).await;
                };
                if let Err(refusal) = self.ingress.keep(unsigned).await {
                    return Err(self.refuse(refusal, &no).await);
                }
                Count::Kept
            }
            (None, _) | (Some(_), None) => Count::Answered,
        };
        self.faults = 0;
        self.shared.gauges.one(count);
        if let Some(odd) = odd {
            self.refused(odd.count());
        }
        self.write(&yes).await
    }

    /// Asks who calls itself so; from then on this line is the terminal's.
    async fn know(&mut self, call_sign: CallSign, no: &[u8]) -> Result<(), Ended> {
        let id = match self.ingress.call(self.shared.protocol, call_sign.clone()).await {
            Ok(id) => id,
            Err(refusal) => return Err(self.refuse(refusal, no).await),
        };
        // By address too: whoever knows a number uses up no turns of the terminal elsewhere.
        if !self.shared.entrance.door.enter((id, network(self.peer.ip()))) {
            return Err(Some(Count::ConnectRate));
        }
        self.shared.entrance.door.welcome(self.peer.ip());
        self.terminal = Some((call_sign, self.shared.desks.sit(id)));
        self.place = None;
        Ok(())
    }

    async fn refuse(&mut self, refusal: TerminalRefusal, no: &[u8]) -> Ended {
        match refusal {
            TerminalRefusal::NotRegistered => {
                // A stranger that does not read its answer is still a stranger.
                let _told = self.write(no).await;
                Some(Count::Stranger)
            }
            // It sends again what was not answered.
            TerminalRefusal::Busy => None,
        }
    }

    async fn write(&mut self, answer: &[u8]) -> Result<(), Ended> {
        if answer.is_empty() {
            return Ok(());
        }
        match timeout(self.shared.limits.write_deadline, self.socket.write_all(answer)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(Count::SlowReader)),
        }
    }
}

/// The frame with as many of its sightings as the log can hold with it; the others are in its bytes.
fn unsigned((terminal, source): (DeviceId, &str), frame: &Bytes, mut sightings: Vec<Sighting>) -> Option<UnsignedFrame> {
    loop {
        match UnsignedFrame::new(terminal, source.to_owned(), frame.clone(), sightings.clone()) {
            Ok(unsigned) => return Some(unsigned),
            Err(_) if sightings == [unread::rest(Status::default())] => return None,
            Err(_) => {
                sightings.truncate(sightings.len() / 2);
                sightings.push(unread::rest(Status::default()));
            }
        }
    }
}

/// Waits until another needs the place of a stranger, or until a newer line of the terminal is there.
async fn sent_away(place: Option<&Place>, terminal: Option<&(CallSign, Seat)>) -> Count {
    match (place, terminal) {
        (_, Some((_, seat))) => {
            seat.taken_over().await;
            Count::TakenOver
        }
        (Some(place), None) => {
            place.sent_away().await;
            Count::HalfOpen
        }
        (None, None) => std::future::pending().await,
    }
}
