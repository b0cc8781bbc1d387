//! `approval/separation-of-duties`: who signs does not write the code, where the
//! configuration asks for that.

use crate::change::CommitInfo;
use crate::check::CheckResult;
use crate::check::context::{ApprovalCheckContext, CodeCommit, ContractFact};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::to_single_line;

use super::short_commit;

pub(in crate::check) fn check(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.packet.policy.separation_of_duties {
        return CheckResult::skipped("the configuration does not ask for it");
    }
    let ContractFact::Known { introduction, .. } = input.contract else {
        return CheckResult::skipped("no commit is known to hold what was signed");
    };
    let Some(commit) = input.code_commits.iter().find(|commit| is_same_person(introduction, commit)) else {
        return Vec::new().into();
    };
    let message = format!(
        "{} brought the signature in (commit {}) and wrote code (commit {})",
        to_single_line(&introduction.committer, 80),
        short_commit(introduction),
        short_commit(&commit.facts)
    );
    Some(rule.finding(message, Label::path(&commit.path, "changed by whoever signed"))).into()
}

/// Whether a commit of code is by whoever wrote or committed the signature.
#[must_use]
pub(crate) fn is_same_person(introduction: &CommitInfo, commit: &CodeCommit) -> bool {
    let signers = [mail_or_name(&introduction.committer), mail_or_name(&introduction.author)];
    [&commit.facts.author, &commit.facts.committer]
        .into_iter()
        .any(|who| signers.contains(&mail_or_name(who)))
}

/// The mail address in small letters; the name, if there is none.
fn mail_or_name(who: &str) -> String {
    let mail = who.rsplit_once('<').map_or("", |(_, mail)| mail.trim_end_matches('>').trim());
    if mail.is_empty() { who.trim().to_lowercase() } else { mail.to_lowercase() }
}
