//! The texts of the files that `countersign init` creates.

use crate::document::template::{PACKET, REFINEMENT, STUB, fill};
use crate::rule::Profile;

use super::runner::TestStep;

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/init/", $name))
    };
}

pub(super) const BOARD: &str = text!("board.md");
pub(super) const REGISTRY: &str = text!("registry.md");
pub(super) const AUDIT: &str = text!("audit.md");
pub(super) const SPEC: &str = text!("spec.md");
const GITHUB: &str = text!("github.yml");
pub(super) const GITLAB: &str = text!("gitlab.yml");
/// The line that `init` adds to `.gitignore`.
pub(super) const IGNORE_LINE: &str = "/.countersign/logs/";

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

/// Returns the text of the workflow for GitHub, which runs after a push to this branch, too.
pub(super) fn render_github(main: &str) -> String {
    GITHUB.replace("branches: [main]", &format!("branches: [{}]", yaml_text(main)))
}

/// Returns the text of the recipe file whose own path is `path`.
pub(super) fn render_recipes(path: &str) -> String {
    fill(text!("countersign.just"), &[("SELF", path)])
}

/// Returns the steps as a value of `steps`, in YAML.
pub(super) fn render_steps(steps: &[TestStep]) -> String {
    if steps.is_empty() {
        return " []".to_owned();
    }
    let render = |step: &TestStep| {
        let argv: Vec<String> = step.argv.iter().map(|word| yaml_text(word)).collect();
        let folder = match step.folder.as_str() {
            "" => String::new(),
            folder => format!("\n    folder: {}", yaml_text(folder)),
        };
        format!(
            "\n  - name: {}\n    run: [{}]{folder}\n    timeout: 10m",
            yaml_text(&step.name),
            argv.join(", ")
        )
    };
    steps.iter().map(render).collect()
}

/// Returns a text as a YAML scalar in a block or in a flow list; with quotes if YAML
/// would read it as another value.
pub(super) fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || "./".contains(c))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/-_. ".contains(c))
        && !text.ends_with(' ')
        && !["true", "false", "yes", "no", "null", "on", "off"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::to_string(text).unwrap_or_default() }
}

/// Returns the text of `countersign.yaml` for this main branch and these steps.
pub(super) fn render_configuration(main_branch: &str, steps: &[TestStep], profile: Profile) -> String {
    let steps = render_steps(steps);
    let text = fill(text!("configuration.txt"), &[("MAIN", &yaml_text(main_branch)), ("STEPS", &steps)]);
    match profile {
        // Packets of this profile have no format version.
        Profile::Standard => text.replacen("minimum_format: \"2026-02-01\"", "profile: standard", 1),
        Profile::Fence | Profile::Full => text,
    }
}
