//! The demonstration's world: real places and corridors, invented parties, one transfer for each seal.

use crate::access;
use anyhow::Context as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use sealway_schemas::cargo::{BillNumber, Consignment, ConsignmentLine, TransportDocument};
use sealway_schemas::command::{DeviceCommand, GateCommand, LedgerCommand, RegistryCommand, Role, Signer, TransferCommand, WorldCommand};
use sealway_schemas::gate::{Direction, Line};
use sealway_schemas::ledger::{GoodsLine, GoodsStatus, LedgerFormat};
use sealway_schemas::movement::Arrow;
use sealway_schemas::{DeviceId, PartyId, PublicKey, TransferId};
use sealway_seal_sim::device::Device;
use sealway_seal_sim::fleet::{FleetPlan, PlannedDevice};
use sealway_seal_sim::world::Mode;
use sealway_tracker::Tracker;

pub(super) const PLACES: &str = include_str!("../../tracker/core/world/places.geojson");
pub(super) const CORRIDORS: &str = include_str!("../../tracker/core/world/corridors.geojson");

/// One sign-in for each role.
pub(super) const PEOPLE: [(Role, &str); 5] = [
    (Role::Customs, "xian-customs"),
    (Role::Carrier, "silk-road-rail"),
    (Role::Operator, "xian-port-station"),
    (Role::Auditor, "audit-office"),
    (Role::Admin, "platform"),
];

/// Seals of each carrier that close nothing yet.
const SPARES: usize = 4;

const DISTRICTS: [(&str, &str, &str); 2] = [("xian", "西安关区", "Xi'an district"), ("shanghai", "上海关区", "Shanghai district")];

/// The district of a place, by what its id names.
const LIES_IN: [(&str, &str); 4] = [("xian", "xian"), ("xiy", "xian"), ("shanghai", "shanghai"), ("pvg", "shanghai")];

/// Xi'an's customs are of the whole country here: whoever signs in for them sees every transfer of the demonstration.
const PARTIES: [(&str, Role, &str, &str); 9] = [
    ("xian-customs", Role::Customs, "西安海关", "Xi'an Customs"),
    ("silk-road-rail", Role::Carrier, "丝路班列", "Silk Road Rail"),
    ("qinling-road", Role::Carrier, "秦岭公路运输", "Qinling Road Transport"),
    ("donghai-shipping", Role::Carrier, "东海航运", "Donghai Shipping"),
    ("changan-air", Role::Carrier, "长安航空货运", "Chang'an Air Cargo"),
    ("xian-port-station", Role::Operator, "西安港场站", "Xi'an Port Station"),
    ("coastal-terminals", Role::Operator, "沿海码头", "Coastal Terminals"),
    ("audit-office", Role::Auditor, "审计处", "Audit Office"),
    ("shanghai-customs", Role::Customs, "上海海关", "Shanghai Customs"),
];

pub(super) const CUSTOMS: &str = "xian-customs";
pub(super) const OFFICER: &str = "officer-li";

/// Of places that the operator of the demonstration minds.
const GATES: [(&str, &str, &str, &str); 2] = [
    ("xian-port-1", "depot-xian-port-station", "港站一号卡口", "Port Station gate 1"),
    ("xian-bonded-1", "zone-xian-bonded", "综保区一号卡口", "Bonded zone gate 1"),
];

/// Every so many units are consolidated: two bills of lading under one seal.
const CONSOLIDATED: u64 = 3;

/// Enough for every unit of the largest fleet.
const LEDGER: &str = "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\nG-1,85423190,芯片,Chip,PCE,bonded,10000000,20000000\n";

/// Commands under way at once: each waits for its own commit.
const AT_ONCE: usize = 64;

fn carrier(mode: Mode) -> &'static str {
    match mode {
        Mode::Rail => "silk-road-rail",
        Mode::Road => "qinling-road",
        Mode::Sea => "donghai-shipping",
        Mode::Air => "changan-air",
    }
}

