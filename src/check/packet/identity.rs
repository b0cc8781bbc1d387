//! `packet/…`: the packet's id, status and verdict.

use crate::check::CheckResult;
use crate::check::approval::trusted::is_closed;
use crate::check::context::{ApprovalCheckContext, ChangeCheckContext, PacketCheckContext};
use crate::check::fix_hints::equals_ignoring_punctuation;
use crate::check::packet::fields::is_unclaimed;
use crate::check::packet::force::{end_of, ended_on, other_active};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::packet::Generation;
use crate::document::{Packet, PacketStatus};
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::Spanned;

/// `packet/unclaimed`: a packet whose change contains code has a coder.
pub(in crate::check) fn unclaimed(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let PacketCheckContext { packet, layout, .. } = &input.packet;
    if packet.generation == Generation::G0 {
        return CheckResult::skipped("packets of generation G0 have no claim fields");
    }
    let Some(file) = input.files.iter().find(|file| !layout.is_governance(&file.change.path)) else {
        return CheckResult::skipped("the change contains no code");
    };
    let coder = packet.metadata_field("CODER_MODEL");
    if coder.is_some_and(|field| field.is_filled() && !is_unclaimed(field.bare_value().value)) {
        return Vec::new().into();
    }
    let (span, label) = match coder {
        Some(field) => (field.label, "not filled"),
        None => (packet.heading_span("METADATA"), "add `CODER_MODEL` here"),
    };
    let message = format!("{} is changed, but no coder has claimed the packet", file.change.path);
    let finding = rule.finding(message, input.packet.label_at(span, label));
    Some(finding.misses("METADATA", Some("CODER_MODEL"))).into()
}

/// `packet/active`: work starts only on a packet that is in force, here and at the trusted
/// revision: it is not superseded or locked, and the registry names no other packet as active.
pub(in crate::check) fn active(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let (states, input) = (&input.trusted.states, &input.packet);
    let mut out = Vec::new();
    if let Some(status) = input.packet.status.as_ref() {
        if status.value == PacketStatus::Superseded {
            out.push(rule.finding("the packet is superseded", input.label_at(status.span, "the status")));
        } else if matches!(status.value, PacketStatus::Unknown(_)) && is_closed(&status.value) {
            let shown = crate::text::to_single_line(&status.value.to_string(), 60);
            let message = format!("the packet is `{shown}`");
            out.push(rule.finding(message, input.label_at(status.span, "the status")));
        }
    }
    if let Some(locked) = input.packet.locked {
        out.push(rule.finding("the packet is locked", input.label_at(locked, "locked here")));
    }
    if let Some(board) = input.board
        && let Some((span, state)) = ended_on(board, input.id.as_str(), Some(input.packet))
    {
        let there = Label::text(&board.source, span, "listed here");
        let here = input.label_at(input.packet.head_span(), "this packet");
        let message = format!("the task board lists the packet as {}", state.to_lowercase());
        out.push(rule.finding(message, here).related(there));
    }
    if let Some(registry) = input.registry
        && let Some((row, active)) = other_active(registry, input.id)
    {
        let message =
            format!("the registry names another packet, `{active}`, as active for `{}`", input.id.base());
        let there = Label::text(&registry.source, row.active.span, "the active packet");
        let here = input.label_at(input.packet.head_span(), "not the active packet");
        out.push(rule.finding(message, here).related(there));
    }
    if out.is_empty()
        && let Some((message, there)) = states.iter().find_map(|state| end_of(input, state))
    {
        let here = input.label_at(input.packet.head_span(), "not in force");
        out.push(rule.finding(message, here).related(there));
    }
    out.into()
}

