//! Mistakes that somebody could make in the product, built into the model around its judge.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// PUBACK when a message came, not when it is durable.
    PubackBeforeCommit,
    /// The signed ack counts what is not durable.
    AckBeforeCommit,
    /// What one disk has is called released.
    OneLevelAck,
    /// A restored platform goes on under its old generation.
    NoGeneration,
    /// Duplicates are known by their signature, and remembered in memory over a crash.
    DedupeBySignature,
    /// A duplicate is written again.
    NoDedupe,
    /// What does not verify is written too.
    KeepForged,
    /// What lies above a hole is acknowledged and thrown away.
    DropAboveHole,
    /// A replay does not see the newest entry.
    ReplayMissesLast,
    /// A torn entry of a crash is kept as if it were whole.
    KeepTorn,
    /// Logins are not written down.
    ForgetLogins,
    /// A report whose clock went back is refused and acknowledged.
    OrderByClock,
    /// The entries of a crash come back in another order.
    ReplayOutOfOrder,
    /// The seal overwrites reports and does not say so.
    HideLosses,
    /// The standby confirms what it has only heard of.
    StandbyBeforeDisk,
    /// The platform takes it upon itself to let a held custody go on.
    HealByItself,
    /// Every party hears everything.
    TellEveryone,
    /// A report that looks wrong is not kept.
    DropFaulty,
}

impl Mutant {
    pub(crate) const ALL: [Mutant; 18] = [
        Mutant::PubackBeforeCommit,
        Mutant::AckBeforeCommit,
        Mutant::OneLevelAck,
        Mutant::NoGeneration,
        Mutant::DedupeBySignature,
        Mutant::NoDedupe,
        Mutant::KeepForged,
        Mutant::DropAboveHole,
        Mutant::ReplayMissesLast,
        Mutant::KeepTorn,
        Mutant::ForgetLogins,
        Mutant::OrderByClock,
        Mutant::ReplayOutOfOrder,
        Mutant::HideLosses,
        Mutant::StandbyBeforeDisk,
        Mutant::HealByItself,
        Mutant::TellEveryone,
        Mutant::DropFaulty,
    ];
}
