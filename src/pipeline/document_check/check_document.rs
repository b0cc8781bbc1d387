//! Runs all rules over one document.

use crate::check::context::{PacketCheckContext, Policy};
use crate::check::packet::{demands_template, run_check};
use crate::check::repository_documents::{
    DocumentCheckContext, GovernanceDocuments, RefinementCheckContext, SpecFact, TextCheckContext,
};
use crate::check::{Check, CheckResult, Registered};
use crate::config::Config;
use crate::document::spec::SpecPointer;
use crate::document::{Document, Packet, WpId};
use crate::finding::{Finding, Label, Level, RuleId};
use crate::pipeline::causes::{self, FoldedDocument};
use crate::pipeline::outcome::{RuleRef, apply_level_overrides, is_disabled};
use crate::rule::Rule;
use crate::text::Span;

use super::collect::expected_kind;
use super::facts::{DocumentFacts, is_history};
use super::older_forms::{
    check_foreign, is_foreign, is_of_another_form, is_older_marker, without_prose_scope,
};
use super::request::DocumentCheckRequest;
use super::standing::DocumentStanding;

static UNGOVERNED_SPEC: SpecFact = SpecFact::NotSearched("the document is outside of a governed repository");

/// One document to check.
pub(super) struct DocumentJob<'a> {
    pub document: &'a Document,
    /// True if the document is in a folder of the layout.
    pub is_in_layout: bool,
}

/// Read-only context shared by the checks of all documents.
pub(super) struct DocumentContext<'a> {
    pub request: &'a DocumentCheckRequest,
    pub config: &'a Config,
    pub governance: &'a GovernanceDocuments<'a>,
    pub facts: &'a DocumentFacts,
    pub rules: &'a [&'static Registered],
}

