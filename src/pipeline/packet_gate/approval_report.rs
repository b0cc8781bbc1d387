//! Summarizes the facts of a packet's approval for the report.

use crate::check::context::{ApprovalCheckContext, ContractFact};
use crate::check::{approval, find_rule};
use crate::finding::{ApprovalSummary, CodeCommits, SigningCommit};
use crate::text::escape_hidden;

/// Maximum number of paths of a commit in a report.
const MAX_PATHS: usize = 20;

/// Builds the summary of an approval from the facts of the repository.
/// `is_in_order` is true if the rule about the order has no failing finding,
/// and `None` if it did not run.
pub(crate) fn build_approval(input: &ApprovalCheckContext<'_>, is_in_order: Option<bool>) -> ApprovalSummary {
    let signature = input.packet.packet.signature.as_ref();
    let unknown_reason = match input.contract {
        ContractFact::Known { .. } => None,
        ContractFact::Uncommitted => Some("no commit contains the packet with this signature".to_owned()),
        ContractFact::Several(_) => Some("several lines of history introduced the signature".to_owned()),
        ContractFact::Unknown(reason) => Some(reason.clone()),
    };
    let introduced_by = match input.contract {
        ContractFact::Known { introduction, is_in_range, code_paths, .. } => Some(SigningCommit {
            commit: introduction.commit.0.to_string(),
            author: introduction.author.clone(),
            committer: introduction.committer.clone(),
            at: jiff::Timestamp::from_second(introduction.time)
                .map_or_else(|_| String::new(), |at| at.to_string()),
            is_inside_work: *is_in_range,
            other_paths: code_paths.iter().take(MAX_PATHS).map(ToString::to_string).collect(),
            other_path_count: code_paths.len(),
        }),
        _ => None,
    };
    let ids_where = |is_wanted: &dyn Fn(&crate::check::context::CodeCommit) -> bool| {
        let commits = input.code_commits.iter().filter(|commit| is_wanted(commit));
        commits.map(|commit| commit.facts.commit.0.to_string()).collect::<Vec<_>>()
    };
    let by_same_person = match input.contract {
        ContractFact::Known { introduction, .. } => {
            Some(ids_where(&|commit| approval::is_same_person(introduction, commit)))
        }
        _ => None,
    };
    let records = find_rule("approval/signature-agreement")
        .map(|entry| approval::disagreements_by_record(input, &entry.rule))
        .unwrap_or_default();
    ApprovalSummary {
        signature: signature.map(|text| escape_hidden(&text.value).into_owned()),
        introduced_by,
        key_signature: approval::key_signature(input),
        unknown_reason,
        records: records.into_iter().map(|(name, disagreements)| (name, disagreements.is_empty())).collect(),
        code: CodeCommits {
            count: input.code_commits.len(),
            by_same_person,
            not_based_on_approval: ids_where(&|commit| commit.precedes_signing),
        },
        timeline: approval::timeline(input),
        is_in_order,
    }
}
