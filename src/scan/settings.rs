//! Scan settings of a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::language::Language;
use super::rule::{Area, PathPatterns, RuleFault, ScanRule};
use super::test_code::is_test_path;
use crate::text::{RepoPath, Source};

/// Scan settings of a repository; the default contains no settings.
#[derive(Debug, Clone, Default)]
pub struct ScanSettings {
    /// Paths of the product's own code; if empty, package manifests decide.
    pub product: PathPatterns,
    /// Paths of test code, in addition to those detected by name and folder.
    pub tests: PathPatterns,
    /// Paths that scans skip.
    pub exclude: PathPatterns,
    /// Folders of rule files.
    pub rule_folders: Vec<String>,
    /// Rules written in the configuration itself.
    pub inline_rules: Vec<(ScanRule, Arc<Source>)>,
    /// Errors of rules in the configuration that cannot be read.
    pub rule_faults: Vec<RuleFault>,
    /// Overrides of rules, by rule id.
    pub overrides: BTreeMap<String, RuleOverride>,
    /// Path of the baseline file.
    pub baseline: Option<String>,
    /// Names of the scans that `post-work` runs.
    pub gate_scans: Vec<String>,
    /// Folders of migrations; empty means every folder with the name `migrations`.
    pub migrations: Vec<String>,
    /// Names of database back ends; each must have the migrations of the others.
    pub backends: Vec<String>,
    /// Patterns of artifacts, which must not be tracked.
    pub artifacts: PathPatterns,
    /// Size in bytes above which an untracked file is reported as large.
    pub large_file_bytes: Option<u64>,
}

/// Overrides of a rule in the configuration of a repository.
#[derive(Debug, Clone, Default)]
pub struct RuleOverride {
    /// Paths that the rule applies to, instead of its own.
    pub include: Option<PathPatterns>,
    /// Paths that the rule skips, instead of its own.
    pub exclude: Option<PathPatterns>,
    /// The area in which the rule applies.
    pub area: Option<Area>,
    /// Whether the rule applies to test code.
    pub tests: Option<bool>,
}

impl RuleOverride {
    /// Returns the rule with the overrides applied.
    #[must_use]
    pub fn apply(&self, mut rule: ScanRule) -> ScanRule {
        rule.include = self.include.clone().unwrap_or(rule.include);
        rule.exclude = self.exclude.clone().unwrap_or(rule.exclude);
        rule.area = self.area.unwrap_or(rule.area);
        rule.tests = self.tests.unwrap_or(rule.tests);
        rule
    }
}

/// Folders of third-party code and of files that tools generate.
const VENDORED_FOLDERS: [&str; 6] = ["node_modules", "vendor", "third_party", "target", "dist", ".git"];
/// Folders that do not contain code of the product.
const NON_PRODUCT_FOLDERS: [&str; 6] = ["examples", "scripts", "tools", "docs", "doc", "ci"];
/// Source folders of a package with a `package.json`.
const NODE_SOURCE_FOLDERS: [&str; 9] =
    ["src", "app", "lib", "pages", "components", "server", "routes", "electron", "packages"];

impl ScanSettings {
    /// Returns whether scans skip a path: it is excluded, third-party code, or generated
    /// by a tool.
    #[must_use]
    pub fn skips(&self, path: &RepoPath) -> bool {
        let text = path.to_text();
        // Below `src/`, such a folder belongs to the product.
        let folders: Vec<&str> = text.split('/').take_while(|name| *name != "src").collect();
        let folder_count = folders.len().min(text.matches('/').count());
        let is_vendored = folders.iter().take(folder_count).any(|folder| VENDORED_FOLDERS.contains(folder));
        self.exclude.matches(&text)
            || is_vendored
            || parent_folders(&text).any(|folder| folder == "node_modules")
    }

    /// Returns whether the whole file is test code.
    #[must_use]
    pub fn is_test(&self, path: &RepoPath, language: Language) -> bool {
        is_test_path(path, language) || self.tests.matches(&path.to_text())
    }

    /// Returns whether a file is the product's own code: according to the configuration,
    /// otherwise according to its package manifest. `has` returns whether a file exists.
    #[must_use]
    pub fn is_product(&self, path: &RepoPath, language: Language, has: &dyn Fn(&str) -> bool) -> bool {
        let text = path.to_text();
        if !self.product.is_empty() {
            return self.product.matches(&text);
        }
        let (manifest, source_folders): (&str, &[&str]) = match language {
            Language::Rust => ("Cargo.toml", &["src"]),
            Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx => {
                ("package.json", &NODE_SOURCE_FOLDERS)
            }
            _ => return !parent_folders(&text).any(|folder| NON_PRODUCT_FOLDERS.contains(&folder)),
        };
        let names: Vec<&str> = text.split('/').collect();
        let mut has_manifest = false;
        for depth in (0..names.len()).rev() {
            let above = names.get(..depth).unwrap_or_default().join("/");
            let file = if above.is_empty() { manifest.to_owned() } else { format!("{above}/{manifest}") };
            if has(&file) {
                has_manifest = true;
                let below = names.get(depth).copied().unwrap_or_default();
                // A file next to the manifest is configuration of tools.
                if depth + 1 < names.len() && source_folders.contains(&below) {
                    return true;
                }
            }
        }
        !has_manifest && !parent_folders(&text).any(|folder| NON_PRODUCT_FOLDERS.contains(&folder))
    }
}

/// Returns the names of the folders above a path, the innermost first.
fn parent_folders(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').rev().skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_determine_the_code_of_the_product() {
        let has = |file: &str| matches!(file, "Cargo.toml" | "crates/a/Cargo.toml" | "app/package.json");
        let is = |path: &str| {
            let path = RepoPath::from(path);
            ScanSettings::default().is_product(&path, Language::from_path(&path), &has)
        };
        for path in ["src/a.rs", "crates/a/src/b.rs", "app/src/c.tsx", "migrations/1.sql", "d.py", "web/x.ts"]
        {
            assert!(is(path), "{path}");
        }
        for path in ["build.rs", "tools/x.rs", "crates/a/build.rs", "app/vite.config.ts", "scripts/a.py"] {
            assert!(!is(path), "{path}");
        }
    }
}
