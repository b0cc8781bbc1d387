//! `packet-contract/…`: typed contracts of packets and tasks agree with each other and
//! with their Markdown.

mod open_tasks;
mod owned;
mod second_list;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments, RepositoryCheckContext};
use crate::digest::sha256_hex;
use crate::document::scope_entry::{ScopeEntry, ScopeEntryError};
use crate::document::typed_contract::{ContractRole, TypedContract};
use crate::document::{Document, DocumentKind, Packet, PacketStatus, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, Span, Spanned, to_single_line};

/// Maximum number of paths that a finding shows.
const MAX_SHOWN: usize = 4;

fn label_at(contract: &TypedContract, span: Span, text: impl Into<String>) -> Label {
    Label::text(&contract.source, span, text)
}

/// Returns the contract of a document, or a skipped result. A text that is not JSON has no
/// facts; `record/json` reports it.
fn contract_of<'a>(input: &DocumentCheckContext<'a>) -> Result<&'a TypedContract, CheckResult> {
    match input.document.typed_contract() {
        None => Err(CheckResult::skipped("not a typed contract")),
        Some(contract) if contract.is_broken => Err(CheckResult::skipped("the contract cannot be read")),
        Some(contract) => Ok(contract),
    }
}

/// Returns the id of the packet to whose folder a document belongs.
fn folder_id(document: &Document) -> Option<WpId> {
    let folder = RepoPath::from_bytes(document.path().folder());
    WpId::parse(&folder.file_name().to_string()).ok()
}

/// `packet-contract/identity`: a contract names the packet of its folder, and a task has
/// the id of its file.
pub(super) fn identity(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    // `packet/identity` compares a packet that is only a contract.
    let is_packet = input.document.kind == DocumentKind::Packet;
    if let Some(folder) = folder_id(input.document).filter(|_| !is_packet) {
        match contract.value("wp_id") {
            Some(id) if id.value != folder.as_str() => {
                let message = format!(
                    "the contract names `{}`, but its folder is `{folder}`",
                    to_single_line(&id.value, 80)
                );
                out.push(rule.finding(message, label_at(contract, id.span, "another packet")));
            }
            Some(_) => {}
            None => out.push(rule.finding(
                "the contract names no packet",
                label_at(contract, contract.head_span(), "no packet id"),
            )),
        }
    }
    if contract.schema.role == ContractRole::Task {
        let name = input.document.path().file_name().to_string();
        let stem = contract.file_stem();
        if let Some(id) = contract.value("task_id").filter(|id| id.value != stem) {
            let message = format!("the task is `{}`, but its file is {name}", to_single_line(&id.value, 60));
            out.push(rule.finding(message, label_at(contract, id.span, "another task")));
        }
    }
    out.into()
}

/// `packet-contract/value`: values of a contract that its schema limits are known.
pub(super) fn value(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let mut out: Vec<Finding> = Vec::new();
    if let Some(version) = &contract.unknown_version {
        let message = format!(
            "the schema `{}` is not known; the contract is read as `{}`",
            to_single_line(&version.value, 60),
            contract.schema.id
        );
        let label = label_at(contract, version.span, "an unknown version");
        out.push(rule.finding(message, label).with_level(crate::finding::Level::Note));
    }
    for fact in contract.schema.words.keys() {
        // `packet/risk-tier` checks a packet that is only a contract.
        if fact == "risk_tier" && input.document.kind == DocumentKind::Packet {
            continue;
        }
        if let Some((value, known)) = contract.unknown_value(fact) {
            let message = format!(
                "invalid {} `{}`; expected one of: {}",
                fact.replace('_', " "),
                to_single_line(&value.value, 60),
                known.join(", ")
            );
            out.push(rule.finding(message, label_at(contract, value.span, "unknown value")));
        }
    }
    out.into()
}

