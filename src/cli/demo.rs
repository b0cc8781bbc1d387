//! `demo`: the gates shown at work on a small repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{FAILED, Output, PASSED};
use crate::finding::Status;
use crate::render::human;
use crate::system::{environment, files};
use crate::workflow::demo::{Scene, play};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Build the repository in this folder (new or empty) and keep it
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(&self, output: &Output) -> anyhow::Result<u8> {
        let root = match &self.keep {
            Some(folder) => {
                files::make_folder(folder).with_context(|| format!("making {}", folder.display()))?;
                if !files::names(folder).with_context(|| format!("reading {}", folder.display()))?.is_empty()
                {
                    bail!(
                        "{} is not empty; the demo writes only into a new or empty folder",
                        folder.display()
                    );
                }
                std::path::absolute(folder).with_context(|| format!("finding {}", folder.display()))?
            }
            None => files::temporary_folder("countersign-demo-").context("making a temporary folder")?,
        };
        let mut wrong = Vec::new();
        let mut number = 0;
        let mut printed = Ok(());
        play(&root, output, |scene| {
            number += 1;
            if !as_told(scene) {
                wrong.push(number);
            }
            if printed.is_ok() {
                printed = output.print(&told(number, scene, output));
            }
        })?;
        printed?;
        output.print(&farewell(&root))?;
        if wrong.is_empty() {
            return Ok(PASSED);
        }
        Output::problem(&format!("scene {wrong:?} did not end as told above"));
        Ok(FAILED)
    }
}

/// Whether a scene ended as its story says.
fn as_told(scene: &Scene) -> bool {
    let failed = |rule: &str| {
        scene
            .report
            .outcomes
            .iter()
            .any(|outcome| outcome.rule.as_str() == rule && outcome.status == Status::Failed)
    };
    scene.report.passed() == scene.passes && scene.fails_on.is_none_or(failed)
}

fn told(number: usize, scene: &Scene, output: &Output) -> String {
    let line = "─".repeat(78);
    format!(
        "{line}\n{number}. {}\n\n$ {}\n\n{}\n",
        scene.story,
        scene.command,
        human::report(&scene.report, output.look)
    )
}

fn farewell(root: &Path) -> String {
    let line = "─".repeat(78);
    let program =
        environment::program().map_or_else(|_| "countersign".into(), |path| path.display().to_string());
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
