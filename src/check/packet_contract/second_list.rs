//! Lists that a contract shortens: criteria, exclusions and tasks.

use std::collections::BTreeSet;

use crate::check::evidence::normalize;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::Packet;
use crate::document::typed_contract::TypedContract;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, format_count, to_single_line};

use super::label_at;

/// Sections of a packet in Markdown that list its criteria.
const CRITERIA_SECTIONS: [&str; 2] = ["ACCEPTANCE_CRITERIA", "DONE_MEANS"];

/// Compares the criteria of a contract with those of its Markdown.
pub(super) fn compare_criteria(contract: &TypedContract, packet: &Packet, rule: &Rule) -> Option<Finding> {
    let place = contract.criteria_place?;
    let mut texts: Vec<(String, Span)> =
        packet.done_means.iter().map(|bullet| (bullet.text.value.clone(), bullet.text.span)).collect();
    if texts.is_empty() {
        texts =
            CRITERIA_SECTIONS.iter().find_map(|key| packet.section(key)).map_or_else(Vec::new, |section| {
                let lists = section.own_blocks.clone();
                lists.flat_map(|index| items_below(packet, index)).collect()
            });
    }
    let own: Vec<&str> = contract.criteria.iter().map(|text| text.value.as_str()).collect();
    compare(contract, packet, (place, &own, &texts), ("criterion", "criteria"), rule)
}

/// Compares what a contract forbids with what its Markdown puts out of scope.
pub(super) fn compare_exclusions(contract: &TypedContract, packet: &Packet, rule: &Rule) -> Option<Finding> {
    let first = contract.forbidden.first()?;
    let field = packet.fields.iter().find(|field| field.key == "OUT_OF_SCOPE" && field.item.is_some())?;
    let item = field.item?;
    let texts: Vec<(String, Span)> =
        packet.outline.items(Some(item)).filter_map(|item| item_text(packet, item)).collect();
    let own: Vec<&str> = contract.forbidden.iter().map(|entry| entry.raw.value.as_str()).collect();
    let names = ("exclusion", "exclusions");
    compare(contract, packet, (first.raw.span, &own, &texts), names, rule)
}

/// Returns a finding if the contract lacks entries of its Markdown.
fn compare(
    contract: &TypedContract,
    packet: &Packet,
    (place, own, texts): (Span, &[&str], &[(String, Span)]),
    (one, many): (&str, &str),
    rule: &Rule,
) -> Option<Finding> {
    let plain = |text: &str| normalize(text.trim_start_matches(['*', '-', ' '])).to_lowercase();
    let known: BTreeSet<String> = own.iter().map(|text| plain(text)).collect();
    let missing: Vec<&(String, Span)> =
        texts.iter().filter(|(text, _)| !known.contains(&plain(text))).collect();
    let (_, first) = missing.first()?;
    // Other words for as many entries can be meant.
    if own.len() >= texts.len() {
        return None;
    }
    let message = format!(
        "the contract has {} of the {} {} of its Markdown",
        if own.is_empty() { "none".to_owned() } else { own.len().to_string() },
        texts.len(),
        if texts.len() == 1 { one } else { many }
    );
    let there = Label::text(&packet.source, *first, "only in the Markdown");
    let finding = rule.finding(message, label_at(contract, place, "the list of the contract"));
    Some(finding.with_level(Level::Warning).related(there))
}

fn item_text(packet: &Packet, item: usize) -> Option<(String, Span)> {
    let prose = packet.outline.get(packet.outline.item_prose(item)?)?;
    Some((packet.source.slice(prose.content).trim().to_owned(), prose.content))
}

fn items_below(packet: &Packet, index: usize) -> Vec<(String, Span)> {
    let is_top = packet.outline.get(index).is_some_and(|block| block.parent.is_none());
    let items: Vec<usize> = if is_top { packet.outline.children(Some(index)).collect() } else { Vec::new() };
    items.into_iter().filter_map(|item| item_text(packet, item)).collect()
}

/// Returns a finding if a contract declares no task, although its folder has some.
pub(super) fn undeclared_tasks(
    contract: &TypedContract,
    tasks: &[&TypedContract],
    rule: &Rule,
) -> Option<Finding> {
    let place = contract.tasks_place?;
    let first = tasks.first().filter(|_| contract.tasks.is_empty())?;
    let message =
        format!("the contract declares no task, but its folder has {}", format_count(tasks.len(), "task"));
    let there = label_at(first, first.head_span(), "one of them");
    Some(
        rule.finding(message, label_at(contract, place, "no task")).with_level(Level::Warning).related(there),
    )
}

/// Returns a finding if the refinement that a contract names as an authority does not exist.
pub(super) fn missing_refinement(
    contract: &TypedContract,
    governance: Option<&GovernanceDocuments<'_>>,
    rule: &Rule,
) -> Option<Finding> {
    let named = contract.value("refinement_contract")?;
    if governance?.document_by_path(&named.value).is_some() {
        return None;
    }
    let message = format!(
        "the refinement {} that the contract names does not exist",
        to_single_line(&named.value, 120)
    );
    let label = label_at(contract, named.span, "no such document");
    Some(rule.finding(message, label).with_level(Level::Warning))
}

/// Maximum number of tasks that one finding shows.
const MAX_SHOWN: usize = 12;

/// Returns one note about the tasks that say that their copy was made from another contract.
pub(super) fn other_sources(tasks: &[&TypedContract], rule: &Rule) -> Option<Finding> {
    let places: Vec<(&TypedContract, Span)> = tasks
        .iter()
        .filter_map(|task| {
            let source = task.projection.as_ref()?.source_file.as_ref()?;
            let own = task.source.name().to_string();
            // The path of a contract ends with the name of its file.
            let is_other = source.value.rsplit('/').next() != own.rsplit('/').next();
            (is_other && source.value.strip_suffix(".json").is_some()).then_some((*task, source.span))
        })
        .collect();
    let ((first, span), others) = places.split_first()?;
    let name = |task: &TypedContract| to_single_line(&task.task_name(), 60);
    let message = match others.len() {
        0 => format!("the copy of the task `{}` names another contract as its source", name(first)),
        _ => format!(
            "the copies of {} name another contract as their source",
            format_count(places.len(), "task")
        ),
    };
    let label = |task: &TypedContract, span: Span| label_at(task, span, "not this contract");
    let finding = rule.finding(message, label(first, *span)).with_level(Level::Note);
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(finding, |finding, (task, span)| finding.related(label(task, *span))))
}
