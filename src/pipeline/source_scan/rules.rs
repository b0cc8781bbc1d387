//! The rules of a scan: those of the program, those of the repository, as the
//! configuration changes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::config::Config;
use crate::pipeline::locate::read_document;
use crate::pipeline::outcome::is_disabled;
use crate::rule::find_span;
use crate::scan::{RuleFault, ScanRule, embedded, embedded_sets};
use crate::text::Source;

use super::ScanProfile;

/// The rules of a scan, and what is wrong with those that are none.
#[derive(Debug, Default)]
pub struct ActiveRules {
    /// Rules that are asked.
    pub rules: Vec<ScanRule>,
    /// Rules that the configuration switches off.
    pub disabled: Vec<ScanRule>,
    /// Rule files that are none, and mentions of rules that are not there.
    pub faults: Vec<RuleFault>,
    /// Names of all sets.
    pub set_names: Vec<String>,
    /// Ids of all rules, asked or not.
    pub all_ids: Vec<String>,
    /// Files of the repository's own rules, by id.
    pub sources: BTreeMap<String, Arc<Source>>,
}

/// Gathers rules from the program and from a side of the repository.
///
/// # Errors
/// The repository cannot be read.
pub fn load_active_rules(
    repo: &dyn Repository,
    side: TreeState,
    config: &Config,
    scan: &ScanProfile,
) -> Result<ActiveRules, RepositoryError> {
    let settings = &config.scan;
    let mut out = ActiveRules { faults: settings.rule_faults.clone(), ..ActiveRules::default() };
    out.set_names = embedded_sets().iter().map(|set| (*set).to_owned()).collect();
    let mut own: BTreeMap<String, ScanRule> = BTreeMap::new();
    for (rule, source) in settings.inline_rules.clone() {
        out.sources.insert(rule.id.as_str().to_owned(), source);
        own.insert(rule.id.as_str().to_owned(), rule);
    }
    for folder in &settings.rule_folders {
        let files = repo.list_below(side, folder)?;
        let is_rule = |end: &str| end == "yaml" || end == "yml";
        let files = files.into_iter().filter(|path| path.to_text().rsplit('.').next().is_some_and(is_rule));
        for path in files {
            let Some(source) = read_document(repo, side, &path)? else { continue };
            match ScanRule::read(&source) {
                Err(fault) => out.faults.push(fault),
                Ok(rule) => {
                    let id = rule.id.as_str().to_owned();
                    if own.contains_key(&id) {
                        let message = format!("there is another rule `{id}` of this repository");
                        out.faults.push(RuleFault { span: find_span(&source, &id), source, message });
                        continue;
                    }
                    out.sources.insert(id.clone(), source);
                    own.insert(id, rule);
                }
            }
        }
    }
    for set in own.values().map(|rule| &rule.set) {
        if !out.set_names.contains(set) {
            out.set_names.push(set.clone());
        }
    }
    let wanted: Vec<String> = out.set_names.iter().filter(|set| scan.includes_set(set)).cloned().collect();
    out.all_ids = crate::scan::embedded_ids().map(|(id, _, _)| id.to_owned()).collect();
    let known = |id: &str| own.contains_key(id);
    let builtin = embedded(&wanted).filter(|rule| !wanted.is_empty() && !known(rule.id.as_str())).cloned();
    let mine = own.values().filter(|rule| wanted.contains(&rule.set)).cloned();
    for rule in builtin.chain(mine) {
        let changed = match settings.overrides.get(rule.id.as_str()) {
            Some(change) => change.apply(rule),
            None => rule,
        };
        if is_disabled(config, &changed.id) { out.disabled.push(changed) } else { out.rules.push(changed) }
    }
    out.all_ids.extend(own.into_keys());
    out.all_ids.sort();
    out.all_ids.dedup();
    Ok(out)
}
