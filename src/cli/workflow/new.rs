//! `new packet`, `new refinement`, `new stub`

use clap::{Args, Subcommand};

use crate::change::{Repository as _, Side};

use super::{Told, change};
use crate::cli::{Global, Output};
use crate::config::FILE_NAME;
use crate::system::clock;
use crate::text::RepoPath;
use crate::workflow::new::{Created, LineRange, packet, refinement, stub};

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A task packet, once it was refined, signed and prepared
    Packet(Named),
    /// A refinement against the current specification
    Refinement {
        #[command(flatten)]
        named: Named,
        /// Quote these lines of the specification as an anchor, FIRST-LAST.
        /// May be given several times
        #[arg(long, value_name = "LINES")]
        anchor: Vec<LineRange>,
    },
    /// A backlog note, not executable
    Stub(Named),
}

#[derive(Debug, Args)]
struct Named {
    /// The id, `WP-{phase}-{name}`, with `-v2` and so on for a revision
    #[arg(value_name = "WP-ID")]
    id: String,
}

impl New {
    pub(in crate::cli) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let date = clock::now_text();
        match &self.what {
            What::Packet(Named { id }) => {
                change(global, output, &format!("new packet {id}"), &|records, desk, config| {
                    let base = desk.repo.base_with(&config.main)?.or(desk.repo.head()?);
                    let Some(base) = base else {
                        anyhow::bail!("there is no commit yet that work could begin at: commit first");
                    };
                    let made = packet(records, &desk.repo, id, &date, &base.0.to_string())?;
                    let mut next = vec![
                        format!(
                            "Fill in what is marked in {}; `countersign check {}` lists it.",
                            made.path, made.path
                        ),
                        "Commit packet, refinement and records together, before any code.".to_owned(),
                    ];
                    let file = RepoPath::from(FILE_NAME);
                    if desk.repo.read(Side::Commit(base), &file)?.is_none()
                        && desk.writer.read(&file)?.is_some()
                    {
                        let short: String = base.0.to_string().chars().take(12).collect();
                        next.insert(0, format!(
                            "{FILE_NAME} is no part of commit {short}, at which this work begins, so the built-in rules judge it: commit governance to the main branch first and begin there."
                        ));
                    }
                    Ok(told(&made, &next))
                })
            }
            What::Refinement { named: Named { id }, anchor } => {
                change(global, output, &format!("new refinement {id}"), &|records, desk, _| {
                    let made = refinement(records, &desk.repo, id, &date, anchor)?;
                    Ok(told(
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
            What::Stub(Named { id }) => {
                change(global, output, &format!("new stub {id}"), &|records, desk, _| {
                    let made = stub(records, &desk.repo, id, &date)?;
                    Ok(told(&made, &[format!("Fill in what is marked in {}.", made.path)]))
                })
            }
        }
    }
}

fn told(made: &Created, next: &[String]) -> Told {
    Told { wp_id: Some(made.id.as_str().to_owned()), next: next.to_vec() }
}
