//! The texts of the files that `countersign init` creates.

use crate::document::template::{PACKET, REFINEMENT, STUB, fill};
use crate::system::transaction::WriteError;

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/init/", $name))
    };
}

pub(super) const BOARD: &str = text!("board.md");
pub(super) const REGISTRY: &str = text!("registry.md");
pub(super) const AUDIT: &str = text!("audit.md");
pub(super) const SPEC: &str = text!("spec.md");
pub(super) const GITHUB: &str = text!("github.yml");
pub(super) const GITLAB: &str = text!("gitlab.yml");
pub(super) const GATE_LOG: &str = "{\n  \"gate_logs\": []\n}\n";
/// The line that `init` adds to `.gitignore`.
pub(super) const IGNORE_LINE: &str = "/.countersign/";

/// Templates: file name and text.
pub(super) const TEMPLATES: [(&str, &str); 3] = [
    (crate::workflow::new::PACKET_TEMPLATE, PACKET),
    (crate::workflow::new::REFINEMENT_TEMPLATE, REFINEMENT),
    (crate::workflow::new::STUB_TEMPLATE, STUB),
];

/// Returns the text of the specification pointer that names `spec`.
pub(super) fn render_spec_pointer(spec: &str) -> String {
    fill(text!("pointer.md"), &[("SPEC", spec)])
}

/// Returns the text of the recipe file whose own path is `path`.
pub(super) fn render_recipes(path: &str) -> String {
    fill(text!("countersign.just"), &[("SELF", path)])
}

/// Kinds of projects: a file in the root that shows the kind, and the command
/// that runs the tests.
const PROJECT_KINDS: [(&str, &str); 5] = [
    ("Cargo.toml", "[cargo, test]"),
    ("package.json", "[npm, test]"),
    ("pyproject.toml", "[python, -m, pytest]"),
    ("setup.py", "[python, -m, pytest]"),
    ("go.mod", "[go, test, ./...]"),
];

/// Returns one test step, as YAML, for every known kind of project in the root.
/// `exists` reports whether a file of the root exists.
///
/// # Errors
/// Passes on the errors of `exists`.
pub(super) fn detect_steps(
    exists: &dyn Fn(&str) -> Result<bool, WriteError>,
) -> Result<Vec<String>, WriteError> {
    let mut out: Vec<String> = Vec::new();
    for (file, run) in PROJECT_KINDS {
        if exists(file)? && !out.iter().any(|step| step.contains(run)) {
            let name = if out.is_empty() { "tests".to_owned() } else { format!("tests of {file}") };
            out.push(format!("  - name: {name}\n    run: {run}\n    timeout: 10m"));
        }
    }
    Ok(out)
}

/// Returns the text of `countersign.yaml` for this main branch and these steps.
pub(super) fn render_configuration(main_branch: &str, steps: &[String]) -> String {
    let steps = if steps.is_empty() { " []".to_owned() } else { format!("\n{}", steps.join("\n")) };
    // YAML would read some branch names as another value than a string.
    let is_plain_yaml = main_branch.starts_with(|c: char| c.is_ascii_alphabetic())
        && main_branch.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c))
        && !["true", "false", "yes", "no", "null", "on", "off"]
            .contains(&main_branch.to_lowercase().as_str());
    let main_branch = if is_plain_yaml {
        main_branch.to_owned()
    } else {
        serde_json::to_string(main_branch).unwrap_or_default()
    };
    fill(text!("configuration.txt"), &[("MAIN", &main_branch), ("STEPS", &steps)])
}
