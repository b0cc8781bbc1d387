//! `text/kind`: a document is what its place says it is.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::DocumentKind;
use crate::finding::{Label, Level};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    let at = |text: &str| Label::text(&document.source, document.head_span(), text);
    let found = document.kind;
    match input.expected {
        Some(expected) if expected != found => {
            let message = format!("a {} lies where a {} belongs", found.as_str(), expected.as_str());
            Some(rule.finding(message, at("what it says of itself"))).into()
        }
        None if found == DocumentKind::Unknown && input.governance.is_none() => {
            let message = "this is no governance document that is known; only its text was judged";
            Some(rule.finding(message, at("no known title")).with_level(Level::Warning)).into()
        }
        _ => Vec::new().into(),
    }
}
