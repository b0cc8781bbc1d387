//! Files that were copied from other projects, by their first comment.

use std::sync::LazyLock;

use regex::Regex;

use crate::scan::language::Language;

use super::content::{HEADER_BYTES, header_comments};

/// Number of comment lines at the begin of a file in which an owner counts.
const HEADER_LINES: usize = 40;

/// Number of comment lines at the begin of a file in which the mark of a version control counts.
const MARK_LINES: usize = 80;

/// The place of a file that says something about its origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopyPlace<'a> {
    /// Whether it is a file of the Go project itself.
    pub is_of_go: bool,
    /// The name of the package of Node that contains it; empty without one.
    pub package: &'a str,
    /// Whether only packages of other languages contain it.
    pub is_among_others: bool,
}

/// A sentence that begins a line: the file is a copy that nobody here changes.
static IS_VENDORED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^(?:this (?:file|module|package|code|script) (?:is|was|has been) )?",
        r"(?:an? )?(?:vendored (?:from|copy of|version of)\b|vendored (?:file|module|in)\b.*\bfrom\b",
        r"|(?:copied|taken) (?:verbatim|unmodified|unchanged|as is|as-is|without (?:any )?(?:changes|modifications?)),? from\b",
        r"|(?:verbatim|unmodified) copy (?:of|from)\b",
        r"|(?:ported|imported|borrowed|extracted) (?:verbatim|unmodified|unchanged|as is|as-is),? from\b)",
    ))
    .ok()
});
/// A line that says where its text comes from, with nothing behind the place.
static IS_TAKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?P<file>(?:this|the (?:whole|entire)) (?:file|module|package|script) (?:is|was|has been) )?",
        r"(?:mostly |directly |originally )?(?:imported|copied|taken|borrowed|extracted|vendored|pulled) from:? ",
        r"(?P<place>\S+|(?:the )?(?:npm|pypi|cargo|rubygems) (?:package|crate|gem) \S+|(?:the )?\S+ (?:npm|pypi) package)",
        r"(?:[ ,]+\(?(?:at |version |commit )?v?[0-9][\w.-]*\)?)?\.?$",
    ))
    .ok()
});
/// A place in a repository or a registry, as the copy of a whole file names it.
static IS_SOURCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^<?(?:https?://)?(?:www\.)?(?:",
        r"(?:github\.com|gitlab\.[\w.-]+|bitbucket\.org|codeberg\.org|raw\.githubusercontent\.com)/[\w.-]+/[\w.-]+",
        r"|git\.sr\.ht/~[\w.-]+/[\w.-]+|[\w.-]*googlesource\.com/\S+/\+/|npmjs\.com/package/|pypi\.org/project/",
        r"|crates\.io/crates/|unpkg\.com/|cdn\.jsdelivr\.net/npm/)",
    ))
    .ok()
});
/// What the version control of another time wrote into a file: its name there, and a version.
static RCS_MARK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$(?:id|header|log|source|rcsfile): *\S+,v\b").ok());

/// Returns whether the first comment says that the file was copied from another project.
pub(super) fn is_copy(language: Language, place: CopyPlace<'_>, text: &[u8]) -> bool {
    let is_plain_script = matches!(language, Language::JavaScript | Language::Jsx);
    (!place.is_of_go && is_of_go_authors(text))
        || (is_plain_script && is_distribution(place.package, text))
        || says_that_it_is_one(language, place, text)
}

/// Returns whether the first comment says that the file is a vendored copy, that the original was
/// modified, or that it comes from the version control of a project in another language.
fn says_that_it_is_one(language: Language, place: CopyPlace<'_>, text: &[u8]) -> bool {
    let header = text.get(..HEADER_BYTES.min(text.len())).unwrap_or_default();
    let mentions = |words: &[u8]| memchr::memmem::find(header, words).is_some();
    let words =
        [&b"endored"[..], b"ENDORED", b",v ", b"original software", b"erbatim", b"nmodified", b"nchanged"];
    if !words.into_iter().any(mentions) && !mentions(b"ed from") && !mentions(b"aken from") {
        return false;
    }
    let lines = header_comments(language, header);
    let plain = |line: &[u8]| {
        let text = String::from_utf8_lossy(line).to_lowercase();
        let signs = |c: char| c.is_whitespace() || matches!(c, '/' | '*' | '#' | '!' | '-' | '"' | '\'');
        text.trim_matches(signs).to_owned()
    };
    let lines: Vec<String> = lines.into_iter().take(MARK_LINES).map(plain).collect();
    let is = |pattern: &LazyLock<Option<Regex>>, line: &String| {
        pattern.as_ref().is_some_and(|pattern| pattern.is_match(line))
    };
    let has_owner = || lines.iter().any(|line| line.contains("copyright") || line.contains("project"));
    let is_altered = || {
        // A license asks for this sentence in changed copies.
        lines.iter().any(|line| line.ends_with("modified from the original software."))
            && lines.iter().any(|line| line.contains("permission is granted"))
            && has_owner()
    };
    lines.iter().take(HEADER_LINES).any(|line| is(&IS_VENDORED, line))
        || is_taken_whole(header, &lines)
        || is_altered()
        || (place.is_among_others && lines.iter().any(|line| is(&RCS_MARK, line)) && has_owner())
}

