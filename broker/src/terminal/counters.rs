//! What a gateway counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What is counted of a gateway: the word is the metric's label and the key in the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Count { $($(#[$doc])* $name),* }

        impl Count {
            pub const ALL: &'static [Count] = &[$(Count::$name),*];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Count::$name => $word),* }
            }
        }
    };
}

counts! {
    /// Connections accepted, or times that a port was opened.
    Opened = "opened";
    /// Frames on disk.
    Kept = "kept";
    /// Messages of a protocol that tell nothing to keep.
    Answered = "answered";
    /// Messages of seals that a reader passed on.
    Passed = "passed";
    /// A terminal or a seal that nobody knows.
    Stranger = "stranger";
    /// Another terminal spoke on a line.
    OtherTerminal = "other-terminal";
    Garbage = "garbage";
    TooLong = "too-long";
    Checksum = "checksum";
    Malformed = "malformed";
    Unsupported = "unsupported";
    Authentication = "authentication";
    /// Silent for too long.
    Idle = "idle";
    /// Did not read what was sent to it.
    SlowReader = "slow-reader";
    TooManyConnections = "too-many-connections";
    /// Another needed its place before it had said who it is.
    HalfOpen = "half-open";
    /// An address, all strangers, or a terminal or seal came too often.
    ConnectRate = "connect-rate";
    /// A newer line of the same terminal came.
    TakenOver = "taken-over";
    /// A terminal said more than it may; left unanswered, and it sends it again.
    Rate = "rate";
    /// Too much is being put together of parts; left unanswered, and it is sent again.
    PartsFull = "parts-full";
    /// Message after message of a seal behind a reader came to nothing.
    InVain = "in-vain";
    /// Times that a port was lost, and times that it could not be opened.
    Lost = "lost";
    Absent = "absent";
    /// Epochs of a receiver without a fix.
    NoFix = "no-fix";
    /// Left unanswered, because too much waits; it is sent again.
    Busy = "busy";
    /// Messages to seals by a reader.
    Downs = "downs";
}

/// A gateway's figures; they go up for the life of the process.
#[derive(Debug)]
pub struct Gauges(Vec<AtomicU64>);

impl Default for Gauges {
    fn default() -> Self {
        Self(Count::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Gauges {
    pub(crate) fn add(&self, count: Count, by: u64) {
        if let Some(cell) = self.0.get(count as usize) {
            cell.fetch_add(by, Relaxed);
        }
    }

    pub(crate) fn one(&self, count: Count) {
        self.add(count, 1);
    }

    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.0.get(count as usize).map_or(0, |cell| cell.load(Relaxed))
    }

    /// Every count, also those that are 0.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Count::ALL.iter().map(|count| (count.as_str(), self.get(*count)))
    }
}
