//! Scenarios of the trade, on real keys and the demonstration's roads: an honest run, and beside it what must be found.

mod alerts;
mod binding;
mod cargo;
mod commands;
mod conservation;
mod courses;
mod ending;
mod enquiry;
mod evidence;
mod exchange;
mod gate;
mod gate_alone;
mod incident;
mod late;
mod laws;
mod ledger;
mod legs;
mod life;
mod plan;
mod seal;
mod shown;
mod signing;
mod terminals;
mod transfers;
mod verification;
mod versions;
mod way;

use crate::input::Input;
use crate::keyring::Keyring;
use crate::order::Past;
use crate::verify::VerifiedReport;
use crate::{CommandReceipt, CommandRefusal, Core, Effect, Row};
use bytes::Bytes;
use seal::Seal;
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::entry::Entry;
use sealway_schemas::event::{AlertKind, AlertView, MovementState, TransferView};
use sealway_schemas::record::Recorded;
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::{DeviceId, Digest, Time, TransferId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const START: Time = Time::from_ms(1_790_000_000_000);
const ROAD: &str = "road-xian-epz-a-xiy";
const ORIGIN: &str = "zone-xian-epz-a";
const DESTINATION: &str = "airport-xiy";

/// The core with the clock, the log and the keyring that a driver would have.
struct Bench {
    core: Core,
    now: Time,
    log: Vec<Entry>,
    effects: Vec<Effect>,
    keyring: Keyring,
    keys: u32,
}

/// Kept versions, read from the log as the driver does.
struct Log<'a>(&'a [Entry]);

impl Past for Log<'_> {
    fn versions(&self, device: &DeviceId, ctr: u64) -> Vec<Digest> {
        let kept = self.0.iter().filter_map(|entry| match entry {
            Entry::Report { device: of, bytes, .. } if of == device => Some(bytes),
            _ => None,
        });
        let at = |bytes: &Bytes| sealway_schemas::report::Report::parse(bytes).is_ok_and(|(_, report)| report.ctr() == ctr);
        kept.filter(|bytes| at(bytes)).map(|bytes| Digest::of(bytes)).collect()
    }
}

fn signer(role: Role) -> Signer {
    let party = match role {
        Role::Carrier => "silk-road-carrier",
        Role::Operator => "xiy-cargo",
        Role::Customs | Role::Auditor | Role::Admin => "xian-customs",
    };
    Signer { user: format!("{role}-1").parse().unwrap(), party: party.parse().unwrap(), role }
}

fn features(collection: &str) -> Vec<Value> {
    let parsed: Value = serde_json::from_str(collection).unwrap();
    parsed["features"].as_array().unwrap().clone()
}

impl Bench {
    fn empty() -> Self {
        Self { core: Core::default(), now: START, log: Vec::new(), effects: Vec::new(), keyring: Keyring::default(), keys: 0 }
    }

    /// Parties, and the places and corridor of one road.
    fn new() -> Self {
        let mut bench = Self::empty();
        for (party, role) in [
            ("xian-customs", Role::Customs),
            ("silk-road-carrier", Role::Carrier),
            ("other-carrier", Role::Carrier),
            ("xiy-cargo", Role::Operator),
        ] {
            bench.ok(Role::Admin, json!({"type": "register-party", "party": party, "role": role, "name_zh": "某", "name_en": "Some"}));
        }
        for mut place in features(include_str!("../../world/places.geojson")) {
            if place["id"] == DESTINATION {
                place["properties"]["operator"] = json!("xiy-cargo");
            }
            if place["id"] == ORIGIN || place["id"] == DESTINATION {
                bench.ok(Role::Customs, json!({"type": "put-place", "feature": place}));
            }
        }
        for corridor in features(include_str!("../../world/corridors.geojson")).into_iter().filter(|corridor| corridor["id"] == ROAD) {
            bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": corridor}));
        }
        bench
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.core.handle(self.now, input, &Log(&self.log), &mut effects);
        for effect in &effects {
            match effect {
                Effect::Append(entry) => self.log.push(entry.clone()),
                Effect::Keys(crate::KeyChange::Enrolled { device, key }) => self.keyring.enrol(*device, *key).unwrap(),
                _ => {}
            }
        }
        self.effects.extend(effects.iter().cloned());
        effects
    }

