//! The one list of rules: each with its file and its function.

use crate::document::DocumentKind as Kind;
use crate::finding::{Finding, Wording};
use crate::rule::Rule;

use super::{
    Check, approval, audit, baseline, board, change, concurrency, contract, coverage, evidence, gate_log,
    hygiene, link, manifest, migration, packet, phase, phase_close, record, refinement, scope, source, spec,
    stub, suppression, text, traceability, validator, waiver,
};

/// A rule of the program and what checks it.
pub struct Registered {
    /// The rule, with `rules/<id>.yaml` embedded.
    pub rule: Rule,
    /// What checks it.
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
    "text/readable" => Check::Text(text::readable::check),
    "text/kind" => Check::Document(&[], text::kind::check),
    "text/conflict-marker" => Check::Text(text::conflict_marker::check),
    "text/unclosed-fence" => Check::Text(text::unclosed_fence::check),
    "text/unfilled" => Check::Text(text::unfilled::check),
    "text/hidden-character" => Check::Text(text::hidden_character::check),
    "text/instruction" => Check::Text(text::instruction::check),
    "text/ascii" => Check::Text(text::ascii::check),
    "packet/id" => Check::Search(packet::search::id),
    "packet/found" => Check::Search(packet::search::found),
    "packet/stub" => Check::Search(packet::search::stub),
    "packet/regular-file" => Check::Search(packet::search::regular_file),
    "packet/readable" => Check::Search(packet::search::readable),
    "packet/active" => Check::Packet(packet::active::check),
    "packet/identity" => Check::Packet(packet::identity::check),
    "packet/duplicate-field" => Check::Packet(packet::duplicate_field::check),
    "packet/section" => Check::Packet(packet::section::check),
    "packet/field" => Check::Packet(packet::field::check),
    "packet/status" => Check::Packet(packet::status::check),
    "packet/workable" => Check::Packet(packet::workable::check),
    "packet/claim" => Check::Packet(packet::claim::check),
    "packet/risk-tier" => Check::Packet(packet::risk_tier::check),
    "packet/spec-reference" => Check::Packet(packet::spec_reference::check),
    "packet/lineage" => Check::Packet(packet::lineage::check),
    "packet/format-version" => Check::Packet(packet::format_version::check),
    "packet/closed" => Check::Change(packet::closed::check),
    "packet/manifest-template" => Check::Packet(packet::manifest_template::check),
    "phase/order" => Check::Packet(phase::order::check),
    "phase/bootstrap" => Check::Packet(phase::bootstrap::check),
    "phase/approval" => Check::Packet(phase::approval::check),
    "approval/merge-base" => Check::Approval(approval::merge_base::check),
    "approval/refinement" => Check::Approval(approval::refinement::check),
    "refinement/identity" => Check::Refinement(refinement::identity::check),
    "refinement/section" => Check::Refinement(refinement::section::check),
    "refinement/field" => Check::Refinement(refinement::field::check),
    "refinement/verdict" => Check::Refinement(refinement::verdict::check),
    "refinement/enrichment" => Check::Refinement(refinement::enrichment::check),
    "refinement/approval" => Check::Refinement(refinement::approval::check),
    "refinement/spec" => Check::Refinement(refinement::spec::check),
    "refinement/window" => Check::Refinement(refinement::window::check),
    "refinement/token" => Check::Refinement(refinement::token::check),
    "refinement/excerpt" => Check::Refinement(refinement::excerpt::check),
    "refinement/anchor-section" => Check::Refinement(refinement::anchor_section::check),
    "approval/signature-format" => Check::Approval(approval::signature_format::check),
    "approval/signature-agreement" => Check::Approval(approval::signature_agreement::check),
    "approval/signature-reuse" => Check::Approval(approval::signature_reuse::check),
    "approval/signed" => Check::Approval(approval::signed::check),
    "approval/checkpoint" => Check::Approval(approval::checkpoint::check),
    "approval/prepared" => Check::Approval(approval::prepared::check),
    "approval/contract" => Check::Approval(approval::contract::check),
    "approval/refinement-text" => Check::Approval(approval::refinement_text::check),
    "approval/order" => Check::Approval(approval::order::check),
    "approval/separation-of-duties" => Check::Approval(approval::separation_of_duties::check),
    "change/empty" => Check::Selection(change::empty::check),
    "change/base" => Check::Selection(change::base::check),
    "change/judge" => Check::Change(change::judge::check),
    "change/range-start" => Check::Change(change::range_start::check),
    "change/unjudged" => Check::Change(change::unjudged::check),
    "change/hidden" => Check::Change(change::hidden::check),
    "scope/no-entry" => Check::Packet(scope::no_entry::check),
    "scope/unparsable-entry" => Check::Packet(scope::unparsable_entry::check),
    "scope/overlap" => Check::Packet(scope::overlap::check),
    "scope/outside" => Check::Change(scope::outside::check),
    "scope/excluded" => Check::Change(scope::excluded::check),
    "scope/protected" => Check::Change(scope::protected::check),
    "scope/shared" => Check::SharedPaths(scope::shared::check),
    "scope/escaping-link" => Check::Change(scope::escaping_link::check),
    "manifest/missing" => Check::Change(manifest::missing::check),
    "manifest/stale" => Check::Change(manifest::stale::check),
    "manifest/incomplete" => Check::Change(manifest::incomplete::check),
    "manifest/pre-sha1" => Check::Change(manifest::hashes::pre_sha1),
    "manifest/post-sha1" => Check::Change(manifest::hashes::post_sha1),
    "manifest/line-delta" => Check::Change(manifest::line_delta::check),
    "manifest/window" => Check::Change(manifest::window::check),
    "manifest/coverage" => Check::Change(manifest::coverage::check),
    "manifest/agreement" => Check::Change(manifest::agreement::check),
    "manifest/false-claim" => Check::Change(manifest::claims::false_claim),
    "manifest/unticked" => Check::Change(manifest::claims::unticked),
    "manifest/unknown-gate" => Check::Change(manifest::claims::unknown_gate),
    "waiver/incomplete" => Check::Change(waiver::incomplete::check),
    "waiver/expired" => Check::Change(waiver::expired::check),
    "waiver/void" => Check::Change(waiver::void::check),
    "waiver/late" => Check::Change(waiver::late::check),
    "waiver/unused" => Check::Gate,
    "evidence/command" => Check::Change(evidence::command::check),
    "evidence/log" => Check::Change(evidence::log::check),
    "evidence/requirement" => Check::Change(evidence::requirement::check),
    "stub/identity" => Check::Document(&[Kind::Stub], stub::identity::check),
    "stub/field" => Check::Document(&[Kind::Stub], stub::field::check),
    "stub/signed" => Check::Document(&[Kind::Stub], stub::signed::check),
    "contract/status" => Check::Document(&[Kind::Contract], contract::status::check),
    "contract/section" => Check::Document(&[Kind::Contract], contract::section::check),
    "contract/open-task" => Check::Document(&[Kind::Contract], contract::open_task::check),
    "contract/no-open-task" => Check::Document(&[Kind::Contract], contract::no_open_task::check),
    "contract/task-id" => Check::Document(&[Kind::Contract], contract::task_id::check),
    "contract/phase" => Check::Document(&[Kind::Contract], contract::phase::check),
    "contract/criteria" => Check::Document(&[Kind::Contract], contract::criteria::check),
    "contract/dependency" => Check::Document(&[Kind::Contract], contract::dependency::check),
    "contract/notes" => Check::Document(&[Kind::Contract], contract::notes::check),
    "contract/folder" => Check::Document(&[Kind::Contract], contract::folder::check),
    "board/entry" => Check::Document(&[Kind::Board], board::entry::check),
    "board/one-state" => Check::Document(&[Kind::Board], board::one_state::check),
    "board/packet" => Check::Document(&[Kind::Board], board::packet::check),
    "board/validated" => Check::Document(&[Kind::Board], board::validated::check),
    "board/status" => Check::Document(&[Kind::Board], board::status::check),
    "traceability/row" => Check::Document(&[Kind::Registry], traceability::row::check),
    "traceability/active" => Check::Document(&[Kind::Registry], traceability::active::check),
    "traceability/stub" => Check::Document(&[Kind::Registry], traceability::stub::check),
    "traceability/unmapped" => Check::Repository(traceability::unmapped::check),
    "audit/row" => Check::Document(&[Kind::Audit], audit::row::check),
    "audit/reuse" => Check::Repository(audit::reuse::check),
    "audit/agreement" => Check::Repository(audit::agreement::check),
    "record/json" => Check::Document(&[Kind::GateLog, Kind::ValidatorState], record::json::check),
    "record/missing" => Check::Repository(record::missing::check),
    "gate-log/entry" => Check::Document(&[Kind::GateLog], gate_log::entry::check),
    "gate-log/order" => Check::Document(&[Kind::GateLog], gate_log::order::check),
    "validator/session" => Check::Document(&[Kind::ValidatorState], validator::session::check),
    "validator/order" => Check::Document(&[Kind::ValidatorState], validator::order::check),
    "validator/chain" => Check::Document(&[Kind::ValidatorState], validator::chain::check),
    "validator/identity" => Check::Document(&[Kind::ValidatorState], validator::identity::check),
    "validator/kept" => Check::Change(validator::kept::check),
    "validator/report" => Check::Document(&[Kind::ValidatorState], validator::report::check),
    "spec/pointer" => Check::Repository(spec::pointer::check),
    "spec/newest" => Check::Repository(spec::newest::check),
    "spec/heading" => Check::Repository(spec::heading::check),
    "concurrency/worktree" => Check::Repository(concurrency::worktree::check),
    "phase-close/open-packet" => Check::Repository(phase_close::open_packet::check),
    "packet/dropped-requirement" => Check::Repository(packet::dropped_requirement::check),
    "packet/verdict" => Check::Document(&[Kind::Packet], packet::verdict::check),
    "link/target" => Check::Document(&[], link::target::check),
    "link/reference" => Check::Document(&[Kind::Packet, Kind::Refinement, Kind::GateLog], link::reference::check),
    "source/rule" => Check::Sources(source::rule),
    "source/example-failed" => Check::Command,
    "source/unread" => Check::Sources(source::unread),
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
    "step/failed" => Check::Step,
    "step/no-tests" => Check::Step,
    "step/edited-tree" => Check::Step,
    "step/other-tree" => Check::Step,
}

/// Every rule, in the order in which gates list them.
#[must_use]
pub fn registered_rules() -> &'static [Registered] {
    &RULES
}

/// A rule by its id.
#[must_use]
pub fn find_rule(id: &str) -> Option<&'static Registered> {
    RULES.iter().find(|entry| entry.rule.id.as_str() == id)
}

/// What the rule of a finding says of itself.
#[must_use]
pub fn wording(finding: &Finding) -> Option<&Wording> {
    let registered = || Some(&find_rule(finding.rule.as_str())?.rule.text().wording);
    finding.wording.as_deref().or_else(registered)
}
