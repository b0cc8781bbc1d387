//! `fix`: the changes that findings say a machine can make.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use similar::TextDiff;

use crate::change::TreeState;
use crate::cli::workspace::Workspace;
use crate::cli::{FAILED, GlobalArgs, Output, PASSED};
use crate::pipeline::packet_gate::MAX_DOCUMENT_BYTES;
use crate::render::json;
use crate::system::transaction::{FileWrite, LOCK_TIMEOUT, Writer};
use crate::system::{clock, files};
use crate::text::{RepoPath, escape_hidden, format_count};
use crate::workflow::fix::{FixOutcome, FixRequest, FixedDocument, fix_documents};

use super::documents::collect_named_documents;

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(crate) struct FixArgs {
    /// Documents or folders of documents; without any, all governance
    /// documents of the repository
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Make changes, too, that somebody should look at
    #[arg(long = "unsafe")]
    with_unsafe: bool,
    /// Show what would change and write nothing; exit code 1 if anything
    /// would
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
        let place = Workspace::discover(global)?;
        let root = place.root().context("there is no working tree to mend files of")?.to_path_buf();
        let writer = if self.diff { None } else { Some(open_writer(&place, &root)?) };
        let named = self.resolve_paths(&place, &global.working_dir()?)?;
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
        let mending = fix_documents(place.repo(), &raw, &request)?;
        if let Some(writer) = &writer {
            let all: Vec<FileWrite> = mending.documents.iter().map(to_file_write).collect();
            if !all.is_empty() {
                writer.write(&all)?;
            }
        }
        output.print(&if is_json { self.render_json(&mending) } else { self.render_human(&mending) })?;
        Ok(if self.diff && !mending.documents.is_empty() { FAILED } else { PASSED })
    }

    fn resolve_paths(&self, place: &Workspace, here: &Path) -> anyhow::Result<Vec<RepoPath>> {
        let mut named = Vec::new();
        for path in &self.paths {
            collect_named_documents(place, TreeState::Worktree, here, path, &mut named)?;
        }
        if named.iter().any(|document| document.bytes.is_some()) {
            bail!("documents outside of the repository are not mended; use -C to work there");
        }
        if named.is_empty() && !self.paths.is_empty() {
            bail!("there is no document in the paths that were given");
        }
        Ok(named.into_iter().map(|document| document.path).collect())
    }

    fn render_human(&self, mending: &FixOutcome) -> String {
        let mut out = String::new();
        for document in &mending.documents {
            out.push_str(&render_diff(document));
        }
        if !mending.documents.is_empty() {
            out.push('\n');
        }
        for document in &mending.documents {
            for (rule, what) in count_fixes(document) {
                out.push_str(&format!("  {}: {what} [{rule}]\n", document.path));
            }
        }
        for note in &mending.notes {
            out.push_str(&format!("  note: {}\n", escape_hidden(note)));
        }
        let count = format_count(mending.documents.len(), "document");
        out.push_str(&match (mending.documents.is_empty(), self.diff) {
            (true, _) => "There is nothing to mend.\n".to_owned(),
            (false, true) => format!("{count} would be mended; nothing was written.\n"),
            (false, false) => format!("{count} mended.\n"),
        });
        if mending.remaining_errors > 0 {
            let left = format_count(mending.remaining_errors, "error");
            let verb = if mending.remaining_errors == 1 { "is" } else { "are" };
            out.push_str(&format!("{left} {verb} left; `countersign check` and the gates list them.\n"));
        }
        if mending.remaining_unsafe > 0 {
            out.push_str(&format!(
                "{} more that somebody should look at: --unsafe makes them, --unsafe --diff shows them.\n",
                format_count(mending.remaining_unsafe, "change")
            ));
        }
        out
    }

    fn render_json(&self, mending: &FixOutcome) -> String {
        let document = |mended: &FixedDocument| DocumentFixOutput {
            path: mended.path.to_string(),
            done: mended
                .applied
                .iter()
                .map(|(rule, what)| AppliedFixOutput { rule: rule.clone(), what: what.clone() })
                .collect(),
            diff: render_diff(mended),
        };
        json::pretty(&FixOutput {
            schema: "countersign.fix/v1",
            written: !self.diff,
            documents: mending.documents.iter().map(document).collect(),
            left_unsafe: mending.remaining_unsafe,
            errors_left: mending.remaining_errors,
            notes: mending.notes.clone(),
        })
    }
}

fn open_writer(place: &Workspace, root: &Path) -> anyhow::Result<Writer> {
    let state = match place {
        Workspace::Git(repo) => repo.state_folder(),
        // Outside of git there is no folder of git's to keep a lock in.
        Workspace::Plain(..) => files::scratch_folder_for(root),
    };
    Ok(Writer::acquire(root, &state, "fix", LOCK_TIMEOUT)?)
}

fn to_file_write(mended: &FixedDocument) -> FileWrite {
    FileWrite {
        path: mended.path.clone(),
        before: Some(mended.before.clone()),
        after: mended.after.clone().into_bytes(),
    }
}

/// What was done, the same things counted together.
fn count_fixes(mended: &FixedDocument) -> Vec<(String, String)> {
    let mut out: Vec<(String, String, usize)> = Vec::new();
    for (rule, what) in &mended.applied {
        match out.iter_mut().find(|(other, said, _)| other == rule && said == what) {
            Some((_, _, count)) => *count += 1,
            None => out.push((rule.clone(), what.clone(), 1)),
        }
    }
    let told = |(rule, what, count): (String, String, usize)| {
        (rule, if count == 1 { what } else { format!("{what} ({count} times)") })
    };
    out.into_iter().map(told).collect()
}

/// A unified diff, each line made printable.
fn render_diff(mended: &FixedDocument) -> String {
    let before = String::from_utf8_lossy(&mended.before);
    let diff = TextDiff::from_lines(before.as_ref(), mended.after.as_str());
    let unified = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{}", mended.path), &format!("b/{}", mended.path))
        .to_string();
    unified.lines().map(|line| format!("{}\n", escape_hidden(line))).collect()
}
