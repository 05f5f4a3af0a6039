//! The gateways over real sockets and pseudo terminals, with terminals and readers that were written from the protocols' texts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod crowds;
mod harness;
mod locks;
mod odd;
#[path = "../../../tests/harness/pty.rs"]
#[expect(unreachable_pub, reason = "the tests of the whole house have it too")]
mod pty;
mod readers;
mod receivers;
mod terminals;
mod uart;
