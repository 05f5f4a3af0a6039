//! How the parameters of a reason are said in a sentence.

use super::{Direction, Plate};
use crate::alert::AlertKind;
use crate::ledger::{GoodsCode, Quantity, Reference};
use crate::movement::{HoldReason, MovementState};
use crate::{AlertId, DeviceId, GateId, PlaceId, Time, TransferId};
use std::fmt::Display;

/// A value within a sentence.
pub(super) trait Said {
    fn zh(&self) -> String;
    fn en(&self) -> String;
}

macro_rules! as_written {
    ($($name:ty),*) => {$(
        impl Said for $name {
            fn zh(&self) -> String {
                self.to_string()
            }

            fn en(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
as_written!(String, u8, u32, u64, Plate, GoodsCode, Quantity, Reference, AlertId, DeviceId, GateId, PlaceId, TransferId);

impl Said for Time {
    fn zh(&self) -> String {
        format!("{} UTC", self.utc())
    }

    fn en(&self) -> String {
        format!("{} UTC", self.utc())
    }
}

impl Said for AlertKind {
    fn zh(&self) -> String {
        AlertKind::zh(*self).to_owned()
    }

    fn en(&self) -> String {
        self.as_str().replace('-', " ")
    }
}

impl<T: Said> Said for Vec<T> {
    fn zh(&self) -> String {
        join(self.iter().map(Said::zh), "或")
    }

    fn en(&self) -> String {
        join(self.iter().map(Said::en), " or ")
    }
}

fn join(parts: impl Iterator<Item = impl Display>, by: &str) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(by)
}

/// The words of an enum in both languages.
macro_rules! words {
    ($name:ident { $($variant:ident $zh:literal $en:literal,)* }) => {
        impl Said for $name {
            fn zh(&self) -> String {
                match self {
                    $(Self::$variant => $zh),*
                }.to_owned()
            }

            fn en(&self) -> String {
                match self {
                    $(Self::$variant => $en),*
                }.to_owned()
            }
        }
    };
}

words!(Direction {
    Inbound "进区" "inbound",
    Outbound "出区" "outbound",
});

words!(MovementState {
    Draft "草拟" "draft",
    Declared "已申报" "declared",
    Accepted "已受理" "accepted",
    Sealed "已施封" "sealed",
    Released "已放行" "released",
    InTransit "在途" "in transit",
    Incident "途中异常" "incident",
    Arrived "已运抵" "arrived",
    HandedOver "已交接" "handed over",
    UnsealingGranted "准予解封" "unsealing granted",
    Unsealed "已解封" "unsealed",
    Verified "核验" "verified",
    WrittenOff "已核销" "written off",
    Cancelled "已撤销" "cancelled",
});

words!(HoldReason {
    Officer "海关布控" "an officer's order",
    UnreleasedDeparture "未放行离场" "departure without a release",
    Contested "交接存疑" "a contested arrival",
    Refused "场所拒收" "the place's refusal",
    LedgerDifference "账单不符" "a difference between the papers",
    PartialCargo "分拨短少" "cargo missing at a split",
    Inspection "待查验" "an inspection",
    Recovery "追缴" "a recovery",
    Unsatisfactory "核验不符" "an unsatisfactory verification",
});
