//! `new packet`, `new refinement`, `new stub`

use crate::change::TreeState;
use crate::change::{History as _, ObjectStore as _};
use clap::{Args, Subcommand};

use crate::cli::{GlobalArgs, Output};
use crate::config::FILE_NAME;
use crate::system::clock;
use crate::text::RepoPath;
use crate::workflow::new::{CreatedDocument, LineRange, create_packet, create_refinement, create_stub};

use super::workflow::{CommandSummary, run_workflow};

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    #[command(subcommand)]
    kind: NewKind,
}

#[derive(Debug, Subcommand)]
enum NewKind {
    /// A task packet, once it was refined, signed and prepared
    Packet(NewIdArgs),
    /// A refinement against the current specification
    Refinement {
        #[command(flatten)]
        id_args: NewIdArgs,
        /// Quote these lines of the specification as an anchor, FIRST-LAST.
        /// May be given several times
        #[arg(long, value_name = "LINES")]
        anchor: Vec<LineRange>,
    },
    /// A backlog note, not executable
    Stub(NewIdArgs),
}

#[derive(Debug, Args)]
struct NewIdArgs {
    /// The id, `WP-{phase}-{name}`, with `-v2` and so on for a revision
    #[arg(value_name = "WP-ID")]
    id: String,
}

impl NewArgs {
    pub(in crate::cli) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let date = clock::now_text();
        match &self.kind {
            NewKind::Packet(NewIdArgs { id }) => {
                run_workflow(global, output, &format!("new packet {id}"), &|records, desk, config| {
                    let base = desk.repo.main_fork_point(&config.main_branches)?.or(desk.repo.head()?);
                    let Some(base) = base else {
                        anyhow::bail!("there is no commit yet that work could begin at: commit first");
                    };
                    let made = create_packet(records, &desk.repo, id, &date, &base.0.to_string())?;
                    let mut next = vec![
                        format!(
                            "Fill in what is marked in {}; `countersign check {}` lists it.",
                            made.path, made.path
                        ),
                        "Commit packet, refinement and records together, before any code.".to_owned(),
                    ];
                    let file = RepoPath::from(FILE_NAME);
                    if desk.repo.read(TreeState::Commit(base), &file)?.is_none()
                        && desk.writer.read(&file)?.is_some()
                    {
                        let short: String = base.short();
                        next.insert(0, format!(
                            "{FILE_NAME} is no part of commit {short}, at which this work begins, so the built-in rules judge it: commit governance to the main branch first and begin there."
                        ));
                    }
                    Ok(summarize(&made, &next))
                })
            }
            NewKind::Refinement { id_args: NewIdArgs { id }, anchor } => {
                run_workflow(global, output, &format!("new refinement {id}"), &|records, desk, _| {
                    let made = create_refinement(records, &desk.repo, id, &date, anchor)?;
                    Ok(summarize(
                        &made,
                        &[
                            format!(
                                "Fill in what is marked in {}; `countersign check {}` lists it.",
                                made.path, made.path
                            ),
                            format!("`countersign refine {id}` records it then."),
                        ],
                    ))
                })
            }
            NewKind::Stub(NewIdArgs { id }) => {
                run_workflow(global, output, &format!("new stub {id}"), &|records, desk, _| {
                    let made = create_stub(records, &desk.repo, id, &date)?;
                    Ok(summarize(&made, &[format!("Fill in what is marked in {}.", made.path)]))
                })
            }
        }
    }
}

fn summarize(made: &CreatedDocument, next: &[String]) -> CommandSummary {
    CommandSummary { wp_id: Some(made.id.as_str().to_owned()), next: next.to_vec() }
}