impl DocumentContext<'_> {
    fn policy(&self) -> &Policy {
        &self.config.policy
    }

    /// Returns the specification of a refinement.
    fn spec_of(&self, job: &DocumentJob<'_>) -> &SpecFact {
        let found = self.facts.specs.get(job.document.path());
        found.filter(|_| job.is_in_layout).unwrap_or(&UNGOVERNED_SPEC)
    }

    /// Returns the results of all rules about one document, in the order of
    /// the rules; `None` for a rule that does not apply to its kind.
    pub(super) fn check_document(&self, job: &DocumentJob<'_>) -> Vec<Option<CheckResult>> {
        let document = job.document;
        let id = document.id();
        let expected = expected_kind(self.governance.layout, document.path()).ok().flatten();
        let expected = expected.filter(|_| job.is_in_layout);
        let governance = job.is_in_layout.then_some(self.governance);
        let text = TextCheckContext {
            source: &document.source,
            outline: document.outline(),
            kind: document.kind,
            policy: self.policy(),
        };
        let input = DocumentCheckContext {
            policy: self.policy(),
            document,
            expected,
            governance,
            targets: &self.facts.targets,
            known_contracts: (job.is_in_layout || self.facts.contracts.len() > 1)
                .then_some(&self.facts.contracts),
            merged_commits: self.facts.merged_commits.as_ref(),
            manifest_history: self.facts.manifests.get(document.path()),
            now: self.request.now,
        };
        let is_history = is_history(document, governance);
        let is_named_packet = self.request.query.packet().is_some();
        let file_id = document.file_id();
        let refinement = document.refinement().map(|refinement| RefinementCheckContext {
            refinement,
            id: file_id.as_ref().filter(|_| job.is_in_layout),
            spec: self.spec_of(job),
            is_packet_finished: is_history,
            is_checked_as_record: !is_named_packet,
            pointer_target: governance
                .and_then(GovernanceDocuments::pointer)
                .and_then(SpecPointer::spec)
                .map(|spec| spec.value.as_str()),
            now: self.request.now,
            policy: self.policy(),
        });
        let revision_ids = revisions_of(governance, id.as_ref());
        let packet = document.packet().zip(id.as_ref()).map(|(packet, id)| PacketCheckContext {
            id,
            packet,
            faults: &document.faults,
            layout: self.governance.layout,
            policy: self.policy(),
            registry: governance.and_then(GovernanceDocuments::registry),
            board: governance.and_then(GovernanceDocuments::board),
            revision_ids: &revision_ids,
            is_fence: false,
            skeleton_approval: self.facts.skeleton_approvals.get(id.as_str()),
        });
        let standing = DocumentStanding::new(document, governance, (is_history, is_named_packet));
        let exception = |input: &PacketCheckContext<'_>, rule: &Rule| {
            let is_alone = job.is_in_layout.then_some(!is_named_packet);
            find_exception(input, rule, standing.is_copy, is_alone, standing.reports_notes)
        };
        let run_rule = |entry: &&Registered| {
            let rule = &entry.rule;
            let is_left_out = standing.only_text && !matches!(entry.check, Check::Text(_));
            if is_disabled(self.config, &rule.id) || is_left_out {
                return None;
            }
            match entry.check {
                Check::Text(check) => Some(standing.level_text(rule, check(&text, rule))),
                Check::Refinement(_) if standing.leaves_out(rule) => {
                    Some(CheckResult::skipped("the file is a copy of a typed contract"))
                }
                Check::Refinement(check) => {
                    refinement.as_ref().map(|input| standing.level(check(input, rule)))
                }
                Check::Packet(check) => match &packet {
                    Some(input) => {
                        let result = exception(input, rule);
                        let result = result.unwrap_or_else(|| standing.level(run_check(check, input, rule)));
                        Some(standing.without_sibling_paths(without_younger(result, input, rule, &standing)))
                    }
                    None => document.packet().and_then(|_| check_missing_id(document, rule)),
                },
                Check::Document(kinds, check) if kinds.is_empty() || kinds.contains(&document.kind) => {
                    let result = standing.level_document(check(&input, rule));
                    Some(standing.level_text(rule, result))
                }
                _ => None,
            }
        };
        let mut results: Vec<Option<CheckResult>> = self.rules.iter().map(run_rule).collect();
        // A command cannot find a packet by its id if the file name is not one.
        let in_packets =
            job.is_in_layout && document.path().is_below(self.governance.layout.packets.as_bytes());
        if in_packets
            && !standing.is_archived
            && document.packet().is_some()
            && file_id.is_none()
            && id.is_some()
        {
            self.replace_identity(document, &mut results);
        }
        self.fold_causes(document, results)
    }

    /// Folds consequences into their causes, at the levels of the configuration.
    fn fold_causes(
        &self,
        document: &Document,
        mut results: Vec<Option<CheckResult>>,
    ) -> Vec<Option<CheckResult>> {
        let mut all: Vec<Finding> = Vec::new();
        for (entry, result) in self.rules.iter().zip(&mut results) {
            if let Some(CheckResult::Findings(findings)) = result {
                let mut findings = std::mem::take(findings);
                apply_level_overrides(self.config, &RuleRef::Registered(entry), &mut findings);
                all.extend(findings);
            }
        }
        let fences = self.rules.iter().any(|entry| entry.rule.id.as_str() == "text/unclosed-fence");
        let judged = document.outline().map(|outline| FoldedDocument {
            source: &document.source,
            outline,
            checks_fences: fences && !is_disabled(self.config, &RuleId::from_static("text/unclosed-fence")),
        });
        for finding in causes::fold(all, judged) {
            let at = self.rules.iter().position(|entry| entry.rule.id == finding.rule);
            if let Some(result) = at.and_then(|at| results.get_mut(at)) {
                match result {
                    Some(CheckResult::Findings(own)) => own.push(finding),
                    other => *other = Some(CheckResult::Findings(vec![finding])),
                }
            }
        }
        results
    }

    /// Replaces the result of `packet/identity` by a finding about the file name.
    fn replace_identity(&self, document: &Document, results: &mut [Option<CheckResult>]) {
        for (entry, result) in self.rules.iter().zip(results) {
            if entry.rule.id.as_str() == "packet/identity" {
                *result = Some(report_file_name(document, &entry.rule));
            }
        }
    }
}

/// Returns the ids of all packets with the base of this one.
fn revisions_of(governance: Option<&GovernanceDocuments<'_>>, id: Option<&WpId>) -> Vec<String> {
    governance.zip(id).map(|(governance, id)| governance.ids_with_base(id.base())).unwrap_or_default()
}

