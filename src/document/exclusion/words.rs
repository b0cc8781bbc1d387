//! Paths among the words of a text of `OUT_OF_SCOPE`.

use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned};

/// Words at the start of a sentence that forbids what it names.
const FORBIDDING: [&str; 7] = ["do not ", "don't ", "never ", "no ", "not ", "leave ", "nothing in "];
/// Words that turn the meaning of a path around.
const INVERTING: [&str; 10] = [
    "outside",
    "except",
    "other than",
    "beyond",
    "not in",
    "unless",
    "besides",
    "only",
    "apart from",
    "but ",
];

pub(super) fn forbids(sentence: &str) -> bool {
    let start: String = sentence.trim_start_matches(['*', '_']).chars().take(12).collect();
    let start = start.to_lowercase();
    FORBIDDING.iter().any(|word| start.starts_with(word))
}

/// Words in front of what a text is not about: `refactors unrelated to src/a.rs` excludes other
/// files.
const UNRELATED: [&str; 6] = [
    "unrelated to",
    "not related to",
    "independent of",
    "not needed for",
    "not required for",
    "not caused by",
];
/// Words behind which a sentence excludes everything but the paths that follow.
const INVERTING_BEFORE: [&str; 10] = [
    "outside",
    "except",
    "other than",
    "beyond",
    "unless",
    "besides",
    "apart from",
    "but not",
    "all but",
    "everything but",
];
/// Words that turn the meaning of the paths before them around.
const INVERTING_AFTER: [&str; 6] =
    ["outside", "not listed", "other than", "beyond", "that is not", "that are not"];
/// Words in front of a path that only refer to it.
const REFERRING: [&str; 9] =
    ["see", "per", "cf", "via", "described in", "documented in", "defined in", "listed in", "specified in"];
/// Words in front of a folder: `changes in src/api`.
const BEFORE_FOLDERS: [&str; 20] = [
    "in",
    "under",
    "of",
    "to",
    "below",
    "inside",
    "within",
    "from",
    "touch",
    "change",
    "modify",
    "edit",
    "move",
    "delete",
    "remove",
    "folder",
    "path",
    "directory",
    "and",
    "or",
];

/// Reads the paths of a text that are not in backticks: the one at its start, those of a
/// list, and those in its sentences. `is_path` tells that the whole text is a path.
pub(super) fn find_plain_paths(own: &Spanned<String>, is_path: bool) -> Vec<ScopeEntry> {
    let lower = own.value.to_ascii_lowercase();
    let has_more = [" and ", " or ", ",", ";", " & ", "|", "\n"].iter().any(|mark| lower.contains(mark));
    let is_single = is_path && !has_more;
    let mut out = Vec::new();
    let mut is_leading = true;
    let parenthesized = find_parenthesized(&own.value);
    let unrelated = find_unrelated(&lower);
    for sentence in split_sentences(&lower) {
        let text = lower.get(sentence.start..sentence.end).unwrap_or("");
        let is_prohibition = forbids(text.trim_start());
        let inverted_from = INVERTING_BEFORE.iter().filter_map(|word| text.find(word)).min();
        let inverted_to = INVERTING_AFTER.iter().filter_map(|word| text.rfind(word)).max();
        let is_open = !(is_prohibition && INVERTING.iter().any(|word| text.contains(word)));
        let mut ticks = 0_usize;
        // Whether a path can follow: behind a preposition, a label or another path.
        let mut leads = false;
        for span in split_words(text) {
            let word = text.get(span.start..span.end).unwrap_or("");
            let is_quoted = ticks % 2 == 1 || word.contains('`');
            ticks += word.matches('`').count();
            if !is_decorated(word) {
                continue;
            }
            let first = std::mem::take(&mut is_leading);
            let at = Span::new(sentence.start + span.start, sentence.start + span.end);
            let written = own.value.get(at.start..at.end).unwrap_or("");
            let is_inverted = unrelated.contains(at)
                || inverted_from.is_some_and(|from| from < span.start)
                || inverted_to.is_some_and(|to| to >= span.end)
                || text.get(span.end..).is_some_and(|rest| rest.trim_start().starts_with("not in scope"));
            let is_reference = REFERRING.iter().any(|words| {
                let last = text.get(..span.start).unwrap_or("").trim_end_matches([' ', '.', ':']);
                last.strip_suffix(words).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
            });
            let is_free = is_open && !is_inverted && !is_reference && !parenthesized.contains(at);
            let mut is_entry = is_quoted;
            if !is_quoted && (first || is_free) {
                let names_folder = !is_single && (first || leads);
                let found = if first || names_path(word) || names_folder_plainly(word) {
                    read_plain_path(own, written, at.start)
                } else {
                    None
                };
                let found =
                    found.or_else(|| read_bare(written, at.start + own.span.start, names_folder, is_single));
                is_entry = found.is_some();
                out.extend(found);
            }
            leads = is_entry
                || word.ends_with(':')
                || (BEFORE_FOLDERS.contains(&word) && (leads || !matches!(word, "and" | "or")));
            if is_single {
                break;
            }
        }
        if is_single {
            break;
        }
    }
    out
}

