//! `gate-log/agreement`: the entries of the gate log agree with each other and with the audit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::log_of;
use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::Signature;
use crate::document::audit::{Audit, AuditRow, find_wp_ids};
use crate::document::gate_log::{GateEntry, GateLog, text_or_empty};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Spanned, format_count, to_single_line};

/// Number of days that a refinement may wait for its signature.
const MAX_WAITING_DAYS: i64 = 7;
/// Maximum number of entries that one finding shows.
const MAX_SHOWN: usize = 8;

/// `gate-log/agreement`: the entries name the same specification with the same hash, every
/// refinement was signed, and the packets that the audit created have an entry.
pub(in crate::check) fn agreement(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let log = match log_of(input) {
        Ok(log) => log,
        Err(skipped) => return skipped,
    };
    // Entries of a finished packet are not written again.
    let is_history = |entry: &GateEntry| {
        let named = text_or_empty(entry.wp_id.as_ref());
        let packet = input.governance.and_then(|all| Some((all, all.packet(named)?.1)));
        packet.is_some_and(|(all, packet)| all.is_historical(named, packet))
    };
    let level = |(entry, finding): (&GateEntry, Finding)| {
        if is_history(entry) { finding.with_level(Level::Note) } else { finding }
    };
    let mut out: Vec<Finding> = Vec::new();
    for ((before, entry), finding) in compare_specs(log, rule) {
        let is_over = is_history(before) && is_history(entry);
        out.push(if is_over { finding.with_level(Level::Note) } else { finding });
    }
    out.extend(find_signatures_in_tokens(log, rule).into_iter().map(level));
    out.extend(find_other_folders(log, rule).into_iter().map(level));
    out.extend(find_repeated(log, rule));
    out.extend(find_unsigned(log, rule));
    out.extend(input.governance.map(|governance| compare_audit(log, governance, rule)).unwrap_or_default());
    out.into()
}

fn stamp_of(entry: &GateEntry) -> Option<Timestamp> {
    text_or_empty(entry.timestamp.as_ref()).parse().ok()
}

fn is_kind(entry: &GateEntry, kind: &str) -> bool {
    text_or_empty(entry.kind.as_ref()) == kind
}

/// Returns the specification of an entry: the name behind the arrow.
fn spec_name(entry: &GateEntry) -> Option<&str> {
    let resolved = entry.spec_target_resolved.as_ref()?;
    let name = resolved.value.split_once("->").map_or(resolved.value.as_str(), |(_, name)| name);
    Some(name.trim().trim_matches('`')).filter(|name| !name.is_empty())
}

/// Finds a specification that has another hash than in an earlier entry: a version whose text
/// was changed. Each finding has the two entries.
fn compare_specs<'a>(log: &'a GateLog, rule: &Rule) -> Vec<((&'a GateEntry, &'a GateEntry), Finding)> {
    let mut first: BTreeMap<&str, (&GateEntry, &Spanned<String>)> = BTreeMap::new();
    let mut reported: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut out = Vec::new();
    for entry in &log.entries {
        let (Some(name), Some(sha1)) = (spec_name(entry), &entry.spec_target_sha1) else { continue };
        let (before, known) = *first.entry(name).or_insert((entry, sha1));
        if known.value.eq_ignore_ascii_case(&sha1.value)
            || !reported.insert((name, sha1.value.to_lowercase()))
        {
            continue;
        }
        let message = format!(
            "the hash of `{}` is not the one that an earlier entry records",
            to_single_line(name, 80)
        );
        let there = Label::text(&log.source, known.span, "the hash before");
        let finding = rule.finding(message, Label::text(&log.source, sha1.span, "another hash"));
        out.push(((before, entry), finding.related(there)));
    }
    out
}

/// Finds a signature in the place of the token of a turn: the operator's signature was used
/// before the refinement was signed.
fn find_signatures_in_tokens<'a>(log: &'a GateLog, rule: &Rule) -> Vec<(&'a GateEntry, Finding)> {
    let tokens = log.entries.iter().filter_map(|entry| Some((entry, entry.turn_token.as_ref()?)));
    let signed = tokens.filter(|(_, token)| Signature::parse(&token.value).is_ok());
    signed
        .map(|(entry, token)| {
            let message = format!("the `turn_token` is a signature, `{}`", to_single_line(&token.value, 40));
            (entry, rule.finding(message, Label::text(&log.source, token.span, "a signature")))
        })
        .collect()
}

/// Finds a folder of a working tree that is not relative to the repository.
fn find_other_folders<'a>(log: &'a GateLog, rule: &Rule) -> Vec<(&'a GateEntry, Finding)> {
    let folders = log.entries.iter().filter_map(|entry| Some((entry, entry.worktree_dir.as_ref()?)));
    let is_absolute = |(_, folder): &(&GateEntry, &Spanned<String>)| {
        let text = folder.value.trim();
        let has_drive =
            text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
        text.starts_with(['/', '\\', '~']) || has_drive
    };
    folders
        .filter(is_absolute)
        .map(|(entry, folder)| {
            let message = format!("the `worktree_dir` `{}` is absolute", to_single_line(&folder.value, 80));
            (entry, rule.finding(message, Label::text(&log.source, folder.span, "a path of one computer")))
        })
        .collect()
}

