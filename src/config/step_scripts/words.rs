//! Words of a shell whose text is not known as a whole.

use crate::config::step_programs::known_program;

/// Stands for any number of folders.
pub(super) const ANYWHERE: &str = "**";

/// Maximum number of bytes of a word that is a path.
const MAX_WORD_BYTES: usize = 4_096;

/// A part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stands for itself.
    Text(&'a str),
    /// A variable as it is written, its name, and the text that takes its place if it is not
    /// set. What the word does to the value is not known if the name is empty.
    Variable { written: &'a str, name: &'a str, default: Option<&'a str> },
}

/// Returns whether a word is a variable and nothing else.
pub(super) fn is_variable(word: &str) -> bool {
    word.starts_with('$') && matches!(split_pieces(word)[..], [Piece::Variable { .. }])
}

/// Returns whether a word is a variable that is named after options: `$PYTHONFLAGS`.
pub(super) fn holds_options(word: &str) -> bool {
    is_variable(word) && ["FLAG", "OPT", "ARG"].iter().any(|part| word.to_uppercase().contains(part))
}

/// Returns the known program that a variable is named after.
pub(super) fn known_variable(word: &str) -> Option<&'static str> {
    let [Piece::Variable { name, .. }] = split_pieces(Some(word).filter(|word| word.starts_with('$'))?)[..]
    else {
        return None;
    };
    known_program(name)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Splits a word into texts and variables, in one pass.
pub(super) fn split_pieces(word: &str) -> Vec<Piece<'_>> {
    let (mut out, mut rest) = (Vec::new(), word);
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        if !before.is_empty() {
            out.push(Piece::Text(before));
        }
        let (piece, end) = read_variable(behind);
        out.push(piece);
        rest = behind.get(end..).unwrap_or_default();
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest));
    }
    out
}

/// Reads the variable at the start of a text. Returns it, and where it ends.
fn read_variable(text: &str) -> (Piece<'_>, usize) {
    let inner = text.get(1..).unwrap_or_default();
    if let Some(inner) = inner.strip_prefix('{') {
        let end = end_of_braces(inner);
        let name_end = inner.find(|c: char| !is_name(c)).unwrap_or(inner.len()).min(end);
        let (name, change) = inner.get(..end).unwrap_or_default().split_at(name_end);
        let default = change.strip_prefix(':').unwrap_or(change).strip_prefix(['-', '=', '+']);
        // A list is read as one text.
        let is_list = change.starts_with('[') && change.ends_with(']') && !change.contains(':');
        let name = if change.is_empty() || is_list || default.is_some() { name } else { "" };
        let end = (2 + end + 1).min(text.len());
        return (Piece::Variable { written: text.get(..end).unwrap_or(text), name, default }, end);
    }
    let is_special = |c: char| "@*#?!-$0123456789".contains(c);
    let length = match inner.chars().next() {
        Some(c) if is_special(c) => 1,
        _ => inner.find(|c: char| !is_name(c)).unwrap_or(inner.len()),
    };
    let (written, name) = (text.get(..=length).unwrap_or(text), inner.get(..length).unwrap_or_default());
    if name.is_empty() {
        return (Piece::Text(written), length + 1);
    }
    (Piece::Variable { written, name, default: None }, length + 1)
}

/// Returns where the braces around a text end.
fn end_of_braces(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// A path that a word can mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The path, with `*` for what is not known.
    pub path: String,
    /// Whether its start is not known, so that it can be below any folder.
    pub is_anywhere: bool,
}

/// Returns the paths that a word can mean, if a part of it is not known.
pub(super) fn meanings(word: &str) -> Vec<Meaning> {
    let is_open = |c: char| matches!(c, '$' | '{' | '?' | '[');
    if word.len() > MAX_WORD_BYTES || !word.contains(is_open) {
        return Vec::new();
    }
    let mut known = String::new();
    let mut is_anywhere = false;
    for (at, piece) in split_pieces(word).into_iter().enumerate() {
        match piece {
            Piece::Text(text) => known.push_str(text),
            Piece::Variable { name: "PWD", .. } if at == 0 => known.push('.'),
            Piece::Variable { .. } => {
                is_anywhere |= at == 0;
                known.push('*');
            }
        }
    }
    let path = replace_patterns(&known);
    if path == word {
        return Vec::new();
    }
    let parts = path.split('/').map(|part| {
        let is_unknown = !part.is_empty() && part.chars().all(|c| c == '*');
        if is_unknown { ANYWHERE.to_owned() } else { one_star(part) }
    });
    vec![Meaning { path: parts.collect::<Vec<_>>().join("/"), is_anywhere }]
}

/// Replaces lists and patterns of a shell by `*`: `{a,b}`, `{}`, `?` and `[ab]`.
fn replace_patterns(word: &str) -> String {
    let (mut out, mut rest) = (String::new(), word);
    while let Some(at) = rest.find(['{', '?', '[']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let end = match behind.chars().next() {
            Some('?') => Some(1),
            Some('[') => behind.find(']').map(|end| end + 1),
            _ => behind.find('}').map(|end| end + 1).filter(|end| {
                let inner = behind.get(1..end - 1).unwrap_or_default();
                inner.is_empty() || inner.contains(',') || inner.contains("..")
            }),
        };
        if end.is_some() {
            out.push('*');
        } else {
            out.extend(behind.chars().next());
        }
        rest = behind.get(end.unwrap_or(1)..).unwrap_or_default();
    }
    out + rest
}

/// Replaces stars beside each other by one.
fn one_star(part: &str) -> String {
    let mut out = String::new();
    for c in part.chars() {
        if c != '*' || !out.ends_with('*') {
            out.push(c);
        }
    }
    out
}

/// Joins a folder below the root and a path; `None` if it leads out of the root.
pub(super) fn join_below_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            // Above a folder that is not known is another one.
            ".." | ANYWHERE if parts.last() == Some(&ANYWHERE) => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') && !parts.is_empty();
    Some(format!("{}{}", parts.join("/"), if is_folder { "/" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_not_known_are_stars() {
        for (word, path, is_anywhere) in [
            ("./ci/$s.sh", "./ci/*.sh", false),
            ("ci/${s}_${t%x}.sh", "ci/*_*.sh", false),
            ("ci/$a$b.sh", "ci/*.sh", false),
            ("ci/$a/x.sh", "ci/**/x.sh", false),
            ("$A/x.sh", "**/x.sh", true),
            ("$A.sh", "*.sh", true),
            ("${A:-.}/x.sh", "**/x.sh", true),
            ("${0%/*}/x.sh", "**/x.sh", true),
            ("$PWD/x.sh", "./x.sh", false),
            ("ci/{a,b}.sh", "ci/*.sh", false),
            ("ci/{}", "ci/**", false),
            ("ci/[ab]?.sh", "ci/*.sh", false),
            ("ci/${A:-${B}}.sh", "ci/*.sh", false),
            ("ci/$1.sh", "ci/*.sh", false),
        ] {
            assert_eq!(meanings(word), [Meaning { path: path.to_owned(), is_anywhere }], "{word}");
        }
        for word in ["ci/x.sh", "ci/{x}.sh", "ci/*.sh", "a$", "ci/[x.sh"] {
            assert_eq!(meanings(word), [], "{word}");
        }
    }

    #[test]
    fn words_of_any_length_are_split_in_bounded_time() {
        let start = std::time::Instant::now();
        for text in ["$", "${", "$a", "{", "[", "?", "${a:-", "}"] {
            let word = text.repeat(50_000);
            split_pieces(&word);
            meanings(&word);
        }
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
