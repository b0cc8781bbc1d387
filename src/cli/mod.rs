//! The command line: arguments as typed, requests as meant.

mod args;
mod command;
mod exit_code;
mod help;
mod job;
#[cfg(feature = "ledger")]
mod ledger;
mod output;
mod panic_hook;
#[cfg(feature = "ledger")]
mod user_config;
mod version;
mod workspace;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use command::{
    approve, cor701_sha, demo, documents, evidence, explain, fix, gates, hook, init, manifest, new, rules,
    scan, self_test, show, validator_gate, verify,
};
#[cfg(feature = "ledger")]
use command::{jobs, log, usage};
#[cfg(feature = "llm")]
use command::{providers, review};

use crate::pipeline::document_check::DocumentQuery;
use crate::pipeline::source_scan::ScanProfile;
use crate::system::{confine, process};

pub(crate) use args::{ColorMode, GlobalArgs};
pub(crate) use exit_code::{COULD_NOT_RUN, FAILED, INTERNAL_ERROR, PASSED};
pub(crate) use output::Output;

/// Keep coding agents and people inside a written contract
///
/// Reads task packets, compares them with what git and the test runner say
/// really happened, and answers pass or fail with a location for every reason.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version = version::SHORT,
    long_version = version::long(),
    max_term_width = 100,
    after_help = "Exit codes: 0 passed, 1 failed, 2 could not run (nothing was judged), 70 internal error.",
    disable_help_subcommand = true,
)]
struct Cli {
    #[command(flatten, next_help_heading = "Global options")]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up governance documents and configuration in a repository
    #[command(after_help = "Example:\n  countersign init --ci github")]
    Init(init::InitArgs),
    /// Build a small governed repository and run its gates
    #[command(after_help = "Example:\n  countersign demo --keep /tmp/countersign-demo")]
    Demo(demo::DemoArgs),
    /// Check whether the work of this branch is what was agreed, then run the steps
    #[command(after_help = "Example:\n  countersign verify --packet WP-1-Farewell")]
    Verify(verify::VerifyArgs),
    /// Check whether work on a packet may start
    #[command(after_help = "Example:\n  countersign pre-work WP-1-Farewell-v2")]
    PreWork(gates::PreWorkArgs),
    /// Check whether a packet's change is what was agreed, then run the configured steps
    #[command(after_help = "Example:\n  countersign post-work WP-1-Farewell --range main..HEAD")]
    PostWork(gates::PostWorkArgs),
    /// Run a packet's test plan and record the results
    #[command(after_help = "Example:\n  countersign evidence WP-1-Farewell --write")]
    Evidence(evidence::EvidenceArgs),
    /// Compute the COR-701 manifests of a change
    #[command(after_help = "Example:\n  countersign manifest WP-1-Farewell --write")]
    Manifest(manifest::ManifestArgs),
    /// Apply the fixes that findings offer
    #[command(after_help = "Example:\n  countersign fix --diff .GOV/task_packets")]
    Fix(fix::FixArgs),
    /// Scan source files for forbidden patterns
    #[command(
        visible_aliases = ["validator-scan", "product-scan"],
        after_help = "Example:\n  countersign scan --staged"
    )]
    Scan(scan::ScanArgs),
    /// Run every check of a packet and its change, without running any step
    #[command(after_help = "Example:\n  countersign audit WP-1-Farewell --format json")]
    Audit(gates::AuditArgs),
    /// Ask a model for advice about a change, or consent to what it is sent
    #[cfg(feature = "llm")]
    #[command(
        after_help = "Examples:\n  countersign review assist WP-1-Farewell\n  countersign review assist WP-1-Farewell --dry-run payload.json"
    )]
    Review(review::ReviewArgs),
    /// Check governance documents: all of a repository, or the given ones
    #[command(after_help = "Example:\n  countersign check .GOV/task_packets/WP-1-Farewell.md")]
    Check(documents::CheckArgs),
    /// Check all governance of a repository: documents, records and working trees
    #[command(alias = "gov-check", after_help = "Example:\n  countersign governance-check --format json")]
    GovernanceCheck(documents::RepositoryCheckArgs),
    /// List every packet and stub with its state
    #[command(after_help = "Example:\n  countersign list")]
    List(documents::ListArgs),
    /// Show what was read from a packet or contract, with line numbers
    #[command(after_help = "Example:\n  countersign show WP-1-Farewell")]
    Show(show::ShowArgs),
    /// Write a new document with everything that can be computed filled in
    #[command(after_help = "Example:\n  countersign new stub WP-2-Next")]
    New(new::NewArgs),
    /// Show the whole contract of packets and sign it with an SSH key
    #[command(after_help = "Example:\n  countersign approve WP-1-Farewell")]
    Approve(approve::ApproveArgs),
    /// Record a complete refinement in the gate log
    #[command(after_help = "Example:\n  countersign refine WP-1-Farewell")]
    Refine(approve::RefineArgs),
    /// Record the approver's signature in refinement, audit and gate log
    #[command(
        after_help = "Example:\n  countersign sign WP-1-Farewell mira140220261915 --ssh-key ~/.ssh/id_ed25519"
    )]
    Sign(approve::SignArgs),
    /// Record who works on a signed packet, on which branch and in which working tree
    #[command(after_help = "Example:\n  countersign prepare WP-1-Farewell --coder tess")]
    Prepare(approve::PrepareArgs),
    /// Take a validation report from its presentation to its commit
    #[command(after_help = "Example:\n  countersign validator-gate status WP-1-Farewell")]
    ValidatorGate(validator_gate::ValidatorGateArgs),
    /// List what ran in this repository: gates, checks and commands that wrote
    #[cfg(feature = "ledger")]
    #[command(
        after_help = "Examples:\n  countersign jobs WP-1-Farewell\n  countersign jobs --state poisoned"
    )]
    Jobs(jobs::JobsArgs),
    /// List what runs found, grouped over all runs
    #[cfg(feature = "ledger")]
    #[command(after_help = "Example:\n  countersign problems WP-1-Farewell")]
    Problems(jobs::ProblemsArgs),
    /// Show, check, export or seal the log of operations
    #[cfg(feature = "ledger")]
    #[command(after_help = "Example:\n  countersign log verify")]
    Log(log::LogArgs),
    /// Show what calls of models cost, by packet
    #[cfg(feature = "ledger")]
    #[command(
        after_help = "Examples:\n  countersign usage WP-1-Farewell\n  countersign usage --by day --since 2026-03-01"
    )]
    Usage(usage::UsageArgs),
    /// Maintain the ledger, in which jobs and the log are stored
    #[cfg(feature = "ledger")]
    #[command(after_help = "Example:\n  countersign ledger prune --days 30")]
    Ledger(log::LedgerArgs),
    /// List or check the servers of models in the user's configuration
    #[cfg(feature = "llm")]
    #[command(after_help = "Example:\n  countersign providers check")]
    Providers(providers::ProvidersArgs),
    /// Install, remove or run git hooks that scan the change
    #[command(after_help = "Example:\n  countersign hook install pre-commit")]
    Hook(hook::HookArgs),
    /// Explain a rule, a family of rules or a policy code
    #[command(
        after_help = "Examples:\n  countersign explain scope/outside\n  countersign explain scope\n  countersign explain CX-573F"
    )]
    Explain(explain::ExplainArgs),
    /// List all rules, or test the scan rules by their examples
    #[command(after_help = "Example:\n  countersign rules test")]
    Rules(rules::RulesArgs),
    /// Run the built-in self-test: every gate and rule family must detect its bypass case
    #[command(after_help = "Example:\n  countersign self-test --quiet")]
    SelfTest(self_test::SelfTestArgs),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  countersign completions bash > ~/.local/share/bash-completion/completions/countersign"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Check whether a packet's phases are in order
    #[command(after_help = "Example:\n  countersign gate-check WP-1-Farewell")]
    GateCheck(gates::GateCheckArgs),
    /// Print the COR-701 hashes of a file
    #[command(name = "cor701-sha", after_help = "Example:\n  countersign cor701-sha src/lib.rs")]
    Cor701Sha(cor701_sha::Cor701ShaArgs),
    /// Check whether the task board is readable and agrees with the packets
    #[command(after_help = "Example:\n  countersign task-board-check")]
    TaskBoardCheck(documents::RepositoryCheckArgs),
    /// Check whether packets in progress name who works on them
    #[command(after_help = "Example:\n  countersign task-packet-claim-check")]
    TaskPacketClaimCheck(documents::RepositoryCheckArgs),
    /// Check whether the registry maps every base id to the packet in force
    #[command(after_help = "Example:\n  countersign wp-activation-traceability-check")]
    WpActivationTraceabilityCheck(documents::RepositoryCheckArgs),
    /// Check whether packets in progress have their own branches and working trees
    #[command(after_help = "Example:\n  countersign worktree-concurrency-check")]
    WorktreeConcurrencyCheck(documents::RepositoryCheckArgs),
    /// Check whether the specification pointer names the newest specification
    #[command(after_help = "Example:\n  countersign spec-current-check")]
    SpecCurrentCheck(documents::RepositoryCheckArgs),
    /// Check whether the specification has all configured headings
    #[command(after_help = "Example:\n  countersign validator-spec-regression")]
    ValidatorSpecRegression(documents::RepositoryCheckArgs),
    /// Check whether a packet and its refinement are complete
    #[command(after_help = "Example:\n  countersign validator-packet-complete WP-1-Farewell")]
    ValidatorPacketComplete(documents::PacketCompleteArgs),
    /// Check whether every work packet of a phase is validated
    #[command(after_help = "Example:\n  countersign validator-phase-gate Phase-1")]
    ValidatorPhaseGate(documents::PhaseGateArgs),
    /// Scan for untyped errors and for code that depends on clock or chance
    #[command(after_help = "Example:\n  countersign validator-error-codes src")]
    ValidatorErrorCodes(scan::ValidatorScanArgs),
    /// Scan for database access outside its layer and incomplete migrations
    #[command(after_help = "Example:\n  countersign validator-dal-audit")]
    ValidatorDalAudit(scan::ValidatorScanArgs),
    /// Check whether changed governed files carry the fields that traces need
    #[command(after_help = "Example:\n  countersign validator-traceability --range main..HEAD")]
    ValidatorTraceability(scan::ValidatorScanArgs),
    /// Check whether every changed source file has a test
    #[command(after_help = "Example:\n  countersign validator-coverage-gaps --range main..HEAD")]
    ValidatorCoverageGaps(scan::ValidatorScanArgs),
    /// Check whether build artifacts are ignored and untracked
    #[command(after_help = "Example:\n  countersign validator-git-hygiene")]
    ValidatorGitHygiene(scan::ValidatorScanArgs),
    /// Run all scans together
    #[command(after_help = "Example:\n  countersign validator-hygiene-full")]
    ValidatorHygieneFull(scan::ValidatorScanArgs),
}

