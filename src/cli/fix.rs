//! `fix`: the changes that findings say a machine can make.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use similar::TextDiff;

use super::documents::named_documents;
use super::gates::{folder, named_config};
use super::place::Place;
use super::{FAILED, Global, Output, PASSED};
use crate::change::Side;
use crate::gate::LARGEST_DOCUMENT;
use crate::render::json;
use crate::system::writing::{FileWrite, PATIENCE, Writer};
use crate::system::{clock, files};
use crate::text::{RepoPath, counted, visible};
use crate::workflow::fix::{FixRequest, Mended, Mending, fix};

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(super) struct FixArgs {
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
struct Answer {
    schema: &'static str,
    written: bool,
    documents: Vec<Document>,
    left_unsafe: usize,
    errors_left: usize,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Document {
    path: String,
    done: Vec<Done>,
    diff: String,
}

#[derive(Serialize)]
struct Done {
    rule: String,
    what: String,
}

impl FixArgs {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let place = Place::find(global)?;
        let root = place.root().context("there is no working tree to mend files of")?.to_path_buf();
        let writer = if self.diff { None } else { Some(writer(&place, &root)?) };
        let named = self.named(&place, &folder(global)?)?;
        let raw = |path: &RepoPath| match &writer {
            Some(writer) => writer.read(path).ok().flatten(),
            None => {
                let limit = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
                files::read(&files::below(&root, path), limit).ok()
            }
        };
        let request = FixRequest {
            named,
            with_unsafe: self.with_unsafe,
            config: named_config(global.config.as_deref())?,
            now: clock::now_civil(),
        };
        let mending = fix(place.repo(), &raw, &request)?;
        if let Some(writer) = &writer {
            let all: Vec<FileWrite> = mending.documents.iter().map(write).collect();
            if !all.is_empty() {
                writer.write(&all)?;
            }
        }
        output.print(&if is_json { self.json(&mending) } else { self.human(&mending) })?;
        Ok(if self.diff && !mending.documents.is_empty() { FAILED } else { PASSED })
    }

    fn named(&self, place: &Place, here: &Path) -> anyhow::Result<Vec<RepoPath>> {
        let mut named = Vec::new();
        for path in &self.paths {
            named_documents(place, Side::Worktree, here, path, &mut named)?;
        }
        if named.iter().any(|document| document.bytes.is_some()) {
            bail!("documents outside of the repository are not mended; use -C to work there");
        }
        if named.is_empty() && !self.paths.is_empty() {
            bail!("there is no document in the paths that were given");
        }
        Ok(named.into_iter().map(|document| document.path).collect())
    }

    fn human(&self, mending: &Mending) -> String {
        let mut out = String::new();
        for document in &mending.documents {
            out.push_str(&diff(document));
        }
        if !mending.documents.is_empty() {
            out.push('\n');
        }
        for document in &mending.documents {
            for (rule, what) in tally(document) {
                out.push_str(&format!("  {}: {what} [{rule}]\n", document.path));
            }
        }
        for note in &mending.notes {
            out.push_str(&format!("  note: {}\n", visible(note)));
        }
        let count = counted(mending.documents.len(), "document");
        out.push_str(&match (mending.documents.is_empty(), self.diff) {
            (true, _) => "There is nothing to mend.\n".to_owned(),
            (false, true) => format!("{count} would be mended; nothing was written.\n"),
            (false, false) => format!("{count} mended.\n"),
        });
        if mending.errors_left > 0 {
            let left = counted(mending.errors_left, "error");
            let verb = if mending.errors_left == 1 { "is" } else { "are" };
            out.push_str(&format!("{left} {verb} left; `countersign check` and the gates list them.\n"));
        }
        if mending.left_unsafe > 0 {
            out.push_str(&format!(
                "{} more that somebody should look at: --unsafe makes them, --unsafe --diff shows them.\n",
                counted(mending.left_unsafe, "change")
            ));
        }
        out
    }

    fn json(&self, mending: &Mending) -> String {
        let document = |mended: &Mended| Document {
            path: mended.path.to_string(),
            done: mended
                .done
                .iter()
                .map(|(rule, what)| Done { rule: rule.clone(), what: what.clone() })
                .collect(),
            diff: diff(mended),
        };
        json::pretty(&Answer {
            schema: "countersign.fix/v1",
            written: !self.diff,
            documents: mending.documents.iter().map(document).collect(),
            left_unsafe: mending.left_unsafe,
            errors_left: mending.errors_left,
            notes: mending.notes.clone(),
        })
    }
}

fn writer(place: &Place, root: &Path) -> anyhow::Result<Writer> {
    let state = match place {
        Place::Git(repo) => repo.private_folder(),
        // Outside of git there is no folder of git's to keep a lock in.
        Place::Plain(..) => files::scratch_of(root),
    };
    Ok(Writer::take(root, &state, "fix", PATIENCE)?)
}

fn write(mended: &Mended) -> FileWrite {
    FileWrite {
        path: mended.path.clone(),
        before: Some(mended.before.clone()),
        after: mended.after.clone().into_bytes(),
    }
}

/// What was done, the same things counted together.
fn tally(mended: &Mended) -> Vec<(String, String)> {
    let mut out: Vec<(String, String, usize)> = Vec::new();
    for (rule, what) in &mended.done {
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
fn diff(mended: &Mended) -> String {
    let before = String::from_utf8_lossy(&mended.before);
    let diff = TextDiff::from_lines(before.as_ref(), mended.after.as_str());
    let unified = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{}", mended.path), &format!("b/{}", mended.path))
        .to_string();
    unified.lines().map(|line| format!("{}\n", visible(line))).collect()
}
