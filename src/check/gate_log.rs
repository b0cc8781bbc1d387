//! `gate-log/…`: the entries of the gate log are complete and in order.

mod agreement;

pub(super) use agreement::agreement;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::gate_log::{GateEntry, GateLog, text_or_empty};
use crate::document::{DocumentBody, Signature, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::Spanned;

/// Returns the document as a gate log, or a skipped result.
fn log_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a GateLog, CheckResult> {
    match &input.document.body {
        DocumentBody::GateLog(log) => Ok(log),
        _ => Err(CheckResult::skipped("not a gate log")),
    }
}

/// `gate-log/entry`: every entry of the gate log has a packet id, a known type, a
/// time that is not in the future, and the fields that its type requires.
pub(super) fn entry(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let log = match log_of(input) {
        Ok(log) => log,
        Err(skipped) => return skipped,
    };
    let at = |span, text: &str| Label::text(&log.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    for entry in &log.entries {
        for (name, field) in required_fields(entry) {
            if field.as_ref().is_none_or(|value| value.value.trim().is_empty()) {
                out.push(
                    rule.finding(format!("the entry has no `{name}`"), at(entry.anchor_span(), "this entry")),
                );
            }
        }
        for key in &entry.non_string_keys {
            let message =
                format!("the value of `{}` is not a string", crate::text::to_single_line(&key.value, 60));
            out.push(rule.finding(message, at(key.span, "not a string")));
        }
        if let Some((id, Err(why))) = entry.wp_id.as_ref().map(|id| (id, WpId::parse(&id.value))) {
            // Entries of the log are never removed, so this is only a warning.
            let message = format!("invalid `wpId` `{}`: {why}", crate::text::to_single_line(&id.value, 80));
            let finding = rule.finding(message, at(entry.anchor_span(), "not a work packet id"));
            out.push(finding.with_level(Level::Warning));
        }
        if let Some(kind) = entry.kind.as_ref().filter(|kind| !ENTRY_KINDS.contains(&kind.value.as_str())) {
            let message = format!(
                "invalid type `{}`; expected REFINEMENT, SIGNATURE or PREPARE",
                crate::text::to_single_line(&kind.value, 60)
            );
            out.push(rule.finding(message, at(kind.span, "unknown type")));
        }
        if let Some(stamp) =
            entry.timestamp.as_ref().filter(|stamp| stamp.value.parse::<jiff::Timestamp>().is_err())
        {
            let message = format!(
                "invalid time `{}`; expected RFC 3339, such as 2026-02-14T09:05:00Z",
                crate::text::to_single_line(&stamp.value, 60)
            );
            out.push(rule.finding(message, at(stamp.span, "not an RFC 3339 time")));
        }
        if let Some(stamp) = entry.timestamp.as_ref().filter(|stamp| input.is_future(&stamp.value)) {
            let message = format!(
                "the time of the entry is in the future: {}",
                crate::text::to_single_line(&stamp.value, 60)
            );
            out.push(rule.finding(message, at(stamp.span, "in the future")));
        }
        if let Some((text, Err(fault))) =
            entry.signature.as_ref().map(|text| (text, Signature::parse(&text.value)))
        {
            let message = format!("invalid signature `{}`", crate::text::to_single_line(&text.value, 40));
            out.push(rule.finding(message, at(text.span, &fault.to_string())));
        }
    }
    out.into()
}

/// The known types of entries.
const ENTRY_KINDS: [&str; 3] = ["REFINEMENT", "SIGNATURE", "PREPARE"];

/// Returns the names and values of the fields that the entry's type requires.
fn required_fields(entry: &GateEntry) -> Vec<(&'static str, &Option<Spanned<String>>)> {
    let mut out = vec![("wpId", &entry.wp_id), ("type", &entry.kind), ("timestamp", &entry.timestamp)];
    match entry.kind.as_ref().map(|kind| kind.value.as_str()) {
        Some("SIGNATURE") => out.push(("signature", &entry.signature)),
        Some("PREPARE") => {
            out.extend([
                ("coder_id", &entry.coder_id),
                ("branch", &entry.branch),
                ("worktree_dir", &entry.worktree_dir),
            ]);
        }
        _ => {}
    }
    out
}

/// `gate-log/order`: every SIGNATURE entry follows a REFINEMENT entry of the same
/// packet, and every PREPARE entry follows a SIGNATURE entry.
pub(super) fn order(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let log = match log_of(input) {
        Ok(log) => log,
        Err(skipped) => return skipped,
    };
    let stamp = |entry: &GateEntry| text_or_empty(entry.timestamp.as_ref()).parse::<Timestamp>().ok();
    // For each packet and type: the first entry and the earliest time.
    let mut known: BTreeMap<(&str, &str), (&GateEntry, Option<Timestamp>)> = BTreeMap::new();
    for entry in &log.entries {
        let time = stamp(entry);
        let group = known
            .entry((text_or_empty(entry.wp_id.as_ref()), text_or_empty(entry.kind.as_ref())))
            .or_insert((entry, None));
        group.1 = match (group.1, time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let mut out: Vec<Finding> = Vec::new();
    for entry in &log.entries {
        let before = match text_or_empty(entry.kind.as_ref()) {
            "SIGNATURE" => "REFINEMENT",
            "PREPARE" => "SIGNATURE",
            _ => continue,
        };
        let id = text_or_empty(entry.wp_id.as_ref());
        let here = Label::text(
            &log.source,
            entry.anchor_span(),
            format!("this {} entry", text_or_empty(entry.kind.as_ref())),
        );
        let shown = crate::text::to_single_line(id, 80);
        let Some((first, earliest)) = known.get(&(id, before)) else {
            let message = format!(
                "`{shown}` has a {} entry, but no {before} entry",
                text_or_empty(entry.kind.as_ref())
            );
            out.push(rule.finding(message, here));
            continue;
        };
        let Some(time) = stamp(entry) else { continue };
        let is_ordered = earliest.is_some_and(|earliest| earliest <= time);
        if !is_ordered && stamp(first).is_some() {
            let message = format!(
                "the {} entry of `{shown}` is older than its {before} entry",
                text_or_empty(entry.kind.as_ref())
            );
            let there = Label::text(&log.source, first.anchor_span(), format!("the {before} entry"));
            out.push(rule.finding(message, here).related(there));
        }
    }
    out.into()
}