    fn pass_s(&mut self, seconds: u64) {
        self.now = self.now.plus_ms(seconds * 1000);
    }

    /// Time passes and is told.
    fn wait_s(&mut self, seconds: u64) {
        self.pass_s(seconds);
        self.give(Input::Tick);
    }

    fn command(&mut self, role: Role, body: &Value) -> Result<CommandReceipt, CommandRefusal> {
        self.keys += 1;
        let key = format!("k-{}", self.keys);
        self.command_by(signer(role), &key, body)
    }

    fn command_by(&mut self, by: Signer, key: &str, body: &Value) -> Result<CommandReceipt, CommandRefusal> {
        let effects = self.give(Input::Command { by, key: key.to_owned(), body: Bytes::from(body.to_string()), signature: None });
        let answer = effects.into_iter().find_map(|effect| match effect {
            Effect::Accepted(receipt) => Some(Ok(receipt)),
            Effect::Refused(refusal) => Some(Err(refusal)),
            _ => None,
        });
        answer.unwrap()
    }

    fn ok(&mut self, role: Role, body: Value) -> CommandReceipt {
        self.command(role, &body).unwrap()
    }

    fn code(&mut self, role: Role, body: Value) -> &'static str {
        self.command(role, &body).unwrap_err().code
    }

    fn enrol(&mut self, seed: u8) -> Seal {
        let seal = Seal::new(seed, self.now);
        self.ok(Role::Carrier, seal.enrolment("silk-road-carrier"));
        seal
    }

    /// An officer's word for what is of low risk: accepted, countersigned inside the origin and released without being asked.
    fn let_through(&mut self) {
        let order = json!({"type": "put-standing-order", "order": "low-risk", "carrier": "silk-road-carrier", "origin": ORIGIN,
                           "arrows": ["accept", "seal", "release"]});
        self.ok(Role::Customs, order);
    }

    fn declare(&mut self, serial: u8, seal: &Seal) -> TransferId {
        self.let_through();
        let id = TransferId::new(26, "CN", &format!("XA{serial:011}")).unwrap();
        self.ok(Role::Carrier, declaration(&id, seal, &format!("LOOSE-{serial}")));
        id
    }

    /// 运抵报告 by the operator of the destination.
    fn report_arrival(&mut self, id: &TransferId) {
        self.ok(Role::Operator, json!({"type": "report-arrival", "transfer": id, "place": DESTINATION}));
    }

    /// Leave to open there: proposed by one officer, given by a second.
    fn grant_away(&mut self, seal: &Seal, at: crate::geometry::Position) {
        let grant = commands::grant(seal, at, self.now);
        self.ok(Role::Customs, grant);
        let second = json!({"type": "countersign-grant", "grant": hex::encode([9; 16]), "device": seal.id});
        let by = Signer { user: "officer-2".parse().unwrap(), ..signer(Role::Customs) };
        self.keys += 1;
        let key = format!("k-{}", self.keys);
        self.command_by(by, &key, &second).unwrap();
    }

    /// Brings bytes through the strict check, as on a replay.
    fn verify(&mut self, device: DeviceId, bytes: &Bytes) -> VerifiedReport {
        seal::verify(&mut self.keyring, device, bytes)
    }

    fn send(&mut self, seal: &Seal, bytes: &Bytes) -> Vec<Effect> {
        let report = self.verify(seal.id, bytes);
        self.give(Input::Report(report))
    }

    /// A report made now at `km` of the road, and sent at once.
    fn report_at(&mut self, seal: &mut Seal, km: f64) {
        let at = self.road().at_km(km).unwrap();
        let bytes = seal.periodic(self.now, at);
        self.send(seal, &bytes);
    }

    fn road(&self) -> &crate::corridor::Corridor {
        self.core.atlas().corridor(&ROAD.parse().unwrap()).unwrap()
    }

    /// Seals at the start of the road.
    fn seal_up(&mut self, seal: &mut Seal) {
        self.pass_s(60);
        let at = self.road().at_km(0.0).unwrap();
        let bytes = seal.seal(self.now, at);
        self.send(seal, &bytes);
    }

    /// A report a kilometre and a minute, both ends included.
    fn drive(&mut self, seal: &mut Seal, from_km: u32, to_km: u32) {
        for km in from_km..=to_km {
            self.pass_s(60);
            self.report_at(seal, f64::from(km));
        }
    }

    fn transfer(&self, id: &TransferId) -> TransferView {
        self.core.transfer(id).unwrap()
    }

    fn state(&self, id: &TransferId) -> MovementState {
        self.transfer(id).state
    }

    fn alert_kinds(&self) -> Vec<AlertKind> {
        self.core.alerts().map(|alert| alert.kind).collect()
    }

    fn only_alert(&self) -> AlertView {
        let alerts: Vec<_> = self.core.alerts().collect();
        assert_eq!(alerts.len(), 1, "{:?}", self.alert_kinds());
        alerts[0].clone()
    }

    /// The state that a replay of the log makes.
    fn replayed(&self) -> Core {
        let mut core = Core::with_policy(*self.core.policy());
        let mut keyring = Keyring::default();
        let mut effects = Vec::new();
        for (before, entry) in self.log.iter().enumerate() {
            let input = match entry.clone() {
                Entry::Report { device, bytes, .. } => Input::Report(seal::verify(&mut keyring, device, &bytes)),
                Entry::Login { device, t, .. } => Input::Login { device, t },
                Entry::Command { by, key, body, signature, .. } => {
                    let signature = signature.map(|bytes| CommandSignature::from_bytes(&bytes).unwrap());
                    Input::Command { by, key, body, signature }
                }
                Entry::StrictFailed { device, ctr, digest, .. } => Input::StrictFailed { device, ctr, digest },
                Entry::Generation { number, .. } => Input::Generation(number),
                Entry::StateLost { device, stored, hi, .. } => Input::StateLost { device, stored, hi },
                Entry::Refusals { refusals, .. } => Input::Refusals(refusals),
                Entry::Rekey { succession, .. } => Input::Rekey(succession),
                Entry::Policy { numbers, .. } => Input::Policy(crate::policy::Policy::from_json(&numbers).unwrap()),
                Entry::Unsigned { frame, .. } => Input::Unsigned(frame),
            };
            effects.clear();
            core.handle(entry.at(), input, &Log(&self.log[..before]), &mut effects);
            for effect in &effects {
                if let Effect::Keys(crate::KeyChange::Enrolled { device, key }) = effect {
                    keyring.enrol(*device, *key).unwrap();
                }
            }
        }
        core.handle(self.now, Input::Tick, &Log(&self.log), &mut effects);
        core
    }
}

/// The newest record of its kind.
fn told<T: Recorded>(bench: &Bench) -> T {
    let bodies = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Row(row) => match &**row {
            Row::Record(record) if record.kind == T::KIND => Some(record.body.clone()),
            _ => None,
        },
        _ => None,
    });
    serde_json::from_value(bodies.last().unwrap()).unwrap()
}

fn declaration(id: &TransferId, seal: &Seal, unit: &str) -> Value {
    json!({"type": "declare-transfer", "transfer": id, "carrier": "silk-road-carrier", "unit": unit, "seal": seal.id,
           "origin": ORIGIN, "destination": DESTINATION, "corridor": ROAD})
}

/// Alerts without what depends on when they were seen.
fn findings(core: &Core) -> BTreeMap<(AlertKind, DeviceId), (Time, u32, Vec<u64>)> {
    core.alerts().map(|alert| ((alert.kind, alert.device), (alert.happened_at, alert.count, alert.evidence.clone()))).collect()
}
