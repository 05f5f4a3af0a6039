//! The words of the page, each in Chinese and English.

use crate::evidence::Verdict;
use sealway_schemas::report::Event;

/// Class, Chinese, English.
pub(super) fn verdict(verdict: Verdict) -> (&'static str, &'static str, &'static str) {
    match verdict {
        Verdict::Genuine => ("genuine", "真实完整", "genuine"),
        Verdict::Incomplete => ("incomplete", "不完整", "incomplete"),
        Verdict::Forged => ("forged", "伪造", "forged"),
    }
}

pub(super) fn meaning(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Genuine => (
            "每份报告都由该关锁的密钥签名，计数连续，每一条目都证实在日志中，此后未被改动。",
            "Every report is signed by a key of this seal, no counter is missing, and every entry is proved to be in the log, unchanged since.",
        ),
        Verdict::Incomplete => (
            "所示内容属实，但结论所依赖的某些内容缺失或有两种说法；缺失之处见理由。没有发现伪造。",
            "What is shown is true, and something that a conclusion rests on is missing or told in two ways; the reasons say what. Nothing was found to be forged.",
        ),
        Verdict::Forged => (
            "至少一处内容并非密钥所签或并非日志所载。任何部分都不应采信。",
            "Something here is not what a key signed or not what the log holds. No part of it should be relied on.",
        ),
    }
}

/// Chinese, English, and what each means in both.
pub(super) const TERMS: [(&str, &str, &str, &str); 5] = [
    (
        "闭锁",
        "closed",
        "锁缆插入、电机锁止、壳体关闭且会话密钥未擦除；开锁时关锁先擦除该密钥，之后的报告不能再以其签名。",
        "Cable in, motor locked, housing shut and the session's key held. A seal erases that key before it opens, so nothing later can be signed by it.",
    ),
    (
        "证实时间窗",
        "proven time window",
        "不早于：报告中写有平台此前公布的日志摘要；不晚于：报告进入日志的时间。不依赖关锁自己的时钟。",
        "Not before: the report names a digest of the log that the platform had published. Not after: when it entered the log. Neither rests on the seal's own clock.",
    ),
    (
        "日志条目",
        "log entry",
        "日志按收到的顺序记录一切，组成 Merkle 树（RFC 6962），每秒由平台签名，可由见证联署；条目不能事后增删或改动而不被发现。",
        "The log holds everything in the order in which it came, as a Merkle tree (RFC 6962) that the platform signs each second and witnesses cosign. No entry can be added, removed or changed later without being found.",
    ),
    (
        "签名",
        "signature",
        "本人密钥：命令由此人的私钥签名。平台见证：平台登记了谁发出命令，没有本人签名。",
        "Own key: the command is signed by this person's private key. Platform: the platform recorded who gave it, without a signature of their own.",
    ),
    (
        "缺失",
        "missing",
        "关锁的计数从不重用；缺少的号码意味着有报告未到达平台或未列入本证据。",
        "A seal never uses a counter twice. A number that is missing is a report that did not reach the platform or is not in this evidence.",
    ),
];

pub(super) fn event(event: Event) -> (&'static str, &'static str) {
    match event {
        Event::Periodic => ("定时", "periodic"),
        Event::Sealed => ("施封", "sealed"),
        Event::OpenedByGrant => ("许可解封", "opened by grant"),
        Event::Opened => ("开锁", "opened"),
        Event::CableCut => ("剪缆", "cable cut"),
        Event::HousingOpened => ("拆壳", "housing opened"),
        Event::MotorStuck => ("电机卡滞", "motor stuck"),
        Event::Shock => ("震动", "shock"),
        Event::Light => ("光照", "light"),
        Event::MountLost => ("脱离", "mount lost"),
        Event::LowBattery => ("低电", "low battery"),
        Event::FixLost => ("失去定位", "fix lost"),
        Event::Jammed => ("干扰", "jammed"),
        Event::ZoneEntered => ("进区", "zone entered"),
        Event::ZoneLeft => ("出区", "zone left"),
        Event::PowerOn => ("上电", "power on"),
        Event::ChallengeAnswer => ("应答", "challenge answer"),
        Event::Gap => ("断链声明", "gap"),
        Event::WrongCredential => ("凭证错误", "wrong credential"),
        Event::SelfTest => ("自检", "self test"),
        Event::Unknown(_) => ("未知", "unknown"),
    }
}

/// Whether a reader's eye should stay on it.
pub(super) fn alarming(event: Event) -> bool {
    match event {
        Event::Opened
        | Event::CableCut
        | Event::HousingOpened
        | Event::MotorStuck
        | Event::Shock
        | Event::Light
        | Event::MountLost
        | Event::Jammed
        | Event::Gap
        | Event::WrongCredential => true,
        Event::Periodic
        | Event::Sealed
        | Event::OpenedByGrant
        | Event::LowBattery
        | Event::FixLost
        | Event::ZoneEntered
        | Event::ZoneLeft
        | Event::PowerOn
        | Event::ChallengeAnswer
        | Event::SelfTest
        | Event::Unknown(_) => false,
    }
}

/// The `type` of a command in Chinese; one that is not here is shown by its type alone.
pub(super) fn command(kind: &str) -> &'static str {
    match kind {
        "register-party" => "登记单位",
        "register-user" => "登记人员",
        "enrol-signing-key" => "登记签名密钥",
        "revoke-signing-key" => "撤销签名密钥",
        "put-place" => "设定场所",
        "put-corridor" => "设定走廊",
        "withdraw-place-version" => "撤回待生效的场所版本",
        "withdraw-corridor-version" => "撤回待生效的走廊版本",
        "enrol-device" => "登记关锁",
        "revoke-device" => "撤销关锁",
        "reset-login" => "重置登录",
        "lift-quarantine" => "解除隔离",
        "draft-transfer" => "草拟转关",
        "submit-transfer" => "提交申报",
        "declare-transfer" => "申报转关",
        "accept-transfer" => "接受申报",
        "hold-transfer" => "布控",
        "lift-hold" => "解除布控",
        "bind-seal" => "绑定关锁",
        "unbind-seal" => "解除绑定",
        "countersign-seal" => "复核施封",
        "release-transfer" => "放行",
        "report-incident" => "报告途中异常",
        "resume-transfer" => "恢复运输",
        "cancel-transfer" => "取消",
        "reply-enquiry" => "答复核查",
        "report-arrival" => "运抵报告",
        "hand-over" => "交接",
        "refuse-transfer" => "拒收",
        "verify-transfer" => "核验",
        "issue-grant" => "签发解封许可",
        "countersign-grant" => "复核解封许可",
        "revoke-grant" => "撤销解封许可",
        "issue-challenge" => "要求应答",
        "record-inspection" => "查验记录",
        "declare-goods" => "申报货物",
        "note-goods" => "核放单货物",
        "write-off-transfer" => "核销",
        "reverse-write-off" => "冲销",
        "declare-periodic" => "集中申报",
        "acknowledge-alert" => "确认告警",
        "assign-alert" => "指派告警",
        "decide-alert" => "处置告警",
        "report-truck" => "车辆位置",
        _ => "命令",
    }
}

/// For people: the two largest units.
pub(super) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}
