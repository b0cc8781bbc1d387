//! `phase/approval`: no evidence of implementation before the skeleton is
//! approved.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::packet::Generation;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let phases = &input.packet.phases;
    if input.packet.generation == Generation::G0
        && phases.section("SKELETON").is_none()
        && phases.section("IMPLEMENTATION").is_none()
    {
        return CheckResult::skipped("packets of generation G0 have no skeleton");
    }
    let evidence = [
        phases.implementation.map(|span| (span, "implementation is described here")),
        phases.manifest.map(|span| (span, "a manifest is filled here")),
        phases.reports.first().map(|report| (report.verdict.span, "a verdict is reported here")),
        phases.report_text.map(|span| (span, "a report stands here")),
    ];
    let Some((span, what)) = evidence.into_iter().flatten().next() else { return Vec::new().into() };
    if phases.approval_marker.is_some() {
        return Vec::new().into();
    }
    let mut finding = rule.finding(
        "there is evidence of implementation, but the skeleton is not approved",
        input.label_at(span, what),
    );
    if let Some(mark) = phases.section("SKELETON") {
        finding = finding.related(
            input.label_at(mark.heading, "the line `SKELETON APPROVED` belongs at the end of this section"),
        );
    }
    for near in phases.near_markers.iter().take(3) {
        finding = finding.related(input.label_at(*near, "this does not count as the marker"));
    }
    Some(finding).into()
}
