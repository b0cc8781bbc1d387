//! `evidence/record`: every planned command passed in the end, in a packet that passed.

use std::collections::BTreeSet;

use super::{command_key, is_shell_setup};
use crate::document::Packet;
use crate::document::outline::{Block, BlockKind};
use crate::document::packet::{PlannedCommand, VerdictReport};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Span, beginning, format_count, to_single_line};

/// Maximum number of planned commands that are compared with the results.
const MAX_COMMANDS: usize = 50;
/// Number of bytes after a command that are read.
const MAX_SAID: usize = 512;
/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 8;
/// Sections with plans, not with results.
const PLANS: [&str; 6] = ["TEST_PLAN", "BOOTSTRAP", "SKELETON", "SCOPE", "DONE_MEANS", "STATUS_HANDOFF"];
/// Words of a line that says that a command did not succeed, in small letters.
const FAILING: [&str; 9] = [
    "fail",
    "fails",
    "failed",
    "failing",
    "not run",
    "not executed",
    "could not run",
    "cannot run",
    "did not run",
];
/// Words of a line that says that it succeeded, or that the failure was meant, in small letters.
const PASSING: [&str; 19] = [
    "pass",
    "passed",
    "passes",
    "passing",
    "ok",
    "green",
    "clean",
    "succeeded",
    "succeeds",
    "success",
    "0 failed",
    "expected",
    "n/a",
    "not applicable",
    "waived",
    "optional",
    "resolved",
    "rerun",
    "re run",
];

/// What a line says of a command.
struct Told {
    at: Span,
    /// The words of the command.
    words: BTreeSet<String>,
    key: String,
    has_failed: bool,
}

/// Finds the planned commands of a packet whose last result is a failure, under a PASS.
pub(super) fn check_failed(packet: &Packet, rule: &Rule) -> Option<Finding> {
    let newest = packet.phases.newest_report().filter(|report| report.verdict.value == "PASS")?;
    let is_demanded = |command: &&PlannedCommand| {
        !is_shell_setup(&command.text)
            && !is_optional(packet, command)
            && !command.text.to_lowercase().contains("optional")
    };
    let planned = packet.test_plan.iter().filter(is_demanded);
    let planned: Vec<(&PlannedCommand, String)> =
        planned.map(|command| (command, command_key(&command.text))).collect();
    let keys: BTreeSet<&str> = planned.iter().map(|(_, key)| key.as_str()).collect();
    let mut told = told_by_entries(packet);
    told.extend(told_by_lines(packet, &keys));
    let (first, next) = bounds(packet, newest);
    let verdict = newest.verdict.span.start;
    let is_of_work = |at: usize| at < first || (verdict <= at && at < next);
    told.retain(|told| !told.has_failed || is_of_work(told.at.start));
    told.sort_by_key(|told| told.at);
    let mut seen = BTreeSet::new();
    let mut failed: Vec<(&PlannedCommand, Span)> = Vec::new();
    for (command, key) in planned.iter().filter(|(_, key)| seen.insert(key.as_str())).take(MAX_COMMANDS) {
        let words = words_of(key);
        let is_same = |told: &&Told| told.key == *key || (!told.has_failed && words.is_subset(&told.words));
        let last = told.iter().rfind(is_same).filter(|told| told.has_failed);
        failed.extend(last.filter(|_| !is_waived(packet, key)).map(|told| (*command, told.at)));
    }
    let ((first, at), others) = failed.split_first()?;
    let message = format!(
        "the newest report has the verdict PASS, but {}`{}`",
        match others.len() {
            0 => "a planned command did not pass: ".to_owned(),
            _ => format!("{} did not pass, such as ", format_count(failed.len(), "planned command")),
        },
        to_single_line(&first.text, 60)
    );
    let label = |span: Span, text: &str| Label::text(&packet.source, span, text.to_owned());
    let finding = rule.finding(message, label(*at, "not passed"));
    let finding = finding.related(label(newest.verdict.span, "the verdict"));
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(finding, |finding, (_, span)| finding.related(label(*span, "not passed"))))
}

/// Returns whether the comment above a command says that it is optional.
pub(super) fn is_optional(packet: &Packet, command: &PlannedCommand) -> bool {
    let line = packet.source.line(command.span.start);
    let above = line.checked_sub(1).and_then(|line| packet.source.line_span(line));
    let comment = above.and_then(|line| packet.source.slice(line).trim_start().strip_prefix('#'));
    comment.is_some_and(|text| text.trim_start_matches(['#', ' ']).to_lowercase().starts_with("optional"))
}

/// Returns where the reports begin, and where the newest one ends. The failures of older reports
/// are their own.
pub(super) fn bounds(packet: &Packet, newest: &VerdictReport) -> (usize, usize) {
    let verdict = newest.verdict.span.start;
    let all = packet.phases.reports.iter().chain(&packet.phases.fenced_reports);
    let starts: Vec<usize> = all.map(|report| report.verdict.span.start).collect();
    let first = starts.iter().copied().min().unwrap_or(verdict);
    (first, starts.iter().copied().filter(|start| *start > verdict).min().unwrap_or(usize::MAX))
}

