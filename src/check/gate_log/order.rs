//! `gate-log/order`: refinement, signature, preparation follow each other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::log;
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::gate_log::{GateEntry, value};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let log = match log(input) {
        Ok(log) => log,
        Err(skipped) => return skipped,
    };
    let stamp = |entry: &GateEntry| value(&entry.timestamp).parse::<Timestamp>().ok();
    // By packet and kind: the first entry, and the earliest time.
    let mut known: BTreeMap<(&str, &str), (&GateEntry, Option<Timestamp>)> = BTreeMap::new();
    for entry in &log.entries {
        let own = stamp(entry);
        let group = known.entry((value(&entry.wp_id), value(&entry.kind))).or_insert((entry, None));
        group.1 = match (group.1, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let mut out: Vec<Finding> = Vec::new();
    for entry in &log.entries {
        let before = match value(&entry.kind) {
            "SIGNATURE" => "REFINEMENT",
            "PREPARE" => "SIGNATURE",
            _ => continue,
        };
        let id = value(&entry.wp_id);
        let here = Label::text(&log.source, entry.place(), format!("this {} entry", value(&entry.kind)));
        let shown = crate::text::one_line(id, 80);
        let Some((first, earliest)) = known.get(&(id, before)) else {
            let message = format!("`{shown}` has a {} entry without a {before} entry", value(&entry.kind));
            out.push(rule.finding(message, here));
            continue;
        };
        let Some(own) = stamp(entry) else { continue };
        let in_time = earliest.is_some_and(|earliest| earliest <= own);
        if !in_time && stamp(first).is_some() {
            let message =
                format!("the {} entry of `{shown}` is older than its {before} entry", value(&entry.kind));
            let there = Label::text(&log.source, first.place(), format!("the {before} entry"));
            out.push(rule.finding(message, here).related(there));
        }
    }
    out.into()
}
