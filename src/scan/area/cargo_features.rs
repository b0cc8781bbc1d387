//! Features that builds of the product switch on. Code behind any other feature with the
//! name of tests is test code.

use std::collections::{BTreeMap, BTreeSet};

use super::cargo_manifest::{CargoDependency, CargoDependencyKind, FeatureTable};
use crate::scan::test_code::{is_feature_of_benchmarks, is_feature_of_tests};

/// A package as its features see it.
pub(super) struct FeatureUser<'a> {
    /// Its folder, relative to the root of the repository.
    pub folder: &'a str,
    pub is_product: bool,
    /// The packages of the repository that it uses.
    pub uses: &'a [CargoDependency],
    pub features: &'a FeatureTable,
}

/// Returns the features of each package that a build of a product switches on: its default
/// ones, those that products ask for, and all that these switch on.
pub(super) fn enabled_features(all: &[FeatureUser<'_>]) -> Vec<BTreeSet<String>> {
    let by_folder: BTreeMap<&str, usize> =
        all.iter().enumerate().map(|(at, package)| (package.folder, at)).collect();
    let mut enabled = vec![BTreeSet::from(["default".to_owned()]); all.len()];
    for package in all.iter().filter(|package| package.is_product) {
        // `a = ["b/c"]`, `a = ["b?/c"]`: asked for by a feature that is not for tests.
        let is_of_developers = |name: &str| is_feature_of_tests(name) || is_feature_for_debugging(name);
        let of_product = package.features.iter().filter(|(name, _)| !is_of_developers(name));
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
