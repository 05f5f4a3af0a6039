//! MQTT 3.1.1 and 5 as bytes, without sockets: cut a stream into packets, check them strictly, read them, write answers.
//!
//! `mqtt-protocol-core` reads the cold packets (CONNECT, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT, all properties). Its connection
//! machine is not used: it copies every payload into its own reference-counted buffer, keeps several maps per
//! connection, answers with one event vector per packet, and lets packet id 0, empty topics, NUL and wildcards, and reserved flags pass,
//! so that a strict check has to look at every PUBLISH anyway. That check is here the parser itself ([`publish`]): it yields a
//! slice of the chunk that was read, and PUBACK is four bytes. The rules of a connection (one CONNECT, receive maximum,
//! keep-alive) are few when there are no sessions, no QoS 2 and no retransmission; they live in `front`.

pub(crate) mod connect;
pub(crate) mod filter;
pub(crate) mod frame;
pub(crate) mod properties;
pub(crate) mod publish;
#[cfg(any(test, fuzzing))]
pub(crate) mod strangers;
pub(crate) mod subscribe;
pub(crate) mod write;

/// Bytes of one PUBLISH's payload.
pub const PAYLOAD_MAX: usize = 16 * 1024;
/// Bytes of one packet, fixed header included.
pub const PACKET_MAX: usize = PAYLOAD_MAX + 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V3_1_1,
    V5,
}

/// Control packets that a server may receive, QoS 2 and AUTH left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Publish,
    Puback,
    Subscribe,
    Unsubscribe,
    Pingreq,
    Disconnect,
}
