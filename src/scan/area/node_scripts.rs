//! Files that the scripts of a `package.json` run, and that are for developers alone.

use serde_json::{Map, Value};

use super::{names, normalize};

/// Maximum number of files that the scripts of one package run.
const MAX_TOOLS: usize = 100;

/// First words of the names of scripts that developers run. Scripts such as `start` or `migrate`
/// run the product.
const OF_DEVELOPERS: [&str; 38] = [
    "bench",
    "benchmark",
    "build",
    "bundle",
    "changelog",
    "check",
    "ci",
    "clean",
    "codegen",
    "compile",
    "docs",
    "format",
    "gen",
    "generate",
    "i18n",
    "lint",
    "postbuild",
    "postcompile",
    "postpublish",
    "posttest",
    "postversion",
    "prebuild",
    "precompile",
    "prepack",
    "prepare",
    "prepublish",
    "prepublishOnly",
    "pretest",
    "preversion",
    "publish",
    "release",
    "schema",
    "seed",
    "size",
    "test",
    "typecheck",
    "types",
    "version",
];
/// Words anywhere in the name of such a script.
const ABOUT_DEVELOPMENT: [&str; 8] =
    ["build", "changelog", "eslint", "i18n", "locale", "locales", "prettier", "translations"];
/// First words of the names of scripts that run the product.
const OF_PRODUCT: [&str; 6] = ["start", "serve", "server", "dev", "worker", "deploy"];
/// Programs that run a script.
const RUNNERS: [&str; 9] =
    ["node", "tsx", "ts-node", "ts-node-esm", "bun", "deno", "esno", "jiti", "vite-node"];
/// Options of these programs with a value behind a blank.
const OPTIONS_WITH_VALUE: [&str; 7] =
    ["-r", "--require", "--import", "--loader", "--env-file", "-P", "--project"];

/// Returns the files, relative to the package, that scripts of its developers run. What is
/// below the folders of its sources is the product, whoever runs it.
pub(super) fn run_by_developers(manifest: &Map<String, Value>) -> Vec<String> {
    let of_developers = |name: &str| {
        let mut words = name.split([':', '-', '.', '_']);
        let first = words.next().unwrap_or(name);
        OF_DEVELOPERS.contains(&first)
            || (!OF_PRODUCT.contains(&first) && words.any(|word| ABOUT_DEVELOPMENT.contains(&word)))
    };
    let (developers, product): (Vec<_>, Vec<_>) =
        entries(manifest).partition(|(name, _)| of_developers(name));
    let product: Vec<String> = product.into_iter().flat_map(|(_, command)| files_run_by(command)).collect();
    let mut out: Vec<String> =
        developers.into_iter().flat_map(|(_, command)| files_run_by(command)).collect();
    out.retain(|file| !names::is_below_sources(file) && !product.contains(file));
    out.sort();
    out.dedup();
    out.truncate(MAX_TOOLS);
    out
}

/// Returns the commands that start and build the package.
pub(super) fn makers(manifest: &Map<String, Value>) -> Vec<String> {
    let makes = |name: &str| matches!(name, "start" | "dev" | "develop" | "build" | "serve");
    let all = entries(manifest).filter(|(name, _)| makes(name));
    all.map(|(_, command)| command.to_owned()).collect()
}

/// Returns the names of the scripts with their commands.
pub(super) fn entries(manifest: &Map<String, Value>) -> impl Iterator<Item = (&str, &str)> {
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    scripts.into_iter().flatten().filter_map(|(name, command)| Some((name.as_str(), command.as_str()?)))
}

/// Returns the files that a command of a shell runs.
fn files_run_by(command: &str) -> Vec<String> {
    let mut out = Vec::new();
    for part in command.split(['&', '|', ';']) {
        let mut words = part.split_whitespace().skip_while(|word| !RUNNERS.contains(word)).skip(1);
        while let Some(word) = words.next() {
            if OPTIONS_WITH_VALUE.contains(&word) {
                words.next();
            } else if !word.starts_with('-') && word != "run" {
                let file = normalize("", word.trim_matches(['"', '\'']));
                let is_script = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];
                out.extend(is_script.iter().any(|ending| file.ends_with(ending)).then_some(file));
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(scripts: &str) -> Vec<String> {
        let manifest: Value =
            serde_json::from_str(&format!("{{\"scripts\": {scripts}}}")).unwrap_or_default();
        run_by_developers(manifest.as_object().unwrap_or(&Map::new()))
    }

    #[test]
    fn scripts_of_developers_run_tools() {
        let scripts = r#"{
            "build": "rimraf out && node ./pack.mjs --all",
            "generate:api": "NODE_ENV=x tsx -r dotenv/config api/write.ts",
            "lint": "eslint pages.js",
            "sync-locales": "node locales.js",
            "prepublishOnly": "node --import tsx sign.ts | tee log"
        }"#;
        assert_eq!(tools(scripts), ["api/write.ts", "locales.js", "pack.mjs", "sign.ts"]);
    }

    #[test]
    fn scripts_of_the_product_run_the_product() {
        for scripts in [
            r#"{"start": "node server.js", "test": "node server.js"}"#,
            r#"{"migrate": "node migrate.js"}"#,
            r#"{"worker": "tsx worker.ts", "start:build": "node served.js", "sync": "node sync.js"}"#,
            r#"{"generate": "tsx src/write.ts"}"#,
            r#"{"build": "node"}"#,
            r#"{"build": 1}"#,
        ] {
            assert!(tools(scripts).is_empty(), "{scripts}");
        }
    }
}
