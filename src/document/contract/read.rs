//! Builds a [`Contract`] from its outline.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};

use crate::document::field::{Field, read_fields};
use crate::document::is_placeholder;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{Section, read_sections};
use crate::document::table::read_tables;
use crate::text::{Source, Span, Spanned};

use super::task::read_tasks;
use super::{
    AcceptanceCriteria, Contract, ContractDependency, ContractNote, ContractPhase, ContractStatus, Task,
};

pub(super) fn read_contract(source: &Arc<Source>) -> Contract {
    let text = source.text();
    let outline = Outline::parse(text);
    let sections = read_sections(text, &outline);
    let top_level = || sections.iter().filter(|section| section.level == 1);
    let is_contract_title = |section: &&Section| section.key.starts_with("CONTRACT");
    let title = top_level()
        .find(is_contract_title)
        .or_else(|| sections.iter().find(is_contract_title))
        .or_else(|| top_level().next());
    let head_blocks = title.map_or(0..0, |title| title.own_blocks.clone());
    let head = read_fields(text, &outline, head_blocks);
    let field = |key: &str| head.iter().find(|field| field.key == key).filter(|field| field.is_filled());
    // In other fields `Pending` is a placeholder; here it is a status.
    let written_status = head.iter().find(|field| field.key == "STATUS" && !field.value.value.is_empty());
    let written_status =
        written_status.map(first_line).or_else(|| first_paragraph(text, &outline, &sections, "STATUS"));
    let status = written_status.map(|value| {
        let status = ContractStatus::read(&value.value);
        (value, status)
    });
    let all_status = head.iter().filter(|field| field.key == "STATUS");
    let repeated_status = all_status.skip(1).map(|field| field.label).collect();
    let note_blocks =
        sections.iter().find(|section| section.key == "NOTES").map_or(0..0, |section| section.blocks.clone());
    // An item with a checkbox is a task in every section. Under Notes it would
    // otherwise be ignored.
    let tasks: Vec<Task> = read_tasks(text, &outline, 0..outline.blocks.len());
    Contract {
        name: title.and_then(read_name),
        goal: field("GOAL").map(first_line).or_else(|| first_paragraph(text, &outline, &sections, "GOAL")),
        status,
        repeated_status,
        phases: read_phases(&outline, &sections, &tasks),
        criteria: read_criteria(text, &outline, &sections),
        dependencies: read_dependencies(text, &outline, &sections),
        notes: read_notes(text, &outline, note_blocks),
        tasks,
        sections,
        source: Arc::clone(source),
    }
}

/// Returns the first line of a field's value: in a paragraph, other text may
/// follow.
fn first_line(field: &Field) -> Spanned<String> {
    field.value.clone().map(|text| text.lines().next().unwrap_or("").trim().to_owned())
}

/// Reads the name from a title: `Contract — token-tracking`,
/// `Contract: Token tracking`.
fn read_name(section: &Section) -> Option<Spanned<String>> {
    let title = &section.title.value;
    let is_named = section.key.starts_with("CONTRACT");
    let rest = if is_named { title.trim().get("contract".len()..)?.trim_start() } else { title.trim() };
    let name = rest.trim_start_matches([':', '—', '–', '-']).trim();
    (!name.is_empty()).then(|| Spanned::new(name.to_owned(), section.title.span))
}

/// Returns the first paragraph of the section with this key.
fn first_paragraph(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    key: &str,
) -> Option<Spanned<String>> {
    let section = sections.iter().find(|section| section.key == key)?;
    let block =
        section.blocks.clone().filter_map(|index| outline.get(index)).find(|b| b.kind == BlockKind::Prose)?;
    let body = crate::text::trim_spanned(text, block.content);
    (!is_placeholder(body.value)).then(|| body.map(str::to_owned))
}