/// Finds the paths directly behind words such as `unrelated to` in a text in lower case, and those
/// that a comma, `and` or `or` joins to them. All other paths of the sentence are excluded.
pub(super) fn find_unrelated(lower: &str) -> PartRanges {
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let is_path = |word: &str| word.trim_end_matches(['.', ':', ')']).contains(['/', '\\', '.', '`']);
    let skip_space = |at: usize| {
        let rest = lower.get(at..).unwrap_or("");
        at + rest.len() - rest.trim_start().len()
    };
    let mut out = Vec::new();
    for (at, words) in UNRELATED.iter().flat_map(|words| lower.match_indices(words)) {
        let behind = at + words.len();
        let mut next = skip_space(behind);
        while next > behind {
            let rest = lower.get(next..).unwrap_or("");
            let end = next + rest.find(is_end).unwrap_or(rest.len());
            if !is_path(lower.get(next..end).unwrap_or("")) {
                break;
            }
            out.push(Span::new(next, end));
            let mut joined = skip_space(end);
            for joint in [",", "and ", "or "] {
                if lower.get(joined..).is_some_and(|rest| rest.starts_with(joint)) {
                    next = skip_space(joined + joint.len());
                    joined = next;
                }
            }
            if next < end {
                break;
            }
        }
    }
    out.sort_by_key(|span| span.start);
    PartRanges(out)
}

/// Splits a text into sentences, and at semicolons.
fn split_sentences(text: &str) -> Vec<Span> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, mark) in text.match_indices(['.', ';']) {
        let end = at + mark.len();
        if text.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
            out.push(Span::new(start, end));
            start = end;
        }
    }
    out.push(Span::new(start, text.len()));
    out
}

