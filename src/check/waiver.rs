//! `waiver/…`: what a waiver must have before it excuses anything.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, Policy, WaiverOrigin, WaiverSource};
use crate::check::evidence::normalize;
use crate::document::waiver::{Expiry, Waiver};
use crate::finding::Subject;
use crate::rule::Rule;
use crate::text::RepoPath;

/// Whether a waiver is past its day, or packet, or never readable.
fn expiry_reason(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> Option<String> {
    let tomorrow = input.now.date().tomorrow().unwrap_or(input.now.date());
    if let Some(date) = waiver.date.as_ref().filter(|date| date.value > tomorrow) {
        return Some(format!("it is dated {}, in the future", date.value));
    }
    match &waiver.expiry {
        Expiry::Never => None,
        Expiry::On(date) => (*date < input.now.date()).then(|| format!("it ended on {date}")),
        Expiry::Closure => {
            use crate::document::PacketStatus::{DoneHistorical, Superseded, Validated};
            let closed = input
                .packet
                .packet
                .status
                .as_ref()
                .is_some_and(|s| matches!(s.value, Validated(_) | Superseded | DoneHistorical));
            closed.then(|| "it ended when the packet was closed".to_owned())
        }
        Expiry::Unreadable(text) => {
            Some(format!("its expiry `{}` is no date", crate::text::to_single_line(text, 60)))
        }
    }
}

/// Why a waiver came in too late to count, if it did: uncommitted, or in a
/// commit that also changed code.
fn void_reason(origin: &WaiverOrigin, policy: &Policy) -> Option<String> {
    let wanted = policy.waivers_from;
    match origin {
        WaiverOrigin::AtContract(_) if wanted == WaiverSource::Base => {
            Some("the configuration counts only waivers that were there before the work".into())
        }
        WaiverOrigin::AtBase | WaiverOrigin::AtContract(_) => None,
        WaiverOrigin::Entered { introduction, code_paths: foreign }
            if foreign.is_empty() && wanted != WaiverSource::Work =>
        {
            let commit: String = introduction.commit.short();
            Some(format!(
                "it entered in commit {commit}, and the configuration counts only waivers that were signed with the packet or before"
            ))
        }
        WaiverOrigin::Uncommitted => {
            Some("it is not committed, so it came with the code that it excuses".into())
        }
        WaiverOrigin::Entered { introduction, code_paths: foreign } => {
            foreign.first().map(|path: &RepoPath| {
                let commit: String = introduction.commit.short();
                format!("it entered in commit {commit}, which also changes {path}")
            })
        }
        WaiverOrigin::Unknown(why) => Some(format!("where it came from could not be found out: {why}")),
    }
}

/// Whether a waiver covers what a finding is about.
#[must_use]
pub fn covers(waiver: &Waiver, subject: &Subject) -> bool {
    match subject {
        Subject::Path(path) => waiver.paths.iter().any(|entry| entry.covers(path)),
        Subject::Command(command) => waiver.scope.as_ref().is_some_and(|scope| {
            // The command stands in back-ticks, whole, or is all of the scope.
            let mut quoted = scope.value.split('`').skip(1).step_by(2);
            normalize(&scope.value) == normalize(command)
                || quoted.any(|part| normalize(part) == normalize(command))
        }),
    }
}

/// Whether a waiver's scope names a path or a planned command.
fn has_subject(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> bool {
    let mut commands = input.packet.packet.test_plan.iter();
    !waiver.paths.is_empty()
        || commands.any(|command| covers(waiver, &Subject::Command(command.text.clone())))
}

/// The most waivers of one packet: a packet with more has no rules left, and
/// each is compared with each finding.
pub const MAX_WAIVERS: usize = 200;

/// Whether a waiver may excuse findings: complete, in force, not void.
#[must_use]
pub fn is_effective(waiver: &Waiver, index: usize, input: &ChangeCheckContext<'_>) -> bool {
    let void = input
        .waiver_origins
        .get(index)
        .is_none_or(|origin| void_reason(origin, input.packet.policy).is_some());
    input.packet.packet.waivers.len() <= MAX_WAIVERS
        && waiver.missing().is_empty()
        && has_subject(waiver, input)
        && expiry_reason(waiver, input).is_none()
        && !void
}

/// `waiver/expired`: a waiver is in force.
pub(super) fn expired(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for waiver in input.packet.packet.waivers.iter().filter(|waiver| waiver.missing().is_empty()) {
        if let Some(why) = expiry_reason(waiver, input) {
            let message = format!(
                "the waiver `{}` does not count: {why}",
                crate::text::to_single_line(waiver.name(), 80)
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(first_line_span(input, waiver.span), "no longer in force"),
            ));
        }
    }
    out.into()
}

/// `waiver/incomplete`: a waiver names all that a waiver must.
pub(super) fn incomplete(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let all = &input.packet.packet.waivers;
    if let Some(first) = all.first().filter(|_| all.len() > MAX_WAIVERS) {
        let message = format!("{} waivers are too many: none of them counts", all.len());
        let finding = rule
            .finding(message, input.packet.label_at(first_line_span(input, first.span), "the first of them"));
        return Some(finding.with_level(crate::finding::Level::Error)).into();
    }
    for waiver in all {
        let missing = waiver.missing();
        if !missing.is_empty() {
            let message = format!(
                "the waiver `{}` does not count: it has no {}",
                crate::text::to_single_line(waiver.name(), 80),
                missing.join(", no ")
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.label_at(first_line_span(input, waiver.span), "this waiver"),
                ),
            );
        } else if !has_subject(waiver, input) {
            let message = format!(
                "the scope of the waiver `{}` names no path and no planned command",
                crate::text::to_single_line(waiver.name(), 80)
            );
            let span = waiver.scope.as_ref().map_or(waiver.span, |scope| scope.span);
            out.push(
                rule.finding(message, input.packet.label_at(first_line_span(input, span), "covers nothing")),
            );
        }
    }
    out.into()
}

pub(super) fn first_line_span(input: &ChangeCheckContext<'_>, span: crate::text::Span) -> crate::text::Span {
    let source = &input.packet.packet.source;
    let line = source.line_span(source.line(span.start)).unwrap_or(span);
    crate::text::trim_spanned(source.text(), crate::text::Span::new(span.start, line.end.min(span.end))).span
}

/// `waiver/late`: a waiver that entered inside the judged range is named.
pub(super) fn late(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        let introduction = match origin {
            WaiverOrigin::Entered { introduction, code_paths: foreign } if foreign.is_empty() => introduction,
            WaiverOrigin::AtContract(commit) => commit,
            _ => continue,
        };
        if void_reason(origin, input.packet.policy).is_none() && waiver.missing().is_empty() {
            let commit: String = introduction.commit.short();
            let message = format!(
                "the waiver `{}` entered during the work, in commit {commit} by {}",
                crate::text::to_single_line(waiver.name(), 80),
                crate::text::to_single_line(&introduction.committer, 80)
            );
            out.push(rule.finding(
                message,
                input.packet.label_at(first_line_span(input, waiver.span), "not there when the work began"),
            ));
        }
    }
    out.into()
}

/// `waiver/void`: a waiver does not come with the code that it excuses.
pub(super) fn void(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        if let Some(why) = void_reason(origin, input.packet.policy) {
            let message =
                format!("the waiver `{}` is void: {why}", crate::text::to_single_line(waiver.name(), 80));
            out.push(
                rule.finding(message, input.packet.label_at(first_line_span(input, waiver.span), "void")),
            );
        }
    }
    out.into()
}
