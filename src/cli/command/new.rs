//! `new`: writes packets, refinements and stubs with everything filled in that
//! can be computed.

use clap::{Args, Subcommand};

use crate::change::{History as _, ObjectStore as _, TreeState};
use crate::cli::workspace::LockedWorkspace;
use crate::cli::{GlobalArgs, Output};
use crate::config::FILE_NAME;
use crate::pipeline::trusted_revision::fork_point;
use crate::rule::Profile;
use crate::system::clock;
use crate::text::RepoPath;
use crate::workflow::new::{
    CreatedDocument, LineRange, create_minimal_packet, create_packet, create_refinement, create_stub,
};
use crate::workflow::records::Records;

use super::workflow::{CommandSummary, run_workflow};

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(subcommand)]
    kind: NewKind,
}

#[derive(Debug, Subcommand)]
enum NewKind {
    /// Write a task packet; in the profile `full`, after `refine`, `sign` and `prepare`
    Packet(NewIdArgs),
    /// Write a refinement against the current specification
    Refinement {
        #[command(flatten)]
        id_args: NewIdArgs,
        /// Quote these lines of the specification as an anchor, FIRST-LAST; may be
        /// given several times
        #[arg(long, value_name = "LINES")]
        anchor: Vec<LineRange>,
    },
    /// Write a stub: a backlog note that is not executable
    Stub(NewIdArgs),
}

#[derive(Debug, Args)]
struct NewIdArgs {
    /// The id, `WP-{phase}-{name}`, with `-v2` and so on for a revision
    #[arg(value_name = "WP-ID")]
    id: String,
}

impl NewArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let date = clock::now_text();
        match &self.kind {
            NewKind::Packet(NewIdArgs { id }) => {
                run_workflow(global, output, &format!("new packet {id}"), &|records, workspace, config| {
                    if config.levels.profile == Profile::Full {
                        new_full_packet(records, workspace, id, &date)
                    } else {
                        new_minimal_packet(records, workspace, id, &date)
                    }
                })
            }
            NewKind::Refinement { id_args: NewIdArgs { id }, anchor } => {
                run_workflow(global, output, &format!("new refinement {id}"), &|records, workspace, _| {
                    let created = create_refinement(records, &workspace.repo, id, &date, anchor)?;
                    Ok(summarize(
                        &created,
                        &[next_fill_in(&created), format!("Then `countersign refine {id}` records it.")],
                    ))
                })
            }
            NewKind::Stub(NewIdArgs { id }) => {
                run_workflow(global, output, &format!("new stub {id}"), &|records, workspace, _| {
                    let created = create_stub(records, &workspace.repo, id, &date)?;
                    Ok(summarize(&created, &[format!("Fill in the marked parts of {}.", created.path)]))
                })
            }
        }
    }
}

/// Creates a packet of the profile `full`.
fn new_full_packet(
    records: &mut Records<'_>,
    workspace: &LockedWorkspace,
    id: &str,
    date: &str,
) -> anyhow::Result<CommandSummary> {
    let base = fork_point(&workspace.repo)?.or(workspace.repo.head()?);
    let Some(base) = base else {
        anyhow::bail!("this branch has no commit for the work to begin at; commit something first");
    };
    let created = create_packet(records, &workspace.repo, id, date, &base.0.to_string())?;
    let mut next = vec![
        next_fill_in(&created),
        "Commit packet, refinement and records together, before any code.".to_owned(),
    ];
    let file = RepoPath::from(FILE_NAME);
    if workspace.repo.read(TreeState::Commit(base), &file)?.is_none()
        && workspace.writer.read(&file)?.is_some()
    {
        let short: String = base.short();
        next.insert(0, format!(
            "commit {short}, where this work begins, has no {FILE_NAME}, so the built-in defaults apply; commit governance to the main branch first and begin there."
        ));
    }
    Ok(summarize(&created, &next))
}

/// Creates a packet of the profile `standard`.
fn new_minimal_packet(
    records: &mut Records<'_>,
    workspace: &LockedWorkspace,
    id: &str,
    date: &str,
) -> anyhow::Result<CommandSummary> {
    let created = create_minimal_packet(records, &workspace.repo, id, date)?;
    let approve = format!(
        "Then `countersign approve {id} --ssh-key FILE` signs it. Or commit it to the main branch, in a \
         change of its own."
    );
    Ok(summarize(&created, &[next_fill_in(&created), approve]))
}

/// Returns the step that follows the creation of a document with marked parts.
fn next_fill_in(created: &CreatedDocument) -> String {
    let path = &created.path;
    format!("Fill in the marked parts of {path}; `countersign check {path}` lists them.")
}

fn summarize(created: &CreatedDocument, next: &[String]) -> CommandSummary {
    CommandSummary { wp_id: Some(created.id.as_str().to_owned()), next: next.to_vec() }
}