/// `packet-contract/agreement`: the contract of a packet and its Markdown have the same
/// status, risk tier, signature and scope, and the recorded hash is that of the Markdown.
pub(super) fn agreement(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) if input.document.kind == DocumentKind::PacketContract => contract,
        Ok(_) => return CheckResult::skipped("there is no second form to compare with"),
        Err(skipped) => return skipped,
    };
    let id = folder_id(input.document);
    let found = input.governance.zip(id).and_then(|(governance, id)| governance.packet(id.as_str()));
    let Some((markdown, packet)) = found else { return CheckResult::skipped("the packet has no Markdown") };
    let mut out: Vec<Finding> = Vec::new();
    let signature = packet.signature.as_ref();
    let status = packet.status.as_ref();
    let compare =
        |fact: &str, name: &str, own: Option<(String, Span)>, is_same: &dyn Fn(&str, &str) -> bool| {
            let value = contract.value(fact)?;
            let (text, span) = own?;
            if is_same(&value.value, &text) {
                return None;
            }
            let message = format!(
                "the {name} of the contract is `{}`, but the Markdown says `{}`",
                to_single_line(&value.value, 60),
                to_single_line(&text, 60)
            );
            let there = Label::text(&packet.source, span, "the Markdown");
            Some(rule.finding(message, label_at(contract, value.span, "the contract")).related(there))
        };
    let same_text = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
    out.extend(compare("status", "status", status.map(|s| (s.value.to_string(), s.span)), &same_status));
    let base = packet.metadata.iter().find(|field| field.key == "BASE_WP_ID").filter(|base| base.is_filled());
    let base = base.map(|base| (base.bare_value().value.to_owned(), base.bare_value().span));
    out.extend(compare("base_id", "base id", base, &same_text));
    let tier = packet.risk_tier.as_ref();
    out.extend(compare("risk_tier", "risk tier", tier.map(|t| (t.value.clone(), t.span)), &same_text));
    out.extend(compare("signature", "signature", signature.map(|s| (s.value.clone(), s.span)), &same_text));
    out.extend(compare_scope(contract, packet, rule));
    out.extend(second_list::missing_refinement(contract, input.governance, rule));
    out.extend(second_list::compare_criteria(contract, packet, rule));
    out.extend(second_list::compare_exclusions(contract, packet, rule));
    out.extend(compare_projection(contract, markdown, rule));
    out.into()
}

fn same_status(a: &str, b: &str) -> bool {
    let (a, b) = (PacketStatus::read(a), PacketStatus::read(b));
    match (&a, &b) {
        (PacketStatus::Validated(a), PacketStatus::Validated(b)) => {
            let plain = |verdict: &Option<String>| verdict.as_deref().unwrap_or("PASS").to_uppercase();
            plain(a) == plain(b)
        }
        _ => a == b,
    }
}

