//! `packet/id`, `packet/found`, `packet/stub`, `packet/regular-file`,
//! `packet/readable`: the five ways in which there is no packet to judge.
//! They share one search and each tells its own outcome.

use crate::check::Verdict;
use crate::check::input::{Search, SearchInput};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, one_line};

pub(in crate::check) fn id(input: &SearchInput<'_>, rule: &Rule) -> Verdict {
    let Search::BadId { why, near } = input.search else { return Vec::new().into() };
    let message = format!("`{}` is no work packet id: {why}", one_line(input.requested, 80));
    let label = Label::repository("the id is the packet's file name without `.md`");
    Some(meant(rule.finding(message, label), near)).into()
}

/// Asks whether a similar id was meant.
fn meant(finding: Finding, near: &[String]) -> Finding {
    match near {
        [] => finding,
        [only] => finding.help(format!("Did you mean `{only}`?")),
        several => finding.help(format!("Did you mean one of `{}`?", several.join("`, `"))),
    }
}

pub(in crate::check) fn found(input: &SearchInput<'_>, rule: &Rule) -> Verdict {
    let (path, near, registry) = match input.search {
        Search::BadId { .. } => return Verdict::skipped("the text given is no id"),
        Search::Missing { path, near, registry, stub: None } => (path, near, registry),
        _ => return Vec::new().into(),
    };
    let mut finding =
        rule.finding(format!("there is no packet `{}`", input.requested), Label::path(path, "no such file"));
    if let Some(label) = registry {
        finding = finding.related(label.clone());
    }
    Some(meant(finding, near)).into()
}

pub(in crate::check) fn stub(input: &SearchInput<'_>, rule: &Rule) -> Verdict {
    let (path, label) = match input.search {
        Search::BadId { .. } => return Verdict::skipped("the text given is no id"),
        Search::Missing { stub: Some(stub), .. } => (stub, Label::path(stub, "this is only a backlog note")),
        Search::Unreadable { source, span, kind: Some(crate::document::DocumentKind::Stub), .. } => {
            (source.name(), Label::text(source, *span, "this calls itself a stub"))
        }
        _ => return Vec::new().into(),
    };
    Some(
        rule.finding(format!("`{}` is a stub, not a task packet", packet_name(path, input.requested)), label),
    )
    .into()
}

fn packet_name(path: &RepoPath, requested: &str) -> String {
    let name = path.file_name().to_string();
    name.strip_suffix(".md").map_or_else(|| requested.to_owned(), str::to_owned)
}

pub(in crate::check) fn regular_file(input: &SearchInput<'_>, rule: &Rule) -> Verdict {
    match input.search {
        Search::NotAFile { path, what } => Some(rule.finding(
            format!("the packet is a {what}, not a file"),
            Label::path(path, format!("a {what} lies here")),
        ))
        .into(),
        Search::BadId { .. } | Search::Missing { .. } => Verdict::skipped("there is no packet"),
        _ => Vec::new().into(),
    }
}

pub(in crate::check) fn readable(input: &SearchInput<'_>, rule: &Rule) -> Verdict {
    match input.search {
        Search::Unreadable { kind: Some(crate::document::DocumentKind::Stub), .. } => {
            Verdict::skipped("it is a stub")
        }
        Search::Unreadable { source, why, span, kind } => {
            let finding = rule.finding(why.clone(), Label::text(source, *span, ""));
            let known = kind.filter(|kind| *kind != crate::document::DocumentKind::Unknown);
            Some(match known {
                Some(kind) => finding.help(format!("By its headings this is a {}.", kind.as_str())),
                None => finding,
            })
            .into()
        }
        Search::Found { .. } => Vec::new().into(),
        _ => Verdict::skipped("there is no packet"),
    }
}
