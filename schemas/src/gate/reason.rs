//! Why a gate holds a truck: each reason with its stable code, its parameters, and one plain sentence in each language.

use super::sentence::Said;
use super::{Direction, Plate};
use crate::alert::AlertKind;
use crate::ledger::{GoodsCode, Quantity, Reference};
use crate::movement::{HoldReason, MovementState};
use crate::{AlertId, DeviceId, GateId, PlaceId, Time, TransferId};
use serde::{Deserialize, Serialize};

/// Each reason once: its code, its parameters, its sentences.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal { $($field:ident: $kind:ty),* } $zh:literal $en:literal;)*) => {
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Reason {
            $($(#[$doc])* $name { $($field: $kind),* },)*
        }

        impl Reason {
            /// Every code.
            pub const CODES: &'static [&'static str] = &[$($code),*];

            /// Stable, kebab-case.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code),*
                }
            }

            /// 一句话说明
            #[must_use]
            pub fn zh(&self) -> String {
                match self {
                    $(Self::$name { $($field),* } => {
                        $(let $field = $field.zh();)*
                        format!($zh)
                    }),*
                }
            }

            /// One plain sentence.
            #[must_use]
            pub fn en(&self) -> String {
                match self {
                    $(Self::$name { $($field),* } => {
                        $(let $field = $field.en();)*
                        format!($en)
                    }),*
                }
            }
        }
    };
}

reasons! {
    /// A gate that is alone may not decide longer by what it carries.
    SnapshotExpired "snapshot-expired" { until: Time }
        "本卡口离线数据已于 {until} 失效，请等待网络恢复或由关员处理。"
        "What this gate knows without the platform expired at {until}; wait for the network or an officer.";
    /// What the lane's loops count.
    Tailgating "tailgating" { vehicles: u8 }
        "车道内检测到 {vehicles} 辆车，每次抬杆只允许一辆车通过。"
        "{vehicles} vehicles stand in the lane; one passes at a time.";
    LaneChanged "lane-changed" { gate: GateId, lane: u8, at: Time }
        "该车于 {at} 在卡口 {gate} 第 {lane} 车道被拦截，请返回该车道。"
        "This truck was held at gate {gate}, lane {lane}, at {at}; it has to go back there.";
    NoVehicle "no-vehicle" {}
        "未识别到车牌，也未出示通行卡。"
        "No plate was read and no pass card was shown.";
    CardForged "card-forged" {}
        "通行卡无法验证，不是本平台签发的内容。"
        "The pass card cannot be verified: this platform did not issue what it says.";
    CardRevoked "card-revoked" { card: Reference }
        "通行卡 {card} 已被吊销。"
        "Pass card {card} was revoked.";
    CardOutOfTime "card-out-of-time" { card: Reference, not_before: Time, not_after: Time }
        "通行卡 {card} 不在有效期内（{not_before} 至 {not_after}）。"
        "Pass card {card} is good from {not_before} to {not_after}, not now.";
    CardOtherTruck "card-other-truck" { card: Reference, truck: Plate, seen: Plate }
        "通行卡 {card} 属于车辆 {truck}，识别车牌为 {seen}。"
        "Pass card {card} belongs to truck {truck}, the plate says {seen}.";
    CardOtherGoods "card-other-goods" { card: Reference, goods: GoodsCode }
        "通行卡 {card} 未包含货物 {goods} 或数量超限。"
        "Pass card {card} does not cover goods {goods} in this quantity.";
    NoteMissing "note-missing" {}
        "未提供核放单，且无法为该车确定唯一的有效核放单。"
        "No release note was shown, and the truck has not exactly one that fits this gate.";
    NoteUnknown "note-unknown" { note: Reference }
        "核放单 {note} 不存在。"
        "Release note {note} does not exist.";
    NoteRevoked "note-revoked" { note: Reference }
        "核放单 {note} 已作废。"
        "Release note {note} was revoked.";
    NoteExpired "note-expired" { note: Reference, not_after: Time }
        "核放单 {note} 已于 {not_after} 过期。"
        "Release note {note} expired at {not_after}.";
    NoteReused "note-reused" { note: Reference, gate: GateId, at: Time }
        "核放单 {note} 已于 {at} 在卡口 {gate} 使用过。"
        "Release note {note} was used before, at gate {gate} at {at}.";
    NoteOtherTruck "note-other-truck" { note: Reference, truck: Plate, seen: Plate }
        "核放单 {note} 对应车辆 {truck}，实际车辆为 {seen}。"
        "Release note {note} is for truck {truck}, this one is {seen}.";
    NoteOtherUnit "note-other-unit" { note: Reference, unit: String, expected: String }
        "核放单 {note} 上的箱号 {unit} 与转关单的 {expected} 不一致。"
        "Release note {note} names unit {unit}, its transfer carries {expected}.";
    NoteOtherDirection "note-other-direction" { note: Reference, direction: Direction }
        "核放单 {note} 仅限{direction}使用。"
        "Release note {note} is for {direction} passage only.";
    NoteOtherPlace "note-other-place" { note: Reference, place: PlaceId }
        "核放单 {note} 属于场所 {place}。"
        "Release note {note} is for place {place}.";
    NoteOtherGate "note-other-gate" { note: Reference, gate: GateId }
        "核放单 {note} 仅限卡口 {gate} 使用。"
        "Release note {note} is for gate {gate} only.";
    UnitMissing "unit-missing" {}
        "未识别到箱号，请人工录入。"
        "No unit number was read; type it in.";
    /// A camera's misreading accuses nobody.
    UnitUnreadable "unit-unreadable" { seen: String }
        "箱号识别结果 {seen} 校验位错误，请人工录入。"
        "The camera read {seen}, whose check digit is wrong; type the number in.";
    WrongUnit "wrong-unit" { expected: String, seen: String }
        "箱号不符：应为 {expected}，实际为 {seen}。"
        "Wrong unit: {expected} is expected, {seen} is here.";
    TransferState "transfer-state" { transfer: TransferId, state: MovementState, expected: Vec<MovementState> }
        "转关单 {transfer} 当前状态为{state}，此处要求{expected}。"
        "Transfer {transfer} is {state}; here it has to be {expected}.";
    TransferHeld "transfer-held" { transfer: TransferId, hold: HoldReason }
        "转关单 {transfer} 被拦截：{hold}。"
        "Transfer {transfer} is held by {hold}.";
    CustodyHole "custody-hole" { transfer: TransferId, seal: DeviceId }
        "关锁 {seal} 的记录存在断链，转关单 {transfer} 需关员处理。"
        "The reports of seal {seal} have a hole; an officer has to look at transfer {transfer}.";
    RedAlert "red-alert" { transfer: TransferId, alert: AlertId, kind: AlertKind }
        "转关单 {transfer} 有未处理的红色警报 {alert}（{kind}）。"
        "Transfer {transfer} has the unresolved red alert {alert}, {kind}.";
    GoodsUndeclared "goods-undeclared" { transfer: TransferId }
        "转关单 {transfer} 的货物未申报或未列入核放单，二线卡口不予放行。"
        "The goods of transfer {transfer} are not declared or not on a release note; a hinterland gate needs both.";
    GoodsDiffer "goods-differ" { transfer: TransferId }
        "转关单 {transfer} 的底账、申报单与核放单不一致。"
        "Ledger, declaration and release note of transfer {transfer} differ.";
    SealUnbound "seal-unbound" { seal: DeviceId, unit: String }
        "关锁 {seal} 未绑定到箱 {unit}。"
        "Seal {seal} is not bound to unit {unit}.";
    WrongSeal "wrong-seal" { expected: DeviceId, seen: DeviceId }
        "关锁不符：应为 {expected}，实际为 {seen}。"
        "Wrong seal: {expected} is expected, {seen} is here.";
    SealSilent "seal-silent" { seal: DeviceId }
        "关锁 {seal} 未在规定时间内应答，请重新质询。"
        "Seal {seal} has not answered a challenge just now; ask it again.";
    SealOpen "seal-open" { seal: DeviceId }
        "关锁 {seal} 应答为未锁闭状态。"
        "Seal {seal} answers that it is not closed.";
    SealOtherEpoch "seal-other-epoch" { seal: DeviceId, epoch: u64, expected: u64 }
        "关锁 {seal} 的会话为 {epoch}，应为 {expected}：途中曾重新施封。"
        "Seal {seal} answers in epoch {epoch} instead of {expected}: it was closed anew on the way.";
    SealElsewhere "seal-elsewhere" { seal: DeviceId, metres: u32 }
        "关锁 {seal} 报告的位置在本场所之外 {metres} 米。"
        "Seal {seal} answers from {metres} m outside this place.";
    WeightMissing "weight-missing" {}
        "未取得地磅重量。"
        "The weighbridge gave no weight.";
    WeightOff "weight-off" { measured: Quantity, declared: Quantity, permille: u32 }
        "实测重量 {measured} 千克，申报 {declared} 千克，超出千分之 {permille} 的允许误差。"
        "The weighbridge says {measured} kg, {declared} kg are declared, more than {permille} per thousand apart.";
    Inspection "inspection" { truck: Plate, until: Time }
        "车辆 {truck} 被随机抽中查验，{until} 前在所有卡口有效。"
        "Truck {truck} was drawn for inspection; this counts at every gate until {until}.";
}

