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
        r"|(?:verbatim|unmodified) copy (?:of|from)\b)",
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
    if !words.into_iter().any(mentions) && !mentions(b"Copied") && !mentions(b"copied") {
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
        || is_altered()
        || (place.is_among_others && lines.iter().any(|line| is(&RCS_MARK, line)) && has_owner())
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
        // Old projects have such marks in their own files, and name no other owner.
        let marked =
            "\"\"\"\n$Id: tide.py,v 1.4 2001/02/03 10:11:12 sea Exp $\n\nCopyright 2001 Someone\n\"\"\"\n";
        assert!(in_place(true, marked) && !in_place(false, marked));
        assert!(!in_place(true, &marked.replace("Copyright", "Of")));
        assert!(!in_place(true, &marked.replace(",v", "")));
    }
}
