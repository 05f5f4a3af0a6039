//! The conversation: a terminal registers, authenticates with the code that it was given, and then reports.

use super::frame::{self, Frame};
use super::header::{Header, Phone};
use super::location::Told;
use super::parts::{Missing, Parts, Room, Taken};
use super::{id, location};
use crate::terminal::{Asking, Fault, Talk, Turn};
use bytes::{Bytes, BytesMut};
use sealway_schemas::Time;
use sealway_schemas::terminal::{CallSign, Protocol};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

const OK: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;
const NOT_SUPPORTED: u8 = 3;
/// Result of a 0x8100: no such terminal.
const NO_SUCH_TERMINAL: u8 = 4;
/// Hex digits of a code.
const CODE: usize = 16;
/// Length of the terminal's IMEI and software version behind a code of 2019.
const AFTER_CODE: usize = 35;

/// Of all terminals of a gateway, while they send a message in parts.
const PARTS_BYTES: usize = 16 << 20;

/// Makes the authentication codes of one gateway: a terminal that shows one has registered with this process. A restart makes new ones,
/// and terminals register again. It proves no sender, so nothing but the protocol's order depends on it.
#[derive(Clone)]
pub(crate) struct Codes(Arc<[u8; 32]>);

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes(***)")
    }
}

impl Codes {
    fn of(&self, call_sign: &CallSign) -> String {
        let hash = Sha256::new().chain_update(*self.0).chain_update(call_sign.as_str()).finalize();
        hash.iter().take(CODE / 2).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// One terminal's conversation; clones begin another with the same codes.
#[derive(Debug)]
pub struct Jtt808 {
    codes: Codes,
    /// Of the last message of the platform.
    serial: u16,
    authenticated: Option<CallSign>,
    parts: Parts,
}

impl Clone for Jtt808 {
    fn clone(&self) -> Self {
        Self::with(self.codes.clone(), self.parts.another())
    }
}

impl Jtt808 {
    /// `secret`: random bytes, of which the codes are made.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self::with_room(secret, PARTS_BYTES)
    }

    /// With another bound for what the gateway's terminals have in parts.
    #[must_use]
    pub fn with_room(secret: [u8; 32], bytes: usize) -> Self {
        Self::with(Codes(Arc::new(secret)), Parts::new(Room::of(bytes)))
    }

    fn with(codes: Codes, parts: Parts) -> Self {
        Self { codes, serial: 0, authenticated: None, parts }
    }

    fn read(&mut self, frame: Frame) -> Turn {
        let Frame { raw, message } = frame;
        let (header, body) = match Header::parse(&message) {
            Ok(parsed) => parsed,
            Err(fault) => return Turn::Skip(fault, Vec::new()),
        };
        let call_sign = match header.call_sign() {
            Ok(call_sign) => call_sign,
            Err(fault) => return Turn::Skip(fault, Vec::new()),
        };
        match header.id {
            id::REGISTER => self.register(&header, call_sign),
            id::AUTHENTICATE => self.authenticate(&header, call_sign, body),
            _ if self.authenticated.as_ref() != Some(&call_sign) => Turn::End(Some(Fault::Authentication), self.answer(&header, FAILED)),
            id::HEARTBEAT => self.beat(&header, call_sign),
            id::LOGOUT => Turn::End(None, self.answer(&header, OK)),
            // The terminal's own answer to the platform: nothing is asked of terminals.
            id::ANSWERED => Turn::Tell(Vec::new()),
            id::LOCATION | id::LOCATIONS => self.located(&header, call_sign, (raw, body)),
            _ => Turn::Skip(Fault::Unsupported, self.answer(&header, NOT_SUPPORTED)),
        }
    }

    fn register(&mut self, header: &Header, call_sign: CallSign) -> Turn {
        let code = self.codes.of(&call_sign);
        let yes = self.registered(header, OK, &code);
        let no = self.registered(header, NO_SUCH_TERMINAL, "");
        Turn::Ask(Asking { call_sign, said: None, odd: None, yes, no })
    }

    fn authenticate(&mut self, header: &Header, call_sign: CallSign, body: &[u8]) -> Turn {
        if shown(header, body) != Some(self.codes.of(&call_sign).as_bytes()) {
            return Turn::End(Some(Fault::Authentication), self.answer(header, FAILED));
        }
        self.authenticated = Some(call_sign.clone());
        Turn::Ask(self.plain(header, call_sign))
    }

    fn plain(&mut self, header: &Header, call_sign: CallSign) -> Asking {
        let (yes, no) = (self.answer(header, OK), self.answer(header, FAILED));
        Asking { call_sign, said: None, odd: None, yes, no }
    }

    /// Whoever has time for a heartbeat has sent all his parts: what is missing now was lost, be it the last one.
    fn beat(&mut self, header: &Header, call_sign: CallSign) -> Turn {
        let mut asking = self.plain(header, call_sign);
        if let Some(missing) = self.parts.missing() {
            asking.yes.extend(self.lost(header, &missing));
        }
        Turn::Ask(asking)
    }

    fn located(&mut self, header: &Header, call_sign: CallSign, (raw, body): (Bytes, &[u8])) -> Turn {
        let Some(part) = header.part else {
            return self.sighted((header, &[header.serial]), call_sign, (raw, body));
        };
        match self.parts.take(header, part, raw, body) {
            Ok(Taken::More) => Turn::Tell(Vec::new()),
            Ok(Taken::Lost(missing)) => Turn::Tell(self.lost(header, &missing)),
            Ok(Taken::Whole(whole)) => self.sighted((header, &whole.serials), call_sign, (whole.raw, &whole.body)),
            // It is sent again.
            Err(Fault::PartsFull) => Turn::Skip(Fault::PartsFull, Vec::new()),
            Err(fault) => Turn::Skip(fault, self.answer(header, WRONG)),
        }
    }

    fn sighted(&mut self, (header, serials): (&Header, &[u16]), call_sign: CallSign, (raw, body): (Bytes, &[u8])) -> Turn {
        let Told { sightings, odd } = if header.id == id::LOCATION { location::one(body) } else { location::many(body) };
        let (yes, no) = (self.answers(header, serials, OK), self.answers(header, serials, FAILED));
        Turn::Ask(Asking { call_sign, said: Some((raw, sightings)), odd: odd.then_some(Fault::Malformed), yes, no })
    }

    /// Asks for parts: the first one's serial, how many, and their numbers. The count has a byte in 2013 and two in 2019.
    fn lost(&mut self, header: &Header, Missing { first_serial, numbers }: &Missing) -> Vec<u8> {
        let mut body = first_serial.to_be_bytes().to_vec();
        let count = u16::try_from(numbers.len()).unwrap_or_default().to_be_bytes();
        match header.phone {
            Phone::Of2013(_) => body.extend(count.last()),
            Phone::Of2019(_) => body.extend(count),
        }
        body.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        frame::close(&header.answer(id::PARTS_LOST, self.next_serial(), &body))
    }

    fn answer(&mut self, header: &Header, result: u8) -> Vec<u8> {
        self.answers(header, &[header.serial], result)
    }

    /// A 0x8001 for each serial.
    fn answers(&mut self, header: &Header, serials: &[u16], result: u8) -> Vec<u8> {
        let mut answers = Vec::new();
        for serial in serials {
            let mut body = serial.to_be_bytes().to_vec();
            body.extend(header.id.to_be_bytes());
            body.push(result);
            answers.extend(frame::close(&header.answer(id::ANSWER, self.next_serial(), &body)));
        }
        answers
    }

    fn registered(&mut self, header: &Header, result: u8, code: &str) -> Vec<u8> {
        let mut body = header.serial.to_be_bytes().to_vec();
        body.push(result);
        body.extend(code.as_bytes());
        frame::close(&header.answer(id::REGISTERED, self.next_serial(), &body))
    }

    fn next_serial(&mut self) -> u16 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}

/// The code that a 0x0102 shows: all of it in 2013, with a length before it in 2019.
fn shown<'a>(header: &Header, body: &'a [u8]) -> Option<&'a [u8]> {
    match header.phone {
        Phone::Of2013(_) => Some(body),
        Phone::Of2019(_) => {
            let (length, rest) = body.split_first()?;
            let (code, rest) = rest.split_at_checked(usize::from(*length))?;
            (rest.len() == AFTER_CODE).then_some(code)
        }
    }
}

impl Talk for Jtt808 {
    const PROTOCOL: Protocol = Protocol::Jtt808;

    fn turn(&mut self, _: Time, buffer: &mut BytesMut) -> Option<Turn> {
        match frame::next(buffer)? {
            Ok(frame) => Some(self.read(frame)),
            Err(fault) => Some(Turn::Skip(fault, Vec::new())),
        }
    }
}
