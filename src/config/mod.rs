//! The configuration: read once, checked whole, so that all mistakes are reported at once.

mod clocks;
mod gateway;
mod http;
mod map;
mod reader;
mod series;

use crate::network::Network;
use anyhow::Context as _;
pub(crate) use clocks::Clocks;
pub(crate) use gateway::{Gateways, SerialKind};
pub(crate) use http::Http;
pub(crate) use map::{Map, MapSource};
use reader::Reader;
use sealway_broker::{Limits, Rate};
use sealway_tracker::proof::note::Verifier;
pub(crate) use series::Series;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A configuration with every key, its default and its meaning.
pub(crate) const TEMPLATE: &str = include_str!("template.toml");

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) mqtt: Mqtt,
    pub(crate) http: Http,
    pub(crate) log: Log,
    pub(crate) witnesses: Vec<Witness>,
    /// Who may vouch for other machines, instead of whom this machine believes.
    pub(crate) authority: Option<PathBuf>,
    pub(crate) webhooks: Webhooks,
    pub(crate) series: Series,
    pub(crate) gateways: Gateways,
    pub(crate) clocks: Clocks,
    pub(crate) map: Map,
    /// How long a stop waits for what is under way.
    pub(crate) drain: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mqtt {
    pub(crate) plain: Option<SocketAddr>,
    pub(crate) tls: Option<Tls>,
    pub(crate) max_connections: u32,
    pub(crate) in_flight: u16,
    /// Of one address.
    pub(crate) connects: Rate,
    /// Of all addresses from which nobody was let in yet.
    pub(crate) strangers_per_second: u32,
}

impl Mqtt {
    /// A fleet on this machine, which all comes from one address.
    pub(crate) fn on_one_machine(plain: SocketAddr, in_flight: u16) -> Self {
        let any = 1_000_000;
        let connects = Rate { burst: any, per_second: any };
        Self { plain: Some(plain), in_flight, connects, strangers_per_second: any, ..Config::default().mqtt }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tls {
    pub(crate) listen: SocketAddr,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What goes to the systems of others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Webhooks {
    /// Networks that are not public and may be called all the same.
    pub(crate) allow_private: Vec<Network>,
    /// So many tries, then an event is a dead letter.
    pub(crate) tries: u32,
}

/// Who cosigns the log's checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Witness {
    /// Without `/add-checkpoint`.
    pub(crate) url: String,
    pub(crate) key: Verifier,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// A `tracing` filter, as in `info,sealway_tracker=debug`.
    pub(crate) filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) expected: String,
}

/// All that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} mistake(s):", self.0.len())?;
        for Mistake { key, value, expected } in &self.0 {
            write!(f, "\n  {key} = {value}: expected {expected}")?;
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let limits = Limits::default();
        Self {
            data: PathBuf::from("sealway-data"),
            mqtt: Mqtt {
                plain: Some(loopback(1883)),
                tls: None,
                max_connections: 20_000,
                in_flight: 64,
                connects: limits.connects,
                strangers_per_second: limits.strangers.per_second,
            },
            http: Http::on(loopback(8080)),
            log: Log { format: LogFormat::Pretty, filter: "info".to_owned() },
            witnesses: Vec::new(),
            authority: None,
            webhooks: Webhooks { allow_private: Vec::new(), tries: 12 },
            series: Series::default(),
            gateways: Gateways::default(),
            clocks: Clocks::default(),
            map: Map::default(),
            drain: Duration::from_secs(10),
        }
    }
}

impl Config {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("configuration {}", path.display()))?;
        Ok(Self::parse(&text)?)
    }

    /// Reads TOML. Every mistake is in the answer, not just the first.
    pub(crate) fn parse(text: &str) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(text)?;
        let base = Self::default();
        let data = reader.path("data").unwrap_or(base.data);
        let drain = reader.duration("drain").unwrap_or(base.drain);
        let mqtt = read_mqtt(&mut reader, base.mqtt);
        let http = http::read(&mut reader, base.http);
        let format = reader.choice("log.format", &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)]);
        let filter = reader.text("log.filter").unwrap_or(base.log.filter);
        if tracing_subscriber::EnvFilter::try_new(&filter).is_err() {
            reader.mistake("log.filter", &format!("{filter:?}"), "a filter, as in \"info\" or \"warn,sealway_tracker=debug\"");
        }
        let log = Log { format: format.unwrap_or(base.log.format), filter };
        let witnesses = read_witnesses(&mut reader);
        let authority = reader.file("outbound.authority");
        let allow_private = reader.list("outbound.allow_private", "networks, as in [\"192.168.7.0/24\"]").unwrap_or_default();
        let tries = reader.whole("outbound.webhook_tries", 1..=100).unwrap_or(base.webhooks.tries);
        let webhooks = Webhooks { allow_private, tries };
        let series = series::read(&mut reader);
        let gateways = gateway::read(&mut reader);
        let clocks = clocks::read(&mut reader);
        let map = map::read(&mut reader);
        reader.finish(Self { authority, webhooks, series, gateways, clocks, map, data, mqtt, http, log, witnesses, drain })
    }
}

