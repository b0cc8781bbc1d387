//! Report files that `--output` wrote below the root: a second command must not take them
//! for a change.
//!
//! They are known by path and SHA-256. The list is in git's folder, which belongs to the
//! user of the clone; a fresh clone has none.

use std::collections::BTreeMap;
use std::io;

use crate::digest::sha256_hex;
use crate::system::files;
use crate::text::RepoPath;

use super::GitRepository;

/// The list, in the tool's folder inside git's folder.
const FILE: &str = "outputs";
/// Maximum number of files in the list; the oldest are dropped.
const MAX_ENTRIES: usize = 64;
/// Maximum size of the list, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Extensions of report files; no other file is excused.
const EXTENSIONS: [&str; 6] = [".sarif", ".xml", ".json", ".md", ".txt", ".html"];

impl GitRepository {
    /// Records a report file with its bytes.
    ///
    /// # Errors
    /// The list cannot be written.
    pub(crate) fn record_output(&self, path: &RepoPath, bytes: &[u8]) -> io::Result<()> {
        let text = path.to_text();
        if text.contains(['\n', '\r']) || !is_report(&text) {
            return Ok(());
        }
        let mut entries: Vec<String> = self.read_outputs().lines().map(str::to_owned).collect();
        entries.retain(|line| line.split_once("  ").is_none_or(|(_, known)| known != text));
        entries.push(format!("{}  {text}", sha256_hex(bytes)));
        let kept = entries.len().saturating_sub(MAX_ENTRIES);
        let list: String = entries.iter().skip(kept).map(|line| format!("{line}\n")).collect();
        let folder = self.state_folder();
        files::create_folder(&folder)?;
        files::write(&folder.join(FILE), list.as_bytes())
    }

    fn read_outputs(&self) -> String {
        let bytes = files::read(&self.state_folder().join(FILE), MAX_BYTES).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Returns the report files with the SHA-256 of their bytes. The list is read once, so
    /// that a step of this run cannot add to it.
    pub(super) fn own_outputs(&self) -> &OwnOutputs {
        self.own_outputs.get_or_init(|| {
            let text = self.read_outputs();
            let entries = text.lines().filter_map(|line| line.split_once("  "));
            let entries = entries.filter(|(_, path)| is_report(path));
            OwnOutputs(entries.map(|(hash, path)| (RepoPath::from(path), hash.to_owned())).collect())
        })
    }
}

fn is_report(path: &str) -> bool {
    EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

/// Report files with the SHA-256 of their bytes.
pub(super) struct OwnOutputs(BTreeMap<RepoPath, String>);

impl OwnOutputs {
    /// Returns whether a file on disk is a report that was not changed since.
    pub(super) fn contains(&self, path: &RepoPath, disk: &std::path::Path) -> bool {
        self.0.get(path).is_some_and(|hash| files::sha256_of_file(disk).is_ok_and(|found| found == *hash))
    }
}
