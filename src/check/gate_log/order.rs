//! `gate-log/order`: refinement, signature, preparation follow each other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::gate_log::{GateEntry, text_or_empty};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::log_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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
