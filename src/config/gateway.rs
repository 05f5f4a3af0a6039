//! The keys of the gateways: serial lines, and the ports of terminals of other makers.

use super::Reader;
use sealway_broker::{AUTO_BAUDS, Rate, SerialConfig, TcpGatewayConfig, TcpLimits};
use sealway_schemas::terminal::CallSign;
use std::collections::BTreeSet;
use std::time::Duration;

const RETRY: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Gateways {
    pub(crate) serial: Vec<Serial>,
    pub(crate) jtt808: Vec<TcpGatewayConfig>,
    pub(crate) jointech: Vec<TcpGatewayConfig>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Serial {
    pub(crate) name: CallSign,
    pub(crate) line: SerialConfig,
    pub(crate) kind: SerialKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SerialKind {
    /// A receiver; a position is kept as often.
    Nmea {
        every: Duration,
    },
    Reader,
}

pub(super) fn read(reader: &mut Reader) -> Gateways {
    let serial = reader.each("gateway.serial", read_serial);
    let jtt808 = reader.each("gateway.jtt808", read_listener);
    let jointech = reader.each("gateway.jointech", read_listener);
    let names = serial.iter().map(|serial| serial.name.as_str());
    let listeners = jtt808.iter().chain(&jointech).map(|listener| listener.name.as_str());
    let mut known = BTreeSet::new();
    let twice: Vec<String> = names.chain(listeners).filter(|name| !known.insert(*name)).map(str::to_owned).collect();
    for name in twice {
        reader.mistake("gateway.name", &format!("{name:?}"), "another name for each gateway");
    }
    Gateways { serial, jtt808, jointech }
}

fn read_serial(reader: &mut Reader) -> Option<Serial> {
    let name = read_name(reader);
    let path = reader.path("port");
    if path.is_none() {
        reader.incomplete("port", &["name", "kind", "port"]);
    }
    let baud = reader.whole::<u32>("baud", 300..=4_000_000);
    let nmea = reader.choice("kind", &[("nmea", true), ("reader", false)]);
    let every = reader.pause("every");
    let kind = match (nmea, every) {
        (Some(true), every) => SerialKind::Nmea { every: every.unwrap_or(EVERY) },
        (Some(false), None) => SerialKind::Reader,
        (Some(false), Some(_)) => {
            reader.mistake("every", "set", "no such key: a reader passes on whatever comes");
            return None;
        }
        (None, _) => {
            reader.incomplete("kind", &["name", "kind", "port"]);
            return None;
        }
    };
    let bauds = baud.map_or_else(|| AUTO_BAUDS.to_vec(), |baud| vec![baud]);
    let line = SerialConfig { path: path?.to_str()?.to_owned(), bauds, retry: RETRY };
    Some(Serial { name: name?, line, kind })
}

fn read_listener(reader: &mut Reader) -> Option<TcpGatewayConfig> {
    let name = read_name(reader);
    let listen = reader.address("listen");
    if listen.is_none() {
        reader.incomplete("listen", &["name", "listen"]);
    }
    let beyond = reader.flag("beyond_loopback").unwrap_or(false);
    if let Some(address) = listen.filter(|address| !address.ip().is_loopback() && !beyond) {
        let expected = "a loopback address, or beyond_loopback = true: these protocols prove no sender and hide nothing";
        reader.mistake("listen", &format!("\"{address}\""), expected);
    }
    let base = TcpLimits::default();
    let mut rate = |key: &str, allowed: std::ops::RangeInclusive<i64>| reader.whole(key, allowed).map(Rate::a_minute_of);
    let (frames, bytes) = (rate("frames_per_second", 1..=10_000), rate("bytes_per_second", 1_024..=10_000_000));
    let limits = TcpLimits {
        frames: frames.unwrap_or(base.frames),
        bytes: bytes.unwrap_or(base.bytes),
        connections: reader.whole("max_connections", 1..=1_000_000).unwrap_or(base.connections),
        idle: reader.duration("idle").unwrap_or(base.idle),
        ..base
    };
    Some(TcpGatewayConfig { name: name?.to_string(), listen: listen?, limits })
}

fn read_name(reader: &mut Reader) -> Option<CallSign> {
    let text = reader.text("name");
    let name = text.as_ref().and_then(|text| text.parse().ok());
    if name.is_none() {
        let shown = text.map_or_else(|| "absent".to_owned(), |text| format!("{text:?}"));
        reader.mistake("name", &shown, "1 to 32 of a-z, 0-9 and '-'");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn every_kind_of_gateway_is_read_with_its_defaults() {
        let text = r#"
            [[gateway.serial]]
            name = "gate-3-gps"
            kind = "nmea"
            port = "/dev/ttyUSB0"
            every = "30s"
            [[gateway.serial]]
            name = "gate-3-reader"
            kind = "reader"
            port = "/dev/ttyUSB1"
            baud = 115200
            [[gateway.jtt808]]
            name = "trucks"
            listen = "0.0.0.0:7611"
            beyond_loopback = true
            max_connections = 500
            frames_per_second = 5
            bytes_per_second = 4096
            [[gateway.jointech]]
            name = "locks"
            listen = "127.0.0.1:7612"
        "#;
        let gateways = Config::parse(text).unwrap().gateways;
        let [receiver, reader] = gateways.serial.as_slice() else { panic!("{gateways:?}") };
        assert_eq!((receiver.kind, &receiver.line.bauds), (SerialKind::Nmea { every: Duration::from_secs(30) }, &AUTO_BAUDS.to_vec()));
        assert_eq!((reader.kind, &reader.line.bauds), (SerialKind::Reader, &vec![115_200]));
        assert_eq!((gateways.jtt808[0].limits.connections, gateways.jtt808[0].name.as_str()), (500, "trucks"));
        let trucks = &gateways.jtt808[0].limits;
        assert_eq!((trucks.frames, trucks.bytes), (Rate { burst: 300, per_second: 5 }, Rate { burst: 245_760, per_second: 4_096 }));
        assert_eq!(gateways.jointech[0].limits, TcpLimits::default());
    }

    #[test]
    fn what_is_wrong_with_a_gateway_is_told_with_its_list() {
        for (text, key) in [
            ("[[gateway.serial]]\nname = \"a\"\nport = \"/dev/ttyS0\"", "gateway.serial.kind"),
            ("[[gateway.serial]]\nname = \"a\"\nkind = \"nmea\"", "gateway.serial.port"),
            ("[[gateway.serial]]\nname = \"A b\"\nkind = \"nmea\"\nport = \"/dev/ttyS0\"", "gateway.serial.name"),
            ("[[gateway.serial]]\nname = \"a\"\nkind = \"reader\"\nport = \"/dev/ttyS0\"\nevery = \"1s\"", "gateway.serial.every"),
            ("[[gateway.serial]]\nname = \"a\"\nkind = \"nmea\"\nport = \"/dev/ttyS0\"\ncolour = 1", "gateway.serial.colour"),
            ("[[gateway.jtt808]]\nname = \"a\"\nlisten = \"0.0.0.0:7611\"", "gateway.jtt808.listen"),
            ("[[gateway.jointech]]\nname = \"a\"", "gateway.jointech.listen"),
            ("[[gateway.jtt808]]\nname = \"a\"\nlisten = \"127.0.0.1:1\"\nframes_per_second = 0", "gateway.jtt808.frames_per_second"),
            ("[[gateway.jtt808]]\nname = \"a\"\nlisten = \"127.0.0.1:1\"\nbytes_per_second = 1", "gateway.jtt808.bytes_per_second"),
            ("[gateway]\njtt808 = 7", "gateway.jtt808"),
        ] {
            let mistakes = Config::parse(text).unwrap_err();
            assert!(mistakes.0.iter().any(|mistake| mistake.key == key), "{text}: {mistakes}");
        }
        let one = "[[gateway.jtt808]]\nname = \"a\"\nlisten = \"127.0.0.1:7611\"\n";
        assert!(Config::parse(&format!("{one}{one}")).is_err());
    }
}
