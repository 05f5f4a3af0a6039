//! A real `sealway` in a process of its own, and clients that speak to it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod api;
mod certificate;
mod disk;
mod patient;
mod process;
mod pty;
mod receiver;
pub mod shared;
mod tls;

pub use api::{Answer, Api};
pub use certificate::certificate;
pub use disk::SmallDisk;
pub use patient::Patient;
pub use process::{Sealway, free_port, program, run, seal_sim};
pub use pty::{Plug, Socket};
pub use receiver::{Delivery, Receiver};
pub use tls::TlsProxy;
