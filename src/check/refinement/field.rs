//! `refinement/field`: the required fields are filled with what they hold.

use jiff::civil::{Date, DateTime};

use crate::check::CheckResult;
use crate::check::fix_hints::{equals_ignoring_punctuation, find_misspelt_label, with_label_fix};
use crate::check::repository_documents::RefinementCheckContext;
use crate::digest::RecordedHash;
use crate::document::Refinement;
use crate::document::field::Field;
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;

use super::{label_at, label_at_field};

/// Fields that another rule demands a value of.
const CHECKED_BY_OTHER_RULES: [&str; 2] = ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"];

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
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