/// Returns the words of a command that are no flags; of a recipe, its name.
fn words_of(key: &str) -> BTreeSet<String> {
    let is_recipe = key.starts_with("just ");
    let words = key.split_whitespace().take(if is_recipe { 2 } else { usize::MAX });
    words.filter(|word| !word.starts_with('-')).map(str::to_owned).collect()
}

/// Returns whether a waiver names a command, or its last part.
fn is_waived(packet: &Packet, key: &str) -> bool {
    let mut words = key.split_whitespace().filter(|word| !word.starts_with('-'));
    let name = if key.starts_with("just ") { words.nth(1) } else { words.next() };
    let name = name.unwrap_or(key).to_lowercase();
    packet.waivers.iter().any(|waiver| packet.source.slice(waiver.span).to_lowercase().contains(&name))
}

/// Returns what the entries of EVIDENCE say.
fn told_by_entries(packet: &Packet) -> Vec<Told> {
    let entries = packet.evidence.iter().filter_map(|entry| {
        let code = entry.exit_code.as_ref()?;
        let number: i64 = code.value.trim_matches(['`', ' ']).parse().ok()?;
        let key = command_key(&entry.command.value);
        Some(Told { at: code.span, words: words_of(&key), key, has_failed: number != 0 })
    });
    entries.collect()
}

/// Returns what lines with a command in backticks say, outside the plans.
fn told_by_lines(packet: &Packet, keys: &BTreeSet<&str>) -> Vec<Told> {
    let mut is_plan = vec![false; packet.outline.blocks.len()];
    for section in packet.sections.iter().filter(|section| PLANS.contains(&section.key.as_str())) {
        is_plan.get_mut(section.blocks.clone()).unwrap_or_default().fill(true);
    }
    let fields = packet.fields.iter().filter(|field| field.key == "COMMAND").map(|field| field.block);
    fields.for_each(|block| {
        if let Some(block) = is_plan.get_mut(block) {
            *block = true;
        }
    });
    let blocks = packet.outline.blocks.iter().zip(is_plan).filter(|(_, is_plan)| !is_plan);
    blocks.flat_map(|(block, _)| told_by_block(packet, block, keys)).collect()
}

fn told_by_block(packet: &Packet, block: &Block, keys: &BTreeSet<&str>) -> Vec<Told> {
    let mut out = Vec::new();
    let mut start = block.content.start;
    let is_prose = block.kind == BlockKind::Prose;
    if !is_prose && !matches!(block.kind, BlockKind::Code(_)) {
        return out;
    }
    for line in packet.source.slice(block.content).split_inclusive('\n') {
        let at = Span::new(start, start + line.trim_end().len());
        start += line.len();
        if !is_prose {
            out.extend(failed_recipe(line, at, keys));
            continue;
        }
        let is_optional = line.to_lowercase().contains("optional");
        let mut rest = line;
        while let Some((_, code)) = rest.split_once('`') {
            let Some((code, after)) = code.split_once('`') else { break };
            rest = after;
            let key = command_key(code);
            // A command without a result can be followed by one.
            let has_failed = outcome(after) == Some(false) && !is_optional;
            if !has_failed || keys.contains(key.as_str()) {
                let words = key.split_whitespace().map(str::to_owned).collect();
                out.push(Told { at, words, key, has_failed });
            }
        }
    }
    out
}

/// Reads the line with which `just` says that a recipe failed.
fn failed_recipe(line: &str, at: Span, keys: &BTreeSet<&str>) -> Option<Told> {
    let (name, rest) = line.trim().strip_prefix("error: Recipe `")?.split_once('`')?;
    let start = format!("just {name}");
    let is_start =
        |key: &&&str| **key == start || key.strip_prefix(&start).is_some_and(|more| more.starts_with(' '));
    let key = (*keys.range(start.as_str()..).next().filter(|key| is_start(key))?).to_owned();
    rest.starts_with(" failed").then(|| Told { at, words: words_of(&key), key, has_failed: true })
}

/// Returns whether the text after a command says that it succeeded; `None` if it says nothing of it.
fn outcome(after: &str) -> Option<bool> {
    let after = beginning(after, MAX_SAID);
    let said: String = after.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
    let words: String = said.chars().map(|c| if c.is_alphanumeric() || c == '/' { c } else { ' ' }).collect();
    let words = format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "));
    let has = |known: &[&str]| known.iter().any(|word| words.contains(&format!(" {word} ")));
    let code = words.split(" exit code ").nth(1).or_else(|| words.split(" exit ").nth(1));
    let code: Option<u32> = code.and_then(|rest| rest.split(' ').next()?.parse().ok());
    if has(&PASSING) || code == Some(0) {
        return Some(true);
    }
    (has(&FAILING) || code.is_some()).then_some(false)
}
