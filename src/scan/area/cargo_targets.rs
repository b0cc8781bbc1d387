//! Targets of packages of Cargo: libraries, programs, tests, examples and benchmarks.

use toml::Value;

use super::cargo_features::is_feature_for_debugging;
use super::cargo_manifest::{CargoManifest, CargoTarget};
use super::{names, normalize};
use crate::scan::area_kind::AreaKind;

/// Maximum number of targets of one package.
const MAX_TARGETS: usize = 2_000;

/// Returns the targets of a manifest: those with a path, and the folders in which Cargo
/// looks for the others. `has_other` is true if the package has a usual library or program.
pub(super) fn targets(manifest: &CargoManifest, has_other: bool) -> Vec<(String, AreaKind)> {
    let package = manifest.package.as_ref().map_or("", |package| package.name.as_str());
    let mut out: Vec<(String, AreaKind)> = Vec::new();
    let mut add = |targets: &[CargoTarget], kind: AreaKind, is_library: bool| {
        for (target, path) in targets.iter().filter_map(|target| Some((target, target.path.as_deref()?))) {
            let path = normalize("", path);
            // Programs that tests start, such as `required-features = ["test-fakes"]`.
            let is_for_tests = target.required_features.iter().any(|feature| {
                feature.split(['-', '_']).any(|word| matches!(word, "test" | "tests" | "testing"))
            });
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            // The modules of a target are beside it; below `src/`, Cargo knows them.
            let is_usual = matches!(folder.as_str(), "src" | "src/bin");
            let by_name = names::area_of_folders(folder.split('/'), false, |_| false);
            let is_for_debugging =
                target.required_features.iter().any(|feature| is_feature_for_debugging(feature));
            let kind = if is_for_tests || folder == "testing" { AreaKind::Tests } else { kind };
            // Built on request only: `generate_schema` behind a feature.
            let is_generator = !target.required_features.is_empty()
                && target.name.as_deref().is_some_and(names::is_generator);
            let kind = if is_for_debugging || is_generator { AreaKind::Tools } else { kind };
            // A further program in a folder of tests is one that tests start. What else has a
            // path is delivered, wherever it is.
            let is_further = has_other && !is_library && target.name.as_deref() != Some(package);
            let kind = match by_name {
                Some(of_tests @ (AreaKind::Tests | AreaKind::Fixtures | AreaKind::Benchmarks))
                    if kind == AreaKind::Product && is_further =>
                {
                    of_tests
                }
                _ => kind,
            };
            // The modules of a crate are beside its root, unless other files are there, too.
            let is_crowded = kind == AreaKind::Product
                && (matches!(folder.as_str(), "tests" | "benches" | "examples")
                    || (by_name.is_some() && !path.ends_with("/main.rs") && !path.ends_with("/lib.rs")));
            if !(is_usual || is_crowded || folder.is_empty() && kind != AreaKind::Product) {
                out.push((folder, kind));
            }
            out.push((path, kind));
        }
    };
    add(manifest.lib.as_slice(), AreaKind::Product, true);
    add(&manifest.bin, AreaKind::Product, false);
    add(&manifest.example, AreaKind::Examples, false);
    add(&manifest.test, AreaKind::Tests, false);
    add(&manifest.bench, AreaKind::Benchmarks, false);
    let build = match manifest.package.as_ref().and_then(|package| package.build.as_ref()) {
        Some(Value::String(path)) => normalize("", path),
        _ => "build.rs".to_owned(),
    };
    out.push((build, AreaKind::Tools));
    if manifest.package.is_some() {
        let usual = [
            ("src", AreaKind::Product),
            ("tests", AreaKind::Tests),
            ("benches", AreaKind::Benchmarks),
            ("examples", AreaKind::Examples),
        ];
        let usual = usual.map(|(folder, kind)| (folder.to_owned(), kind));
        for (folder, kind) in usual {
            if !out.iter().any(|(path, _)| *path == folder) {
                out.push((folder, kind));
            }
        }
    }
    // Every file is compared with the targets.
    out.truncate(MAX_TARGETS);
    out.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    out
}

/// Returns whether a path is a target, or below the folder of a target. An empty target
/// is the folder of the manifest with the modules beside it.
pub(super) fn is_below_target(path: &str, target: &str) -> bool {
    if target.is_empty() {
        let first = path.split('/').next().unwrap_or_default();
        return path == first || names::folder_area(first).is_none();
    }
    path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
