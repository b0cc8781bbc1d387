//! Where a finding is, as CI systems want it: a path and, in text, lines and
//! columns from 1, columns counted in characters.

use crate::digest::sha256_hex;
use crate::finding::{Finding, Place, Report};
use crate::text::{RepoPath, Source, Span};

/// Lines and columns of a span; the end is behind the last character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// Behind the last column.
    pub end_column: usize,
    /// What stands there.
    pub snippet: String,
}

impl Region {
    /// The region of a span of a source.
    #[must_use]
    pub fn from_span(source: &Source, span: Span) -> Self {
        let (from, to) = (source.position(span.start), source.position(span.end));
        Self {
            line: from.line,
            column: from.column,
            end_line: to.line,
            end_column: to.column,
            snippet: source.slice(span).trim_start_matches('\u{feff}').to_owned(),
        }
    }
}

/// A path of the judged tree, with lines where there are some.
#[derive(Debug, Clone)]
pub struct Location {
    /// The file.
    pub path: RepoPath,
    /// Where in it.
    pub region: Option<Region>,
}

impl Location {
    /// The spot of a place; `None` if it is in no file of the judged tree.
    #[must_use]
    pub fn from_place(place: &Place) -> Option<Self> {
        match place {
            Place::Text { source, .. } if source.revision().is_some() => None,
            Place::Text { source, span } => {
                Some(Self { path: source.name().clone(), region: Some(Region::from_span(source, *span)) })
            }
            Place::Path(path) => Some(Self { path: path.clone(), region: None }),
            Place::Repository => None,
        }
    }

    /// Where a finding is shown: its own place, else one that explains it,
    /// else the packet.
    #[must_use]
    pub fn for_finding(finding: &Finding, report: &Report) -> Option<Self> {
        let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
        labels
            .find_map(|label| Self::from_place(&label.place))
            .or_else(|| report.packet.as_ref().map(|packet| Self { path: packet.path.clone(), region: None }))
    }
}

/// Names for findings that stay the same when lines move: of what was found,
/// not of where. Two that are alike get numbers.
#[must_use]
pub fn compute_fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut one = |finding: &Finding| {
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
    findings.iter().map(&mut one).collect()
}

/// All that a finding has to say, in one text.
#[must_use]
pub fn full_message(finding: &Finding) -> String {
    let mut out = finding.message.clone();
    if !finding.primary.text.is_empty() {
        out.push_str(&format!(" ({})", finding.primary.text));
    }
    for note in &finding.notes {
        out.push_str(&format!("\n{note}"));
    }
    let remedy = crate::check::wording(finding).map(|wording| wording.remedy.clone());
    for help in finding.help.iter().cloned().chain(remedy) {
        out.push_str(&format!("\nHelp: {help}"));
    }
    if let Some(waiver) = &finding.waived_by {
        out.push_str(&format!("\nExcused by waiver {waiver}"));
    }
    out
}
