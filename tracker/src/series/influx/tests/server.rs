//! The real servers, each with a folder and ports of its own on this machine.

use super::super::{Api, InfluxConfig, Login};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub(super) const BUCKET: &str = "sealway";

pub(super) fn agent() -> ureq::Agent {
    agent_that_believes(&[])
}

fn agent_that_believes(roots: &[Certificate<'static>]) -> ureq::Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCerts::Specific(Arc::new(roots.to_vec()));
    let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).tls_config(tls);
    config.http_status_as_error(false).build().new_agent()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `None` where the machine has no such program; `tests/run` installs it.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed, and in CI nothing is left out");
        println!("left out: {name} is missing");
    }
    found
}

pub(super) struct Server {
    program: PathBuf,
    arguments: Vec<String>,
    ready: String,
    child: Option<Child>,
    pub(super) url: String,
    agent: ureq::Agent,
    folder: tempfile::TempDir,
}

impl Server {
    /// InfluxDB of Debian. `more`: lines of its `[http]` section.
    pub(super) fn influxd(more: &str) -> Option<Self> {
        Self::influxd_in(tempfile::tempdir().unwrap(), ("http", agent()), more)
    }

    /// With a certificate of its own, which its agent believes.
    pub(super) fn influxd_over_tls() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let pem = folder.path().join("server.pem");
        std::fs::write(&pem, made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
        let agent = agent_that_believes(&[Certificate::from_der(made.cert.der()).to_owned()]);
        Self::influxd_in(folder, ("https", agent), &format!("https-enabled = true\nhttps-certificate = {pem:?}"))
    }

    fn influxd_in(folder: tempfile::TempDir, (scheme, agent): (&str, ureq::Agent), more: &str) -> Option<Self> {
        let program = program("influxd")?;
        let (http, rpc) = (free_port(), free_port());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{rpc}\"\n[meta]\ndir = {:?}\n[data]\ndir = {:?}\nwal-dir = {:?}\n\
             [monitor]\nstore-enabled = false\n[http]\nbind-address = \"127.0.0.1:{http}\"\nlog-enabled = false\n{more}\n",
            path("meta"),
            path("data"),
            path("wal"),
        );
        std::fs::write(folder.path().join("influxdb.conf"), config).unwrap();
        let arguments = vec!["-config".to_owned(), path("influxdb.conf")];
        Some(Self::started((program, arguments), (format!("{scheme}://127.0.0.1:{http}"), "/ping"), agent, folder))
    }

    /// VictoriaMetrics of Debian, which takes InfluxDB's writes.
    pub(super) fn victoria() -> Option<Self> {
        let program = program("victoria-metrics")?;
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let arguments = vec![
            format!("-httpListenAddr=127.0.0.1:{port}"),
            format!("-storageDataPath={}", folder.path().display()),
            "-retentionPeriod=10y".to_owned(),
        ];
        Some(Self::started((program, arguments), (format!("http://127.0.0.1:{port}"), "/health"), agent(), folder))
    }

    fn started(
        (program, arguments): (PathBuf, Vec<String>),
        (url, ready): (String, &str),
        agent: ureq::Agent,
        folder: tempfile::TempDir,
    ) -> Self {
        let mut server = Self { program, arguments, ready: format!("{url}{ready}"), child: None, url, agent, folder };
        server.start();
        server
    }

    pub(super) fn start(&mut self) {
        let log = std::fs::File::create(self.folder().join("log")).unwrap();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.agent.get(&self.ready).call().is_ok_and(|answer| answer.status().is_success()) {
            assert!(
                Instant::now() < deadline,
                "{}: {}",
                self.program.display(),
                std::fs::read_to_string(self.folder().join("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// kill -9.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn config(&self) -> InfluxConfig {
        let bucket = BUCKET.to_owned();
        InfluxConfig { url: self.url.clone(), login: Login::None, org: String::new(), bucket, api: Api::Auto, agent: self.agent.clone() }
    }

    /// As its administrator, without a login.
    pub(super) fn say(&self, text: &str) -> String {
        let mut answer = self.agent.post(format!("{}/query", self.url)).send_form([("q", text), ("db", BUCKET)]).unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    pub(super) fn with_bucket(self) -> Self {
        self.say(&format!("CREATE DATABASE {BUCKET}"));
        self
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