impl Reason {
    /// Whether it was true before the truck came and stays true: what a gate that was alone may not have known, and the platform did.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        match self {
            Self::NoteRevoked { .. }
            | Self::NoteReused { .. }
            | Self::CardRevoked { .. }
            | Self::TransferState { .. }
            | Self::TransferHeld { .. }
            | Self::CustodyHole { .. }
            | Self::RedAlert { .. }
            | Self::GoodsDiffer { .. }
            | Self::SealUnbound { .. }
            | Self::Inspection { .. } => true,
            Self::SnapshotExpired { .. }
            | Self::Tailgating { .. }
            | Self::LaneChanged { .. }
            | Self::NoVehicle {}
            | Self::CardForged {}
            | Self::CardOutOfTime { .. }
            | Self::CardOtherTruck { .. }
            | Self::CardOtherGoods { .. }
            | Self::NoteMissing {}
            | Self::NoteUnknown { .. }
            | Self::NoteExpired { .. }
            | Self::NoteOtherTruck { .. }
            | Self::NoteOtherUnit { .. }
            | Self::NoteOtherDirection { .. }
            | Self::NoteOtherPlace { .. }
            | Self::NoteOtherGate { .. }
            | Self::UnitMissing {}
            | Self::UnitUnreadable { .. }
            | Self::WrongUnit { .. }
            | Self::GoodsUndeclared { .. }
            | Self::WrongSeal { .. }
            | Self::SealSilent { .. }
            | Self::SealOpen { .. }
            | Self::SealOtherEpoch { .. }
            | Self::SealElsewhere { .. }
            | Self::WeightMissing {}
            | Self::WeightOff { .. } => false,
        }
    }
}
