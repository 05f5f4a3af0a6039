//! Why bytes are refused before anyone looks at their signature.

/// A message that is not what `wire.md` describes. The reason is for logs and device makers, not for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the bytes end before the message does")]
    Truncated,
    #[error("bytes follow the message")]
    Trailing,
    #[error("not well formed CBOR")]
    Framing,
    #[error("not the deterministic encoding: a length or number is not in its shortest form, or is indefinite")]
    NotDeterministic,
    #[error(
        "not a tagged COSE_Sign1 with protected {{1: -8 or -19, 4: key id of 8 bytes}}, no unprotected header, attached payload, 64-byte signature"
    )]
    NotSign1,
    #[error("{field}: expected {expected}")]
    Field { field: &'static str, expected: &'static str },
    #[error("map key {0} is unknown, repeated or out of order")]
    Key(u64),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{field}: belongs to event {event} and only to it")]
    WrongEvent { field: &'static str, event: &'static str },
    #[error("message of {size} bytes, expected at most {limit}")]
    TooLong { size: usize, limit: usize },
    #[error("payload with {0} messages, expected 1 to 32")]
    Count(usize),
    #[error("a hello stands alone in its payload")]
    HelloNotAlone,
}
