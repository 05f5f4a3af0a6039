//! Trucks that stand before the gates: sealed transfers whose seals have just answered, and a release note for each passage.

use crate::{access, demo};
use anyhow::Context as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use sealway_schemas::TransferId;
use sealway_schemas::command::{Command, Role, Signer};
use sealway_schemas::link::{SessionId, UpMessage, Upload};
use sealway_schemas::report::{Event, Fix};
use sealway_seal_sim::device::{Device, Observation};
use sealway_seal_sim::world;
use sealway_tracker::{Clock as _, SystemClock, Tracker};
use serde_json::{Value, json};
use std::time::Duration;

const CORRIDORS: &str = include_str!("../../../tracker/core/world/corridors.geojson");
const ROAD: &str = "road-yantian-can";
const CARRIER: &str = "qinling-road";
const OPERATOR: &str = "coastal-terminals";
const GATES: usize = 4;
const TRANSFERS: usize = 64;
/// Commands under way at once.
const AT_ONCE: usize = 256;
const ANSWER_MS: u64 = 120_000;
/// Between two looks at what is still to be judged.
const LOOK: Duration = Duration::from_millis(1);

/// What is asked, and by whose token.
pub(super) struct Trucks {
    pub(super) token: String,
    pub(super) questions: Vec<Value>,
}

struct Stage<'a> {
    tracker: &'a Tracker,
    road: world::Corridor,
}