/// Splits a text at spaces and at the marks between the entries of a list.
fn split_words(text: &str) -> Vec<Span> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_mark(c), start) {
            (false, None) => start = Some(at),
            (true, Some(first)) => {
                out.push(Span::new(first, at));
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// Returns whether a word is a folder with a slash at its end.
fn names_folder_plainly(word: &str) -> bool {
    let plain = word.trim_end_matches(['.', ',', ')', '"', '\'', '>', ':', '*', '_']);
    plain.len() > 1 && plain.ends_with(['/', '\\']) && !plain.contains("://")
}

/// Extensions of files in the root of a repository.
const EXTENSIONS: [&str; 22] = [
    "md", "toml", "yaml", "yml", "json", "rs", "py", "tsx", "txt", "lock", "sh", "sql", "html", "css", "go",
    "cfg", "ini", "xml", "csv", "proto", "js", "ts",
];

/// Reads a word without a dot behind a slash: a folder such as `src/api`, or a file in the
/// root such as `README.md`.
fn read_bare(word: &str, at: usize, names_folder: bool, is_single: bool) -> Option<ScopeEntry> {
    let plain = trim_marks(word);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
    if plain.is_empty() || !plain.chars().all(is_name) {
        return None;
    }
    let is_folder = names_folder && plain.contains('/') && !plain.contains(|c: char| c.is_ascii_uppercase());
    let is_root_file = || {
        let (name, extension) = plain.rsplit_once('.')?;
        let is_product =
            matches!(extension, "js" | "ts") && name.starts_with(|c: char| c.is_ascii_uppercase());
        let is_known = name.len() > 1 && !plain.contains('/') && EXTENSIONS.contains(&extension);
        (is_known && !is_product).then_some(())
    };
    if !is_folder && (is_single || is_root_file().is_none()) {
        return None;
    }
    let path = plain.trim_start_matches("./").trim_start_matches('/');
    let start = at + word.find(plain).unwrap_or(0);
    let entry = ScopeEntry::read(Spanned::new(path.to_owned(), Span::new(start, start + plain.len())));
    Some(entry).filter(|entry| entry.pattern.is_ok())
}

/// Returns whether a word has text: boxes, bullets and symbols before a path have none.
pub(super) fn is_decorated(word: &str) -> bool {
    let is_box = word.starts_with('[') && word.ends_with(']') && word.chars().count() <= 3;
    // `:lock:` is a symbol by its name.
    let is_symbol = word.len() > 2 && word.starts_with(':') && word.ends_with(':');
    !is_box && !is_symbol && word.chars().any(char::is_alphanumeric)
}

/// Returns whether a word looks like a path: with a separator, and a dot in its last name.
pub(super) fn names_path(word: &str) -> bool {
    let has_separator = word.contains(['/', '\\']) && (!word.contains("://") || word.starts_with('<'));
    let last = word.rsplit(['/', '\\']).next().unwrap_or("");
    has_separator && last.trim_end_matches(['.', ',', ')', '"', '\'', '>']).contains('.')
}

/// Returns whether a word names a path in a way that is not read: a link by reference, the
/// address of a file, a variable, or another spelling of a slash.
pub(super) fn is_encoded(word: &str) -> bool {
    let lower = word.to_lowercase();
    let spellings =
        ["][", "%2f", "&#47;", "&#x2f;", "&sol;", "file:", "/blob/", "/tree/", "\u{2215}", "\u{2044}"];
    spellings.iter().any(|spelling| lower.contains(spelling)) || (word.starts_with('$') && word.contains('/'))
}

/// Reads a word as a path, without marks around it.
fn read_plain_path(sentence: &Spanned<String>, word: &str, from: usize) -> Option<ScopeEntry> {
    // `[name](path)`: the target is the path.
    let linked = word.split_once("](").map(|(_, target)| target.split(')').next().unwrap_or(target));
    let linked = linked.filter(|target| !target.is_empty());
    let plain = trim_marks(linked.unwrap_or(word));
    let slashed = plain.replace('\\', "/").replace("//", "/");
    // A link leads through the folders above the document.
    let path = slashed
        .trim_start_matches("../")
        .trim_start_matches("./")
        .trim_start_matches('/')
        .trim_start_matches('!');
    // `Frontend/UI` is not a path. A path ends with `/`, or its last name
    // contains a star or a dot.
    let last = path.rsplit('/').next().unwrap_or("");
    let is_path =
        (slashed.contains('/') || linked.is_some()) && (last.is_empty() || last.contains(['.', '*']));
    if !is_path || path.is_empty() {
        return None;
    }
    let at = sentence.span.start + from + word.find(plain).unwrap_or(0);
    let entry = ScopeEntry::read(Spanned::new(path.to_owned(), Span::new(at, at + plain.len())));
    Some(entry).filter(|entry| entry.pattern.is_ok())
}

/// Removes the marks around a path and what follows it: `"src/a.rs"`, `src/a.rs:12`,
/// `src/a.rs#L3`, `src/a.rs.`
fn trim_marks(word: &str) -> &str {
    let is_mark = |c: char| c != '/' && c != '.' && !c.is_alphanumeric();
    let plain = word.trim_matches(is_mark);
    let plain = plain.split('#').next().unwrap_or(plain);
    let plain = match plain.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => path,
        _ => plain,
    };
    if plain.ends_with("..") { plain } else { plain.strip_suffix('.').unwrap_or(plain) }
}

/// Finds the byte ranges of a sentence that are in balanced parentheses.
pub(super) fn find_parenthesized(sentence: &str) -> PartRanges {
    let mut open = Vec::new();
    let mut out: Vec<Span> = Vec::new();
    for (at, c) in sentence.char_indices() {
        match c {
            '(' => open.push(at),
            ')' => out.extend(open.pop().map(|start| Span::new(start, at + 1))),
            _ => {}
        }
    }
    // An inner pair adds nothing to the outer one.
    out.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    out.retain(|span| {
        let is_outer = span.start >= end;
        end = end.max(span.end);
        is_outer
    });
    PartRanges(out)
}

/// Parts of a text that do not overlap, in order.
pub(super) struct PartRanges(Vec<Span>);

impl PartRanges {
    pub(super) fn contains(&self, span: Span) -> bool {
        let after = self.0.partition_point(|outer| outer.start <= span.start);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|outer| outer.contains(span))
    }
}

/// Returns whether a text contains a slash, or ends with a file extension.
pub(super) fn looks_like_path(text: &str) -> bool {
    let has_extension = text.rsplit_once('.').is_some_and(|(name, extension)| {
        !name.is_empty()
            && (1..=5).contains(&extension.len())
            && extension.chars().all(|c| c.is_ascii_lowercase())
    });
    !text.contains(' ') && (text.contains('/') || has_extension)
}
