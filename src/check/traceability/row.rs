//! `traceability/row`: rows have all their cells, and hold ids and paths.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::WpId;
use crate::document::registry::Registry;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;

use super::registry_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let at = |span, text: String| Label::text(&registry.source, span, text);
    let mut out: Vec<Finding> = registry
        .faults
        .iter()
        .map(|fault| rule.finding(fault.message.clone(), at(fault.span, String::new())))
        .collect();
    for row in &registry.rows {
        let known = registry.faults.iter().any(|fault| fault.span == row.span);
        if known {
            continue;
        }
        let base = crate::text::to_single_line(&row.base.value, 60);
        match WpId::parse(&row.base.value) {
            Err(why) => out.push(
                rule.finding(format!("`{base}` is no base id: {why}"), at(row.base.span, "no id".into())),
            ),
            Ok(id) if id.revision().is_some() => {
                let message = format!("`{base}` is a revision; a base id has no `-vN`");
                let finding =
                    rule.finding(message, at(row.base.span, format!("the base is `{}`", id.base())));
                let exact = registry.source.slice(row.base.span) == row.base.value;
                out.push(if exact {
                    let place = Place::text(&registry.source, row.base.span);
                    finding.with_unsafe_fix(place, id.base(), "write the base id")
                } else {
                    finding
                });
            }
            Ok(id) => {
                match Registry::active_id(row) {
                    None => {
                        let shown = crate::text::to_single_line(&row.active.value, 80);
                        let message = format!("`{shown}` names no packet");
                        out.push(rule.finding(
                            message,
                            at(row.active.span, "a path `…/<WP_ID>.md` belongs here".into()),
                        ));
                    }
                    Some(active) if active.base() != id.as_str() => {
                        let message =
                            format!("the active packet of `{base}` is `{active}`, of another base id");
                        out.push(rule.finding(
                            message,
                            at(row.active.span, format!("its base is `{}`", active.base())),
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.into()
}
