//! Known findings: one line an entry, sorted, so that two branches rarely
//! meet in one line. An entry names content, not a place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::text::{Source, Span};

/// The first line of a baseline.
const HEADER: &str =
    "# countersign baseline v1: known findings, one a line; written by `countersign scan --baseline write`";

/// The most entries that are read.
const MAX_ENTRIES: usize = 1_000_000;

/// Known findings by rule and fingerprint.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    entries: BTreeMap<(String, String), Span>,
    source: Option<Arc<Source>>,
}

/// A line of a baseline that is none.
#[derive(Debug, Clone)]
pub struct BaselineFault {
    /// The file.
    pub source: Arc<Source>,
    /// The line.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

impl Baseline {
    /// Reads a baseline. Order and doubled lines do not matter: a merge may
    /// leave both.
    ///
    /// # Errors
    /// The first line that is no entry.
    pub fn read(source: &Arc<Source>) -> Result<Self, BaselineFault> {
        let mut entries = BTreeMap::new();
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let text = line.trim();
            let span = crate::text::trim_spanned(source.text(), Span::new(start, start + line.len())).span;
            start += line.len();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let fault = |message: &str| BaselineFault {
                source: Arc::clone(source),
                span,
                message: message.to_owned(),
            };
            let Some((rule, print)) = text.split_once(' ') else {
                return Err(fault("an entry is a rule's id and a fingerprint"));
            };
            if !rule.starts_with("scan/") || !is_fingerprint(print.trim()) {
                return Err(fault("an entry is a rule's id and a fingerprint"));
            }
            if entries.len() >= MAX_ENTRIES {
                return Err(fault("the baseline has more entries than countersign reads"));
            }
            entries.insert((rule.to_owned(), print.trim().to_owned()), span);
        }
        Ok(Self { entries, source: Some(Arc::clone(source)) })
    }

    /// Whether a finding is known.
    #[must_use]
    pub fn contains(&self, rule: &str, fingerprint: &str) -> bool {
        self.entries.contains_key(&(rule.to_owned(), fingerprint.to_owned()))
    }

    /// How many findings are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries with their places, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, Span)> {
        self.entries.iter().map(|((rule, print), span)| (rule.as_str(), print.as_str(), *span))
    }

    /// The file that it was read from.
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

/// The text of a baseline of these findings (rule and fingerprint).
#[must_use]
pub fn write<'a>(findings: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<String> = findings.map(|(rule, print)| format!("{rule} {print}")).collect();
    lines.sort();
    lines.dedup();
    let mut out = format!("{HEADER}\n");
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
    fn what_is_written_is_read_whatever_the_order() {
        let print = |n: usize| format!("{n:024x}-1");
        let (a, b) = (print(1), print(2));
        let text =
            write([("scan/b", b.as_str()), ("scan/a", a.as_str()), ("scan/a", a.as_str())].into_iter());
        assert_eq!(text.lines().count(), 3);
        let merged = format!("{text}scan/a {a}\n\nscan/c {a}\n");
        let read = Baseline::read(&Source::from_text(RepoPath::from("b"), merged)).expect("baseline");
        assert_eq!(read.len(), 3);
        assert!(read.contains("scan/a", &a) && !read.contains("scan/a", &b));
        assert!(Baseline::read(&Source::from_text(RepoPath::from("b"), "<<<<<<< HEAD\n")).is_err());
    }
}
