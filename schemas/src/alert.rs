//! Alerts: what was found, how bad it is, and what people made of it. An alert is never deleted; what is learned later is added to it.

use crate::record::Recorded;
use crate::{AlertId, DeviceId, PartyId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Red: breach. Amber: check. Grey: health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Grey,
    Amber,
    Red,
}

/// Each kind once: its name, its form in JSON, its severity and its Chinese words, the same as in the interface.
macro_rules! alert_kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal $severity:ident $zh:literal,)*) => {
        /// What was found. Red needs a signed breach, or two kinds of evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum AlertKind {
            $($(#[$doc])* $name,)*
        }

        impl AlertKind {
            pub const ALL: &'static [AlertKind] = &[$(Self::$name,)*];

            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }

            /// Kebab-case, as in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// As an officer reads it.
            #[must_use]
            pub fn zh(self) -> &'static str {
                match self {
                    $(Self::$name => $zh,)*
                }
            }
        }
    };
}

alert_kinds! {
    OpenedWithoutGrant "opened-without-grant" Red "未授权开启",
    CableCut "cable-cut" Red "锁缆剪断",
    HousingOpened "housing-opened" Red "壳体被打开",
    EpochChanged "epoch-changed" Red "关锁会话变更",
    Deviation "deviation" Amber "偏航",
    Silence "silence" Amber "失联",
    Hole "hole" Amber "断链",
    Equivocation "equivocation" Red "疑似克隆",
    PrevMismatch "prev-mismatch" Red "前序不符",
    /// A report signed by the wrong kind of key or of another epoch, or a `sealed` with a weak or known key.
    WrongKey "wrong-key" Red "密钥不符",
    LowBattery "low-battery" Grey "电量低",
    /// Two fixes further apart than any vehicle goes.
    ImpossibleSpeed "impossible-speed" Amber "速度异常",
    /// A report that a batch let pass and the strict check refused.
    StrictFailed "strict-failed" Red "签名复核失败",
    /// `hello` shows a device counter below what is stored.
    StateLost "state-lost" Grey "计数回退",
    /// There and back faster than any vehicle, both reports live: one key in two hands.
    TwoPlaces "two-places" Red "两地同现",
    /// Back along the corridor.
    WrongDirection "wrong-direction" Amber "逆向行驶",
    /// A later waypoint came before an earlier one.
    WaypointMissed "waypoint-missed" Amber "途经点未按序",
    /// Longer at an allowed stop than it allows.
    Overstay "overstay" Amber "超时停留",
    /// Standing outside every allowed stop.
    StopOutsidePlace "stop-outside-place" Amber "非指定地点停车",
    /// The seal no longer feels the unit that it hangs on.
    MountLost "mount-lost" Amber "脱离安装座",
    /// Truck and seal are no longer in one place.
    TruckDrift "truck-drift" Amber "车锁位置分离",
    /// Mount lost, and truck and seal apart.
    DeviceRemoved "device-removed" Red "关锁被移离载货单元",
    /// No fix while the network is alive, after the satellites faded or by the seal's own word.
    Jamming "jamming" Amber "信号干扰",
    /// One sign that the position is made up.
    SpoofingSuspected "spoofing-suspected" Amber "疑似定位欺骗",
    /// Two kinds of signs that the position is made up.
    Spoofing "spoofing" Red "定位欺骗",
    /// Device time against receive time and the satellites.
    ClockOff "clock-off" Grey "时钟偏差",
    /// Vibration alone is never red.
    ShockStorm "shock-storm" Amber "连续震动",
    /// The unit's inside saw light while the seal says closed.
    LightInside "light-inside" Amber "箱内见光",
    /// Light inside and shocks: two kinds of evidence.
    ForcedEntry "forced-entry" Red "疑似强行开箱",
    /// Somebody tried to open with a credential that is none.
    WrongCredential "wrong-credential" Amber "非法凭证",
    /// The motor stuck, or a flash fault lost reports.
    DeviceFault "device-fault" Grey "设备故障",
    /// A seal without cargo was opened or cut: stolen for its parts, no attack on cargo.
    SealStolen "seal-stolen" Grey "空闲关锁遭拆",
    /// Another unit than the bound one at a gate.
    WrongUnit "wrong-unit" Red "载货单元不符",
    /// Another seal than the bound one at a gate.
    WrongSeal "wrong-seal" Red "关锁不符",
    /// The operator says here, the seal says elsewhere.
    FalseArrival "false-arrival" Red "虚假运抵",
    NoteReused "note-reused" Red "核放单重复使用",
    /// More than one vehicle in one barrier cycle.
    Tailgating "tailgating" Amber "尾随过卡",
    LaneChange "lane-change" Amber "换道避检",
    /// Children do not sum to the parent.
    PartialCargo "partial-cargo" Red "拆箱数量不符",
    /// Left the origin without a release.
    UnreleasedDeparture "unreleased-departure" Red "未放行离场",
    /// Not arrived within the time limit.
    Overdue "overdue" Amber "超期",
    /// Unsealed, and not verified in the time that is given for it.
    ResultsOverdue "results-overdue" Amber "核验结果超期",
    /// Ledger, declaration and release note differ.
    LedgerDifference "ledger-difference" Amber "账单不符",
    /// The carrier reported an incident under way.
    IncidentReported "incident-reported" Amber "途中异常申报",
    /// One device raised so many alerts that they fold into this one.
    AlertStorm "alert-storm" Amber "告警风暴",
}

