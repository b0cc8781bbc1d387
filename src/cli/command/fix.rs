//! `fix`: applies the fixes that findings offer.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use similar::TextDiff;

use crate::change::TreeState;
use crate::cli::job;
use crate::cli::workspace::{Workspace, open_writer};
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::ledger::JobDescription;
use crate::pipeline::packet_gate::MAX_DOCUMENT_BYTES;
use crate::render::json;
use crate::system::transaction::FileWrite;
use crate::system::{clock, files};
use crate::text::{RepoPath, escape_hidden, format_count};
use crate::workflow::fix::{FixOutcome, FixRequest, FixedDocument, fix_documents};

use super::documents::{collect_named_documents, require_place};

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(crate) struct FixArgs {
    /// Documents or folders to fix; default: all governance documents of the
    /// repository
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also apply unsafe fixes: a person must look at the result
    #[arg(long = "unsafe")]
    with_unsafe: bool,
    /// Show what would change and write nothing; exit code 1 if there are fixes
    #[arg(long)]
    diff: bool,
}

#[derive(Serialize)]
struct FixOutput {
    schema: &'static str,
    written: bool,
    documents: Vec<DocumentFixOutput>,
    left_unsafe: usize,
    errors_left: usize,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct DocumentFixOutput {
    path: String,
    done: Vec<AppliedFixOutput>,
    diff: String,
}

#[derive(Serialize)]
struct AppliedFixOutput {
    rule: String,
    what: String,
}

impl FixArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = Workspace::discover(global)?;
        if self.paths.is_empty() {
            require_place(&workspace)?;
        }
        let root = workspace.root().context("a bare repository has no files to fix")?.to_path_buf();
        let preview = self.diff.then(|| workspace.recorder(JobDescription::editing("fix", false)));
        let writer = if self.diff { None } else { Some(open_writer(&workspace, &root, "fix")?) };
        let named = self.resolve_paths(&workspace, &global.working_dir()?)?;
        let raw = |path: &RepoPath| match &writer {
            Some(writer) => writer.read(path).ok().flatten(),
            None => {
                let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
                files::read(&files::join_repo_path(&root, path), limit).ok()
            }
        };
        let request = FixRequest {
            named,
            include_unsafe: self.with_unsafe,
            config: global.config_override()?,
            now: clock::now_civil(),
        };
        let outcome = fix_documents(workspace.repo(), &raw, &request)?;
        if let Some(writer) = &writer {
            let all: Vec<FileWrite> = outcome.documents.iter().map(to_file_write).collect();
            if !all.is_empty() {
                let recorder = workspace.recorder(job::editing("fix"));
                workspace.configure(global, &recorder);
                job::apply(&recorder, writer, "fix", &all)?;
            }
        }
        if let Some(recorder) = &preview {
            workspace.configure(global, recorder);
            job::record_preview(recorder, outcome.documents.len())?;
        }
        output.print(&if is_json { self.render_json(&outcome) } else { self.render_human(&outcome) })?;
        Ok(if self.diff && !outcome.documents.is_empty() { FAILED } else { PASSED })
    }

    fn resolve_paths(&self, workspace: &Workspace, here: &Path) -> anyhow::Result<Vec<RepoPath>> {
        let mut named = Vec::new();
        for path in &self.paths {
            collect_named_documents(workspace, TreeState::Worktree, here, path, &mut named)?;
        }
        if named.iter().any(|document| document.bytes.is_some()) {
            bail!("documents outside of the repository are not fixed; use -C to work there");
        }
        if named.is_empty() && !self.paths.is_empty() {
            bail!("the given paths hold no documents");
        }
        Ok(named.into_iter().map(|document| document.path).collect())
    }

    fn render_human(&self, outcome: &FixOutcome) -> String {
        let mut out = String::new();
        for document in &outcome.documents {
            out.push_str(&render_diff(document));
        }
        if !outcome.documents.is_empty() {
            out.push('\n');
        }
        for document in &outcome.documents {
            for (rule, what) in count_fixes(document) {
                out.push_str(&format!("  {}: {what} [{rule}]\n", document.path));
            }
        }
        for note in &outcome.notes {
            out.push_str(&format!("  note: {}\n", escape_hidden(note)));
        }
        let count = format_count(outcome.documents.len(), "document");
        out.push_str(&match (outcome.documents.is_empty(), self.diff) {
            (true, _) => "There is nothing to fix.\n".to_owned(),
            (false, true) => format!("{count} would be fixed; nothing was written.\n"),
            (false, false) => format!("{count} fixed.\n"),
        });
        if outcome.remaining_errors > 0 {
            let left = format_count(outcome.remaining_errors, "error");
            let verb = if outcome.remaining_errors == 1 { "is" } else { "are" };
            out.push_str(&format!("{left} {verb} left; `countersign check` and the gates list them.\n"));
        }
        if outcome.remaining_unsafe > 0 {
            out.push_str(&format!(
                "{} more with unsafe fixes: `--unsafe --diff` shows them, `--unsafe` applies them.\n",
                format_count(outcome.remaining_unsafe, "change")
            ));
        }
        out
    }

    fn render_json(&self, outcome: &FixOutcome) -> String {
        let document = |fixed: &FixedDocument| DocumentFixOutput {
            path: fixed.path.to_string(),
            done: fixed
                .applied
                .iter()
                .map(|(rule, what)| AppliedFixOutput { rule: rule.clone(), what: what.clone() })
                .collect(),
            diff: render_diff(fixed),
        };
        json::pretty(&FixOutput {
            schema: "countersign.fix/v1",
            written: !self.diff,
            documents: outcome.documents.iter().map(document).collect(),
            left_unsafe: outcome.remaining_unsafe,
            errors_left: outcome.remaining_errors,
            notes: outcome.notes.clone(),
        })
    }
}

fn to_file_write(fixed: &FixedDocument) -> FileWrite {
    FileWrite {
        path: fixed.path.clone(),
        before: Some(fixed.before.clone()),
        after: fixed.after.clone().into_bytes(),
    }
}

/// Summary of the applied fixes; equal ones are counted together.
fn count_fixes(fixed: &FixedDocument) -> Vec<(String, String)> {
    let mut out: Vec<(String, String, usize)> = Vec::new();
    for (rule, what) in &fixed.applied {
        match out.iter_mut().find(|(other, said, _)| other == rule && said == what) {
            Some((_, _, count)) => *count += 1,
            None => out.push((rule.clone(), what.clone(), 1)),
        }
    }
    let describe = |(rule, what, count): (String, String, usize)| {
        (rule, if count == 1 { what } else { format!("{what} ({count} times)") })
    };
    out.into_iter().map(describe).collect()
}

/// A unified diff with unprintable characters escaped.
fn render_diff(fixed: &FixedDocument) -> String {
    let before = String::from_utf8_lossy(&fixed.before);
    let diff = TextDiff::from_lines(before.as_ref(), fixed.after.as_str());
    let unified = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{}", fixed.path), &format!("b/{}", fixed.path))
        .to_string();
    unified.lines().map(|line| format!("{}\n", escape_hidden(line))).collect()
}