/// Returns the result of a rule that does not apply to a packet as usual; `None` if it
/// does. `is_alone`: no command named the packet; `None` outside of the layout. `is_noted`: it
/// is history.
fn find_exception(
    input: &PacketCheckContext<'_>,
    rule: &Rule,
    is_generated: bool,
    is_alone: Option<bool>,
    is_noted: bool,
) -> Option<CheckResult> {
    if is_generated && demands_template(rule) {
        return Some(CheckResult::skipped("the packet is generated from its typed contract"));
    }
    match is_alone {
        Some(true) if is_foreign(input.packet) => return Some(check_foreign(input, rule, Level::Error)),
        None if is_of_another_form(input.packet) => return Some(check_foreign(input, rule, Level::Warning)),
        _ => {}
    }
    if rule.id.as_str() == "phase/approval"
        && let Some(why) = find_other_approval(input, rule, is_noted)
    {
        return Some(CheckResult::skipped(why));
    }
    let in_scope = &input.packet.scope.in_scope;
    let is_sibling = !in_scope.is_empty() && in_scope.iter().all(|entry| entry.raw.value.starts_with("../"));
    if is_noted && is_sibling && rule.id.as_str() == "scope/no-entry" {
        return Some(CheckResult::skipped("the scope of the finished packet is in a sibling working tree"));
    }
    let is_older = is_noted && is_younger(rule, input.packet);
    is_older.then(|| CheckResult::skipped("the finished packet is older than this rule"))
}

/// Returns why a packet needs no approval marker of its own. Gates do not ask: the packet
/// under judgement names its lane itself.
fn find_other_approval(input: &PacketCheckContext<'_>, rule: &Rule, is_noted: bool) -> Option<&'static str> {
    let lane = input.packet.metadata_field("WORKFLOW_LANE").map(|field| field.bare_value().value.trim());
    let has_review =
        lane.is_some_and(|lane| rule.parameter("reviewed-lanes").iter().any(|known| known == lane));
    if has_review {
        return Some("in this lane, a validator reviews the skeleton instead");
    }
    let is_marker = |marker: &Span| is_older_marker(&input.packet.source, *marker);
    let has_marker = is_noted && input.packet.phases.near_markers.iter().any(is_marker);
    has_marker.then_some("the finished packet has the marker in an older form")
}

fn day_of(text: &str) -> Option<jiff::civil::Date> {
    text.get(..10)?.parse().ok()
}

/// Returns the day on which a packet says that it was written.
fn created_on(packet: &Packet) -> Option<jiff::civil::Date> {
    day_of(packet.metadata_field("DATE")?.bare_value().value)
}

/// Returns whether a rule was introduced after the date of a packet.
fn is_younger(rule: &Rule, packet: &Packet) -> bool {
    let since = rule.parameter("since").first().and_then(|date| day_of(date));
    created_on(packet).zip(since).is_some_and(|(created, since)| created < since)
}

/// Returns whether work on a packet may go on, by its own status.
fn is_worked_on(packet: &Packet) -> bool {
    packet.status.as_ref().is_some_and(|status| status.value.allows_work())
}

/// Removes findings about a missing part that templates had only after the date of the
/// packet: `2026-02-05 AGENTIC_MODE`. Gates demand it, and checks of a packet on which work goes
/// on: the date is a claim of its author.
fn without_younger(
    result: CheckResult,
    input: &PacketCheckContext<'_>,
    rule: &Rule,
    standing: &DocumentStanding<'_>,
) -> CheckResult {
    let packet = input.packet;
    let result = without_prose_scope(result, packet, standing.reports_notes);
    if !standing.reports_notes && is_worked_on(packet) {
        return result;
    }
    let Some(created) = created_on(packet) else { return result };
    let CheckResult::Findings(mut findings) = result else { return result };
    let younger: Vec<String> = rule
        .parameter("introduced")
        .iter()
        .filter(|entry| day_of(entry).is_some_and(|since| created < since))
        .filter_map(|entry| Some(format!(" `{}`", entry.get(11..)?)))
        .collect();
    let is_younger = |message: &str| younger.iter().any(|name| message.ends_with(name.as_str()));
    findings.retain(|finding| !(finding.message.contains(" requires the ") && is_younger(&finding.message)));
    CheckResult::Findings(findings)
}

/// Reports a packet whose file name is not an id.
fn report_file_name(document: &Document, rule: &Rule) -> CheckResult {
    let label = Label::text(&document.source, document.head_span(), "the file of a packet is `<WP_ID>.md`");
    let message = format!("the file name of {} is not a work packet id", document.path());
    Some(rule.finding(message, label)).into()
}

/// Reports a packet without any id, once: other rules about packets have
/// nothing to compare with.
fn check_missing_id(document: &Document, rule: &Rule) -> Option<CheckResult> {
    if rule.id.as_str() != "packet/identity" {
        return None;
    }
    let message = "the packet has no work packet id, neither in its file name nor in its title";
    Some(Some(rule.finding(message, Label::text(&document.source, document.head_span(), "no id"))).into())
}
