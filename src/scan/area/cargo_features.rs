//! Features that builds of the product switch on. Code behind any other feature with the
//! name of tests is test code.

use std::collections::{BTreeMap, BTreeSet};

use super::cargo_manifest::{CargoDependency, CargoDependencyKind, CargoTarget, FeatureTable};
use crate::scan::test_code::{is_feature_of_benchmarks, is_feature_of_tests};

/// A package as its features see it.
pub(super) struct FeatureUser<'a> {
    /// Its folder, relative to the root of the repository.
    pub folder: &'a str,
    pub is_product: bool,
    /// The packages of the repository that it uses.
    pub uses: &'a [CargoDependency],
    pub features: &'a FeatureTable,
    /// The programs that its manifest names.
    pub programs: &'a [CargoTarget],
}

impl FeatureUser<'_> {
    /// Returns the features that a feature switches on in the package itself, with this one.
    fn with_own(&self, first: &str) -> BTreeSet<&str> {
        let (mut out, mut open) = (BTreeSet::new(), vec![first]);
        while let Some((name, list)) = open.pop().and_then(|name| self.features.get_key_value(name)) {
            if out.insert(name.as_str()) {
                open.extend(list.iter().map(String::as_str));
            }
        }
        out
    }

    /// Returns the hidden features that a user gets without their names: with another feature, or
    /// with a program.
    fn hidden(&self) -> impl Iterator<Item = &String> {
        let is_plain = |name: &str| !is_hidden(name) && !is_of_developers(name);
        let by_feature = self.features.iter().filter(move |(name, _)| is_plain(name));
        let by_feature = by_feature.flat_map(|(_, list)| list);
        let by_program = self.programs.iter().flat_map(|program| &program.required_features);
        by_feature.chain(by_program).filter(|name| is_hidden(name))
    }
}

/// Returns whether a feature is not for users.
fn is_hidden(name: &str) -> bool {
    name.starts_with('_')
}

/// Returns whether the name of a feature says that it is for those who work on the package.
fn is_of_developers(name: &str) -> bool {
    is_feature_of_tests(name) || is_feature_for_debugging(name)
}

/// Returns the features of each package that a build of a product switches on: its default
/// ones, those that products ask for, and all that these switch on.
pub(super) fn enabled_features(all: &[FeatureUser<'_>]) -> Vec<BTreeSet<String>> {
    let by_folder: BTreeMap<&str, usize> =
        all.iter().enumerate().map(|(at, package)| (package.folder, at)).collect();
    let mut enabled = vec![BTreeSet::from(["default".to_owned()]); all.len()];
    for package in all.iter().filter(|package| package.is_product) {
        // `a = ["b/c"]`, `a = ["b?/c"]`: asked for by a feature that is not for tests.
        let by_default = package.with_own("default");
        let is_asked = |name: &str| !is_of_developers(name) || by_default.contains(name);
        let of_product = package.features.iter().filter(|(name, _)| is_asked(name));
        let mut asked: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, feature) in of_product.flat_map(|(_, list)| list).filter_map(|entry| entry.split_once('/'))
        {
            asked.entry(name.trim_end_matches('?')).or_default().push(feature.to_owned());
        }
        for dependency in package.uses {
            let slot = by_folder.get(dependency.folder.as_str()).and_then(|at| enabled.get_mut(*at));
            let (Some(slot), false) = (slot, dependency.kind == CargoDependencyKind::Tests) else { continue };
            slot.extend(dependency.features.iter().cloned());
            slot.extend(asked.remove(dependency.name.as_str()).into_iter().flatten());
        }
    }
    for (package, enabled) in all.iter().zip(&mut enabled) {
        // Another feature that needs one for benchmarks shows that it is a part of the product.
        let of_users = package.features.iter().filter(|(name, _)| {
            package.is_product && !is_feature_of_tests(name) && !is_feature_for_debugging(name)
        });
        let entries = of_users.flat_map(|(_, entries)| entries);
        enabled.extend(entries.filter(|entry| is_feature_of_benchmarks(entry)).cloned());
        enabled.extend(package.hidden().cloned());
        let mut open: Vec<String> = enabled.iter().cloned().collect();
        while let Some(name) = open.pop() {
            for entry in package.features.get(&name).into_iter().flatten() {
                if !entry.contains('/') && !entry.starts_with("dep:") && enabled.insert(entry.clone()) {
                    open.push(entry.clone());
                }
            }
        }
    }
    enabled
}

/// Returns whether a feature is named after debugging, such as `service_debug`.
pub(super) fn is_feature_for_debugging(name: &str) -> bool {
    name.split(['-', '_']).any(|word| matches!(word, "debug" | "debugging"))
}
