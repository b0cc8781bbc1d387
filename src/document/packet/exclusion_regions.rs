//! The parts of a packet in which lists of exclusions count.

use crate::document::exclusion::Certainty;
use crate::document::section::Section;

use super::section_names::{WORK_SECTIONS, is_contract_section};

/// Beginnings of the titles of sections that record the work; they are not the contract.
const RECORDS: [&str; 17] = [
    "BOOTSTRAP",
    "SKELETON",
    "IMPLEMENTATION",
    "HYGIENE",
    "VALIDAT",
    "EVIDENCE",
    "STATUS",
    "WAIVER",
    "HANDOFF",
    "CODER",
    "REPORT",
    "REVIEW",
    "AUDIT",
    "HISTORY",
    "CHANGE",
    "MANIFEST",
    "LINEAGE",
];
/// Sections below which labels in all words count, and sentences that forbid paths.
const SCOPE_SECTIONS: [&str; 3] = ["SCOPE", "IN_SCOPE_PATHS", "OUT_OF_SCOPE"];
/// Sections that are no part of a list of exclusions, whatever their level.
pub(super) const OTHER_PARTS: [&str; 7] =
    ["IN_SCOPE_PATHS", "IN_SCOPE", "SCOPE", "TEST_PLAN", "DONE_MEANS", "QUALITY_GATE", "AUTHORITY"];

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListRegion {
    /// In the section SCOPE, or in a packet without one.
    Scope,
    /// In another part of the contract.
    Contract,
    /// In a section that records the work.
    Records,
    /// In a section of the work inside a section of the contract: no part of the contract that
    /// is compared, so that it must not decide about it.
    CutOut,
}

impl ListRegion {
    pub(super) fn counts(self, certainty: Certainty, is_sentence: bool) -> bool {
        match self {
            Self::Scope => true,
            Self::Contract => certainty == Certainty::Clear && !is_sentence,
            Self::Records | Self::CutOut => false,
        }
    }
}

pub(super) fn is_record(section: &Section) -> bool {
    section.level > 1 && RECORDS.iter().any(|start| section.key.starts_with(start))
}

/// The regions of a packet.
pub(super) struct Regions<'t> {
    sections: &'t [Section],
    /// The region of each section, and of its heading.
    all: Vec<(ListRegion, ListRegion)>,
    outside: ListRegion,
    /// Whether there is a section SCOPE.
    pub(super) has_scope: bool,
}

impl<'t> Regions<'t> {
    pub(super) fn new(sections: &'t [Section]) -> Self {
        let has_scope = sections.iter().any(|section| section.key == "SCOPE");
        let outside = if has_scope { ListRegion::Contract } else { ListRegion::Scope };
        let mut open: Vec<(u8, ListRegion, bool)> = Vec::new();
        let region_of = |section: &Section| {
            open.retain(|(level, ..)| *level < section.level);
            let (above, in_contract) =
                open.last().map_or((outside, false), |(_, region, in_contract)| (*region, *in_contract));
            let is_cut = in_contract && WORK_SECTIONS.contains(&section.key.as_str());
            let own = match above {
                ListRegion::CutOut => ListRegion::CutOut,
                _ if is_cut => ListRegion::CutOut,
                ListRegion::Scope if has_scope => ListRegion::Scope,
                _ if SCOPE_SECTIONS.contains(&section.key.as_str()) => ListRegion::Scope,
                _ if is_record(section) => ListRegion::Records,
                _ => above,
            };
            open.push((section.level, own, in_contract || is_contract_section(section)));
            // The heading of a section of the work is cut out with it.
            (own, if own == ListRegion::CutOut { own } else { above })
        };
        let all = sections.iter().map(region_of).collect();
        Self { sections, all, outside, has_scope }
    }

    /// Returns the region of a block.
    pub(super) fn of_block(&self, block: usize) -> ListRegion {
        let after = self.sections.partition_point(|section| section.own_blocks.start <= block);
        let own = after.checked_sub(1).and_then(|at| self.all.get(at));
        own.map_or(self.outside, |(region, _)| *region)
    }

    /// Returns the region of the heading of a section.
    pub(super) fn above(&self, section: usize) -> ListRegion {
        self.all.get(section).map_or(ListRegion::Contract, |(_, above)| *above)
    }
}
