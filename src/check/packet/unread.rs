//! `packet/unread-item`: items of deciding sections that were not read.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::finding::Level;
use crate::rule::Rule;

/// `packet/unread-item`: every item of a section that decides a verdict is read.
/// A placeholder of the template is an error, because the packet is not finished. So are
/// several items in one line, because only the first one counts.
pub(in crate::check) fn unread_item(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let faults = input.faults.iter().filter(|fault| fault.rule == rule.id.as_str());
    let findings = faults.map(|fault| {
        let deciding = ["placeholder of the template", "join several items"];
        let is_deciding = deciding.iter().any(|end| fault.message.ends_with(end));
        let level = if is_deciding { Level::Error } else { Level::Warning };
        rule.finding(fault.message.clone(), input.label_at(fault.span, "not read")).with_level(level)
    });
    findings.take(MAX_UNREAD_ITEMS).collect::<Vec<_>>().into()
}

/// Maximum number of reported items of one packet.
const MAX_UNREAD_ITEMS: usize = 50;
