//! Finds and reads the logs of agents.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use crate::system::{environment, files, parallel};
use crate::text::RepoPath;

use super::claude::ClaudeReader;
use super::codex;
use super::tokens::{Agent, ModelCall};

/// Maximum number of folders below each other.
const MAX_DEPTH: usize = 12;
/// Maximum number of logs.
const MAX_LOGS: usize = 1_000_000;
/// Size of the buffer of a log that is read, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// Folders of logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogRoots {
    /// Of Claude Code: folders of projects.
    pub claude: Vec<PathBuf>,
    /// Of Codex: folders of sessions, the active ones first.
    pub codex: Vec<PathBuf>,
}

impl LogRoots {
    /// Returns the folders of this user: those that `CLAUDE_CONFIG_DIR` and `CODEX_HOME`
    /// name, otherwise the usual ones.
    #[must_use]
    pub(crate) fn of_user() -> Self {
        let named = |variable: &str| -> Option<Vec<PathBuf>> {
            let text = environment::variable(variable).filter(|text| !text.trim().is_empty())?;
            Some(text.split(',').map(|part| environment::expand_home(part.trim())).collect())
        };
        let home = environment::home_folder().unwrap_or_default();
        let claude = named("CLAUDE_CONFIG_DIR")
            .unwrap_or_else(|| vec![home.join(".config/claude"), home.join(".claude")]);
        let codex = named("CODEX_HOME").unwrap_or_else(|| vec![home.join(".codex")]);
        Self {
            claude: claude.into_iter().map(|folder| folder.join("projects")).collect(),
            codex: codex
                .into_iter()
                .flat_map(|folder| [folder.join("sessions"), folder.join("archived_sessions")])
                .collect(),
        }
    }
}

/// A log of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundLog {
    /// Its path.
    pub path: PathBuf,
    /// The agent.
    pub agent: Agent,
    /// Size in bytes.
    pub size: u64,
}

/// Returns all logs, in the order of their paths. A session that is also in the archive is
/// there once. A folder that cannot be read has none.
#[must_use]
pub(crate) fn find_logs(roots: &LogRoots) -> Vec<FoundLog> {
    let mut logs: Vec<FoundLog> = Vec::new();
    for root in &roots.claude {
        list_below(root, Agent::Claude, MAX_DEPTH, &mut logs);
    }
    let mut sessions: BTreeMap<String, FoundLog> = BTreeMap::new();
    for root in &roots.codex {
        let mut found = Vec::new();
        list_below(root, Agent::Codex, MAX_DEPTH, &mut found);
        for log in found {
            // The same session can be there compressed and not.
            let name =
                log.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name = name.strip_suffix(".zst").unwrap_or(&name).to_owned();
            sessions.entry(name).or_insert(log);
        }
    }
    logs.extend(sessions.into_values());
    logs.sort_by(|a, b| a.path.cmp(&b.path));
    logs
}

/// Codex also compresses its logs.
fn is_log(name: &[u8], agent: Agent) -> bool {
    name.ends_with(b".jsonl") || (agent == Agent::Codex && name.ends_with(COMPRESSED))
}

/// End of the name of a compressed log.
const COMPRESSED: &[u8] = b".jsonl.zst";

fn list_below(folder: &Path, agent: Agent, depth: usize, out: &mut Vec<FoundLog>) {
    for (name, metadata) in files::list_folder(folder).unwrap_or_default() {
        let path = files::join_repo_path(folder, &RepoPath::from_bytes(name.as_bytes()));
        if metadata.is_dir() {
            if depth > 0 {
                list_below(&path, agent, depth - 1, out);
            }
        } else if metadata.is_file() && out.len() < MAX_LOGS && is_log(name.as_bytes(), agent) {
            out.push(FoundLog { path, agent, size: metadata.len() });
        }
    }
}

/// Returns all calls of logs, in the order of their times. What cannot be read is left out;
/// the second value counts the logs that could not be opened.
#[must_use]
pub(crate) fn read_logs(logs: &[FoundLog]) -> (Vec<ModelCall>, usize) {
    enum Part {
        Claude(ClaudeReader),
        Codex(Vec<ModelCall>),
        Unreadable,
    }
    let read = |log: &FoundLog| -> io::Result<Part> {
        let input = BufReader::with_capacity(BUFFER_BYTES, files::open_regular(&log.path)?);
        let name = log.path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if log.path.to_string_lossy().as_bytes().ends_with(COMPRESSED) {
            let decoder = ruzstd::decoding::StreamingDecoder::new(input)
                .map_err(|error| io::Error::other(error.to_string()))?;
            return Ok(Part::Codex(codex::read(BufReader::with_capacity(BUFFER_BYTES, decoder), &name)?));
        }
        match log.agent {
            Agent::Claude => {
                let mut reader = ClaudeReader::default();
                reader.read(input)?;
                Ok(Part::Claude(reader))
            }
            Agent::Codex => Ok(Part::Codex(codex::read(input, &name)?)),
        }
    };
    let parts = parallel::map(logs, |log| read(log).unwrap_or(Part::Unreadable));
    let (mut claude, mut calls, mut unreadable) = (ClaudeReader::default(), Vec::new(), 0);
    for part in parts {
        match part {
            Part::Claude(reader) => claude.extend(reader),
            Part::Codex(found) => calls.extend(found),
            Part::Unreadable => unreadable += 1,
        }
    }
    calls.extend(claude.finish());
    calls.sort_by(|a, b| (&a.at, &a.id).cmp(&(&b.at, &b.id)));
    (calls, unreadable)
}

/// Reads one transcript of Claude Code, for tests.
#[cfg(test)]
pub(super) fn read_claude(parts: &[&str], rules: super::claude::ClaudeRules) -> Vec<ModelCall> {
    let mut all = ClaudeReader::with_rules(rules);
    for text in parts {
        let mut reader = ClaudeReader::with_rules(rules);
        reader.read(io::Cursor::new(text)).unwrap_or_default();
        all.extend(reader);
    }
    all.finish()
}

/// A reader over bytes, so that tests and files share one path.
#[cfg(test)]
pub(super) fn text(text: &str) -> impl io::BufRead + '_ {
    io::Cursor::new(text)
}
