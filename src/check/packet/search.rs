//! `packet/…`: finding the packet.

use crate::check::CheckResult;
use crate::check::context::{PacketSearch, SearchCheckContext};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

// `packet/id`, `packet/found`, `packet/stub`, `packet/regular-file`,
// `packet/readable`: the five ways in which there is no packet to judge.
// They share one search and each tells its own outcome.

pub(in crate::check) fn id(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let PacketSearch::BadId { why, near } = input.search else { return Vec::new().into() };
    let message = format!("`{}` is no work packet id: {why}", to_single_line(input.requested, 80));
    let label = Label::repository("the id is the packet's file name without `.md`");
    Some(with_similar_ids(rule.finding(message, label), near)).into()
}

/// Asks whether a similar id was meant.
fn with_similar_ids(finding: Finding, near: &[String]) -> Finding {
    match near {
        [] => finding,
        [only] => finding.help(format!("Did you mean `{only}`?")),
        several => finding.help(format!("Did you mean one of `{}`?", several.join("`, `"))),
    }
}

pub(in crate::check) fn found(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (path, near, registry) = match input.search {
        PacketSearch::BadId { .. } => return CheckResult::skipped("the text given is no id"),
        PacketSearch::Missing { path, near, registry, stub: None } => (path, near, registry),
        _ => return Vec::new().into(),
    };
    let mut finding =
        rule.finding(format!("there is no packet `{}`", input.requested), Label::path(path, "no such file"));
    if let Some(label) = registry {
        finding = finding.related(label.clone());
    }
    Some(with_similar_ids(finding, near)).into()
}

pub(in crate::check) fn stub(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (path, label) = match input.search {
        PacketSearch::BadId { .. } => return CheckResult::skipped("the text given is no id"),
        PacketSearch::Missing { stub: Some(stub), .. } => {
            (stub, Label::path(stub, "this is only a backlog note"))
        }
        PacketSearch::Unreadable {
            source, span, kind: Some(crate::document::DocumentKind::Stub), ..
        } => (source.name(), Label::text(source, *span, "this calls itself a stub")),
        _ => return Vec::new().into(),
    };
    Some(rule.finding(
        format!("`{}` is a stub, not a task packet", packet_path_name(path, input.requested)),
        label,
    ))
    .into()
}

fn packet_path_name(path: &RepoPath, requested: &str) -> String {
    let name = path.file_name().to_string();
    name.strip_suffix(".md").map_or_else(|| requested.to_owned(), str::to_owned)
}

pub(in crate::check) fn regular_file(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    match input.search {
        PacketSearch::NotAFile { path, what } => Some(rule.finding(
            format!("the packet is a {what}, not a file"),
            Label::path(path, format!("a {what} lies here")),
        ))
        .into(),
        PacketSearch::BadId { .. } | PacketSearch::Missing { .. } => {
            CheckResult::skipped("there is no packet")
        }
        _ => Vec::new().into(),
    }
}

pub(in crate::check) fn readable(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    match input.search {
        PacketSearch::Unreadable { kind: Some(crate::document::DocumentKind::Stub), .. } => {
            CheckResult::skipped("it is a stub")
        }
        PacketSearch::Unreadable { source, why, span, kind } => {
            let finding = rule.finding(why.clone(), Label::text(source, *span, ""));
            let known = kind.filter(|kind| *kind != crate::document::DocumentKind::Unknown);
            Some(match known {
                Some(kind) => finding.help(format!("By its headings this is a {}.", kind.as_str())),
                None => finding,
            })
            .into()
        }
        PacketSearch::Found { .. } => Vec::new().into(),
        _ => CheckResult::skipped("there is no packet"),
    }
}
