//! Cargo 货物: the units that are sealed, the papers that they travel under, and what lies in them.
//!
//! One electronic seal closes one unit, so a transfer has one sealed unit; what is inside is a tree of consignments under it: master bills,
//! house bills under them, and the smaller units that they are packed in. Mechanical seals hang beside the electronic one. Quantities are
//! told apart by goods and status: nothing here adds bonded goods to others.

mod consignment;
mod number;
mod paper;
mod unit;
mod view;

pub use consignment::{Consignment, ConsignmentLine, FoundConsignment, FoundLine, Leg, Mode};
pub use number::{ContainerNumber, NotACargoNumber, NumberFault, UldNumber};
pub use paper::{AirWaybill, BillNumber, HouseNumber, TransportDocument};
pub use unit::{CargoUnit, LooseCargo, UnitKind};
pub use view::{CargoView, ConsignmentView, Inherited, InspectionView, LegView, Parted, SplitLine, SplitView, Total};
