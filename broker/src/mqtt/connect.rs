//! CONNECT: who knocks, in which version, with which limits of its own.

use super::Version;
use crate::Refusal;
use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{Property, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;
use std::fmt;

/// A CONNECT that keeps the rules of every client: no enhanced authentication. Who it is, is not yet judged, and a will is left unread.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Greeting {
    pub(crate) version: Version,
    pub(crate) client_id: String,
    pub(crate) user_name: Option<String>,
    pub(crate) password: Option<String>,
    /// Seconds; 0 = none.
    pub(crate) keep_alive: u16,
    /// QoS 1 messages that the client takes before it acknowledges one.
    pub(crate) receive_maximum: u16,
    pub(crate) packet_maximum: u32,
    pub(crate) wants_session: bool,
    pub(crate) has_will: bool,
}

impl fmt::Debug for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greeting").field("version", &self.version).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A CONNECT refused, and the version to say so in; without a version the connection just closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) version: Option<Version>,
}

impl Greeting {
    pub(crate) fn read(body: &Bytes) -> Result<Self, Refused> {
        let silent = |refusal| Refused { refusal, version: None };
        let (name, rest) = body.split_first_chunk::<6>().ok_or(silent(Refusal::MalformedPacket))?;
        let version = match (name, rest.first()) {
            (b"\0\x04MQTT", Some(4)) => Version::V3_1_1,
            (b"\0\x04MQTT", Some(5)) => Version::V5,
            (b"\0\x04MQTT", Some(level)) => {
                let version = Some(if *level > 5 { Version::V5 } else { Version::V3_1_1 });
                return Err(Refused { refusal: Refusal::ProtocolVersion, version });
            }
            (b"\0\x06MQIs", _) => return Err(Refused { refusal: Refusal::ProtocolVersion, version: Some(Version::V3_1_1) }),
            _ => return Err(silent(Refusal::MalformedPacket)),
        };
        let flags = *rest.get(1).ok_or(silent(Refusal::MalformedPacket))?;
        let refused = |refusal| Refused { refusal, version: Some(version) };
        judge_flags(version, flags).map_err(refused)?;
        let greeting = match version {
            Version::V3_1_1 => Self::read_3_1_1(body),
            Version::V5 => Self::read_5(body),
        };
        let greeting = greeting.map_err(refused)?;
        let texts = [Some(&greeting.client_id), greeting.user_name.as_ref(), greeting.password.as_ref()];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Err(silent(Refusal::MalformedPacket));
        }
        Ok(greeting)
    }

    fn read_3_1_1(body: &Bytes) -> Result<Self, Refusal> {
        let (connect, read) = v3_1_1::Connect::parse(body).map_err(refusal_of)?;
        if read != body.len() {
            return Err(Refusal::MalformedPacket);
        }
        if connect.client_id().is_empty() && !connect.clean_session() {
            return Err(Refusal::ClientId);
        }
        Ok(Self {
            version: Version::V3_1_1,
            client_id: connect.client_id().to_owned(),
            user_name: connect.user_name().map(str::to_owned),
            password: connect.password().map(text_of).transpose()?,
            keep_alive: connect.keep_alive(),
            receive_maximum: u16::MAX,
            packet_maximum: u32::MAX,
            wants_session: !connect.clean_session(),
            has_will: connect.will_flag(),
        })
    }

    fn read_5(body: &Bytes) -> Result<Self, Refusal> {
        let (connect, read) = v5_0::Connect::parse(body).map_err(refusal_of)?;
        if read != body.len() {
            return Err(Refusal::MalformedPacket);
        }
        let mut greeting = Self {
            version: Version::V5,
            client_id: connect.client_id().to_owned(),
            user_name: connect.user_name().map(str::to_owned),
            password: connect.password().map(text_of).transpose()?,
            keep_alive: connect.keep_alive(),
            receive_maximum: u16::MAX,
            packet_maximum: u32::MAX,
            wants_session: false,
            has_will: connect.will_flag(),
        };
        for property in connect.props() {
            match property {
                Property::ReceiveMaximum(maximum) => greeting.receive_maximum = maximum.val(),
                Property::MaximumPacketSize(maximum) => greeting.packet_maximum = maximum.val(),
                Property::SessionExpiryInterval(interval) => greeting.wants_session = interval.val() > 0,
                Property::AuthenticationMethod(_) | Property::AuthenticationData(_) => return Err(Refusal::EnhancedAuthentication),
                _ => {}
            }
        }
        if greeting.receive_maximum == 0 || greeting.packet_maximum == 0 {
            return Err(Refusal::Properties);
        }
        Ok(greeting)
    }
}

