//! `contract/…`: status, phases, sections, criteria and notes of a contract.

use super::{contract_of, label_at, status_with_span};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{Contract, ContractNote, ContractStatus};
use crate::finding::{Finding, Level};
use crate::rule::Rule;

/// `contract/status`: a contract has exactly one status, and it is one of the
/// known values.
pub(in crate::check) fn status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    match &contract.status {
        None => Some(rule.finding(
            "the contract has no status",
            label_at(contract, contract.head_span(), "add `**Status:**` below the title"),
        ))
        .into(),
        Some((text, ContractStatus::Unknown)) => {
            let shown = crate::text::to_single_line(&text.value, 60);
            Some(rule.finding(
                format!(
                    "invalid status `{shown}`; expected one of: draft, pending, active, in \
                        progress, complete, abandoned, absorbed, closed"
                ),
                label_at(contract, text.span, "unknown status"),
            ))
            .into()
        }
        Some((text, _)) => {
            let repeated = contract.repeated_status.iter().map(|span| {
                rule.finding("the contract has a second status", label_at(contract, *span, "a repetition"))
                    .related(label_at(contract, text.span, "the first status"))
            });
            repeated.collect::<Vec<_>>().into()
        }
    }
}

/// `contract/section`: a contract has a goal, tasks and acceptance criteria.
pub(in crate::check) fn section(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let missing = |what: &str, key: &str| {
        let label = label_at(contract, contract.head_span(), "this contract");
        rule.finding(format!("the contract has no {what}"), label).misses(key, None)
    };
    let mut out = Vec::new();
    if contract.goal.is_none() {
        out.push(missing("goal", "GOAL"));
    }
    if contract.tasks.is_empty() && !contract.phases.iter().any(|phase| phase.has_items) {
        let finding = missing("tasks; expected `- [ ]` items, or phases with items", "TASKS");
        // Finished work gets no more tasks.
        out.push(if is_done(contract) { finding.with_level(Level::Note) } else { finding });
    }
    if contract.criteria.is_none() {
        out.push(missing("acceptance criteria", "ACCEPTANCE_CRITERIA"));
    }
    out.into()
}

/// `contract/phase`: every phase of a contract lists at least one task or item.
pub(in crate::check) fn phase(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    // Phases of finished work may be described in prose, without a list of tasks.
    let is_done = is_done(contract);
    let empty = contract.phases.iter().filter(|phase| !(phase.has_items || is_done && phase.has_text));
    empty
        .map(|phase| {
            let message = format!("phase {} lists no task and no item", phase.number);
            let finding = rule.finding(message, label_at(contract, phase.title.span, "no task and no item"));
            // A phase in prose can describe tasks without a list.
            if phase.has_text { finding.with_level(Level::Note) } else { finding }
        })
        .collect::<Vec<_>>()
        .into()
}

/// Returns whether the work of a contract is over.
fn is_done(contract: &Contract) -> bool {
    use ContractStatus::{Abandoned, Absorbed, Closed, Complete};
    matches!(status_with_span(contract).0, Complete | Closed | Absorbed | Abandoned)
}

/// `contract/criteria`: the acceptance criteria of a contract contain the words
/// Given, When and Then.
pub(in crate::check) fn criteria(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(criteria) = &contract.criteria else {
        return CheckResult::skipped("the contract has no acceptance criteria");
    };
    let label = |text: &str| label_at(contract, criteria.title.span, text);
    if criteria.is_empty {
        return Some(rule.finding("the acceptance criteria are empty", label("empty"))).into();
    }
    // Finished work was accepted by its criteria, whatever their form.
    if criteria.missing.is_empty() || is_done(contract) {
        return Vec::new().into();
    }
    let message = format!("missing in the acceptance criteria: {}", criteria.missing.join(", "));
    Some(rule.finding(message, label("these criteria"))).into()
}