/// What an officer made of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// 误报
    FalseAlarm,
    /// 设备故障
    DeviceFault,
    /// 途中异常
    Incident,
    /// 涉嫌走私
    SuspectedSmuggling,
}

impl Verdict {
    /// Whether the alert says nothing against the driver.
    #[must_use]
    pub fn clears_the_driver(self) -> bool {
        match self {
            Self::FalseAlarm | Self::DeviceFault => true,
            Self::Incident | Self::SuspectedSmuggling => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    pub verdict: Verdict,
    pub by: UserId,
    pub at: Time,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    pub to: UserId,
    pub by: UserId,
    pub at: Time,
}

/// What an officer wrote beside an alert; it decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertNote {
    pub by: UserId,
    pub at: Time,
    pub text: String,
}

/// What became known of an alert after it was raised; added, never in the place of what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revision {
    pub at: Time,
    pub change: Revised,
    /// Counter of the report that tells it.
    pub ctr: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Revised {
    /// A late report shows that it began earlier.
    DatedBack { from: Time, to: Time },
    /// Seen again so soon after it had cleared that it is the same.
    Reopened { cleared_at: Time },
    /// Decided once more after it was revised.
    DecidedAnew { earlier: Decision },
    /// Late reports prove an honest reason: the seal was closed and on its way all the time.
    Explained,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    pub id: AlertId,
    pub kind: AlertKind,
    pub severity: Severity,
    pub device: DeviceId,
    pub owner: PartyId,
    pub transfer: Option<TransferId>,
    pub opened_at: Time,
    /// By when an officer acknowledges it: the time that its severity is given.
    pub respond_by: Time,
    /// In the device's own time, where a report is the evidence.
    pub happened_at: Time,
    pub cleared_at: Option<Time>,
    pub acknowledged_at: Option<Time>,
    pub acknowledged_by: Option<UserId>,
    #[serde(default)]
    pub assigned: Option<Assignment>,
    #[serde(default)]
    pub decided: Option<Decision>,
    /// How often the same thing was seen while the alert was open.
    pub count: u32,
    /// Counters of the first reports that show it.
    pub evidence: Vec<u64>,
    /// Measured values, the unit in the name: `distance_m`, `battery_percent`.
    pub facts: BTreeMap<String, f64>,
    /// In the order in which they became known.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    #[serde(default)]
    pub notes: Vec<AlertNote>,
}

/// The driver's evidence 免责回执: this alert says nothing against him.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exculpation {
    pub alert: AlertId,
    pub kind: AlertKind,
    pub device: DeviceId,
    pub carrier: PartyId,
    pub transfer: Option<TransferId>,
    pub happened_at: Time,
    pub at: Time,
    pub ground: Ground,
    /// Counters of the signed reports that it rests on; the log has them.
    pub evidence: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// An officer's decision.
    Decided(Decision),
    /// The seal's own signed reports, which came late.
    Proved,
}

impl Recorded for Exculpation {
    const KIND: &'static str = "exculpation";

    fn id(&self) -> String {
        self.alert.to_string()
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_name_that_it_has_in_json() {
        for kind in AlertKind::ALL {
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
    }
}
