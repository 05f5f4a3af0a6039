//! The tracker from outside: signed bytes in, what is on disk and what is told out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken assumption has to stop the test, in its support too")]

mod backup;
mod bundles;
mod events;
mod intake;
mod people;
mod rekey;
mod restart;
mod standby;
mod support;
mod tree;
mod verify;