/// A password is text here, a login in base64url or a token; anything else cannot be right.
fn text_of(password: &[u8]) -> Result<String, Refusal> {
    std::str::from_utf8(password).map(str::to_owned).map_err(|_| Refusal::Credentials)
}

fn judge_flags(version: Version, flags: u8) -> Result<(), Refusal> {
    if flags & 1 != 0 {
        return Err(Refusal::ReservedFlags);
    }
    // Will QoS and will retain without a will, and the QoS that is none.
    if flags & 0x04 == 0 && flags & 0x38 != 0 || flags & 0x18 == 0x18 {
        return Err(Refusal::ReservedFlags);
    }
    // 3.1.1 forbids a password without a user name; in 5 it has no meaning here either.
    if flags & 0xC0 == 0x40 {
        return Err(if version == Version::V5 { Refusal::Credentials } else { Refusal::MalformedPacket });
    }
    Ok(())
}

fn refusal_of(error: MqttError) -> Refusal {
    match error {
        MqttError::ClientIdentifierNotValid => Refusal::ClientId,
        MqttError::BadUserNameOrPassword => Refusal::Credentials,
        MqttError::UnsupportedProtocolVersion => Refusal::ProtocolVersion,
        MqttError::ProtocolError => Refusal::Properties,
        _ => Refusal::MalformedPacket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
    }

    fn connect(level: u8, flags: u8, rest: &[Vec<u8>]) -> Bytes {
        let mut body = b"\0\x04MQTT".to_vec();
        body.extend([level, flags, 0, 60]);
        if level == 5 {
            body.push(0);
        }
        body.extend(rest.concat());
        body.into()
    }

    #[test]
    fn a_login_is_read_in_both_versions() {
        for level in [4, 5] {
            let greeting = Greeting::read(&connect(level, 0xC2, &[text("XA-7Q2K"), text("XA-7Q2K"), text("pass")])).unwrap();
            assert_eq!(greeting.client_id, "XA-7Q2K");
            assert_eq!((greeting.user_name.as_deref(), greeting.password.as_deref()), (Some("XA-7Q2K"), Some("pass")));
            assert!(!format!("{greeting:?}").contains("pass\""), "a password never shows in a log");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused_by_its_name() {
        let id = || text("XA-7Q2K");
        for (case, refusal) in [
            (connect(4, 0x03, &[id()]), Refusal::ReservedFlags),
            (connect(4, 0x22, &[id()]), Refusal::ReservedFlags),
            (connect(4, 0x1E, &[id(), text("t"), text("m")]), Refusal::ReservedFlags),
            (connect(4, 0x42, &[id(), text("p")]), Refusal::MalformedPacket),
            (connect(5, 0x42, &[id(), text("p")]), Refusal::Credentials),
            (connect(3, 0x02, &[id()]), Refusal::ProtocolVersion),
            (connect(6, 0x02, &[id()]), Refusal::ProtocolVersion),
            (connect(4, 0x02, &[id(), id()]), Refusal::MalformedPacket),
            (connect(4, 0x02, &[text("A\0B")]), Refusal::MalformedPacket),
            (connect(4, 0x00, &[text("")]), Refusal::ClientId),
            (connect(4, 0xC2, &[id(), id(), vec![0, 1, 0xFF]]), Refusal::Credentials),
            (Bytes::from_static(b"\0\x06MQIsdp\x03\x02"), Refusal::ProtocolVersion),
            (Bytes::from_static(b"GET / HTTP/1.1"), Refusal::MalformedPacket),
            (Bytes::from_static(b"\0\x04MQ"), Refusal::MalformedPacket),
        ] {
            assert_eq!(Greeting::read(&case).unwrap_err().refusal, refusal, "{case:?}");
        }
    }

    #[test]
    fn a_will_is_seen_and_left_to_be_refused_once_it_is_known_whose_it_is() {
        let id = || text("XA-7Q2K");
        for (case, has_will) in [
            (connect(4, 0x06, &[id(), text("t"), text("m")]), true),
            (connect(5, 0x2E, &[id(), vec![0], text("t"), text("m")]), true),
            (connect(4, 0x02, &[id()]), false),
            (connect(5, 0x02, &[id()]), false),
        ] {
            assert_eq!(Greeting::read(&case).unwrap().has_will, has_will, "{case:?}");
        }
    }

    #[test]
    fn the_limits_of_a_version_5_client_are_read() {
        let mut body = b"\0\x04MQTT\x05\x02\0\x3c".to_vec();
        body.extend([13, 0x21, 0, 20, 0x27, 0, 0, 2, 0, 0x11, 0, 0, 0, 9]);
        body.extend(text("XA-7Q2K"));
        let greeting = Greeting::read(&body.into()).unwrap();
        assert_eq!((greeting.receive_maximum, greeting.packet_maximum, greeting.wants_session), (20, 512, true));
    }
}
