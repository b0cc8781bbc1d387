//! `refinement/identity`: a refinement says once, and truly, whose it is.

use crate::check::CheckResult;
use crate::check::repository_documents::RefinementCheckContext;
use crate::document::WpId;
use crate::rule::Rule;

use super::{label_at, label_at_field};

pub(in crate::check) fn check(input: &RefinementCheckContext<'_>, rule: &Rule) -> CheckResult {
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
