//! Reads the two fields of a device certificate that the contract gives a meaning: the subject's CN and the Ed25519 key.
//! RFC 5280, 4.1; RFC 8410, 4. Nothing else in it is trusted, so nothing else is read.

use sealway_schemas::{DeviceId, PublicKey};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
/// `version`, explicit tag 0.
const VERSION: u8 = 0xA0;
/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 1.3.101.112
const ED25519: &[u8] = &[0x2B, 0x65, 0x70];

/// The device that a certificate claims, and the key whose possession the handshake proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimedIdentity {
    pub(crate) device: DeviceId,
    pub(crate) public_key: PublicKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotADevice {
    #[error("the certificate is no DER of RFC 5280")]
    Der,
    #[error("the certificate's key is not Ed25519")]
    Key,
    #[error("the certificate's subject has not exactly one CN that is a device id")]
    CommonName,
}

impl ClaimedIdentity {
    pub(crate) fn read(certificate: &[u8]) -> Result<Self, NotADevice> {
        let mut outer = Der(certificate);
        let mut tbs = Der(Der(outer.take(SEQUENCE)?).take(SEQUENCE)?);
        if tbs.0.first() == Some(&VERSION) {
            tbs.take(VERSION)?;
        }
        // serial, signature algorithm, issuer, validity
        for _ in 0..4 {
            tbs.any()?;
        }
        let subject = tbs.take(SEQUENCE)?;
        let key = tbs.take(SEQUENCE)?;
        Ok(Self { device: common_name(subject)?, public_key: ed25519(key)? })
    }
}

/// What the front makes of a certificate: for the fuzzer.
#[cfg(fuzzing)]
#[must_use]
pub fn certified(certificate: &[u8]) -> Option<(DeviceId, PublicKey)> {
    ClaimedIdentity::read(certificate).ok().map(|claimed| (claimed.device, claimed.public_key))
}

fn common_name(subject: &[u8]) -> Result<DeviceId, NotADevice> {
    let mut found = None;
    let mut names = Der(subject);
    while !names.0.is_empty() {
        let mut set = Der(names.take(SET)?);
        while !set.0.is_empty() {
            let mut attribute = Der(set.take(SEQUENCE)?);
            if attribute.take(OID)? != COMMON_NAME {
                continue;
            }
            let (_, text) = attribute.any()?;
            let text = std::str::from_utf8(text).map_err(|_| NotADevice::CommonName)?;
            let device = text.parse().map_err(|_| NotADevice::CommonName)?;
            if found.replace(device).is_some() {
                return Err(NotADevice::CommonName);
            }
        }
    }
    found.ok_or(NotADevice::CommonName)
}

fn ed25519(key: &[u8]) -> Result<PublicKey, NotADevice> {
    let mut key = Der(key);
    let mut algorithm = Der(key.take(SEQUENCE)?);
    if algorithm.take(OID)? != ED25519 || !algorithm.0.is_empty() {
        return Err(NotADevice::Key);
    }
    match key.take(BIT_STRING)?.split_first() {
        Some((0, bytes)) => bytes.try_into().map(PublicKey::from_bytes).map_err(|_| NotADevice::Key),
        _ => Err(NotADevice::Key),
    }
}

/// The rest of a run of DER values.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn take(&mut self, tag: u8) -> Result<&'a [u8], NotADevice> {
        let (found, content) = self.any()?;
        if found == tag { Ok(content) } else { Err(NotADevice::Der) }
    }

    fn any(&mut self) -> Result<(u8, &'a [u8]), NotADevice> {
        let (&tag, rest) = self.0.split_first().ok_or(NotADevice::Der)?;
        let (&first, rest) = rest.split_first().ok_or(NotADevice::Der)?;
        let (len, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81 => rest.split_first().map(|(&len, rest)| (usize::from(len), rest)).ok_or(NotADevice::Der)?,
            0x82 => {
                rest.split_first_chunk::<2>().map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest)).ok_or(NotADevice::Der)?
            }
            _ => return Err(NotADevice::Der),
        };
        let (content, rest) = rest.split_at_checked(len).ok_or(NotADevice::Der)?;
        self.0 = rest;
        Ok((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, SignatureAlgorithm};

    fn certificate(names: &[(DnType, &str)], algorithm: &'static SignatureAlgorithm) -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, name) in names {
            params.distinguished_name.push(kind.clone(), *name);
        }
        (params.self_signed(&key).unwrap().der().to_vec(), key)
    }

    #[test]
    fn the_device_and_its_key_are_read_from_a_certificate() {
        let (der, key) = certificate(&[(DnType::OrganizationName, "Works"), (DnType::CommonName, "XA-7Q2K")], &PKCS_ED25519);
        let claimed = ClaimedIdentity::read(&der).unwrap();
        assert_eq!(claimed.device.as_str(), "XA-7Q2K");
        assert_eq!(&claimed.public_key.as_bytes()[..], key.der_bytes());
    }

    #[test]
    fn a_certificate_that_is_not_a_devices_is_refused() {
        for (names, algorithm, expected) in [
            (&[(DnType::CommonName, "XA-7Q2K")][..], &PKCS_ECDSA_P256_SHA256, NotADevice::Key),
            (&[(DnType::CommonName, "someone@example.org")], &PKCS_ED25519, NotADevice::CommonName),
            (&[(DnType::OrganizationName, "XA-7Q2K")], &PKCS_ED25519, NotADevice::CommonName),
        ] {
            assert_eq!(ClaimedIdentity::read(&certificate(names, algorithm).0), Err(expected), "{names:?}");
        }
    }

    #[test]
    fn no_cut_of_a_certificate_is_read() {
        let (der, _) = certificate(&[(DnType::CommonName, "XA-7Q2K")], &PKCS_ED25519);
        for len in 0..der.len() {
            assert_eq!(ClaimedIdentity::read(&der[..len]), Err(NotADevice::Der), "{len}");
        }
    }
}
