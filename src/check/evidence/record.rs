//! `evidence/record`: a packet that is over has evidence for its criteria and commands.

use std::collections::BTreeSet;

use super::{MAX_COMPARED, command_key, failed, is_shell_setup, normalize, not_run, paraphrase, quotes};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::check::standing::is_finished;
use crate::document::field::strip_hint;
use crate::document::packet::{Criterion, PlannedCommand};
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, format_count};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 8;

/// `evidence/record`: in a packet that is over, every criterion of `DONE_MEANS` is quoted by a
/// REQUIREMENT, and every planned command has an entry under EVIDENCE. The gate has
/// `evidence/requirement` and `evidence/command`.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    if packet.contract.is_some() {
        return CheckResult::skipped("a typed contract has no such part");
    }
    let is_done = packet.status.as_ref().is_some_and(|status| status.value == PacketStatus::Done);
    if !(is_done || is_finished(packet, None)) {
        return CheckResult::skipped("work on the packet is not over");
    }
    let mut found = if packet.generation.is_g2() {
        let commands = packet.section("EVIDENCE").and_then(|_| check_commands(packet, rule));
        let criteria = packet.section("EVIDENCE_MAPPING").and_then(|_| check_criteria(packet, rule));
        criteria.into_iter().chain(commands).collect::<Vec<Finding>>()
    } else {
        // Packets of January 2026 have the section, but no fixed form of its entries.
        check_empty(packet, rule).into_iter().collect()
    };
    found.extend(failed::check_failed(packet, rule));
    found.extend(not_run::check_not_run(packet, rule));
    found.into_iter().map(|finding| input.level_by_standing(packet, finding)).collect::<Vec<_>>().into()
}

/// Returns one finding that points at all places.
fn report(packet: &Packet, message: String, places: &[Span], text: &str, rule: &Rule) -> Option<Finding> {
    let (first, others) = places.split_first()?;
    let label = |span: &Span| Label::text(&packet.source, *span, text.to_owned());
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(rule.finding(message, label(first)), |finding, span| finding.related(label(span))))
}

fn check_criteria(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let places: Vec<Span> = unquoted_criteria(packet).iter().map(|criterion| criterion.text.span).collect();
    let all = format_count(packet.done_means.len(), "criterion").replace("criterions", "criteria");
    let message = if packet.mapping.is_empty() {
        format!("no REQUIREMENT is mapped to code, for {all} of DONE_MEANS")
    } else {
        let (verb, what) = if places.len() == 1 { ("has", "it") } else { ("have", "them") };
        format!("{} of {all} of DONE_MEANS {verb} no REQUIREMENT that quotes {what}", places.len())
    };
    report(packet, message, &places, "not quoted", rule)
}

/// Returns the criteria that no REQUIREMENT quotes or paraphrases.
fn unquoted_criteria(packet: &Packet) -> Vec<&Criterion> {
    let mapping = &packet.mapping;
    if packet.done_means.len().saturating_mul(mapping.len()) > MAX_COMPARED {
        return Vec::new();
    }
    let quotes = quotes::Quotes::new(mapping.iter().map(|requirement| &*requirement.quote.value));
    let mut taken: BTreeSet<usize> =
        quotes.of_all(packet.done_means.iter().map(|bullet| &*bullet.text.value));
    let mut is_unquoted = |bullet: &&Criterion| {
        let group = bullet.group.as_deref().map(normalize);
        let is_quoted = quotes.first_of(&normalize(&bullet.text.value)).is_some()
            || group.is_some_and(|group| quotes.first_of(&group).is_some());
        if is_quoted {
            return false;
        }
        let free = mapping.iter().enumerate().filter(|(index, _)| !taken.contains(index));
        let same = free.map(|(index, requirement)| (index, &requirement.quote.value)).find(|(_, quote)| {
            let (text, above) = (&bullet.text.value, bullet.group.as_deref());
            paraphrase::is_paraphrase(quote, text) || paraphrase::is_shortened(quote, text, above)
        });
        match same {
            Some((index, _)) => !taken.insert(index),
            // A list of places below a statement belongs to it.
            None => !bullet.group.as_deref().filter(|_| is_place(&bullet.text.value)).is_some_and(|above| {
                mapping.iter().any(|own| paraphrase::is_shortened(&own.quote.value, above, None))
            }),
        }
    };
    packet.done_means.iter().filter(|bullet| is_unquoted(bullet)).collect()
}

/// Returns whether a criterion is only a path.
fn is_place(text: &str) -> bool {
    let plain = text.trim().trim_matches('`');
    plain.contains('/') && !plain.contains(char::is_whitespace)
}

fn check_commands(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let known: BTreeSet<String> =
        packet.evidence.iter().map(|entry| command_key(&entry.command.value)).collect();
    let wanted: Vec<&PlannedCommand> = packet
        .test_plan
        .iter()
        .filter(|command| !command.is_gate() && !is_shell_setup(&command.text))
        .filter(|command| !failed::is_optional(packet, command))
        .collect();
    let is_known = |command: &&&PlannedCommand| {
        known.contains(&command_key(&command.text)) || known.contains(&command_key(strip_hint(&command.text)))
    };
    let places: Vec<Span> =
        wanted.iter().filter(|command| !is_known(command)).map(|command| command.span).collect();
    let all = format_count(wanted.len(), "planned command");
    let message = if packet.evidence.is_empty() {
        format!("EVIDENCE has no entry, for {all}")
    } else {
        let verb = if places.len() == 1 { "has" } else { "have" };
        format!("{} of {all} {verb} no entry under EVIDENCE", places.len())
    };
    let heading = packet.section("EVIDENCE").map(|section| section.title.span);
    let finding = report(packet, message, &places, "no entry", rule)?;
    let heading = heading.filter(|_| packet.evidence.is_empty());
    Some(match heading {
        Some(span) => finding.related(Label::text(&packet.source, span, "no entry")),
        None => finding,
    })
}

/// Finds a section EVIDENCE that has only the text of its template.
fn check_empty(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let section = packet.section("EVIDENCE")?;
    let is_filled =
        matches!(packet.content_state("EVIDENCE"), crate::document::packet::ContentState::Filled(_));
    if is_filled || !packet.evidence.is_empty() || packet.test_plan.is_empty() {
        return None;
    }
    let message = "the packet is over, but its section EVIDENCE has only the text of the template";
    Some(rule.finding(message, Label::text(&packet.source, section.title.span, "no evidence")))
}
