//! What a repository says of its scans.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::language::Language;
use super::rule::{Area, PathPatterns, RuleFault, ScanRule};
use super::test_code::is_test_path;
use crate::text::{RepoPath, Source};

/// What a repository says of its scans; the default says nothing.
#[derive(Debug, Clone, Default)]
pub struct ScanSettings {
    /// Where the product's own code lies; empty leaves it to manifests.
    pub product: PathPatterns,
    /// Test code beside what names and places tell.
    pub tests: PathPatterns,
    /// What no scan looks at.
    pub exclude: PathPatterns,
    /// Folders of rule files.
    pub rule_folders: Vec<String>,
    /// Rules written in the configuration itself.
    pub inline_rules: Vec<(ScanRule, Arc<Source>)>,
    /// Rules in the configuration that are none.
    pub rule_faults: Vec<RuleFault>,
    /// Changes of rules, by id.
    pub overrides: BTreeMap<String, RuleOverride>,
    /// The file of known findings.
    pub baseline: Option<String>,
    /// Scans that `post-work` makes.
    pub gate_scans: Vec<String>,
    /// Folders of migrations; empty means every folder of that name.
    pub migrations: Vec<String>,
    /// Names of back ends of which each must have what the others have.
    pub backends: Vec<String>,
    /// Tracked files that are artifacts.
    pub artifacts: PathPatterns,
    /// An untracked file of more bytes is large.
    pub large_file_bytes: Option<u64>,
}

/// What a repository changes of a rule.
#[derive(Debug, Clone, Default)]
pub struct RuleOverride {
    /// Paths that it looks at, instead of its own.
    pub include: Option<PathPatterns>,
    /// Paths that it does not look at, instead of its own.
    pub exclude: Option<PathPatterns>,
    /// Where it looks.
    pub area: Option<Area>,
    /// Whether test code counts.
    pub tests: Option<bool>,
}

impl RuleOverride {
    /// The rule as changed.
    #[must_use]
    pub fn apply(&self, mut rule: ScanRule) -> ScanRule {
        rule.include = self.include.clone().unwrap_or(rule.include);
        rule.exclude = self.exclude.clone().unwrap_or(rule.exclude);
        rule.area = self.area.unwrap_or(rule.area);
        rule.tests = self.tests.unwrap_or(rule.tests);
        rule
    }
}

/// Folders of other people's code, and of what tools make.
const VENDORED_FOLDERS: [&str; 6] = ["node_modules", "vendor", "third_party", "target", "dist", ".git"];
/// Folders beside the product.
const NON_PRODUCT_FOLDERS: [&str; 6] = ["examples", "scripts", "tools", "docs", "doc", "ci"];
/// Where the code of a package with a `package.json` lies.
const NODE_SOURCE_FOLDERS: [&str; 9] =
    ["src", "app", "lib", "pages", "components", "server", "routes", "electron", "packages"];

impl ScanSettings {
    /// Whether no scan looks at a path: excluded, somebody else's, or made by
    /// a tool.
    #[must_use]
    pub fn skips(&self, path: &RepoPath) -> bool {
        let text = path.to_text();
        // Below `src/` such a name is a word of the product.
        let above: Vec<&str> = text.split('/').take_while(|name| *name != "src").collect();
        let folders_above = above.len().min(text.matches('/').count());
        let foreign = above.iter().take(folders_above).any(|folder| VENDORED_FOLDERS.contains(folder));
        self.exclude.matches(&text) || foreign || parent_folders(&text).any(|folder| folder == "node_modules")
    }

    /// Whether all of a file is test code.
    #[must_use]
    pub fn is_test(&self, path: &RepoPath, language: Language) -> bool {
        is_test_path(path, language) || self.tests.matches(&path.to_text())
    }

    /// Whether a file is the product's own code: where the configuration says
    /// so, else where its manifest puts it. `has` tells whether a file exists.
    #[must_use]
    pub fn is_product(&self, path: &RepoPath, language: Language, has: &dyn Fn(&str) -> bool) -> bool {
        let text = path.to_text();
        if !self.product.is_empty() {
            return self.product.matches(&text);
        }
        let (manifest, places): (&str, &[&str]) = match language {
            Language::Rust => ("Cargo.toml", &["src"]),
            Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx => {
                ("package.json", &NODE_SOURCE_FOLDERS)
            }
            _ => return !parent_folders(&text).any(|folder| NON_PRODUCT_FOLDERS.contains(&folder)),
        };
        let names: Vec<&str> = text.split('/').collect();
        let mut managed = false;
        for depth in (0..names.len()).rev() {
            let above = names.get(..depth).unwrap_or_default().join("/");
            let file = if above.is_empty() { manifest.to_owned() } else { format!("{above}/{manifest}") };
            if has(&file) {
                managed = true;
                let below = names.get(depth).copied().unwrap_or_default();
                // A file beside the manifest is configuration of tools.
                if depth + 1 < names.len() && places.contains(&below) {
                    return true;
                }
            }
        }
        !managed && !parent_folders(&text).any(|folder| NON_PRODUCT_FOLDERS.contains(&folder))
    }
}

fn parent_folders(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').rev().skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_say_where_the_product_lies() {
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
