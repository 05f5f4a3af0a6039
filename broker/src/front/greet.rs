//! From accept to CONNACK: TLS, the whole CONNECT within its deadline, who it claims to be, and the tracker's answer.

use super::Shared;
use super::device::{Bounds, DeviceLine};
use super::line::{Line, Wire};
use super::listener::ListenerLine;
use super::mailbox::Farewell;
use super::x509::ClaimedIdentity;
use crate::Refusal;
use crate::claim::{Admitted, ApiTokenText, Claimed, EventScope, Ingress};
use crate::counters::{Origin, add};
use crate::mqtt::connect::Greeting;
use crate::mqtt::{Kind, Version, write};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealway_schemas::DeviceId;
use sealway_schemas::link::SessionId;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// First byte of a tagged COSE_Sign1: CBOR tag 18.
const COSE_SIGN1: u8 = 0xD2;

/// A client that has its CONNACK.
pub(crate) enum Greeted {
    Device(DeviceLine),
    Listener(ListenerLine),
}

/// Why there is no CONNACK, and how far it came.
struct Unwelcome {
    refusal: Refusal,
    device: Option<DeviceId>,
    /// To say so: the line, and the version to say it in.
    tell: Option<(Box<Line>, Version)>,
}

impl Unwelcome {
    fn silent(refusal: Refusal) -> Self {
        Self { refusal, device: None, tell: None }
    }
}

pub(crate) async fn greet<I: Ingress>(
    socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
    peer: SocketAddr,
    shared: &Shared<I>,
) -> Option<Greeted> {
    match attempt(socket, acceptor, peer, shared).await {
        Ok(greeted) => greeted.inspect(|_| shared.state.entrance.door.welcome(peer.ip())),
        Err(unwelcome) => {
            if !unwelcome.refusal.is_ours() {
                shared.state.entrance.door.refused(peer.ip());
            }
            shared.state.counters.refuse(unwelcome.refusal, Origin { peer, device: unwelcome.device });
            if let Some((mut line, version)) = unwelcome.tell {
                write::unwelcome(&mut line.out, version, unwelcome.refusal);
                line.hang_up().await;
            }
            None
        }
    }
}

/// `None` when the client left by itself.
async fn attempt<I: Ingress>(
    socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
    peer: SocketAddr,
    shared: &Shared<I>,
) -> Result<Option<Greeted>, Unwelcome> {
    let limits = &shared.state.limits;
    // Acks are small and wanted at once.
    let _ = socket.set_nodelay(true);
    let received = timeout(limits.connect_deadline, async {
        let (wire, certificate) = handshake(socket, acceptor).await?;
        let mut line = Line::new(wire, peer, limits.write_deadline);
        Ok(match first_packet(&mut line).await {
            Ok(connect) => Some((line, certificate, connect)),
            Err(Farewell::Refused(refusal)) => return Err(refusal),
            Err(_) => None,
        })
    });
    let received = received.await.map_err(|_| Unwelcome::silent(Refusal::ConnectDeadline))?;
    let Some((line, certificate, connect)) = received.map_err(Unwelcome::silent)? else { return Ok(None) };
    let greeting = match Greeting::read(&connect) {
        Ok(greeting) => greeting,
        Err(refused) => {
            let tell = refused.version.map(|version| (Box::new(line), version));
            return Err(Unwelcome { refusal: refused.refusal, device: None, tell });
        }
    };
    admit(line, greeting, certificate, shared).await.map(Some)
}

async fn handshake(socket: TcpStream, acceptor: Option<TlsAcceptor>) -> Result<(Wire, Option<ClaimedIdentity>), Refusal> {
    let Some(acceptor) = acceptor else { return Ok((Wire::Plain(socket), None)) };
    let stream = acceptor.accept(socket).await.map_err(|error| {
        tracing::debug!(%error, "TLS handshake failed");
        Refusal::TlsHandshake
    })?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let identity = certificate.map(|certificate| ClaimedIdentity::read(certificate)).transpose();
    let identity = identity.map_err(|_| Refusal::CertificateMismatch)?;
    Ok((Wire::Tls(Box::new(stream)), identity))
}

async fn first_packet(line: &mut Line) -> Result<bytes::Bytes, Farewell> {
    loop {
        if let Some(frame) = line.inbox.next()? {
            return if frame.kind == Kind::Connect { Ok(frame.body) } else { Err(Refusal::UnexpectedPacket.into()) };
        }
        line.read().await?;
    }
}

