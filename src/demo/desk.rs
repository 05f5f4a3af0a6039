//! The people at the end of the way: the operator reports arrivals, asks seals, takes cargo over and parts consolidations; officers grant
//! and verify.
//!
//! They look once a second, as people at a counter do, and leave alone what is held: that is for whoever watches the demonstration.

use super::world::{CORRIDORS, CUSTOMS, OFFICER, desk, person};
use crate::access;
use anyhow::Context as _;
use sealway_schemas::cargo::{CargoView, ConsignmentLine, ConsignmentView, FoundConsignment, FoundLine};
use sealway_schemas::command::{CargoCommand, Command, CustodyCommand, Role, SealFound, Signer};
use sealway_schemas::down::Circle;
use sealway_schemas::event::TransferView;
use sealway_schemas::ledger::{Conclusion, GoodsLine, Quantity};
use sealway_schemas::movement::MovementState;
use sealway_schemas::{CorridorId, PartyId, TransferId};
use sealway_seal_sim::world::corridors;
use sealway_tracker::{Page, Scope, Tracker, TransferFilter};
use std::collections::BTreeMap;
use std::time::Duration;

const LOOKS: Duration = Duration::from_secs(1);
/// A seal that does not answer, or answers wrongly, is left to an officer.
const TRIES: u32 = 5;
/// As near to the end of its corridor a truck is at the barrier.
const THERE_KM: f64 = 0.02;
const CHALLENGE_MS: u64 = 60_000;
const GRANT_RADIUS_M: u64 = 50;
/// The clocks of the demonstration's seals run ahead.
const GRANT_MS: u64 = 30 * 86_400_000;

pub(super) struct Desk<'a> {
    tracker: &'a Tracker,
    ends: BTreeMap<CorridorId, Circle>,
    tries: BTreeMap<(TransferId, MovementState), u32>,
    /// The operator whose counters nobody minds here.
    absent: Option<PartyId>,
    sent: u64,
}

impl<'a> Desk<'a> {
    pub(super) fn new(tracker: &'a Tracker, absent: Option<PartyId>) -> anyhow::Result<Self> {
        let circle = |(lat_e7, lon_e7)| Circle { lat_e7, lon_e7, radius_m: GRANT_RADIUS_M };
        let known = corridors(CORRIDORS).context("corridors")?;
        let ends = known.into_iter().filter_map(|way| Some((way.id, circle(way.line.last()?.e7())))).collect();
        Ok(Self { tracker, ends, tries: BTreeMap::new(), absent, sent: 0 })
    }

    /// Never ends by itself, unless the lists cannot be read.
    pub(super) async fn work(mut self) -> anyhow::Result<()> {
        loop {
            for state in [MovementState::InTransit, MovementState::Arrived, MovementState::HandedOver, MovementState::Unsealed] {
                self.see_to(state).await?;
            }
            tokio::time::sleep(LOOKS).await;
        }
    }

    async fn see_to(&mut self, state: MovementState) -> anyhow::Result<()> {
        let filter = TransferFilter { state: Some(state), ..TransferFilter::default() };
        let mut page: Page<TransferId> = Page::first(1000);
        loop {
            let transfers = self.tracker.registry().transfers(&Scope::All, &filter, &page).await?;
            let Some(last) = transfers.last() else { return Ok(()) };
            page.after = Some(last.id.clone());
            for transfer in transfers.iter().filter(|transfer| due(transfer)) {
                if self.waits(transfer).await? {
                    continue;
                }
                let tries = self.tries.entry((transfer.id.clone(), state)).or_default();
                *tries += 1;
                if *tries <= TRIES {
                    let first = *tries == 1;
                    self.go_on(transfer, first).await?;
                }
            }
        }
    }

    async fn go_on(&mut self, transfer: &TransferView, first: bool) -> anyhow::Result<()> {
        let (id, place) = (transfer.id.clone(), transfer.destination.clone());
        let operator = self.operator(transfer).await?;
        match transfer.state {
            MovementState::InTransit => {
                self.ask(&operator, CustodyCommand::ReportArrival { transfer: id, place }).await;
            }
            MovementState::Arrived => {
                if !self.ask(&operator, CustodyCommand::HandOver { transfer: id, place }).await {
                    let (nonce, not_after) = (hex::encode(random()?), self.tracker.now().plus_ms(CHALLENGE_MS));
                    self.ask(&operator, CustodyCommand::IssueChallenge { device: transfer.seal, nonce, not_after }).await;
                }
            }
            MovementState::HandedOver => self.grant(transfer, first).await?,
            MovementState::Unsealed => {
                if let Some(split) = self.whole_consolidation(transfer).await? {
                    self.ask(&operator, split).await;
                }
                let verify = CustodyCommand::VerifyTransfer {
                    transfer: id,
                    conclusion: Conclusion::A1,
                    verified: Vec::new(),
                    seal: SealFound::Intact,
                    note: "counted".to_owned(),
                };
                self.ask(&person(OFFICER, CUSTOMS, Role::Customs)?, verify).await;
            }
            MovementState::Draft
            | MovementState::Declared
            | MovementState::Accepted
            | MovementState::Sealed
            | MovementState::Released
            | MovementState::Incident
            | MovementState::UnsealingGranted
            | MovementState::Verified
            | MovementState::WrittenOff
            | MovementState::Cancelled => {}
        }
        Ok(())
    }

