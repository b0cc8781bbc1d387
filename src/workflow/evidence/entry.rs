//! Entries of EVIDENCE, written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::is_same_command;
use crate::document::Packet;
use crate::document::field::{Field, read_fields};
use crate::document::outline::BlockKind;
use crate::text::{Edit, Source, Span, apply_edits, line_ending};
use crate::workflow::field::{edit_rest_of_line, wrap_in_backticks};

use super::EvidenceRun;

/// The packet with an entry for every command that ran. A command that the
/// plan names several times has as many entries, in its order: the last ones
/// of that command, or new ones at the end of EVIDENCE. `None` if an entry
/// would not be read back.
#[must_use]
pub fn record_entries(source: &Arc<Source>, ran: &[EvidenceRun]) -> Option<String> {
    let mut text = source.text().to_owned();
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for one in ran {
        let count = ran.iter().filter(|other| is_same_command(&other.command, &one.command)).count();
        let first = ran.iter().find(|other| is_same_command(&other.command, &one.command));
        let number = done.entry(first.map_or("", |first| first.command.as_str())).or_default();
        let now = Source::from_text(source.name().clone(), text);
        text = apply_edits(now.text(), &entry_edits(&now, one, *number, count)).0;
        *number += 1;
    }
    let done = Packet::read(&Source::from_text(source.name().clone(), text.clone())).value;
    let reads = |one: &EvidenceRun| {
        let code = one.exit_code.to_string();
        done.evidence.iter().any(|entry| {
            is_same_command(&entry.command.value, &one.command)
                && entry.exit_code.as_ref().is_some_and(|found| found.value == code)
                && entry.log_sha256.as_ref().is_some_and(|found| found.value == one.log_sha256)
        })
    };
    ran.iter().all(reads).then_some(text)
}

/// The edits that record the `number`th of `count` runs of a command.
fn entry_edits(source: &Source, ran: &EvidenceRun, number: usize, count: usize) -> Vec<Edit> {
    let packet = Packet::read(&Source::from_text(source.name().clone(), source.text())).value;
    let section = packet.section("EVIDENCE");
    let blocks = section.map_or(0..0, |section| section.blocks.clone());
    let all = read_fields(source.text(), &packet.outline, blocks);
    let own: Vec<&Field> = all
        .iter()
        .filter(|field| field.key == "COMMAND" && is_same_command(field.unquoted_value(), &ran.command))
        .collect();
    // As many of the last ones as the plan has of this command.
    let there = own.len().min(count);
    let is_old = number < there || own.len() >= count;
    if let Some(command) = own.get((own.len() - there) + number).filter(|_| is_old) {
        return update_entry(source, &packet, &all, command, ran);
    }
    let ending = line_ending(source.text());
    let body = format_entry(ran, ending);
    let whole = source.text();
    vec![match section {
        Some(section) => {
            let kept = section.span.start + source.slice(section.span).trim_end().len();
            Edit::insert(kept, format!("{ending}{body}"))
        }
        None => {
            let next = packet.section("VALIDATION_REPORTS").map_or(whole.len(), |section| section.span.start);
            let gap = if whole.get(..next).is_some_and(|text| text.ends_with('\n')) { "" } else { ending };
            Edit::insert(next, format!("{gap}## EVIDENCE{ending}{body}{ending}{ending}"))
        }
    }]
}

/// The edits that bring an entry up to date; what else stands in it stays.
fn update_entry(
    source: &Source,
    packet: &Packet,
    all: &[Field],
    command: &Field,
    ran: &EvidenceRun,
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
            let blanks: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
            format!("{}- ", blanks.trim_end_matches(['*', '_']))
        },
        |field| source.slice(Span::new(line(field.label).start, field.label.start)).to_owned(),
    );
    let ending = line_ending(source.text());
    let mut out = Vec::new();
    let mut missing = String::new();
    let mut values = entry_values(ran);
    if ran.folder.is_empty() && find("FOLDER").is_some() {
        // What stands there is of another run.
        values.push(("FOLDER", "`.`".to_owned()));
    }
    for (key, value) in values {
        match find(key) {
            Some(field) => out.push(edit_rest_of_line(source, field, &value)),
            None => missing.push_str(&format!("{ending}{indent}{key}: {value}")),
        }
    }
    let proof = format_proof_lines(ran, &indent, ending);
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

fn entry_values(ran: &EvidenceRun) -> Vec<(&'static str, String)> {
    let mut out = vec![("EXIT_CODE", ran.exit_code.to_string())];
    if !ran.folder.is_empty() {
        out.push(("FOLDER", wrap_in_backticks(&ran.folder)));
    }
    out.push(("LOG_PATH", ran.log_path.to_string()));
    out.push(("LOG_SHA256", ran.log_sha256.clone()));
    out
}

/// The lines that prove a run, each on a line of its own, behind a line ending.
fn format_proof_lines(ran: &EvidenceRun, indent: &str, ending: &str) -> String {
    let below: String = indent.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
    match ran.proof_lines.as_slice() {
        [] => String::new(),
        [only] => format!("{ending}{indent}PROOF_LINES: `{only}`"),
        several => {
            let lines: String = several.iter().map(|line| format!("{ending}{below}- `{line}`")).collect();
            format!("{ending}{indent}PROOF_LINES:{lines}")
        }
    }
}

/// A new entry, without the ending of its last line.
fn format_entry(ran: &EvidenceRun, ending: &str) -> String {
    let mut out = format!("- COMMAND: {}", wrap_in_backticks(&ran.command));
    entry_values(ran).iter().for_each(|(key, value)| out.push_str(&format!("{ending}  - {key}: {value}")));
    out.push_str(&format_proof_lines(ran, "  - ", ending));
    out
}
