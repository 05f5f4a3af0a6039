//! Attacks at the gateways beside MQTT, whose protocols prove no sender.

use crate::stage::{Field, Stage};
use crate::terminals::{self, lock_is_heard, register, truck_is_heard};
use rustix::fs::OFlags;
use sealway_seal_sim::chance::Chance;
use sealway_seal_sim::reader::Frame;
use sealway_seal_sim::terminal::{Form, Terminal};
use sealway_tests::{Plug, Socket};
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Addresses that an attacker commands.
const ADDRESSES: u32 = 40;
const AGAIN: Duration = Duration::from_millis(200);
/// Where who is attacked comes from.
const ELSEWHERE: u32 = 10_000;
const TRUCK: &str = "13912345678";
const LOCK: &str = "7010100014";

/// What a gateway counted of this; what it never counted it leaves out.
fn counted(stage: &Stage, gateway: &str, what: &str) -> u64 {
    stage.platform.gateway(gateway)["counts"][what].as_u64().unwrap_or_default()
}

/// The ports of trucks and of locks, with a truck and a lock that have not come yet.
fn ports(stage: &Stage) -> [SocketAddr; 2] {
    register(&stage.owner, "jtt808", TRUCK);
    register(&stage.owner, "jointech", LOCK);
    ["trucks", "locks"].map(|name| stage.platform.gateway_port(name))
}

/// Both come in, in the patience that they have.
async fn come_in(field: &Field, [trucks, locks]: [SocketAddr; 2]) {
    while !truck_is_heard(field, trucks, ELSEWHERE, TRUCK).await {
        field.count("had to come again");
        tokio::time::sleep(AGAIN).await;
    }
    field.count("let in beside them");
    while !lock_is_heard(field, locks, ELSEWHERE + 1, LOCK).await {
        field.count("had to come again");
        tokio::time::sleep(AGAIN).await;
    }
    field.count("let in beside them");
}

#[test]
fn three_thousand_silent_lines_keep_no_truck_and_no_lock_out() {
    const LINES: u32 = 3_000;
    // More at once would measure how slow a debug build accepts.
    const AT_ONCE: u32 = 25;
    const PAUSE: Duration = Duration::from_millis(10);
    let stage = terminals::stage("");
    let ports = ports(&stage);
    let counts = stage.under("3,000 silent lines", async |field: Field| {
        let mut held = Vec::new();
        for number in 0..LINES {
            if number % AT_ONCE == 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let to = ports[usize::from(number % 2 == 1)];
            let Ok(mut line) = field.connect(to, number % ADDRESSES).await else { continue };
            // Some say half a word.
            if number % 4 < 2 {
                let _closed_before = line.write_all(&[[0x7E, 0x01], *b"(7"][usize::from(number % 2 == 1)]).await;
            }
            field.count("half-open");
            held.push(line);
        }
        come_in(&field, ports).await;
        // Their ends belong to the attack, and not to the calm after it.
        while !held.is_empty() {
            held.truncate(held.len().saturating_sub(AT_ONCE as usize));
            tokio::time::sleep(PAUSE).await;
        }
        field.wait_for_the_end().await;
    });
    assert_eq!((counts["half-open"], counts["let in beside them"]), (u64::from(LINES), 2));
    assert!(counts.get("had to come again").is_none_or(|times| *times < 25), "{counts:?}");
    for gateway in ["trucks", "locks"] {
        let closed = counted(&stage, gateway, "half-open") + counted(&stage, gateway, "connect-rate");
        assert!(closed > 400, "{gateway}: of {} that came {closed} gave way", LINES / 2);
    }
    stage.close();
}

/// Says this from the address of a number. `None` where the platform closes instead of answering.
async fn answered(field: &Field, to: SocketAddr, number: u32, words: &[u8]) -> Option<TcpStream> {
    let mut line = field.connect(to, number).await.ok()?;
    line.write_all(words).await.ok()?;
    line.read_u8().await.ok()?;
    Some(line)
}