impl Command {
    /// The command's name, as reports show it.
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Demo(_) => "demo",
            Self::PreWork(_) => "pre-work",
            Self::PostWork(_) => "post-work",
            Self::Verify(_) => "verify",
            Self::Evidence(_) => "evidence",
            Self::Manifest(_) => "manifest",
            Self::Fix(_) => "fix",
            Self::Scan(_) => "scan",
            Self::Audit(_) => "audit",
            #[cfg(feature = "llm")]
            Self::Review(_) => "review",
            #[cfg(feature = "llm")]
            Self::Providers(_) => "providers",
            Self::Check(_) => "check",
            Self::GovernanceCheck(_) => "governance-check",
            Self::List(_) => "list",
            Self::Show(_) => "show",
            Self::New(_) => "new",
            Self::Approve(_) => "approve",
            Self::Refine(_) => "refine",
            Self::Sign(_) => "sign",
            Self::Prepare(_) => "prepare",
            Self::ValidatorGate(_) => "validator-gate",
            #[cfg(feature = "ledger")]
            Self::Jobs(_) => "jobs",
            #[cfg(feature = "ledger")]
            Self::Problems(_) => "problems",
            #[cfg(feature = "ledger")]
            Self::Log(_) => "log",
            #[cfg(feature = "ledger")]
            Self::Ledger(_) => "ledger",
            #[cfg(feature = "ledger")]
            Self::Usage(_) => "usage",
            Self::Hook(_) => "hook",
            Self::Explain(_) => "explain",
            Self::Rules(_) => "rules",
            Self::SelfTest(_) => "self-test",
            Self::Completions { .. } => "completions",
            Self::GateCheck(_) => "gate-check",
            Self::Cor701Sha(_) => "cor701-sha",
            Self::TaskBoardCheck(_) => "task-board-check",
            Self::TaskPacketClaimCheck(_) => "task-packet-claim-check",
            Self::WpActivationTraceabilityCheck(_) => "wp-activation-traceability-check",
            Self::WorktreeConcurrencyCheck(_) => "worktree-concurrency-check",
            Self::SpecCurrentCheck(_) => "spec-current-check",
            Self::ValidatorSpecRegression(_) => "validator-spec-regression",
            Self::ValidatorPacketComplete(_) => "validator-packet-complete",
            Self::ValidatorPhaseGate(_) => "validator-phase-gate",
            Self::ValidatorErrorCodes(_) => "validator-error-codes",
            Self::ValidatorDalAudit(_) => "validator-dal-audit",
            Self::ValidatorTraceability(_) => "validator-traceability",
            Self::ValidatorCoverageGaps(_) => "validator-coverage-gaps",
            Self::ValidatorGitHygiene(_) => "validator-git-hygiene",
            Self::ValidatorHygieneFull(_) => "validator-hygiene-full",
        }
    }

    fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        match self {
            Self::Init(args) => args.run(global, output),
            Self::Demo(args) => args.run(global, output),
            Self::PreWork(args) => args.run(global, output),
            Self::PostWork(args) => args.run(global, output),
            Self::Verify(args) => args.run(global, output),
            Self::Evidence(args) => args.run(global, output),
            Self::Manifest(args) => args.run(global, output),
            Self::Fix(args) => args.run(global, output),
            Self::Scan(args) => args.run(global, output),
            Self::Audit(args) => args.run(global, output),
            #[cfg(feature = "llm")]
            Self::Review(args) => args.run(global, output),
            #[cfg(feature = "llm")]
            Self::Providers(args) => args.run(global, output),
            Self::Check(args) => args.run(global, output),
            Self::GovernanceCheck(args) => args.run(global, output, DocumentQuery::Governance),
            Self::List(args) => args.run(global, output),
            Self::Show(args) => args.run(global, output),
            Self::New(args) => args.run(global, output),
            Self::Approve(args) => args.run(global, output),
            Self::Refine(args) => args.run(global, output),
            Self::Sign(args) => args.run(global, output),
            Self::Prepare(args) => args.run(global, output),
            Self::ValidatorGate(args) => args.run(global, output),
            #[cfg(feature = "ledger")]
            Self::Jobs(args) => args.run(global, output),
            #[cfg(feature = "ledger")]
            Self::Problems(args) => args.run(global, output),
            #[cfg(feature = "ledger")]
            Self::Log(args) => args.run(global, output),
            #[cfg(feature = "ledger")]
            Self::Ledger(args) => args.run(global, output),
            #[cfg(feature = "ledger")]
            Self::Usage(args) => args.run(global, output),
            Self::Hook(args) => args.run(global, output),
            Self::Explain(args) => args.run(global, output),
            Self::Rules(args) => args.run(global, output),
            Self::SelfTest(args) => args.run(global, output),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut help::command(), "countersign", &mut script);
                output.print(&String::from_utf8_lossy(&script)).map(|()| PASSED)
            }
            Self::GateCheck(args) => args.run(global, output),
            Self::Cor701Sha(args) => args.run(global, output),
            Self::TaskBoardCheck(args) => args.run(global, output, DocumentQuery::Board),
            Self::TaskPacketClaimCheck(args) => args.run(global, output, DocumentQuery::Claims),
            Self::WpActivationTraceabilityCheck(args) => args.run(global, output, DocumentQuery::Activation),
            Self::WorktreeConcurrencyCheck(args) => args.run(global, output, DocumentQuery::Concurrency),
            Self::SpecCurrentCheck(args) => args.run(global, output, DocumentQuery::SpecCurrent),
            Self::ValidatorSpecRegression(args) => args.run(global, output, DocumentQuery::SpecRegression),
            Self::ValidatorPacketComplete(args) => args.run(global, output),
            Self::ValidatorPhaseGate(args) => args.run(global, output),
            Self::ValidatorErrorCodes(args) => args.run(global, output, ScanProfile::error_codes()),
            Self::ValidatorDalAudit(args) => args.run(global, output, ScanProfile::dal_audit()),
            Self::ValidatorTraceability(args) => args.run(global, output, ScanProfile::traceability()),
            Self::ValidatorCoverageGaps(args) => args.run(global, output, ScanProfile::coverage_gaps()),
            Self::ValidatorGitHygiene(args) => args.run(global, output, ScanProfile::git_hygiene()),
            Self::ValidatorHygieneFull(args) => args.run(global, output, ScanProfile::full()),
        }
    }
}

/// Runs the program with its arguments (the first is the program's name) and
/// returns its exit code: 0 passed, 1 failed, 2 could not run.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(code) = confine::become_confined(&arguments) {
        return code;
    }
    panic_hook::install();
    let parsed = Cli::command().try_get_matches_from(&arguments);
    let (matches, cli) = match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok((cli, matches)) => (matches, cli),
        Err(error) if help::is_request(&error) => return help::print(&arguments, &error),
        Err(error) => {
            let _ = error.print();
            Output::report_usage_error(&arguments, &error);
            return COULD_NOT_RUN;
        }
    };
    process::install_signal_handling();
    confine::enable();
    let output = Output::new(&cli.global);
    let name = cli.command.name();
    let result =
        help::reject_ignored_options(&matches, name).and_then(|()| cli.command.run(&cli.global, &output));
    match result {
        Ok(code) => code,
        Err(error) => {
            output.report_error(&cli.global, name, &error);
            COULD_NOT_RUN
        }
    }
}
