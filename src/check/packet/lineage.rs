//! `packet/…`: earlier revisions of the same base id.

use std::collections::BTreeSet;

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::find_wp_ids;
use crate::document::packet::Generation;
use crate::document::{Packet, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

/// `packet/lineage`: a revision accounts for the packets before it.
pub(in crate::check) fn lineage(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let earlier: Vec<&String> =
        input.revision_ids.iter().filter(|other| is_earlier_revision(other, input)).collect();
    if input.id.revision().is_none() || input.packet.generation == Generation::G0 {
        return CheckResult::skipped(
            "only revisions `-vN` of generation G1 and later account for their lineage",
        );
    }
    let Some(section) = input.packet.section("LINEAGE_AUDIT") else {
        if earlier.is_empty() && input.packet.generation == Generation::G1 {
            return Vec::new().into();
        }
        return Some(rule.finding(
            "a revision needs the section `LINEAGE_AUDIT`",
            input.label_at(input.packet.head_span(), "this is a revision"),
        ))
        .into();
    };
    // A comment names nothing.
    let text = input.packet.rendered_text(section.blocks.clone());
    let missing = earlier.into_iter().filter(|id| !find_wp_ids(&text).any(|found| found == id.as_str()));
    missing
        .map(|id| {
            rule.finding(
                format!("the lineage does not name the earlier packet `{id}`"),
                input.label_at(section.title.span, "list every prior packet"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

fn is_earlier_revision(other: &str, input: &PacketCheckContext<'_>) -> bool {
    let Ok(other) = crate::document::WpId::parse(other) else { return false };
    other.base() == input.id.base() && other.revision().unwrap_or(0) < input.id.revision().unwrap_or(0)
}

/// Of ten words of a bullet, how many another text must hold to carry it over.
const MIN_SHARED_WORDS_OF_TEN: usize = 6;

/// `packet/dropped-requirement`: what an earlier packet demanded is carried
/// over, or its loss is said.
pub(in crate::check) fn dropped_requirement(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let library = input.governance;
    let mut out: Vec<Finding> = Vec::new();
    for (id, _, packet) in library.packets() {
        // What is finished cannot take a requirement up again.
        if !library.is_open(id, packet) {
            continue;
        }
        let Some(before) = find_predecessor(library, id) else { continue };
        let held = PacketWords::from_packet(packet);
        for criterion in &before.done_means {
            let own =
                rule.parameter("process").iter().any(|phrase| criterion.text.value.contains(phrase.as_str()));
            if own || held.covers_requirement(&criterion.text.value) {
                continue;
            }
            let shown = crate::text::to_single_line(&criterion.text.value, 100);
            let message = format!("`{id}` drops a requirement of its predecessor: {shown}");
            let section = packet
                .section("LINEAGE_AUDIT")
                .map_or_else(|| packet.heading_span("DONE_MEANS"), |s| s.title.span);
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
fn find_predecessor<'a>(library: &GovernanceDocuments<'a>, id: &str) -> Option<&'a Packet> {
    let id = WpId::parse(id).ok()?;
    let revision = id.revision()?;
    let earlier = library.ids_with_base(id.base()).into_iter().filter_map(|other| WpId::parse(&other).ok());
    let last = earlier.filter(|other| other.revision().unwrap_or(0) < revision).max_by_key(WpId::revision)?;
    library.packet(last.as_str()).map(|(_, packet)| packet)
}

/// Words that turn a sentence around.
const NEGATING_WORDS: [&str; 7] = ["not", "never", "no", "without", "cannot", "nothing", "nobody"];

/// Words of two letters and more, and numbers, without case.
fn significant_words(text: &str) -> BTreeSet<String> {
    let all = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let kept = all.filter(|word| word.chars().count() > 1 || word.chars().all(|c| c.is_ascii_digit()));
    kept.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// What a packet holds that may carry a requirement over.
struct PacketWords {
    bullets: Vec<BTreeSet<String>>,
    lineage: Option<BTreeSet<String>>,
}

impl PacketWords {
    fn from_packet(packet: &Packet) -> Self {
        let bullets = packet.done_means.iter().map(|bullet| significant_words(&bullet.text.value)).collect();
        let lineage = packet
            .section("LINEAGE_AUDIT")
            .map(|section| significant_words(&packet.rendered_text(section.blocks.clone())));
        Self { bullets, lineage }
    }

    /// Whether a bullet holds most of an old one's words and none that turns
    /// it around, or the lineage speaks of it.
    fn covers_requirement(&self, old: &str) -> bool {
        let wanted = significant_words(old);
        if wanted.is_empty() {
            return true;
        }
        let enough = |held: &BTreeSet<String>| {
            let count = wanted.iter().filter(|word| held.contains(*word)).count();
            count * 10 >= wanted.len() * MIN_SHARED_WORDS_OF_TEN
        };
        let turned = |held: &BTreeSet<String>| {
            NEGATING_WORDS.iter().any(|word| held.contains(*word) != wanted.contains(*word))
        };
        self.bullets.iter().any(|held| enough(held) && !turned(held))
            || self.lineage.as_ref().is_some_and(enough)
    }
}
