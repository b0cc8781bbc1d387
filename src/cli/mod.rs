//! The command line: arguments as typed, requests as meant; one file a
//! command.
//!
//! Exit codes: 0 passed, 1 failed, 2 could not run, 70 internal error.

mod cor701;
mod demo;
mod desk;
mod documents;
mod evidence;
mod fix;
mod gates;
mod hook;
mod manifest;
mod output;
mod place;
mod rules;
mod scan;
mod self_test;
mod show;
mod workflow;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::gate::survey::DocumentQuery;
use crate::gate::sweep::ScanProfile;
use crate::render::Format;
use crate::system::process;

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

#[derive(Debug, Clone, Args)]
struct GlobalArgs {
    /// Run as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
    /// Output format; the exit code does not depend on it
    #[arg(long, value_enum, default_value = "human", hide_default_value = true, global = true)]
    format: Format,
    /// Write the report to a file, too: FORMAT=FILE, or FILE with a telling
    /// ending (`.sarif`, `.json`, `.xml` for a test report, `.md`, `.txt`). May be given several
    /// times
    #[arg(long, value_name = "[FORMAT=]FILE", global = true)]
    output: Vec<String>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Colour::Auto, global = true)]
    color: Colour,
    /// Print failures only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// List every check with its outcome
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Use this configuration instead of the repository's countersign.yaml
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()).help(self.about()))
    }
}

impl GlobalArgs {
    /// Whether JSON is wanted, for answers that are no report.
    fn is_json(&self) -> anyhow::Result<bool> {
        if !self.output.is_empty() {
            anyhow::bail!("--output is for reports; this answer is printed");
        }
        match self.format {
            Format::Human => Ok(false),
            Format::Json => Ok(true),
            other => anyhow::bail!(
                "this answer is no report: it has no format `{}`, only human and json",
                other.as_str()
            ),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// May work on this packet start?
    PreWork(gates::PreWorkArgs),
    /// Is the change what the packet agreed to?
    PostWork(gates::PostWorkArgs),
    /// Everything that a validator asks of a packet and its change; nothing is
    /// run
    Audit(gates::AuditArgs),
    /// Are the packet's phases in order?
    GateCheck(gates::GateCheckArgs),
    /// Check any governance document, or all of them
    Check(documents::CheckArgs),
    /// List every packet and stub with its state
    List(documents::RepositoryCheckArgs),
    /// Check all governance of the repository: documents, records, working trees
    #[command(alias = "gov-check")]
    GovernanceCheck(documents::RepositoryCheckArgs),
    /// Is the task board readable and true?
    TaskBoardCheck(documents::RepositoryCheckArgs),
    /// Are the packets in progress claimed?
    TaskPacketClaimCheck(documents::RepositoryCheckArgs),
    /// Does the registry map every base id to the packet in force?
    WpActivationTraceabilityCheck(documents::RepositoryCheckArgs),
    /// Do packets in progress have branches and working trees of their own?
    WorktreeConcurrencyCheck(documents::RepositoryCheckArgs),
    /// Does the pointer name the newest specification?
    SpecCurrentCheck(documents::RepositoryCheckArgs),
    /// Has the specification all the headings that it must have?
    ValidatorSpecRegression(documents::RepositoryCheckArgs),
    /// Are a packet and its refinement complete?
    ValidatorPacketComplete(documents::PacketCompleteArgs),
    /// Is every work packet of a phase validated?
    ValidatorPhaseGate(documents::PhaseGateArgs),
    /// Look for forbidden patterns where they mean something
    #[command(visible_aliases = ["validator-scan", "product-scan"])]
    Scan(scan::ScanArgs),
    /// Are errors typed, and is nothing left to clock or chance?
    ValidatorErrorCodes(scan::ValidatorScanArgs),
    /// Is the database behind its layer, and are migrations whole?
    ValidatorDalAudit(scan::ValidatorScanArgs),
    /// Do changed governed files carry what traces need?
    ValidatorTraceability(scan::ValidatorScanArgs),
    /// Has every changed source file a test?
    ValidatorCoverageGaps(scan::ValidatorScanArgs),
    /// Are artifacts ignored, and none tracked?
    ValidatorGitHygiene(scan::ValidatorScanArgs),
    /// All scans together
    ValidatorHygieneFull(scan::ValidatorScanArgs),
    /// Have git run scans before a commit or push
    Hook(hook::HookArgs),
    /// Print all that was read from a packet or contract, with lines
    Show(show::ShowArgs),
    /// Print the COR-701 hashes of a file
    #[command(name = "cor701-sha")]
    Cor701Sha(cor701::Cor701ShaArgs),
    /// Compute the COR-701 manifests of a change, and write them into its packet
    Manifest(manifest::ManifestArgs),
    /// Run a packet's test plan, and record what came of it
    Evidence(evidence::EvidenceArgs),
    /// Set up governance in a repository; nothing is overwritten
    Init(workflow::InitArgs),
    /// Write a new document, with all that can be computed filled in
    New(workflow::NewArgs),
    /// Record a complete refinement in the gate log
    Refine(workflow::RefineArgs),
    /// Record the operator's signature in refinement, audit and gate log
    Sign(workflow::SignArgs),
    /// Record who works on a signed packet, on which branch, and where
    Prepare(workflow::PrepareArgs),
    /// Take a validation report from its presentation to its commit
    ValidatorGate(workflow::ValidatorGateArgs),
    /// Make the changes that findings say a machine can make
    Fix(fix::FixArgs),
    /// Explain a rule
    Explain(rules::ExplainArgs),
    /// List all rules
    Rules(rules::RulesArgs),
    /// Build a small governed repository and walk through its gates
    Demo(demo::DemoArgs),
    /// Do all gates and rules still see a deceit? Tests this very program
    SelfTest(self_test::SelfTestArgs),
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
