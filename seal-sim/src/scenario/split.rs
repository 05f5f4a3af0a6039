//! A consolidation that is split where its way ends: what was declared of it, and what the operator counts.

use super::deed::Deed;
use super::platform::Platform;
use super::play::{Conduct, Play, Twin};
use sealway_schemas::Time;
use sealway_schemas::cargo::{Consignment, ConsignmentLine, FoundConsignment, FoundLine, TransportDocument};
use sealway_schemas::command::CargoCommand;
use sealway_schemas::ledger::{Conclusion, GoodsLine, GoodsStatus, NotAValue, Quantity};

/// Pieces of two house bills, the second half of them of the other status.
const BONDED: [u64; 2] = [6, 4];
const NON_BONDED: u64 = 5;
/// Taken out under way in the dishonest play, and broken in the honest one.
const GONE: u64 = 3;

impl Play {
    pub(super) fn splits(&self) -> bool {
        self.conduct.deed == Some(Deed::ShortSplit)
    }

    fn is_short(&self) -> bool {
        self.conduct == Conduct { deed: Some(Deed::ShortSplit), twin: Twin::Dishonest }
    }

    /// What the officer concludes of what was counted.
    pub(super) fn conclusion(&self) -> Conclusion {
        if self.is_short() { Conclusion::B1 } else { Conclusion::A1 }
    }

    pub(super) fn declare_cargo(&mut self, at: Time, platform: &mut dyn Platform) {
        let (carrier, transfer) = (self.carrier_desk(), self.transfer.clone());
        if let Ok(consignments) = self.consolidation() {
            self.ask(at, &carrier, CargoCommand::DeclareCargo { transfer, consignments }, platform);
        }
    }

    /// By the operator of the destination, out of the open unit.
    pub(super) fn split(&mut self, at: Time, platform: &mut dyn Platform) {
        self.tally.done_at = Some(at);
        let (operator, transfer, place) = (self.operator.clone(), self.transfer.clone(), self.cast.corridor.to.clone());
        if let (Ok(parent), Ok(found)) = (self.bill(None), self.found()) {
            let note = "counted out of the unit".to_owned();
            self.ask(at, &operator, CargoCommand::SplitCargo { transfer, place, parent: Some(parent), found, note }, platform);
        }
    }

    /// A forwarder's bill of lading, or one of the house bills under it.
    fn bill(&self, house: Option<usize>) -> Result<TransportDocument, NotAValue> {
        let number = self.cast.number;
        let text = house.map_or_else(|| format!("SC{number:06}"), |house| format!("SC{number:06}-H{house}"));
        text.parse().map(TransportDocument::BillOfLading)
    }

    fn consolidation(&self) -> Result<Vec<Consignment>, NotAValue> {
        let line = |status, pieces| {
            let goods = GoodsLine {
                goods: "CHIP-7".parse()?,
                hs: "85423190".parse()?,
                unit: "PCE".parse()?,
                status,
                quantity: whole(pieces),
                weight_kg: whole(2 * pieces),
            };
            Ok(ConsignmentLine { goods, description_zh: "芯片".to_owned(), description_en: "Chips".to_owned() })
        };
        let consignment = |house: Option<usize>, lines: Vec<ConsignmentLine>| {
            let parent = house.map(|_| self.bill(None)).transpose()?;
            Ok(Consignment { document: self.bill(house)?, parent, unit: None, owner: self.carrier.clone(), lines })
        };
        let [first, second] = BONDED;
        let other = || line(GoodsStatus::NonBonded, NON_BONDED);
        Ok(vec![
            consignment(None, vec![line(GoodsStatus::Bonded, first + second)?, other()?])?,
            consignment(Some(1), vec![line(GoodsStatus::Bonded, first)?])?,
            consignment(Some(2), vec![line(GoodsStatus::Bonded, second)?, other()?])?,
        ])
    }

    /// Everything, some of it damaged; or less than was declared.
    fn found(&self) -> Result<Vec<FoundConsignment>, NotAValue> {
        let line =
            |status, pieces, damaged| Ok(FoundLine { goods: "CHIP-7".parse()?, status, quantity: whole(pieces), damaged: whole(damaged) });
        let [first, second] = BONDED;
        let (left, damaged) = if self.is_short() { (second - GONE, 0) } else { (second, GONE) };
        Ok(vec![
            FoundConsignment { document: self.bill(Some(1))?, lines: vec![line(GoodsStatus::Bonded, first, 0)?] },
            FoundConsignment {
                document: self.bill(Some(2))?,
                lines: vec![line(GoodsStatus::Bonded, left, damaged)?, line(GoodsStatus::NonBonded, NON_BONDED, 0)?],
            },
        ])
    }
}

fn whole(pieces: u64) -> Quantity {
    Quantity::from_thousandths(pieces * 1_000)
}
