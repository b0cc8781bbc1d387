//! Git attributes of paths on disk, read as git reads them (`gitattributes(5)`).
//!
//! libgit2 has its own reader, which does not know quoted patterns and differs from git
//! in details. A difference would let the files on disk pass, and the commit fail.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::change::RepositoryError;
use crate::system::wildmatch::PathPattern;
use crate::system::{environment, files};
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_oid, unreadable};

/// Maximum size of an attributes file; git ignores larger ones.
const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// Maximum length of a line; git ignores longer ones.
const MAX_LINE_BYTES: usize = 2048;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AttributeValue {
    Set,
    Unset,
    Value(String),
    Unspecified,
}

/// A line: a pattern, or the name of a macro, and the attributes that it sets.
struct Line {
    target: Target,
    settings: Vec<(String, AttributeValue)>,
}

enum Target {
    Pattern(PathPattern),
    Macro(String),
}

/// The lines of one file. Its patterns are relative to `folder`.
struct AttributesFile {
    folder: RepoPath,
    lines: Vec<Line>,
}

/// All attributes files that concern the working tree, with the lowest precedence first.
pub(super) struct AttributeRules {
    /// Files of the machine and of the user.
    below: Vec<AttributesFile>,
    /// Files of the working tree, by folder.
    folders: BTreeMap<RepoPath, AttributesFile>,
    /// `info/attributes` of the repository.
    above: Option<AttributesFile>,
    /// Macros of the machine and of the user, of the root folder, and of the repository;
    /// the last one that defines a name decides.
    macros: [Macros; 3],
}

/// Macros by name, with the attributes that they set.
type Macros = BTreeMap<String, Vec<(String, AttributeValue)>>;

impl AttributeRules {
    /// Returns the value of an attribute of a file.
    fn value(&self, path: &RepoPath, name: &str) -> AttributeValue {
        let mut folder = RepoPath::from_bytes(path.folder());
        let mut found = Values { wanted: name, value: None, macros: &self.macros, seen: HashSet::new() };
        self.above.iter().for_each(|file| found.apply(file, path));
        loop {
            if let Some(file) = self.folders.get(&folder) {
                found.apply(file, path);
            }
            if folder.as_bytes().is_empty() || found.value.is_some() {
                break;
            }
            folder = RepoPath::from_bytes(folder.folder());
        }
        self.below.iter().rev().for_each(|file| found.apply(file, path));
        found.value.unwrap_or(AttributeValue::Unspecified)
    }
}

/// Search for the value of one attribute; the first line that sets it decides.
struct Values<'a> {
    wanted: &'a str,
    value: Option<AttributeValue>,
    macros: &'a [Macros; 3],
    /// Attributes that a line has set already; later lines do not change them.
    seen: HashSet<&'a str>,
}

impl<'a> Values<'a> {
    fn apply(&mut self, file: &'a AttributesFile, path: &RepoPath) {
        let start = if file.folder.as_bytes().is_empty() { 0 } else { file.folder.as_bytes().len() + 1 };
        let relative = path.as_bytes().get(start..).unwrap_or_default();
        for line in file.lines.iter().rev() {
            if self.value.is_some() {
                return;
            }
            if let Target::Pattern(pattern) = &line.target
                && !pattern.only_folders
                && pattern.matches(relative)
            {
                self.set_all(&line.settings);
            }
        }
    }

    /// Applies the settings of a line, the last one first. A macro that is set applies
    /// its own settings.
    fn set_all(&mut self, settings: &'a [(String, AttributeValue)]) {
        for (name, value) in settings.iter().rev() {
            if !self.seen.insert(name) {
                continue;
            }
            if name == self.wanted {
                self.value.get_or_insert_with(|| value.clone());
            }
            if *value == AttributeValue::Set
                && let Some(expansion) = self.macros.iter().rev().find_map(|macros| macros.get(name))
            {
                self.set_all(expansion);
            }
        }
    }
}

impl GitRepository {
    /// Returns the value of an attribute of a path on disk.
    ///
    /// # Errors
    /// An attributes file cannot be read.
    pub(super) fn attribute(&self, path: &RepoPath, name: &str) -> Result<AttributeValue, RepositoryError> {
        if self.has_attributes.get() == Some(false) {
            return Ok(AttributeValue::Unspecified);
        }
        self.load_folders_above(path)?;
        let rules = self.attribute_rules.borrow();
        Ok(rules.as_ref().map_or(AttributeValue::Unspecified, |rules| rules.value(path, name)))
    }

