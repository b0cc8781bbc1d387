//! The standing of a document: which findings about it are reported, and at which level.

use crate::check::CheckResult;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::{Document, DocumentKind, WpId};
use crate::finding::{Finding, Level};
use crate::rule::Rule;

/// What the records, and the document itself, say of its standing.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, and not states of one")]
pub(super) struct DocumentStanding<'a> {
    document: &'a Document,
    /// Findings in finished documents are reported but fail nothing: finished documents must
    /// not be edited.
    pub reports_notes: bool,
    pub is_archived: bool,
    /// Whether the document is archived, and no command named its packet.
    is_noted: bool,
    /// Whether another packet took the place of this one.
    is_superseded: bool,
    /// One finding is enough for an empty document. `packet/twin` reports the second file of
    /// a packet.
    pub only_text: bool,
    /// Whether it is a copy of a typed contract.
    pub is_copy: bool,
}

impl<'a> DocumentStanding<'a> {
    /// Determines the standing. `is_history`: the records say that the document is finished.
    /// `is_named`: the command named its packet.
    pub(super) fn new(
        document: &'a Document,
        governance: Option<&GovernanceDocuments<'_>>,
        (is_history, is_named): (bool, bool),
    ) -> Self {
        let id = document.id();
        let is_archived = governance.is_some_and(|governance| governance.layout.is_archived(document.path()));
        let is_superseded = governance.zip(id.as_ref()).is_some_and(|(governance, id)| {
            document.packet().is_some() && governance.is_superseded(id.as_str())
        });
        let is_twin = governance.is_some_and(|governance| governance.is_twin(document));
        let is_empty = document.source.text().trim_start_matches('\u{feff}').trim().is_empty();
        Self {
            document,
            reports_notes: is_history && !is_named,
            is_archived,
            is_noted: is_archived && !is_named,
            is_superseded,
            only_text: is_empty || is_twin,
            is_copy: id.as_ref().is_some_and(|id| is_projection(governance, id, document)),
        }
    }

    /// Sets the level of findings about a packet or a refinement.
    pub(super) fn level(&self, result: CheckResult) -> CheckResult {
        if self.reports_notes { downgrade_to_notes(result) } else { result }
    }

    /// Sets the level of findings about a document as a whole. What a packet says of itself
    /// does not retire it.
    pub(super) fn level_document(&self, result: CheckResult) -> CheckResult {
        let is_retired = self.is_superseded && self.document.packet().is_some();
        let is_leveled = self.document.typed_contract().is_some() || is_retired;
        if is_leveled { self.level(result) } else { result }
    }

    /// Sets the level of findings about the text of the document.
    pub(super) fn level_text(&self, rule: &Rule, result: CheckResult) -> CheckResult {
        let result = level_text(self.document, rule, result, self.is_noted);
        match rule.id.as_str() {
            _ if !self.reports_notes => result,
            "text/wrong-encoding" | "text/escaped-newline" | "text/unclosed-fence" => {
                downgrade_to_notes(result)
            }
            _ => note_control_characters(rule, result),
        }
    }

    /// Returns whether a rule about refinements does not apply to a copy of a contract. A copy
    /// without any excerpt only points at its contract.
    pub(super) fn leaves_out(&self, rule: &Rule) -> bool {
        let is_pointer = self.document.refinement().is_some_and(|refinement| refinement.anchors.is_empty());
        let demands_parts = matches!(rule.id.as_str(), "refinement/section" | "refinement/field");
        self.is_copy && (is_pointer || demands_parts)
    }

    /// Removes notes about paths of another working tree in a finished packet: that is how it
    /// named its files, and nobody changes it any more.
    pub(super) fn without_sibling_paths(&self, result: CheckResult) -> CheckResult {
        let CheckResult::Findings(mut findings) = result else { return result };
        findings.retain(|finding: &Finding| {
            let is_entry = self.reports_notes && finding.rule.as_str() == "scope/unparsable-entry";
            !(is_entry && finding.level == Level::Note && finding.message.contains("entry `../"))
        });
        CheckResult::Findings(findings)
    }
}

/// Returns the result of a rule about the text of a document; as notes if the document is
/// archived (`is_noted`).
fn level_text(document: &Document, rule: &Rule, result: CheckResult, is_noted: bool) -> CheckResult {
    // Agents also read what is archived.
    let addresses_readers = matches!(rule.id.as_str(), "text/instruction" | "text/hidden-character");
    let is_decoded = rule.id.as_str() == "text/readable" && document.source.not_utf8_at().is_some();
    // The document was read in its encoding; only gates refuse it.
    let result = if is_decoded { downgrade(result, Level::Warning) } else { result };
    if is_noted && !addresses_readers { downgrade_to_notes(result) } else { result }
}

/// Changes findings about control characters to notes: in a finished document they are
/// damage, and give no orders.
fn note_control_characters(rule: &Rule, result: CheckResult) -> CheckResult {
    let CheckResult::Findings(findings) = result else { return result };
    let is_control = |finding: &Finding| {
        // All characters of the run, and none that starts a terminal command.
        let is_harmless = |code: &str| {
            let number = code.strip_prefix("U+").and_then(|hex| u32::from_str_radix(hex, 16).ok());
            number.is_some_and(|number| number < 0x20 && number != 0x1b)
        };
        let shown = finding.message.rsplit_once("a control character: ").map(|(_, shown)| shown);
        let is_converted = finding.level == Level::Warning
            && finding.message.contains("a control character from a wrong conversion: ");
        is_converted || shown.is_some_and(|shown| shown.split_whitespace().all(is_harmless))
    };
    let is_rule = rule.id.as_str() == "text/hidden-character";
    let leveled = findings.into_iter().map(|finding| {
        if is_rule && is_control(&finding) { finding.with_level(Level::Note) } else { finding }
    });
    CheckResult::Findings(leveled.collect())
}

/// Returns whether a Markdown file is a copy of its packet's typed contract: the contract
/// says so, or the beginning of the file does. The contract is what is judged then.
fn is_projection(governance: Option<&GovernanceDocuments<'_>>, id: &WpId, document: &Document) -> bool {
    let Some(contract) = governance.and_then(|governance| governance.packet_contract(id)) else {
        return false;
    };
    let status = contract.projection.as_ref().and_then(|projection| projection.status.as_ref());
    let by_contract = status.is_some_and(|status| {
        let status = status.value.to_uppercase();
        status.starts_with("GENERATED") || status.contains("PROJECTION")
    });
    let head = document.source.text().lines().take(PROJECTION_LINES).map(str::to_uppercase);
    let by_file = || {
        head.into_iter()
            .any(|line| ["GENERATED_PROJECTION", "PROJECTION ONLY"].iter().any(|mark| line.contains(mark)))
    };
    // The contract of a packet says nothing about its refinement.
    (by_contract && document.kind == DocumentKind::Packet) || by_file()
}

/// Number of lines at the beginning of a copy in which it says that it is one.
const PROJECTION_LINES: usize = 30;

/// Changes the level of all findings to note.
fn downgrade_to_notes(result: CheckResult) -> CheckResult {
    downgrade(result, Level::Note)
}

/// Changes the level of all findings.
fn downgrade(result: CheckResult, level: Level) -> CheckResult {
    match result {
        CheckResult::Findings(findings) => {
            CheckResult::Findings(findings.into_iter().map(|finding| finding.with_level(level)).collect())
        }
        skipped @ CheckResult::Skipped(_) => skipped,
    }
}
