//! `show`: what was read from a packet or contract, with line numbers.

use std::sync::Arc;

use anyhow::bail;
use clap::Args;

use crate::change::TreeState;
use crate::check::context::PacketSearch;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::config::{load, resolve_layout};
use crate::document::contract::Contract;
use crate::document::{DocumentKind, Packet, Parsed, detect_kind};
use crate::pipeline::packet_gate::{MAX_DOCUMENT_BYTES, locate};
use crate::render::{json, show};
use crate::system::files;
use crate::system::git::GitRepository;
use crate::text::{RepoPath, Source};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A packet's id, or the path of a file (ending in .md or .txt)
    #[arg(value_name = "WP-ID|FILE")]
    what: String,
}

impl ShowArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_file = self.what.contains(['/', '\\'])
            || [".md", ".txt"].iter().any(|end| self.what.to_lowercase().ends_with(end));
        let parsed = if is_file {
            let source = self.read_file(global)?;
            if detect_kind(source.text()) == DocumentKind::Contract {
                let document = show::contract::to_document(&Contract::read(&source));
                output.print(&if global.is_json()? {
                    json::pretty(&document)
                } else {
                    show::contract::render_human(&document)
                })?;
                return Ok(PASSED);
            }
            Packet::read(&source)
        } else {
            self.read_packet(global)?
        };
        let kind = parsed.value.kind;
        if kind != DocumentKind::Packet && kind != DocumentKind::Stub {
            bail!(
                "{} is a {}; only task packets, stubs and contracts are shown",
                parsed.value.source.name(),
                kind.as_str()
            );
        }
        let document = show::to_document(&parsed);
        output.print(&if global.is_json()? {
            json::pretty(&document)
        } else {
            show::render_human(&document)
        })?;
        Ok(PASSED)
    }

    fn read_file(&self, global: &GlobalArgs) -> anyhow::Result<Arc<Source>> {
        let limit = u64::try_from(MAX_DOCUMENT_BYTES).unwrap_or(u64::MAX);
        let path = global.working_dir()?.join(&self.what);
        let bytes = files::read(&path, limit).map_err(|error| anyhow::anyhow!("{}: {error}", self.what))?;
        Ok(Source::from_bytes(RepoPath::from(self.what.as_str()), bytes))
    }

    fn read_packet(&self, global: &GlobalArgs) -> anyhow::Result<Parsed<Packet>> {
        let repo = GitRepository::discover(&global.working_dir()?)?;
        let config = load(&repo, TreeState::Worktree, global.config_override()?.as_ref())?.config;
        let layout = resolve_layout(&repo, &config, TreeState::Worktree, TreeState::Worktree)?;
        match locate(&repo, TreeState::Worktree, &layout, &self.what)? {
            (_, Some(located)) => Ok(Parsed { value: located.packet, faults: located.faults }),
            (PacketSearch::BadId { why, .. }, _) => bail!("invalid work packet id `{}`: {why}", self.what),
            (PacketSearch::Missing { path, near, stub, .. }, _) => match (stub, near.first()) {
                (Some(stub), _) => {
                    bail!("{path} does not exist, only the stub {stub}; run `countersign show {stub}`")
                }
                (None, Some(near)) => bail!("{path} does not exist; did you mean `{near}`?"),
                (None, None) => bail!("{path} does not exist"),
            },
            (PacketSearch::NotAFile { path, what }, _) => bail!("{path} is a {what}, not a file"),
            // A packet in another encoding is shown; gates refuse it.
            (PacketSearch::Unreadable { source, .. }, _) if source.not_utf8_at().is_some() => {
                Ok(Packet::read(&source))
            }
            (PacketSearch::Unreadable { source, why, .. }, _) => {
                bail!("{}: {why} (by its headings a {})", source.name(), detect_kind(source.text()).as_str())
            }
            (PacketSearch::Found { path }, None) => bail!("{path} could not be read"),
        }
    }
}
