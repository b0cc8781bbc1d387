//! `phase/…`: the phases of a packet are in order, and the skeleton is approved
//! before the implementation.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::PacketStatus;
use crate::document::packet::Generation;
use crate::finding::{Finding, Level};
use crate::rule::Rule;

/// `phase/order`: BOOTSTRAP, SKELETON, IMPLEMENTATION, VALIDATION and
/// `VALIDATION_REPORTS` are in this order, and the skeleton approval is before
/// IMPLEMENTATION.
pub(super) fn order(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let order = rule.parameter("order");
    let rank = |key: &str| order.iter().position(|name| name == key);
    let mut out = Vec::new();
    let mut latest: Option<(usize, &crate::document::packet::PhaseSection)> = None;
    for section in &input.packet.phases.sections {
        let Some(rank) = rank(section.key) else { continue };
        match latest {
            Some((latest_rank, before)) if rank < latest_rank => {
                let message = format!("the section `{}` is after `{}`", section.key, before.key);
                out.push(
                    rule.finding(message, input.label_at(section.heading, "move this section up"))
                        .related(input.label_at(before.heading, "must be after it")),
                );
            }
            _ => latest = Some((rank, section)),
        }
    }
    if let (Some(approved), Some(implementation)) =
        (input.packet.phases.approval_marker, input.packet.phases.section("IMPLEMENTATION"))
        && approved.start > implementation.heading.start
    {
        out.push(
            rule.finding(
                "the skeleton approval is after IMPLEMENTATION",
                input.label_at(approved, "move the approval up"),
            )
            .related(input.label_at(implementation.heading, "must be after it")),
        );
    }
    out.extend(approved_nothing(input, rule));
    out.into()
}

/// Finds an approval of the skeleton in a packet that has no skeleton.
fn approved_nothing(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let approval = input.packet.sections.iter().find(|section| section.key == "SKELETON_APPROVED")?;
    let is_skeleton = |key: &str| {
        let is_heading = key.contains("SKELETON") && !key.contains("APPROV");
        is_heading || key.contains("DESIGN") || key.contains("INTERFACE")
    };
    let mut sections = input.packet.sections.iter();
    let has_skeleton = sections.any(|section| is_skeleton(&section.key))
        || input.packet.fields.iter().any(|field| is_skeleton(&field.key))
        || input.packet.phases.section("SKELETON").is_some();
    let message = "the skeleton is approved, but the packet has no skeleton";
    let finding = rule.finding(message, input.label_at(approval.title.span, "nothing to approve"));
    (!has_skeleton).then(|| finding.with_level(Level::Note))
}

/// `phase/bootstrap`: a packet in progress has a BOOTSTRAP section.
pub(super) fn bootstrap(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(status) = input.packet.status.as_ref().filter(|status| status.value == PacketStatus::InProgress)
    else {
        return CheckResult::skipped("the packet is not In Progress");
    };
    let has_section = input.packet.phases.section("BOOTSTRAP").is_some();
    (!has_section)
        .then(|| {
            rule.finding(
                "the packet is In Progress, but has no BOOTSTRAP section",
                input.label_at(status.span, "the status"),
            )
            .misses("BOOTSTRAP", None)
        })
        .into()
}

/// `phase/self-approval`: the commit that approves the skeleton is not by a committer of
/// the judged code.
pub(super) fn self_approval(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(approval) = input.skeleton_approval.filter(|_| input.packet.phases.approval_marker.is_none())
    else {
        return CheckResult::skipped("no commit approves the skeleton");
    };
    if !approval.is_by_coder || input.policy.separation_of_duties {
        return Vec::new().into();
    }
    let span =
        input.packet.phases.section("SKELETON").map_or_else(|| input.packet.head_span(), |s| s.heading);
    let message = format!(
        "commit {} approves the skeleton, but its committer {} also committed judged code",
        approval.commit,
        crate::text::to_single_line(&approval.committer, 80)
    );
    Some(rule.finding(message, input.label_at(span, "the approved skeleton"))).into()
}

/// `phase/approval`: if the packet contains evidence of implementation, it also
/// contains the approval marker `SKELETON APPROVED`.
pub(super) fn approval(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let phases = &input.packet.phases;
    if input.packet.generation == Generation::G0
        && phases.section("SKELETON").is_none()
        && phases.section("IMPLEMENTATION").is_none()
    {
        return CheckResult::skipped("packets of generation G0 have no skeleton");
    }
    // A packet that was set aside, such as OUTDATED_ONLY, reports no implementation.
    let decided = |verdict: &str| !rule.parameter("set-aside").iter().any(|known| known == verdict);
    let mut reports = phases.reports.iter().chain(&phases.fenced_reports);
    let is_set_aside =
        reports.clone().next().is_some() && !reports.clone().any(|r| decided(&r.verdict.value));
    let evidence = [
        phases.implementation.map(|span| (span, "description of the implementation")),
        phases.manifest.map(|span| (span, "a filled manifest")),
        reports
            .find(|report| decided(&report.verdict.value))
            .map(|report| (report.verdict.span, "the verdict of a report")),
        phases.report_text.filter(|_| !is_set_aside).map(|span| (span, "a report")),
    ];
    let Some((span, what)) = evidence.into_iter().flatten().next() else { return Vec::new().into() };
    let by_commit = input
        .skeleton_approval
        .filter(|approval| !(approval.is_by_coder && input.policy.separation_of_duties));
    if phases.approval_marker.is_some() || by_commit.is_some() {
        return Vec::new().into();
    }
    let mut finding = rule.finding(
        "the packet contains evidence of implementation, but not the marker `SKELETON APPROVED`",
        input.label_at(span, what),
    );
    finding = finding.misses("SKELETON", None);
    if let Some(section) = phases.section("SKELETON") {
        finding =
            finding.related(input.label_at(
                section.heading,
                "write the approval `SKELETON APPROVED` at the end of this section",
            ));
    }
    for near in phases.near_markers.iter().take(3) {
        finding = finding.related(input.label_at(*near, "not valid as the marker"));
    }
    Some(finding).into()
}
