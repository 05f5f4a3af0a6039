//! A terminal of another maker that speaks JT/T 808 over TCP: written from the standard, so that a platform's reading of it is held against
//! another one. It signs nothing, as such terminals do.

use sealway_schemas::Time;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Beijing is this far ahead of UTC.
const EAST_S: u64 = 8 * 3_600;
const PATIENCE: Duration = Duration::from_secs(30);

/// The header that it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Of2013,
    Of2019,
}

/// Where it says it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Here {
    pub t: Time,
    /// Degrees; `None` where it has no fix.
    pub at: Option<(f64, f64)>,
    /// 0.1 km/h.
    pub speed: u16,
    /// Degrees.
    pub heading: u16,
}

/// What the platform answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    General {
        serial: u16,
        to: u16,
        result: u8,
    },
    Registered {
        serial: u16,
        result: u8,
        code: String,
    },
    /// Parts that are missing, of the message whose first part had this serial.
    Lost {
        first_serial: u16,
        numbers: Vec<u16>,
    },
    Other(u16),
}

/// Makes a terminal's messages, one serial after the other.
#[derive(Debug, Clone)]
pub struct Terminal {
    form: Form,
    /// Digits.
    phone: String,
    serial: u16,
}

impl Terminal {
    #[must_use]
    pub fn new(form: Form, phone: &str) -> Self {
        Self { form, phone: phone.to_owned(), serial: 0 }
    }

    /// Serial of the last message.
    #[must_use]
    pub fn serial(&self) -> u16 {
        self.serial
    }

    /// 0x0100: province and city, maker, model, id, colour and plate.
    pub fn register(&mut self) -> Vec<u8> {
        let (maker, model, id) = match self.form {
            Form::Of2013 => (5, 20, 7),
            Form::Of2019 => (11, 30, 30),
        };
        let mut body = vec![0, 61, 0, 1];
        for (text, length) in [("SIM", maker), ("T-1", model), ("0000001", id)] {
            body.extend(text.bytes().chain(std::iter::repeat(0)).take(length));
        }
        body.push(2);
        body.extend(b"A12345");
        self.message(0x0100, &body)
    }

    /// 0x0102 with the code of the registration.
    pub fn authenticate(&mut self, code: &str) -> Vec<u8> {
        let mut body = Vec::new();
        match self.form {
            Form::Of2013 => body.extend(code.bytes()),
            Form::Of2019 => {
                body.push(u8::try_from(code.len()).unwrap_or_default());
                body.extend(code.bytes());
                body.extend([b'8'; 15]);
                body.extend(b"sim 1".iter().copied().chain(std::iter::repeat(0)).take(20));
            }
        }
        self.message(0x0102, &body)
    }

    /// 0x0002.
    pub fn heartbeat(&mut self) -> Vec<u8> {
        self.message(0x0002, &[])
    }

    /// 0x0200 with additional items as they are.
    pub fn location(&mut self, here: &Here, items: &[u8]) -> Vec<u8> {
        let body = location(here, items);
        self.message(0x0200, &body)
    }

    /// 0x0704 of locations that were stored in a dead zone, each with the same additional items.
    pub fn stored(&mut self, heres: &[Here], items: &[u8]) -> Vec<u8> {
        let body = Self::list(heres, items);
        self.message(0x0704, &body)
    }

    /// The same in parts of at most `size` bytes, one frame each.
    pub fn stored_in_parts(&mut self, heres: &[Here], size: usize) -> Vec<Vec<u8>> {
        let body = Self::list(heres, &[]);
        let parts: Vec<&[u8]> = body.chunks(size).collect();
        let total = u16::try_from(parts.len()).unwrap_or_default();
        parts.into_iter().zip(1_u16..).map(|(part, number)| self.part(0x0704, Some((total, number)), part)).collect()
    }

