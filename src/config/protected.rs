//! Paths that control the checks, by kind: a change to them needs an exact scope entry.

use crate::check::context::ProtectedPattern;

/// Files of this tool, of hooks and of git.
const CHECKS: [&str; 27] = [
    "countersign.yaml",
    ".countersign/",
    "rules/countersign/",
    ".githooks/",
    ".husky/",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".lefthook.toml",
    ".lefthook.json",
    "lefthook.toml",
    "lefthook.json",
    "lefthook-local.yml",
    "lefthook-local.yaml",
    ".huskyrc",
    ".huskyrc.*",
    ".simple-git-hooks.*",
    "simple-git-hooks.*",
    ".pre-commit-config.yml",
    "prek.toml",
    ".lintstagedrc",
    ".gitattributes",
    ".gitmodules",
    ".gitignore",
    ".lfsconfig",
];

/// Files of continuous integration, and of who must review.
const INTEGRATION: [&str; 61] = [
    ".github/",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".gitlab/",
    ".ci/",
    ".circleci/",
    "Jenkinsfile",
    ".jenkins/",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines/",
    ".azuredevops/",
    ".travis.yml",
    "appveyor.yml",
    ".appveyor.yml",
    ".appveyor/",
    ".drone.yml",
    ".drone.yaml",
    ".drone.star",
    ".drone.jsonnet",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    ".woodpecker/",
    ".buildkite/",
    "bitbucket-pipelines.yml",
    ".teamcity/",
    ".cirrus.yml",
    ".cirrus.star",
    ".semaphore/",
    "buildspec.yml",
    "buildspec.yaml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    ".tekton/",
    ".forgejo/",
    ".gitea/",
    ".builds/",
    ".build.yml",
    ".zuul.yaml",
    ".zuul.d/",
    "zuul.yaml",
    "bamboo-specs/",
    "wercker.yml",
    "screwdriver.yaml",
    ".taskcluster.yml",
    ".harness/",
    "codemagic.yaml",
    "bitrise.yml",
    ".prow/",
    "Jenkinsfile.*",
    "*.jenkinsfile",
    "azure-pipelines-*.yml",
    ".mergify.yml",
    "bors.toml",
    ".bors.toml",
    ".prow.yaml",
    "action.yml",
    "action.yaml",
    ".devcontainer/",
    "OWNERS",
    "CODEOWNERS",
];

/// Settings that run programs, and settings and hooks of coding agents.
const TOOLS: [&str; 45] = [
    ".cargo/",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    "pnpm-workspace.yaml",
    "bunfig.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "mise.toml",
    ".mise.toml",
    ".envrc",
    ".claude/",
    ".codex/",
    ".cursor/",
    ".cursorrules",
    ".windsurf/",
    ".windsurfrules",
    ".gemini/",
    ".continue/",
    ".roo/",
    ".roomodes",
    ".clinerules",
    ".clinerules/",
    ".aider.conf.yml",
    ".mcp.json",
    ".amazonq/",
    ".kiro/",
    ".opencode/",
    "opencode.json",
    ".junie/",
    ".augment/",
    ".trae/",
    ".goosehints",
    ".agents/",
    ".agent/",
    ".zed/",
    ".qodo/",
    ".vscode/tasks.json",
    "**/.vscode/tasks.json",
    ".devcontainer.json",
    "node_modules/.bin/*",
    "**/node_modules/.bin/*",
    "sitecustomize.py",
    "usercustomize.py",
];

/// Recipe files: `init` writes one. The commands of steps may run it, and then it is
/// protected.
const RECIPES: [&str; 2] = ["justfile", ".justfile"];

/// Returns the paths that the first configuration of a repository may come together with.
pub(crate) fn setup_patterns() -> Vec<ProtectedPattern> {
    parse_all(CHECKS.iter().chain(&INTEGRATION).chain(&RECIPES))
}

/// Returns the paths that are protected in every repository.
pub(super) fn default_patterns() -> Vec<ProtectedPattern> {
    static PATTERNS: std::sync::OnceLock<Vec<ProtectedPattern>> = std::sync::OnceLock::new();
    PATTERNS.get_or_init(|| parse_all(CHECKS.iter().chain(&INTEGRATION).chain(&TOOLS))).clone()
}

fn parse_all<'a>(texts: impl Iterator<Item = &'a &'static str>) -> Vec<ProtectedPattern> {
    texts.filter_map(|text| ProtectedPattern::parse(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn kinds_of_files_are_protected_in_every_folder() {
        let all = default_patterns();
        let covers = |path: &str| all.iter().any(|pattern| pattern.covers(&RepoPath::from(path)));
        for path in [
            "web/.cargo",
            "ci/Jenkinsfile.deploy".to_lowercase().as_str(),
            "web/.npmrc",
            ".drone.yml",
            "docs/codeowners",
            "a/.cargo/config.toml",
            ".claude/settings.json",
            ".lefthook.toml",
            ".huskyrc.json",
            ".vscode/tasks.json",
            "web/.vscode/tasks.json",
            ".devcontainer/devcontainer.json",
            ".agents/settings.json",
            "node_modules/.bin/jest",
            "web/node_modules/.bin/jest",
        ] {
            assert!(covers(path), "{path}");
        }
        for path in [
            "src/cargo/a.rs",
            "docs/claude.md",
            "agents.md",
            "src/builds/a.rs",
            ".vscode/settings.json",
            "src/action.ts",
        ] {
            assert!(!covers(path), "{path}");
        }
        assert_eq!(all.len(), CHECKS.len() + INTEGRATION.len() + TOOLS.len());
    }
}
