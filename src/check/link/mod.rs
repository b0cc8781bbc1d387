//! `link/…`: what a document names is there.

mod named;
pub(super) mod reference;
pub(super) mod target;

use crate::check::CheckResult;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, Span};

use super::repository_documents::{DocumentCheckContext, TargetFact};

pub use named::{NamedBy, NamedPath, named_paths};

/// A finding for every named path that is nowhere.
fn check_named_paths(input: &DocumentCheckContext<'_>, by: NamedBy, rule: &Rule) -> Vec<Finding> {
    let source = &input.document.source;
    let mut out = Vec::new();
    for name in named_paths(input.document, input.governance).into_iter().filter(|name| name.named_by == by) {
        let facts = || name.candidates.iter().filter_map(|path| input.targets.get(path));
        if facts().any(|fact| *fact == TargetFact::Found) {
            continue;
        }
        let near =
            facts().find_map(|fact| if let TargetFact::Missing(near) = fact { near.clone() } else { None });
        out.push(unresolved_path_finding(
            rule,
            &name,
            Label::text(source, name.span, "nothing is there"),
            near,
        ));
    }
    out
}

fn unresolved_path_finding(rule: &Rule, name: &NamedPath, label: Label, near: Option<RepoPath>) -> Finding {
    let shown = crate::text::to_single_line(&name.text, 120);
    let message = match name.candidates.first() {
        Some(_) => format!("{} names `{shown}`, which is not in the judged tree", name.source_name),
        None => format!("{} names `{shown}`, which lies outside the repository", name.source_name),
    };
    let finding = rule.finding(message, label);
    match near {
        Some(near) => {
            let finding = finding.help(format!("The nearest path that is there: `{near}`."));
            let Place::Text { source, span } = &finding.primary.place else { return finding };
            // Links count from their document's folder; other names from the root.
            let exact = name.named_by == NamedBy::Field && source.slice(*span) == name.text;
            let place = Place::text(source, *span);
            let spelt = near.to_string();
            if exact && !spelt.starts_with('"') {
                finding.with_unsafe_fix(place, spelt, "name the nearest path that is there")
            } else {
                finding
            }
        }
        None => finding,
    }
}

/// Why a document's paths are not looked up, if they are not.
fn skip_outside_repository(input: &DocumentCheckContext<'_>) -> Option<CheckResult> {
    input
        .governance
        .is_none()
        .then(|| CheckResult::skipped("the document lies outside of a governed repository"))
}

/// The span of a word inside a larger text.
fn find_span(text: &str, word: &str, span: Span) -> Span {
    text.find(word).map_or(span, |at| Span::new(span.start + at, span.start + at + word.len()))
}
