//! `refinement/…`: sections and fields of a refinement.

use super::{label_at, label_at_field};
use crate::check::CheckResult;
use crate::check::fix_hints::{
    equals_ignoring_punctuation, find_misspelt_label, with_label_fix, with_section_fix,
};
use crate::check::repository_documents::RefinementCheckContext;
use crate::digest::RecordedHash;
use crate::document::field::Field;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::find_heading_in_fence;
use crate::document::template::REFINEMENT;
use crate::document::{Refinement, WpId, is_placeholder};
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;
use jiff::civil::{Date, DateTime};

/// `refinement/identity`: a refinement says once, and truly, whose it is.
pub(in crate::check) fn identity(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let mut out = Vec::new();
    for key in rule.parameter("once") {
        // What leaks out of an excerpt is quoted, and seldom in capitals.
        let said =
            refinement.fields.iter().filter(|field| field.key == *key && !refinement.is_in_anchor(field));
        let said = said.filter(|field| refinement.source.slice(field.label) == key.as_str());
        for again in said.skip(1) {
            let message = format!("`{key}` is given a second time");
            out.push(rule.finding(message, label_at_field(refinement, again, "said before")));
        }
    }
    let Some(own) = refinement.filled_value("WP_ID") else { return out.into() };
    match (WpId::parse(&own.value), input.id) {
        (Err(why), _) => {
            let message = format!("WP_ID is no work packet id: {why}");
            out.push(rule.finding(message, label_at(refinement, own.span, "no id")));
        }
        (Ok(own_id), Some(id)) if own_id != *id => {
            let message = format!("WP_ID says `{own_id}`, the file is `{id}.md`");
            out.push(rule.finding(message, label_at(refinement, own.span, format!("not `{id}`"))));
        }
        _ => {}
    }
    out.into()
}

/// `refinement/section`: the required headings, as headings, with an answer
/// below each.
pub(in crate::check) fn section(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let text = refinement.source.text();
    let outline = Outline::parse(text);
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.parameter("sections") {
        let Some(section) = refinement.sections.iter().find(|section| section.key == *key) else {
            let head = label_at(refinement, refinement.head_span(), "this refinement");
            let finding = rule.finding(format!("the refinement has no section `{key}`"), head);
            let finding = match find_heading_in_fence(text, &outline, key) {
                Some(span) => finding.related(label_at(
                    refinement,
                    span,
                    "this heading stands inside a fence or indented code",
                )),
                None => finding,
            };
            let fenced = !finding.related.is_empty();
            out.push(if fenced {
                finding
            } else {
                with_section_fix(finding, &refinement.source, &refinement.sections, REFINEMENT, key)
            });
            continue;
        };
        let says = section.blocks.clone().filter_map(|index| outline.get(index)).any(|block| {
            let body = refinement.source.slice(block.content).trim();
            matches!(block.kind, BlockKind::Prose | BlockKind::Code(_) | BlockKind::Cell)
                && !is_placeholder(body)
        });
        if !says {
            let label = label_at(refinement, section.title.span, "`NONE` would be an answer");
            out.push(rule.finding(format!("the section `{key}` says nothing"), label));
        }
    }
    if refinement.anchors.is_empty() {
        let label = label_at(refinement, refinement.head_span(), "`#### ANCHOR 1` is missing");
        out.push(rule.finding("the refinement has no spec anchor", label));
    }
    out.into()
}

/// Fields that another rule demands a value of.
const CHECKED_BY_OTHER_RULES: [&str; 2] = ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"];

