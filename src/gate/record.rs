//! The facts of a packet's approval, for the report.

use crate::check::input::{ApprovalInput, ContractFact};
use crate::check::{approval, find};
use crate::finding::{Approval, CodeFacts, SignedIn};
use crate::text::visible;

/// Paths that a report names.
const MOST_PATHS: usize = 20;

/// What the repository shows of an approval. `in_order` says whether the rule
/// about the order found nothing.
pub(super) fn approval_facts(input: &ApprovalInput<'_>, in_order: Option<bool>) -> Approval {
    let signature = input.packet.packet.signature.as_ref();
    let unknown = match input.contract {
        ContractFact::Known { .. } => None,
        ContractFact::Uncommitted => Some("no commit holds the packet with this signature".to_owned()),
        ContractFact::Several(_) => Some("several lines of history brought the signature in".to_owned()),
        ContractFact::Unknown(why) => Some(why.clone()),
    };
    let introduced = match input.contract {
        ContractFact::Known { introduction, inside, foreign, .. } => Some(SignedIn {
            commit: introduction.commit.0.to_string(),
            author: introduction.author.clone(),
            committer: introduction.committer.clone(),
            at: jiff::Timestamp::from_second(introduction.time)
                .map_or_else(|_| String::new(), |at| at.to_string()),
            inside: *inside,
            other_paths: foreign.iter().take(MOST_PATHS).map(ToString::to_string).collect(),
            others: foreign.len(),
        }),
        _ => None,
    };
    let ids = |wanted: &dyn Fn(&crate::check::input::CodeCommit) -> bool| {
        let commits = input.code.iter().filter(|commit| wanted(commit));
        commits.map(|commit| commit.facts.commit.0.to_string()).collect::<Vec<_>>()
    };
    let same_hand = match input.contract {
        ContractFact::Known { introduction, .. } => {
            Some(ids(&|commit| approval::is_same_hand(introduction, commit)))
        }
        _ => None,
    };
    let records = find("approval/signature-agreement")
        .map(|entry| approval::by_record(input, &entry.rule))
        .unwrap_or_default();
    Approval {
        signature: signature.map(|text| visible(&text.value).into_owned()),
        introduced,
        sealed: approval::sealed(input),
        unknown,
        records: records.into_iter().map(|(name, against)| (name, against.is_empty())).collect(),
        code: CodeFacts { commits: input.code.len(), same_hand, early: ids(&|commit| commit.is_early) },
        moments: approval::moments(input),
        in_order,
    }
}