    /// Reads the attributes files of the folders above a path that were not read yet.
    fn load_folders_above(&self, path: &RepoPath) -> Result<(), RepositoryError> {
        let mut slot = self.attribute_rules.borrow_mut();
        if slot.is_none() {
            *slot = Some(self.read_general_attributes()?);
        }
        let Some(rules) = slot.as_mut() else { return Ok(()) };
        let mut folder = RepoPath::from_bytes(path.folder());
        loop {
            if !rules.folders.contains_key(&folder) {
                let is_root = folder.as_bytes().is_empty();
                let bytes = self.read_attributes_of(&folder)?;
                let [_, root_macros, _] = &mut rules.macros;
                let file = parse_file(folder.clone(), &bytes, is_root, root_macros);
                rules.folders.insert(folder.clone(), file);
            }
            if folder.as_bytes().is_empty() {
                return Ok(());
            }
            folder = RepoPath::from_bytes(folder.folder());
        }
    }

    /// Reads the attributes file of a folder: the one on disk, or else the one of the
    /// index, as `git add` does. Links are not followed.
    fn read_attributes_of(&self, folder: &RepoPath) -> Result<Vec<u8>, RepositoryError> {
        let path = folder.join(b".gitattributes");
        if let Some((disk, metadata)) = self.worktree_path(&path)? {
            return if metadata.is_file() { read_limited(&disk, &path) } else { Ok(Vec::new()) };
        }
        match self.index_entry(&path)? {
            Some(entry) if entry.mode != crate::change::FileMode::Symlink => {
                self.read_blob(to_oid(entry.id), &path)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Reads the attributes files outside the working tree.
    fn read_general_attributes(&self) -> Result<AttributeRules, RepositoryError> {
        let (mut macros, mut info_macros) = (Macros::new(), Macros::new());
        let mut below = Vec::new();
        parse_file(RepoPath::default(), b"[attr]binary -diff -merge -text\n", true, &mut macros);
        for path in self.general_attribute_paths() {
            let shown = files::to_repo_path(&path);
            let bytes = match files::find_metadata(&path).map_err(|error| unreadable(&shown, &error))? {
                Some(_) => read_limited(&path, &shown)?,
                None => continue,
            };
            below.push(parse_file(RepoPath::default(), &bytes, true, &mut macros));
        }
        let info = self.repo.commondir().join("info/attributes");
        let above = match files::find_metadata(&info) {
            Ok(Some(metadata)) if metadata.is_file() => {
                let bytes = read_limited(&info, &RepoPath::from(".git/info/attributes"))?;
                Some(parse_file(RepoPath::default(), &bytes, true, &mut info_macros))
            }
            _ => None,
        };
        let macros = [macros, Macros::new(), info_macros];
        Ok(AttributeRules { below, folders: BTreeMap::new(), above, macros })
    }

    /// Returns the attributes files of the machine and of the user, which need not exist.
    fn general_attribute_paths(&self) -> Vec<PathBuf> {
        let mut out = vec![PathBuf::from("/etc/gitattributes")];
        let configured = self.repo.config().and_then(|config| config.get_path("core.attributesFile"));
        let xdg = || {
            let set = environment::variable("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty());
            let folder =
                set.or_else(|| environment::variable("HOME").map(|home| format!("{home}/.config")))?;
            Some(PathBuf::from(format!("{folder}/git/attributes")))
        };
        out.extend(configured.ok().or_else(xdg));
        out
    }

    /// Records whether any path can have attributes. They can come from files of the
    /// user, of the machine, of git's own folder, or (if `seen`) of the working tree or
    /// the index. Before this call, attributes are queried for every path.
    pub(super) fn record_attribute_presence(&self, seen: bool) {
        let info = self.repo.commondir().join("info/attributes");
        let mut elsewhere = self.general_attribute_paths();
        elsewhere.push(info);
        let exists = |path: &PathBuf| !matches!(files::find_metadata(path), Ok(None));
        self.has_attributes.set(Some(seen || elsewhere.iter().any(exists)));
        // The files on disk may have changed since an earlier walk.
        *self.attribute_rules.borrow_mut() = None;
    }

    /// Returns an error if the setting `attr.tree` takes attributes from another
    /// revision. The computed content would differ from the content that git stores.
    pub(super) fn refuse_foreign_attributes(&self) -> Result<(), RepositoryError> {
        let configured = self.repo.config().and_then(|config| config.get_string("attr.tree"));
        if configured.is_err() {
            return Ok(());
        }
        let reason = "the setting attr.tree takes them from another revision; unset it, or check the change with --staged or --range";
        Err(RepositoryError::Git { operation: "reading git attributes".into(), reason: reason.into() })
    }

    /// Returns the setting `core.autocrlf`: `true`, `input`, or `None` if it is off.
    pub(super) fn autocrlf(&self) -> Result<Option<String>, RepositoryError> {
        let config = self.repo.config().map_err(git_error("reading the configuration of git"))?;
        let value = config.get_string("core.autocrlf").unwrap_or_default().to_lowercase();
        Ok(match value.as_str() {
            "input" => Some("input".to_owned()),
            "true" | "1" | "yes" | "on" => Some("true".to_owned()),
            _ => None,
        })
    }
}

fn read_limited(disk: &Path, path: &RepoPath) -> Result<Vec<u8>, RepositoryError> {
    let mut bytes = Vec::new();
    let is_whole =
        files::read_if_within(disk, MAX_FILE_BYTES, &mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(if is_whole { bytes } else { Vec::new() })
}

/// Reads a file; macros are added to `macros` if the file may define them.
fn parse_file(
    folder: RepoPath,
    bytes: &[u8],
    may_define_macros: bool,
    macros: &mut Macros,
) -> AttributesFile {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| line.len() < MAX_LINE_BYTES) {
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        match parse_line(line) {
            Some(Line { target: Target::Macro(name), settings }) if may_define_macros => {
                macros.insert(name, settings);
            }
            Some(line) if matches!(line.target, Target::Pattern(_)) => lines.push(line),
            _ => {}
        }
    }
    AttributesFile { folder, lines }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

/// Reads a line; `None` for comments, negative patterns and lines with an invalid name,
/// which git ignores.
fn parse_line(line: &[u8]) -> Option<Line> {
    let start = line.iter().position(|byte| !is_blank(*byte))?;
    let line = line.get(start..)?;
    if line.starts_with(b"#") {
        return None;
    }
    let quoted = line.starts_with(b"\"").then(|| unquote(line)).flatten();
    let (name, rest) = match quoted {
        Some((name, rest)) => (name, rest),
        None => {
            let end = line.iter().position(|byte| is_blank(*byte)).unwrap_or(line.len());
            (line.get(..end)?.to_vec(), line.get(end..)?)
        }
    };
    let words = rest.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    let settings = words.map(parse_setting).collect::<Option<Vec<_>>>()?;
    let target = match name.strip_prefix(b"[attr]").filter(|rest| !rest.is_empty()) {
        Some(name) => {
            let name = std::str::from_utf8(name).ok().filter(|name| is_valid_name(name))?;
            Target::Macro(name.to_owned())
        }
        None => {
            let pattern = PathPattern::parse(&name);
            if pattern.is_negated {
                return None;
            }
            Target::Pattern(pattern)
        }
    };
    Some(Line { target, settings })
}

fn is_valid_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// Reads `name`, `-name`, `!name` or `name=value`.
fn parse_setting(word: &[u8]) -> Option<(String, AttributeValue)> {
    let text = String::from_utf8_lossy(word).into_owned();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text.as_str(), None),
    };
    let (name, value) = match (name.strip_prefix('-'), name.strip_prefix('!'), value) {
        (Some(name), ..) => (name, AttributeValue::Unset),
        (_, Some(name), _) => (name, AttributeValue::Unspecified),
        (.., Some(value)) => (name, AttributeValue::Value(value.to_owned())),
        (.., None) => (name, AttributeValue::Set),
    };
    is_valid_name(name).then(|| (name.to_owned(), value))
}

/// Reads a name in double quotes as C does, and returns the rest of the line; `None` if
/// the quotes are malformed.
fn unquote(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 1;
    loop {
        match *line.get(at)? {
            b'"' => return Some((out, line.get(at + 1..)?)),
            b'\\' => {
                at += 1;
                let byte = *line.get(at)?;
                out.push(match byte {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => byte,
                    b'0'..=b'3' => {
                        let digit = |index: usize| {
                            line.get(index)
                                .filter(|byte| (b'0'..=b'7').contains(*byte))
                                .map(|byte| byte - b'0')
                        };
                        let value = (byte - b'0') * 64 + digit(at + 1)? * 8 + digit(at + 2)?;
                        at += 2;
                        value
                    }
                    _ => return None,
                });
                at += 1;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Returns whether a file name is `.gitattributes`, in upper or lower case.
pub(super) fn is_attributes_file(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b".gitattributes")
}
