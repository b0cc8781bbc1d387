//! `gate-log/…`: the orchestrator's log is complete and in order.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::gate_log::{GateEntry, GateLog, text_or_empty};
use crate::document::{DocumentBody, Signature, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::Spanned;
use jiff::Timestamp;

/// The gate log that a document is.
fn log_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a GateLog, CheckResult> {
    match &input.document.body {
        DocumentBody::GateLog(log) => Ok(log),
        _ => Err(CheckResult::skipped("not a gate log")),
    }
}

/// `gate-log/entry`: entries have their fields, with what these hold.
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
        for odd in &entry.non_string_keys {
            let message = format!("`{}` is no string", crate::text::to_single_line(&odd.value, 60));
            out.push(rule.finding(message, at(odd.span, "its value")));
        }
        if let Some(Err(why)) = entry.wp_id.as_ref().map(|id| WpId::parse(&id.value)) {
            // A log only grows: what stands there cannot be taken back.
            let finding =
                rule.finding(format!("`wpId` is no work packet id: {why}"), at(entry.anchor_span(), "no id"));
            out.push(finding.with_level(Level::Warning));
        }
        if let Some(kind) = entry.kind.as_ref().filter(|kind| !ENTRY_KINDS.contains(&kind.value.as_str())) {
            let message = format!("`{}` is no type of entry", crate::text::to_single_line(&kind.value, 60));
            out.push(rule.finding(message, at(kind.span, "REFINEMENT, SIGNATURE or PREPARE")));
        }
        if let Some(stamp) =
            entry.timestamp.as_ref().filter(|stamp| stamp.value.parse::<jiff::Timestamp>().is_err())
        {
            let message = format!("`{}` is no time", crate::text::to_single_line(&stamp.value, 60));
            out.push(rule.finding(message, at(stamp.span, "RFC 3339, such as 2026-02-14T09:05:00Z")));
        }
        if let Some(stamp) = entry.timestamp.as_ref().filter(|stamp| input.is_future(&stamp.value)) {
            out.push(rule.finding("this entry lies in the future", at(stamp.span, "not yet")));
        }
        if let Some((text, Err(fault))) =
            entry.signature.as_ref().map(|text| (text, Signature::parse(&text.value)))
        {
            let message = format!("`{}` is no signature", crate::text::to_single_line(&text.value, 40));
            out.push(rule.finding(message, at(text.span, &fault.to_string())));
        }
    }
    out.into()
}

const ENTRY_KINDS: [&str; 3] = ["REFINEMENT", "SIGNATURE", "PREPARE"];

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

/// `gate-log/order`: refinement, signature, preparation follow each other.
pub(super) fn order(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let log = match log_of(input) {
        Ok(log) => log,
        Err(skipped) => return skipped,
    };
    let stamp = |entry: &GateEntry| text_or_empty(&entry.timestamp).parse::<Timestamp>().ok();
    // By packet and kind: the first entry, and the earliest time.
    let mut known: BTreeMap<(&str, &str), (&GateEntry, Option<Timestamp>)> = BTreeMap::new();
    for entry in &log.entries {
        let own = stamp(entry);
        let group =
            known.entry((text_or_empty(&entry.wp_id), text_or_empty(&entry.kind))).or_insert((entry, None));
        group.1 = match (group.1, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let mut out: Vec<Finding> = Vec::new();
    for entry in &log.entries {
        let before = match text_or_empty(&entry.kind) {
            "SIGNATURE" => "REFINEMENT",
            "PREPARE" => "SIGNATURE",
            _ => continue,
        };
        let id = text_or_empty(&entry.wp_id);
        let here = Label::text(
            &log.source,
            entry.anchor_span(),
            format!("this {} entry", text_or_empty(&entry.kind)),
        );
        let shown = crate::text::to_single_line(id, 80);
        let Some((first, earliest)) = known.get(&(id, before)) else {
            let message =
                format!("`{shown}` has a {} entry without a {before} entry", text_or_empty(&entry.kind));
            out.push(rule.finding(message, here));
            continue;
        };
        let Some(own) = stamp(entry) else { continue };
        let in_time = earliest.is_some_and(|earliest| earliest <= own);
        if !in_time && stamp(first).is_some() {
            let message = format!(
                "the {} entry of `{shown}` is older than its {before} entry",
                text_or_empty(&entry.kind)
            );
            let there = Label::text(&log.source, first.anchor_span(), format!("the {before} entry"));
            out.push(rule.finding(message, here).related(there));
        }
    }
    out.into()
}
