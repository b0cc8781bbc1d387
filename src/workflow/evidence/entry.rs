//! Entries of EVIDENCE, written.

use std::sync::Arc;

use crate::check::same_command;
use crate::document::Packet;
use crate::document::label::{Field, fields};
use crate::document::outline::Kind;
use crate::text::{Edit, Source, Span, apply, line_ending};

use super::Ran;
use crate::workflow::field::quoted;

/// The packet with an entry for every command that ran: its last entry is
/// written anew, a command without one gets one at the end of EVIDENCE.
#[must_use]
pub fn with_entries(source: &Arc<Source>, ran: &[Ran]) -> String {
    let mut text = source.text().to_owned();
    for one in ran {
        let now = Source::from_text(source.name().clone(), text.clone());
        let edit = edit(&now, one);
        text = apply(&text, &[edit]).0;
    }
    text
}

fn edit(source: &Arc<Source>, ran: &Ran) -> Edit {
    let packet = Packet::read(source).value;
    let ending = line_ending(source.text());
    let section = packet.section("EVIDENCE");
    let blocks = section.map_or(0..0, |section| section.blocks.clone());
    let all = fields(source.text(), &packet.outline, blocks);
    let is_it = |field: &&Field| field.key == "COMMAND" && same_command(field.full(), &ran.command);
    if let Some(command) = all.iter().rfind(is_it) {
        let line = source.line_span(source.line(command.label.start)).unwrap_or(command.label);
        let before = source.slice(Span::new(line.start, command.label.start)).trim_end_matches(['*', '_']);
        let end = end_of(source, &packet, &all, command);
        return Edit::replace(Span::new(line.start, end), entry(ran, before, ending));
    }
    let body = entry(ran, "- ", ending);
    let whole = source.text();
    match section {
        Some(section) => {
            let kept = section.span.start + source.slice(section.span).trim_end().len();
            Edit::insert(kept, format!("{ending}{body}"))
        }
        None => {
            let next = packet.section("VALIDATION_REPORTS").map_or(whole.len(), |section| section.span.start);
            let gap = if whole.get(..next).is_some_and(|text| text.ends_with('\n')) { "" } else { ending };
            Edit::insert(next, format!("{gap}## EVIDENCE{ending}{body}{ending}{ending}"))
        }
    }
}

/// Where an entry ends: with its item, or before the next command.
fn end_of(source: &Source, packet: &Packet, all: &[Field], command: &Field) -> usize {
    let next = all.iter().find(|field| field.key == "COMMAND" && field.label.start > command.label.start);
    let item = command.item.and_then(|item| packet.outline.get(item));
    let own =
        item.filter(|block| block.kind == Kind::Item).map_or(command.value.span.end, |block| block.span.end);
    // Fields of the entry may stand beside it instead of below.
    let mine = ["EXIT_CODE", "LOG_PATH", "LOG_SHA256", "PROOF_LINES"];
    let limit = next.map_or(usize::MAX, |next| next.label.start);
    let beside = all
        .iter()
        .filter(|field| field.label.start > command.label.start && field.label.start < limit)
        .take_while(|field| mine.contains(&field.key.as_str()))
        .map(|field| {
            let block = field.item.and_then(|item| packet.outline.get(item));
            block.map_or(field.value.span.end, |block| block.span.end)
        });
    let end = beside.max().unwrap_or(own).max(own).min(limit);
    let kept = source.text().get(..end).unwrap_or_default();
    // The next entry's bullet belongs to it.
    let kept = if end == limit { kept.rsplit_once('\n').map_or(kept, |(kept, _)| kept) } else { kept };
    kept.trim_end().len()
}

/// An entry without the ending of its last line; `before` is what stands
/// before its label.
fn entry(ran: &Ran, before: &str, ending: &str) -> String {
    let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let mut lines = vec![
        format!("{before}COMMAND: {}", quoted(&ran.command)),
        format!("{indent}- EXIT_CODE: {}", ran.exit_code),
        format!("{indent}- LOG_PATH: {}", ran.log_path),
        format!("{indent}- LOG_SHA256: {}", ran.log_sha256),
    ];
    match ran.proof.as_slice() {
        [] => {}
        [only] => lines.push(format!("{indent}- PROOF_LINES: `{only}`")),
        several => {
            lines.push(format!("{indent}- PROOF_LINES:"));
            lines.extend(several.iter().map(|line| format!("{indent}  - `{line}`")));
        }
    }
    lines.join(ending)
}
