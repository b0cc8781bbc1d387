//! `packet/closed`: a packet that was closed before the work accounts for none.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::PacketStatus::{DoneHistorical, Superseded, Validated};
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(before) = input.packet_at_start else { return Vec::new().into() };
    let closed =
        before.status.as_ref().filter(|s| matches!(s.value, Validated(_) | Superseded | DoneHistorical));
    // Reports and records may be added to a closed packet for ever.
    let code = input
        .files
        .iter()
        .find(|file| !input.packet.layout.is_packet_record(input.packet.id, &file.change.path));
    let (Some(status), Some(code)) = (closed, code) else { return Vec::new().into() };
    let now = input.packet.packet.status.as_ref().map_or_else(|| input.packet.packet.head_span(), |s| s.span);
    let message = format!("the packet was `{}` before the judged work began", status.value);
    let finding = rule.finding(message, input.packet.label_at(now, "its status now"));
    Some(finding.related(Label::path(&code.change.path, "changed by the judged work"))).into()
}
