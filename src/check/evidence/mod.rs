//! `evidence/…`: claims of proof are complete and point at something.

pub(super) mod command;
pub(super) mod log;
pub(super) mod requirement;

use super::context::ChangeCheckContext;

/// Why evidence is not asked for, if it is not.
fn not_required_reason(input: &ChangeCheckContext<'_>) -> Option<String> {
    let asked = input.packet.packet.generation.is_g2() || input.packet.policy.evidence_required;
    (!asked)
        .then(|| format!("packets of generation {} need no evidence here", input.packet.packet.generation))
}

/// Whether two texts are one command, however they are quoted.
#[must_use]
pub fn is_same_command(a: &str, b: &str) -> bool {
    normalize(a) == normalize(b)
}

/// Text for comparison: blanks folded, back-ticks, quotes and a last full
/// stop left out.
pub(super) fn normalize(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '`' | '"' | '*')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', ':']).to_owned()
}
