//! `text/readable`: a document is UTF-8 text with something in it.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let source = input.source;
    if let Some(at) = source.not_utf8_at() {
        let line = source.line_span(source.line(at)).unwrap_or_default();
        let message = format!("the document is not UTF-8: byte {at} starts no character");
        let finding = rule.finding(message, Label::text(source, line, "here"));
        let zeros = source.text().chars().filter(|c| *c == '\0').count();
        return Some(if zeros > 8 {
            finding.help("Every other byte is zero: this looks like UTF-16; save it as UTF-8.")
        } else {
            finding
        })
        .into();
    }
    if source.text().trim_start_matches('\u{feff}').trim().is_empty() {
        return Some(
            rule.finding("the document is empty", Label::path(source.name(), "nothing stands here")),
        )
        .into();
    }
    Vec::new().into()
}