#[test]
fn one_call_sign_on_many_lines_is_put_off_and_whose_it_is_comes_in() {
    let stage = terminals::stage("");
    let ports = ports(&stage);
    // Whoever knows a number needs no more than that to be taken for its terminal.
    let words = [Terminal::new(Form::Of2013, TRUCK).register(), format!("({LOCK},P22)").into_bytes()];
    let counts = stage.under("one call sign on many lines", async |field: Field| {
        let storm = |number: u32| {
            let (field, to, words) = (field.clone(), ports[usize::from(number % 2 == 1)], words[usize::from(number % 2 == 1)].clone());
            tokio::spawn(async move {
                let mut held = Vec::new();
                while field.goes_on() {
                    match answered(&field, to, number / 2, &words).await {
                        Some(line) => {
                            field.count("taken over");
                            held.push(line);
                        }
                        None => field.count("put off"),
                    }
                }
            })
        };
        let storms: Vec<_> = (0..16).map(storm).collect();
        come_in(&field, ports).await;
        for storm in storms {
            storm.await.unwrap();
        }
    });
    // Eight addresses at each port, with the turns of a terminal each.
    assert!(counts["taken over"] < 16 * 40 && counts["put off"] > 100, "{counts:?}");
    assert_eq!(counts["let in beside them"], 2);
    for gateway in ["trucks", "locks"] {
        let figures = ["taken-over", "connect-rate"].map(|what| counted(&stage, gateway, what));
        assert!(figures.iter().all(|figure| *figure > 50), "{gateway}: {figures:?}");
    }
    stage.close();
}

/// As much of it as the line takes at once.
fn say(line: &Plug, bytes: &[u8]) -> usize {
    (&line.device).write(bytes).unwrap_or_default()
}

/// As fast as lines of 921,600 bit/s bring it; serial lines are no faster.
async fn noise(field: &Field, lines: &[Plug]) {
    const PIECE: Duration = Duration::from_millis(10);
    const BYTES: usize = 921;
    let mut chance = Chance::named(7, "noise");
    let mut due = Instant::now();
    while field.goes_on() {
        let bytes: Vec<u8> = std::iter::repeat_with(|| chance.number().to_be_bytes()).flatten().take(BYTES).collect();
        field.count_all("bytes", lines.iter().map(|line| say(line, &bytes)).sum());
        due += PIECE;
        tokio::time::sleep_until(due.into()).await;
    }
}

fn place() -> Vec<u8> {
    let content = "GNRMC,083001.00,A,3420.4942,N,10856.4105,E,0.0,90.0,010926,,,A";
    format!("\r\n${content}*{:02X}\r\n", content.bytes().fold(0, |sum, byte| sum ^ byte)).into_bytes()
}

#[test]
fn noise_on_serial_lines_slows_nobody_and_what_is_said_after_it_is_read() {
    let sockets = [Socket::default(), Socket::default()];
    let lines = sockets.each_ref().map(Socket::plug);
    // A line that is not read takes no more, instead of holding the attacker up.
    lines.iter().for_each(|line| rustix::fs::fcntl_setfl(&line.device, OFlags::RDWR | OFlags::NONBLOCK).unwrap());
    let [gps, reader] = sockets.each_ref().map(Socket::path);
    let stage = terminals::stage(&format!(
        "[[gateway.serial]]\nname = \"gps\"\nkind = \"nmea\"\nport = {gps:?}\nevery = \"0s\"\n\
         [[gateway.serial]]\nname = \"reader\"\nkind = \"reader\"\nport = {reader:?}\n"
    ));
    register(&stage.owner, "nmea", "gps");
    let call = Frame::new(1, 0, &"NOBODY-1".parse().unwrap(), b"login").encode();
    let counts = stage.under("noise on serial lines", async |field: Field| {
        noise(&field, &lines).await;
        for (name, line, what, words) in [("gps", &lines[0], "kept", place()), ("reader", &lines[1], "stranger", call.clone())] {
            let before = counted(&stage, name, what);
            while counted(&stage, name, what) == before {
                say(line, &words);
                tokio::time::sleep(AGAIN).await;
            }
            field.count("heard after it");
        }
    });
    assert!(counts["bytes"] > 200_000 && counts["heard after it"] == 2, "{counts:?}");
    assert!(counted(&stage, "gps", "too-long") + counted(&stage, "gps", "garbage") > 100);
    assert!(counted(&stage, "reader", "garbage") > 100);
    assert_eq!(["gps", "reader"].map(|name| counted(&stage, name, "lost")), [0, 0]);
    stage.close();
}
