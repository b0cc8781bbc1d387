//! `audit/row`: rows have all their cells, and record signatures.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::{DocumentBody, Signature};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let DocumentBody::Audit(audit) = &input.document.body else {
        return CheckResult::skipped("not a signature audit");
    };
    let at = |span, text: String| Label::text(&audit.source, span, text);
    let mut out: Vec<Finding> = audit
        .faults
        .iter()
        .map(|fault| rule.finding(fault.message.clone(), at(fault.span, String::new())))
        .collect();
    for row in &audit.rows {
        if audit.faults.iter().any(|fault| fault.span == row.span) {
            continue;
        }
        let shown = crate::text::to_single_line(&row.signature.value, 40);
        match Signature::parse(&row.signature.value) {
            Err(fault) => {
                let span = if row.signature.span.is_empty() { row.span } else { row.signature.span };
                out.push(rule.finding(format!("`{shown}` is no signature"), at(span, fault.to_string())));
            }
            Ok(signature) => {
                if input
                    .now
                    .checked_add(jiff::Span::new().hours(14))
                    .is_ok_and(|latest| signature.at > latest)
                {
                    let message = format!("`{shown}` is dated {}, in the future", signature.at);
                    out.push(rule.finding(message, at(row.signature.span, "not yet".into())));
                }
                let day = row.at.value.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
                match day {
                    None => {
                        let span = if row.at.span.is_empty() { row.span } else { row.at.span };
                        out.push(rule.finding(
                            format!("the row of `{shown}` gives no date"),
                            at(span, "YYYY-MM-DD HH:MM".into()),
                        ));
                    }
                    // A signer's clock and an auditor's may be a day apart.
                    Some(day) if (signature.at.date() - day).get_days().abs() > 1 => {
                        let message = format!(
                            "the row dates `{shown}` {day}, the signature itself says {}",
                            signature.at.date()
                        );
                        out.push(
                            rule.finding(message, at(row.at.span, "another day".into()))
                                .with_level(Level::Warning),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.into()
}
