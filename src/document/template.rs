//! Embedded templates of documents. The command `new` fills them, and `fix`
//! takes missing sections from them. Variables are written `{{NAME}}`.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::field::read_fields;
use super::outline::Outline;
use super::section::read_sections;

/// Template of a task packet, generation G2.
pub(crate) const PACKET: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/packet.md"));
/// Template of a task packet in the profile `standard`.
pub(crate) const PACKET_STANDARD: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/packet-standard.md"));
/// Template of a refinement.
pub(crate) const REFINEMENT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/refinement.md"));
/// Template of a stub.
pub(crate) const STUB: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/templates/stub.md"));
/// Text of a gate log without entries.
pub(crate) const GATE_LOG: &str = "{\n  \"gate_logs\": []\n}\n";
/// Text of a signature audit of one packet, without rows.
pub(crate) const PACKET_AUDIT: &str = "| Signature | Used By | Date/Time | Purpose | Master Spec Version | Notes |\n|---|---|---|---|---|---|\n";
/// Text of a traceability registry of one base id, without rows.
pub(crate) const PACKET_REGISTRY: &str =
    "| Base WP ID | Active Packet | Task Board | Notes |\n|---|---|---|---|\n";

/// Replaces the variables of a template by their values; variables that are not
/// given stay.
#[must_use]
pub(crate) fn fill(template: &str, variables: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    // One pass: variables in a filled-in value are not replaced.
    while let Some(at) = rest.find("{{") {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let end = tail.find("}}");
        let name = end.and_then(|end| tail.get(2..end)).unwrap_or_default();
        match (variables.iter().find(|(known, _)| *known == name), end) {
            (Some((_, value)), Some(end)) => {
                out.push_str(value);
                rest = tail.get(end + 2..).unwrap_or_default();
            }
            _ => {
                out.push_str("{{");
                rest = tail.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// Returns the key and text of every section of a template, in order. The text
/// has heading and body, without blank lines at the end. A subsection is part of
/// its section and is also listed separately.
///
/// The templates above are split once in a run.
#[must_use]
pub(crate) fn split_sections(template: &str) -> Cow<'static, [(String, String)]> {
    static PACKETS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| split(PACKET));
    static REFINEMENTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| split(REFINEMENT));
    match template {
        PACKET => Cow::Borrowed(&PACKETS),
        REFINEMENT => Cow::Borrowed(&REFINEMENTS),
        _ => Cow::Owned(split(template)),
    }
}

fn split(template: &str) -> Vec<(String, String)> {
    let outline = Outline::parse(template);
    let all = read_sections(template, &outline);
    let text = |span: crate::text::Span| template.get(span.start..span.end).unwrap_or_default().trim_end();
    all.iter().map(|section| (section.key.clone(), text(section.span).to_owned())).collect()
}

/// Returns the keys of all labelled fields in the templates of packets,
/// refinements and stubs.
pub(crate) fn known_labels() -> impl Iterator<Item = &'static str> {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let read_keys = |text: &str| {
            let outline = Outline::parse(text);
            let all = read_fields(text, &outline, 0..outline.blocks.len());
            all.into_iter().map(|field| field.key).collect::<Vec<_>>()
        };
        [PACKET, REFINEMENT, STUB].into_iter().flat_map(read_keys).collect()
    });
    KEYS.iter().map(String::as_str)
}

/// Returns the keys of all sections in the templates of packets and
/// refinements.
pub(crate) fn known_sections() -> impl Iterator<Item = &'static str> {
    static KEYS: LazyLock<Vec<String>> =
        LazyLock::new(|| [PACKET, REFINEMENT].into_iter().flat_map(split).map(|(key, _)| key).collect());
    KEYS.iter().map(String::as_str)
}

/// Returns the keys of all headings in the templates of packets and refinements.
pub(crate) fn known_headings() -> impl Iterator<Item = &'static str> {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let read_keys = |text: &str| {
            let outline = Outline::parse(text);
            read_sections(text, &outline).into_iter().map(|section| section.key).collect::<Vec<_>>()
        };
        [PACKET, REFINEMENT].into_iter().flat_map(read_keys).collect()
    });
    KEYS.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_once() {
        let text = fill("a {{X}} {{Y}} {{X}} {{", &[("X", "{{Y}}"), ("Z", "no")]);
        assert_eq!(text, "a {{Y}} {{Y}} {{Y}} {{");
    }

    #[test]
    fn sections_are_found_by_their_keys() {
        let all = split_sections(PACKET);
        let hygiene = all.iter().find(|(key, _)| key == "HYGIENE").map(|(_, text)| text.as_str());
        assert_eq!(hygiene, Some("## HYGIENE\n- (Commands that were run, and what they said.)"));
        assert!(known_labels().any(|key| key == "MERGE_BASE_SHA"));
        assert!(known_sections().any(|key| key == "CLEARLY_COVERS"));
    }
}
