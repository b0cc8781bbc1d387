//! The signatures of an audit have the form that it states, and its rows are in order.

use jiff::civil::{Date, DateTime, Time};

use crate::document::Signature;
use crate::document::audit::{Audit, AuditRow};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// The digits of a signature, as an audit states them.
const FORM: &str = "DDMMYYYYHHMM";
/// The digits of older signatures.
const OLDER_FORM: &str = "DDMMYYHHMMSS";
/// Maximum number of rows that one finding shows.
const MAX_SHOWN: usize = 8;

/// Returns whether a row has the minute of its signature, and another day: no difference
/// between two clocks is a whole day.
pub(super) fn is_other_day(signature: &Signature, day: Date, written: &str) -> bool {
    let time = written.get(10..).unwrap_or("").trim_start_matches([' ', 'T']).get(..5);
    let own = signature.at.time();
    let own = format!("{:02}:{:02}", own.hour(), own.minute());
    signature.at.date() != day && time == Some(own.as_str())
}

/// Returns one warning if the audit states the form of signatures, and rows or the example
/// of the form have the older form.
pub(super) fn other_forms(audit: &Audit, rule: &Rule) -> Option<Finding> {
    let text = audit.source.text();
    let stated = text.find(FORM).filter(|_| !text.contains(OLDER_FORM))?;
    let is_older = |text: &str| Signature::parse(text).is_ok_and(|signature| signature.is_older_form);
    let line = audit.source.line_span(audit.source.line(stated))?;
    let examples = words(text, line).filter(|(_, word)| is_older(word)).map(|(span, _)| span);
    let rows = audit.rows.iter().filter(|row| is_older(&row.signature.value)).map(|row| row.signature.span);
    let all: Vec<Span> = rows.chain(examples).collect();
    let (first, others) = all.split_first()?;
    let shown = to_single_line(audit.source.slice(*first), 40);
    let message = format!("`{shown}` has the form {OLDER_FORM}, but the audit states {FORM}");
    let label = |span: Span, text: &str| Label::text(&audit.source, span, text.to_owned());
    let finding = rule.finding(message, label(*first, "another form")).with_level(Level::Warning);
    let mut finding = finding.related(label(Span::new(stated, stated + FORM.len()), "the stated form"));
    for span in others.iter().take(MAX_SHOWN) {
        finding = finding.related(label(*span, "another form, too"));
    }
    Some(finding)
}

/// Returns the words of a line that consist of letters and digits.
fn words(text: &str, line: Span) -> impl Iterator<Item = (Span, &str)> {
    let part = text.get(line.start..line.end).unwrap_or("");
    part.split(|c: char| !c.is_ascii_alphanumeric()).map(move |word| {
        let at = line.start + (word.as_ptr().addr() - part.as_ptr().addr());
        (Span::new(at, at + word.len()), word)
    })
}

/// Returns one note about rows that name an older version of the specification than an
/// earlier row.
pub(super) fn older_versions(audit: &Audit, rule: &Rule) -> Option<Finding> {
    let mut rows: Vec<(DateTime, (u32, u32), &AuditRow)> = audit
        .rows
        .iter()
        .filter(|row| !row.is_revoked)
        .filter_map(|row| {
            // The date of the row, as the one in a signature can be wrong.
            let day: Date = row.at.value.trim_start().get(..10)?.parse().ok()?;
            let time = row.at.value.get(10..).unwrap_or("").trim_start_matches([' ', 'T']).get(..5);
            let time = time.and_then(|time| time.parse::<Time>().ok()).unwrap_or_default();
            Some((day.to_datetime(time), version_of(&row.spec_version.value)?, row))
        })
        .collect();
    rows.sort_by_key(|(at, version, _)| (*at, *version));
    let mut newest: Option<((u32, u32), &AuditRow)> = None;
    let mut found: Option<Finding> = None;
    let mut count = 0;
    for (_, version, row) in rows {
        let Some((known, before)) = newest else {
            newest = Some((version, row));
            continue;
        };
        if version >= known {
            newest = Some((version, row));
            continue;
        }
        count += 1;
        let here = Label::text(&audit.source, row.spec_version.span, "an older version");
        let there =
            Label::text(&audit.source, before.spec_version.span, "the newer version, at an earlier time");
        found = Some(match found {
            None => {
                let message = format!(
                    "the row of `{}` names {}, but an earlier row already has {}",
                    to_single_line(&row.signature.value, 40),
                    to_single_line(&row.spec_version.value, 20),
                    to_single_line(&before.spec_version.value, 20)
                );
                rule.finding(message, here).with_level(Level::Note).related(there)
            }
            Some(finding) if count <= MAX_SHOWN => finding.related(here),
            Some(finding) => finding,
        });
    }
    found
}

/// Reads a version of two numbers, such as `v02.84`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().trim_matches('`').strip_prefix('v')?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_at_the_same_minute_is_a_slip_and_another_time_is_another_clock() {
        let signature = Signature::parse("mira140220262315").expect("a signature");
        let is_other = |written: &str| {
            let day = written.get(..10).and_then(|day| day.parse().ok()).expect("a day");
            is_other_day(&signature, day, written)
        };
        assert!(is_other("2026-02-15 23:15"));
        assert!(is_other("2026-02-13T23:15"));
        assert!(!is_other("2026-02-14 23:15"));
        assert!(!is_other("2026-02-15 07:15"));
        assert!(!is_other("2026-02-15"));
    }

    #[test]
    fn a_version_has_two_numbers() {
        assert_eq!(version_of(" v02.84 "), Some((2, 84)));
        assert_eq!(version_of("v01"), None);
        assert_eq!(version_of("2.84"), None);
    }
}