/// Districts, parties, places and corridors.
pub(crate) async fn furnish(tracker: &Tracker) -> anyhow::Result<()> {
    for (district, name_zh, name_en) in DISTRICTS {
        let (name_zh, name_en) = (name_zh.to_owned(), name_en.to_owned());
        let command = RegistryCommand::PutDistrict { district: district.parse()?, name_zh, name_en };
        access::command(tracker, &format!("district-{district}"), command).await?;
    }
    for (party, role, name_zh, name_en) in PARTIES {
        let (party, name_zh, name_en) = (party.parse::<PartyId>()?, name_zh.to_owned(), name_en.to_owned());
        let district = match party.as_str() {
            "shanghai-customs" => Some("shanghai".parse()?),
            "xian-port-station" => Some("xian".parse()?),
            _ => None,
        };
        let command = RegistryCommand::RegisterParty { party: party.clone(), role, name_zh, name_en, district };
        access::command(tracker, &format!("party-{party}"), command).await?;
    }
    for mut feature in features(PLACES)? {
        let id = id_of(&feature);
        let operator = if id.contains("xian") { "xian-port-station" } else { "coastal-terminals" };
        set(&mut feature, "operator", operator);
        set(&mut feature, "splitting", true);
        if let Some((_, district)) = LIES_IN.iter().find(|(part, _)| id.contains(part)) {
            set(&mut feature, "district", *district);
        }
        access::command(tracker, &format!("place-{id}"), WorldCommand::PutPlace { feature, effective_from: None }).await?;
    }
    for feature in features(CORRIDORS)? {
        let key = format!("corridor-{}", id_of(&feature));
        access::command(tracker, &key, WorldCommand::PutCorridor { feature, effective_from: None }).await?;
    }
    Ok(())
}

fn features(text: &str) -> anyhow::Result<Vec<serde_json::Value>> {
    let collection: serde_json::Value = serde_json::from_str(text).context("GeoJSON")?;
    let attribution = collection.get("attribution").and_then(serde_json::Value::as_str).context("GeoJSON without attribution")?;
    let mut features = collection.get("features").and_then(serde_json::Value::as_array).cloned().context("GeoJSON without features")?;
    features.iter_mut().for_each(|feature| set(feature, "attribution", attribution));
    Ok(features)
}

fn set(feature: &mut serde_json::Value, property: &str, value: impl Into<serde_json::Value>) {
    if let Some(properties) = feature.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.insert(property.to_owned(), value.into());
    }
}

