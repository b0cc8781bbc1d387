//! The policy codes that rules and documents refer to: `CX-573F`, `COR-701`.
//!
//! `rules/codes.yaml` holds them; `countersign explain CODE` prints them.

use std::sync::OnceLock;

use serde::Deserialize;

use super::parse_yaml;

const CODES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/codes.yaml"));

/// A code of the governance documents, explained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyCode {
    /// The code, e.g. `CX-573F`.
    pub code: String,
    /// What it is called.
    pub title: String,
    /// What it demands, in a few sentences.
    pub text: String,
    /// The family of documents that defines it.
    pub source: String,
}

/// All codes, sorted.
#[must_use]
pub(crate) fn policy_codes() -> &'static [PolicyCode] {
    static PARSED: OnceLock<Vec<PolicyCode>> = OnceLock::new();
    // A test proves that the embedded file can be read.
    PARSED.get_or_init(|| parse_yaml(CODES).unwrap_or_default())
}

/// A code, whatever the case of its letters.
#[must_use]
pub(crate) fn find_policy_code(code: &str) -> Option<&'static PolicyCode> {
    policy_codes().iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_readable_sorted_and_complete() {
        let codes: Vec<PolicyCode> = parse_yaml(CODES).unwrap();
        assert!(codes.len() > 40);
        assert!(codes.windows(2).all(|pair| pair[0].code < pair[1].code), "not sorted");
        for code in &codes {
            assert!(code.text.trim().ends_with('.') && !code.title.trim().is_empty(), "{}", code.code);
        }
    }
}
