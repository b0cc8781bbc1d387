//! Names of scripts and recipes that say whether they run the product.

use serde_json::Value;

/// First words of the names of scripts in a `package.json` that run the product.
const OF_PRODUCT: [&str; 17] = [
    "start",
    "up",
    "all",
    "serve",
    "server",
    "dev",
    "deploy",
    "preview",
    "watch",
    "migrate",
    "migration",
    "worker",
    "cron",
    "job",
    "prod",
    "production",
    "launch",
];

/// Returns the recipes of a Makefile or justfile that run the product.
pub(super) fn product_recipes(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let (mut out, mut is_of_product) = (String::new(), false);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with([' ', '\t']) {
            let targets = line.split_once(':').map_or("", |(targets, _)| targets);
            is_of_product = targets.split_whitespace().any(|name| runs_product(name) || name == "run");
        }
        if is_of_product {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns whether the name of a command says that it runs the product.
pub(super) fn runs_product(name: &str) -> bool {
    name.split([':', '-', '.', '_']).next().is_some_and(|first| OF_PRODUCT.contains(&first))
}

/// Returns whether the name of a command says that it is for those who work on the product.
pub(super) fn runs_for_developers(name: &str) -> bool {
    let words = [
        "docs",
        "doc",
        "demo",
        "demos",
        "example",
        "examples",
        "test",
        "tests",
        "bench",
        "benchmark",
        "debug",
        "playground",
        "sandbox",
        "generate",
        "gen",
        "codegen",
        "publish",
        "changelog",
        "lint",
        "format",
        "check",
        "clean",
        "i18n",
        "fixtures",
        "screenshots",
        "icons",
        "translations",
    ];
    !runs_product(name) && name.split([':', '-', '.', '_']).any(|word| words.contains(&word))
}

/// Returns what a `package.json` says about the product: its entries, and the scripts that run it.
pub(super) fn product_commands(text: &[u8]) -> String {
    let Ok(Value::Object(manifest)) = serde_json::from_slice::<Value>(text) else {
        return String::from_utf8_lossy(text).into_owned();
    };
    let mut out = String::new();
    for (key, value) in &manifest {
        match (key.as_str(), value) {
            ("scripts", Value::Object(scripts)) => {
                for (_, command) in scripts.iter().filter(|(name, _)| runs_product(name)) {
                    out.push_str(&format!("{command}\n"));
                }
            }
            // The tool of a database runs it with examples.
            ("prisma" | "lint-staged" | "jest", _) => {}
            _ => out.push_str(&format!("{value}\n")),
        }
    }
    out
}
