//! `approval/separate-hands`: who signs does not write the code, where the
//! configuration asks for that.

use crate::change::CommitFacts;
use crate::check::Verdict;
use crate::check::input::{ApprovalInput, CodeCommit, ContractFact};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::one_line;

use super::short;

pub(in crate::check) fn check(input: &ApprovalInput<'_>, rule: &Rule) -> Verdict {
    if !input.packet.policy.separate_hands {
        return Verdict::skipped("the configuration does not ask for it");
    }
    let ContractFact::Known { introduction, .. } = input.contract else {
        return Verdict::skipped("no commit is known to hold what was signed");
    };
    let Some(commit) = input.code.iter().find(|commit| is_same_hand(introduction, commit)) else {
        return Vec::new().into();
    };
    let message = format!(
        "{} brought the signature in (commit {}) and wrote code (commit {})",
        one_line(&introduction.committer, 80),
        short(introduction),
        short(&commit.facts)
    );
    Some(rule.finding(message, Label::path(&commit.path, "changed by whoever signed"))).into()
}

/// Whether a commit of code is by whoever wrote or committed the signature.
#[must_use]
pub(crate) fn is_same_hand(introduction: &CommitFacts, commit: &CodeCommit) -> bool {
    let signers = [identity(&introduction.committer), identity(&introduction.author)];
    [&commit.facts.author, &commit.facts.committer].into_iter().any(|who| signers.contains(&identity(who)))
}

/// The mail address in small letters; the name, if there is none.
fn identity(who: &str) -> String {
    let mail = who.rsplit_once('<').map_or("", |(_, mail)| mail.trim_end_matches('>').trim());
    if mail.is_empty() { who.trim().to_lowercase() } else { mail.to_lowercase() }
}
