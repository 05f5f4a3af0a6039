//! End to end, over real sockets, with the real program.

mod access;
mod demo;
mod kill;
mod traces;
mod usage;
