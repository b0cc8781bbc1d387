//! `gate-log/order`: refinement, signature, preparation follow each other.

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
    let stamp = |entry: &GateEntry| value(&entry.timestamp).parse::<jiff::Timestamp>().ok();
    let mut out: Vec<Finding> = Vec::new();
    for entry in &log.entries {
        let before = match value(&entry.kind) {
            "SIGNATURE" => "REFINEMENT",
            "PREPARE" => "SIGNATURE",
            _ => continue,
        };
        let id = value(&entry.wp_id);
        let here = Label::text(&log.source, entry.place(), format!("this {} entry", value(&entry.kind)));
        let earlier: Vec<&GateEntry> = log
            .entries
            .iter()
            .filter(|other| value(&other.wp_id) == id && value(&other.kind) == before)
            .collect();
        let shown = crate::text::one_line(id, 80);
        let Some(first) = earlier.first() else {
            let message = format!("`{shown}` has a {} entry without a {before} entry", value(&entry.kind));
            out.push(rule.finding(message, here));
            continue;
        };
        let Some(own) = stamp(entry) else { continue };
        let in_time = earlier.iter().filter_map(|other| stamp(other)).any(|other| other <= own);
        if !in_time && stamp(first).is_some() {
            let message =
                format!("the {} entry of `{shown}` is older than its {before} entry", value(&entry.kind));
            let there = Label::text(&log.source, first.place(), format!("the {before} entry"));
            out.push(rule.finding(message, here).related(there));
        }
    }
    out.into()
}
