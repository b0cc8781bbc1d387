//! Changes that only bring contracts in.

use std::sync::Arc;

use crate::change::{ChangedFile, FileMode, RepositoryError, TreeState};
use crate::check::context::{TrustedRecords, WaiverSource};
use crate::check::{compare_unsigned_lists, first_difference, is_closed, removed_records};
use crate::config::resolve_layout;
use crate::document::audit::Audit;
use crate::document::gate_log::GateLog;
use crate::document::{Layout, Packet};
use crate::finding::{Finding, Label, Report};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{find_gone_records, read_document, read_record};
use crate::pipeline::packet_gate::PacketVersion;
use crate::text::{RepoPath, Source, to_single_line};

use super::VerifyContext;
use super::contract_fault::ContractFault;
use super::fence::push_rule;
use super::reopened::opened_by_records;

/// Checks a change that touches nothing but documents of governance: it brings a
/// contract to its base and needs no packet of its own. `None` for other changes.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn check_contract_first(context: &VerifyContext<'_>) -> Result<Option<Report>, PipelineError> {
    if !context.request.packets.is_empty() {
        return Ok(None);
    }
    let judged = context.selection.judged_tree();
    let layout = resolve_layout(context.repo, &context.loaded.config, context.trusted.tree, judged)?;
    let is_document = |file: &ChangedFile| {
        let path = &file.change.path;
        let is_file = |mode: FileMode| matches!(mode, FileMode::Regular | FileMode::Executable);
        // Rules in a governance folder, such as a baseline, are no documents.
        let lower = RepoPath::from(path.to_text().to_lowercase().as_str());
        let is_rule = context.loaded.config.policy.protected.iter().any(|pattern| pattern.covers(&lower));
        layout.is_governance(path)
            && !is_rule
            && path.as_bytes() != layout.allowed_signers.as_bytes()
            && [file.change.before, file.change.after].into_iter().flatten().all(|entry| is_file(entry.mode))
    };
    if !context.change.files.iter().all(is_document) {
        return Ok(None);
    }
    let mut findings = Vec::new();
    for file in &context.change.files {
        findings.extend(changed_contract(context, &layout, file)?);
    }
    findings.extend(opened_by_records(context, &layout)?);
    let read = |tree: TreeState, path: &str| read_record(context.repo, tree, path);
    let audit = read(judged, &layout.audit)?.map(|source| Audit::read(&source));
    let gate_log = read(judged, &layout.gate_log)?.map(|source| GateLog::read(&source));
    let mut records = Vec::new();
    for commit in &context.trusted.record_commits {
        let tree = TreeState::Commit(*commit);
        let named = |source: Arc<Source>| source.with_revision(commit.short());
        records.push(TrustedRecords {
            revision: commit.short(),
            audit: read(tree, &layout.audit)?.map(|source| Audit::read(&named(source))),
            gate_log: read(tree, &layout.gate_log)?.map(|source| GateLog::read(&named(source))),
            gone: find_gone_records(context.repo, &layout, *commit, judged)?,
        });
    }
    let mut report = context.new_report();
    report.verdict_remarks.push("contract only".to_owned());
    push_rule(&mut report, &context.loaded.config, "approval/unsigned-contract", |rule| {
        let finding = |fault: ContractFault| -> Finding {
            let finding = rule.finding(fault.message, fault.label);
            match fault.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        };
        findings.into_iter().map(finding).collect::<Vec<_>>().into()
    });
    push_rule(&mut report, &context.loaded.config, "approval/record-removed", |rule| {
        let judged = (audit.as_ref(), gate_log.as_ref());
        removed_records(&records, judged, rule).into()
    });
    report.sort();
    Ok(Some(report))
}

