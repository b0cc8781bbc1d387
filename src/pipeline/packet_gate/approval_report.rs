//! The facts of a packet's approval, for the report.

use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::check::{approval, find_rule};
use crate::finding::{ApprovalSummary, CodeCommits, SigningCommit};
use crate::text::escape_hidden;

/// Paths that a report names.
const MAX_PATHS: usize = 20;

/// What the repository shows of an approval. `in_order` says whether the rule
/// about the order found nothing.
pub(crate) fn build_approval(input: &ApprovalCheckContext<'_>, in_order: Option<bool>) -> ApprovalSummary {
    let signature = input.packet.packet.signature.as_ref();
    let unknown = match input.contract {
        ContractFact::Known { .. } => None,
        ContractFact::Uncommitted => Some("no commit holds the packet with this signature".to_owned()),
        ContractFact::Several(_) => Some("several lines of history brought the signature in".to_owned()),
        ContractFact::Unknown(why) => Some(why.clone()),
    };
    let introduced = match input.contract {
        ContractFact::Known { introduction, is_in_range: inside, code_paths: foreign, .. } => {
            Some(SigningCommit {
                commit: introduction.commit.0.to_string(),
                author: introduction.author.clone(),
                committer: introduction.committer.clone(),
                at: jiff::Timestamp::from_second(introduction.time)
                    .map_or_else(|_| String::new(), |at| at.to_string()),
                is_inside_work: *inside,
                other_paths: foreign.iter().take(MAX_PATHS).map(ToString::to_string).collect(),
                other_path_count: foreign.len(),
            })
        }
        _ => None,
    };
    let ids = |wanted: &dyn Fn(&crate::check::context::CodeCommit) -> bool| {
        let commits = input.code_commits.iter().filter(|commit| wanted(commit));
        commits.map(|commit| commit.facts.commit.0.to_string()).collect::<Vec<_>>()
    };
    let same_hand = match input.contract {
        ContractFact::Known { introduction, .. } => {
            Some(ids(&|commit| approval::is_same_person(introduction, commit)))
        }
        _ => None,
    };
    let records = find_rule("approval/signature-agreement")
        .map(|entry| approval::disagreements_by_record(input, &entry.rule))
        .unwrap_or_default();
    ApprovalSummary {
        signature: signature.map(|text| escape_hidden(&text.value).into_owned()),
        introduced_by: introduced,
        key_signature: approval::key_signature(input),
        unknown_reason: unknown,
        records: records.into_iter().map(|(name, against)| (name, against.is_empty())).collect(),
        code: CodeCommits {
            count: input.code_commits.len(),
            by_same_person: same_hand,
            not_based_on_approval: ids(&|commit| commit.precedes_signing),
        },
        timeline: approval::timeline(input),
        is_in_order: in_order,
    }
}
