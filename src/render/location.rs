//! Locations of findings for CI systems: a path and, in text, lines and columns
//! from 1; columns count characters.

use crate::digest::sha256_hex;
use crate::finding::{Finding, Place, Report};
use crate::text::{RepoPath, Source, Span};

/// Lines and columns of a span, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Region {
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
    /// The text of the span.
    pub snippet: String,
}

impl Region {
    /// Returns the region of a span of a source.
    #[must_use]
    pub(crate) fn from_span(source: &Source, span: Span) -> Self {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            snippet: source.slice(span).trim_start_matches('\u{feff}').to_owned(),
        }
    }
}

/// A path of the judged tree, with a region if the location is in text.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// The file.
    pub path: RepoPath,
    /// The region in it.
    pub region: Option<Region>,
}

impl Location {
    /// Returns the location of a place; `None` if the place is not in a file of
    /// the judged tree.
    #[must_use]
    pub(crate) fn from_place(place: &Place) -> Option<Self> {
        match place {
            Place::Text { source, .. } if source.revision().is_some() => None,
            Place::Text { source, span } => {
                Some(Self { path: source.name().clone(), region: Some(Region::from_span(source, *span)) })
            }
            Place::Path(path) => Some(Self { path: path.clone(), region: None }),
            Place::Repository => None,
        }
    }

    /// Returns the location at which a finding is shown: its own, or else a
    /// related one, or else the packet.
    #[must_use]
    pub(crate) fn for_finding(finding: &Finding, report: &Report) -> Option<Self> {
        let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
        labels
            .find_map(|label| Self::from_place(&label.place))
            .or_else(|| report.packet.as_ref().map(|packet| Self { path: packet.path.clone(), region: None }))
    }
}

/// Returns one fingerprint per finding. It depends on the content of a finding
/// and not on its line, so that it stays the same when lines move. Equal
/// findings get different numbers.
#[must_use]
pub(crate) fn compute_fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut fingerprint_of = |finding: &Finding| {
        let place = &finding.primary.place;
        let path = place.path().map(ToString::to_string).unwrap_or_default();
        let content = match place {
            Place::Text { source, span } => {
                let line = source.line_span(source.line(span.start)).unwrap_or(*span);
                source.slice(line).split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Place::Path(_) | Place::Repository => String::new(),
        };
        let own = finding.fingerprint.clone().unwrap_or_default();
        let packet = finding.packet.clone().unwrap_or_default();
        let key = [finding.rule.as_str(), &path, &packet, &own, &finding.message, &content].join("\0");
        let hex = sha256_hex(key.as_bytes()).get(..32).unwrap_or_default().to_owned();
        let count = seen.entry(hex.clone()).or_default();
        *count += 1;
        format!("{hex}:{count}")
    };
    findings.iter().map(&mut fingerprint_of).collect()
}

/// Returns message, label, notes, help and waiver of a finding as one text.
#[must_use]
pub(crate) fn full_message(finding: &Finding) -> String {
    let mut out = finding.message.clone();
    if !finding.primary.text.is_empty() {
        out.push_str(&format!(" ({})", finding.primary.text));
    }
    for note in &finding.notes {
        out.push_str(&format!("\n{note}"));
    }
    let remedy = super::remedy::remedy(finding);
    for help in finding.help.iter().cloned().chain(remedy) {
        out.push_str(&format!("\nHelp: {help}"));
    }
    if let Some(waiver) = &finding.waived_by {
        out.push_str(&format!("\nWaived by {waiver}"));
    }
    out
}
