//! Files that were copied from other projects, by their first comment.

use crate::scan::language::Language;

use super::content::{HEADER_BYTES, header_comments};

/// Number of comment lines at the begin of a file in which an owner counts.
const HEADER_LINES: usize = 40;

/// Returns whether the first comment says that the file was copied from another project.
/// `is_own` is true for a file of the Go project itself.
/// `package` is the name of the package that contains it.
pub(super) fn is_copy(language: Language, is_own: bool, package: &str, text: &[u8]) -> bool {
    let is_plain_script = matches!(language, Language::JavaScript | Language::Jsx);
    (!is_own && is_of_go_authors(text)) || (is_plain_script && is_distribution(package, text))
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
        let copy = |text: &str| is_copy(Language::JavaScript, false, "@acme/shop", text.as_bytes());
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
}
