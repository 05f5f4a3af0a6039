//! A certificate and its key, in files that a configuration or a client names.

use rcgen::{CertificateParams, KeyPair};
use std::path::{Path, PathBuf};

/// `NAME.pem` and `NAME.key` for localhost, signed by itself, with the bytes of `serial` as its number.
pub fn certificate(folder: &Path, name: &str, serial: &str) -> (PathBuf, PathBuf) {
    let pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.serial_number = Some(serial.as_bytes().to_vec().into());
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    (certificate, key)
}
