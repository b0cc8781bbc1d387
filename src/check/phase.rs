//! `phase/…`: bootstrap, skeleton, approval, implementation, in that order.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::PacketStatus;
use crate::document::packet::Generation;
use crate::rule::Rule;

/// `phase/approval`: no evidence of implementation before the skeleton is
/// approved.
pub(super) fn approval(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `phase/bootstrap`: work in progress was bootstrapped.
pub(super) fn bootstrap(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(status) = input.packet.status.as_ref().filter(|status| status.value == PacketStatus::InProgress)
    else {
        return CheckResult::skipped("the packet is not In Progress");
    };
    let there = input.packet.phases.section("BOOTSTRAP").is_some();
    (!there)
        .then(|| {
            rule.finding(
                "the packet is In Progress without a BOOTSTRAP section",
                input.label_at(status.span, "in progress"),
            )
        })
        .into()
}

/// `phase/order`: the phases stand in their order.
pub(super) fn order(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let order = rule.parameter("order");
    let rank = |key: &str| order.iter().position(|name| name == key);
    let mut out = Vec::new();
    let mut latest: Option<(usize, &crate::document::packet::PhaseSection)> = None;
    for mark in &input.packet.phases.sections {
        let Some(rank) = rank(mark.key) else { continue };
        match latest {
            Some((above, before)) if rank < above => {
                let message = format!("`{}` stands after `{}`", mark.key, before.key);
                out.push(
                    rule.finding(message, input.label_at(mark.heading, "too late"))
                        .related(input.label_at(before.heading, "must come after it")),
                );
            }
            _ => latest = Some((rank, mark)),
        }
    }
    if let (Some(approved), Some(implementation)) =
        (input.packet.phases.approval_marker, input.packet.phases.section("IMPLEMENTATION"))
        && approved.start > implementation.heading.start
    {
        out.push(
            rule.finding("the approval stands after IMPLEMENTATION", input.label_at(approved, "too late"))
                .related(input.label_at(implementation.heading, "must come after it")),
        );
    }
    out.into()
}
