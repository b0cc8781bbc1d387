//! `refinement/field`: the required fields are filled with what they hold.

use jiff::civil::Date;

use super::{at, at_field};
use crate::check::Verdict;
use crate::check::library::RefinementInput;
use crate::digest::Recorded;
use crate::document::label::Field;
use crate::finding::Finding;
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
                out.extend(
                    wrong(key, field).map(|message| rule.finding(message, at_field(refinement, field, ""))),
                );
            }
            // A refinement under review is not signed yet.
            Some(_) if ELSEWHERE.contains(&key.as_str()) => {}
            Some(field) => out.push(rule.finding(
                format!("the refinement does not fill `{key}`"),
                at_field(refinement, field, "fill this"),
            )),
            None => out.push(rule.finding(
                format!("the refinement has no `{key}`"),
                at(refinement, refinement.head(), "this refinement"),
            )),
        }
    }
    out.into()
}

/// Why a filled value is not what the field holds.
fn wrong(key: &str, field: &Field) -> Option<String> {
    let value = field.bare();
    let shown = crate::text::one_line(value.value, 60);
    let one_of = |words: &[&str]| {
        (!words.contains(&value.value))
            .then(|| format!("`{key}` is one of {}, not `{shown}`", words.join(", ")))
    };
    match key {
        "CREATED_AT" => {
            let date = value.value.get(..10).and_then(|date| date.parse::<Date>().ok());
            date.is_none().then(|| format!("`CREATED_AT` begins with a date, YYYY-MM-DD; `{shown}` is none"))
        }
        "SPEC_TARGET_SHA1" => matches!(Recorded::read(value.value), Recorded::Other(_))
            .then(|| format!("`SPEC_TARGET_SHA1` has forty hexadecimal digits; `{shown}` is no SHA-1")),
        "USER_REVIEW_STATUS" => one_of(&["PENDING", "APPROVED", "REJECTED"]),
        "CLEARLY_COVERS_VERDICT" => one_of(&["PASS", "FAIL"]),
        "AMBIGUITY_FOUND" | "ENRICHMENT_NEEDED" => one_of(&["YES", "NO"]),
        _ => None,
    }
}
