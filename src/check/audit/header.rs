//! The date at the begin or the end of an audit is not before its rows.

use jiff::civil::Date;

use crate::document::audit::Audit;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::Span;

/// Labels of the date of an audit, in small letters.
const LABELS: [&str; 3] = ["updated", "last updated", "last_updated"];

/// Returns one warning if the audit says that it was last changed before its newest row.
pub(super) fn stale_date(audit: &Audit, rule: &Rule) -> Option<Finding> {
    let days = audit.rows.iter().filter_map(|row| Some((day_of(&row.at.value)?, row.span)));
    let (newest, row) = days.max_by_key(|(day, _)| *day)?;
    let mut stale = dates(audit).filter(|(day, _)| *day < newest);
    let (day, span) = stale.next()?;
    let message = format!("the audit was updated on {day}, but its newest row is of {newest}");
    let label = |span: Span, text: &str| Label::text(&audit.source, span, text.to_owned());
    let mut finding = rule.finding(message, label(span, "an older date")).with_level(Level::Warning);
    for (_, span) in stale {
        finding = finding.related(label(span, "an older date, too"));
    }
    Some(finding.related(label(row, "the newest row")))
}

/// Returns the dates that the audit gives itself: `**Updated:** 2026-02-14`.
fn dates(audit: &Audit) -> impl Iterator<Item = (Date, Span)> {
    let mut start = 0;
    audit.source.text().split_inclusive('\n').filter_map(move |line| {
        let from = start;
        start += line.len();
        let (label, value) = line.split_once(':')?;
        let label = label.trim_matches(['*', '-', ' ', '\u{feff}']).to_lowercase();
        let value = value.trim_start_matches(['*', ' ']);
        let day = LABELS.contains(&label.as_str()).then(|| day_of(value)).flatten()?;
        let at = from + line.len() - line.split_once(':')?.1.trim_start_matches(['*', ' ']).len();
        Some((day, Span::new(at, at + 10)))
    })
}

fn day_of(text: &str) -> Option<Date> {
    text.trim_start().get(..10)?.parse().ok()
}
