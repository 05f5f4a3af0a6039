//! A real `sealway` in a process of its own, and clients that speak to it.