fn id_of(feature: &serde_json::Value) -> String {
    feature.get("id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Who acts while nobody is signed in: an officer, and the desk of each carrier and operator.
async fn staff(tracker: &Tracker) -> anyhow::Result<()> {
    register(tracker, person(OFFICER, CUSTOMS, Role::Customs)?, "李伟 Li Wei".to_owned()).await?;
    for (party, role, name_zh, name_en) in PARTIES {
        if matches!(role, Role::Carrier | Role::Operator) {
            register(tracker, desk(party, role)?, format!("{name_zh}值班室 {name_en} desk")).await?;
        }
    }
    Ok(())
}

async fn register(tracker: &Tracker, Signer { user, party, role }: Signer, name: String) -> anyhow::Result<()> {
    access::command(tracker, &format!("user-{user}"), RegistryCommand::RegisterUser { user, party, role, name }).await
}

/// The enterprises' ledgers, and the officers' word for what is of low risk: the seals of a demonstration have been on their way for days.
pub(super) async fn open(tracker: &Tracker) -> anyhow::Result<()> {
    staff(tracker).await?;
    let order = TransferCommand::PutStandingOrder {
        order: "low-risk".to_owned(),
        carrier: None,
        origin: None,
        tier: None,
        arrows: vec![Arrow::Accept, Arrow::Seal, Arrow::Release],
    };
    access::command_by(tracker, person(OFFICER, CUSTOMS, Role::Customs)?, "standing-order", order).await?;
    for (gate, place, name_zh, name_en) in GATES {
        let put = GateCommand::PutGate {
            gate: gate.parse()?,
            place: place.parse()?,
            name_zh: name_zh.to_owned(),
            name_en: name_en.to_owned(),
            line: Line::Hinterland,
            lanes: 4,
            directions: vec![Direction::Inbound, Direction::Outbound],
            public_key: None,
        };
        access::command_by(tracker, person(OFFICER, CUSTOMS, Role::Customs)?, &format!("gate-{gate}"), put).await?;
    }
    for mode in Mode::ALL {
        let (enterprise, reference) = (carrier(mode).parse()?, "LEDGER-1".parse()?);
        let import = LedgerCommand::ImportLedger { enterprise, reference, format: LedgerFormat::Csv, content: LEDGER.to_owned() };
        access::command_by(tracker, desk_of(mode)?, &format!("ledger-{}", carrier(mode)), import).await?;
    }
    Ok(())
}

pub(super) fn person(user: &str, party: &str, role: Role) -> anyhow::Result<Signer> {
    Ok(Signer { user: user.parse()?, party: party.parse()?, role })
}

pub(super) fn desk(party: &str, role: Role) -> anyhow::Result<Signer> {
    person(&format!("{party}-desk"), party, role)
}

fn desk_of(mode: Mode) -> anyhow::Result<Signer> {
    desk(carrier(mode), Role::Carrier)
}

/// Seals in each carrier's drawer, for transfers that a visitor declares.
pub(super) async fn stock(tracker: &Tracker) -> anyhow::Result<()> {
    let drawers = Mode::ALL.into_iter().flat_map(|mode| std::iter::repeat_n(mode, SPARES));
    for (mode, number) in drawers.zip(1_u8..) {
        // As with the fleet's: the keys of a demonstration are the same in each.
        let spare = Device::new(format!("SW-SPARE-{number:02}").parse()?, [number; 32], 1);
        enrol(tracker, spare.id(), &carrier(mode).parse()?, (spare.public_key(), |challenge| spare.enrolment(challenge))).await?;
    }
    Ok(())
}

async fn enrol(
    tracker: &Tracker,
    device: DeviceId,
    owner: &PartyId,
    (public_key, prove): (PublicKey, impl FnOnce([u8; 32]) -> Vec<u8>),
) -> anyhow::Result<()> {
    let mut challenge = [0; 32];
    getrandom::fill(&mut challenge).map_err(|error| anyhow::anyhow!("random numbers: {error}"))?;
    let proof = hex::encode(prove(challenge));
    let enrol = DeviceCommand::EnrolDevice { device, owner: owner.clone(), public_key, challenge: hex::encode(challenge), proof };
    access::command(tracker, &format!("enrol-{device}"), enrol).await
}

/// Enrols every device of the fleet by its own proof, and declares its transfer.
pub(super) async fn declare(tracker: &Tracker, plan: &FleetPlan) -> anyhow::Result<()> {
    let declarations = plan.devices().iter().zip(1..).map(|(planned, number)| declare_one(tracker, planned, number));
    stream::iter(declarations).buffer_unordered(AT_ONCE).try_collect().await
}

async fn declare_one(tracker: &Tracker, planned: &PlannedDevice, number: u64) -> anyhow::Result<()> {
    let party: PartyId = carrier(planned.mode).parse()?;
    enrol(tracker, planned.id, &party, (planned.public_key(), |challenge| planned.enrolment(challenge))).await?;
    let transfer = TransferId::new(26, "CN", &format!("XA{number:011}"))?;
    let (by, unit, seal) = (desk_of(planned.mode)?, planned.unit.clone(), planned.id);
    let draft = TransferCommand::DraftTransfer {
        transfer: transfer.clone(),
        carrier: party.clone(),
        unit: unit.clone(),
        seal,
        origin: planned.origin.clone(),
        destination: planned.destination.clone(),
        corridor: planned.corridor.clone(),
        legs: Vec::new(),
        consignments: if consolidated(planned.mode, number) { consignments(&party, number)? } else { Vec::new() },
    };
    access::command_by(tracker, by.clone(), &format!("draft-{transfer}"), draft).await?;
    let declaration = format!("D-{number}").parse()?;
    let goods = LedgerCommand::DeclareGoods { transfer: transfer.clone(), enterprise: party, declaration, lines: cargo()? };
    access::command_by(tracker, by.clone(), &format!("goods-{transfer}"), goods).await?;
    let bind = TransferCommand::BindSeal { transfer: transfer.clone(), unit, seal, mechanical: Vec::new() };
    access::command_by(tracker, by.clone(), &format!("bind-{transfer}"), bind).await?;
    access::command_by(tracker, by, &format!("submit-{transfer}"), TransferCommand::SubmitTransfer { transfer: transfer.clone() }).await
}

/// What each unit carries: a line of its carrier's ledger.
fn cargo() -> anyhow::Result<Vec<GoodsLine>> {
    Ok(vec![chips("10", "20")?])
}

fn chips(quantity: &str, weight_kg: &str) -> anyhow::Result<GoodsLine> {
    let (quantity, weight_kg) = (quantity.parse()?, weight_kg.parse()?);
    let (goods, hs, unit) = ("G-1".parse()?, "85423190".parse()?, "PCE".parse()?);
    Ok(GoodsLine { goods, hs, unit, status: GoodsStatus::Bonded, quantity, weight_kg })
}

/// Air cargo flies under waybills, which the demonstration leaves to its visitors.
fn consolidated(mode: Mode, number: u64) -> bool {
    mode != Mode::Air && number.is_multiple_of(CONSOLIDATED)
}

/// The same goods as a whole unit has, under two bills.
fn consignments(owner: &PartyId, number: u64) -> anyhow::Result<Vec<Consignment>> {
    let parts = [("A", "6", "12"), ("B", "4", "8")].into_iter();
    let consignment = |(part, quantity, weight_kg): (&str, &str, &str)| -> anyhow::Result<Consignment> {
        let bill: BillNumber = format!("SW{number:06}{part}").parse()?;
        let line =
            ConsignmentLine { goods: chips(quantity, weight_kg)?, description_zh: "芯片".to_owned(), description_en: "Chips".to_owned() };
        Ok(Consignment {
            document: TransportDocument::BillOfLading(bill),
            parent: None,
            unit: None,
            owner: owner.clone(),
            lines: vec![line],
        })
    };
    parts.map(consignment).collect()
}