pub(super) async fn line_up(tracker: &Tracker, passages: usize) -> anyhow::Result<Trucks> {
    demo::furnish(tracker).await?;
    let road = world::corridors(CORRIDORS).context("corridors")?.into_iter().find(|way| way.id.as_str() == ROAD).context(ROAD)?;
    let stage = Stage { tracker, road };
    let token = access::issue(tracker, Role::Operator, &OPERATOR.parse()?, &"gate-desk".parse()?).await?;
    for gate in 0..GATES {
        let put = json!({"type": "put-gate", "gate": format!("gate-{gate}"), "place": stage.road.from, "name_zh": "卡口", "name_en": "Gate",
            "line": "border", "lanes": 16, "directions": ["outbound"]});
        stage.customs(&format!("gate-{gate}"), &put).await?;
    }
    let mut seals = Vec::new();
    for number in 0..TRANSFERS {
        seals.push(stage.seal_up(number).await?);
    }
    let issue = |passage: usize| {
        let stage = &stage;
        async move { stage.customs(&format!("note-{passage}"), &note(passage, &stage.road)?).await }
    };
    stream::iter((0..passages).map(issue)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    for (number, seal) in seals.iter_mut().enumerate() {
        stage.answer(number, seal).await?;
    }
    let questions = (0..passages).map(question).collect();
    Ok(Trucks { token: token.expose().to_owned(), questions })
}

fn transfer(number: usize) -> anyhow::Result<TransferId> {
    Ok(TransferId::new(26, "CN", &format!("GB{number:011}"))?)
}

fn unit(number: usize) -> String {
    format!("LOOSE-{number}")
}

/// Every passage is of a truck of its own.
fn plate(passage: usize) -> String {
    format!("粤B{passage:06}")
}

fn note(passage: usize, road: &world::Corridor) -> anyhow::Result<Value> {
    let number = passage % TRANSFERS;
    Ok(json!({"type": "issue-release-note", "note": format!("N-{passage}"), "transfer": transfer(number)?, "truck": plate(passage),
        "unit": unit(number), "direction": "outbound", "place": road.from, "gross_kg": "31000"}))
}

fn question(passage: usize) -> Value {
    json!({"type": "ask-gate", "question": {"decision": format!("D-{passage}"), "gate": format!("gate-{}", passage % GATES),
        "lane": passage / GATES % 16 + 1, "direction": "outbound", "truck": plate(passage),
        "unit": {"number": unit(passage % TRANSFERS), "reading": "typed"}, "weight_kg": "31200", "note": format!("N-{passage}")}})
}

impl Stage<'_> {
    async fn customs(&self, key: &str, command: &Value) -> anyhow::Result<()> {
        self.send("officer-li", ("xian-customs", Role::Customs), key, command).await
    }

    async fn carrier(&self, key: &str, command: &Value) -> anyhow::Result<()> {
        self.send("road-desk", (CARRIER, Role::Carrier), key, command).await
    }

    async fn send(&self, user: &str, (party, role): (&str, Role), key: &str, command: &Value) -> anyhow::Result<()> {
        let by = Signer { user: user.parse()?, party: party.parse()?, role };
        access::command_by(self.tracker, by, key, Command::parse(command.to_string().as_bytes())?).await
    }

    /// Drafted, accepted, bound, sealed inside its origin and countersigned.
    async fn seal_up(&self, number: usize) -> anyhow::Result<Device> {
        let mut secret = [11; 32];
        secret.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let mut seal = Device::new(format!("GATE-{number:04}").parse()?, secret, 64);
        seal.trust(self.tracker.platform_key());
        let (id, challenge) = (transfer(number)?, [7; 32]);
        let key = |step: &str| format!("{step}-{number}");
        let enrol = json!({"type": "enrol-device", "device": seal.id(), "owner": CARRIER, "public_key": seal.public_key(),
            "challenge": hex::encode(challenge), "proof": hex::encode(seal.enrolment(challenge))});
        self.carrier(&key("enrol"), &enrol).await?;
        let draft = json!({"type": "draft-transfer", "transfer": id, "carrier": CARRIER, "unit": unit(number), "seal": seal.id(),
            "origin": self.road.from, "destination": self.road.to, "corridor": self.road.id});
        self.carrier(&key("draft"), &draft).await?;
        self.carrier(&key("submit"), &json!({"type": "submit-transfer", "transfer": id})).await?;
        self.customs(&key("accept"), &json!({"type": "accept-transfer", "transfer": id})).await?;
        let bind = json!({"type": "bind-seal", "transfer": id, "unit": unit(number), "seal": seal.id(), "mechanical": []});
        self.carrier(&key("bind"), &bind).await?;
        seal.report(1_000, Event::SelfTest).context("self-test")?;
        self.look(&mut seal)?;
        // Another key than the seal's own: that one opens no epoch.
        seal.seal(2_000, secret.map(|byte| !byte)).context("seal")?;
        self.upload(&seal, 1).await;
        let countersign = json!({"type": "countersign-seal", "transfer": id, "seal": seal.id(), "epoch": seal.epoch()});
        self.customs(&key("countersign"), &countersign).await?;
        Ok(seal)
    }

    /// It stands at the beginning of the road.
    fn look(&self, seal: &mut Device) -> anyhow::Result<()> {
        let (lat_e7, lon_e7) = self.road.line.first().context("an empty road")?.e7();
        let fix = Fix { lat_e7, lon_e7, accuracy_dm: 50, speed_cm_s: 0, heading_ddeg: 0, satellites: 12, cn0_ddbhz: 420 };
        seal.observe(2_000, Observation { fix: Some(fix), gnss_time: Some(SystemClock.now()), ..Observation::default() });
        Ok(())
    }

    async fn answer(&self, number: usize, seal: &mut Device) -> anyhow::Result<()> {
        let mut nonce = [13; 16];
        nonce.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let not_after = SystemClock.now().plus_ms(ANSWER_MS);
        let ask = json!({"type": "issue-challenge", "device": seal.id(), "nonce": hex::encode(nonce), "not_after": not_after});
        self.customs(&format!("ask-{number}"), &ask).await?;
        let before = seal.highest();
        seal.hear(3_000, &self.tracker.sign_challenge(&seal.id(), nonce, not_after));
        anyhow::ensure!(seal.highest() > before, "seal {} did not answer", seal.id());
        self.upload(seal, before + 1).await;
        Ok(())
    }

    /// Returns when all of it was judged.
    async fn upload(&self, seal: &Device, from: u64) {
        let payload: Vec<u8> = seal.ring().from(from).flat_map(|record| record.bytes.clone()).collect();
        let message = UpMessage { ticket: 1, payload: payload.into() };
        self.tracker.upload(Upload { session: SessionId(1), device: seal.id(), messages: vec![message] }).await;
        while self.tracker.metrics().in_flight_uploads > 0 {
            tokio::time::sleep(LOOK).await;
        }
    }
}
