//! What a `Cargo.toml` says.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Value;

/// Features of one manifest: what each switches on.
pub(super) type FeatureTable = BTreeMap<String, Vec<String>>;

/// The parts of a `Cargo.toml` that say what its files are for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct CargoManifest {
    pub package: Option<CargoPackageKeys>,
    pub workspace: Option<CargoWorkspaceKeys>,
    pub lib: Option<CargoTarget>,
    pub bin: Vec<CargoTarget>,
    pub example: Vec<CargoTarget>,
    pub test: Vec<CargoTarget>,
    pub bench: Vec<CargoTarget>,
    pub dependencies: BTreeMap<String, Value>,
    pub dev_dependencies: BTreeMap<String, Value>,
    pub build_dependencies: BTreeMap<String, Value>,
    pub target: BTreeMap<String, CargoPlatformTables>,
    pub features: FeatureTable,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct CargoPackageKeys {
    pub name: String,
    pub publish: Option<Value>,
    pub version: Option<Value>,
    pub description: Option<Value>,
    pub license: Option<Value>,
    #[serde(rename = "license-file")]
    pub license_file: Option<Value>,
    pub build: Option<Value>,
    pub metadata: Option<Value>,
    /// Whether each file in `src/bin/` is a program.
    pub autobins: bool,
}

impl Default for CargoPackageKeys {
    fn default() -> Self {
        Self {
            name: String::new(),
            publish: None,
            version: None,
            description: None,
            license: None,
            license_file: None,
            build: None,
            metadata: None,
            autobins: true,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CargoWorkspaceKeys {
    pub members: Vec<String>,
    #[serde(rename = "default-members")]
    pub default_members: BTreeSet<String>,
    pub dependencies: BTreeMap<String, Value>,
    /// Keys that its packages may inherit.
    pub package: Option<CargoInheritedKeys>,
    /// Whether its root is a package, too.
    #[serde(skip)]
    pub has_root_package: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CargoInheritedKeys {
    pub publish: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CargoTarget {
    pub name: Option<String>,
    pub path: Option<String>,
    #[serde(rename = "crate-type")]
    pub crate_type: Option<Value>,
    #[serde(rename = "required-features")]
    pub required_features: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct CargoPlatformTables {
    pub dependencies: BTreeMap<String, Value>,
    pub dev_dependencies: BTreeMap<String, Value>,
    pub build_dependencies: BTreeMap<String, Value>,
}

impl CargoTarget {
    /// Returns whether the library is for programs that are not built with it, such as a plugin.
    pub(super) fn is_for_other_programs(&self) -> bool {
        let kinds = self.crate_type.as_ref().and_then(Value::as_array).into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| matches!(kind, "cdylib" | "staticlib"))
    }
}

impl CargoManifest {
    /// Returns a package with the usual targets, for a manifest that cannot be read.
    pub(super) fn unreadable() -> Self {
        Self { package: Some(CargoPackageKeys::default()), ..Self::default() }
    }
}

/// A package of the repository that another one uses.
#[derive(Debug)]
pub(super) struct CargoDependency {
    /// The name that the manifest gives it.
    pub name: String,
    /// Its folder, relative to the root of the repository.
    pub folder: String,
    pub kind: CargoDependencyKind,
    /// Features that the manifest asks for.
    pub features: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CargoDependencyKind {
    Normal,
    /// A build script needs it.
    Build,
    /// Only with a feature that a user of the package switches on.
    Optional,
    Tests,
}
