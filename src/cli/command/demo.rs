//! `demo`: the gates shown at work on a small repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::cli::{FAILED, Output, PASSED};
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
    pub(crate) fn run(&self, output: &Output) -> anyhow::Result<u8> {
        let root = match &self.keep {
            Some(folder) => {
                files::create_folder(folder).with_context(|| format!("making {}", folder.display()))?;
                if !files::list_folder(folder)
                    .with_context(|| format!("reading {}", folder.display()))?
                    .is_empty()
                {
                    bail!(
                        "{} is not empty; the demo writes only into a new or empty folder",
                        folder.display()
                    );
                }
                std::path::absolute(folder).with_context(|| format!("finding {}", folder.display()))?
            }
            None => {
                files::create_temporary_folder("countersign-demo-").context("making a temporary folder")?
            }
        };
        let mut wrong = Vec::new();
        let mut number = 0;
        let mut printed = Ok(());
        run_demo(&root, output, |scene| {
            number += 1;
            if !ended_as_expected(scene) {
                wrong.push(number);
            }
            if printed.is_ok() {
                printed = output.print(&render_step(number, scene, output));
            }
        })?;
        printed?;
        output.print(&closing_text(&root))?;
        if wrong.is_empty() {
            return Ok(PASSED);
        }
        Output::print_problem(&format!("scene {wrong:?} did not end as told above"));
        Ok(FAILED)
    }
}

/// Whether a scene ended as its story says.
fn ended_as_expected(scene: &DemoStep) -> bool {
    let failed = |rule: &str| {
        scene
            .report
            .outcomes
            .iter()
            .any(|outcome| outcome.rule.as_str() == rule && outcome.status == CheckStatus::Failed)
    };
    scene.report.passed() == scene.must_pass && scene.expected_failure.is_none_or(failed)
}

fn render_step(number: usize, scene: &DemoStep, output: &Output) -> String {
    let line = "─".repeat(78);
    format!(
        "{line}\n{number}. {}\n\n$ {}\n\n{}\n",
        scene.description,
        scene.command,
        human::render(&scene.report, output.human_options)
    )
}

fn closing_text(root: &Path) -> String {
    let line = "─".repeat(78);
    let program =
        environment::program_path().map_or_else(|_| "countersign".into(), |path| path.display().to_string());
    let next = [
        ("show WP-1-Farewell", "what was read from the packet, with lines"),
        ("cor701-sha src/lib.rs --rev HEAD", "the hashes that its manifest needs"),
        ("explain scope/outside", "why a rule exists, and what to do"),
        ("pre-work WP-1-Greeting", "what a missing packet looks like"),
    ];
    let commands: String =
        next.iter().map(|(command, why)| format!("  # {why}\n  {program} {command}\n")).collect();
    let edit = format!(
        "  # an edit that nobody asked for\n  echo >> src/invoice.rs && {program} post-work WP-1-Farewell\n"
    );
    format!(
        "{line}\nThe repository lies in {}\n\nTry next, in that folder:\n{commands}{edit}",
        root.display()
    )
}