/// Returns the findings for a packet of the trusted revision whose contract the change
/// alters without a new signature, in its own file or by a second one.
fn changed_contract(
    context: &VerifyContext<'_>,
    layout: &Layout,
    file: &ChangedFile,
) -> Result<Vec<ContractFault>, RepositoryError> {
    let path = &file.change.path;
    if !path.is_below(layout.packets.as_bytes()) || path.is_below(layout.stubs.as_bytes()) {
        return Ok(Vec::new());
    }
    let Some(before) = read_document(context.repo, context.trusted.tree, path)? else {
        return Ok(second_file(context, layout, path)?.into_iter().collect());
    };
    let before = Packet::read(&before).value;
    let Some(after) = read_document(context.repo, context.selection.judged_tree(), path)? else {
        let message = "the change removes a packet of the trusted revision";
        return Ok(vec![ContractFault::new(message, Label::path(path, "removed"))]);
    };
    let after = Packet::read(&after).value;
    if let Some(fault) = opened_again(&before, &after) {
        return Ok(vec![fault.with_revision(path)]);
    }
    let signature = |packet: &Packet| packet.signature.as_ref().map(|signature| signature.value.clone());
    if after.signature.is_some() && signature(&before) != signature(&after) {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    if let Some((key, span)) = first_difference(&before, &after) {
        let label = Label::text(&after.source, span, format!("`{key}` differs from the trusted packet"));
        let message = "the change alters the contract of a packet without a new signature";
        out.push(ContractFault::new(message, label).with_revision(path));
    }
    out.extend(wider_lists(&before, &after).into_iter().map(|fault| fault.with_revision(path)));
    // Where work may grant itself waivers, a change of its own may, too.
    if context.loaded.config.policy.waivers_from != WaiverSource::Work {
        let known = PacketVersion::of(&before);
        for waiver in after.waivers.iter().filter(|waiver| !known.has_waiver(&after, waiver)) {
            let message = format!(
                "the change adds or alters the waiver `{}` of a packet without a new signature",
                to_single_line(waiver.name(), 80)
            );
            let label = Label::text(&after.source, waiver.span, "not in the trusted packet");
            out.push(ContractFault::new(message, label).with_revision(path));
        }
    }
    Ok(out)
}

/// Returns the finding for a packet that is closed in the trusted revision and open after the
/// change. `packet/closed` judges changes with code.
fn opened_again(before: &Packet, after: &Packet) -> Option<ContractFault> {
    let was = before.status.as_ref().filter(|status| is_closed(&status.value))?;
    if after.status.as_ref().is_some_and(|status| is_closed(&status.value)) {
        return None;
    }
    let shown = to_single_line(&was.value.to_string(), 60);
    let span = after.status.as_ref().map_or_else(|| after.head_span(), |status| status.span);
    let message = format!("the change reopens a packet that is `{shown}` in the trusted revision");
    Some(ContractFault::new(message, Label::text(&after.source, span, "open again")))
}

/// Returns what the lists of paths outside of the contract's sections allow more than before.
fn wider_lists(before: &Packet, after: &Packet) -> Vec<ContractFault> {
    let lists = compare_unsigned_lists(before, after);
    let fault = |verb: &str, entry: &str, label: Label| {
        let shown = to_single_line(entry, 80);
        ContractFault::new(format!("the change {verb} `{shown}` of a packet without a new signature"), label)
    };
    let lost = lists.lost.iter().map(|entry| {
        let label = Label::text(&after.source, after.head_span(), "no longer excludes it");
        fault("removes", &format!("OUT_OF_SCOPE: {}", entry.raw.value), label)
    });
    let new = lists.new.iter().map(|entry| {
        let label = Label::text(&after.source, entry.raw.span, "not in the trusted packet");
        fault("adds", &format!("IN_SCOPE_PATHS: {}", entry.raw.value), label)
    });
    lost.chain(new).collect()
}

/// Returns the finding for a new file that is a second form of a packet of the trusted
/// revision. It would be in force beside the approved one, or instead of it. A typed contract
/// can only restrict a packet in Markdown, so it may be added.
fn second_file(
    context: &VerifyContext<'_>,
    layout: &Layout,
    path: &RepoPath,
) -> Result<Option<ContractFault>, RepositoryError> {
    let Some(id) = Layout::id_of(path) else { return Ok(None) };
    let forms = layout.packet_forms(&id);
    if !forms.contains(path) || *path == layout.packet_contract(&id) {
        return Ok(None);
    }
    for other in forms.iter().filter(|other| *other != path) {
        if context.repo.exists(context.trusted.tree, other)? {
            let message =
                format!("the change adds a second file of the packet `{id}`, which the trusted revision has");
            let label = Label::path(path, format!("beside {other}"));
            return Ok(Some(ContractFault::new(message, label)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(before: &str, after: &str) -> Vec<String> {
        let read = |text: &str| {
            let text = format!("# Task Packet: WP-1-A\n\n{text}");
            Packet::read(&Source::from_text(RepoPath::from("a/WP-1-A.md"), &text)).value
        };
        let (before, after) = (read(before), read(after));
        assert!(first_difference(&before, &after).is_none(), "the parts of the contract are equal");
        wider_lists(&before, &after).into_iter().map(|fault| fault.message).collect()
    }

    #[test]
    fn a_closed_packet_stays_closed() {
        let read = |status: &str| {
            let text = format!("# Task Packet: WP-1-A\n\n## METADATA\n- **Status:** {status}\n");
            Packet::read(&Source::from_text(RepoPath::from("a/WP-1-A.md"), &text)).value
        };
        for closed in ["Superseded", "Validated"] {
            assert!(opened_again(&read(closed), &read("In Progress")).is_some(), "{closed}");
            assert!(opened_again(&read("In Progress"), &read(closed)).is_none(), "{closed}");
        }
        assert!(opened_again(&read("Validated"), &read("Superseded")).is_none());
        assert!(opened_again(&read("Ready for Dev"), &read("In Progress")).is_none());
    }

    #[test]
    fn lists_outside_of_the_contract_cannot_allow_more() {
        let scope = "## SCOPE\n- IN_SCOPE_PATHS:\n  - src/\n\n## NOTES\n";
        let excluded = format!("{scope}- OUT_OF_SCOPE: src/invoice.rs\n");
        let lost = faults(&excluded, scope);
        assert!(lost.len() == 1 && lost[0].contains("OUT_OF_SCOPE: src/invoice.rs"), "{lost:?}");
        // A new exclusion, and a note.
        assert!(faults(scope, &excluded).is_empty());
        assert!(faults(&excluded, &format!("{excluded}- A note.\n")).is_empty());
        let paths = "## PATHS\n- IN_SCOPE_PATHS:\n  - src/a.rs\n";
        let wider = faults(paths, &format!("{paths}  - src/invoice.rs\n"));
        assert!(wider.len() == 1 && wider[0].contains("IN_SCOPE_PATHS: src/invoice.rs"), "{wider:?}");
        assert!(faults(&format!("{paths}  - src/b.rs\n"), paths).is_empty());
    }
}
