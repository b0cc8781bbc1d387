//! Finds and reads the logs of agents.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

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
            // A path from the current folder would be one of the repository.
            let parts = text.split(',').map(|part| environment::expand_home(part.trim()));
            Some(parts.filter(|path| path.is_absolute()).collect())
        };
        let at_home = |folders: &[&str]| -> Vec<PathBuf> {
            let home = environment::home_folder();
            home.map(|home| folders.iter().map(|folder| home.join(folder)).collect()).unwrap_or_default()
        };
        let claude = named("CLAUDE_CONFIG_DIR").unwrap_or_else(|| at_home(&[".config/claude", ".claude"]));
        let codex = named("CODEX_HOME").unwrap_or_else(|| at_home(&[".codex"]));
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
    /// Size in bytes, and time of the last change: what a change of it changes.
    pub state: String,
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
    for (name, kind) in files::list_folder(folder).unwrap_or_default() {
        let path = files::join_repo_path(folder, &RepoPath::from_bytes(name.as_bytes()));
        if kind.is_dir() {
            if depth > 0 {
                list_below(&path, agent, depth - 1, out);
            }
        } else if kind.is_file() && out.len() < MAX_LOGS && is_log(name.as_bytes(), agent) {
            let Ok(Some(metadata)) = files::find_metadata(&path) else { continue };
            let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let modified = modified.map_or(0, |time| time.as_nanos());
            out.push(FoundLog { path, agent, state: format!("{}:{modified}", metadata.len()) });
        }
    }
}

/// What logs hold.
#[derive(Debug, Default)]
pub(crate) struct ReadLogs {
    /// All calls, in the order of their times; also those before a part that could not be
    /// read.
    pub calls: Vec<ModelCall>,
    /// Paths of logs that could not be read to their end.
    pub unreadable: Vec<PathBuf>,
}

enum Part {
    Claude(ClaudeReader),
    Codex(Vec<ModelCall>),
}

/// Reads all logs.
#[must_use]
pub(crate) fn read_logs(logs: &[FoundLog]) -> ReadLogs {
    let parts = parallel::map(logs, read_log);
    let (mut claude, mut out) = (ClaudeReader::default(), ReadLogs::default());
    for (log, (part, ended)) in logs.iter().zip(parts) {
        match part {
            Part::Claude(reader) => claude.extend(reader),
            Part::Codex(mut found) => {
                let name = log.path.to_string_lossy();
                found.iter_mut().for_each(|call| call.log = Some(name.clone().into_owned()));
                out.calls.extend(found);
            }
        }
        if ended.is_err() {
            out.unreadable.push(log.path.clone());
        }
    }
    out.calls.extend(claude.finish());
    out.calls.sort_by(|a, b| (&a.at, &a.id).cmp(&(&b.at, &b.id)));
    out
}

fn read_log(log: &FoundLog) -> (Part, io::Result<()>) {
    let input = match files::open_regular(&log.path) {
        Ok(file) => BufReader::with_capacity(BUFFER_BYTES, file),
        Err(error) => return (Part::Codex(Vec::new()), Err(error)),
    };
    let name = log.path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if log.path.to_string_lossy().as_bytes().ends_with(COMPRESSED) {
        let (calls, ended) = codex::read(BufReader::with_capacity(BUFFER_BYTES, Frames::new(input)), &name);
        return (Part::Codex(calls), ended);
    }
    match log.agent {
        Agent::Claude => {
            let mut reader = ClaudeReader::default();
            let ended = reader.read(input);
            (Part::Claude(reader), ended)
        }
        // This program writes no log of its calls.
        Agent::Codex | Agent::Countersign => {
            let (calls, ended) = codex::read(input, &name);
            (Part::Codex(calls), ended)
        }
    }
}

/// All frames of a compressed file, one after the other.
struct Frames<R: io::BufRead> {
    state: Option<FrameState<R>>,
}

enum FrameState<R: io::BufRead> {
    Between(R),
    Inside(Box<StreamingDecoder<R, FrameDecoder>>),
}

impl<R: io::BufRead> Frames<R> {
    fn new(input: R) -> Self {
        Self { state: Some(FrameState::Between(input)) }
    }
}

impl<R: io::BufRead> io::Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failed = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
        loop {
            match self.state.take() {
                None => return Err(io::Error::other("the compressed log is damaged")),
                Some(FrameState::Between(mut input)) => {
                    if input.fill_buf()?.is_empty() {
                        self.state = Some(FrameState::Between(input));
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(input).map_err(|error| failed(&error))?;
                    self.state = Some(FrameState::Inside(Box::new(decoder)));
                }
                Some(FrameState::Inside(mut decoder)) => {
                    let read = decoder.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        self.state = Some(FrameState::Inside(decoder));
                        return Ok(read);
                    }
                    self.state = Some(FrameState::Between(decoder.into_inner()));
                }
            }
        }
    }
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