/// Compares the paths of a contract and of its Markdown.
fn compare_scope(contract: &TypedContract, packet: &Packet, rule: &Rule) -> Option<Finding> {
    if contract.allowed.is_empty() && packet.scope.in_scope.is_empty() {
        return None;
    }
    let patterns = |entries: &[ScopeEntry]| -> BTreeMap<String, Span> {
        // A path of a sibling working tree is no entry, but it is compared like one.
        let is_path =
            |entry: &&ScopeEntry| matches!(entry.pattern, Ok(_) | Err(ScopeEntryError::DotComponent));
        let valid = entries.iter().filter(is_path);
        valid.map(|entry| (entry.pattern_text(), entry.raw.span)).collect()
    };
    let (own, other) = (patterns(&contract.allowed), patterns(&packet.scope.in_scope));
    let only = |a: &BTreeMap<String, Span>, b: &BTreeMap<String, Span>| -> Vec<String> {
        a.keys().filter(|path| !b.contains_key(*path)).cloned().collect()
    };
    let (missing, added) = (only(&other, &own), only(&own, &other));
    if missing.is_empty() && added.is_empty() {
        return None;
    }
    let span = own.values().next().copied().unwrap_or_else(|| contract.head_span());
    let mut finding = rule.finding(
        "the contract and its Markdown allow different paths",
        label_at(contract, span, "the scope of the contract"),
    );
    for (paths, only) in [(missing, "the Markdown"), (added, "the contract")] {
        if !paths.is_empty() {
            let shown: Vec<String> =
                paths.iter().take(MAX_SHOWN).map(|path| to_single_line(path, 100)).collect();
            let more = paths.len().saturating_sub(MAX_SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            finding = finding.note(format!("Only in {only}: {}{more}.", shown.join(", ")));
        }
    }
    let declared = packet.scope.declared.unwrap_or_else(|| packet.heading_span("SCOPE"));
    Some(finding.related(Label::text(&packet.source, declared, "the scope of the Markdown")))
}

/// Compares the recorded hash of the generated copy with its text. The copy's own
/// header, a comment in the first line, is not part of it.
fn compare_projection(contract: &TypedContract, markdown: &Document, rule: &Rule) -> Option<Finding> {
    let projection = contract.projection.as_ref()?;
    let status = projection.status.as_ref().filter(|status| status.value.ends_with("IN_SYNC"))?;
    let recorded = projection.projection_hash.as_ref()?;
    let text = markdown.source.text();
    let body = match text.split_once('\n') {
        Some((first, rest)) if first.trim_start_matches('\u{feff}').trim_start().starts_with("<!--") => rest,
        _ => text,
    };
    let matches = |text: &str| sha256_hex(text.as_bytes()).starts_with(&recorded.value.to_lowercase());
    let variants = [body, text, body.trim_start_matches('\n'), body.trim_end(), body.trim()];
    if recorded.value.len() >= 8 && variants.iter().any(|text| matches(text)) {
        return None;
    }
    let message = format!(
        "the contract says that its copy is {}, but the recorded hash is not that of {}",
        to_single_line(&status.value, 40),
        markdown.path()
    );
    Some(
        rule.finding(message, label_at(contract, recorded.span, "not the hash of the copy"))
            .related(Label::path(markdown.path(), "the copy")),
    )
}

/// `packet-contract/task`: the tasks of a packet exist, own files inside the packet's
/// scope, and depend on existing tasks without a cycle; a finished task has evidence.
pub(super) fn task(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut folders: BTreeMap<String, Vec<&TypedContract>> = BTreeMap::new();
    let mut packets: BTreeMap<String, &TypedContract> = BTreeMap::new();
    for document in
        governance.documents.iter().filter(|document| !governance.layout.is_archived(document.path()))
    {
        if governance.is_copy_of_task(document) {
            continue;
        }
        let (Some(contract), Some(id)) = (document.typed_contract(), folder_id(document)) else { continue };
        match contract.schema.role {
            ContractRole::Task => folders.entry(id.as_str().to_owned()).or_default().push(contract),
            ContractRole::Packet => {
                packets.insert(id.as_str().to_owned(), contract);
            }
        }
    }
    let mut out: Vec<Finding> = Vec::new();
    // The Markdown files in folders of packets: a task may have only such a file.
    let markdown: BTreeSet<String> = governance
        .documents
        .iter()
        .filter_map(|document| {
            let name = document.path().file_name().to_string();
            Some(format!("{}/{}", folder_id(document)?, name.strip_suffix(".md")?))
        })
        .collect();
    let ids: BTreeSet<&String> = folders.keys().chain(packets.keys()).collect();
    if ids.is_empty() {
        return CheckResult::skipped("there are no typed contracts");
    }
    for id in ids {
        let tasks = folders.get(id).map_or(&[][..], Vec::as_slice);
        let mut found = check_tasks((governance, &markdown), id, packets.get(id).copied(), tasks, rule);
        let is_history =
            governance.packet(id).is_some_and(|(_, packet)| governance.is_historical(id, packet));
        if is_history {
            found =
                found.into_iter().map(|finding| finding.with_level(crate::finding::Level::Note)).collect();
        }
        out.extend(found);
    }
    out.into()
}

fn check_tasks(
    (governance, markdown): (&GovernanceDocuments<'_>, &BTreeSet<String>),
    id: &str,
    packet_contract: Option<&TypedContract>,
    tasks: &[&TypedContract],
    rule: &Rule,
) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let by_id: BTreeMap<&str, &TypedContract> =
        tasks.iter().filter_map(|task| Some((task.value("task_id")?.value.as_str(), *task))).collect();
    // A task whose text is broken or names another task has its file, at least.
    let stems: BTreeSet<String> = tasks.iter().map(|task| task.file_stem()).collect();
    let has_file = |task: &str| markdown.contains(&format!("{id}/{task}")) || stems.contains(task);
    if let Some(contract) = packet_contract {
        for declared in contract.tasks.iter().filter(|task| !by_id.contains_key(task.value.as_str())) {
            if !has_file(&declared.value) {
                let message =
                    format!("the declared task `{}` has no file", to_single_line(&declared.value, 60));
                out.push(rule.finding(message, label_at(contract, declared.span, "declared here")));
            }
        }
    }
    out.extend(packet_contract.and_then(|contract| second_list::undeclared_tasks(contract, tasks, rule)));
    out.extend(second_list::other_sources(tasks, rule));
    out.extend(owned::outside_packet(governance, id, tasks, rule));
    out.extend(open_tasks::below_validated(governance, id, tasks, rule));
    for task in tasks {
        let name = task.task_name();
        for depended in &task.depends_on {
            let exists = by_id.contains_key(depended.value.as_str()) || has_file(&depended.value);
            if !exists {
                let message = format!(
                    "the task `{}` depends on `{}`, which does not exist",
                    to_single_line(&name, 60),
                    to_single_line(&depended.value, 60)
                );
                out.push(rule.finding(message, label_at(task, depended.span, "no such task")));
            }
        }
        if task.is_finished() && task.evidence.is_empty() {
            let message =
                format!("the task `{}` is finished, but has no evidence", to_single_line(&name, 60));
            let span = task.value("status").map_or_else(|| task.head_span(), |status| status.span);
            out.push(rule.finding(message, label_at(task, span, "finished")));
        }
        if let Some(verdict) = task.value("verdict").filter(|verdict| task.is_finished() && is_fail(verdict))
        {
            let message = format!(
                "the task `{}` is finished, but its verdict is `{}`",
                to_single_line(&name, 60),
                to_single_line(&verdict.value, 40)
            );
            out.push(rule.finding(message, label_at(task, verdict.span, "not passed")));
        }
    }
    out.extend(find_cycle(&by_id).map(|(task, depended)| {
        let message = "the tasks depend on each other in a cycle";
        rule.finding(message, label_at(task, depended.span, "leads back to this task"))
    }));
    out
}

/// Returns whether a verdict says that the work failed, in any version: `FAIL`, `FAIL_V2`.
fn is_fail(verdict: &Spanned<String>) -> bool {
    let word = verdict.value.trim().to_uppercase();
    word.split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .is_some_and(|word| matches!(word, "FAIL" | "FAILED"))
}

/// Finds a task that depends on itself, directly or through others, with the dependency
/// that closes the cycle. Every task is visited once.
fn find_cycle<'a>(
    by_id: &BTreeMap<&str, &'a TypedContract>,
) -> Option<(&'a TypedContract, &'a Spanned<String>)> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in by_id.keys() {
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        while let Some((id, next)) = path.last().copied() {
            let task = by_id.get(id)?;
            let Some(depended) = task.depends_on.get(next).filter(|_| !done.contains(id)) else {
                done.insert(id);
                path.pop();
                continue;
            };
            if let Some(last) = path.last_mut() {
                last.1 += 1;
            }
            if path.iter().any(|(other, _)| *other == depended.value) {
                return Some((task, depended));
            }
            if let Some((other, _)) = by_id.get_key_value(depended.value.as_str())
                && !done.contains(other)
            {
                path.push((other, 0));
            }
        }
    }
    None
}
