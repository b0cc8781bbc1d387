//! `show WP`: all that was read from a packet or contract, with lines.

use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use super::gates::{folder, named_config};
use super::{Global, Output, PASSED};
use crate::change::{Repository as _, Side};
use crate::check::input::Search;
use crate::config::{Config, FILE_NAME};
use crate::document::contract::Contract;
use crate::document::{DocumentKind, Layout, Packet, Parsed, kind_of};
use crate::gate::{LARGEST_DOCUMENT, detect_layout, locate};
use crate::render::{json, show};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::text::{RepoPath, Source};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A packet's id, or the path of a file (ending in .md or .txt)
    #[arg(value_name = "WP-ID|FILE")]
    what: String,
}

impl Show {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let is_file = self.what.contains(['/', '\\'])
            || [".md", ".txt"].iter().any(|end| self.what.to_lowercase().ends_with(end));
        let parsed = if is_file {
            let source = self.file(global)?;
            if kind_of(source.text()) == DocumentKind::Contract {
                let document = show::contract::document(&Contract::read(&source));
                output.print(&if global.is_json()? {
                    json::pretty(&document)
                } else {
                    show::contract::human(&document)
                })?;
                return Ok(PASSED);
            }
            Packet::read(&source)
        } else {
            self.packet(global)?
        };
        let kind = parsed.value.kind;
        if kind != DocumentKind::Packet && kind != DocumentKind::Stub {
            bail!(
                "{} is a {}; only task packets, stubs and contracts are shown",
                parsed.value.source.name(),
                kind.as_str()
            );
        }
        let document = show::document(&parsed);
        output.print(&if global.is_json()? { json::pretty(&document) } else { show::human(&document) })?;
        Ok(PASSED)
    }

    fn file(&self, global: &Global) -> anyhow::Result<Arc<Source>> {
        let limit = u64::try_from(LARGEST_DOCUMENT).unwrap_or(u64::MAX);
        let path = folder(global)?.join(&self.what);
        let bytes = files::read(&path, limit).map_err(|error| anyhow::anyhow!("{}: {error}", self.what))?;
        Ok(Source::from_bytes(RepoPath::from(self.what.as_str()), bytes))
    }

    fn packet(&self, global: &Global) -> anyhow::Result<Parsed<Packet>> {
        let repo = GitRepository::discover(&folder(global)?)?;
        let config = match named_config(global.config.as_deref())? {
            Some(source) => Some(source),
            None => repo
                .read(Side::Worktree, &RepoPath::from(FILE_NAME))?
                .map(|bytes| Source::from_bytes(RepoPath::from(FILE_NAME), bytes)),
        };
        let config = match config {
            Some(source) => Config::read(&source).map_err(crate::gate::GateError::Config)?,
            None => Config::defaults(),
        };
        let layout = match config.layout {
            Some(layout) => layout,
            None => detect_layout(&repo, Side::Worktree)?.unwrap_or_else(Layout::gov),
        };
        match locate(&repo, Side::Worktree, &layout, &self.what)? {
            (_, Some(located)) => Ok(Parsed { value: located.packet, faults: located.faults }),
            (Search::BadId { why, .. }, _) => bail!("`{}` is no work packet id: {why}", self.what),
            (Search::Missing { path, near, stub, .. }, _) => match (stub, near.first()) {
                (Some(stub), _) => bail!(
                    "there is no packet {path}, only the stub {stub}; `countersign show {stub}` shows it"
                ),
                (None, Some(near)) => bail!("there is no packet {path}; did you mean `{near}`?"),
                (None, None) => bail!("there is no packet {path}"),
            },
            (Search::NotAFile { path, what }, _) => bail!("{path} is a {what}, not a file"),
            (Search::Unreadable { source, why, .. }, _) => {
                bail!("{}: {why} (by its headings a {})", source.name(), kind_of(source.text()).as_str())
            }
            (Search::Found { path }, None) => bail!("{path} could not be read"),
        }
    }
}
