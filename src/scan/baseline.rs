//! Baselines: files of known findings. Each line is one entry, and the lines are sorted,
//! so that merges of two branches rarely conflict. An entry identifies content
//! (rule and fingerprint), not a location.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::text::{Source, Span};

/// The first line of a baseline.
const HEADER: &str =
    "# countersign baseline v2: known findings, one a line; written by `countersign scan --baseline write`";
/// Begin of the line that marks entries of version 1.
const OLD_HEADER: &str = "# countersign baseline v1";

/// Maximum number of entries of a baseline.
const MAX_ENTRIES: usize = 1_000_000;

/// Known findings by rule and fingerprint.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    entries: BTreeMap<(String, String), Span>,
    /// Whether fingerprints of version 1 count as well.
    has_old_entries: bool,
    source: Option<Arc<Source>>,
}

/// A malformed line of a baseline.
#[derive(Debug, Clone)]
pub struct BaselineFault {
    /// The baseline file.
    pub source: Arc<Source>,
    /// Span of the line.
    pub span: Span,
    /// The error message, in one sentence without a full stop.
    pub message: String,
}

impl Baseline {
    /// Reads a baseline. Lines may be unsorted and duplicated, because a merge can cause
    /// both.
    ///
    /// # Errors
    /// The first malformed line.
    pub fn read(source: &Arc<Source>) -> Result<Self, BaselineFault> {
        let mut entries = BTreeMap::new();
        let mut has_old_entries = false;
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            // Some editors put a byte order mark in front of the file; a merge can move it.
            let text = line.trim().trim_start_matches('\u{feff}').trim_start();
            let span = crate::text::trim_spanned(source.text(), Span::new(start, start + line.len())).span;
            start += line.len();
            has_old_entries |= text.starts_with(OLD_HEADER);
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let fault = |message: &str| BaselineFault {
                source: Arc::clone(source),
                span,
                message: message.to_owned(),
            };
            let Some((rule, fingerprint)) = text.split_once(' ') else {
                return Err(fault("invalid baseline entry; expected a rule id and a fingerprint"));
            };
            if !rule.starts_with("scan/") || !is_fingerprint(fingerprint.trim()) {
                return Err(fault("invalid baseline entry; expected a rule id and a fingerprint"));
            }
            if entries.len() >= MAX_ENTRIES {
                return Err(fault("the baseline has more than 1,000,000 entries"));
            }
            entries.insert((rule.to_owned(), fingerprint.trim().to_owned()), span);
        }
        Ok(Self { entries, has_old_entries, source: Some(Arc::clone(source)) })
    }

    /// Returns whether the baseline contains a finding.
    #[must_use]
    pub fn contains(&self, rule: &str, fingerprint: &str) -> bool {
        self.entries.contains_key(&(rule.to_owned(), fingerprint.to_owned()))
    }

    /// Returns the entry of a finding with these fingerprints, of version 2 and of version
    /// 1; `None` if there is none.
    #[must_use]
    pub(crate) fn find<'f>(&self, rule: &str, fingerprint: &'f str, old: &'f str) -> Option<&'f str> {
        let is_known = |one: &&str| self.contains(rule, one);
        let old = Some(old).filter(|_| self.has_old_entries);
        Some(fingerprint).into_iter().chain(old).find(is_known)
    }

    /// Returns whether the baseline has entries of version 1.
    #[must_use]
    pub(crate) fn has_old_entries(&self) -> bool {
        self.has_old_entries
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the baseline has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries (rule, fingerprint, span), sorted by rule and fingerprint.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, Span)> {
        self.entries.iter().map(|((rule, fingerprint), span)| (rule.as_str(), fingerprint.as_str(), *span))
    }

    /// Returns the file that the baseline was read from; `None` for the default.
    #[must_use]
    pub fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }
}

fn is_fingerprint(text: &str) -> bool {
    text.split_once('-').is_some_and(|(hex, count)| {
        hex.len() == 24 && hex.bytes().all(|b| b.is_ascii_hexdigit()) && count.parse::<usize>().is_ok()
    })
}

/// Returns the text of a baseline with these findings (rule and fingerprint). Some of them
/// are of version 1 if `has_old_entries`.
#[must_use]
pub(crate) fn write<'a>(findings: impl Iterator<Item = (&'a str, &'a str)>, has_old_entries: bool) -> String {
    let mut lines: Vec<String> =
        findings.map(|(rule, fingerprint)| format!("{rule} {fingerprint}")).collect();
    lines.sort();
    lines.dedup();
    let mut out = format!("{HEADER}\n");
    if has_old_entries {
        out.push_str(&format!(
            "{OLD_HEADER}: some entries; `countersign scan --baseline upgrade` renews them\n"
        ));
    }
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn a_written_baseline_is_read_in_any_order() {
        let fingerprint = |n: usize| format!("{n:024x}-1");
        let (a, b) = (fingerprint(1), fingerprint(2));
        let text = write(
            [("scan/b", b.as_str()), ("scan/a", a.as_str()), ("scan/a", a.as_str())].into_iter(),
            false,
        );
        assert_eq!(text.lines().count(), 3);
        let merged = format!("{text}scan/a {a}\n\nscan/c {a}\n");
        let read = Baseline::read(&Source::from_text(RepoPath::from("b"), merged)).expect("baseline");
        assert_eq!(read.len(), 3);
        assert!(read.contains("scan/a", &a) && !read.contains("scan/a", &b));
        assert!(Baseline::read(&Source::from_text(RepoPath::from("b"), "<<<<<<< HEAD\n")).is_err());
    }

    #[test]
    fn byte_order_marks_and_carriage_returns_are_no_part_of_an_entry() {
        let print = format!("{:024x}-1", 7);
        for text in [
            format!("\u{feff}# countersign baseline v2\r\nscan/a {print}\r\n"),
            format!("\u{feff}scan/a {print}\n"),
            format!("# x\n\u{feff}scan/a {print}"),
        ] {
            let read =
                Baseline::read(&Source::from_text(RepoPath::from("b"), text.as_str())).expect("baseline");
            assert!(read.contains("scan/a", &print) && !read.has_old_entries(), "{text:?}");
        }
    }

    #[test]
    fn old_fingerprints_count_in_an_old_baseline_only() {
        let (new, old) = (format!("{:024x}-1", 1), format!("{:024x}-1", 2));
        let read = |version: u8| {
            let text = format!("# countersign baseline v{version}: x\nscan/a {old}\n");
            Baseline::read(&Source::from_text(RepoPath::from("b"), text)).expect("baseline")
        };
        assert_eq!(read(1).find("scan/a", &new, &old), Some(old.as_str()));
        assert_eq!(read(2).find("scan/a", &new, &old), None);
    }
}
