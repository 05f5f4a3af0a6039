//! End to end, over real sockets, with the real program.
