//! The remarks of a model, in a section of their own after the verdict.

use crate::finding::AssistInfo;
use crate::text::{escape_hidden, format_count, to_single_line};

/// What is to be known about the answer as a whole, one remark on each line.
#[must_use]
pub(super) fn remarks(assist: &AssistInfo) -> Vec<String> {
    let mut out = Vec::new();
    let count = |number: u64, noun: &str| format_count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    if let Some(error) = &assist.error {
        out.push(format!("no answer: {}", to_single_line(error, 400)));
    } else if assist.notes.is_empty() {
        out.push("the model remarks nothing that can be shown".to_owned());
    }
    if assist.dropped > 0 {
        out.push(format!(
            "{} dropped: they cite what was not sent, repeat another one or are too many",
            count(assist.dropped, "remark")
        ));
    }
    if !assist.redactions.is_empty() {
        out.push(format!("secrets were removed from {}", to_single_line(&assist.redactions.join(", "), 300)));
    }
    if !assist.left_out.is_empty() {
        out.push(format!("not sent: {}", to_single_line(&assist.left_out.join("; "), 300)));
    }
    out
}

/// Renders the section for a person.
#[must_use]
pub(super) fn render_human(assist: &AssistInfo) -> String {
    let kept = if assist.is_kept { ", kept from an earlier run" } else { "" };
    let mut out = format!(
        "\nnotes of {} ({}, server `{}`{kept}): advice, no part of the verdict\n",
        to_single_line(&assist.model, 80),
        assist.tier,
        to_single_line(&assist.provider, 40)
    );
    for note in &assist.notes {
        let place = format!("{}:{}", to_single_line(&note.path, 200), note.line);
        out.push_str(&format!("  {place}: {}\n", to_single_line(&note.message, 400)));
    }
    for line in remarks(assist) {
        out.push_str(&format!("  ({line})\n"));
    }
    escape_hidden(&out).into_owned()
}
