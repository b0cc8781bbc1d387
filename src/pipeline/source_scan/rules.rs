//! The rules of a scan: those of the program and those of the repository,
//! with the changes of the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::{Repository, RepositoryError, TreeState};
use crate::config::Config;
use crate::pipeline::locate::read_document;
use crate::pipeline::outcome::is_disabled;
use crate::scan::{RuleBudget, RuleFault, ScanRule, embedded, embedded_sets};
use crate::text::Source;

use super::request::ScanProfile;

/// Rules of a scan, and errors of rule files that could not be loaded.
#[derive(Debug, Default)]
pub(crate) struct ActiveRules {
    /// Rules that run.
    pub rules: Vec<ScanRule>,
    /// Rules that the configuration switches off.
    pub disabled: Vec<ScanRule>,
    /// Rule files that cannot be read, and references to rules that do not
    /// exist.
    pub faults: Vec<RuleFault>,
    /// Names of all sets.
    pub set_names: Vec<String>,
    /// Ids of all rules, selected or not.
    pub all_ids: Vec<String>,
    /// Files of the repository's own rules, by id.
    pub sources: BTreeMap<String, Arc<Source>>,
}

/// Loads the rules of a scan from the program and from a tree of the
/// repository.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn load_active_rules(
    repo: &dyn Repository,
    tree: TreeState,
    config: &Config,
    profile: &ScanProfile,
) -> Result<ActiveRules, RepositoryError> {
    let settings = &config.scan;
    let mut out = ActiveRules { faults: settings.rule_faults.clone(), ..ActiveRules::default() };
    out.set_names = embedded_sets().iter().map(|set| (*set).to_owned()).collect();
    let mut own: BTreeMap<String, ScanRule> = BTreeMap::new();
    let mut budget = RuleBudget::default();
    for (rule, source) in settings.inline_rules.clone() {
        // The configuration reports inline rules that are too large together.
        let _ = budget.add(&rule);
        out.sources.insert(rule.id.as_str().to_owned(), source);
        own.insert(rule.id.as_str().to_owned(), rule);
    }
    'folders: for folder in &settings.rule_folders {
        let files = repo.list_below(tree, folder)?;
        let is_yaml = |extension: &str| extension == "yaml" || extension == "yml";
        let files = files.into_iter().filter(|path| path.to_text().rsplit('.').next().is_some_and(is_yaml));
        for path in files {
            let Some(source) = read_document(repo, tree, &path)? else { continue };
            match ScanRule::read(&source) {
                Err(fault) => out.faults.push(fault),
                Ok(rule) => {
                    let id = rule.id.as_str().to_owned();
                    if let Err(message) = budget.add(&rule) {
                        out.faults.push(RuleFault { span: rule.spans.id, source, message });
                        break 'folders;
                    }
                    if own.contains_key(&id) {
                        let message = format!("there is another rule `{id}` of this repository");
                        out.faults.push(RuleFault { span: rule.spans.id, source, message });
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
    let selected: Vec<String> =
        out.set_names.iter().filter(|set| profile.includes_set(set)).cloned().collect();
    out.all_ids = crate::scan::embedded_ids().map(|(id, _, _)| id.to_owned()).collect();
    let is_replaced = |id: &str| own.contains_key(id);
    let builtin =
        embedded(&selected).filter(|rule| !selected.is_empty() && !is_replaced(rule.id.as_str())).cloned();
    let repository_rules = own.values().filter(|rule| selected.contains(&rule.set)).cloned();
    for rule in builtin.chain(repository_rules) {
        let rule = match settings.overrides.get(rule.id.as_str()) {
            Some(change) => change.apply(rule),
            None => rule,
        };
        if is_disabled(config, &rule.id) { out.disabled.push(rule) } else { out.rules.push(rule) }
    }
    out.all_ids.extend(own.into_keys());
    out.all_ids.sort();
    out.all_ids.dedup();
    Ok(out)
}
