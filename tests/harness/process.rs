//! Starts the programs that the build made.

use crate::Api;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, mpsc};

/// The program `name` of this build; `SEALWAY_BIN_DIR` names another folder.
#[must_use]
pub fn program(name: &str) -> Command {
    let folder = std::env::var_os("SEALWAY_BIN_DIR").map_or_else(built, PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    Command::new(path)
}

#[must_use]
pub fn seal_sim() -> Command {
    program("seal-sim")
}

fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}

/// Runs `sealway` with these arguments to its end.
#[must_use]
pub fn run(arguments: &[&str]) -> Output {
    program("sealway").args(arguments).output().unwrap()
}

/// A port for a program that must be told one: below those which the machine gives to connections, so that none takes it in between.
#[must_use]
pub fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = std::iter::repeat_with(|| 20_000 + (first + TRIED.fetch_add(1, Ordering::Relaxed)) % 10_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

const LOOPBACK: &str = "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"warn\"\n";

/// A running platform on free loopback ports.
#[derive(Debug)]
pub struct Sealway {
    child: Child,
    pub http: SocketAddr,
    pub mqtt: SocketAddr,
    /// What it says after that.
    further: Mutex<mpsc::Receiver<String>>,
    data: PathBuf,
}

impl Sealway {
    /// Starts `sealway serve` on a data folder and waits until it listens.
    #[must_use]
    pub fn serve(data: &Path) -> Self {
        let config = data.with_extension("toml");
        std::fs::write(&config, LOOPBACK).unwrap();
        Self::serve_by(&config, data)
    }

    /// The same by a configuration file.
    #[must_use]
    pub fn serve_by(config: &Path, data: &Path) -> Self {
        Self::start(program("sealway").args(["serve", "--config"]).arg(config).arg("--data").arg(data), data)
    }

    /// The same with its clock moved: `+40d`, `-40d`. `None` where libfaketime is not there.
    #[must_use]
    pub fn serve_at(data: &Path, moved: &str) -> Option<Self> {
        const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
        if !Path::new(LIBRARY).exists() {
            return None;
        }
        let config = data.with_extension("toml");
        std::fs::write(&config, LOOPBACK).unwrap();
        let mut command = program("sealway");
        command.args(["serve", "--config"]).arg(config).arg("--data").arg(data);
        // Waits go by the clock that never jumps.
        command.env("LD_PRELOAD", LIBRARY).env("FAKETIME", moved).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Some(Self::start(&mut command, data))
    }

    /// The same with calls on a file of the data folder failing as `strace` is told: `fdatasync:error=EIO:when=40`. `None` where it may not.
    #[must_use]
    pub fn serve_failing(data: &Path, file: &str, fault: &str) -> Option<Self> {
        let config = data.with_extension("toml");
        std::fs::write(&config, LOOPBACK).unwrap();
        let may = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
        if !may.is_ok_and(|status| status.success()) {
            return None;
        }
        let call = fault.split(':').next().unwrap();
        let mut command = Command::new("strace");
        // -D: the platform is this process's child, and the tracer its grandchild.
        command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &format!("inject={fault}"), "-P"]);
        command.arg(data.join(file)).arg(program("sealway").get_program());
        Some(Self::start(command.args(["serve", "--config"]).arg(config).arg("--data").arg(data), data))
    }

    /// Waits for an end that nobody asked for.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn start(command: &mut Command, data: &Path) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |name: &str| -> SocketAddr {
            let line = lines.by_ref().map(Result::unwrap).find_map(|line| line.strip_prefix(name).map(str::to_owned));
            line.unwrap_or_else(|| panic!("the platform ended before it said {name:?}")).trim().parse().unwrap()
        };
        let http = address("interface http://");
        let mqtt = address("mqtt ");
        let (say, further) = mpsc::channel();
        // Its output is read to the end, also when nobody asks for it any more.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(say.send(line))));
        Self { child, http, mqtt, further: Mutex::new(further), data: data.to_owned() }
    }

    /// The address of the TLS listener, which the configuration asked for.
    #[must_use]
    pub fn mqtts(&self) -> SocketAddr {
        let further = self.further.lock().unwrap();
        let line = further.iter().next().unwrap();
        let address = line.strip_prefix("mqtts ").unwrap_or_else(|| panic!("{line}: expected mqtts")).trim().parse().unwrap();
        drop(further);
        address
    }

    /// A gateway as the API tells it.
    #[must_use]
    pub fn gateway(&self, name: &str) -> Value {
        let gateways = self.admin().get("/api/v1/gateways").ok();
        gateways["items"].as_array().unwrap().iter().find(|gateway| gateway["name"] == name).unwrap().clone()
    }

    /// Where the TCP gateway of this name listens.
    #[must_use]
    pub fn gateway_port(&self, name: &str) -> SocketAddr {
        self.gateway(name)["at"].as_str().unwrap().parse().unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// SIGHUP.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// The API with the administrator's token of the first start.
    #[must_use]
    pub fn admin(&self) -> Api {
        Api::new(self.http, &std::fs::read_to_string(self.data.join("admin.token")).unwrap())
    }

    /// A new token from the command line, while the platform runs.
    #[must_use]
    pub fn token(&self, role: &str, party: &str) -> String {
        let output =
            program("sealway").args(["token", "new", "--role", role, "--party", party, "--data"]).arg(&self.data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The API as one named person sees it.
    #[must_use]
    pub fn person(&self, user: &str, role: &str, party: &str) -> Api {
        let mut command = program("sealway");
        command.args(["token", "new", "--user", user, "--role", role, "--party", party, "--data"]).arg(&self.data);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Api::new(self.http, String::from_utf8(output.stdout).unwrap().trim())
    }

    #[must_use]
    pub fn api(&self, role: &str, party: &str) -> Api {
        Api::new(self.http, &self.token(role, party))
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and what the program ends with.
    #[must_use]
    pub fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }

    /// Peak resident memory in bytes, from the kernel.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Begins the peak anew, with what is resident now.
    #[must_use]
    pub fn forget_peak(&self) -> u64 {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
        self.memory("VmRSS:")
    }

    fn memory(&self, name: &str) -> u64 {
        let mut text = String::new();
        std::fs::File::open(format!("/proc/{}/status", self.child.id())).unwrap().read_to_string(&mut text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Sealway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
