//! `waiver/…`: a waiver must be complete, in force and committed in time to
//! suppress findings.

mod record;

pub(super) use record::{open_words, record};

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, Policy, WaiverOrigin, WaiverSource};
use crate::check::evidence::normalize;
pub(crate) use crate::document::waiver::MAX_WAIVERS;
use crate::document::waiver::{Expiry, Waiver};
use crate::finding::Subject;
use crate::rule::Rule;
use crate::text::RepoPath;

/// Maximum length of a waiver's scope that is compared with commands, in bytes.
const MAX_SCOPE_BYTES: usize = 4096;

/// Returns whether the scope of a waiver covers the path or command of a finding.
#[must_use]
pub(crate) fn covers(waiver: &Waiver, subject: &Subject) -> bool {
    match subject {
        Subject::Path(path) => waiver.paths.iter().any(|entry| entry.covers(path)),
        Subject::Command(command) => waiver.scope.as_ref().is_some_and(|scope| {
            if scope.value.len() > MAX_SCOPE_BYTES {
                return false;
            }
            // The scope is the whole command, or contains it in backticks.
            let mut quoted = scope.value.split('`').skip(1).step_by(2);
            normalize(&scope.value) == normalize(command)
                || quoted.any(|part| normalize(part) == normalize(command))
        }),
    }
}

