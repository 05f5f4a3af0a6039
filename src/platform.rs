//! The composition: tracker, front, event router and API of one process, from start to drain.

use crate::config::{Config, Mqtt};
use crate::figures;
use crate::gateways::Gateways;
use crate::ingress::{TrackerIngress, WayBack};
use crate::webhooks::Post;
use crate::{oidc, outbound, witnesses};
use anyhow::Context as _;
use sealway_broker::{EventRouter, Front, FrontConfig, Limits, Rate, TlsListener};
use sealway_dashboard::Dashboard;
use sealway_schemas::event::{Change, Event};
use sealway_schemas::{PartyId, topics};
use sealway_tracker::{Tracker, TrackerConfig};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

/// Events of every party are also published under this name, for those who see all.
const ALL_PARTIES: &str = "all";

pub(crate) struct Platform {
    pub(crate) tracker: Tracker,
    front: Arc<Front>,
    gateways: Arc<Gateways>,
    http: Http,
    events: JoinHandle<()>,
    witnesses: JoinHandle<()>,
    drain: Duration,
}

struct Http {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Platform {
    pub(crate) async fn start(config: &Config) -> anyhow::Result<Self> {
        let basemap = config.map.load()?;
        let way_back = Arc::new(WayBack::default());
        let series = config.series.config(config.authority.as_deref())?;
        let courier = Some(Post::by(config)?);
        let courier_tries = config.webhooks.tries;
        let policy = config.clocks.policy();
        let tracker = TrackerConfig { series, policy, courier, courier_tries, ..TrackerConfig::new(&config.data) };
        let opened = Tracker::open(tracker, way_back.clone()).await;
        let tracker = opened.with_context(|| format!("data folder {}", config.data.display()))?;
        let router = EventRouter::start().context("event router")?;
        let ingress = Arc::new(TrackerIngress(tracker.clone()));
        let front = Arc::new(Front::start(front_config(config), ingress.clone(), router.clone()).context("MQTT")?);
        way_back.lead_to(front.downlink());
        let gateways = Arc::new(Gateways::start(config, &front, &ingress).await?);
        let dashboard = dashboard(config, tracker.clone(), (front.clone(), gateways.clone()), router.clone()).with_basemap(basemap);
        let dashboard = oidc::dashboard(config, dashboard)?;
        let agent = outbound::agent(config.authority.as_deref())?;
        let witnesses = tokio::spawn(witnesses::ask(tracker.clone(), config.witnesses.clone(), agent));
        let events = tokio::spawn(route_events(tracker.clone(), router));
        let http = Http::start(config.http.listen, dashboard).await?;
        Ok(Self { tracker, front, gateways, http, events, witnesses, drain: config.drain })
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.http.address
    }

    pub(crate) fn front(&self) -> &Front {
        &self.front
    }

    pub(crate) fn gateways(&self) -> &Gateways {
        &self.gateways
    }

    /// Takes nothing new, finishes what is under way, closes the log.
    pub(crate) async fn drain(self) -> anyhow::Result<()> {
        tracing::info!("draining");
        self.gateways.drain(self.drain).await;
        if !self.front.drain(self.drain).await {
            tracing::warn!(after = ?self.drain, "not every message was settled in time; its device sends it again");
        }
        self.events.abort();
        self.witnesses.abort();
        // The API may have ended by itself; then nobody listens for the stop.
        let _ended = self.http.stop.send(());
        if tokio::time::timeout(self.drain, self.http.ended).await.is_err() {
            tracing::warn!(after = ?self.drain, "HTTP connections did not end in time");
        }
        self.tracker.drain().await;
        Ok(())
    }
}

impl Http {
    async fn start(listen: SocketAddr, dashboard: Dashboard) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("http.listen = \"{listen}\""))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let router = sealway_dashboard::router(dashboard);
        let ended = tokio::spawn(sealway_dashboard::serve(listener, router, async move {
            drop(stopped.await);
        }));
        Ok(Self { address, stop, ended })
    }
}

fn dashboard(config: &Config, tracker: Tracker, (front, gateways): (Arc<Front>, Arc<Gateways>), router: EventRouter) -> Dashboard {
    let (connections, lines) = (front.downlink(), gateways.clone());
    let dashboard = Dashboard::new(tracker)
        .with_sign_in(config.http.sign_in.clone())
        .with_connections(connections)
        .with_figures(move || figures::text(&front, &router) + &gateways.figures())
        .with_gateways(move || lines.views());
    if config.http.behind_tls { dashboard.behind_tls() } else { dashboard }
}

fn front_config(config: &Config) -> FrontConfig {
    FrontConfig {
        plain: config.mqtt.plain,
        // The configuration was checked for this already, with a message that names the key.
        plain_beyond_loopback: true,
        tls: config.mqtt.tls.as_ref().map(|tls| TlsListener {
            address: tls.listen,
            certificates: tls.certificate.clone(),
            private_key: tls.key.clone(),
        }),
        limits: limits(&config.mqtt),
    }
}

fn limits(mqtt: &Mqtt) -> Limits {
    let base = Limits::default();
    let strangers = Rate { burst: mqtt.strangers_per_second.max(base.strangers.burst), per_second: mqtt.strangers_per_second };
    Limits { connections: mqtt.max_connections, in_flight: mqtt.in_flight, connects: mqtt.connects, strangers, ..base }
}

/// Publishes each committed event to the topics of the parties that may see it. An event that the router has no room for is
/// counted and left out: the log has it, and the API tells it again.
async fn route_events(tracker: Tracker, router: EventRouter) {
    let mut events = tracker.events().subscribe(None).live;
    drop(tracker);
    loop {
        match events.recv().await {
            Ok((_, event)) => route(&router, &event),
            Err(broadcast::error::RecvError::Lagged(missed)) => tracing::warn!(missed, "events were not routed in time"),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn route(router: &EventRouter, event: &Event) {
    // The contract's topics have a transfer in them; where a seal without one is, its owner reads over HTTP.
    if event.change.transfer().is_none() && matches!(event.change, Change::Position(_)) {
        return;
    }
    let Ok(payload) = serde_json::to_vec(&event.change) else { return };
    let all = ALL_PARTIES.parse::<PartyId>().ok();
    for party in event.visible_to.iter().chain(&all) {
        let topic = topics::event(party, event.change.transfer(), event.change.kind());
        if let Err(error) = router.publish(&topic, &payload) {
            tracing::warn!(%error, topic, "an event was not routed");
        }
    }
}
