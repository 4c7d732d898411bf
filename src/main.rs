//! The command line of Tiande.
#![allow(clippy::print_stdout)] // What commands answer goes to standard output; logs do not.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use tiande::admin::{self, AdminRequest, DutyTo};
use tiande::config::{Config, Overrides};
use tiande::documents::command::DocumentsCommand;
use tiande::documents::press;
use tiande::intake::send::TipArgs;
use tiande::journal::VerifyOptions;
use tiande::pictures::workshop;
use tiande::procedure::command::ProcedureCommand;
use tiande::proof::command::ProofCommand;
use tiande::{api, import, journal, server, telemetry};
use tiande_core::court::CourtProfile;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Settings that refuse to start (sysexits: configuration).
const EXIT_CONFIG: u8 = 78;
/// Another server works on the data folder or the database (sysexits: try again later).
const EXIT_LOCKED: u8 = 75;
/// The journal failed while the server ran (sysexits: input/output): start it again.
const EXIT_STORAGE: u8 = 74;

/// Real-time command centre of a court's enforcement bureau.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    /// Settings file.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// A demo court with officers who move; this machine only.
        #[arg(long)]
        demo: bool,
        /// Where to listen.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<String>,
    },
    /// Bring the database to this program's version.
    Migrate,
    /// Courts.
    #[command(subcommand)]
    Court(CourtCommand),
    /// Sources of tips.
    #[command(subcommand)]
    Source(SourceCommand),
    /// Machines that report positions of many officers.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Where officers were.
    #[command(subcommand)]
    Track(TrackCommand),
    /// The time that deadlines run by.
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Officers.
    #[command(subcommand)]
    Officer(OfficerCommand),
    /// Handhelds.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// People at desks.
    #[command(subcommand)]
    User(UserCommand),
    /// Cases.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Statutory nodes: check their file, compute their dates.
    #[command(subcommand)]
    Procedure(ProcedureCommand),
    /// Roots over the journal, and receipts: make, print, check.
    #[command(subcommand)]
    Proof(ProofCommand),
    /// Templates of documents: list them, render one.
    #[command(subcommand)]
    Documents(DocumentsCommand),
    /// The journal.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Sign a tip and send it.
    Tip(TipArgs),
    /// Print the description of the HTTP interface.
    Openapi,
}