/// Returns whether the scope of a waiver names a path or a planned command.
fn has_subject(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> bool {
    let mut commands = input.packet.packet.test_plan.iter();
    !waiver.paths.is_empty()
        || commands.any(|command| covers(waiver, &Subject::Command(command.text.clone())))
}

/// Returns the reason why a waiver is not in force, as a clause: its date is in the
/// future, or its expiry has passed or is not readable.
fn expiry_reason(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> Option<String> {
    let tomorrow = input.now.date().tomorrow().unwrap_or(input.now.date());
    if let Some(date) = waiver.date.as_ref().filter(|date| date.value > tomorrow) {
        return Some(format!("its date {} is in the future", date.value));
    }
    if let Some(doubt) = &waiver.doubt {
        return Some(doubt.value.clone());
    }
    match &waiver.expiry {
        Expiry::Never => None,
        Expiry::On(date) => (*date < input.now.date()).then(|| format!("it expired on {date}")),
        Expiry::Closure => {
            use crate::document::PacketStatus::{DoneHistorical, Superseded, Validated};
            let closed = input
                .packet
                .packet
                .status
                .as_ref()
                .is_some_and(|s| matches!(s.value, Validated(_) | Superseded | DoneHistorical));
            closed.then(|| "it expired when the packet was closed".to_owned())
        }
        Expiry::Unreadable(text) => {
            let shown = crate::text::to_single_line(text, 60);
            Some(format!("its expiry `{shown}` is not readable; expected YYYY-MM-DD"))
        }
    }
}

/// Returns the reason why a waiver is void, as a clause: it is not committed, it was
/// committed together with code, or it was added later than the configuration allows.
fn void_reason(origin: &WaiverOrigin, policy: &Policy) -> Option<String> {
    let wanted = policy.waivers_from;
    match origin {
        WaiverOrigin::AtContract(_) if wanted == WaiverSource::Base => Some(
            "it was added with the signature, but the configuration requires `waivers: from: base`".into(),
        ),
        WaiverOrigin::AtBase | WaiverOrigin::AtContract(_) => None,
        WaiverOrigin::Entered { introduction, code_paths }
            if code_paths.is_empty() && wanted != WaiverSource::Work =>
        {
            let commit: String = introduction.commit.short();
            Some(format!(
                "it was added in commit {commit}, but the configuration requires that it was signed \
                    with the packet or existed before the work (`waivers: from:`)"
            ))
        }
        WaiverOrigin::Uncommitted => Some("it is not committed".into()),
        WaiverOrigin::Withdrawn { revision } => {
            Some(format!("commit {revision} of the main branch does not have it in these words"))
        }
        WaiverOrigin::Entered { introduction, code_paths } => code_paths.first().map(|path: &RepoPath| {
            let commit: String = introduction.commit.short();
            format!("it was added in commit {commit}, which also changes {path}")
        }),
        WaiverOrigin::Unknown(why) => Some(format!("its origin could not be determined: {why}")),
    }
}

/// Returns the reason why a waiver is void: its approver may not grant it, or its origin.
fn void_reason_of(waiver: &Waiver, origin: &WaiverOrigin, policy: &Policy) -> Option<String> {
    let unknown = waiver.approver.as_ref().filter(|name| !policy.roles.may_grant_waiver(&name.value));
    if let Some(name) = unknown {
        return Some(format!(
            "`{}` may not grant waivers; `roles: waiver:` of the configuration names {}",
            crate::text::to_single_line(&name.value, 40),
            crate::text::to_single_line(&policy.roles.waiver.join(", "), 120)
        ));
    }
    void_reason(origin, policy)
}

/// Returns whether a waiver can suppress findings: it is complete, in force and not
/// void. `index` is its position in the packet, from 0.
#[must_use]
pub(crate) fn is_effective(waiver: &Waiver, index: usize, input: &ChangeCheckContext<'_>) -> bool {
    let is_void = input
        .waiver_origins
        .get(index)
        .is_none_or(|origin| void_reason_of(waiver, origin, input.packet.policy).is_some());
    input.packet.packet.waivers.len() <= MAX_WAIVERS
        && waiver.missing().is_empty()
        && has_subject(waiver, input)
        && expiry_reason(waiver, input).is_none()
        && !is_void
}

/// Returns the part of a span that is on its first line, without whitespace at the
/// ends.
fn first_line_span(input: &ChangeCheckContext<'_>, span: crate::text::Span) -> crate::text::Span {
    let source = &input.packet.packet.source;
    let line = source.line_span(source.line(span.start)).unwrap_or(span);
    crate::text::trim_spanned(source.text(), crate::text::Span::new(span.start, line.end.min(span.end))).span
}

/// `waiver/incomplete`: every waiver has an id, a policy, a date, a justification,
/// an approver, and a scope that names a path or a planned command.
pub(super) fn incomplete(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let all = &input.packet.packet.waivers;
    if let Some(first) = all.first().filter(|_| all.len() > MAX_WAIVERS) {
        let message = format!(
            "the packet has {} waivers, but at most {MAX_WAIVERS} are allowed; none of them counts",
            all.len()
        );
        let finding = rule
            .finding(message, input.packet.label_at(first_line_span(input, first.span), "the first waiver"));
        return Some(finding.with_level(crate::finding::Level::Error)).into();
    }
    for waiver in all {
        let missing = waiver.missing();
        if !missing.is_empty() {
            let message = format!(
                "the waiver `{}` does not count; missing: {}",
                crate::text::to_single_line(waiver.name(), 80),
                missing.join(", ")
            );
            out.push(
                rule.finding(
                    message,
                    input.packet.label_at(first_line_span(input, waiver.span), "this waiver"),
                ),
            );
        } else if !has_subject(waiver, input) {
            let message = format!(
                "the waiver `{}` does not count: its scope names no path and no planned command",
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

/// `waiver/expired`: every waiver is in force: it is not dated in the future, and
/// its expiry is readable and has not passed.
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
                input.packet.label_at(first_line_span(input, waiver.span), "not in force"),
            ));
        }
    }
    out.into()
}

/// `waiver/void`: every waiver was granted by a person with that role, and committed
/// without code, as early as the configuration requires (`waivers: from:`).
pub(super) fn void(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        if let Some(why) = void_reason_of(waiver, origin, input.packet.policy) {
            let message =
                format!("the waiver `{}` is void: {why}", crate::text::to_single_line(waiver.name(), 80));
            out.push(
                rule.finding(message, input.packet.label_at(first_line_span(input, waiver.span), "void")),
            );
        }
    }
    out.into()
}

/// `waiver/late`: every waiver is older than the work; one that was added during the
/// work is reported with its commit and committer.
pub(super) fn late(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (waiver, origin) in input.packet.packet.waivers.iter().zip(input.waiver_origins) {
        let introduction = match origin {
            WaiverOrigin::Entered { introduction, code_paths } if code_paths.is_empty() => introduction,
            WaiverOrigin::AtContract(commit) => commit,
            _ => continue,
        };
        if void_reason(origin, input.packet.policy).is_none() && waiver.missing().is_empty() {
            let commit: String = introduction.commit.short();
            let message = format!(
                "the waiver `{}` was added during the work, in commit {commit} by {}",
                crate::text::to_single_line(waiver.name(), 80),
                crate::text::to_single_line(&introduction.committer, 80)
            );
            let label = input.packet.label_at(first_line_span(input, waiver.span), "added during the work");
            // A waiver that does not count cannot count too late.
            let place = label.place.clone();
            out.push(rule.finding(message, label).because_of(place));
        }
    }
    out.into()
}

/// Returns the place at which the rules of this family report a waiver.
pub(crate) fn place_of(waiver: &Waiver, input: &ChangeCheckContext<'_>) -> crate::finding::Place {
    input.packet.label_at(first_line_span(input, waiver.span), "").place
}
