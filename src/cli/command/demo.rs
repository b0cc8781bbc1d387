//! `demo`: a small governed repository and its gates at work.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

#[cfg(feature = "ledger")]
use crate::cli::COULD_NOT_RUN;
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::finding::CheckStatus;
use crate::render::human;
use crate::system::{environment, files};
use crate::workflow::demo::{DemoStep, run_demo};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Build the repository in this folder (new or empty) and keep it
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl DemoArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let root = match &self.keep {
            Some(folder) => {
                let folder = &global.resolve(folder)?;
                files::create_folder(folder).with_context(|| format!("creating {}", folder.display()))?;
                if !files::list_folder(folder)
                    .with_context(|| format!("reading {}", folder.display()))?
                    .is_empty()
                {
                    bail!(
                        "{} is not empty; the demo writes only into a new or empty folder",
                        folder.display()
                    );
                }
                std::path::absolute(folder).with_context(|| format!("resolving {}", folder.display()))?
            }
            None => {
                files::create_temporary_folder("countersign-demo-").context("creating a temporary folder")?
            }
        };
        let mut wrong = Vec::new();
        let mut number = 0;
        let mut printed = Ok(());
        run_demo(&root, output, |step| {
            number += 1;
            if !ended_as_expected(step) {
                wrong.push(number);
            }
            if printed.is_ok() {
                printed = output.print(&render_step(number, step, output));
            }
        })?;
        printed?;
        if !show_denied_operation(&root, number + 1, output)? {
            wrong.push(number + 1);
        }
        output.print(&closing_text(&root))?;
        if wrong.is_empty() {
            return Ok(PASSED);
        }
        Output::print_problem(&format!("step {wrong:?} did not end as described above"));
        Ok(FAILED)
    }
}

/// Whether a step ended as its description says.
fn ended_as_expected(step: &DemoStep) -> bool {
    let failed = |rule: &str| {
        step.report
            .outcomes
            .iter()
            .any(|outcome| outcome.rule.as_str() == rule && outcome.status == CheckStatus::Failed)
    };
    step.report.passed() == step.must_pass && step.expected_failure.is_none_or(failed)
}

fn render_step(number: usize, step: &DemoStep, output: &Output) -> String {
    let line = "─".repeat(78);
    format!(
        "{line}\n{number}. {}\n\n$ {}\n\n{}\n",
        step.description,
        step.command,
        human::render(&step.report, output.human_options)
    )
}

/// Shows a step that asks for a right that it does not have, the problem that this leaves,
/// and the chain of the log. Returns whether each command ended as described.
#[cfg(feature = "ledger")]
fn show_denied_operation(root: &Path, number: usize, output: &Output) -> anyhow::Result<bool> {
    let text = files::read(&root.join("countersign.yaml"), 64 * 1024).context("reading the configuration")?;
    let text = String::from_utf8_lossy(&text)
        .replace("steps:\n", "profiles:\n  readers: [fs.read]\nsteps:\n")
        .replace("  - name: tests\n", "  - name: tests\n    profile: readers\n");
    let rights = root.join(".git/readers.yaml");
    files::write(&rights, text.as_bytes()).context("writing the configuration of the demo")?;
    let line = "─".repeat(78);
    output.print(&format!(
        "{line}\n{number}. Another configuration grants the step only the right to read. It asks to run a program: \
         the tool bus denies the operation, and nothing starts. The ledger remembers it.\n"
    ))?;
    let folder = root.display().to_string();
    let config = rights.display().to_string();
    let commands: [(&[&str], u8); 3] = [
        (&["post-work", "WP-1-Farewell", "--config", &config], COULD_NOT_RUN),
        (&["problems", "WP-1-Farewell"], PASSED),
        (&["log", "verify"], PASSED),
    ];
    let mut as_described = true;
    for (arguments, expected) in commands {
        let shown = arguments.join(" ").replace(&format!("{folder}/"), "");
        output.print(&format!("\n$ countersign {shown}\n\n"))?;
        let start = ["countersign", "-C", folder.as_str()];
        let call = start.iter().chain(arguments).map(std::ffi::OsString::from);
        as_described &= crate::cli::run(call) == expected;
    }
    output.print("\n")?;
    Ok(as_described)
}

/// Without a ledger there is nothing to show.
#[cfg(not(feature = "ledger"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature with and without a ledger")]
fn show_denied_operation(_: &Path, _: usize, _: &Output) -> anyhow::Result<bool> {
    Ok(true)
}

fn closing_text(root: &Path) -> String {
    let line = "─".repeat(78);
    let program =
        environment::program_path().map_or_else(|_| "countersign".into(), |path| path.display().to_string());
    let next = [
        ("show WP-1-Farewell", "what was read from the packet, with line numbers"),
        ("cor701-sha src/lib.rs --rev HEAD", "the hashes that its manifest needs"),
        ("explain scope/outside", "why a rule exists and what to do"),
        ("pre-work WP-1-Greeting", "what a missing packet looks like"),
    ];
    let commands: String =
        next.iter().map(|(command, why)| format!("  # {why}\n  {program} {command}\n")).collect();
    let edit = format!(
        "  # an edit outside the scope\n  echo >> src/invoice.rs && {program} post-work WP-1-Farewell\n"
    );
    format!("{line}\nThe repository is in {}\n\nTry next, in that folder:\n{commands}{edit}", root.display())
}