fn read_mqtt(reader: &mut Reader, base: Mqtt) -> Mqtt {
    let off = reader.flag("mqtt.plain").is_some_and(|on| !on);
    let plain = reader.address("mqtt.listen").or(base.plain).filter(|_| !off);
    let beyond_loopback = reader.flag("mqtt.plain_beyond_loopback").unwrap_or(false);
    if let Some(address) = plain.filter(|address| !address.ip().is_loopback() && !beyond_loopback) {
        let expected = "a loopback address, or mqtt.plain_beyond_loopback = true: without TLS a login proves no peer";
        reader.mistake("mqtt.listen", &format!("\"{address}\""), expected);
    }
    let tls = read_tls(reader);
    Mqtt {
        plain,
        tls,
        max_connections: reader.whole("mqtt.max_connections", 1..=1_000_000).unwrap_or(base.max_connections),
        in_flight: reader.whole("mqtt.in_flight", 1..=1000).unwrap_or(base.in_flight),
        connects: Rate {
            burst: reader.whole("mqtt.address_burst", 1..=1_000_000).unwrap_or(base.connects.burst),
            per_second: reader.whole("mqtt.address_per_second", 1..=1_000_000).unwrap_or(base.connects.per_second),
        },
        strangers_per_second: reader.whole("mqtt.strangers_per_second", 1..=1_000_000).unwrap_or(base.strangers_per_second),
    }
}

fn read_witnesses(reader: &mut Reader) -> Vec<Witness> {
    let mut witnesses = Vec::new();
    for [url, key] in reader.tables("witness", ["url", "key"]) {
        match Verifier::parse(&key) {
            Ok(key) if crate::outbound::expect_private(&url).is_ok() => {
                witnesses.push(Witness { url: url.trim_end_matches('/').to_owned(), key });
            }
            Ok(_) => reader.mistake("witness.url", &format!("{url:?}"), "https://, or http:// on this machine"),
            Err(_) => reader.mistake("witness.key", &format!("{key:?}"), "the key that `sealway witness` prints: <name>+<hash>+<key>"),
        }
    }
    witnesses
}

fn read_tls(reader: &mut Reader) -> Option<Tls> {
    let listen = reader.address("mqtt.tls.listen");
    let certificate = reader.file("mqtt.tls.certificate");
    let key = reader.file("mqtt.tls.key");
    match (listen, certificate, key) {
        (Some(listen), Some(certificate), Some(key)) => Some(Tls { listen, certificate, key }),
        (None, None, None) => None,
        _ => {
            reader.incomplete("mqtt.tls", &["listen", "certificate", "key"]);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_the_default() {
        assert_eq!(Config::parse(TEMPLATE), Ok(Config::default()));
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn a_clock_that_is_set_is_what_transfers_are_judged_by() {
        let policy = Config::parse("[clocks]\nenquiry = \"9d\"\ndevice = \"1m\"\nrespond_amber = \"20m\"").unwrap().clocks.policy();
        assert_eq!((policy.respond_red_ms, policy.respond_amber_ms), (300_000, 1_200_000));
        assert_eq!((policy.enquiry_ms, policy.results_ms, policy.clock_off_ms), (9 * 86_400_000, 3 * 86_400_000, 60_000));
        assert!(Config::parse("[clocks]\nreply = \"soon\"").is_err());
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let text = r#"
            data = 7
            colour = "red"
            [mqtt]
            listen = "localhost"
            max_connections = 0
            in_flight = "many"
            [mqtt.tls]
            listen = "0.0.0.0:8883"
            certificate = "/nowhere/cert.pem"
            [http]
            listen = "0.0.0.0:80"
            [log]
            format = "xml"
            [[witness]]
            url = "ftp://w"
            key = "w"
        "#;
        let Mistakes(mistakes) = Config::parse(text).unwrap_err();
        let keys: Vec<&str> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
        for key in [
            "data",
            "colour",
            "mqtt.listen",
            "mqtt.max_connections",
            "mqtt.in_flight",
            "mqtt.tls.certificate",
            "mqtt.tls",
            "http.listen",
            "log.format",
            "witness.key",
        ] {
            assert!(keys.contains(&key), "{key} is not among {keys:?}");
        }
        let text = Mistakes(mistakes).to_string();
        assert!(text.contains("mqtt.max_connections = 0: expected a whole number from 1 to 1000000"), "{text}");
    }

    #[test]
    fn a_plain_listener_beyond_loopback_must_be_asked_for() {
        assert!(Config::parse("mqtt.listen = \"0.0.0.0:1883\"").is_err());
        let config = Config::parse("[mqtt]\nlisten = \"0.0.0.0:1883\"\nplain_beyond_loopback = true").unwrap();
        assert_eq!(config.mqtt.plain, Some("0.0.0.0:1883".parse().unwrap()));
    }
}
