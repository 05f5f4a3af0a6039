//! The judge, pure and synchronous: decode, verify, order, locate, judge.