async fn admit<I: Ingress>(
    line: Line,
    greeting: Greeting,
    certificate: Option<ClaimedIdentity>,
    shared: &Shared<I>,
) -> Result<Greeted, Unwelcome> {
    let version = greeting.version;
    let Claim { claimed, fault } = match claim(&greeting, certificate) {
        Ok(claim) => claim,
        Err(refusal) => return Err(Unwelcome { refusal, device: None, tell: Some((Box::new(line), version)) }),
    };
    let device = match &claimed {
        Claimed::DeviceLogin { device, .. } | Claimed::DeviceCertificate { device, .. } => Some(*device),
        Claimed::Person { .. } => None,
    };
    if device.is_some_and(|device| shared.state.entrance.door.is_put_off(&device)) {
        return Err(Unwelcome { refusal: Refusal::DeviceRate, device, tell: Some((Box::new(line), version)) });
    }
    let session = shared.state.next_session();
    let answer = timeout(shared.state.limits.admit_deadline, shared.ingress.admit(session, claimed)).await;
    let refusal = match (answer, device) {
        (Err(_), _) => Refusal::AdmitDeadline,
        (Ok(Err(refusal)), _) => refusal.into(),
        (Ok(Ok(Admitted::Device(admitted))), Some(claimed)) if admitted == claimed => {
            let put_off = (!shared.state.entrance.door.enter(admitted)).then_some(Refusal::DeviceRate);
            if let Some(refusal) = put_off.or(fault) {
                shared.ingress.closed(session, &admitted);
                return Err(Unwelcome { refusal, device, tell: Some((Box::new(line), version)) });
            }
            return Ok(Greeted::Device(welcome_device(line, &greeting, session, admitted, shared)));
        }
        (Ok(Ok(Admitted::Listener(scope))), None) => match welcome_listener(line, &greeting, session, scope, shared) {
            Ok(listener) => return Ok(Greeted::Listener(listener)),
            Err(unwelcome) => return Err(unwelcome),
        },
        // The ingress answered for another than was asked.
        (Ok(Ok(Admitted::Device(other))), _) => {
            shared.ingress.closed(session, &other);
            Refusal::NotPermitted
        }
        (Ok(Ok(Admitted::Listener(_))), Some(_)) => Refusal::NotPermitted,
    };
    Err(Unwelcome { refusal, device, tell: Some((Box::new(line), version)) })
}

fn welcome_device<I: Ingress>(mut line: Line, greeting: &Greeting, session: SessionId, device: DeviceId, shared: &Shared<I>) -> DeviceLine {
    let limits = &shared.state.limits;
    let (keep_alive, told) = keep_alive(greeting.keep_alive, limits.keep_alive_max_s);
    let welcome = write::Welcome {
        receive_maximum: limits.in_flight,
        keep_alive: told,
        wildcards: false,
        assigned_client_id: None,
        denies_session: greeting.wants_session,
    };
    write::welcome(&mut line.out, greeting.version, &welcome);
    add(&shared.state.counters.admitted, 1);
    DeviceLine::new(line, greeting, (session, device), Bounds { keep_alive, in_flight: limits.in_flight })
}

fn welcome_listener<I: Ingress>(
    mut line: Line,
    greeting: &Greeting,
    session: SessionId,
    scope: EventScope,
    shared: &Shared<I>,
) -> Result<ListenerLine, Unwelcome> {
    let state = &shared.state;
    let refused = |refusal, line| Unwelcome { refusal, device: None, tell: Some((Box::new(line), greeting.version)) };
    if !state.events.counters().alive {
        return Err(refused(Refusal::EventsDown, line));
    }
    if state.counters.listeners.load(Ordering::Relaxed) >= u64::from(state.limits.listeners) {
        return Err(refused(Refusal::TooManyListeners, line));
    }
    let (keep_alive, told) = keep_alive(greeting.keep_alive, state.limits.keep_alive_max_s);
    let assigned = greeting.client_id.is_empty().then(|| format!("listener-{}", session.0));
    let welcome = write::Welcome {
        receive_maximum: state.limits.in_flight,
        keep_alive: told,
        wildcards: true,
        assigned_client_id: assigned.as_deref(),
        denies_session: greeting.wants_session,
    };
    write::welcome(&mut line.out, greeting.version, &welcome);
    add(&state.counters.admitted, 1);
    let client_id = assigned.unwrap_or_else(|| greeting.client_id.clone());
    Ok(ListenerLine::new(line, greeting, session, scope, client_id, keep_alive))
}

/// The keep-alive in seconds that holds, and whether a client of MQTT 5 has to be told.
fn keep_alive(asked: u16, max: u16) -> (u16, Option<u16>) {
    if asked == 0 || asked > max { (max, Some(max)) } else { (asked, None) }
}

/// Who a client says it is, and what is wrong with how it comes. A device's fault is told once it is known to be that device: its owner
/// shall read of it, and nobody shall write into another's list by a name.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    claimed: Claimed,
    fault: Option<Refusal>,
}

