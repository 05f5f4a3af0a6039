//! What a run of the bench says.

use super::generator::Ready;
use super::platform::{Memory, Used};
use crate::cli::Ingest;
use sealway_seal_sim::load::LoadReport;
use serde::Serialize;
use std::fmt;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    devices: u32,
    connections: u32,
    in_flight: u16,
    seconds: f64,
    /// With PUBACK, so on disk.
    reports_per_s: f64,
    /// Bare batch verification of the same reports on all cores, measured just before.
    verify_per_s: f64,
    ratio_to_verify: f64,
    ack_ms_p50: f64,
    ack_ms_p99: f64,
    cpu_us_per_report: CpuPerReport,
    memory_bytes_per_device: f64,
    accepted: u64,
    refused: u64,
    devices_connected: u64,
    logins_refused: u64,
    connections_lost: u64,
    fsyncs: u64,
    /// Reports that the strict check in the background has yet to see.
    strict_backlog: u64,
    /// The generator ran out of signed reports before the time was over.
    exhausted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_fault: Option<String>,
}

#[derive(Debug, Serialize)]
struct CpuPerReport {
    verify: f64,
    sequence: f64,
    commit: f64,
    strict: f64,
    /// Sockets, MQTT and all else of the platform's process.
    front: f64,
    platform: f64,
}

impl Figures {
    pub(super) fn new(arguments: &Ingest, ready: &Ready, load: &LoadReport, memory: Memory, used: Used) -> Self {
        let stages = used.verify_us + used.sequence_us + used.commit_us + used.strict_us;
        Self {
            devices: arguments.devices,
            connections: arguments.connections,
            in_flight: arguments.in_flight,
            seconds: load.seconds,
            reports_per_s: load.pubacked_per_s,
            verify_per_s: ready.verify_per_s,
            ratio_to_verify: load.pubacked_per_s / ready.verify_per_s,
            ack_ms_p50: load.ack_ms_p50,
            ack_ms_p99: load.ack_ms_p99,
            cpu_us_per_report: CpuPerReport {
                verify: used.verify_us,
                sequence: used.sequence_us,
                commit: used.commit_us,
                strict: used.strict_us,
                front: used.process_us - stages,
                platform: used.process_us,
            },
            memory_bytes_per_device: memory.bytes_per_device,
            accepted: used.accepted,
            refused: used.refused,
            devices_connected: load.devices,
            logins_refused: load.logins_refused,
            connections_lost: load.connections_lost,
            fsyncs: used.fsyncs,
            strict_backlog: used.strict_backlog,
            exhausted: load.exhausted,
            first_fault: load.first_fault.clone(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = &self.cpu_us_per_report;
        writeln!(
            f,
            "{:.0} reports/s on disk, {:.2} of bare batch verification ({:.0}/s)",
            self.reports_per_s, self.ratio_to_verify, self.verify_per_s
        )?;
        writeln!(f, "{} devices, {} connections, {} in flight, {:.1} s", self.devices, self.connections, self.in_flight, self.seconds)?;
        writeln!(f, "ack p50 {:.1} ms, p99 {:.1} ms", self.ack_ms_p50, self.ack_ms_p99)?;
        writeln!(
            f,
            "CPU {:.2} us a report: front {:.2}, verify {:.2}, sequence {:.2}, commit {:.2}, strict {:.2}",
            cpu.platform, cpu.front, cpu.verify, cpu.sequence, cpu.commit, cpu.strict
        )?;
        write!(
            f,
            "memory {:.0} bytes a device; {} refused, {} to be checked strictly",
            self.memory_bytes_per_device, self.refused, self.strict_backlog
        )?;
        if self.exhausted {
            write!(f, "; the generator ran out of reports")?;
        }
        Ok(())
    }
}
