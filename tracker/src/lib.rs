//! The driver and the stores: evidence log, registry, projections.
