//! `text/conflict-marker`: no half-finished merge.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::document::outline::{BlockKind, Outline};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::Span;

pub(in crate::check) fn check(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let text = input.source.text();
    let mut found: Vec<(Span, bool)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let marker = ["<<<<<<<", ">>>>>>>", "|||||||"].iter().position(|mark| {
            body.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        if let Some(which) = marker {
            found.push((Span::new(at, at + body.len()), which == 0));
        }
        at += line.len();
    }
    // One marker alone in a fence is an example; a pair is a conflict.
    let fences: Vec<Span> = input.outline.map(fence_spans).unwrap_or_default();
    let fenced = |span: Span| fences.iter().any(|fence| fence.contains(span));
    let paired = found.iter().any(|(_, opens)| *opens) && found.iter().any(|(_, opens)| !opens);
    let real = found.into_iter().filter(|(span, _)| paired || !fenced(*span));
    let out = real
        .map(|(span, _)| {
            rule.finding("a merge conflict was left here", Label::text(input.source, span, "conflict marker"))
        })
        .collect();
    super::cap_findings(out).into()
}

fn fence_spans(outline: &Outline) -> Vec<Span> {
    let code = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_)));
    code.map(|block| block.span).collect()
}