fn read_phases(outline: &Outline, sections: &[Section], tasks: &[Task]) -> Vec<ContractPhase> {
    // A task `P2.1`, or one that begins with `Phase 2`, belongs to phase 2,
    // whichever section contains it.
    let mut by_number: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, task) in tasks.iter().enumerate() {
        if let Some(number) = mentioned_phase(task) {
            by_number.entry(number).or_default().push(at);
        }
    }
    let mut out: Vec<ContractPhase> = Vec::new();
    for section in sections.iter().filter(|section| (2..=4).contains(&section.level)) {
        let Some(number) = parse_phase_number(&section.title.value) else { continue };
        let first = tasks.partition_point(|task| task.block < section.blocks.start);
        let last = tasks.partition_point(|task| task.block < section.blocks.end);
        let mut own: Vec<usize> =
            (first..last).chain(by_number.get(&number).into_iter().flatten().copied()).collect();
        own.sort_unstable();
        own.dedup();
        let blocks = || section.blocks.clone().filter_map(|index| outline.get(index));
        let has_items = !own.is_empty() || blocks().any(|block| block.kind == BlockKind::Item);
        let has_text = blocks()
            .any(|block| matches!(block.kind, BlockKind::Prose | BlockKind::Code(_) | BlockKind::Table));
        out.push(ContractPhase { number, title: section.title.clone(), has_items, has_text, tasks: own });
    }
    out
}

