//! The files of a new governance.

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
/// What git is told to ignore.
pub(super) const IGNORE_LINE: &str = "/.countersign/";

/// Templates by the names of their files.
pub(super) const TEMPLATES: [(&str, &str); 3] = [
    (crate::workflow::new::PACKET_TEMPLATE, PACKET),
    (crate::workflow::new::REFINEMENT_TEMPLATE, REFINEMENT),
    (crate::workflow::new::STUB_TEMPLATE, STUB),
];

pub(super) fn render_spec_pointer(spec: &str) -> String {
    fill(text!("pointer.md"), &[("SPEC", spec)])
}

pub(super) fn render_recipes(own: &str) -> String {
    fill(text!("countersign.just"), &[("SELF", own)])
}

/// Kinds of projects, by a file in their root: name and program of their tests.
const PROJECT_KINDS: [(&str, &str); 5] = [
    ("Cargo.toml", "[cargo, test]"),
    ("package.json", "[npm, test]"),
    ("pyproject.toml", "[python, -m, pytest]"),
    ("setup.py", "[python, -m, pytest]"),
    ("go.mod", "[go, test, ./...]"),
];

/// The steps of the projects that lie in the root.
pub(super) fn detect_steps(
    there: &dyn Fn(&str) -> Result<bool, WriteError>,
) -> Result<Vec<String>, WriteError> {
    let mut out: Vec<String> = Vec::new();
    for (file, run) in PROJECT_KINDS {
        if there(file)? && !out.iter().any(|step| step.contains(run)) {
            let name = if out.is_empty() { "tests".to_owned() } else { format!("tests of {file}") };
            out.push(format!("  - name: {name}\n    run: {run}\n    timeout: 10m"));
        }
    }
    Ok(out)
}

pub(super) fn render_configuration(main: &str, steps: &[String]) -> String {
    let steps = if steps.is_empty() { " []".to_owned() } else { format!("\n{}", steps.join("\n")) };
    // A name that YAML would read as something else is quoted.
    let plain = main.starts_with(|c: char| c.is_ascii_alphabetic())
        && main.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c))
        && !["true", "false", "yes", "no", "null", "on", "off"].contains(&main.to_lowercase().as_str());
    let main = if plain { main.to_owned() } else { serde_json::to_string(main).unwrap_or_default() };
    fill(text!("configuration.txt"), &[("MAIN", &main), ("STEPS", &steps)])
}
