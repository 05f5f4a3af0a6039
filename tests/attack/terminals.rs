//! Terminals of other makers, honest and not, and a stage with the gateways that they speak to.

use crate::honest::{PATIENCE, Speaker, socket};
use crate::stage::{Field, Stage};
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::terminal::{Call, Form, Here, Terminal};
use sealway_tests::Api;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PORTS: &str = "[[gateway.jtt808]]\nname = \"trucks\"\nlisten = \"127.0.0.1:0\"\n\
                     [[gateway.jointech]]\nname = \"locks\"\nlisten = \"127.0.0.1:0\"\n";
/// As often as a terminal may speak in the long run.
const PERIOD: Duration = Duration::from_millis(50);
/// Call signs of one honest terminal each.
const TRUCKS: [&str; 3] = ["13900000001", "13900000002", "13900000003"];
const LOCKS: [&str; 3] = ["7010100001", "7010100002", "7010100003"];

/// Beside the honest seals trucks and locks report, each on its line.
pub(crate) fn stage(serial: &str) -> Stage {
    Stage::beside(&format!("{PORTS}{serial}"), |platform, owner| {
        let [trucks, locks] = ["trucks", "locks"].map(|name| platform.gateway_port(name));
        let truck = |call_sign: &&str| {
            register(owner, "jtt808", call_sign);
            truck(Call::open(trucks, Terminal::new(Form::Of2019, call_sign)).unwrap())
        };
        let lock = |call_sign: &&'static str| {
            register(owner, "jointech", call_sign);
            lock(socket(locks), call_sign)
        };
        TRUCKS.iter().map(truck).chain(LOCKS.iter().map(lock)).collect()
    })
}

pub(crate) fn register(owner: &Api, protocol: &str, call_sign: &str) {
    let terminal = format!("{protocol}-{call_sign}").to_ascii_uppercase();
    let _receipt = owner
        .post(
            "/api/v1/commands",
            &json!({"type": "register-terminal", "terminal": terminal, "owner": "honest-carrier", "protocol": protocol,
                    "call_sign": call_sign, "used_as": "vehicle"}),
        )
        .ok();
}

fn truck(mut call: Call) -> Speaker {
    Speaker::new(PERIOD, move || {
        let location = location(&mut call.terminal);
        call.tell(&location).unwrap();
    })
}

fn location(terminal: &mut Terminal) -> Vec<u8> {
    terminal.location(&Here { t: unix_now(), at: Some((34.341_57, 108.940_175)), speed: 600, heading: 180 }, &[])
}

fn lock(mut line: TcpStream, call_sign: &'static str) -> Speaker {
    let mut numbers = (1..=u16::MAX).cycle();
    Speaker::new(PERIOD, move || unlocked(&mut line, call_sign, numbers.next().unwrap()).unwrap())
}

/// Tells of an unlocking, and waits until the platform has it.
fn unlocked(line: &mut TcpStream, call_sign: &str, number: u16) -> std::io::Result<()> {
    write!(line, "({call_sign},P45,000000,000000,34.341570,N,108.940175,E,A,12.50,90,2,1,0,0,0,{number})")?;
    let expected = format!("(P69,0,{number})");
    let mut answer = vec![0; expected.len()];
    line.read_exact(&mut answer)?;
    assert_eq!(String::from_utf8_lossy(&answer), expected);
    Ok(())
}

/// Whether a truck that comes from the address of this number has a place of its own on disk.
pub(crate) async fn truck_is_heard(field: &Field, trucks: SocketAddr, number: u32, call_sign: &'static str) -> bool {
    comes_in(field, trucks, number, move |line| {
        let mut call = Call::over(line, Terminal::new(Form::Of2013, call_sign)).and_then(Call::introduced)?;
        let location = location(&mut call.terminal);
        call.tell(&location)
    })
    .await
}

/// The same of a lock.
pub(crate) async fn lock_is_heard(field: &Field, locks: SocketAddr, number: u32, call_sign: &'static str) -> bool {
    comes_in(field, locks, number, move |mut line| unlocked(&mut line, call_sign, 1)).await
}

async fn comes_in<E: Send + 'static>(
    field: &Field,
    port: SocketAddr,
    number: u32,
    speak: impl FnOnce(TcpStream) -> Result<(), E> + Send + 'static,
) -> bool {
    let Ok(line) = field.connect(port, number).await.and_then(tokio::net::TcpStream::into_std) else { return false };
    // A terminal blocks; whoever else is on the field goes on beside it.
    line.set_nonblocking(false).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    tokio::task::spawn_blocking(move || speak(line).is_ok()).await.unwrap()
}
