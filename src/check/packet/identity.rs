//! `packet/…`: the packet's id, standing and status.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, PacketCheckContext};
use crate::check::fix_hints::equals_ignoring_punctuation;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::PacketStatus::{DoneHistorical, Superseded, Validated};
use crate::document::{PacketStatus, WpId};
use crate::finding::{Label, Place};
use crate::rule::Rule;

/// `packet/active`: work starts only on the packet that is in force.
pub(in crate::check) fn active(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    if let Some(status) = input.packet.status.as_ref().filter(|s| s.value == PacketStatus::Superseded) {
        out.push(rule.finding("this packet is superseded", input.label_at(status.span, "says so here")));
    }
    if let Some(locked) = input.packet.locked {
        out.push(rule.finding("this packet is locked", input.label_at(locked, "says so here")));
    }
    for entry in input.board.iter().flat_map(|board| board.entries_of(input.id.as_str())) {
        if let Some(board) = input.board.filter(|_| entry.state == "SUPERSEDED") {
            let there = Label::text(&board.source, entry.span, "superseded here");
            let here = input.label_at(input.packet.head_span(), "this packet");
            out.push(rule.finding("the task board lists this packet as superseded", here).related(there));
        }
    }
    let Some(registry) = input.registry else { return out.into() };
    for row in registry.rows_of(input.id.base()) {
        let active = row.active.value.rsplit('/').next().unwrap_or("").trim_end_matches(".md");
        if active != input.id.as_str() && WpId::parse(active).is_ok() {
            let message =
                format!("the registry names `{active}` as the active packet of `{}`", input.id.base());
            let there = Label::text(&registry.source, row.active.span, "the active packet");
            out.push(
                rule.finding(message, input.label_at(input.packet.head_span(), "not the active one"))
                    .related(there),
            );
        }
    }
    out.into()
}

/// `packet/identity`: file name, title and `WP_ID` name one packet.
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
                    "{name} says `{}`, the file is `{id}.md`",
                    crate::text::to_single_line(&value.value, 80)
                ),
                input.label_at(value.span, format!("not `{id}`")),
            );
            // The title's span holds more than the id.
            let exact = input.packet.source.slice(value.span) == value.value;
            let place = Place::text(&input.packet.source, value.span);
            out.push(if exact {
                finding.with_unsafe_fix(place, id, "name the packet by its file")
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
            format!("BASE_WP_ID says `{}`, the base of `{id}` is `{}`", base.value, input.id.base());
        let place = Place::text(&input.packet.source, base.span);
        let finding = rule.finding(message, input.label_at(base.span, "another base id"));
        out.push(finding.with_unsafe_fix(place, input.id.base(), "write the base of the packet's id"));
    }
    out.into()
}

/// `packet/workable`: the status lets work start.
pub(in crate::check) fn workable(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        Some(status) if status.value.allows_work() => Vec::new().into(),
        Some(status) if matches!(status.value, PacketStatus::Unknown(_)) => {
            CheckResult::skipped("the status is not a known one")
        }
        Some(status) => Some(rule.finding(
            format!("a packet that is `{}` is not open for work", status.value),
            input.label_at(status.span, "work may start on `Ready for Dev` or `In Progress`"),
        ))
        .into(),
        None => CheckResult::skipped("there is no status"),
    }
}

/// `packet/closed`: a packet that was closed before the work accounts for none.
pub(in crate::check) fn closed(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `packet/status`: the status is one of the known ones, as a whole.
pub(in crate::check) fn status(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    match &input.packet.status {
        None => Some(rule.finding(
            "the packet has no status",
            input.label_at(input.packet.heading_span("METADATA"), "`Status` belongs here"),
        ))
        .into(),
        Some(status) => match &status.value {
            PacketStatus::Unknown(text) => {
                let shown = crate::text::to_single_line(text, 60);
                let finding = rule.finding(
                    format!("`{shown}` is no status"),
                    input.label_at(status.span, "not one of the known ones"),
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

/// `packet/verdict`: a status and the last report agree.
pub(in crate::check) fn verdict(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(status) = &packet.status else { return CheckResult::skipped("the packet has no status") };
    let PacketStatus::Validated(said) = &status.value else { return Vec::new().into() };
    let wanted = said.as_deref().map_or_else(|| "PASS".to_owned(), str::to_uppercase);
    let here = |text: &str| Label::text(&packet.source, status.span, text.to_owned());
    match packet.phases.reports.last() {
        None => {
            let message = format!("the packet says `{}`, but holds no report with a verdict", status.value);
            Some(rule.finding(message, here("says so here"))).into()
        }
        Some(last) if !wanted.starts_with(&last.verdict.value) => {
            let message = format!(
                "the packet says `{}`, but its last report says {}",
                status.value, last.verdict.value
            );
            let there = Label::text(&packet.source, last.verdict.span, "the last verdict");
            Some(rule.finding(message, here("says so here")).related(there)).into()
        }
        Some(_) => Vec::new().into(),
    }
}
