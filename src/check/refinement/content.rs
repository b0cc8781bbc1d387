//! `refinement/…`: the identity, sections, fields and enrichment of a refinement.

use jiff::civil::{Date, DateTime};

use crate::check::CheckResult;
use crate::check::fix_hints::{
    equals_ignoring_punctuation, find_misspelt_label, with_label_fix, with_section_fix,
};
use crate::check::repository_documents::RefinementCheckContext;
use crate::digest::RecordedHash;
use crate::document::field::Field;
use crate::document::hidden::ends_open;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::{find_heading_in_fence, section_of_block};
use crate::document::template::REFINEMENT;
use crate::document::{Refinement, WpId, is_placeholder};
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;

use super::{label_at, label_at_field};

/// `refinement/identity`: a refinement names one work packet, the one in its file
/// name, and gives each decisive field only once.
pub(in crate::check) fn identity(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out = Vec::new();
    for key in rule.parameter("once") {
        // Text that only looks like a field, such as a line of an excerpt, is rarely
        // in capitals.
        let fields =
            refinement.fields.iter().filter(|field| field.key == *key && !refinement.is_in_anchor(field));
        let mut exact = fields.filter(|field| refinement.source.slice(field.label) == key.as_str());
        let Some(first) = exact.next() else { continue };
        // A summary may repeat a value; only another value contradicts.
        let differs = |field: &&Field| {
            is_same_section(refinement, first, field)
                || !field.bare_value().value.eq_ignore_ascii_case(first.bare_value().value)
        };
        for repeated in exact.filter(differs) {
            let message = format!("the field `{key}` occurs more than once");
            let label = label_at_field(refinement, repeated, "a repetition");
            out.push(rule.finding(message, label).related(label_at_field(
                refinement,
                first,
                "the first one",
            )));
        }
    }
    let Some(own) = refinement.filled_value("WP_ID") else { return out.into() };
    match (WpId::parse(&own.value), input.id) {
        (Err(why), _) => {
            let shown = crate::text::to_single_line(&own.value, 80);
            let message = format!("invalid WP_ID `{shown}`: {why}");
            out.push(rule.finding(message, label_at(refinement, own.span, "not a work packet id")));
        }
        (Ok(own_id), Some(id)) if own_id != *id => {
            let message = format!("WP_ID is `{own_id}`, but the file is `{id}.md`");
            out.push(rule.finding(message, label_at(refinement, own.span, format!("not `{id}`"))));
        }
        _ => {}
    }
    out.into()
}

/// Returns whether two fields are below the same heading.
fn is_same_section(refinement: &Refinement, a: &Field, b: &Field) -> bool {
    let heading = |field: &Field| {
        let own = section_of_block(&refinement.sections, field.block);
        own.map(|section| section.heading)
    };
    heading(a) == heading(b)
}

/// `refinement/section`: a refinement has every required section as a heading with
/// an answer below it, and at least one anchor.
pub(in crate::check) fn section(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let text = refinement.source.text();
    let outline = Outline::parse(text);
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.parameter("sections") {
        let Some(section) = refinement.sections.iter().find(|section| section.key == *key) else {
            let head = label_at(refinement, refinement.head_span(), "this refinement");
            let finding =
                rule.finding(format!("the refinement has no section `{key}`"), head).misses(key, None);
            let finding = match find_heading_in_fence(text, &outline, key) {
                Some(span) => finding.related(label_at(
                    refinement,
                    span,
                    "this heading is inside a fence or indented code",
                )),
                None => finding,
            };
            let is_fenced = !finding.related.is_empty() || ends_open(text, &outline);
            out.push(if is_fenced {
                finding
            } else {
                with_section_fix(finding, &refinement.source, &refinement.sections, REFINEMENT, key)
            });
            continue;
        };
        let has_answer = section.blocks.clone().filter_map(|index| outline.get(index)).any(|block| {
            let body = refinement.source.slice(block.content).trim();
            matches!(block.kind, BlockKind::Prose | BlockKind::Code(_) | BlockKind::Cell)
                && !is_placeholder(body)
        });
        if !has_answer {
            let label = label_at(refinement, section.title.span, "no answer");
            out.push(rule.finding(format!("the section `{key}` is empty; write an answer or `NONE`"), label));
        }
    }
    if refinement.anchors.is_empty() {
        let label = label_at(refinement, refinement.head_span(), "no heading `#### ANCHOR 1`");
        out.push(rule.finding("the refinement has no anchor", label));
    }
    out.into()
}

/// Fields whose value is required by `refinement/approval`.
const CHECKED_BY_OTHER_RULES: [&str; 2] = ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"];