/// `refinement/field`: the required fields are filled with what they hold.
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
                    let finding = rule.finding(message, label_at_field(refinement, field, ""));
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
            // A refinement under review is not signed yet.
            Some(_) if CHECKED_BY_OTHER_RULES.contains(&key.as_str()) => {}
            Some(field) => out.push(rule.finding(
                format!("the refinement does not fill `{key}`"),
                label_at_field(refinement, field, "fill this"),
            )),
            None => {
                let message = format!("the refinement has no `{key}`");
                let finding =
                    rule.finding(message, label_at(refinement, refinement.head_span(), "this refinement"));
                let outside = refinement.fields.iter().filter(|field| !refinement.is_in_anchor(field));
                let finding = match find_misspelt_label(outside, key) {
                    Some(field) => with_label_fix(finding, &refinement.source, field, key),
                    None => finding,
                };
                // Documents that are checked, not worked on, may be older.
                let younger = rule.parameter("younger").contains(key)
                    && input.is_checked_as_record
                    && predates_fields(refinement, rule);
                out.push(if younger { finding.with_level(Level::Note) } else { finding });
            }
        }
    }
    out.into()
}

/// Whether the refinement was made before some fields were asked for.
fn predates_fields(refinement: &Refinement, rule: &Rule) -> bool {
    let day = |text: &str| text.get(..10).and_then(|date| date.parse::<Date>().ok());
    let created = refinement.filled_value("CREATED_AT").and_then(|value| day(&value.value));
    let since = rule.parameter("since").first().and_then(|date| day(date));
    created.zip(since).is_some_and(|(created, since)| created < since)
}

/// Why a filled value is not what the field holds.
fn value_error(key: &str, field: &Field, now: DateTime) -> Option<String> {
    let value = field.bare_value();
    let shown = crate::text::to_single_line(value.value, 60);
    match key {
        "CREATED_AT" => {
            let date = value.value.get(..10).and_then(|date| date.parse::<Date>().ok());
            // A clock may be a day ahead.
            let latest = now.date().tomorrow().unwrap_or(now.date());
            if let Some(date) = date.filter(|date| *date > latest) {
                return Some(format!("`CREATED_AT` lies in the future: {date}"));
            }
            date.is_none().then(|| format!("`CREATED_AT` begins with a date, YYYY-MM-DD; `{shown}` is none"))
        }
        "SPEC_TARGET_SHA1" => matches!(RecordedHash::read(value.value), RecordedHash::Other(_))
            .then(|| format!("`SPEC_TARGET_SHA1` has forty hexadecimal digits; `{shown}` is no SHA-1")),
        _ => {
            let words = allowed_words(key);
            (!words.is_empty() && !words.contains(&value.value))
                .then(|| format!("`{key}` is one of {}, not `{shown}`", words.join(", ")))
        }
    }
}

/// The words that a field chooses from.
fn allowed_words(key: &str) -> &'static [&'static str] {
    match key {
        "USER_REVIEW_STATUS" => &["PENDING", "APPROVED", "REJECTED"],
        "CLEARLY_COVERS_VERDICT" => &["PASS", "FAIL"],
        "AMBIGUITY_FOUND" | "ENRICHMENT_NEEDED" => &["YES", "NO"],
        _ => &[],
    }
}

/// `refinement/enrichment`: needed enrichment is proposed, and waits for no
/// signature.
pub(in crate::check) fn enrichment(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
    let refinement = input.refinement;
    let Some(needed) = refinement.field("ENRICHMENT_NEEDED").filter(|field| field.is_filled()) else {
        return CheckResult::skipped("the refinement does not say whether enrichment is needed");
    };
    let mut out = Vec::new();
    match needed.bare_value().value {
        "YES" => {
            if refinement.proposal.is_none() {
                let label = label_at_field(
                    refinement,
                    needed,
                    "so the text belongs under `PROPOSED_SPEC_ENRICHMENT`",
                );
                out.push(rule.finding("enrichment is needed, but none is proposed", label));
            }
            for key in ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"] {
                if let Some(signed) = refinement.field(key).filter(|field| field.is_filled()) {
                    let message = format!("a refinement that needs enrichment carries `{key}`");
                    let finding = rule
                        .finding(message, label_at_field(refinement, signed, "may not be here yet"))
                        .related(label_at_field(refinement, needed, "enrichment comes first"));
                    // An approval of the enrichment itself is no signature.
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
                        "no enrichment is needed, but one is proposed",
                        label_at(refinement, line, "this proposal"),
                    )
                    .related(label_at_field(refinement, needed, "says NO")),
                );
            }
        }
        _ => {}
    }
    out.into()
}