fn claim(greeting: &Greeting, certificate: Option<ClaimedIdentity>) -> Result<Claim, Refusal> {
    let Greeting { client_id, user_name, password, .. } = greeting;
    let will = greeting.has_will.then_some(Refusal::Will);
    if let Some(ClaimedIdentity { device, public_key }) = certificate {
        let same = |text: &str| text == device.as_str();
        let mismatch = !same(client_id) || !user_name.as_deref().is_none_or(same) || password.is_some();
        let fault = mismatch.then_some(Refusal::CertificateMismatch).or(will);
        return Ok(Claim { claimed: Claimed::DeviceCertificate { device, public_key }, fault });
    }
    let (Some(user), Some(password)) = (user_name, password) else { return Err(Refusal::Credentials) };
    let login = URL_SAFE_NO_PAD.decode(password).ok().filter(|login| login.first() == Some(&COSE_SIGN1));
    match (user.parse::<DeviceId>(), login) {
        (Ok(device), Some(login)) => {
            let fault = (user != client_id).then_some(Refusal::ClientId).or(will);
            Ok(Claim { claimed: Claimed::DeviceLogin { device, login }, fault })
        }
        // A login, but not under a device's name.
        (Err(_), Some(_)) => Err(Refusal::ClientId),
        (Ok(_), None) if user == client_id => Err(Refusal::Credentials),
        (_, None) if user.is_empty() || password.is_empty() => Err(Refusal::Credentials),
        (_, None) => match will {
            None => Ok(Claim { claimed: Claimed::Person { user: user.clone(), token: ApiTokenText::new(password.clone()) }, fault: None }),
            Some(will) => Err(will),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealway_schemas::PublicKey;

    fn greeting(client_id: &str, user: Option<&str>, password: Option<&str>) -> Greeting {
        Greeting {
            version: Version::V5,
            client_id: client_id.to_owned(),
            user_name: user.map(str::to_owned),
            password: password.map(str::to_owned),
            keep_alive: 0,
            receive_maximum: 1,
            packet_maximum: 1,
            wants_session: false,
            has_will: false,
        }
    }

    fn sound(claimed: Claimed) -> Result<Claim, Refusal> {
        Ok(Claim { claimed, fault: None })
    }

    #[test]
    fn a_login_counts_only_under_the_devices_own_name() {
        let login = URL_SAFE_NO_PAD.encode([COSE_SIGN1, 0x84]);
        let of = |client_id, user| claim(&greeting(client_id, Some(user), Some(&login)), None);
        let claimed = || Claimed::DeviceLogin { device: "XA-7Q2K".parse().unwrap(), login: vec![COSE_SIGN1, 0x84] };
        assert_eq!(of("XA-7Q2K", "XA-7Q2K"), sound(claimed()));
        assert_eq!(of("XA-7Q2L", "XA-7Q2K"), Ok(Claim { claimed: claimed(), fault: Some(Refusal::ClientId) }));
        assert_eq!(of("lian-yun", "lian-yun"), Err(Refusal::ClientId));
    }

    #[test]
    fn a_token_is_a_persons_and_nothing_is_nobodys() {
        let of = |client_id, user, password| claim(&greeting(client_id, user, password), None);
        let token = ApiTokenText::new("slw_1".to_owned());
        assert_eq!(of("any", Some("lian-yun"), Some("slw_1")), sound(Claimed::Person { user: "lian-yun".to_owned(), token }));
        assert_eq!(of("XA-7Q2K", Some("XA-7Q2K"), Some("no login")), Err(Refusal::Credentials));
        assert_eq!(of("any", Some("lian-yun"), None), Err(Refusal::Credentials));
        assert_eq!(of("any", None, None), Err(Refusal::Credentials));
        assert_eq!(of("any", Some(""), Some("slw_1")), Err(Refusal::Credentials));
        assert_eq!(of("any", Some("lian-yun"), Some("")), Err(Refusal::Credentials));
    }

    #[test]
    fn a_certificate_speaks_for_its_device_alone() {
        let device = "XA-7Q2K".parse().unwrap();
        let public_key = PublicKey::from_bytes([7; 32]);
        let of = |client_id, user, password| {
            let claim = claim(&greeting(client_id, user, password), Some(ClaimedIdentity { device, public_key })).unwrap();
            assert_eq!(claim.claimed, Claimed::DeviceCertificate { device, public_key });
            claim.fault
        };
        assert_eq!(of("XA-7Q2K", None, None), None);
        assert_eq!(of("XA-7Q2K", Some("XA-7Q2K"), None), None);
        assert_eq!(of("XA-7Q2L", None, None), Some(Refusal::CertificateMismatch));
        assert_eq!(of("XA-7Q2K", Some("XA-7Q2L"), None), Some(Refusal::CertificateMismatch));
        assert_eq!(of("XA-7Q2K", Some("XA-7Q2K"), Some("x")), Some(Refusal::CertificateMismatch));
    }

    #[test]
    fn a_will_is_a_fault_of_the_device_that_left_it_and_a_persons_is_not_asked_about() {
        let login = URL_SAFE_NO_PAD.encode([COSE_SIGN1, 0x84]);
        let of = |password| claim(&Greeting { has_will: true, ..greeting("XA-7Q2K", Some("XA-7Q2K"), Some(password)) }, None);
        assert_eq!(of(&login).unwrap().fault, Some(Refusal::Will));
        let person = Greeting { has_will: true, ..greeting("any", Some("lian-yun"), Some("slw_1")) };
        assert_eq!(claim(&person, None), Err(Refusal::Will));
    }

    #[test]
    fn no_client_stays_silent_for_ever() {
        assert_eq!(keep_alive(60, 1_200), (60, None));
        assert_eq!(keep_alive(0, 1_200), (1_200, Some(1_200)));
        assert_eq!(keep_alive(65_535, 1_200), (1_200, Some(1_200)));
    }
}