/// `refinement/field`: every required field of a refinement is present and has a
/// valid value; the signature and the approval evidence may be unfilled until the
/// approval.
pub(in crate::check) fn field(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.parameter("fields") {
        let is_filled = |field: &Field| match key.as_str() {
            "USER_REVIEW_STATUS" => refinement.review_status().is_some() || field.is_filled(),
            _ => field.is_filled(),
        };
        match refinement.field(key) {
            Some(field) if is_filled(field) => {
                out.extend(value_error(key, field, input.now).map(|message| {
                    let finding = rule.finding(message, label_at_field(refinement, field, "invalid value"));
                    let bare = field.bare_value();
                    let meant =
                        allowed_words(key).iter().find(|word| equals_ignoring_punctuation(word, bare.value));
                    match meant.filter(|_| refinement.source.slice(bare.span) == bare.value) {
                        Some(meant) => finding.with_fix(
                            Place::text(&refinement.source, bare.span),
                            *meant,
                            format!("write `{meant}`"),
                        ),
                        None => finding,
                    }
                }));
            }
            // A refinement under review has no signature yet.
            Some(_) if CHECKED_BY_OTHER_RULES.contains(&key.as_str()) => {}
            Some(field) => out.push(rule.finding(
                format!("the field `{key}` of the refinement is not filled"),
                label_at_field(refinement, field, "not filled"),
            )),
            None => {
                let message = format!("the refinement has no field `{key}`");
                let finding =
                    rule.finding(message, label_at(refinement, refinement.head_span(), "this refinement"));
                let finding = finding.misses("", Some(key));
                let outside = refinement.fields.iter().filter(|field| !refinement.is_in_anchor(field));
                let finding = match find_misspelt_label(outside, key) {
                    Some(field) => with_label_fix(finding, &refinement.source, field, key),
                    None => finding,
                };
                // Documents that are only checked may be older than these fields.
                let is_newer_field = rule.parameter("younger").contains(key)
                    && input.is_checked_as_record
                    && predates_fields(refinement, rule);
                // In finished work nobody adds a field that is younger than the document.
                if is_newer_field && input.is_packet_finished {
                    continue;
                }
                out.push(if is_newer_field { finding.with_level(Level::Note) } else { finding });
            }
        }
    }
    out.into()
}

/// Returns whether the refinement was created before the newer fields were required.
fn predates_fields(refinement: &Refinement, rule: &Rule) -> bool {
    let day = |text: &str| text.get(..10).and_then(|date| date.parse::<Date>().ok());
    let created = refinement.filled_value("CREATED_AT").and_then(|value| day(&value.value));
    let since = rule.parameter("since").first().and_then(|date| day(date));
    created.zip(since).is_some_and(|(created, since)| created < since)
}

/// Returns the message for an invalid value; `None` if the value is valid.
fn value_error(key: &str, field: &Field, now: DateTime) -> Option<String> {
    let value = field.bare_value();
    let shown = crate::text::to_single_line(value.value, 60);
    match key {
        "CREATED_AT" => {
            let date = value.value.get(..10).and_then(|date| date.parse::<Date>().ok());
            // Local time can be a day ahead of UTC.
            let latest = now.date().tomorrow().unwrap_or(now.date());
            if let Some(date) = date.filter(|date| *date > latest) {
                return Some(format!("CREATED_AT is in the future: {date}"));
            }
            date.is_none().then(|| format!("invalid CREATED_AT `{shown}`; expected YYYY-MM-DD or RFC 3339"))
        }
        "SPEC_TARGET_SHA1" => matches!(RecordedHash::read(value.value), RecordedHash::Other(_))
            .then(|| format!("invalid SPEC_TARGET_SHA1 `{shown}`; expected forty hexadecimal digits")),
        _ => {
            let words = allowed_words(key);
            (!words.is_empty() && !words.contains(&value.value))
                .then(|| format!("invalid {key} `{shown}`; expected one of: {}", words.join(", ")))
        }
    }
}

/// Returns the allowed words of a field; empty if any text is allowed.
fn allowed_words(key: &str) -> &'static [&'static str] {
    match key {
        "USER_REVIEW_STATUS" => &["PENDING", "APPROVED", "REJECTED"],
        "CLEARLY_COVERS_VERDICT" => &["PASS", "FAIL"],
        "AMBIGUITY_FOUND" | "ENRICHMENT_NEEDED" => &["YES", "NO"],
        _ => &[],
    }
}

/// `refinement/enrichment`: with `ENRICHMENT_NEEDED: YES`, the refinement contains
/// the proposed text but no signature and no approval evidence; with `NO`, it
/// contains no proposal.
pub(in crate::check) fn enrichment(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let Some(needed) = refinement.field("ENRICHMENT_NEEDED").filter(|field| field.is_filled()) else {
        return CheckResult::skipped("the refinement has no ENRICHMENT_NEEDED");
    };
    let mut out = Vec::new();
    match needed.bare_value().value {
        "YES" => {
            if refinement.proposal.is_none() {
                let label =
                    label_at_field(refinement, needed, "requires text under `PROPOSED_SPEC_ENRICHMENT`");
                out.push(rule.finding(
                    "ENRICHMENT_NEEDED is YES, but the refinement contains no proposed text",
                    label,
                ));
            }
            for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
                if let Some(filled) = refinement.field(key).filter(|field| field.is_filled()) {
                    let message = format!("ENRICHMENT_NEEDED is YES, but `{key}` is filled");
                    let finding = rule
                        .finding(message, label_at_field(refinement, filled, "not allowed yet"))
                        .related(label_at_field(refinement, needed, "enrichment is needed"));
                    // The evidence can approve the enrichment itself: only a warning.
                    let is_signature = key == "USER_SIGNATURE";
                    out.push(if is_signature { finding } else { finding.with_level(Level::Warning) });
                }
            }
        }
        "NO" => {
            if let Some(proposal) = refinement.proposal {
                let line =
                    refinement.source.line_span(refinement.source.line(proposal.start)).unwrap_or(proposal);
                out.push(
                    rule.finding(
                        "ENRICHMENT_NEEDED is NO, but the refinement contains a proposal",
                        label_at(refinement, line, "the proposal"),
                    )
                    .related(label_at_field(
                        refinement,
                        needed,
                        "no enrichment is needed",
                    )),
                );
            }
        }
        _ => {}
    }
    out.into()
}
