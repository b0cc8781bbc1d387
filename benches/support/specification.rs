//! The versions of the generated specification, and the pointer to the current one.

use std::fmt::Write as _;

use super::{Size, Words};

/// The file of a version of the specification: each has a name of its own, and replaces the
/// one before.
pub fn spec_path(version: usize) -> String {
    format!("Spec_v{:02}.md", version + 1)
}

/// The pointer to a version of the specification.
pub fn pointer(version: usize) -> (String, String) {
    let text = format!("# Current\n\nThe specification is **{}**.\n", spec_path(version));
    (".GOV/roles_shared/SPEC_CURRENT.md".into(), text)
}

/// A specification as people write it: with rules below paragraphs and lists, code in lists,
/// tables, and a fence that only closes.
pub fn spec(version: usize, size: Size) -> String {
    let mut words = Words(7);
    let mut text = "# Specification v01\n\n## 1 Purpose\n\nWords.\n\n## 2 Words\n\n### 2.1 Second word\n\nThe file `a.txt` MUST hold a second line, the word two.\n".to_owned();
    let mut section = 3;
    while text.len() < size.spec_bytes {
        let _ = writeln!(text, "\n## {section} {}\n", words.sentence().trim_end_matches('.'));
        for _ in 0..15 {
            let _ = writeln!(text, "{}", words.sentence());
        }
        if section % 40 == 0 {
            text.push_str("---\n");
        }
        let _ = writeln!(text, "\n### {section}.1 {}\n", words.sentence().trim_end_matches('.'));
        for number in 0..8 {
            let _ = writeln!(text, "- **{number}**: {}\n  {}", words.sentence(), words.sentence());
        }
        match section % 4 {
            0 => text.push_str("---\n"),
            1 => text.push_str("  ```json\n  {\"key\": 1}\n  ```\n"),
            2 => text.push_str("\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nfn f() {}\n```\n"),
            _ => {}
        }
        section += 1;
    }
    let _ = writeln!(text, "\n## {section} Version {version}\n\n{}", Words(version as u64 + 99).sentence());
    text.push_str("\n```\n");
    text
}

/// Returns the SHA-1 of a text, as people compute it.
pub fn sha1_of(text: &str) -> String {
    use sha1::Digest as _;
    sha1::Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
