//! `traceability/unmapped`: a base id with several packets is in the registry.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::WpId;
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::RepoPath;

pub(in crate::check) fn check(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let library = input.governance;
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, _, _) in library.packets() {
        if let Ok(parsed) = WpId::parse(id) {
            families.entry(parsed.base().to_owned()).or_default().push(id);
        }
    }
    families.retain(|_, ids| ids.len() > 1);
    let path = RepoPath::from(library.layout.registry.as_str());
    let Some(registry) = library.registry() else {
        let Some((base, ids)) = families.first_key_value() else {
            return CheckResult::skipped("no base id has several packets, and there is no registry");
        };
        let message = format!("`{base}` has {} packets, but there is no registry", ids.len());
        return Some(rule.finding(message, Label::path(&path, "no such file"))).into();
    };
    let mut out: Vec<Finding> = Vec::new();
    for (base, ids) in &families {
        if registry.rows_of(base).next().is_some() {
            continue;
        }
        let message = format!("the registry does not say which packet of `{base}` is active");
        let mut finding = rule.finding(message, Label::path(&path, "no row of this base id"));
        for id in ids.iter().filter_map(|id| library.packet(id)).take(4) {
            finding = finding.related(Label::path(id.0.path(), "one of them"));
        }
        let newest =
            ids.iter().filter_map(|id| WpId::parse(id).ok()).max_by_key(|id| id.revision().unwrap_or(0));
        let row = newest.and_then(|id| {
            let path = library.layout.packet(&id).to_string();
            let (_, packet) = library.packet(id.as_str())?;
            let status = packet.status.as_ref().map_or(String::new(), |status| status.value.to_string());
            Some((id, registry.append_row_edit(base, &path, &status, "")?))
        });
        out.push(match row {
            Some((id, edit)) => finding.with_unsafe_fix(
                Place::text(&registry.source, edit.span),
                edit.text,
                format!("add a row that names `{id}`, the newest revision"),
            ),
            None => finding,
        });
    }
    out.into()
}
