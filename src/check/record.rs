//! `record/…`: state files can be read.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, RepositoryCheckContext};
use crate::document::DocumentBody;
use crate::document::packet::Generation;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::RepoPath;

/// `record/json`: state files are strict JSON of their shape.
pub(super) fn json(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    if !matches!(document.body, DocumentBody::GateLog(_) | DocumentBody::ValidatorState(_)) {
        return CheckResult::skipped("not a state file");
    }
    let finding = |fault: &crate::document::Fault| {
        rule.finding(fault.message.clone(), Label::text(&document.source, fault.span, ""))
    };
    document.faults.iter().take(20).map(finding).collect::<Vec<Finding>>().into()
}

/// `record/missing`: where there are packets, their records are there too.
pub(super) fn missing(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let library = input.governance;
    let open: Vec<_> = library.packets().filter(|(id, _, packet)| library.is_open(id, packet)).collect();
    let Some((id, document, packet)) = open.first() else { return CheckResult::skipped("no packet is open") };
    let refined = open.iter().any(|(_, _, packet)| packet.generation != Generation::G0);
    let layout = library.layout;
    let records = [
        ("task board", &layout.board, library.board().is_none()),
        ("signature audit", &layout.audit, library.audit().is_none()),
        ("gate log", &layout.gate_log, refined && library.gate_log().is_none()),
    ];
    let mut out: Vec<Finding> = Vec::new();
    for (name, path, _) in records.iter().filter(|(_, _, missing)| *missing) {
        let path = RepoPath::from(path.as_str());
        let there = library.documents.iter().any(|document| *document.path() == path);
        let why = if there { "what lies there is none" } else { "no such file" };
        let message = format!("there is no {name}, but `{id}` is open");
        let label = Label::path(&path, why);
        let open = Label::text(&packet.source, document.head_span(), "this packet");
        out.push(rule.finding(message, label).related(open));
    }
    out.into()
}
