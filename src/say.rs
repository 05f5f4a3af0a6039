//! A line on standard output. A reader that has seen enough, as `head` has, ends the program in peace: `println!` would end it in a panic.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// Like `println!`.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(format_args!($($part)*)) };
}
pub(crate) use say;

pub(crate) fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        // Where nothing can be said, nothing can be said about it.
        _ => {}
    }
}
