//! `text/unclosed-fence`: a fence that is opened is closed.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::document::outline::BlockKind;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Span, format_count};

pub(in crate::check) fn check(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(outline) = input.outline else { return CheckResult::skipped("JSON has no fences") };
    let source = input.source;
    let last = source.text().trim_end().len();
    let mut out = Vec::new();
    for block in outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_))) {
        let body = source.slice(block.span);
        let opening = body.lines().next().unwrap_or("").trim();
        let Some(mark) = opening.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
        let width = opening.chars().take_while(|c| *c == mark).count();
        let closing = body.trim_end().lines().last().unwrap_or("").trim();
        let closed = body.trim_end().contains('\n')
            && closing.chars().all(|c| c == mark)
            && closing.chars().count() >= width;
        // A fence also ends with the list or quote that holds it.
        if width < 3 || closed || (block.span.end < last && block.parent.is_none()) {
            continue;
        }
        let line = source.line_span(source.line(block.span.start)).unwrap_or(block.span);
        let span = Span::new(block.span.start.min(line.end), line.end);
        let swallowed = body.lines().skip(1).filter(|line| !line.trim().is_empty()).count();
        let named = opening.len() > width;
        let finding = if swallowed == 0 && named {
            rule.finding("this fence ends at once", Label::text(source, span, "opens here"))
                .help("Its text is indented less than the list item that holds it, so the item ends, and the fence with it: indent the text.")
        } else if swallowed == 0 {
            rule.finding("this fence opens a block where one should end", Label::text(source, span, "opens here"))
                .help("A fence above ended the block before: text that holds fences needs a longer fence around it.")
        } else {
            let message =
                format!("this fence is never closed; it swallows {}", format_count(swallowed, "line"));
            rule.finding(message, Label::text(source, span, "opened here"))
        };
        out.push(finding);
    }
    super::cap_findings(out).into()
}