/// `packet/identity`: the file name, the title, `WP_ID` and `TASK_ID` name the
/// same packet, and `BASE_WP_ID` agrees with them.
pub(in crate::check) fn identity(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let id = input.id.as_str();
    let title = input.packet.title_id.iter().map(|title| ("the title", title.clone()));
    let fields = ["WP_ID", "TASK_ID"]
        .into_iter()
        .filter_map(|key| Some((key, input.packet.metadata_field(key)?.filled_value()?)));
    for (name, value) in title.chain(fields) {
        if value.value != id {
            let finding = rule.finding(
                format!(
                    "{name} is `{}`, but the file is `{id}.md`",
                    crate::text::to_single_line(&value.value, 80)
                ),
                input.label_at(value.span, format!("not `{id}`")),
            );
            // The span of a title contains more than the id; it has no fix.
            let exact = input.packet.source.slice(value.span) == value.value;
            let place = Place::text(&input.packet.source, value.span);
            out.push(if exact {
                finding.with_unsafe_fix(place, id, "write the id of the file name")
            } else {
                finding
            });
        }
    }
    if let Some(base) =
        input.packet.metadata_field("BASE_WP_ID").and_then(crate::document::field::Field::filled_value)
        && base.value != input.id.base()
        && base.value != id
    {
        let message =
            format!("BASE_WP_ID is `{}`, but the base id of `{id}` is `{}`", base.value, input.id.base());
        let place = Place::text(&input.packet.source, base.span);
        let finding = rule.finding(message, input.label_at(base.span, "not the base id"));
        out.push(finding.with_unsafe_fix(place, input.id.base(), "write the base id of the packet"));
    }
    out.into()
}

/// `packet/status`: the packet has a status, and the whole value is one of the
/// known statuses. In the profile `standard`, a packet without a status is open.
pub(in crate::check) fn status(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        None if input.policy.minimal_packets => Vec::new().into(),
        None => {
            let later = input.packet.fields.iter().find(|field| field.key == "STATUS" && field.is_filled());
            let message = if later.is_some() {
                "the packet has no status among its metadata"
            } else {
                "the packet has no status"
            };
            let label = input.label_at(input.packet.heading_span("METADATA"), "add `Status` here");
            let finding = rule.finding(message, label).misses("METADATA", Some("STATUS"));
            let there = later.map(|field| input.label_at(field.value.span, "a status in another place"));
            Some(there.into_iter().fold(finding, Finding::related)).into()
        }
        Some(status) => match &status.value {
            // The schemas of typed contracts leave the status open.
            PacketStatus::Unknown(_) if input.packet.contract.is_some() => Vec::new().into(),
            PacketStatus::Unknown(text) => {
                let shown = crate::text::to_single_line(text, 60);
                let finding = rule.finding(
                    format!(
                        "invalid status `{shown}`; expected one of: {}, Done (Historical), \
                            Validated (PASS), Validated (FAIL), Validated (OUTDATED_ONLY)",
                        PacketStatus::WORDS.join(", ")
                    ),
                    input.label_at(status.span, "unknown status"),
                );
                let exact = input.packet.source.slice(status.span) == text;
                let meant = PacketStatus::WORDS
                    .iter()
                    .find(|word| equals_ignoring_punctuation(word, text))
                    .filter(|_| exact);
                Some(match meant {
                    Some(meant) => finding.with_fix(
                        Place::text(&input.packet.source, status.span),
                        *meant,
                        format!("write `{meant}`"),
                    ),
                    None => finding,
                })
                .into()
            }
            _ => Vec::new().into(),
        },
    }
}

/// `packet/workable`: work starts only on a packet with the status Ready for Dev
/// or In Progress.
pub(in crate::check) fn workable(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        Some(status) if status.value.allows_work() => Vec::new().into(),
        Some(status) if matches!(status.value, PacketStatus::Unknown(_)) => {
            CheckResult::skipped("the status is unknown")
        }
        Some(status) => Some(rule.finding(
            format!(
                "a packet with the status `{}` is not open for work; expected Ready for Dev or In Progress",
                status.value
            ),
            input.label_at(status.span, "not open for work"),
        ))
        .into(),
        None => CheckResult::skipped("the packet has no status"),
    }
}

