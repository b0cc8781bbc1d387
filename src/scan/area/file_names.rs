//! Names of files that say what the file is for.

use crate::scan::area_kind::AreaKind;
use crate::scan::language::Language;

/// Tools that are configured by a script with their name, such as `vite.config.ts`.
const CONFIGURED_TOOLS: [&str; 16] = [
    "astro",
    "babel",
    "commitlint",
    "eslint",
    "jest",
    "next",
    "nuxt",
    "playwright",
    "postcss",
    "prettier",
    "rollup",
    "svelte",
    "tailwind",
    "vite",
    "vitest",
    "webpack",
];

/// Returns whether a file beside a `package.json` configures tools.
pub(super) fn is_tool_configuration(file: &str) -> bool {
    let lower = file.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('.').collect();
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    let stem = parts.first().copied().unwrap_or_default();
    lower.starts_with('.')
        || inner.iter().any(|part| matches!(*part, "config" | "conf" | "setup" | "workspace"))
        || matches!(lower.as_str(), "play.ts" | "play.js" | "playground.ts" | "scratch.ts")
        || matches!(
            stem,
            "gulpfile"
                | "gruntfile"
                | "jakefile"
                | "webpack"
                | "rollup"
                | "esbuild"
                | "build"
                | "bundle"
                | "seed"
        )
        || stem.starts_with("seed-")
}

/// Returns whether a file beside a `package.json` shows how the package is used.
pub(super) fn is_example_file(file: &str) -> bool {
    let stem = file.split('.').next().unwrap_or_default();
    matches!(stem, "example" | "examples" | "demo") && file.matches('.').count() == 1
}

/// Returns the area that the name of a file says; `None` if it says nothing.
pub(super) fn file_area(file: &str, language: Language) -> Option<AreaKind> {
    match language {
        Language::Python => matches!(
            file,
            "setup.py"
                | "noxfile.py"
                | "fabfile.py"
                | "versioneer.py"
                | "_version.py"
                | "toxfile.py"
                | "dodo.py"
        )
        .then_some(AreaKind::Tools),
        language if language.is_script() => {
            let stem = file.split('.').next().unwrap_or_default();
            // `order.example.ts` shows how `order.ts` is used.
            let is_example =
                file.split('.').rev().nth(1).is_some_and(|part| part == "example" && part != stem);
            // `vite.config.ts`, in any folder.
            let mut parts = file.split('.').skip(1);
            if parts.next() == Some("config") && CONFIGURED_TOOLS.contains(&stem) {
                return Some(AreaKind::Tools);
            }
            if stem == "storybook" {
                return Some(AreaKind::Tests);
            }
            (is_example || stem.ends_with("-example")).then_some(AreaKind::Examples)
        }
        _ => None,
    }
}
