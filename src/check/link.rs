//! `link/…`: the paths that documents name exist.

mod named_paths;
mod record;

pub(crate) use named_paths::named_paths;
use named_paths::{NamedBy, NamedPath};
pub(super) use record::record;

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments, TargetFact};
use crate::check::spec::parse_version;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::RepoPath;

/// Returns a finding for every named path that does not exist.
fn check_named_paths(input: &DocumentCheckContext<'_>, by: NamedBy, rule: &Rule) -> Vec<Finding> {
    let source = &input.document.source;
    let mut out = Vec::new();
    for name in named_paths(input.document, input.governance).into_iter().filter(|name| name.named_by == by) {
        let facts = || name.candidates.iter().filter_map(|path| input.targets.get(path));
        if facts().any(|fact| matches!(fact, TargetFact::Found | TargetFact::Elsewhere)) {
            continue;
        }
        let near =
            facts().find_map(|fact| if let TargetFact::Missing(near) = fact { near.clone() } else { None });
        let label = Label::text(source, name.span, "no such path");
        let finding = unresolved_path_finding(rule, &name, label, near);
        let is_older = input.governance.is_some_and(|all| is_older_baseline(&name, all));
        out.push(if is_older { finding.with_level(Level::Warning) } else { finding });
    }
    out
}

/// Returns whether a path is the baseline of a packet, and an older version of the current
/// specification: people remove old versions, and the baseline is a record of its day.
fn is_older_baseline(name: &NamedPath, governance: &GovernanceDocuments<'_>) -> bool {
    let version = |text: &str| parse_version(text.rsplit('/').next().unwrap_or(text));
    let current = governance.pointer().and_then(|pointer| pointer.spec());
    let named = version(&name.text).filter(|_| name.source_name == "SPEC_BASELINE");
    let current = current.and_then(|spec| version(&spec.value));
    named.zip(current).is_some_and(|(named, current)| named.0 == current.0 && named.1 < current.1)
}

/// Creates the finding for a path that does not exist, with a fix if a similar path
/// exists.
fn unresolved_path_finding(rule: &Rule, name: &NamedPath, label: Label, near: Option<RepoPath>) -> Finding {
    let shown = crate::text::to_single_line(&name.text, 120);
    let message = match name.candidates.first() {
        Some(_) => format!("{} names `{shown}`, which does not exist in the judged tree", name.source_name),
        None => format!("{} names `{shown}`, which is outside the repository", name.source_name),
    };
    let finding = rule.finding(message, label);
    // Whoever looks for a path without its first folders finds it.
    let is_short = near.as_ref().is_some_and(|near| near.to_text().ends_with(&format!("/{}", name.text)));
    let finding = if is_short { finding.with_level(Level::Warning) } else { finding };
    match near {
        Some(near) => {
            let finding = finding.help(format!("The most similar existing path is `{near}`."));
            let Place::Text { source, span } = &finding.primary.place else { return finding };
            // The fix writes a path relative to the root, which is wrong for a link.
            let exact = name.named_by == NamedBy::Field && source.slice(*span) == name.text;
            let place = Place::text(source, *span);
            let replacement = near.to_string();
            if exact && !replacement.starts_with('"') {
                finding.with_unsafe_fix(place, replacement, "write the most similar existing path")
            } else {
                finding
            }
        }
        None => finding,
    }
}

/// Returns a skipped result for a document outside of any layout.
fn skip_outside_repository(input: &DocumentCheckContext<'_>) -> Option<CheckResult> {
    input
        .governance
        .is_none()
        .then(|| CheckResult::skipped("the document is outside of a governed repository"))
}

/// `link/target`: every Markdown link of a document to a path leads to something in
/// the judged tree.
pub(super) fn target(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    skip_outside_repository(input).unwrap_or_else(|| check_named_paths(input, NamedBy::Link, rule).into())
}

/// `link/reference`: every file that an open packet, its refinement or its gate log
/// entries name exists in the judged tree.
pub(super) fn reference(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    skip_outside_repository(input).unwrap_or_else(|| check_named_paths(input, NamedBy::Field, rule).into())
}
