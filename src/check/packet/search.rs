//! `packet/…`: the search for the packet. The five rules use the result of one
//! search, and each reports one kind of failure.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::context::{PacketSearch, SearchCheckContext};
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::{Document, Packet, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{RepoPath, Source, format_count, to_single_line};

/// `packet/id`: the requested text is a work packet id.
pub(in crate::check) fn id(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let PacketSearch::BadId { why, near } = input.search else { return Vec::new().into() };
    let message = format!("invalid work packet id `{}`: {why}", to_single_line(input.requested, 80));
    let label = Label::repository("expected the packet's file name without `.md`");
    Some(with_similar_ids(rule.finding(message, label), near)).into()
}

/// Adds a hint with similar ids, if any.
fn with_similar_ids(finding: Finding, near: &[String]) -> Finding {
    match near {
        [] => finding,
        [only] => finding.help(format!("Did you mean `{only}`?")),
        several => finding.help(format!("Did you mean one of `{}`?", several.join("`, `"))),
    }
}

/// `packet/found`: the requested packet exists as a file in the folder of task
/// packets.
pub(in crate::check) fn found(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (path, near, registry) = match input.search {
        PacketSearch::BadId { .. } => return CheckResult::skipped("the requested id is invalid"),
        PacketSearch::Missing { path, near, registry, stub: None } => (path, near, registry),
        _ => return Vec::new().into(),
    };
    let mut finding = rule.finding(
        format!("the packet `{}` does not exist", input.requested),
        Label::path(path, "no such file"),
    );
    if let Some(label) = registry {
        finding = finding.related(label.clone());
    }
    Some(with_similar_ids(finding, near)).into()
}

/// `packet/stub`: the requested document is a task packet, not a stub.
pub(in crate::check) fn stub(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (path, label) = match input.search {
        PacketSearch::BadId { .. } => return CheckResult::skipped("the requested id is invalid"),
        PacketSearch::Missing { stub: Some(stub), .. } => (stub, Label::path(stub, "a stub in the backlog")),
        PacketSearch::Unreadable {
            source, span, kind: Some(crate::document::DocumentKind::Stub), ..
        } => (source.name(), Label::text(source, *span, "the title of a stub")),
        _ => return Vec::new().into(),
    };
    Some(rule.finding(
        format!("`{}` is a stub, not a task packet", packet_path_name(path, input.requested)),
        label,
    ))
    .into()
}

/// Returns the file name without `.md`, or the requested text if the file has
/// another extension.
fn packet_path_name(path: &RepoPath, requested: &str) -> String {
    let name = path.file_name().to_string();
    name.strip_suffix(".md").map_or_else(|| requested.to_owned(), str::to_owned)
}

/// `packet/regular-file`: the packet is a regular file.
pub(in crate::check) fn regular_file(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    match input.search {
        PacketSearch::NotAFile { path, what } => Some(rule.finding(
            format!("the packet is a {what}, not a regular file"),
            Label::path(path, format!("a {what}")),
        ))
        .into(),
        PacketSearch::BadId { .. } | PacketSearch::Missing { .. } => {
            CheckResult::skipped("the packet does not exist")
        }
        _ => Vec::new().into(),
    }
}

/// `packet/readable`: the packet is non-empty UTF-8 text within the size limits
/// and has the headings of a task packet.
pub(in crate::check) fn readable(input: &SearchCheckContext<'_>, rule: &Rule) -> CheckResult {
    match input.search {
        PacketSearch::Unreadable { kind: Some(crate::document::DocumentKind::Stub), .. } => {
            CheckResult::skipped("the document is a stub")
        }
        PacketSearch::Unreadable { source, why, span, kind } => {
            let finding = rule.finding(why.clone(), Label::text(source, *span, ""));
            let known = kind.filter(|kind| *kind != crate::document::DocumentKind::Unknown);
            Some(match known {
                Some(kind) => {
                    finding.help(format!("According to its headings, the document is a {}.", kind.as_str()))
                }
                None if kind.is_some() => finding.help(name_packet_headings(source)),
                None => finding,
            })
            .into()
        }
        PacketSearch::Found { .. } => Vec::new().into(),
        _ => CheckResult::skipped("the packet does not exist"),
    }
}

/// Returns the headings by which a document is recognized as a packet, as a help.
fn name_packet_headings(source: &Source) -> String {
    let name = source.name().file_name().to_string();
    let id = name.strip_suffix(".md").unwrap_or(&name);
    format!(
        "Give it the title `# Task Packet: {}` and the headings `SCOPE`, `TEST_PLAN` and `DONE_MEANS`.",
        to_single_line(id, 80)
    )
}

/// Number of second files above which those that differ in nothing important are one
/// finding: somebody keeps the older form on purpose.
const MAX_SEPARATE_TWINS: usize = 12;

/// `packet/twin`: a packet is either one file or a folder with `packet.md`, not both.
/// The same holds for its refinement.
pub(in crate::check) fn twin(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut out = Vec::new();
    let mut alike: Vec<(Label, Finding)> = Vec::new();
    let by_path: BTreeMap<&RepoPath, &Document> =
        governance.documents.iter().map(|document| (document.path(), document)).collect();
    for (id, document, packet) in governance.packets() {
        let Ok(wp_id) = WpId::parse(id) else { continue };
        let path = governance.layout.packet_twin(&wp_id);
        let Some(other) = by_path.get(&path) else { continue };
        let label = Label::path(other.path(), "not in force");
        let differs = |key: &str| {
            let value = |packet: &Packet| packet.metadata_field(key).map(|field| field.value.value.clone());
            other.packet().is_none_or(|other| value(other) != value(packet))
        };
        let covers = |a: &Packet, b: &Packet| {
            let known: Vec<_> = b.scope.in_scope.iter().map(|entry| &entry.pattern).collect();
            a.scope.in_scope.iter().all(|entry| known.contains(&&entry.pattern))
        };
        let same_scope = other.packet().is_some_and(|other| covers(other, packet) && covers(packet, other));
        // A second file that plans other work must be seen.
        let parts = ["SCOPE", "TEST_PLAN", "DONE_MEANS", "WAIVERS"];
        let has_same_part = |key: &&str| {
            let part = |packet: &Packet| {
                let section = packet.section(key)?;
                Some(packet.source.slice(section.span).split_whitespace().collect::<Vec<_>>().join(" "))
            };
            other.packet().is_some_and(|other| part(other) == part(packet))
        };
        let same_scope = same_scope && parts.iter().all(has_same_part);
        let keys = ["STATUS", "RISK_TIER", "USER_SIGNATURE"];
        let different: Vec<&str> = keys.into_iter().filter(|key| differs(key)).collect();
        let mut finding =
            rule.finding(format!("`{id}` has a second file, which is not in force"), label.clone());
        if different.is_empty() && same_scope {
            let finding = finding.with_level(Level::Warning);
            alike.push((label, finding.related(Label::path(document.path(), "the packet in force"))));
            continue;
        }
        if !different.is_empty() {
            finding = finding.note(format!("The files differ in: {}.", different.join(", ")));
        }
        if !same_scope {
            finding = finding.note("The files differ in SCOPE, TEST_PLAN, DONE_MEANS or WAIVERS.");
        }
        let level = if governance.is_historical(id, packet) { Level::Note } else { Level::Error };
        out.push(finding.with_level(level).related(Label::path(document.path(), "the packet in force")));
    }
    if alike.len() <= MAX_SEPARATE_TWINS {
        out.extend(alike.into_iter().map(|(_, finding)| finding));
    } else {
        let message =
            format!("{} have a second file with the same contract", format_count(alike.len(), "packet"));
        let mut labels = alike.into_iter().map(|(label, _)| label);
        if let Some(first) = labels.next() {
            let finding = rule.finding(message, first).with_level(Level::Warning);
            out.push(labels.take(MAX_SEPARATE_TWINS).fold(finding, Finding::related));
        }
    }
    out.into()
}
