//! `refinement/field`: the required fields are filled with what they hold.

use jiff::civil::{Date, DateTime};

use super::{at, at_field};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::check::mend::{misspelt_label, respelt, same_word};
use crate::digest::Recorded;
use crate::document::Refinement;
use crate::document::label::Field;
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;

/// Fields that another rule demands a value of.
const ELSEWHERE: [&str; 2] = ["USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"];

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let mut out: Vec<Finding> = Vec::new();
    for key in rule.list("fields") {
        let is_filled = |field: &Field| match key.as_str() {
            "USER_REVIEW_STATUS" => refinement.review_status().is_some() || field.is_filled(),
            _ => field.is_filled(),
        };
        match refinement.field(key) {
            Some(field) if is_filled(field) => {
                out.extend(wrong(key, field, input.now).map(|message| {
                    let finding = rule.finding(message, at_field(refinement, field, ""));
                    let bare = field.bare();
                    let meant = words(key).iter().find(|word| same_word(word, bare.value));
                    match meant.filter(|_| refinement.source.slice(bare.span) == bare.value) {
                        Some(meant) => finding.fixed_by(
                            Place::text(&refinement.source, bare.span),
                            *meant,
                            format!("write `{meant}`"),
                        ),
                        None => finding,
                    }
                }));
            }
            // A refinement under review is not signed yet.
            Some(_) if ELSEWHERE.contains(&key.as_str()) => {}
            Some(field) => out.push(rule.finding(
                format!("the refinement does not fill `{key}`"),
                at_field(refinement, field, "fill this"),
            )),
            None => {
                let message = format!("the refinement has no `{key}`");
                let finding = rule.finding(message, at(refinement, refinement.head(), "this refinement"));
                let outside = refinement.fields.iter().filter(|field| !refinement.in_anchor(field));
                let finding = match misspelt_label(outside, key) {
                    Some(field) => respelt(finding, &refinement.source, field, key),
                    None => finding,
                };
                // Documents that are checked, not worked on, may be older.
                let younger =
                    rule.list("younger").contains(key) && input.is_record && is_older(refinement, rule);
                out.push(if younger { finding.at_level(Level::Note) } else { finding });
            }
        }
    }
    out.into()
}

/// Whether the refinement was made before some fields were asked for.
fn is_older(refinement: &Refinement, rule: &Rule) -> bool {
    let day = |text: &str| text.get(..10).and_then(|date| date.parse::<Date>().ok());
    let created = refinement.filled("CREATED_AT").and_then(|value| day(&value.value));
    let since = rule.list("since").first().and_then(|date| day(date));
    created.zip(since).is_some_and(|(created, since)| created < since)
}

/// Why a filled value is not what the field holds.
fn wrong(key: &str, field: &Field, now: DateTime) -> Option<String> {
    let value = field.bare();
    let shown = crate::text::one_line(value.value, 60);
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
        "SPEC_TARGET_SHA1" => matches!(Recorded::read(value.value), Recorded::Other(_))
            .then(|| format!("`SPEC_TARGET_SHA1` has forty hexadecimal digits; `{shown}` is no SHA-1")),
        _ => {
            let words = words(key);
            (!words.is_empty() && !words.contains(&value.value))
                .then(|| format!("`{key}` is one of {}, not `{shown}`", words.join(", ")))
        }
    }
}

/// The words that a field chooses from.
fn words(key: &str) -> &'static [&'static str] {
    match key {
        "USER_REVIEW_STATUS" => &["PENDING", "APPROVED", "REJECTED"],
        "CLEARLY_COVERS_VERDICT" => &["PASS", "FAIL"],
        "AMBIGUITY_FOUND" | "ENRICHMENT_NEEDED" => &["YES", "NO"],
        _ => &[],
    }
}
