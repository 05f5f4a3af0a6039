//! The server's certificate and key, in the files that the configuration names.

use rcgen::{CertificateParams, KeyPair};
use std::path::Path;

/// A self-signed one whose serial number is `serial`'s bytes.
pub(crate) fn write(folder: &Path, serial: &str) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.serial_number = Some(serial.as_bytes().to_vec().into());
    std::fs::write(folder.join("server.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}
