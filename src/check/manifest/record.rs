//! `manifest/record`: a finished packet has the manifests that its check read, and they say how
//! their changes were checked.

use super::is_over;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::Packet;
use crate::document::manifest::{Manifest, ManifestRecord, RECORDS};
use crate::finding::{Label, Level};
use crate::rule::Rule;
use crate::text::Span;

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 5;

/// `manifest/record`: a manifest of a finished packet fills the fields about its check that it
/// has, and has those that other manifests of the packet fill. All manifests of a packet are
/// one finding. Gates do not need these fields.
pub(in crate::check) fn record(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let manifests: Vec<&Manifest> = packet.manifests.iter().filter(|one| !one.is_template()).collect();
    if !is_over(input, packet) {
        return CheckResult::skipped("the packet is open");
    }
    if manifests.is_empty() {
        return match find_claim(packet) {
            Some(claim) => {
                let message = "a check of the manifests passed, but the packet has no manifest";
                let label = Label::text(&packet.source, claim, "passed");
                Some(rule.finding(message, label).with_level(Level::Note)).into()
            }
            None => CheckResult::skipped("the packet has no manifest"),
        };
    }
    let is_usual = has_records(packet) || are_usual(input);
    let (mut empty, mut absent, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut places: Vec<Span> = Vec::new();
    for (name, _) in RECORDS {
        let all: Vec<Option<&ManifestRecord>> = manifests.iter().map(|one| find(one, name)).collect();
        let without_value: Vec<Span> =
            all.iter().flatten().filter(|record| !record.is_filled).map(|record| record.label).collect();
        if !without_value.is_empty() {
            empty.push(name);
            places.extend(without_value);
        }
        if is_usual && all.iter().flatten().next().is_none() && !names(packet, name) {
            unknown.push(name);
        }
        // What only the last manifest has is written once for all of them.
        let is_own = all.iter().rev().skip(1).flatten().any(|record| record.is_filled);
        let lacking = manifests.iter().zip(&all).filter(|(_, record)| is_own && record.is_none());
        let lacking: Vec<Span> = lacking.map(|(one, _)| one.label).collect();
        if !lacking.is_empty() {
            absent.push(name);
            places.extend(lacking);
        }
    }
    if !unknown.is_empty() {
        places.extend(manifests.iter().map(|one| one.label));
    }
    places.sort();
    places.dedup();
    let Some((first, others)) = places.split_first() else { return Vec::new().into() };
    let empty = (!empty.is_empty()).then(|| format!("leave {} empty", quote(&empty)));
    let absent = (!absent.is_empty()).then(|| format!("do not have {} as others do", quote(&absent)));
    let unknown = (!unknown.is_empty()).then(|| format!("do not have {}", quote(&unknown)));
    let parts: Vec<String> = empty.into_iter().chain(absent).chain(unknown).collect();
    let message = format!("manifests of the finished packet {}", parts.join(", and "));
    let label = |span: &Span| Label::text(&packet.source, *span, "in this manifest");
    let finding = rule.finding(message, label(first)).with_level(Level::Note);
    let shown = others.iter().take(MAX_SHOWN - 1);
    Some(shown.fold(finding, |finding, span| finding.related(label(span)))).into()
}

/// Commands that compare the manifests of a packet with its change.
const CHECKS: [&str; 2] = ["post-work", "post_work"];
/// Returns the line that says that the manifests were checked and right, if nothing in the packet
/// looks like a filled manifest.
fn find_claim(packet: &Packet) -> Option<Span> {
    let text = packet.source.text();
    if !CHECKS.iter().any(|check| text.contains(check)) || text.lines().any(is_of_manifest) {
        return None;
    }
    let mut start = 0;
    text.split_inclusive('\n').find_map(|line| {
        let at = start;
        start += line.len();
        let is_open_box = line.contains("[ ]");
        let said = CHECKS.iter().find_map(|check| line.split_once(check)).filter(|_| !is_open_box);
        let (before, after) = said?;
        has_passed(before, after).then(|| Span::new(at, at + line.trim_end().len()))
    })
}

/// Returns whether `PASS` stands directly behind a command: `` `just post-work WP-1-A`: PASS ``.
fn has_passed(before: &str, after: &str) -> bool {
    let is_quoted = before.matches('`').count() % 2 == 1;
    let after = if is_quoted { after.split_once('`').map_or("", |(_, rest)| rest) } else { after };
    let after = after.trim_start_matches("-check").trim_start_matches(".mjs").trim_start();
    let after = match after.split_once(char::is_whitespace) {
        Some((id, rest)) if id.starts_with("WP-") => rest,
        _ => after,
    };
    let result = after.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let end = result.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(result.len());
    matches!(result.get(..end), Some("PASS" | "PASSED"))
}

/// Number of hexadecimal digits of a hash.
const HASH_DIGITS: usize = 40;

/// Returns whether a line is one of a manifest in a form that is not read: it names a file, or the
/// hash of one.
fn is_of_manifest(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let is_hash = |word: &str| word.len() >= HASH_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names_file = ["target file", "target_file"].iter().any(|label| {
        let value = lower.split_once(label).map_or("", |(_, value)| value);
        value.contains('/') && !value.contains("path/to/") && !value.contains('<')
    });
    names_file || (lower.contains("sha1") && words.any(is_hash))
}

/// Maximum number of other packets that are read to find the fields which are usual.
const MAX_PACKETS: usize = 200;

/// Returns whether a manifest of the packet has one of the fields.
fn has_records(packet: &Packet) -> bool {
    packet.manifests.iter().any(|one| !one.is_template() && !one.records.is_empty())
}

/// Returns whether other packets of the repository have the fields. A team can do without them.
fn are_usual(input: &DocumentCheckContext<'_>) -> bool {
    let mut packets = input.governance.into_iter().flat_map(|all| all.packets().take(MAX_PACKETS));
    packets.any(|(_, _, packet)| has_records(packet))
}

/// Returns whether the packet has a label anywhere, such as once for all manifests.
fn names(packet: &Packet, name: &str) -> bool {
    let key = name.to_uppercase().replace(' ', "_");
    packet.fields.iter().any(|field| field.key == key)
}

fn find<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a ManifestRecord> {
    manifest.records.iter().find(|record| record.name == name)
}

/// Joins names of fields: `` `Artifacts`, `Operator` ``.
fn quote(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::has_passed;

    #[test]
    fn only_a_result_behind_the_command_is_a_claim() {
        let claims = [
            ("- `just ", " WP-1-A` \u{2192} PASS (no review)"),
            ("- `just ", "`: PASS."),
            ("| `just ", " WP-1-A` | \u{2705} PASS | the rest |"),
            ("- node scripts/", "-check.mjs WP-1-A -> PASS"),
            ("just ", " WP-1-A: PASSED"),
        ];
        for (before, after) in claims {
            assert!(has_passed(before, after), "{before}post-work{after}");
        }
        let others = [
            ("- `just ", " WP-1-A` returns PASS"),
            ("- so that `just ", "` can pass."),
            ("- `just ", " WP-1-A`: FAIL; the rest: PASS"),
            ("- `just ", " WP-1-A PASS"),
            ("- the ", " rules; PASS"),
            ("- ", ""),
        ];
        for (before, after) in others {
            assert!(!has_passed(before, after), "{before}post-work{after}");
        }
    }
}
