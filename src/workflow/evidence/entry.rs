//! Writes entries into the section EVIDENCE of a packet.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::is_same_command;
use crate::document::Packet;
use crate::document::field::{Field, read_fields};
use crate::document::outline::BlockKind;
use crate::text::{Edit, Source, Span, apply_edits, line_ending};
use crate::workflow::field::{edit_rest_of_line, wrap_in_backticks};

use super::EvidenceRun;

/// Returns the packet's text with one entry for every command that ran. A command
/// that the plan names several times has as many entries, in the order of the
/// plan: the last existing ones of that command, or new ones at the end of
/// EVIDENCE. `None` if an entry would not read back.
#[must_use]
pub(crate) fn record_entries(source: &Arc<Source>, runs: &[EvidenceRun]) -> Option<String> {
    let mut text = source.text().to_owned();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs {
        let count = runs.iter().filter(|other| is_same_command(&other.command, &run.command)).count();
        let first = runs.iter().find(|other| is_same_command(&other.command, &run.command));
        let number = counts.entry(first.map_or("", |first| first.command.as_str())).or_default();
        let current = Source::from_text(source.name().clone(), text);
        text = apply_edits(current.text(), &entry_edits(&current, run, *number, count)).0;
        *number += 1;
    }
    let packet = Packet::read(&Source::from_text(source.name().clone(), text.clone())).value;
    let is_recorded = |run: &EvidenceRun| {
        let code = run.exit_code.to_string();
        packet.evidence.iter().any(|entry| {
            is_same_command(&entry.command.value, &run.command)
                && entry.exit_code.as_ref().is_some_and(|found| found.value == code)
                && entry.log_sha256.as_ref().is_some_and(|found| found.value == run.log_sha256)
        })
    };
    runs.iter().all(is_recorded).then_some(text)
}

/// Returns the edits that record one of `count` runs of a command; `number` counts
/// from 0.
fn entry_edits(source: &Source, run: &EvidenceRun, number: usize, count: usize) -> Vec<Edit> {
    let packet = Packet::read(&Source::from_text(source.name().clone(), source.text())).value;
    let section = packet.section("EVIDENCE");
    let blocks = section.map_or(0..0, |section| section.blocks.clone());
    let all = read_fields(source.text(), &packet.outline, blocks);
    let own: Vec<&Field> = all
        .iter()
        .filter(|field| field.key == "COMMAND" && is_same_command(field.unquoted_value(), &run.command))
        .collect();
    // The plan runs this command `count` times: update the last `count` entries.
    let reused = own.len().min(count);
    let is_update = number < reused || own.len() >= count;
    if let Some(command) = own.get((own.len() - reused) + number).filter(|_| is_update) {
        return update_entry(source, &packet, &all, command, run);
    }
    let newline = line_ending(source.text());
    let body = format_entry(run, newline);
    let whole = source.text();
    vec![match section {
        Some(section) => {
            let kept = section.span.start + source.slice(section.span).trim_end().len();
            Edit::insert(kept, format!("{newline}{body}"))
        }
        None => {
            let next = packet.section("VALIDATION_REPORTS").map_or(whole.len(), |section| section.span.start);
            let gap = if whole.get(..next).is_some_and(|text| text.ends_with('\n')) { "" } else { newline };
            Edit::insert(next, format!("{gap}## EVIDENCE{newline}{body}{newline}{newline}"))
        }
    }]
}

/// Returns the edits that update an entry; its other text stays.
fn update_entry(
    source: &Source,
    packet: &Packet,
    all: &[Field],
    command: &Field,
    run: &EvidenceRun,
) -> Vec<Edit> {
    let after = |field: &&Field| field.label.start > command.label.start;
    let next =
        all.iter().find(|field| field.key == "COMMAND" && after(field)).map_or(usize::MAX, |f| f.label.start);
    let find =
        |key: &str| all.iter().find(|field| field.key == key && after(field) && field.label.start < next);
    let line = |at: Span| source.line_span(source.line(at.start)).unwrap_or(at);
    let own = line(command.label);
    let indent = find("EXIT_CODE").or(find("LOG_PATH")).map_or_else(
        || {
            let before = source.slice(Span::new(own.start, command.label.start));
            let spaces: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
            format!("{}- ", spaces.trim_end_matches(['*', '_']))
        },
        |field| source.slice(Span::new(line(field.label).start, field.label.start)).to_owned(),
    );
    let newline = line_ending(source.text());
    let mut out = Vec::new();
    let mut missing = String::new();
    let mut values = entry_values(run);
    if run.folder.is_empty() && find("FOLDER").is_some() {
        // The old value belongs to an earlier run.
        values.push(("FOLDER", "`.`".to_owned()));
    }
    for (key, value) in values {
        match find(key) {
            Some(field) => out.push(edit_rest_of_line(source, field, &value)),
            None => missing.push_str(&format!("{newline}{indent}{key}: {value}")),
        }
    }
    let proof = format_proof_lines(run, &indent, newline);
    match find("PROOF_LINES") {
        Some(field) => {
            let block = field.item.and_then(|item| packet.outline.get(item));
            let end = block
                .filter(|block| block.kind == BlockKind::Item)
                .map_or(line(field.label).end, |b| b.span.end);
            let end = end.min(next);
            let kept = source.text().get(..end).unwrap_or_default();
            let kept = if end == next { kept.rsplit_once('\n').map_or(kept, |(kept, _)| kept) } else { kept };
            let start = line(field.label).start;
            let text = proof.trim_start_matches(['\r', '\n']).to_owned();
            out.push(Edit::replace(Span::new(start, kept.trim_end().len().max(start)), text));
        }
        None => missing.push_str(&proof),
    }
    if !missing.is_empty() {
        out.push(Edit::insert(own.end, missing));
    }
    out
}

/// Returns the fields of an entry: key and value.
fn entry_values(run: &EvidenceRun) -> Vec<(&'static str, String)> {
    let mut out = vec![("EXIT_CODE", run.exit_code.to_string())];
    if !run.folder.is_empty() {
        out.push(("FOLDER", wrap_in_backticks(&run.folder)));
    }
    out.push(("LOG_PATH", run.log_path.to_string()));
    out.push(("LOG_SHA256", run.log_sha256.clone()));
    out
}

/// Returns the field `PROOF_LINES` of a run, with a line ending before each line.
fn format_proof_lines(run: &EvidenceRun, indent: &str, newline: &str) -> String {
    let item_indent: String = indent.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
    match run.proof_lines.as_slice() {
        [] => String::new(),
        [only] => format!("{newline}{indent}PROOF_LINES: `{only}`"),
        several => {
            let lines: String =
                several.iter().map(|line| format!("{newline}{item_indent}- `{line}`")).collect();
            format!("{newline}{indent}PROOF_LINES:{lines}")
        }
    }
}

/// Returns the text of a new entry, without a final line ending.
fn format_entry(run: &EvidenceRun, newline: &str) -> String {
    let mut out = format!("- COMMAND: {}", wrap_in_backticks(&run.command));
    entry_values(run).iter().for_each(|(key, value)| out.push_str(&format!("{newline}  - {key}: {value}")));
    out.push_str(&format_proof_lines(run, "  - ", newline));
    out
}
