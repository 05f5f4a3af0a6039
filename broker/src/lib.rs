//! Everything that carries bytes to and from devices: MQTT front and event router.
