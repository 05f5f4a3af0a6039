//! The HTTP API, the live events and the web interface.