    /// A circle that reaches over the fence needs a second officer; then the transfer is still handed over at the next look.
    async fn grant(&mut self, transfer: &TransferView, first: bool) -> anyhow::Result<()> {
        let seal = self.tracker.registry().device(&Scope::All, &transfer.seal).await?.context("no such seal")?;
        let Some(circle) = self.ends.get(&transfer.corridor).copied() else { return Ok(()) };
        let (now, grant) = (self.tracker.now(), grant_of(&transfer.id));
        if !first {
            let second = person("officer-wang", CUSTOMS, Role::Customs)?;
            self.ask(&second, CustodyCommand::CountersignGrant { grant, device: transfer.seal }).await;
            return Ok(());
        }
        let issue = CustodyCommand::IssueGrant {
            grant,
            device: transfer.seal,
            epoch: seal.last.context("a seal that never spoke")?.epoch,
            circle,
            not_before: now,
            not_after: now.plus_ms(GRANT_MS),
            authorised_by: OFFICER.to_owned(),
        };
        self.ask(&person(OFFICER, CUSTOMS, Role::Customs)?, issue).await;
        Ok(())
    }

    /// For the visitor who stands in for an operator: he takes cargo over, and parts it before anybody verifies it.
    async fn waits(&self, transfer: &TransferView) -> anyhow::Result<bool> {
        let Some(absent) = &self.absent else { return Ok(false) };
        if self.operator(transfer).await?.party != *absent {
            return Ok(false);
        }
        let takes_over = matches!(transfer.state, MovementState::InTransit | MovementState::Arrived);
        Ok(takes_over || (transfer.state == MovementState::Unsealed && self.whole_consolidation(transfer).await?.is_some()))
    }

    /// How a consolidation that nobody parted yet is parted where all is there.
    async fn whole_consolidation(&self, transfer: &TransferView) -> anyhow::Result<Option<CargoCommand>> {
        let cargo = self.tracker.registry().recorded::<CargoView>(&Scope::All, transfer.id.as_str()).await?;
        let Some(cargo) = cargo.filter(|cargo| cargo.splits.is_empty() && !cargo.consignments.is_empty()) else { return Ok(None) };
        let found = cargo.consignments.into_iter().map(as_declared).collect();
        let (transfer, place) = (transfer.id.clone(), transfer.destination.clone());
        Ok(Some(CargoCommand::SplitCargo { transfer, place, parent: None, found, note: "counted".to_owned() }))
    }

    async fn operator(&self, transfer: &TransferView) -> anyhow::Result<Signer> {
        let place = self.tracker.registry().place(&Scope::All, &transfer.destination).await?.context("no such place")?;
        let party = place.operator.context("a place without an operator")?;
        desk(party.as_str(), Role::Operator)
    }

    /// Whether the command was taken. A refusal is the answer that people at a counter get too.
    async fn ask(&mut self, by: &Signer, command: impl Into<Command>) -> bool {
        self.sent += 1;
        let taken = access::command_by(self.tracker, by.clone(), &format!("desk-{}", self.sent), command).await;
        taken.inspect_err(|refused| tracing::debug!(%refused, "the desk was refused")).is_ok()
    }
}

fn as_declared(consignment: ConsignmentView) -> FoundConsignment {
    let found = |line: ConsignmentLine| {
        let GoodsLine { goods, status, quantity, .. } = line.goods;
        FoundLine { goods, status, quantity, damaged: Quantity::default() }
    };
    FoundConsignment { document: consignment.document, lines: consignment.lines.into_iter().map(found).collect() }
}

/// At the barrier, or behind it; and nothing for an officer to look into first.
fn due(transfer: &TransferView) -> bool {
    let there = transfer.progress_km.is_some_and(|km| km >= transfer.length_km - THERE_KM);
    let clear = transfer.holds.is_empty() && !transfer.custody_held;
    clear && (there || transfer.state != MovementState::InTransit)
}

/// The same at each look.
fn grant_of(transfer: &TransferId) -> String {
    let text = transfer.as_str().as_bytes();
    hex::encode(text.last_chunk::<16>().unwrap_or(&[0; 16]))
}

fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("random numbers: {error}"))?;
    Ok(bytes)
}
