//! What the history of a repository says of the files of a packet's manifests.

use std::collections::{BTreeMap, BTreeSet};

use bstr::ByteSlice as _;

use crate::digest::{Hash20, RecordedHash, recorded_forms, sha1};
use crate::document::manifest::{Manifest, ManifestNumber};
use crate::document::{Layout, Packet};
use crate::text::{RepoPath, Spanned};

/// Maximum number of files of one packet that are searched in the history.
const MAX_FILES: usize = 300;
/// Maximum number of bytes of all versions that are read for one packet.
const MAX_BYTES: usize = 256 * 1024 * 1024;
/// The first bytes of a file that Git LFS keeps elsewhere.
const LFS_START: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The versions of one file, compared with what manifests record of it.
#[derive(Debug, Default)]
struct FileVersions {
    /// Recorded hashes that no version has that was seen.
    unknown: BTreeSet<Hash20>,
    /// Recorded hashes that the oldest version has that was seen.
    oldest: BTreeSet<Hash20>,
    /// All recorded hashes.
    recorded: BTreeSet<Hash20>,
    /// The number of lines of the versions with recorded hashes.
    lines: BTreeMap<Hash20, usize>,
    /// The greatest number of lines of a version.
    most_lines: usize,
    is_known: bool,
    /// Whether a version is no text, or could not be read.
    is_unclear: bool,
}

impl FileVersions {
    /// Adds a version; returns whether older ones can say more.
    fn add(&mut self, bytes: Option<&[u8]>) -> bool {
        self.is_known = true;
        let Some(bytes) = bytes.filter(|bytes| !bytes.starts_with(LFS_START)) else {
            self.is_unclear = true;
            return false;
        };
        let lines = count_lines(bytes);
        self.most_lines = self.most_lines.max(lines);
        self.oldest.clear();
        let own = sha1(bytes);
        let forms = if self.recorded.contains(&own) { vec![own] } else { recorded_forms(bytes) };
        for form in forms.into_iter().filter(|form| self.recorded.contains(form)) {
            self.unknown.remove(&form);
            self.oldest.insert(form);
            let known = self.lines.entry(form).or_default();
            *known = lines.max(*known);
        }
        !self.unknown.is_empty()
    }

    /// Returns the number of lines of the file before or after a change, whichever is greater.
    /// Without one of the versions, it is that of the longest version.
    fn longest(&self, hashes: &[Hash20]) -> Option<usize> {
        if hashes.iter().any(|hash| self.unknown.contains(hash)) {
            return Some(self.most_lines);
        }
        hashes.iter().filter_map(|hash| self.lines.get(hash)).max().copied()
    }
}

/// Counts the lines of a version; a binary file has more than any window.
fn count_lines(bytes: &[u8]) -> usize {
    if bytes.find_byte(0).is_some() {
        return usize::MAX;
    }
    let is_partial = bytes.last().is_some_and(|byte| *byte != b'\n');
    bytes.find_iter(b"\n").count() + usize::from(is_partial)
}

/// What the history says of the files of a packet's manifests.
#[derive(Debug, Default)]
pub(crate) struct ManifestHistory {
    paths: Vec<RepoPath>,
    files: Vec<FileVersions>,
    read: usize,
}

/// What a manifest records that fits no version of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown {
    pub pre: bool,
    pub post: bool,
    /// The number of lines of the file, if the window ends after them.
    pub window: Option<usize>,
}

impl ManifestHistory {
    /// Collects what the manifests of a packet record; `None` if they name no file, or too
    /// many. Files of governance are left out: they move, and packets follow them.
    pub(crate) fn of(packet: &Packet, layout: &Layout) -> Option<Self> {
        let layouts = [layout, &Layout::docs(), &Layout::gov()];
        let mut files: BTreeMap<RepoPath, FileVersions> = BTreeMap::new();
        for manifest in &packet.manifests {
            let Some(path) = path_of(manifest) else { continue };
            if layouts.iter().any(|layout| layout.is_governance(&path)) {
                continue;
            }
            let file = files.entry(path).or_default();
            let hashes =
                [&manifest.pre, &manifest.post].into_iter().filter_map(|hash| hash_of(hash.as_ref()));
            file.recorded.extend(hashes);
        }
        files.retain(|_, file| !file.recorded.is_empty());
        if files.is_empty() || files.len() > MAX_FILES {
            return None;
        }
        for file in files.values_mut() {
            file.unknown.clone_from(&file.recorded);
        }
        let (paths, files) = files.into_iter().unzip();
        Some(Self { paths, files, read: 0 })
    }

    /// Returns the files whose versions are wanted.
    pub(crate) fn paths(&self) -> &[RepoPath] {
        &self.paths
    }

    /// Adds a version of the file at a position of [`Self::paths`], newest first; `None` if it
    /// cannot be read. Returns whether more versions of this file are wanted.
    pub(crate) fn add(&mut self, at: usize, bytes: Option<&[u8]>) -> bool {
        self.read = self.read.saturating_add(bytes.map_or(0, <[u8]>::len));
        let is_bounded = self.read <= MAX_BYTES;
        let Some(file) = self.files.get_mut(at) else { return false };
        file.add(bytes.filter(|_| is_bounded))
    }

    /// Adds the content of a file in the judged tree. It says nothing about the history.
    pub(crate) fn add_uncommitted(&mut self, at: usize, bytes: &[u8]) {
        if let Some(file) = self.files.get_mut(at) {
            file.add(Some(bytes));
            file.oldest.clear();
            file.is_known = false;
        }
    }

