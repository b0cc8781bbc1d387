//! The list of all rules, each with its rule file and its check function.

use crate::document::DocumentKind as Kind;
use crate::finding::{Finding, Wording};
use crate::rule::Rule;

use super::{
    Check, approval, audit, baseline, board, change, concurrency, contract, coverage, evidence, gate_log,
    hygiene, link, manifest, migration, packet, packet_contract, phase, phase_close, record, refinement,
    scope, source, spec, spec_current, stub, suppression, test_changes, text, traceability, trust, validator,
    waiver,
};

/// A built-in rule and its check.
pub struct Registered {
    /// The rule; its text is the embedded file `rules/<id>.yaml`.
    pub rule: Rule,
    /// The check function, or the component that reports the rule.
    pub check: Check,
}

macro_rules! registry {
    ($($id:literal => $check:expr),* $(,)?) => {
        const COUNT: usize = [$($id),*].len();
        static RULES: [Registered; COUNT] = [$(Registered {
            rule: Rule::embedded($id, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $id, ".yaml"))),
            check: $check,
        }),*];
    };
}

registry! {
    "text/readable" => Check::Text(text::reading::readable),
    "text/kind" => Check::Document(&[], text::reading::kind),
    "text/conflict-marker" => Check::Text(text::reading::conflict_marker),
    "text/unclosed-fence" => Check::Text(text::reading::unclosed_fence),
    "text/unfilled" => Check::Text(text::reading::unfilled),
    "text/wrong-encoding" => Check::Text(text::damage::wrong_encoding),
    "text/escaped-newline" => Check::Text(text::damage::escaped_newline),
    "text/hidden-character" => Check::Text(text::characters::hidden_character),
    "text/instruction" => Check::Text(text::instruction::instruction),
    "text/ascii" => Check::Text(text::characters::ascii),
    "packet/id" => Check::Search(packet::search::id),
    "packet/found" => Check::Search(packet::search::found),
    "packet/stub" => Check::Search(packet::search::stub),
    "packet/regular-file" => Check::Search(packet::search::regular_file),
    "packet/readable" => Check::Search(packet::search::readable),
    "packet/active" => Check::Packet(packet::identity::active),
    "packet/identity" => Check::Packet(packet::identity::identity),
    "packet/duplicate-field" => Check::Packet(packet::fields::duplicate_field),
    "packet/unread-item" => Check::Packet(packet::unread::unread_item),
    "packet/section" => Check::Packet(packet::fields::section),
    "packet/field" => Check::Packet(packet::fields::field),
    "packet/status" => Check::Packet(packet::identity::status),
    "packet/workable" => Check::Packet(packet::identity::workable),
    "packet/claim" => Check::Packet(packet::fields::claim),
    "packet/risk-tier" => Check::Packet(packet::fields::risk_tier),
    "packet/spec-reference" => Check::Packet(packet::fields::spec_reference),
    "packet/lineage" => Check::Packet(packet::lineage::lineage),
    "packet/format-version" => Check::Packet(packet::format::format_version),
    "packet/unclaimed" => Check::Change(packet::identity::unclaimed),
    "packet/closed" => Check::Change(packet::identity::closed),
    "packet/manifest-template" => Check::Packet(packet::format::manifest_template),
    "phase/order" => Check::Packet(phase::order),
    "phase/bootstrap" => Check::Packet(phase::bootstrap),
    "phase/self-approval" => Check::Packet(phase::self_approval),
    "phase/approval" => Check::Packet(phase::approval),
    "approval/merge-base" => Check::Approval(approval::records::merge_base),
    "approval/refinement" => Check::Approval(approval::records::refinement),
    "refinement/identity" => Check::Refinement(refinement::content::identity),
    "refinement/section" => Check::Refinement(refinement::content::section),
    "refinement/field" => Check::Refinement(refinement::content::field),
    "refinement/verdict" => Check::Refinement(refinement::verdict::verdict),
    "refinement/enrichment" => Check::Refinement(refinement::content::enrichment),
    "refinement/approval" => Check::Refinement(refinement::verdict::approval),
    "refinement/spec" => Check::Refinement(refinement::spec::spec),
    "refinement/window" => Check::Refinement(refinement::anchor::window),
    "refinement/token" => Check::Refinement(refinement::anchor::token),
    "refinement/excerpt" => Check::Refinement(refinement::anchor::excerpt),
    "refinement/anchor-section" => Check::Refinement(refinement::spec::anchor_section),
    "approval/signature-format" => Check::Approval(approval::signature::signature_format),
    "approval/signature-agreement" => Check::Approval(approval::signature::signature_agreement),
    "approval/signature-reuse" => Check::Approval(approval::signature::signature_reuse),
    "approval/signed" => Check::Approval(approval::ssh_signature::signed),
    "approval/checkpoint" => Check::Approval(approval::records::checkpoint),
    "approval/prepared" => Check::Approval(approval::records::prepared),
    "approval/contract" => Check::Approval(approval::contract::contract),
    "approval/refinement-text" => Check::Approval(approval::records::refinement_text),
    "approval/order" => Check::Approval(approval::contract::order),
    "approval/withdrawn" => Check::Approval(approval::trusted::withdrawn),
    "approval/record-removed" => Check::Approval(approval::trusted::record_removed),
    "approval/unsigned-contract" => Check::Approval(approval::trusted::unsigned_contract),
    "approval/separation-of-duties" => Check::Approval(approval::records::separation_of_duties),
    "fence/soft" => Check::Trust(trust::soft),
    "config/readable" => Check::Trust(trust::readable),
    "config/first" => Check::Command,
    "config/policy-change" => Check::Command,
    "change/empty" => Check::Selection(change::empty),
    "change/user-ignored" => Check::Selection(change::user_ignored),
    "change/base" => Check::Selection(change::base),
    "change/judge" => Check::Change(change::judge),
    "change/range-start" => Check::Change(change::range_start),
    "change/unjudged" => Check::Change(change::unjudged),
    "change/hidden" => Check::Change(change::hidden),
    "scope/no-entry" => Check::Packet(scope::no_entry),
    "scope/unparsable-entry" => Check::Packet(scope::unparsable_entry),
    "scope/overlap" => Check::Packet(scope::overlap),
    "scope/outside" => Check::Change(scope::outside),
    "scope/excluded" => Check::Change(scope::excluded),
    "scope/protected" => Check::Change(scope::protected),
    "scope/budget" => Check::Change(scope::budget),
    "scope/shared" => Check::SharedPaths(scope::shared),
    "scope/escaping-link" => Check::Change(scope::escaping_link),
    "manifest/missing" => Check::Change(manifest::blocks::missing),
    "manifest/stale" => Check::Change(manifest::blocks::stale),
    "manifest/incomplete" => Check::Change(manifest::blocks::incomplete),
    "manifest/pre-sha1" => Check::Change(manifest::values::pre_sha1),
    "manifest/post-sha1" => Check::Change(manifest::values::post_sha1),
    "manifest/line-delta" => Check::Change(manifest::values::line_delta),
    "manifest/window" => Check::Change(manifest::values::window),
    "manifest/coverage" => Check::Change(manifest::values::coverage),
    "manifest/agreement" => Check::Change(manifest::blocks::agreement),
    "manifest/false-claim" => Check::Change(manifest::claims::false_claim),
    "manifest/unticked" => Check::Change(manifest::claims::unticked),
    "manifest/unknown-gate" => Check::Change(manifest::claims::unknown_gate),
    "waiver/incomplete" => Check::Change(waiver::incomplete),
    "waiver/expired" => Check::Change(waiver::expired),
    "waiver/void" => Check::Change(waiver::void),
    "waiver/late" => Check::Change(waiver::late),
    "waiver/unused" => Check::Gate,
    "evidence/command" => Check::Change(evidence::command),
    "evidence/log" => Check::Change(evidence::log),
    "evidence/requirement" => Check::Change(evidence::requirement),
    "stub/identity" => Check::Document(&[Kind::Stub], stub::identity),
    "stub/field" => Check::Document(&[Kind::Stub], stub::field),
    "stub/signed" => Check::Document(&[Kind::Stub], stub::signed),
    "contract/status" => Check::Document(&[Kind::Contract], contract::document::status),
    "contract/section" => Check::Document(&[Kind::Contract], contract::document::section),
    "contract/open-task" => Check::Document(&[Kind::Contract], contract::tasks::open_task),
    "contract/no-open-task" => Check::Document(&[Kind::Contract], contract::tasks::no_open_task),
    "contract/task-id" => Check::Document(&[Kind::Contract], contract::tasks::task_id),
    "contract/phase" => Check::Document(&[Kind::Contract], contract::document::phase),
    "contract/criteria" => Check::Document(&[Kind::Contract], contract::document::criteria),
    "contract/dependency" => Check::Document(&[Kind::Contract], contract::document::dependency),
    "contract/notes" => Check::Document(&[Kind::Contract], contract::document::notes),
    "contract/folder" => Check::Document(&[Kind::Contract], contract::document::folder),
    "board/entry" => Check::Document(&[Kind::Board], board::entry),
    "board/one-state" => Check::Document(&[Kind::Board], board::one_state),
    "board/packet" => Check::Document(&[Kind::Board], board::packet),
    "board/validated" => Check::Document(&[Kind::Board], board::validated),
    "board/status" => Check::Document(&[Kind::Board], board::status),
    "traceability/row" => Check::Document(&[Kind::Registry], traceability::row),
    "traceability/active" => Check::Document(&[Kind::Registry], traceability::active),
    "traceability/stub" => Check::Document(&[Kind::Registry], traceability::stub),
    "traceability/board" => Check::Document(&[Kind::Registry], traceability::board),
    "traceability/supersedes" => Check::Document(&[Kind::Registry], traceability::supersedes),
    "traceability/unmapped" => Check::Repository(traceability::unmapped),
    "audit/row" => Check::Document(&[Kind::Audit], audit::row),
    "audit/reuse" => Check::Repository(audit::reuse),
    "audit/agreement" => Check::Repository(audit::agreement),
    "record/json" => Check::Document(
        &[Kind::GateLog, Kind::ValidatorState, Kind::Packet, Kind::PacketContract, Kind::TaskContract],
        record::json
    ),
    "record/missing" => Check::Repository(record::missing),
    "gate-log/entry" => Check::Document(&[Kind::GateLog], gate_log::entry),
    "gate-log/order" => Check::Document(&[Kind::GateLog], gate_log::order),
    "validator/session" => Check::Document(&[Kind::ValidatorState], validator::session::session),
    "validator/order" => Check::Document(&[Kind::ValidatorState], validator::session::order),
    "validator/chain" => Check::Document(&[Kind::ValidatorState], validator::state::chain),
    "validator/identity" => Check::Document(&[Kind::ValidatorState], validator::state::identity),
    "validator/kept" => Check::Change(validator::state::kept),
    "validator/report" => Check::Document(&[Kind::ValidatorState], validator::state::report),
    "spec/current" => Check::Document(&[Kind::Packet, Kind::Stub], spec_current::current),
    "spec/pointer" => Check::Repository(spec::pointer),
    "spec/newest" => Check::Repository(spec::newest),
    "spec/heading" => Check::Repository(spec::heading),
    "concurrency/worktree" => Check::Repository(concurrency::worktree),
    "phase-close/open-packet" => Check::Repository(phase_close::open_packet),
    "packet-contract/identity" =>
        Check::Document(&[Kind::Packet, Kind::PacketContract, Kind::TaskContract], packet_contract::identity),
    "packet-contract/value" =>
        Check::Document(&[Kind::Packet, Kind::PacketContract, Kind::TaskContract], packet_contract::value),
    "packet-contract/agreement" => Check::Document(&[Kind::PacketContract], packet_contract::agreement),
    "packet-contract/task" => Check::Repository(packet_contract::task),
    "packet/twin" => Check::Repository(packet::search::twin),
    "packet/dropped-requirement" => Check::Repository(packet::lineage::dropped_requirement),
    "packet/report-coherence" => Check::Document(&[Kind::Packet], packet::report::coherence),
    "packet/merged-commit" => Check::Document(&[Kind::Packet, Kind::PacketContract], packet::merged::merged),
    "packet/verdict" => Check::Document(&[Kind::Packet], packet::identity::verdict),
    "packet/handoff-status" => Check::Document(&[Kind::Packet], packet::handoff::handoff_status),
    "manifest/unchanged" => Check::Document(&[Kind::Packet], manifest::unchanged::unchanged),
    "packet/template-text" => Check::Document(&[Kind::Packet], packet::template_text::template_text),
    "link/target" => Check::Document(&[], link::target),
    "link/reference" => Check::Document(&[Kind::Packet, Kind::Refinement, Kind::GateLog], link::reference),
    "source/rule" => Check::Sources(source::rule),
    "source/example-failed" => Check::Command,
    "source/unread" => Check::Sources(source::unread),
    "source/unscanned" => Check::Sources(source::unscanned),
    "suppression/reason" => Check::Sources(suppression::reason),
    "suppression/expired" => Check::Sources(suppression::expired),
    "suppression/unused" => Check::Sources(suppression::unused),
    "suppression/unwaived" => Check::Sources(suppression::unwaived),
    "baseline/readable" => Check::Sources(baseline::readable),
    "baseline/stale" => Check::Sources(baseline::stale),
    "baseline/grown" => Check::Sources(baseline::grown),
    "migration/number" => Check::Sources(migration::number),
    "migration/down" => Check::Sources(migration::down),
    "migration/backend" => Check::Sources(migration::backend),
    "coverage/test" => Check::Sources(coverage::test),
    "hygiene/artifact" => Check::Sources(hygiene::artifact),
    "hygiene/ignore" => Check::Sources(hygiene::ignore),
    "hygiene/large" => Check::Sources(hygiene::large),
    "tests/weakened" => Check::Change(test_changes::weakened),
    "step/failed" => Check::Step,
    "step/flaky" => Check::Step,
    "step/no-tests" => Check::Step,
    "step/unknown-tests" => Check::Step,
    "step/not-verified" => Check::Step,
    "step/edited-tree" => Check::Step,
    "step/edited-repository" => Check::Step,
    "step/new-file" => Check::Step,
    "step/other-tree" => Check::Step,
}

/// Returns every rule, in the order in which gates report them.
#[must_use]
pub(crate) fn registered_rules() -> &'static [Registered] {
    &RULES
}

/// Finds a rule by its id; `None` if the id is unknown.
#[must_use]
pub(crate) fn find_rule(id: &str) -> Option<&'static Registered> {
    RULES.iter().find(|entry| entry.rule.id.as_str() == id)
}

/// Returns the wording of a finding's rule: the wording in the finding if it
/// has one, otherwise that of the built-in rule. `None` if neither exists.
#[must_use]
pub(crate) fn wording(finding: &Finding) -> Option<&Wording> {
    let registered = || Some(&find_rule(finding.rule.as_str())?.rule.text().wording);
    finding.wording.as_deref().or_else(registered)
}