    fn list(heres: &[Here], items: &[u8]) -> Vec<u8> {
        let mut body = u16::try_from(heres.len()).unwrap_or_default().to_be_bytes().to_vec();
        body.push(1);
        for here in heres {
            let location = location(here, items);
            body.extend(u16::try_from(location.len()).unwrap_or_default().to_be_bytes());
            body.extend(location);
        }
        body
    }

    /// Any message, as a frame.
    pub fn message(&mut self, id: u16, body: &[u8]) -> Vec<u8> {
        self.part(id, None, body)
    }

    fn part(&mut self, id: u16, part: Option<(u16, u16)>, body: &[u8]) -> Vec<u8> {
        self.serial = self.serial.wrapping_add(1);
        let mut attributes = u16::try_from(body.len()).unwrap_or_default() & 0x03FF;
        attributes |= if part.is_some() { 0x2000 } else { 0 };
        let mut message = id.to_be_bytes().to_vec();
        let digits = match self.form {
            Form::Of2013 => {
                message.extend(attributes.to_be_bytes());
                12
            }
            Form::Of2019 => {
                message.extend((attributes | 0x4000).to_be_bytes());
                message.push(1);
                20
            }
        };
        message.extend(packed(&format!("{:0>digits$}", self.phone)));
        message.extend(self.serial.to_be_bytes());
        if let Some((total, number)) = part {
            message.extend(total.to_be_bytes());
            message.extend(number.to_be_bytes());
        }
        message.extend(body);
        framed(&message)
    }
}

/// Two digits a byte.
fn packed(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().map(|digit| digit.wrapping_sub(b'0')).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect()
}

fn framed(message: &[u8]) -> Vec<u8> {
    let check = message.iter().fold(0_u8, |check, byte| check ^ byte);
    let mut frame = vec![0x7E];
    for byte in message.iter().chain([&check]) {
        match byte {
            0x7D => frame.extend([0x7D, 0x01]),
            0x7E => frame.extend([0x7D, 0x02]),
            byte => frame.push(*byte),
        }
    }
    frame.push(0x7E);
    frame
}

fn location(here: &Here, items: &[u8]) -> Vec<u8> {
    let (lat, lon) = here.at.unwrap_or_default();
    let state = u32::from(here.at.is_some()) * 2 + u32::from(lat < 0.0) * 4 + u32::from(lon < 0.0) * 8;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "degrees in millionths")]
    let millionths = |degrees: f64| (degrees.abs() * 1e6).round() as u32;
    let mut body = 0_u32.to_be_bytes().to_vec();
    body.extend(state.to_be_bytes());
    body.extend(millionths(lat).to_be_bytes());
    body.extend(millionths(lon).to_be_bytes());
    body.extend(400_u16.to_be_bytes());
    body.extend(here.speed.to_be_bytes());
    body.extend(here.heading.to_be_bytes());
    body.extend(packed(&beijing(here.t)));
    body.extend(items);
    body
}

