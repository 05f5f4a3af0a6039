//! The gateways of one process: started by the configuration, told in the API and in `/metrics`, drained with the front.

use crate::config::{Config, Gateways as Wanted, SerialKind};
use crate::ingress::TrackerIngress;
use anyhow::Context as _;
use sealway_broker::{
    Front, Gauges, Jointech, Jtt808, LineState, LineStatus, NmeaConfig, NmeaGateway, ReaderConfig, ReaderGateway, TcpGateway,
};
use sealway_schemas::gateway::{GatewayKind, GatewayState, GatewayView};
use sealway_schemas::terminal::Protocol;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Gateways {
    tcp: Vec<TcpGateway>,
    receivers: Vec<NmeaGateway>,
    readers: Vec<ReaderGateway>,
}

impl Gateways {
    pub(crate) async fn start(config: &Config, front: &Front, ingress: &Arc<TrackerIngress>) -> anyhow::Result<Self> {
        let Wanted { serial, jtt808, jointech } = config.gateways.clone();
        let mut gateways = Self { tcp: Vec::new(), receivers: Vec::new(), readers: Vec::new() };
        for listener in jtt808 {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).context("random numbers")?;
            let talk = Jtt808::new(secret);
            gateways.tcp.push(TcpGateway::start(listener, Arc::clone(ingress), move || talk.clone()).await?);
        }
        for listener in jointech {
            gateways.tcp.push(TcpGateway::start(listener, Arc::clone(ingress), || Jointech).await?);
        }
        for line in serial {
            match line.kind {
                SerialKind::Nmea { every } => {
                    let config = NmeaConfig { serial: line.line, call_sign: line.name, every };
                    gateways.receivers.push(NmeaGateway::start(config, Arc::clone(ingress)));
                }
                SerialKind::Reader => {
                    let config = ReaderConfig { serial: line.line, name: line.name.to_string() };
                    gateways.readers.push(ReaderGateway::start(config, front, Arc::clone(ingress)));
                }
            }
        }
        Ok(gateways)
    }

    /// Name and address of each port that terminals reach.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&str, std::net::SocketAddr)> {
        self.tcp.iter().map(|gateway| (gateway.name(), gateway.address()))
    }

    /// Ends every TCP conversation after its turn; serial lines end with the process.
    pub(crate) async fn drain(&self, deadline: Duration) {
        let drained = futures::future::join_all(self.tcp.iter().map(|gateway| gateway.drain(deadline))).await;
        if drained.contains(&false) {
            tracing::warn!(after = ?deadline, "not every terminal was answered in time; it sends again");
        }
    }

    pub(crate) fn views(&self) -> Vec<GatewayView> {
        let tcp = self.tcp.iter().map(listening);
        let receivers = self
            .receivers
            .iter()
            .map(|gateway| serial((gateway.name(), GatewayKind::Nmea), gateway.port(), (gateway.status(), gateway.gauges())));
        let readers = self
            .readers
            .iter()
            .map(|gateway| serial((gateway.name(), GatewayKind::Reader), gateway.port(), (gateway.status(), gateway.gauges())));
        receivers.chain(readers).chain(tcp).collect()
    }

    /// In the text format of Prometheus. Names come from the configuration: no device, no party, no person.
    pub(crate) fn figures(&self) -> String {
        let tcp = self.tcp.iter().map(|gateway| (gateway.name(), gateway.gauges()));
        let receivers = self.receivers.iter().map(|gateway| (gateway.name(), gateway.gauges()));
        let readers = self.readers.iter().map(|gateway| (gateway.name(), gateway.gauges()));
        let mut out = String::from("# TYPE sealway_gateway_total counter\n");
        for (name, gauges) in tcp.chain(receivers).chain(readers) {
            for (word, count) in gauges.all() {
                // Writing into a text cannot fail.
                let _written = writeln!(out, "sealway_gateway_total{{gateway=\"{name}\",what=\"{word}\"}} {count}");
            }
        }
        out.push_str("# TYPE sealway_gateway_up gauge\n");
        for view in self.views() {
            let up = u8::from(matches!(view.state, GatewayState::Listening | GatewayState::Well | GatewayState::Quiet));
            let _written = writeln!(out, "sealway_gateway_up{{gateway=\"{}\"}} {up}", view.name);
        }
        out
    }
}

fn listening(gateway: &TcpGateway) -> GatewayView {
    GatewayView {
        name: gateway.name().to_owned(),
        kind: if gateway.protocol() == Protocol::Jtt808 { GatewayKind::Jtt808 } else { GatewayKind::Jointech },
        at: gateway.address().to_string(),
        state: GatewayState::Listening,
        since: gateway.started(),
        detail: None,
        baud: None,
        open: Some(gateway.open()),
        counts: counts(gateway.gauges()),
    }
}

fn serial((name, kind): (&str, GatewayKind), port: &str, (status, gauges): (&LineStatus, &Gauges)) -> GatewayView {
    let (state, since) = status.get();
    let (state, detail, baud) = match state {
        LineState::Starting => (GatewayState::Starting, None, None),
        LineState::Absent { reason } => (GatewayState::Absent, Some(reason), None),
        LineState::Quiet { baud } => (GatewayState::Quiet, None, Some(baud)),
        LineState::Well { baud } => (GatewayState::Well, None, Some(baud)),
        LineState::Garbled { baud } => (GatewayState::Garbled, None, Some(baud)),
        LineState::Unregistered { call_sign } => (GatewayState::Unregistered, Some(call_sign), None),
    };
    let counts = counts(gauges);
    GatewayView { name: name.to_owned(), kind, at: port.to_owned(), state, since, detail, baud, open: None, counts }
}

fn counts(gauges: &Gauges) -> std::collections::BTreeMap<String, u64> {
    gauges.all().filter(|(_, count)| *count > 0).map(|(word, count)| (word.to_owned(), count)).collect()
}
