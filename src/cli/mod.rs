//! The command line: arguments as typed, requests as meant; one file a
//! command.
//!
//! Exit codes: 0 passed, 1 failed, 2 could not run, 70 internal error.

mod args;
mod command;
mod output;
mod workspace;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::pipeline::document_check::DocumentQuery;
use crate::pipeline::source_scan::ScanProfile;
use crate::system::process;

pub(crate) use args::{ColorMode, GlobalArgs};
pub use output::Output;

/// Passed, or done.
pub const PASSED: u8 = 0;
/// The gate or check failed.
pub const FAILED: u8 = 1;
/// Could not run; nothing was judged.
pub const COULD_NOT_RUN: u8 = 2;

/// Keeps coding work inside its written contract.
///
/// Reads task packets, compares them with what git and the test runner say
/// really happened, and answers pass or fail with an address for every reason.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 passed, 1 failed, 2 could not run, 70 internal error."
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// May work on this packet start?
    PreWork(command::gates::PreWorkArgs),
    /// Is the change what the packet agreed to?
    PostWork(command::gates::PostWorkArgs),
    /// Everything that a validator asks of a packet and its change; nothing is
    /// run
    Audit(command::gates::AuditArgs),
    /// Are the packet's phases in order?
    GateCheck(command::gates::GateCheckArgs),
    /// Check any governance document, or all of them
    Check(command::documents::CheckArgs),
    /// List every packet and stub with its state
    List(command::documents::RepositoryCheckArgs),
    /// Check all governance of the repository: documents, records, working trees
    #[command(alias = "gov-check")]
    GovernanceCheck(command::documents::RepositoryCheckArgs),
    /// Is the task board readable and true?
    TaskBoardCheck(command::documents::RepositoryCheckArgs),
    /// Are the packets in progress claimed?
    TaskPacketClaimCheck(command::documents::RepositoryCheckArgs),
    /// Does the registry map every base id to the packet in force?
    WpActivationTraceabilityCheck(command::documents::RepositoryCheckArgs),
    /// Do packets in progress have branches and working trees of their own?
    WorktreeConcurrencyCheck(command::documents::RepositoryCheckArgs),
    /// Does the pointer name the newest specification?
    SpecCurrentCheck(command::documents::RepositoryCheckArgs),
    /// Has the specification all the headings that it must have?
    ValidatorSpecRegression(command::documents::RepositoryCheckArgs),
    /// Are a packet and its refinement complete?
    ValidatorPacketComplete(command::documents::PacketCompleteArgs),
    /// Is every work packet of a phase validated?
    ValidatorPhaseGate(command::documents::PhaseGateArgs),
    /// Look for forbidden patterns where they mean something
    #[command(visible_aliases = ["validator-scan", "product-scan"])]
    Scan(command::scan::ScanArgs),
    /// Are errors typed, and is nothing left to clock or chance?
    ValidatorErrorCodes(command::scan::ValidatorScanArgs),
    /// Is the database behind its layer, and are migrations whole?
    ValidatorDalAudit(command::scan::ValidatorScanArgs),
    /// Do changed governed files carry what traces need?
    ValidatorTraceability(command::scan::ValidatorScanArgs),
    /// Has every changed source file a test?
    ValidatorCoverageGaps(command::scan::ValidatorScanArgs),
    /// Are artifacts ignored, and none tracked?
    ValidatorGitHygiene(command::scan::ValidatorScanArgs),
    /// All scans together
    ValidatorHygieneFull(command::scan::ValidatorScanArgs),
    /// Have git run scans before a commit or push
    Hook(command::hook::HookArgs),
    /// Print all that was read from a packet or contract, with lines
    Show(command::show::ShowArgs),
    /// Print the COR-701 hashes of a file
    #[command(name = "cor701-sha")]
    Cor701Sha(command::cor701_sha::Cor701ShaArgs),
    /// Compute the COR-701 manifests of a change, and write them into its packet
    Manifest(command::manifest::ManifestArgs),
    /// Run a packet's test plan, and record what came of it
    Evidence(command::evidence::EvidenceArgs),
    /// Set up governance in a repository; nothing is overwritten
    Init(command::init::InitArgs),
    /// Write a new document, with all that can be computed filled in
    New(command::new::NewArgs),
    /// Record a complete refinement in the gate log
    Refine(command::approve::RefineArgs),
    /// Record the operator's signature in refinement, audit and gate log
    Sign(command::approve::SignArgs),
    /// Record who works on a signed packet, on which branch, and where
    Prepare(command::approve::PrepareArgs),
    /// Take a validation report from its presentation to its commit
    ValidatorGate(command::validator_gate::ValidatorGateArgs),
    /// Make the changes that findings say a machine can make
    Fix(command::fix::FixArgs),
    /// Explain a rule
    Explain(command::rules::ExplainArgs),
    /// List all rules
    Rules(command::rules::RulesArgs),
    /// Build a small governed repository and walk through its gates
    Demo(command::demo::DemoArgs),
    /// Do all gates and rules still see a deceit? Tests this very program
    SelfTest(command::self_test::SelfTestArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the program with its arguments and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let wanted = !error.use_stderr();
            let _ = error.print();
            return if wanted { PASSED } else { COULD_NOT_RUN };
        }
    };
    process::install_signal_handling();
    let output = Output::new(&cli.global);
    let done = match &cli.command {
        Command::PreWork(command) => command.run(&cli.global, &output),
        Command::PostWork(command) => command.run(&cli.global, &output),
        Command::Audit(command) => command.run(&cli.global, &output),
        Command::GateCheck(command) => command.run(&cli.global, &output),
        Command::Check(command) => command.run(&cli.global, &output),
        Command::List(command) => command.list(&cli.global, &output),
        Command::GovernanceCheck(command) => command.run(&cli.global, &output, DocumentQuery::Governance),
        Command::TaskBoardCheck(command) => command.run(&cli.global, &output, DocumentQuery::Board),
        Command::TaskPacketClaimCheck(command) => command.run(&cli.global, &output, DocumentQuery::Claims),
        Command::WpActivationTraceabilityCheck(command) => {
            command.run(&cli.global, &output, DocumentQuery::Activation)
        }
        Command::WorktreeConcurrencyCheck(command) => {
            command.run(&cli.global, &output, DocumentQuery::Concurrency)
        }
        Command::SpecCurrentCheck(command) => command.run(&cli.global, &output, DocumentQuery::SpecCurrent),
        Command::ValidatorSpecRegression(command) => {
            command.run(&cli.global, &output, DocumentQuery::SpecRegression)
        }
        Command::ValidatorPacketComplete(command) => command.run(&cli.global, &output),
        Command::ValidatorPhaseGate(command) => command.run(&cli.global, &output),
        Command::Scan(command) => command.run(&cli.global, &output),
        Command::ValidatorErrorCodes(command) => {
            command.run(&cli.global, &output, ScanProfile::error_codes())
        }
        Command::ValidatorDalAudit(command) => command.run(&cli.global, &output, ScanProfile::dal_audit()),
        Command::ValidatorTraceability(command) => {
            command.run(&cli.global, &output, ScanProfile::traceability())
        }
        Command::ValidatorCoverageGaps(command) => {
            command.run(&cli.global, &output, ScanProfile::coverage_gaps())
        }
        Command::ValidatorGitHygiene(command) => {
            command.run(&cli.global, &output, ScanProfile::git_hygiene())
        }
        Command::ValidatorHygieneFull(command) => command.run(&cli.global, &output, ScanProfile::full()),
        Command::Hook(command) => command.run(&cli.global, &output),
        Command::Show(command) => command.run(&cli.global, &output),
        Command::Cor701Sha(command) => command.run(&cli.global, &output),
        Command::Manifest(command) => command.run(&cli.global, &output),
        Command::Init(command) => command.run(&cli.global, &output),
        Command::New(command) => command.run(&cli.global, &output),
        Command::Refine(command) => command.run(&cli.global, &output),
        Command::Sign(command) => command.run(&cli.global, &output),
        Command::Prepare(command) => command.run(&cli.global, &output),
        Command::ValidatorGate(command) => command.run(&cli.global, &output),
        Command::Evidence(command) => command.run(&cli.global, &output),
        Command::Fix(command) => command.run(&cli.global, &output),
        Command::Explain(command) => command.run(&cli.global, &output),
        Command::Rules(command) => command.run(&cli.global, &output),
        Command::Demo(command) => command.run(&output),
        Command::SelfTest(command) => command.run(&cli.global, &output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "countersign", &mut script);
            output.print(&String::from_utf8_lossy(&script)).map(|()| PASSED)
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            output.print_failure(&error);
            COULD_NOT_RUN
        }
    }
}
