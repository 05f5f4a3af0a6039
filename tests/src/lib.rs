//! End to end, faults, browser, architecture.
