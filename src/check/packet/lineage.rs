//! `packet/…`: a revision covers the earlier revisions of its base id.

use std::collections::BTreeSet;

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::audit::find_wp_ids;
use crate::document::packet::Generation;
use crate::document::{Packet, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;

/// `packet/lineage`: a revision `-vN` has a section `LINEAGE_AUDIT` that names
/// every earlier packet of its base id.
pub(in crate::check) fn lineage(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let earlier: Vec<&String> =
        input.revision_ids.iter().filter(|other| is_earlier_revision(other, input)).collect();
    if input.id.revision().is_none() || input.packet.generation == Generation::G0 {
        return CheckResult::skipped("only revisions `-vN` of generation G1 and later need a LINEAGE_AUDIT");
    }
    let Some(section) = input.packet.section("LINEAGE_AUDIT") else {
        if earlier.is_empty() && input.packet.generation == Generation::G1 {
            return Vec::new().into();
        }
        return Some(rule.finding(
            "a revision requires the section `LINEAGE_AUDIT`",
            input.label_at(input.packet.head_span(), "this is a revision"),
        ))
        .into();
    };
    // An id in a comment does not count.
    let text = input.packet.rendered_text(section.blocks.clone());
    let missing = earlier.into_iter().filter(|id| !find_wp_ids(&text).any(|found| found == id.as_str()));
    missing
        .map(|id| {
            rule.finding(
                format!("LINEAGE_AUDIT does not name the earlier packet `{id}`"),
                input.label_at(section.title.span, "name every earlier packet here"),
            )
        })
        .collect::<Vec<_>>()
        .into()
}

fn is_earlier_revision(other: &str, input: &PacketCheckContext<'_>) -> bool {
    let Ok(other) = crate::document::WpId::parse(other) else { return false };
    other.base() == input.id.base() && other.revision().unwrap_or(0) < input.id.revision().unwrap_or(0)
}

/// Of ten words of a requirement, the number that a bullet must contain to carry
/// it over.
const MIN_SHARED_WORDS_OF_TEN: usize = 6;

/// `packet/dropped-requirement`: every requirement in `DONE_MEANS` of the
/// previous revision is carried over or mentioned in `LINEAGE_AUDIT`.
pub(in crate::check) fn dropped_requirement(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut out: Vec<Finding> = Vec::new();
    let mut compared = 0_usize;
    for (id, _, packet) in governance.packets() {
        // A finished packet cannot be changed any more.
        if !governance.is_open(id, packet) {
            continue;
        }
        let Some(before) = find_predecessor(governance, id) else { continue };
        compared = compared.saturating_add(packet.done_means.len().saturating_mul(before.done_means.len()));
        if compared > MAX_COMPARED {
            let message = format!("`{id}` and its previous revision have too many criteria to compare");
            let label = Label::text(&packet.source, packet.heading_span("DONE_MEANS"), "too many");
            out.push(rule.finding(message, label));
            continue;
        }
        let words = PacketWords::from_packet(packet);
        for criterion in &before.done_means {
            let is_process =
                rule.parameter("process").iter().any(|phrase| criterion.text.value.contains(phrase.as_str()));
            if is_process || words.covers_requirement(&criterion.text.value) {
                continue;
            }
            let shown = crate::text::to_single_line(&criterion.text.value, 100);
            let message = format!("`{id}` drops a requirement of the previous revision: {shown}");
            let section = packet
                .section("LINEAGE_AUDIT")
                .map_or_else(|| packet.heading_span("DONE_MEANS"), |s| s.title.span);
            out.push(
                rule.finding(
                    message,
                    Label::text(&packet.source, section, "neither carried over nor mentioned"),
                )
                .related(Label::text(&before.source, criterion.text.span, "the requirement")),
            );
        }
    }
    out.into()
}

/// Maximum number of pairs of criteria of two revisions that are compared.
const MAX_COMPARED: usize = 4_000_000;

/// Finds the packet of the previous revision.
fn find_predecessor<'a>(governance: &GovernanceDocuments<'a>, id: &str) -> Option<&'a Packet> {
    let id = WpId::parse(id).ok()?;
    let revision = id.revision()?;
    let earlier =
        governance.ids_with_base(id.base()).into_iter().filter_map(|other| WpId::parse(&other).ok());
    let last = earlier.filter(|other| other.revision().unwrap_or(0) < revision).max_by_key(WpId::revision)?;
    governance.packet(last.as_str()).map(|(_, packet)| packet)
}

/// Words that negate a sentence.
const NEGATING_WORDS: [&str; 7] = ["not", "never", "no", "without", "cannot", "nothing", "nobody"];

/// Returns the words of at least two characters, and all numbers, in lowercase.
fn significant_words(text: &str) -> BTreeSet<String> {
    let all = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let kept = all.filter(|word| word.chars().count() > 1 || word.chars().all(|c| c.is_ascii_digit()));
    kept.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The words of a packet that can carry a requirement over.
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

    /// Returns whether a bullet contains most words of a requirement and the
    /// same negations, or `LINEAGE_AUDIT` contains most words.
    fn covers_requirement(&self, requirement: &str) -> bool {
        let wanted = significant_words(requirement);
        if wanted.is_empty() {
            return true;
        }
        let has_most = |words: &BTreeSet<String>| {
            let count = wanted.iter().filter(|word| words.contains(*word)).count();
            count * 10 >= wanted.len() * MIN_SHARED_WORDS_OF_TEN
        };
        let is_negated = |words: &BTreeSet<String>| {
            NEGATING_WORDS.iter().any(|word| words.contains(*word) != wanted.contains(*word))
        };
        self.bullets.iter().any(|words| has_most(words) && !is_negated(words))
            || self.lineage.as_ref().is_some_and(has_most)
    }
}