    /// Says that a file has versions that were not read.
    pub(crate) fn doubt(&mut self, at: usize) {
        if let Some(file) = self.files.get_mut(at) {
            file.is_unclear = true;
        }
    }

    /// Returns what a manifest records that fits no version of its file; `None` if everything
    /// fits, or if it is not clear.
    pub(super) fn unknown(&self, manifest: &Manifest) -> Option<Unknown> {
        let at = self.paths.binary_search(&path_of(manifest)?).ok()?;
        let file = self.files.get(at).filter(|file| file.is_known && !file.is_unclear)?;
        let (pre, post) = (hash_of(manifest.pre.as_ref()), hash_of(manifest.post.as_ref()));
        let is_unknown = |hash: Option<Hash20>| hash.is_some_and(|hash| file.unknown.contains(&hash));
        // The history of a file that was moved begins with the version after the move.
        let is_moved = post.is_some_and(|post| file.oldest.contains(&post));
        let hashes: Vec<Hash20> = [pre, post].into_iter().flatten().collect();
        let window = last_line(manifest)
            .zip(file.longest(&hashes))
            .filter(|(last, lines)| last > lines)
            .map(|(_, n)| n);
        let out = Unknown { pre: is_unknown(pre) && !is_moved, post: is_unknown(post), window };
        (out.pre || out.post || out.window.is_some()).then_some(out)
    }
}

/// Returns the file of a manifest. Records that were written on Windows have back-slashes.
fn path_of(manifest: &Manifest) -> Option<RepoPath> {
    let text = manifest.path.as_ref()?.to_text().replace('\\', "/");
    let is_inside = !text.starts_with('/')
        && text.len() < 1024
        && !text.contains('\0')
        && !text.split('/').any(|name| matches!(name, "" | "." | ".."));
    is_inside.then(|| RepoPath::from(text.as_str()))
}

/// Returns a recorded hash of a content. Forty zeros and the hash of empty input mean that
/// there is no file.
fn hash_of(recorded: Option<&Spanned<RecordedHash>>) -> Option<Hash20> {
    match recorded?.value {
        RecordedHash::Sha1(hash) if hash != Hash20::ZERO && hash != sha1(b"") => Some(hash),
        _ => None,
    }
}

fn last_line(manifest: &Manifest) -> Option<usize> {
    match manifest.end.as_ref()?.value {
        ManifestNumber::Integer(line) => usize::try_from(line).ok().filter(|line| *line > 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    const FIRST: &str = "one\ntwo\n";
    const SECOND: &str = "one\ntwo\nthree\n";

    fn packet(pre: &str, post: &str, end: usize) -> Packet {
        let text = format!(
            "# Task Packet: WP-1-A\n\n## VALIDATION\n- **Target File**: `src/a.rs`\n- **Start**: 1\n\
             - **End**: {end}\n- **Line Delta**: 1\n- **Pre-SHA1**: `{pre}`\n- **Post-SHA1**: `{post}`\n"
        );
        Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), &text)).value
    }

    fn judge(packet: &Packet, versions: &[Option<&[u8]>]) -> Option<Unknown> {
        let mut history = ManifestHistory::of(packet, &Layout::gov()).expect("a manifest");
        for version in versions {
            if !history.add(0, *version) {
                break;
            }
        }
        history.unknown(packet.manifests.first()?)
    }

    fn hash(text: &str) -> String {
        sha1(text.as_bytes()).to_string()
    }

    const INVENTED: &str = "1234567890123456789012345678901234567890";

    #[test]
    fn a_hash_of_a_version_in_any_form_is_known() {
        let versions = [Some(SECOND.as_bytes()), Some(FIRST.as_bytes())];
        let forms = [
            hash(FIRST),
            hash(&FIRST.replace('\n', "\r\n")),
            hash(FIRST.trim_end()),
            crate::digest::git_blob_id(FIRST.as_bytes()).to_string(),
            "0".repeat(40),
            hash(""),
        ];
        for pre in &forms {
            assert_eq!(judge(&packet(pre, &hash(SECOND), 3), &versions), None, "{pre}");
        }
    }

    #[test]
    fn an_invented_hash_is_found_beside_a_real_one() {
        let versions = [Some(SECOND.as_bytes()), Some(FIRST.as_bytes())];
        let found = judge(&packet(&hash(FIRST), INVENTED, 3), &versions).expect("an unknown hash");
        assert!(found.post && !found.pre && found.window.is_none());
        let found = judge(&packet(INVENTED, &hash(SECOND), 3), &versions).expect("an unknown hash");
        assert!(found.pre && !found.post);
        let found = judge(&packet(&hash(FIRST), &hash(SECOND), 4), &versions).expect("a long window");
        assert_eq!(found.window, Some(3));
    }

    #[test]
    fn what_the_history_does_not_know_is_not_judged() {
        let invented = packet(INVENTED, INVENTED, 3);
        assert_eq!(judge(&invented, &[]), None, "never committed");
        assert_eq!(judge(&invented, &[Some(SECOND.as_bytes()), None]), None, "an unreadable version");
        let pointer: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n";
        assert_eq!(judge(&invented, &[Some(pointer)]), None, "kept by Git LFS");
        let moved = packet(INVENTED, &hash(SECOND), 3);
        assert_eq!(judge(&moved, &[Some(SECOND.as_bytes())]), None, "the history begins after the change");
    }
}
