//! `refinement/spec`: the specification that was refined is known by its hash.

use super::{at, recorded};
use crate::check::Verdict;
use crate::check::library::{RefinementInput, SpecFact};
use crate::digest::{Candidate, Recorded, recognise};
use crate::finding::Level;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &RefinementInput<'_>, rule: &Rule) -> Verdict {
    let refinement = input.refinement;
    let named = refinement.spec_file();
    let place = named.as_ref().map_or_else(|| refinement.head(), |spec| spec.span);
    let (path, now, then) = match input.spec {
        SpecFact::NotLookedFor(why) => return Verdict::skipped(*why),
        SpecFact::Unnamed => {
            let message = "the refinement does not name the specification file";
            return Some(rule.finding(message, at(refinement, place, "`SPEC_TARGET_RESOLVED` says which")))
                .into();
        }
        SpecFact::Named { path, now, then } => (path, now, then),
    };
    if let (None, None) = (now, then) {
        let message = format!("the specification {path} is neither in the judged tree nor in its history");
        let finding = rule.finding(message, at(refinement, place, "named here"));
        // Work that is done stands on what was approved then.
        return Some(if input.is_history { finding.at_level(Level::Note) } else { finding }).into();
    }
    let Some(value) = refinement.filled("SPEC_TARGET_SHA1") else {
        return Verdict::skipped("the refinement records no hash of its specification");
    };
    let Some(sha1) = recorded(refinement) else {
        return Verdict::skipped("what is recorded as the specification's hash is no SHA-1");
    };
    if now.as_ref().is_some_and(|spec| spec.sha1 == sha1) {
        return Vec::new().into();
    }
    if input.is_history && then.is_some() {
        return Vec::new().into();
    }
    if let Some((_, commit)) = then {
        let message = match now {
            Some(_) => {
                format!("{path} has changed since the refinement; its recorded version is in commit {commit}")
            }
            None => format!(
                "{path} has left the tree since the refinement; its recorded version is in commit {commit}"
            ),
        };
        let finding =
            rule.finding(message, at(refinement, value.span, "an older version")).at_level(Level::Warning);
        return Some(finding.help(
            "Anchors are compared with the recorded version; review the refinement against the current one.",
        ))
        .into();
    }
    let current = now.as_ref().map(|spec| spec.source.text().as_bytes());
    let mistake = recognise(&Recorded::Sha1(sha1), current, &[] as &[Candidate<'_>]);
    let message =
        format!("SPEC_TARGET_SHA1 is not the hash of {path}, nor of any version of it in this history");
    let finding = rule.finding(message, at(refinement, value.span, mistake.to_string()));
    let finding = match now {
        Some(spec) => finding.help(format!(
            "The file's SHA-1 is {}. If the specification changed since, the refinement must be reviewed against it again.",
            spec.sha1
        )),
        None => finding,
    };
    Some(finding).into()
}
