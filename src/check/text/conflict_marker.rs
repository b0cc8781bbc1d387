//! `text/conflict-marker`: no half-finished merge.

use crate::check::Verdict;
use crate::check::library::TextInput;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::Span;

pub(in crate::check) fn check(input: &TextInput<'_>, rule: &Rule) -> Verdict {
    let text = input.source.text();
    let mut out = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let marker = ["<<<<<<<", ">>>>>>>", "|||||||"]
            .iter()
            .any(|mark| body.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
        if marker {
            let span = Span::new(at, at + body.len());
            out.push(rule.finding(
                "a merge conflict was left here",
                Label::text(input.source, span, "conflict marker"),
            ));
        }
        at += line.len();
    }
    out.truncate(super::MOST);
    out.into()
}
