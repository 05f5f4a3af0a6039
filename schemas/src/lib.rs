//! The contract: what seals say and hear, what people ask, what the platform tells.
