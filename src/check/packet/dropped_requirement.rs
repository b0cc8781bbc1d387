//! `packet/dropped-requirement`: what an earlier packet demanded is carried
//! over, or its loss is said.

use crate::check::Verdict;
use crate::check::library::LibraryInput;
use crate::document::packet::Criterion;
use crate::document::{Packet, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

/// Share of a bullet's words that another text must hold to carry it over.
const CARRIED: f64 = 0.6;

pub(in crate::check) fn check(input: &LibraryInput<'_>, rule: &Rule) -> Verdict {
    let library = input.library;
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in library.packets() {
        // What is finished cannot take a requirement up again.
        if packet.status.as_ref().is_none_or(|status| !status.value.allows_work()) {
            continue;
        }
        let Some(before) = predecessor(library, id) else { continue };
        let words = words(packet.source.text());
        for criterion in &before.done_means {
            if carried(criterion, packet, &words) {
                continue;
            }
            let shown = crate::text::one_line(&criterion.text.value, 100);
            let message = format!("`{id}` drops a requirement of its predecessor: {shown}");
            let section = packet
                .section("LINEAGE_AUDIT")
                .map_or_else(|| packet.heading("DONE_MEANS"), |s| s.title.span);
            out.push(
                rule.finding(
                    message,
                    Label::text(&packet.source, section, "neither carried over nor mentioned"),
                )
                .related(Label::text(&before.source, criterion.text.span, "demanded here")),
            );
        }
    }
    out.into()
}

/// The packet of the revision before, if there is one.
fn predecessor<'a>(library: &crate::check::library::Library<'a>, id: &str) -> Option<&'a Packet> {
    let id = WpId::parse(id).ok()?;
    let revision = id.revision()?;
    let earlier = library.family(id.base()).into_iter().filter_map(|other| WpId::parse(&other).ok());
    let last = earlier.filter(|other| other.revision().unwrap_or(0) < revision).max_by_key(WpId::revision)?;
    library.packet(last.as_str()).map(|(_, packet)| packet)
}

/// Words that carry meaning: longer than three letters, without case.
fn words(text: &str) -> Vec<String> {
    let all =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| word.chars().count() > 3);
    let mut out: Vec<String> = all.map(str::to_lowercase).collect();
    out.sort();
    out.dedup();
    out
}

/// Whether a bullet of the new packet repeats most of an old one's words, or
/// the packet quotes it whole anywhere.
fn carried(old: &Criterion, packet: &Packet, all: &[String]) -> bool {
    let wanted = words(&old.text.value);
    if wanted.is_empty() {
        return true;
    }
    let share = |held: &[String]| {
        let count = wanted.iter().filter(|word| held.binary_search(word).is_ok()).count();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(wanted.len()).unwrap_or(u32::MAX))
    };
    let by_bullet = packet.done_means.iter().any(|bullet| share(&words(&bullet.text.value)) >= CARRIED);
    let lineage = packet.section("LINEAGE_AUDIT").map(|section| words(packet.source.slice(section.span)));
    let mentioned = lineage.is_some_and(|held| share(&held) >= CARRIED);
    by_bullet || mentioned || share(all) >= 0.95
}