/// Finds a REFINEMENT entry that repeats the one before it, without a change and without a
/// signature between them.
fn find_repeated(log: &GateLog, rule: &Rule) -> Vec<Finding> {
    // The whole text, except for what every entry has of its own.
    let content = |entry: &GateEntry| {
        let own = [&entry.timestamp, &entry.turn_token];
        let own = own.into_iter().flatten().map(|text| text.value.as_str());
        own.fold(log.source.slice(entry.span).to_owned(), |text, own| text.replace(own, ""))
    };
    let mut last: BTreeMap<&str, &GateEntry> = BTreeMap::new();
    let mut out = Vec::new();
    for entry in &log.entries {
        let id = text_or_empty(entry.wp_id.as_ref());
        let before = last
            .insert(id, entry)
            .filter(|before| is_kind(before, "REFINEMENT") && is_kind(entry, "REFINEMENT"));
        let Some(before) = before.filter(|before| content(before) == content(entry)) else { continue };
        let message =
            format!("the REFINEMENT entry of `{}` repeats the one before it", to_single_line(id, 80));
        let label =
            |entry: &GateEntry, text: &str| Label::text(&log.source, entry.anchor_span(), text.to_owned());
        let finding = rule.finding(message, label(entry, "no change")).with_level(Level::Note);
        out.push(finding.related(label(before, "the entry before it")));
    }
    out
}

/// Returns one note about the refinements without a signature, although the log has later entries.
fn find_unsigned(log: &GateLog, rule: &Rule) -> Option<Finding> {
    let last = log.entries.iter().filter_map(stamp_of).max()?;
    let id_of = |entry: &GateEntry| text_or_empty(entry.wp_id.as_ref()).to_owned();
    let signed: BTreeSet<String> =
        log.entries.iter().filter(|entry| !is_kind(entry, "REFINEMENT")).map(id_of).collect();
    let has_waited = |entry: &&GateEntry| {
        let days = stamp_of(entry).and_then(|at| last.since(at).ok()).map(|span| span.get_seconds() / 86_400);
        days.is_some_and(|days| days > MAX_WAITING_DAYS)
    };
    let mut seen = BTreeSet::new();
    let unsigned: Vec<&GateEntry> = log
        .entries
        .iter()
        .filter(|entry| is_kind(entry, "REFINEMENT") && !signed.contains(&id_of(entry)))
        .filter(has_waited)
        .filter(|entry| seen.insert(id_of(entry)))
        .collect();
    let (first, others) = unsigned.split_first()?;
    let message = format!("{} recorded and never signed", format_count_was(unsigned.len(), "refinement"));
    let label = |entry: &GateEntry| Label::text(&log.source, entry.anchor_span(), "no SIGNATURE entry");
    let mut finding = rule.finding(message, label(first)).with_level(Level::Note);
    for entry in others.iter().take(MAX_SHOWN - 1) {
        finding = finding.related(label(entry));
    }
    Some(finding)
}

fn format_count_was(count: usize, what: &str) -> String {
    format!("{} {}", format_count(count, what), if count == 1 { "was" } else { "were" })
}

/// Finds rows of the audit that create a packet that has no SIGNATURE entry, although the log
/// had begun. `audit/agreement` compares packets that exist.
fn compare_audit(log: &GateLog, governance: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let Some(audit) = governance.audit() else { return Vec::new() };
    let first = log.entries.iter().filter_map(stamp_of).min();
    let Some(first) = first.map(|first| first.to_zoned(jiff::tz::TimeZone::UTC).date()) else {
        return Vec::new();
    };
    let known: BTreeSet<&str> = log
        .entries
        .iter()
        .filter_map(|entry| entry.signature.as_ref())
        .map(|text| text.value.as_str())
        .collect();
    let recorded: BTreeSet<&str> = audit.rows.iter().map(|row| row.signature.value.as_str()).collect();
    let creates = |row: &AuditRow| {
        let purpose = row.purpose.value.to_lowercase();
        rule.parameter("creating").iter().any(|words| purpose.contains(words.as_str()))
    };
    let is_later = |row: &AuditRow| {
        Signature::parse(&row.signature.value).is_ok_and(|signature| signature.at.date() > first)
    };
    let mut out = Vec::new();
    for row in audit.rows.iter().filter(|row| !row.is_revoked && creates(row) && is_later(row)) {
        let Some(id) = find_wp_ids(&row.purpose.value).next() else { continue };
        if known.contains(row.signature.value.as_str()) {
            continue;
        }
        if let Some(entry) = log.last_entry(id, "SIGNATURE") {
            out.extend(compare_signature(log, entry, (audit, &recorded, row), id, rule));
            continue;
        }
        if governance.packet(id).is_some() {
            continue;
        }
        let message =
            format!("the audit has a signature for `{id}`, but the gate log has no SIGNATURE entry for it");
        let label = Label::text(&audit.source, row.signature.span, "not in the gate log");
        let log = Label::path(log.source.name(), "no such entry");
        // Without a packet, the work is over, or it never began.
        out.push(rule.finding(message, label).related(log).with_level(Level::Note));
    }
    out
}

/// Returns a finding if the log has a signature for a packet that the audit does not know, and
/// the audit another one.
fn compare_signature(
    log: &GateLog,
    entry: &GateEntry,
    (audit, recorded, row): (&Audit, &BTreeSet<&str>, &AuditRow),
    id: &str,
    rule: &Rule,
) -> Option<Finding> {
    let signature = entry.signature.as_ref()?;
    if recorded.contains(signature.value.as_str()) || Signature::parse(&signature.value).is_err() {
        return None;
    }
    let message = format!("the gate log has another signature for `{id}` than the audit");
    let there = Label::text(&audit.source, row.signature.span, "the signature of the audit");
    let here = Label::text(&log.source, signature.span, "not in the audit");
    Some(rule.finding(message, here).related(there))
}