#[derive(Subcommand)]
enum CourtCommand {
    /// Add a court from its file.
    Add {
        /// The court's file (see config/courts).
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum SourceCommand {
    /// Add a source and print its secret.
    Add {
        /// Court.
        #[arg(long)]
        court: String,
        /// Its emergencies start a dispatch by themselves.
        #[arg(long)]
        trusted: bool,
        /// Name, unique on this server.
        name: String,
    },
    /// Give a source a new secret and print it; the one before is accepted for a while.
    Rotate {
        /// Court.
        #[arg(long)]
        court: String,
        /// Hours for which the secret before is still accepted; 0 when one has become known: all
        /// secrets from before end at once.
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        grace: u64,
        /// Name.
        name: String,
    },
    /// End a source: nothing signed with its secrets is taken any more.
    Revoke {
        /// Court.
        #[arg(long)]
        court: String,
        /// Name.
        name: String,
    },
}

#[derive(Subcommand)]
enum GatewayCommand {
    /// Add a gateway and print its secret.
    Add {
        /// Court.
        #[arg(long)]
        court: String,
        /// Name, unique on this server.
        name: String,
    },
    /// Shut a gateway out.
    Revoke {
        /// Its name.
        name: String,
    },
    /// List all gateways.
    List,
}

#[derive(Subcommand)]
enum TrackCommand {
    /// Make what was kept of an officer in a month unreadable, for ever.
    Forget {
        /// Court.
        #[arg(long)]
        court: String,
        /// The officer's id.
        #[arg(long)]
        officer: String,
        /// The month in UTC, such as 2026-11.
        #[arg(long)]
        month: String,
    },
}

#[derive(Subcommand)]
enum OfficerCommand {
    /// Take officers in from a JSON file: `[{"name", "badge", "skills"}]`; prints their ids.
    Import {
        /// Court.
        #[arg(long)]
        court: String,
        /// The file.
        file: PathBuf,
    },
    /// Order officers on duty by the bureau's roster: those with a tracker and no handheld.
    OnDuty(DutyArgs),
    /// Order officers off duty.
    OffDuty(DutyArgs),
}

#[derive(clap::Args)]
struct DutyArgs {
    /// Court.
    #[arg(long)]
    court: String,
    /// The officers' ids.
    #[arg(required = true)]
    officers: Vec<String>,
}

#[derive(Subcommand)]
enum DeviceCommand {
    /// Print a one-time enrolment code for an officer's handheld.
    Enrol {
        /// Court.
        #[arg(long)]
        court: String,
        /// The officer's name; made when there is none.
        #[arg(long)]
        officer: String,
        /// Badge of a new officer.
        #[arg(long)]
        badge: Option<String>,
        /// Skills of a new officer.
        #[arg(long = "skill")]
        skills: Vec<String>,
    },
    /// Shut a handheld out.
    Revoke {
        /// Its id.
        device: String,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a member of staff.
    Add {
        /// Court.
        #[arg(long)]
        court: String,
        /// Name for signing in.
        #[arg(long)]
        username: String,
        /// Name for people.
        #[arg(long)]
        name: String,
        /// Roles.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// File with the password; else it is read from standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum CaseCommand {
    /// Take cases in from a table (CSV in UTF-8 or GB18030, XLSX) or a JSON file. Every fault is told with its
    /// row, and with one fault nothing is taken in.
    Import {
        /// Court.
        #[arg(long)]
        court: String,
        /// The file.
        file: PathBuf,
    },
    /// Write the whole file of a case with its proof into a folder, for an inspection.
    Export {
        /// The case's number.
        number: String,
        /// Court.
        #[arg(long)]
        court: String,
        /// The folder; empty or not there yet.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum ClockCommand {
    /// Print the time by which each court's deadlines run, and whether the machine's clock is believed.
    Show,
    /// Say that the machine's clock is right: after it has jumped, deadlines run by it again only then.
    Confirm,
}

#[derive(Subcommand)]
enum JournalCommand {
    /// Walk the whole chain and say what is broken.
    Verify {
        /// Signed checkpoints to hold it against; by default those in the data folder.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // Before anything else is read or opened: this process is to own nothing.
    let first = std::env::args_os().nth(1).unwrap_or_default();
    if first == workshop::SUBCOMMAND {
        return tiande::pictures::decode::run();
    }
    if first == press::SUBCOMMAND {
        return tiande::documents::child::run();
    }
    let cli = Cli::parse();
    let listen = match &cli.command {
        Command::Serve { listen, .. } => listen.clone(),
        _ => None,
    };
    let overrides = Overrides { listen, data: cli.data.clone() };
    let config = match Config::load(cli.config.as_deref(), &overrides) {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("{faults}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    match run(cli.command, config) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("tiande: {fault:#}");
            exit_code(&fault)
        }
    }
}

fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    let request = match command {
        Command::Serve { demo, .. } => {
            telemetry::start_logs(&config.log, config.log_json).map_err(anyhow::Error::msg)?;
            telemetry::count_panics();
            tiande::fault::warn_if_ignored();
            let metrics = telemetry::start_metrics().map_err(anyhow::Error::msg)?;
            actix::System::new().block_on(server::run(config, demo, metrics))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Migrate => {
            // Opening the folder migrates it.
            let opened = actix::System::new().block_on(async {
                let opened = server::open(config).await?;
                opened.close().await;
                anyhow::Ok(())
            });
            return opened.map(|()| ExitCode::SUCCESS);
        }
        Command::Openapi => {
            println!("{:#}", api::openapi::document());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Tip(args) => return args.run(),
        Command::Procedure(command) => return command.run(&config),
        Command::Proof(command) => return command.run(&config),
        Command::Documents(command) => return command.run(),
        Command::Journal(JournalCommand::Verify { checkpoint }) => {
            return verify(&config, checkpoint);
        }
        Command::Court(CourtCommand::Add { file }) => {
            let text = read(&file)?;
            let profile: CourtProfile =
                toml::from_str(&text).with_context(|| file.display().to_string())?;
            AdminRequest::CourtAdd { profile: Box::new(profile) }
        }
        Command::Source(SourceCommand::Add { court, trusted, name }) => {
            AdminRequest::SourceAdd { court, name, trusted }
        }
        Command::Source(SourceCommand::Rotate { court, grace, name }) => {
            AdminRequest::SourceRotate { court, name, grace_hours: grace }
        }
        Command::Source(SourceCommand::Revoke { court, name }) => {
            AdminRequest::SourceRevoke { court, name }
        }
        Command::Gateway(GatewayCommand::Add { court, name }) => {
            AdminRequest::GatewayAdd { court, name }
        }
        Command::Gateway(GatewayCommand::Revoke { name }) => AdminRequest::GatewayRevoke { name },
        Command::Gateway(GatewayCommand::List) => AdminRequest::GatewayList {},
        Command::Clock(ClockCommand::Show) => AdminRequest::ClockShow {},
        Command::Clock(ClockCommand::Confirm) => AdminRequest::ClockConfirm {},
        Command::Track(TrackCommand::Forget { court, officer, month }) => {
            AdminRequest::TrackForget { court, officer, month }
        }
        Command::Officer(OfficerCommand::Import { court, file }) => {
            let officers: Value =
                serde_json::from_str(&read(&file)?).with_context(|| file.display().to_string())?;
            let request = json!({"do": "officers_add", "court": court, "officers": officers});
            serde_json::from_value(request).context("officers")?
        }
        Command::Officer(OfficerCommand::OnDuty(DutyArgs { court, officers })) => {
            AdminRequest::OfficersDuty { court, officers, to: DutyTo::OnDuty }
        }
        Command::Officer(OfficerCommand::OffDuty(DutyArgs { court, officers })) => {
            AdminRequest::OfficersDuty { court, officers, to: DutyTo::OffDuty }
        }
        Command::Device(DeviceCommand::Enrol { court, officer, badge, skills }) => {
            AdminRequest::DeviceEnrol { court, officer, badge, skills }
        }
        Command::Device(DeviceCommand::Revoke { device }) => AdminRequest::DeviceRevoke { device },
        Command::User(UserCommand::Add { court, username, name, roles, password_file }) => {
            let password = match password_file {
                Some(file) => read(&file)?,
                None => {
                    let mut text = String::new();
                    std::io::stdin().read_to_string(&mut text).context("reading the password")?;
                    text
                }
            };
            let password = password.trim_end_matches(['\n', '\r']).to_owned();
            AdminRequest::UserAdd { court, username, name, roles, password }
        }
        Command::Case(CaseCommand::Import { court, file }) => {
            let Some(cases) = cases_of(&file)? else { return Ok(ExitCode::FAILURE) };
            serde_json::from_value(json!({"do": "case_import", "court": court, "cases": cases}))
                .context("cases")?
        }
        Command::Case(CaseCommand::Export { number, court, out }) => {
            // The server has another working folder.
            let out = std::path::absolute(&out).with_context(|| out.display().to_string())?;
            AdminRequest::CaseExport { court, number, out }
        }
    };
    match admin::send(&config, request) {
        Ok(done) => {
            println!("{done:#}");
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => anyhow::bail!("{fault}"),
    }
}

/// What a script that starts the server can tell apart.
fn exit_code(fault: &anyhow::Error) -> ExitCode {
    use journal::OpenFault::{Held, Locked};
    if matches!(fault.downcast_ref(), Some(Locked { .. } | Held { .. })) {
        ExitCode::from(EXIT_LOCKED)
    } else if fault.downcast_ref::<server::Failed>().is_some() {
        ExitCode::from(EXIT_STORAGE)
    } else if fault.downcast_ref::<tiande::procedure::RulesFault>().is_some() {
        ExitCode::from(EXIT_CONFIG)
    } else {
        ExitCode::FAILURE
    }
}

fn read(file: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

/// The cases of a file: JSON as it is, a table row by row; `None` when its faults have been told.
fn cases_of(file: &std::path::Path) -> anyhow::Result<Option<Value>> {
    let named = || file.display().to_string();
    if file.extension().is_some_and(|end| end == "json") {
        return serde_json::from_str(&read(file)?).with_context(named).map(Some);
    }
    let bytes = std::fs::read(file).with_context(named)?;
    let table = import::read(&bytes).with_context(named)?;
    match import::cases(&table) {
        Ok(cases) => Ok(Some(Value::Array(cases))),
        Err(faults) => {
            for import::RowFault { row, column, what } in &faults {
                eprintln!("row {row}: {column}: {what}");
            }
            eprintln!("{} faults; nothing was taken in", faults.len());
            Ok(None)
        }
    }
}

fn verify(config: &Config, checkpoint: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let postgres = config.postgres()?;
    let options = VerifyOptions { checkpoint, postgres, ..VerifyOptions::of(&config.data) };
    let report = actix::System::new().block_on(journal::verify(options));
    let report = report.context("verifying the journal")?;
    report.notes.iter().for_each(|note| println!("note: {note}"));
    report.broken.iter().for_each(|broken| println!("{broken}"));
    if report.broken_more > 0 {
        println!("and {} more", report.broken_more);
    }
    println!("{} records, {} signed checkpoints on the chain", report.records, report.checkpoints);
    println!("{} signed day roots over what they say", report.roots);
    if let Some((position, hash)) = report.head {
        println!("head: position {position}, {}", hex::encode(hash));
    }
    println!("{}", if report.is_whole() { "whole" } else { "BROKEN" });
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