/// `YYMMDDhhmmss`.
fn beijing(t: Time) -> String {
    let seconds = t.as_ms() / 1000 + EAST_S;
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    format!("{:02}{month:02}{day:02}{:02}{:02}{:02}", year % 100, of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

/// The date of a day since 1970, by eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = shifted / 146_097 * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// What went wrong on a terminal's line.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the platform closed the line")]
    Closed,
    #[error("registration refused with result {0}")]
    NotRegistered(u8),
    #[error("message refused with result {0}")]
    Refused(u8),
}

/// A terminal on its line.
#[derive(Debug)]
pub struct Call {
    pub terminal: Terminal,
    stream: TcpStream,
    read: Vec<u8>,
}

impl Call {
    /// Connects and says nothing.
    pub fn connect(gateway: SocketAddr, terminal: Terminal) -> Result<Self, CallError> {
        Self::over(TcpStream::connect(gateway)?, terminal)
    }

    /// A connection that is there already, on which nothing was said.
    pub fn over(stream: TcpStream, terminal: Terminal) -> Result<Self, CallError> {
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { terminal, stream, read: Vec::new() })
    }

    /// Connects, registers and authenticates.
    pub fn open(gateway: SocketAddr, terminal: Terminal) -> Result<Self, CallError> {
        Self::connect(gateway, terminal)?.introduced()
    }

    /// Registers and authenticates.
    pub fn introduced(mut self) -> Result<Self, CallError> {
        let registration = self.terminal.register();
        let code = match self.ask(&registration)? {
            Answer::Registered { result: 0, code, .. } => code,
            Answer::Registered { result, .. } | Answer::General { result, .. } => return Err(CallError::NotRegistered(result)),
            Answer::Lost { .. } | Answer::Other(_) => return Err(CallError::Closed),
        };
        let authentication = self.terminal.authenticate(&code);
        self.tell(&authentication)?;
        Ok(self)
    }

    /// Sends a frame and expects a general answer of success.
    pub fn tell(&mut self, frame: &[u8]) -> Result<(), CallError> {
        match self.ask(frame)? {
            Answer::General { result: 0, .. } => Ok(()),
            Answer::General { result, .. } | Answer::Registered { result, .. } => Err(CallError::Refused(result)),
            Answer::Lost { .. } | Answer::Other(_) => Err(CallError::Closed),
        }
    }

    pub fn ask(&mut self, frame: &[u8]) -> Result<Answer, CallError> {
        self.send(frame)?;
        self.hear()
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The next answer.
    pub fn hear(&mut self) -> Result<Answer, CallError> {
        loop {
            if let Some(answer) = self.take() {
                return Ok(answer);
            }
            let mut bytes = [0; 1024];
            let count = self.stream.read(&mut bytes)?;
            if count == 0 {
                return Err(CallError::Closed);
            }
            self.read.extend(bytes.iter().take(count));
        }
    }

    fn take(&mut self) -> Option<Answer> {
        let start = self.read.iter().position(|byte| *byte == 0x7E)?;
        let length = self.read.iter().skip(start + 1).position(|byte| *byte == 0x7E)?;
        let frame: Vec<u8> = self.read.drain(..start + length + 2).skip(start + 1).take(length).collect();
        let mut message = Vec::new();
        let mut bytes = frame.into_iter();
        while let Some(byte) = bytes.next() {
            message.push(if byte == 0x7D { 0x7C + bytes.next()? } else { byte });
        }
        message.pop();
        self.read_answer(&message)
    }

    fn read_answer(&self, message: &[u8]) -> Option<Answer> {
        let id = u16::from_be_bytes(*message.first_chunk()?);
        let body = message.get(if self.terminal.form == Form::Of2013 { 12 } else { 17 }..)?;
        let serial = u16::from_be_bytes(*body.first_chunk()?);
        Some(match id {
            0x8001 => Answer::General { serial, to: u16::from_be_bytes(*body.get(2..)?.first_chunk()?), result: *body.get(4)? },
            0x8100 => Answer::Registered { serial, result: *body.get(2)?, code: String::from_utf8_lossy(body.get(3..)?).into_owned() },
            // The count has one byte in 2013, two in 2019.
            0x8003 => {
                let numbers = body.get(if self.terminal.form == Form::Of2013 { 3 } else { 4 }..)?;
                let numbers = numbers.as_chunks().0.iter().map(|number| u16::from_be_bytes(*number)).collect();
                Answer::Lost { first_serial: serial, numbers }
            }
            id => Answer::Other(id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_of_each_form_byte_by_byte() {
        let heartbeat = |form| hex::encode(Terminal::new(form, "13912345678").heartbeat());
        assert_eq!(heartbeat(Form::Of2013), "7e000200000139123456780001337e");
        assert_eq!(heartbeat(Form::Of2019), "7e0002400001000000000139123456780001727e");
    }

    #[test]
    fn beijing_is_eight_hours_ahead_also_over_a_year() {
        assert_eq!(beijing(Time::from_ms(1_788_251_405_000)), "260901163005");
        // 2027-12-31T16:00:00Z
        assert_eq!(beijing(Time::from_ms(1_830_268_800_000)), "280101000000");
    }
}
