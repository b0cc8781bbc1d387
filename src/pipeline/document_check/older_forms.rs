//! Documents in an older form than that of the templates, and documents of other projects.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::Packet;
use crate::document::outline::BlockKind;
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::{Source, Span};

/// Returns whether a document in the folder of packets has no part of a task packet.
pub(super) fn is_foreign(packet: &Packet) -> bool {
    let has_work = packet.scope.declared.is_some()
        || packet.signature.is_some()
        || packet.merge_base.is_some()
        || !packet.phases.reports.is_empty();
    let headings = ["TEST_PLAN", "DONE_MEANS", "SCOPE", "VALIDATION", "QUALITY_GATE"];
    !has_work && headings.iter().all(|key| packet.section(key).is_none())
}

/// Returns whether a document outside of the layout has none of the parts by which people know
/// a task packet: another project can call its plans work packets, too.
pub(super) fn is_of_another_form(packet: &Packet) -> bool {
    let fields = ["TASK_ID", "WP_ID", "RISK_TIER", "MERGE_BASE_SHA", "USER_SIGNATURE", "IN_SCOPE_PATHS"];
    let has_field = packet.fields.iter().any(|field| fields.contains(&field.key.as_str()));
    let has_section = ["TEST_PLAN", "DONE_MEANS"].iter().any(|key| packet.section(key).is_some());
    let has_work = packet.contract.is_some()
        || packet.scope.declared.is_some()
        || packet.signature.is_some()
        || !packet.manifests.is_empty()
        || !packet.waivers.is_empty()
        || !packet.phases.reports.is_empty();
    !(has_field || has_section || has_work)
}

/// What is said of a document that has another form.
pub(super) const OTHER_FORM: &str =
    "the document has no part of a task packet: no IN_SCOPE_PATHS, TEST_PLAN, DONE_MEANS or signature";

/// Reports a document of another form once: every other rule about packets would report
/// that something is missing.
pub(super) fn check_foreign(input: &PacketCheckContext<'_>, rule: &Rule, level: Level) -> CheckResult {
    if rule.id.as_str() != "packet/section" {
        return CheckResult::skipped("the document has no part of a task packet");
    }
    let label = input.label_at(input.packet.head_span(), "this document");
    let finding = rule.finding(OTHER_FORM, label).with_level(level);
    let is_archived = input.layout.is_archived(input.packet.source.name());
    let finding = if is_archived { finding.with_level(Level::Note) } else { finding };
    Some(if level == Level::Error {
        finding.help("Move it, or name the folder of packets with the key `layout`.")
    } else {
        finding.note("It is another kind of plan. The rules about packets were not applied to it.")
    })
    .into()
}

/// Returns whether the line of a marker in a finished packet is the marker itself: alone, in a
/// list or under a report, or with a signature or a day behind it, such as
/// `SKELETON APPROVED [mira010220261200]`.
pub(super) fn is_older_marker(source: &Source, marker: Span) -> bool {
    let line = source.line_span(source.line(marker.start)).map_or("", |line| source.slice(line));
    let line = line.trim().trim_start_matches(['-', '*', '#', ' ']).trim_end_matches('*');
    let Some(rest) = line.strip_prefix("SKELETON APPROVED") else { return false };
    let token = rest.trim().trim_matches(['[', ']', '`', '*']);
    let digits = token.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_signature =
        token.len() > digits.len() && digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = rest.split_whitespace().rev();
    let is_day = words.next().is_some_and(|word| word.parse::<jiff::civil::Date>().is_ok());
    token.is_empty() || is_signature || (is_day && words.count() <= 2)
}

/// Removes the note that a finished packet has no field `WHAT`, if the scope is written as prose.
pub(super) fn without_prose_scope(result: CheckResult, packet: &Packet, is_noted: bool) -> CheckResult {
    let CheckResult::Findings(mut findings) = result else { return result };
    let has_prose = || {
        let scope = packet.section("SCOPE");
        let mut blocks = scope.into_iter().flat_map(|section| section.blocks.clone());
        let is_prose = |index: usize| {
            let block = packet.outline.get(index);
            block.is_some_and(|block| block.kind == BlockKind::Prose && block.parent.is_none())
        };
        blocks.any(is_prose)
    };
    let is_what = |finding: &Finding| finding.message.ends_with(" requires the field `WHAT`");
    findings.retain(|finding| !(is_noted && finding.level == Level::Note && is_what(finding) && has_prose()));
    CheckResult::Findings(findings)
}
