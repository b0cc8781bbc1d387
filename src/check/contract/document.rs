//! `contract/…`: status, phases, sections and criteria of a phase contract.

use super::{contract_of, label_at, status_with_span};
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::{ContractNote, ContractStatus};
use crate::finding::Level;
use crate::rule::Rule;

/// `contract/folder`: a contract lies where its status says.
pub(in crate::check) fn folder(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let folders = input.document.path().folder().to_string();
    // `completed/area/x.md` lies among the completed ones too.
    let Some((folder, allowed)) = folders.rsplit('/').find_map(|name| Some((name, allowed_statuses(name)?)))
    else {
        return CheckResult::skipped("the contract lies in no folder of a status");
    };
    let (found, place) = status_with_span(contract);
    if found == ContractStatus::Unknown || allowed.contains(&found) {
        return Vec::new().into();
    }
    let message = format!("the contract is {}, but lies in `{folder}/`", found.as_str());
    Some(rule.finding(message, label_at(contract, place, format!("not for `{folder}/`")))).into()
}

/// The statuses of contracts in a folder of that name.
fn allowed_statuses(folder: &str) -> Option<&'static [ContractStatus]> {
    use ContractStatus::{Abandoned, Absorbed, Active, Closed, Complete, Draft, Pending};
    Some(match folder.to_lowercase().as_str() {
        "draft" | "drafts" => &[Draft, Pending],
        "active" => &[Active, Pending],
        "completed" | "complete" | "done" => &[Complete, Closed, Absorbed],
        "abandoned" => &[Abandoned, Absorbed, Closed],
        "archive" | "archived" | "closed" => &[Complete, Closed, Absorbed, Abandoned],
        _ => return None,
    })
}

/// `contract/status`: the status is a known one.
pub(in crate::check) fn status(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    match &contract.status {
        None => Some(rule.finding(
            "the contract has no status",
            label_at(contract, contract.head_span(), "`**Status:**` belongs below the title"),
        ))
        .into(),
        Some((text, ContractStatus::Unknown)) => {
            let shown = crate::text::to_single_line(&text.value, 60);
            Some(rule.finding(
                format!("`{shown}` is no status"),
                label_at(contract, text.span, "not one of the known ones"),
            ))
            .into()
        }
        Some((text, _)) => {
            let again = contract.repeated_status.iter().map(|span| {
                rule.finding("the status is given a second time", label_at(contract, *span, "said before"))
                    .related(label_at(contract, text.span, "here"))
            });
            again.collect::<Vec<_>>().into()
        }
    }
}

/// `contract/phase`: a phase has tasks.
pub(in crate::check) fn phase(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let empty = contract.phases.iter().filter(|phase| !phase.has_items);
    empty
        .map(|phase| {
            let message = format!("phase {} lists nothing to do", phase.number);
            let finding = rule.finding(message, label_at(contract, phase.title.span, "no item and no task"));
            // A phase that is told in prose has something to do, only no list.
            if phase.has_text { finding.with_level(Level::Note) } else { finding }
        })
        .collect::<Vec<_>>()
        .into()
}

/// `contract/section`: a contract has a goal, tasks and criteria.
pub(in crate::check) fn section(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let lacks = |what: &str| {
        rule.finding(
            format!("the contract has no {what}"),
            label_at(contract, contract.head_span(), "this contract"),
        )
    };
    let mut out = Vec::new();
    if contract.goal.is_none() {
        out.push(lacks("goal"));
    }
    if contract.tasks.is_empty() && !contract.phases.iter().any(|phase| phase.has_items) {
        out.push(lacks("tasks: neither a box `- [ ]` nor a phase with items"));
    }
    if contract.criteria.is_none() {
        out.push(lacks("acceptance criteria"));
    }
    out.into()
}

/// `contract/dependency`: dependencies are contracts that exist.
pub(in crate::check) fn dependency(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(known) = input.known_contracts else {
        return CheckResult::skipped("the other contracts were not looked at");
    };
    let mut out = Vec::new();
    for dependency in &contract.dependencies {
        let name = dependency.name.value.to_lowercase();
        if let Some(path) = known.get(&name) {
            if *path == *input.document.path() {
                let label = label_at(contract, dependency.name.span, "this contract");
                out.push(rule.finding("the contract depends on itself", label));
            }
            continue;
        }
        let message = format!("the contract `{}` does not exist", crate::text::to_single_line(&name, 80));
        let finding =
            rule.finding(message, label_at(contract, dependency.name.span, "no contract of that name"));
        let scored = known.iter().map(|(other, path)| (strsim::normalized_levenshtein(other, &name), path));
        out.push(match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((score, near)) if score > 0.6 => finding.help(format!("The nearest one is {near}.")),
            _ => finding,
        });
    }
    out.into()
}

/// `contract/criteria`: acceptance criteria say given what, when, then what.
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
        return Some(rule.finding("the acceptance criteria say nothing", label("empty"))).into();
    }
    if criteria.missing.is_empty() {
        return Vec::new().into();
    }
    let message = format!("the acceptance criteria have no {}", criteria.missing.join(", no "));
    Some(rule.finding(message, label("these criteria"))).into()
}

/// `contract/notes`: the running log is in order, newest first.
pub(in crate::check) fn notes(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut out = Vec::new();
    let pairs = || contract.notes.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
    let upside_down = contract.notes.len() > 2
        && pairs().any(|(above, below)| is_newer_note(below, above))
        && !pairs().any(|(above, below)| is_newer_note(above, below));
    if let Some(first) = contract.notes.first().filter(|_| upside_down) {
        let label = label_at(contract, first.span, "the oldest, at the top");
        return Some(rule.finding("the notes stand oldest first", label)).into();
    }
    for pair in contract.notes.windows(2) {
        let [above, below] = pair else { continue };
        if is_newer_note(below, above) {
            let message = format!(
                "the note of {} stands below the older one of {}",
                contract.source.slice(below.span),
                contract.source.slice(above.span)
            );
            out.push(rule.finding(message, label_at(contract, below.span, "newer")).related(label_at(
                contract,
                above.span,
                "older, but above",
            )));
        }
    }
    out.into()
}

/// Whether a note is surely later: one without a time may be of any time of
/// its day.
fn is_newer_note(note: &ContractNote, than: &ContractNote) -> bool {
    if note.has_time && than.has_time { note.at > than.at } else { note.at.date() > than.at.date() }
}
