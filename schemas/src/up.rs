//! The payload of a PUBLISH on `up`: a CBOR sequence of 1 to 32 reports, or one hello alone.

use crate::Malformed;
use crate::cbor::{Strict, well_formed};
use crate::cose::{REPORT_LIMIT, Sign1};
use crate::hello::Hello;
use crate::report::Report;

/// Largest payload.
pub const PAYLOAD_LIMIT: usize = 16 * 1024;
const ITEMS_LIMIT: usize = 32;

/// One item of a payload, its content decoded and not believed.
#[derive(Debug, Clone, PartialEq)]
pub enum UpItem<'a> {
    Report(Sign1<'a>, Report),
    Hello(Sign1<'a>, Hello),
}

/// The items in order, each judged by itself; a framing fault refuses the rest as one.
///
/// A payload that is refused whole is a single `Err`.
#[must_use]
pub fn split(payload: &[u8]) -> Vec<Result<UpItem<'_>, Malformed>> {
    if payload.len() > PAYLOAD_LIMIT {
        return vec![Err(Malformed::TooLong { size: payload.len(), limit: PAYLOAD_LIMIT })];
    }
    let (items, fault) = frames(payload);
    if items.len() > ITEMS_LIMIT || (items.is_empty() && fault.is_none()) {
        return vec![Err(Malformed::Count(items.len()))];
    }
    let alone = items.len() == 1 && fault.is_none();
    items.into_iter().map(|item| decode(item, alone)).chain(fault.map(Err)).collect()
}

fn frames(payload: &[u8]) -> (Vec<&[u8]>, Option<Malformed>) {
    let mut items = Vec::new();
    let mut rest = payload;
    while !rest.is_empty() && items.len() <= ITEMS_LIMIT {
        match well_formed(rest).map(|len| rest.split_at_checked(len)) {
            Ok(Some((item, after))) => {
                items.push(item);
                rest = after;
            }
            _ => return (items, Some(Malformed::Framing)),
        }
    }
    (items, None)
}

fn decode(item: &[u8], alone: bool) -> Result<UpItem<'_>, Malformed> {
    let message = Sign1::parse(item)?;
    if is_hello(message.payload()) {
        let hello = Hello::decode(message.payload())?;
        return if alone { Ok(UpItem::Hello(message, hello)) } else { Err(Malformed::HelloNotAlone) };
    }
    if item.len() > REPORT_LIMIT {
        return Err(Malformed::TooLong { size: item.len(), limit: REPORT_LIMIT });
    }
    Ok(UpItem::Report(message, Report::decode(message.payload())?))
}

/// A hello begins with key 0, which no report has.
fn is_hello(payload: &[u8]) -> bool {
    let mut reader = Strict::new(payload);
    reader.map("payload").is_ok() && reader.key(None) == Ok(0)
}

impl Report {
    /// Reads one report as a whole message.
    pub fn parse(bytes: &[u8]) -> Result<(Sign1<'_>, Report), Malformed> {
        if bytes.len() > REPORT_LIMIT {
            return Err(Malformed::TooLong { size: bytes.len(), limit: REPORT_LIMIT });
        }
        let message = Sign1::parse(bytes)?;
        Ok((message, Report::decode(message.payload())?))
    }
}