/// Returns whether a line of the first comment says that the file was taken from another project.
///
/// A sentence above an item is about the item, unless it names the file. So is one that goes on.
fn is_taken_whole(header: &[u8], lines: &[String]) -> bool {
    let (Some(taken), Some(source)) = (IS_TAKEN.as_ref(), IS_SOURCE.as_ref()) else { return false };
    lines.iter().take(HEADER_LINES).enumerate().any(|(at, line)| {
        let Some(found) = taken.captures(line) else { return false };
        let place = found.name("place").map_or("", |place| place.as_str());
        let is_place = place.contains(' ') || source.is_match(place);
        let next = lines.get(at + 1).map_or("", String::as_str);
        let goes_on =
            ["and ", "but ", "with ", "then ", "which ", "modified", "adapted", "changed", "extended"]
                .iter()
                .any(|word| next.starts_with(word));
        is_place && !goes_on && (found.name("file").is_some() || stands_alone(header, place))
    })
}

/// Returns whether no item begins directly below the comment with a text.
fn stands_alone(header: &[u8], place: &str) -> bool {
    let mut rest = header.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let holds = |line: &&[u8]| String::from_utf8_lossy(line).to_lowercase().contains(place);
    let Some(line) = rest.by_ref().find(holds) else { return false };
    let of_lines = [&b"//"[..], b"#", b"--"].into_iter().find(|mark| line.starts_with(mark));
    let closes = |line: &[u8]| [&b"*/"[..], b"\"\"\"", b"'''"].iter().any(|end| line.ends_with(end));
    let next = match of_lines {
        Some(mark) => rest.find(|line| !line.starts_with(mark)),
        None if closes(line) => rest.next(),
        None => rest.by_ref().find(|line| closes(line)).and_then(|_| rest.next()),
    };
    let next = String::from_utf8_lossy(next.unwrap_or_default());
    let of_file = ["import ", "import{", "use ", "package ", "from ", "\"use ", "'use "];
    next.is_empty() || of_file.iter().chain(&["//", "/*"]).any(|start| next.starts_with(start))
}

/// Returns whether the first comment names the authors of Go as the only owners.
fn is_of_go_authors(text: &[u8]) -> bool {
    let header = text.get(..HEADER_BYTES.min(text.len())).unwrap_or_default();
    let says = |line: &[u8], words: &[u8]| memchr::memmem::find(line, words).is_some();
    if !says(header, b"The Go Authors. All rights reserved.") {
        return false;
    }
    let lines = header_comments(Language::Go, header).into_iter().take(HEADER_LINES);
    let lines: Vec<String> = lines.map(|line| String::from_utf8_lossy(line).to_lowercase()).collect();
    let is_of_go = |line: &String| {
        let plain = line.trim_matches(['/', '*', ' ', '\t']);
        let years = plain.strip_prefix("copyright ").map(|rest| rest.trim_start_matches("(c) "));
        let owner = years.map(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | ',' | ' '))
        });
        owner == Some("the go authors. all rights reserved.")
    };
    let names_owner =
        |line: &String| ["copyright", "(c)", "portions", "modifi"].iter().any(|word| line.contains(word));
    lines.iter().any(is_of_go) && !lines.iter().any(|line| names_owner(line) && !is_of_go(line))
}

/// Returns whether a script is a distribution file of another project: its first comment is
/// one that bundlers keep, or has the name and the version as its title. It has a license,
/// and the version or the name of the file.
fn is_distribution(package: &str, text: &[u8]) -> bool {
    let start = text.get(..HEADER_BYTES.min(text.len())).unwrap_or_default().trim_ascii_start();
    let kept = start.starts_with(b"/*!") || start.starts_with(b"/** @license");
    let comment = if kept {
        let end = memchr::memmem::find(start, b"*/").unwrap_or(start.len());
        start.get(..end).unwrap_or_default().to_vec()
    } else {
        let lines = header_comments(Language::JavaScript, start);
        if !lines.first().is_some_and(|line| is_library_title(line)) {
            return false;
        }
        lines.into_iter().take(HEADER_LINES).collect::<Vec<_>>().join(&b'\n')
    };
    let comment = String::from_utf8_lossy(&comment).to_lowercase();
    let has_license = comment.contains("licen") || comment.contains("copyright") || comment.contains("(c)");
    let has_version = comment.split(|c: char| c.is_whitespace() || c == '@').any(|word| {
        let number = word.trim_start_matches('v');
        number.starts_with(|c: char| c.is_ascii_digit()) && number.matches('.').count() >= 2
    });
    let has_file = comment.contains(".development.js") || comment.contains(".production.js");
    let own = package.trim_start_matches('@').to_lowercase();
    let is_own = own.split('/').any(|part| !part.is_empty() && comment.contains(part));
    has_license && (has_version || has_file) && !is_own
}

