//! `record/…`: the records exist, and state files can be read.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, RepositoryCheckContext};
use crate::document::DocumentBody;
use crate::document::packet::Generation;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::RepoPath;

/// `record/json`: the gate log, the validator states and typed contracts are strict JSON
/// with the expected structure, and each key occurs once.
pub(super) fn json(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    let is_state = matches!(document.body, DocumentBody::GateLog(_) | DocumentBody::ValidatorState(_));
    if !is_state && document.typed_contract().is_none() {
        return CheckResult::skipped("not a state file");
    }
    let finding = |fault: &crate::document::Fault| {
        // Later versions of the tools add keys.
        let level = if fault.message.starts_with("unknown key") { Level::Warning } else { Level::Error };
        let label = Label::text(&document.source, fault.span, "");
        let finding = rule.finding(fault.message.clone(), label).with_level(level);
        // `text/hidden-character` names the character.
        if fault.message.contains("control character") {
            return finding.because_of(Place::text(&document.source, fault.span));
        }
        finding
    };
    document.faults.iter().take(20).map(finding).collect::<Vec<Finding>>().into()
}

/// Number of missing documents of one record above which they are one finding: the
/// documents were moved or not checked out.
const MAX_SEPARATE: usize = 12;

/// Returns one finding for each missing document that a record names, or a single
/// finding if there are many; `what` is their noun, such as `packet`.
pub(super) fn report_missing(
    rule: &Rule,
    missing: Vec<(String, Label)>,
    record: &str,
    what: &str,
) -> Vec<Finding> {
    let count = missing.len();
    let mut all = missing.into_iter();
    if count <= MAX_SEPARATE {
        return all.map(|(message, label)| rule.finding(message, label)).collect();
    }
    let Some((_, first)) = all.next() else { return Vec::new() };
    let message = format!("{} that the {record} names do not exist", crate::text::format_count(count, what));
    let mut finding = rule.finding(message, first);
    for (_, label) in all.take(MAX_SEPARATE) {
        finding = finding.related(label);
    }
    vec![finding]
}

/// `record/missing`: while a packet is open, the task board, the signature audit
/// and the gate log exist (the gate log only from generation G1 on).
pub(super) fn missing(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let open: Vec<_> =
        governance.packets().filter(|(id, _, packet)| governance.is_open(id, packet)).collect();
    let Some(first) = open.first() else { return CheckResult::skipped("no packet is open") };
    let needs_gate_log = open.iter().find(|(_, _, packet)| packet.generation != Generation::G0);
    let layout = governance.layout;
    let records = [
        ("task board", &layout.board, Some(first).filter(|_| governance.board().is_none())),
        ("signature audit", &layout.audit, Some(first).filter(|_| governance.audit().is_none())),
        ("gate log", &layout.gate_log, needs_gate_log.filter(|_| governance.gate_log().is_none())),
    ];
    let mut out: Vec<Finding> = Vec::new();
    for (name, path, needed_by) in records {
        let Some((id, document, packet)) = needed_by else { continue };
        let path = RepoPath::from(path.as_str());
        let exists = governance.documents.iter().any(|document| *document.path() == path);
        let (verb, why) = if exists {
            ("is not valid", format!("not a {name}"))
        } else {
            ("does not exist", "no such file".to_owned())
        };
        let message = format!("the {name} {verb}, but `{id}` is open");
        let label = Label::path(&path, why);
        let open = Label::text(&packet.source, document.head_span(), "this packet is open");
        out.push(rule.finding(message, label).related(open));
    }
    out.into()
}
