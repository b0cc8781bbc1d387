//! Which scripts of `package.json` files run as a part of the product, by name: `npm run serve`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run_names::runs_product;

/// Maximum number of scripts of all manifests that are followed.
const MAX_SCRIPTS: usize = 5_000;
/// Programs that run scripts of a manifest by their names.
const RUNNERS: [&str; 8] = ["npm", "pnpm", "yarn", "bun", "npm-run-all", "run-s", "run-p", "concurrently"];
/// First words of the names of scripts that only make files or check them, wherever they run.
const MAKING: [&str; 16] = [
    "build",
    "bundle",
    "check",
    "clean",
    "codegen",
    "compile",
    "format",
    "gen",
    "generate",
    "install",
    "ci",
    "lint",
    "prepare",
    "test",
    "typecheck",
    "version",
];
/// Scripts that run on the machine of a user who installs the package.
const OF_USERS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// The scripts of all manifests, and the names that files of the product run.
#[derive(Default)]
pub(super) struct ScriptRuns {
    scripts: Vec<(String, String)>,
    names: BTreeSet<String>,
}

impl ScriptRuns {
    /// Adds the scripts of a manifest.
    pub(super) fn add_manifest(&mut self, text: &[u8]) {
        let Ok(manifest) = serde_json::from_slice::<Value>(text) else { return };
        let scripts = manifest.get("scripts").and_then(Value::as_object);
        for (name, command) in scripts.into_iter().flatten() {
            let Some(command) = command.as_str().filter(|_| self.scripts.len() < MAX_SCRIPTS) else {
                continue;
            };
            if runs_product(name) || OF_USERS.contains(&name.as_str()) {
                self.names.insert(name.clone());
            }
            self.scripts.push((name.clone(), command.to_owned()));
        }
    }

    /// Adds the names of scripts that a file runs.
    pub(super) fn add_runner(&mut self, text: &[u8]) {
        if RUNNERS.iter().any(|runner| memchr::memmem::find(text, runner.as_bytes()).is_some()) {
            self.names.extend(names_run_by(&String::from_utf8_lossy(text)));
        }
    }

    /// Returns the commands of all scripts that run as a part of the product.
    pub(super) fn commands(mut self) -> String {
        let mut out = String::new();
        loop {
            let is_run = |name: &str| {
                let hook = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"));
                let has = |name: &str| self.names.contains(name) && !makes_files(name);
                has(name) || hook.is_some_and(has)
            };
            let (run, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.scripts).into_iter().partition(|(name, _)| is_run(name));
            self.scripts = rest;
            if run.is_empty() {
                return out;
            }
            for (_, command) in run {
                self.names.extend(names_run_by(&command));
                out.push_str(&command);
                out.push('\n');
            }
        }
    }
}

/// Returns whether a script only makes files or checks them.
fn makes_files(name: &str) -> bool {
    let first = name.split([':', '-', '.', '_']).next().unwrap_or_default();
    MAKING.contains(&first) && !OF_USERS.contains(&name)
}

/// Returns the words behind programs that run scripts, up to the end of the command.
fn names_run_by(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for command in text.split(['\n', ';', '&', '|']) {
        let quotes =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | '[' | ']' | '(' | ')');
        let mut words = command.split(quotes).filter(|word| !word.is_empty());
        if words.any(|word| RUNNERS.contains(&word)) {
            out.extend(words.take(20).map(|word| word.strip_prefix("npm:").unwrap_or(word).to_owned()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(manifest: &str, others: &[&str]) -> String {
        let mut runs = ScriptRuns::default();
        runs.add_manifest(manifest.as_bytes());
        others.iter().for_each(|other| runs.add_runner(other.as_bytes()));
        runs.commands()
    }

    #[test]
    fn scripts_that_the_product_runs_by_name_are_followed() {
        let own = |start: &str| {
            format!(
                r#"{{"scripts": {{"start": "{start}", "tide": "tsx a.ts", "docs:edit": "tsx b.ts", "prestart": "tsx c.ts"}}}}"#
            )
        };
        assert!(commands(&own("npm run docs:edit"), &[]).contains("tsx b.ts"));
        assert!(commands(&own("run-p tide web"), &[]).contains("tsx a.ts"));
        assert!(commands(&own("node a.js"), &[]).contains("tsx c.ts"));
        assert!(commands(&own("node a.js"), &["CMD [\"npm\", \"run\", \"tide\"]"]).contains("tsx a.ts"));
        assert!(commands(r#"{"scripts": {"postinstall": "tsx a.ts"}}"#, &[]).contains("tsx a.ts"));
        // A build makes files, and a word without a runner is none.
        let built = r#"{"scripts": {"build": "tsx a.ts", "tide": "tsx b.ts"}}"#;
        assert_eq!(commands(built, &["RUN npm run build", "echo tide"]), "");
    }

    #[test]
    fn scripts_that_run_each_other_end() {
        let many: Vec<String> = (0..3_000).map(|at| format!("\"t{at}\": \"npm run t{}\"", at + 1)).collect();
        let manifest = format!("{{\"scripts\": {{\"start\": \"npm run t2990\", {}}}}}", many.join(","));
        assert!(commands(&manifest, &[]).contains("t3000"));
    }
}
