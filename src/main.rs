//! The program: reads the command line, composes the rooms, waits, drains. Nothing else lives here.

mod access;
mod backup;
mod bench;
mod cli;
mod config;
mod demo;
mod device;
mod duration;
mod evidence;
mod export;
mod figures;
mod gate;
mod gateways;
mod ingress;
mod logging;
mod network;
mod oidc;
mod outbound;
mod platform;
mod rebuild;
mod rekey;
mod say;
mod serve;
mod standby;
mod verify;
mod webhooks;
mod wire;
mod witness;
mod witnesses;

use clap::Parser as _;
use cli::{BenchCommand, Cli, Command, ConfigCommand, TokenCommand, WireCommand};
use std::process::ExitCode;

/// `EX_USAGE`: the command line or the configuration is wrong.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    match run(Cli::parse_from_or_exit()) {
        Ok(code) => code,
        Err(error) if error.is::<config::Mistakes>() => {
            eprintln!("sealway: {error}");
            ExitCode::from(USAGE)
        }
        Err(error) => {
            eprintln!("sealway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    /// Like `parse`, with the exit code of a wrong command line.
    fn parse_from_or_exit() -> Self {
        Self::try_parse().unwrap_or_else(|error| {
            let code = if error.use_stderr() { i32::from(USAGE) } else { 0 };
            // Nothing is left to do when the terminal is gone.
            drop(error.print());
            std::process::exit(code)
        })
    }
}

/// How the program ends, where a command has more to say than that it worked.
fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let ended: anyhow::Result<()> = match cli.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Config { command: ConfigCommand::Template } => {
            say::say!("{}", config::TEMPLATE.trim_end());
            Ok(())
        }
        Command::Token { command: TokenCommand::New(arguments) } => access::new_token(&arguments),
        Command::Device { command } => device::run(&command),
        Command::Bench { command: BenchCommand::Ingest(arguments) } => bench::ingest(&arguments),
        Command::Bench { command: BenchCommand::Frauds(arguments) } => bench::frauds(&arguments),
        Command::Bench { command: BenchCommand::Gate(arguments) } => bench::gate(&arguments),
        Command::Bench { command: BenchCommand::Evidence(arguments) } => bench::evidence(&arguments),
        Command::Bench { command: BenchCommand::Fill(arguments) } => bench::fill(&arguments),
        Command::Bench { command: BenchCommand::Series(arguments) } => bench::series(&arguments),
        Command::Bench { command: BenchCommand::Front(arguments) } => bench::front(&arguments),
        Command::Bench { command: BenchCommand::Idle(arguments) } => bench::idle(&arguments),
        Command::Bench { command: BenchCommand::Hold(arguments) } => bench::hold(&arguments),
        Command::Bench { command: BenchCommand::Generate(arguments) } => bench::generate(&arguments),
        Command::Wire { command: WireCommand::Check } => Ok(wire::check(std::io::stdin().lock(), std::io::stdout().lock())?),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Standby(arguments) => standby::run(&arguments),
        Command::Rekey { data } => rekey::run(&data),
        Command::Evidence { command } => return evidence::run(&command),
        Command::Export(arguments) => export::run(&arguments),
        Command::Witness(arguments) => witness::run(&arguments),
        Command::Gate(arguments) => gate::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Rebuild { data, series: false, .. } => rebuild::run(&data),
        Command::Rebuild { data, series: true, config } => rebuild::series(&data, config.as_deref()),
    };
    ended.map(|()| ExitCode::SUCCESS)
}
