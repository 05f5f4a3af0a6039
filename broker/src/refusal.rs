//! Why the front refuses, one word each: the word is the metric's label, the log's field and the way to the MQTT 5 reason code.

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $code:literal;)*) => {
        /// A rule of the contract that a client broke, or a limit of the front that it met.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal { $($(#[$doc])* $name),* }

        impl Refusal {
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name),*];

            /// The metric's label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Refusal::$name => $word),* }
            }

            /// MQTT 5 reason code, as section 2.4 of that standard has it.
            #[must_use]
            pub const fn reason_code(self) -> u8 {
                match self { $(Refusal::$name => $code),* }
            }
        }
    };
}

refusals! {
    /// A fixed header, a length or a string that is no MQTT.
    MalformedPacket = "malformed-packet", 0x81;
    ReservedFlags = "reserved-flags", 0x81;
    PacketTooLarge = "packet-too-large", 0x95;
    PayloadTooLarge = "payload-too-large", 0x97;
    PacketIdZero = "packet-id-zero", 0x82;
    /// A packet that this side never receives, or not at this point.
    UnexpectedPacket = "unexpected-packet", 0x82;
    UnknownAcknowledgement = "unknown-acknowledgement", 0x82;
    PacketIdInUse = "packet-id-in-use", 0x82;
    ReceiveMaximum = "receive-maximum", 0x93;
    /// Empty, with a wildcard, with NUL, or not ASCII.
    TopicName = "topic-name", 0x90;
    TopicAlias = "topic-alias", 0x94;
    ForeignTopic = "foreign-topic", 0x87;
    Retain = "retain", 0x9A;
    Qos = "qos", 0x9B;
    Properties = "properties", 0x82;
    TopicFilter = "topic-filter", 0x8F;
    ForeignSubscription = "foreign-subscription", 0x87;
    SharedSubscription = "shared-subscription", 0x9E;
    WildcardSubscription = "wildcard-subscription", 0xA2;
    SubscriptionIdentifier = "subscription-identifier", 0xA1;
    TooManySubscriptions = "too-many-subscriptions", 0x97;
    ProtocolVersion = "protocol-version", 0x84;
    EnhancedAuthentication = "enhanced-authentication", 0x8C;
    Will = "will", 0x87;
    ClientId = "client-id", 0x85;
    Credentials = "credentials", 0x86;
    CertificateMismatch = "certificate-mismatch", 0x86;
    TlsHandshake = "tls-handshake", 0x87;
    ConnectDeadline = "connect-deadline", 0x80;
    AdmitDeadline = "admit-deadline", 0x89;
    KeepAlive = "keep-alive", 0x8D;
    TooManyConnections = "too-many-connections", 0x89;
    /// Another needed its place before it had said CONNECT.
    HalfOpen = "half-open", 0x89;
    /// An address, or all that are not known yet, came too often.
    ConnectRate = "connect-rate", 0x9F;
    /// A device came too often, or was put off after [`Refusal::InVain`] or [`Refusal::MessageRate`].
    DeviceRate = "device-rate", 0x9F;
    /// Message after message came to nothing.
    InVain = "in-vain", 0x99;
    /// Pings and subscriptions without end.
    MessageRate = "message-rate", 0x96;
    TooManyListeners = "too-many-listeners", 0x97;
    /// Did not read what was sent to it in time.
    SlowReader = "slow-reader", 0x97;
    /// A listener that fell behind the events of its party.
    LaggingListener = "lagging-listener", 0x97;
    EventsDown = "events-down", 0x83;
    NotEnrolled = "not-enrolled", 0x87;
    Revoked = "revoked", 0x87;
    LoginSignature = "login-signature", 0x86;
    LoginReplayed = "login-replayed", 0x86;
    UnknownToken = "unknown-token", 0x86;
    NotPermitted = "not-permitted", 0x87;
    TrackerBusy = "tracker-busy", 0x89;
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (MQTT reason code {:#04x})", self.as_str(), self.reason_code())
    }
}

impl Refusal {
    /// The platform's own state, and nothing that the client did.
    #[must_use]
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self, Self::TooManyConnections | Self::TooManyListeners | Self::AdmitDeadline | Self::EventsDown | Self::TrackerBusy)
    }

    /// Return code of a 3.1.1 CONNACK, which knows only five (section 3.2.2.3 of that standard).
    #[must_use]
    pub(crate) const fn connack_3_1_1(self) -> u8 {
        match self.reason_code() {
            0x84 => 1,
            0x85 => 2,
            0x83 | 0x88 | 0x89 | 0x97 | 0x9F => 3,
            0x86 => 4,
            _ => 5,
        }
    }

    /// The code as PUBACK may carry it (section 3.4.2.1): that table is shorter than DISCONNECT's.
    #[must_use]
    pub(crate) const fn puback_code(self) -> u8 {
        match self.reason_code() {
            code @ (0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99) => code,
            _ => 0x80,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_refusal_has_its_own_word() {
        let words: BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.as_str()).collect();
        assert_eq!(words.len(), Refusal::ALL.len());
    }

    #[test]
    fn a_refusal_is_never_told_as_success() {
        for refusal in Refusal::ALL {
            assert!(refusal.reason_code() >= 0x80, "{refusal:?}");
            assert!(refusal.puback_code() >= 0x80, "{refusal:?}");
            assert!((1..=5).contains(&refusal.connack_3_1_1()), "{refusal:?}");
        }
    }
}