/// `packet/closed`: if the packet was closed before the judged work began, or is not in
/// force any more at the trusted revision, the change contains only the packet's own
/// governance files.
pub(in crate::check) fn closed(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    // Reports and records may be added to a closed packet at any time.
    let code = input
        .files
        .iter()
        .find(|file| !input.packet.layout.is_packet_record(input.packet.id, &file.change.path));
    let Some(code) = code else { return Vec::new().into() };
    let span =
        input.packet.packet.status.as_ref().map_or_else(|| input.packet.packet.head_span(), |s| s.span);
    let label = || input.packet.label_at(span, "the current status");
    let changed = Label::path(&code.change.path, "changed by the judged work");
    let before = input.packet_at_start.and_then(|packet| packet.status.as_ref());
    if let Some(status) = before.filter(|status| is_closed(&status.value)) {
        let message = format!("the packet was already `{}` before the judged work began", status.value);
        let finding = rule.finding(message, label()).related(changed);
        let is_open_again = input.packet.packet.status.as_ref().is_some_and(|now| !is_closed(&now.value));
        return Some(if is_open_again {
            let help = format!(
                "Is this a revert? Leave `{}` as the main branch has it, and bring `{}` with the reverted \
                 paths in its scope to the main branch first.",
                input.packet.id,
                input.packet.id.next_revision()
            );
            finding.help(help)
        } else {
            finding
        })
        .into();
    }
    let ended = input.trusted_states.iter().find_map(|state| end_of(&input.packet, state));
    let finding = |(message, there)| rule.finding(message, label()).related(there).related(changed);
    ended.map(finding).into()
}

/// Returns a finding for an open packet whose last report is a PASS, and for a packet
/// that is done although its last report is a FAIL.
fn contradicting_report(packet: &Packet, status: &Spanned<PacketStatus>, rule: &Rule) -> Option<Finding> {
    let last = packet.phases.newest_report()?;
    let is_open = status.value.allows_work() || status.value == PacketStatus::Blocked;
    let contradicts = match last.verdict.value.as_str() {
        "PASS" => is_open,
        "FAIL" => matches!(status.value, PacketStatus::Done | PacketStatus::DoneHistorical),
        _ => false,
    };
    if !contradicts {
        return None;
    }
    let message = format!(
        "the status is `{}`, but the last report has the verdict {}",
        status.value, last.verdict.value
    );
    let there = Label::text(&packet.source, last.verdict.span, "the last verdict");
    let here = Label::text(&packet.source, status.span, "the status");
    Some(rule.finding(message, here).with_level(Level::Warning).related(there))
}

/// `packet/verdict`: a packet with the status Validated contains a report, and
/// the last report has the same verdict as the status.
pub(in crate::check) fn verdict(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(status) = &packet.status else { return CheckResult::skipped("the packet has no status") };
    let PacketStatus::Validated(verdict) = &status.value else {
        return contradicting_report(packet, status, rule).into();
    };
    let wanted = verdict.as_deref().map_or_else(|| "PASS".to_owned(), str::to_uppercase);
    let here = |text: &str| Label::text(&packet.source, status.span, text.to_owned());
    match packet.phases.newest_report() {
        None => {
            let message =
                format!("the status is `{}`, but the packet contains no report with a verdict", status.value);
            Some(rule.finding(message, here("the status"))).into()
        }
        Some(last) if !wanted.starts_with(&last.verdict.value) => {
            let message = format!(
                "the status is `{}`, but the last report has the verdict {}",
                status.value, last.verdict.value
            );
            let there = Label::text(&packet.source, last.verdict.span, "the last verdict");
            let finding = rule.finding(message, here("the status")).related(there);
            // A command about this packet takes the last report for the newest one.
            let id = input.document.id();
            let is_judged = id.zip(input.governance).is_some_and(|(id, all)| all.is_judged(id.as_str()));
            let is_known = is_judged || packet.phases.is_order_known();
            Some(if is_known { finding } else { finding.with_level(Level::Warning) }).into()
        }
        Some(_) => Vec::new().into(),
    }
}