/// Reads the number of a phase from its title: 2 for `Phase 2 — Title`.
fn parse_phase_number(title: &str) -> Option<u32> {
    let rest = title.trim_matches(['*', ' ']).strip_prefix("Phase ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Returns the number of the phase that a task names in its id or text.
fn mentioned_phase(task: &Task) -> Option<u32> {
    let by_id =
        task.id.as_ref().and_then(|id| id.value.group.strip_prefix('P')?.strip_suffix('.')?.parse().ok());
    by_id.or_else(|| parse_phase_number(task.text.value.trim_matches(['*', ' '])))
}

fn read_criteria(text: &str, outline: &Outline, sections: &[Section]) -> Option<AcceptanceCriteria> {
    let named =
        |section: &&Section| matches!(section.key.as_str(), "ACCEPTANCE_CRITERIA" | "COMPLETION_CRITERIA");
    let section = sections.iter().find(named)?;
    // Scenarios are often in a fence, so the raw text is searched.
    let end = section.blocks.clone().filter_map(|index| outline.get(index)).map(|block| block.span.end).max();
    let body = text.get(section.title.span.end..end.unwrap_or(section.title.span.end)).unwrap_or("");
    let words: Vec<String> = body.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase).collect();
    let has = |wanted: &&str| words.iter().any(|word| *word == wanted.to_lowercase());
    Some(AcceptanceCriteria {
        title: section.title.clone(),
        missing: ["Given", "When", "Then"].into_iter().filter(|word| !has(word)).collect(),
        is_empty: is_placeholder(body.trim()),
    })
}

/// Reads the dependencies: the column of contracts in the section's tables.
fn read_dependencies(text: &str, outline: &Outline, sections: &[Section]) -> Vec<ContractDependency> {
    let Some(section) = sections.iter().find(|section| section.key == "DEPENDENCIES") else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for table in read_tables(text, outline) {
        let Some(column) = table.head.iter().position(|head| head.contains("contract")) else { continue };
        for row in
            table.rows.iter().filter(|row| section.span.contains(Span::new(row.span.start, row.span.start)))
        {
            let Some(cell) = row.cells.get(column) else { continue };
            for word in find_named_files(&cell.value) {
                let name = word.rsplit('/').next().unwrap_or(word);
                let name = name.strip_suffix(".md").unwrap_or(name);
                let at = cell.span.start + cell.value.find(name).unwrap_or(0);
                out.push(ContractDependency {
                    name: Spanned::new(name.to_owned(), Span::new(at, at + name.len())),
                });
            }
        }
    }
    out
}

/// Finds the files that a cell names: in backticks, as the text of links, or as
/// words with the extension `.md`. Other words are prose.
fn find_named_files(cell: &str) -> Vec<&str> {
    let is_name =
        |word: &&str| !word.is_empty() && !word.contains(char::is_whitespace) && !word.contains("://");
    let quoted: Vec<&str> = cell.split('`').skip(1).step_by(2).filter(is_name).collect();
    if !quoted.is_empty() {
        return quoted;
    }
    let links = cell.split('[').skip(1).filter_map(|piece| piece.split_once("](").map(|(text, _)| text));
    let linked: Vec<&str> = links.filter(is_name).collect();
    if !linked.is_empty() {
        return linked;
    }
    let words = cell.split([' ', ',', ';', '<', '>']).map(|word| word.trim_matches(['*', '_']));
    words.filter(|word| word.to_lowercase().strip_suffix(".md").is_some()).collect()
}

/// Reads dated notes: lines that begin with a date.
fn read_notes(text: &str, outline: &Outline, range: std::ops::Range<usize>) -> Vec<ContractNote> {
    let mut out = Vec::new();
    for index in range {
        if outline.get(index).is_none_or(|block| block.kind != BlockKind::Prose) {
            continue;
        }
        for line in outline.prose_lines(text, index) {
            let body = line.text.trim_start();
            let plain = body.trim_start_matches(['*', '_', '[', '`']);
            let at = line.start + line.text.len() - body.len() + (body.len() - plain.len());
            let Some(date) = plain.get(..10).and_then(|date| date.parse::<Date>().ok()) else { continue };
            let clock =
                plain.get(10..).and_then(|rest| rest.strip_prefix([' ', 'T'])).and_then(|rest| rest.get(..5));
            let time = clock.and_then(parse_clock_time);
            let width = if time.is_some() { 16 } else { 10 };
            let at_time = DateTime::from_parts(date, time.unwrap_or(Time::midnight()));
            out.push(ContractNote { at: at_time, has_time: time.is_some(), span: Span::new(at, at + width) });
        }
    }
    out
}

/// Reads a time `HH:MM`. `24:00` means the end of the day, after 23:59.
fn parse_clock_time(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Time::new(23, 59, 59, 0).ok();
    }
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn all_parts_of_a_contract_are_read() {
        let text = "# Contract — token-tracking\n\n**Status:** active  \n**Goal:** Count tokens.  \n\n## Execution strategy\n\n### Phase 1 — Types\n\n- [x] **P1.1** Define\n\n### Phase 2 — Wire\n\nProse only.\n\n### Phase 3 — Nothing\n\nProse only.\n\n## Tasks\n\n- [ ] Phase 2 — wire it\n\n## Acceptance criteria\n\n- **Given** a run, **when** it ends, **then** it counts.\n\n## Dependencies\n\n| Contract | Status | Required for |\n|---|---|---|\n| `fs-dispatcher.md` | Active | x |\n| None | | |\n\n## Notes\n\n- 2026-02-18 10:00 — later\n- 2026-02-17 — earlier\n";
        let contract = Contract::read(&Source::from_text(RepoPath::from("c.md"), text));
        assert_eq!(contract.name.as_ref().map(|name| name.value.as_str()), Some("token-tracking"));
        assert_eq!(contract.status.as_ref().map(|(_, status)| *status), Some(ContractStatus::Active));
        assert_eq!(contract.goal.as_ref().map(|goal| goal.value.as_str()), Some("Count tokens."));
        let items: Vec<bool> = contract.phases.iter().map(|phase| phase.has_items).collect();
        assert_eq!(items, [true, true, false]);
        assert_eq!(contract.open_tasks().count(), 1);
        assert!(contract.criteria.as_ref().is_some_and(|criteria| criteria.missing.is_empty()));
        assert_eq!(contract.dependencies.len(), 1);
        assert_eq!(contract.dependencies[0].name.value, "fs-dispatcher");
        assert_eq!(contract.notes.len(), 2);
    }
}