/// Returns whether a line has only the name of a script and its version, as in
/// `// Name.js 1.2.3`.
fn is_library_title(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let mut words = text.trim_start_matches('/').split_ascii_whitespace();
    let (Some(name), Some(version), None) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let version = version.trim_start_matches(['v', 'V']);
    name.to_ascii_lowercase().ends_with(".js")
        && version.matches('.').count() == 2
        && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_files_of_other_projects_are_copies() {
        let place = CopyPlace { is_of_go: false, package: "@acme/shop", is_among_others: false };
        let copy = |text: &str| is_copy(Language::JavaScript, place, text.as_bytes());
        assert!(copy("/*! jQuery v3.7.1 | (c) OpenJS Foundation | jquery.org/license */\n"));
        assert!(copy("/** @license React\n * react-dom.development.js\n *\n * Copyright (c) X\n */\n"));
        // Own headers, with a version or without.
        assert!(!copy("/*! The main script of the shop. Copyright Us */\n"));
        assert!(!copy("/*! shop v1.2.3 | (c) Acme */\n"));
        assert!(!copy("/**\n * shop 1.2.3\n * Copyright Us\n */\n"));
        assert!(!copy("// @license MIT 1.2.3\n"));
        // A title of its own, and a license.
        let license = "// (c) 2011 Someone\n// Under the MIT license.\n\n(function () {})();\n";
        assert!(copy(&format!("//     Tide.js 1.2.2\n{license}")));
        for title in ["Tide.js", "Tide 1.2.2", "The script of Tide.js 1.2.2", "Shop.js 1.2.2", "Tide.js 1.2"]
        {
            assert!(!copy(&format!("// {title}\n{license}")), "{title}");
        }
        assert!(!copy("// Tide.js 1.2.2\n// Counts the tides.\nlet a = 1;\n"));
    }

    #[test]
    fn a_file_can_say_that_it_is_a_copy() {
        let in_place = |is_among_others: bool, text: &str| {
            let place = CopyPlace { is_of_go: false, package: "shop", is_among_others };
            is_copy(Language::Python, place, text.as_bytes())
        };
        for text in [
            "# Vendored from https://tides.example, version 2.1\n\nimport os\n",
            "\"\"\"This file is a vendored copy of tides.\"\"\"\n",
            "# This module was copied verbatim from tides 1.4.\n",
            "# Permission is granted to anyone to use this.\n# Copyright 2008 Someone\n#\n\
             # This has been modified from the original software.\n",
        ] {
            assert!(in_place(false, text), "{text}");
        }
        for text in [
            "# Reads vendored packages.\n",
            "# Lists what is vendored from https://tides.example.\n",
            "import os\n# Vendored from https://tides.example\n",
            "# The next function was copied from tides.\n",
            "# Copied from tides, and extended here.\n",
            "# The colours have been modified from the original software.\n",
        ] {
            assert!(!in_place(true, text), "{text}");
        }
        for text in [
            "# imported from https://github.com/sea/tide/blob/af13114/tide.py\n\ndef a(): ...\n",
            "# Taken from https://gitlab.com/sea/tide\nimport os\n",
            "// imported from https://github.com/sea/tide\n/**\n * Adds.\n */\nexport function a() {}\n",
            "# Copied from github.com/sea/tide v1.2.0.\n\nimport os\n",
            "# Ported verbatim from the tides of the sea project.\n",
            "# Copied from the npm package tide\n\nimport os\n",
            "# This file was taken from https://pypi.org/project/tide/ (1.4.2)\ndef a(): ...\n",
            "\"\"\"\nExtracted from https://github.com/sea/tide\n\"\"\"\nimport os\n",
        ] {
            assert!(in_place(false, text), "{text}");
        }
        for text in [
            // About the function below, or about a part.
            "# Taken from https://github.com/sea/tide/blob/main/a.py\ndef a(): ...\n\ndef b(): ...\n",
            "/**\n * Adds.\n * Taken from https://github.com/sea/tide\n * @param a one\n */\nfunction a() {}\n",
            "# Taken from https://github.com/sea/tide\n# and read twice.\ndef a(): ...\n",
            "# Copied from https://github.com/sea/tide, and extended here.\n\nimport os\n",
            "# Copied from https://github.com/sea/tide\n# with changes for the harbour.\n\nimport os\n",
            "# Parts are taken from https://github.com/sea/tide\n\nimport os\n",
            // No other project, or a text in it.
            "# Imported from the shop.\n\nimport os\n",
            "# imported from shop.settings\n\nimport os\n",
            "# Taken from https://tides.example/manual\n\nimport os\n",
            "# Values are imported from https://github.com/sea/tide\n\nimport os\n",
            "import os\n# imported from https://github.com/sea/tide\n\n",
        ] {
            assert!(!in_place(true, text), "{text}");
        }
        // Old projects have such marks in their own files, and name no other owner.
        let marked =
            "\"\"\"\n$Id: tide.py,v 1.4 2001/02/03 10:11:12 sea Exp $\n\nCopyright 2001 Someone\n\"\"\"\n";
        assert!(in_place(true, marked) && !in_place(false, marked));
        assert!(!in_place(true, &marked.replace("Copyright", "Of")));
        assert!(!in_place(true, &marked.replace(",v", "")));
    }
}