/// `contract/dependency`: every dependency of a contract names another contract
/// that exists.
pub(in crate::check) fn dependency(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(known) = input.known_contracts else {
        return CheckResult::skipped("the other contracts were not read");
    };
    let mut out = Vec::new();
    for dependency in &contract.dependencies {
        let name = dependency.name.value.to_lowercase();
        if let Some(path) = known.get(&name) {
            if *path == *input.document.path() {
                let label = label_at(contract, dependency.name.span, "the same contract");
                out.push(rule.finding("the contract depends on itself", label));
            }
            continue;
        }
        if !may_be_contract(&name) {
            continue;
        }
        let message = format!("the contract `{}` does not exist", crate::text::to_single_line(&name, 80));
        let finding =
            rule.finding(message, label_at(contract, dependency.name.span, "no contract with this name"));
        let scored = known.iter().map(|(other, path)| (strsim::normalized_levenshtein(other, &name), path));
        out.push(match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((score, near)) if score > 0.6 => {
                finding.help(format!("The most similar contract is {near}."))
            }
            _ => finding,
        });
    }
    // What finished work depended on can be gone.
    soften_if_done(contract, out).into()
}

/// Returns the findings about a contract; notes if its work is over.
fn soften_if_done(contract: &Contract, findings: Vec<Finding>) -> Vec<Finding> {
    let is_done = is_done(contract);
    let soften = |finding: Finding| if is_done { finding.with_level(Level::Note) } else { finding };
    findings.into_iter().map(soften).collect()
}

/// Returns whether a name can be that of one contract. A pattern names several files, and a
/// name such as `protocol.mdc` a file of another kind.
fn may_be_contract(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_file = extension.is_some_and(|extension| {
        (2..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    !name.contains('*') && !is_file
}

/// `contract/notes`: the dated notes of a contract are sorted, newest first.
pub(in crate::check) fn notes(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut out = Vec::new();
    let pairs = || contract.notes.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
    let is_reversed = contract.notes.len() > 2
        && pairs().any(|(above, below)| is_newer_note(below, above))
        && !pairs().any(|(above, below)| is_newer_note(above, below));
    if let Some(first) = contract.notes.first().filter(|_| is_reversed) {
        let label = label_at(contract, first.span, "the oldest note");
        let finding = rule.finding("the notes are sorted oldest first; expected newest first", label);
        return soften_if_done(contract, vec![finding]).into();
    }
    for pair in contract.notes.windows(2) {
        let [above, below] = pair else { continue };
        if is_newer_note(below, above) {
            let message = format!(
                "the note of {} is below the older note of {}",
                contract.source.slice(below.span),
                contract.source.slice(above.span)
            );
            out.push(
                rule.finding(message, label_at(contract, below.span, "the newer note")).related(label_at(
                    contract,
                    above.span,
                    "the older note",
                )),
            );
        }
    }
    soften_if_done(contract, out).into()
}

/// Returns whether a note is certainly newer than another. A note without a time
/// can be from any time of its day.
fn is_newer_note(note: &ContractNote, than: &ContractNote) -> bool {
    if note.has_time && than.has_time { note.at > than.at } else { note.at.date() > than.at.date() }
}

/// `contract/folder`: a contract is in a folder that allows its status.
pub(in crate::check) fn folder(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let folders = input.document.path().folder().to_string();
    // `completed/area/x.md` is in the folder `completed`, too.
    let Some((folder, allowed)) = folders.rsplit('/').find_map(|name| Some((name, allowed_statuses(name)?)))
    else {
        return CheckResult::skipped("no folder in the contract's path names a status");
    };
    let (found, span) = status_with_span(contract);
    if found == ContractStatus::Unknown || allowed.contains(&found) {
        return Vec::new().into();
    }
    let message =
        format!("the status {} is not allowed for a contract in the folder `{folder}/`", found.as_str());
    Some(rule.finding(message, label_at(contract, span, format!("not allowed in `{folder}/`")))).into()
}

/// Returns the allowed statuses of contracts in a folder; `None` if the folder's
/// name does not stand for a status.
fn allowed_statuses(folder: &str) -> Option<&'static [ContractStatus]> {
    use ContractStatus::{Abandoned, Absorbed, Active, Closed, Complete, Draft, Pending};
    Some(match folder.to_lowercase().as_str() {
        "draft" | "drafts" => &[Draft, Pending],
        "active" => &[Active, Pending],
        // Where there is no folder for what was given up, it is with what was finished.
        "completed" | "complete" | "done" | "archive" | "archived" | "closed" => {
            &[Complete, Closed, Absorbed, Abandoned]
        }
        "abandoned" => &[Abandoned, Absorbed, Closed],
        "absorbed" => &[Absorbed, Abandoned, Closed, Complete],
        _ => return None,
    })
}
