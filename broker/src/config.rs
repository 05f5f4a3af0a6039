//! How the front is set up. The program parses the file; here are the values, their bounds and what can go wrong at start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontConfig {
    /// Without TLS a login proves no peer, so an address beyond loopback needs `plain_beyond_loopback` too.
    pub plain: Option<SocketAddr>,
    pub plain_beyond_loopback: bool,
    pub tls: Option<TlsListener>,
    pub limits: Limits,
}

impl FrontConfig {
    /// A plain listener on a free loopback port, nothing else.
    #[must_use]
    pub fn loopback() -> Self {
        Self { plain: Some(SocketAddr::from(([127, 0, 0, 1], 0))), plain_beyond_loopback: false, tls: None, limits: Limits::default() }
    }
}

/// PEM files; the private key in PKCS #8, SEC 1 or PKCS #1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsListener {
    pub address: SocketAddr,
    pub certificates: PathBuf,
    pub private_key: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of all kinds; one more is closed at once.
    pub connections: u32,
    /// Connections before their CONNACK; one more takes the place of the one that has been there longest.
    pub half_open: u32,
    /// Of these, from one address (of IPv6: one /64).
    pub half_open_per_address: u32,
    /// Connections of one address. One counts [`Limits::stranger_costs`] times where no client was let in from there yet, and one that is
    /// refused [`Limits::refused_costs`] more.
    pub connects: Rate,
    pub stranger_costs: u32,
    /// Connections of all addresses from which no client has been let in yet.
    pub strangers: Rate,
    /// Connections of one device.
    pub device_connects: Rate,
    pub refused_costs: u32,
    /// Listeners of events among the connections.
    pub listeners: u32,
    /// Unsettled PUBLISHes of one device. MQTT 5 is told as receive maximum; with 3.1.1 the socket is not read on.
    pub in_flight: u16,
    /// From accept to the whole CONNECT, the TLS handshake included.
    pub connect_deadline: Duration,
    /// From CONNECT to the tracker's answer.
    pub admit_deadline: Duration,
    /// For a client to read what is written to it.
    pub write_deadline: Duration,
    /// The longest keep-alive; MQTT 5 is told, and a 3.1.1 client that asks for more, or for none, is held to it too.
    pub keep_alive_max_s: u16,
}

/// So many at once after a quiet while, and so many a second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub per_second: u32,
}

impl Rate {
    /// So many a second, and those of a minute at once.
    #[must_use]
    pub const fn a_minute_of(per_second: u32) -> Self {
        Self { burst: per_second.saturating_mul(60), per_second }
    }

    pub(crate) fn time_for(self, count: u32) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1) * count
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 200_000,
            half_open: 1_024,
            half_open_per_address: 256,
            connects: Rate { burst: 4_000, per_second: 200 },
            strangers: Rate { burst: 2_000, per_second: 500 },
            device_connects: Rate { burst: 30, per_second: 1 },
            stranger_costs: 20,
            refused_costs: 19,
            listeners: 1_024,
            in_flight: 64,
            connect_deadline: Duration::from_secs(5),
            admit_deadline: Duration::from_secs(15),
            write_deadline: Duration::from_secs(10),
            keep_alive_max_s: 1_200,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    #[error("no listener: expected a plain address, a TLS address, or both")]
    NoListener,
    #[error("plain listener {0}: expected a loopback address, or leave to go beyond loopback without TLS")]
    NotLoopback(SocketAddr),
    #[error("{name} is 0: expected at least 1")]
    ZeroLimit { name: &'static str },
    #[error("cannot listen on {address}: {source}")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("certificate file {path}: {reason}, expected PEM certificates")]
    Certificates { path: PathBuf, reason: String },
    #[error("private key file {path}: {reason}, expected one PEM private key")]
    PrivateKey { path: PathBuf, reason: String },
    #[error("certificate {path} and its private key do not serve TLS: {reason}")]
    Tls { path: PathBuf, reason: String },
}

impl FrontConfig {
    pub(crate) fn check(&self) -> Result<(), FrontError> {
        if self.plain.is_none() && self.tls.is_none() {
            return Err(FrontError::NoListener);
        }
        if let Some(address) = self.plain.filter(|address| !address.ip().is_loopback() && !self.plain_beyond_loopback) {
            return Err(FrontError::NotLoopback(address));
        }
        let limits = &self.limits;
        let at_least_one = [
            ("connections", limits.connections),
            ("half_open", limits.half_open),
            ("half_open_per_address", limits.half_open_per_address),
            ("connects", limits.connects.burst.min(limits.connects.per_second)),
            ("strangers", limits.strangers.burst.min(limits.strangers.per_second)),
            ("device_connects", limits.device_connects.burst.min(limits.device_connects.per_second)),
            ("listeners", limits.listeners),
            ("in_flight", u32::from(limits.in_flight)),
            ("keep_alive_max_s", u32::from(limits.keep_alive_max_s)),
        ];
        at_least_one.into_iter().find(|(_, value)| *value == 0).map_or(Ok(()), |(name, _)| Err(FrontError::ZeroLimit { name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_listener_beyond_loopback_needs_leave() {
        let mut config = FrontConfig { plain: Some(SocketAddr::from(([0, 0, 0, 0], 1883))), ..FrontConfig::loopback() };
        assert!(matches!(config.check(), Err(FrontError::NotLoopback(_))));
        config.plain_beyond_loopback = true;
        assert!(config.check().is_ok());
    }

    #[test]
    fn a_front_without_listener_or_with_a_zero_limit_is_refused() {
        let none = FrontConfig { plain: None, ..FrontConfig::loopback() };
        assert!(matches!(none.check(), Err(FrontError::NoListener)));
        let mut zero = FrontConfig::loopback();
        zero.limits.in_flight = 0;
        assert_eq!(zero.check().unwrap_err().to_string(), "in_flight is 0: expected at least 1");
    }
}
