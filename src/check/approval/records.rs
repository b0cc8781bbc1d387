//! `approval/…`: the records of an approval: merge base, checkpoint, PREPARE
//! entry, refinement, separation of duties.

use super::short_commit;
use crate::change::{CommitInfo, compute_hunks};
use crate::check::CheckResult;
use crate::check::context::{
    ApprovalCheckContext, CheckpointFact, CodeCommit, ContractFact, MergeBaseFact, RecordAtSigning,
};
use crate::document::Refinement;
use crate::document::field::Field;
use crate::document::gate_log::text_or_empty;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, Span, Spanned, to_single_line};

/// `approval/merge-base`: `MERGE_BASE_SHA` is the full id of a commit in this
/// repository, and that commit is the judged head or one of its ancestors.
pub(in crate::check) fn merge_base(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let span = packet.merge_base.as_ref().map_or_else(|| packet.heading_span("METADATA"), |value| value.span);
    let (message, label) = match input.merge_base {
        MergeBaseFact::Ancestor => return Vec::new().into(),
        MergeBaseFact::Absent if packet.generation.is_g2() => {
            ("the packet has no MERGE_BASE_SHA", "add `MERGE_BASE_SHA` here")
        }
        MergeBaseFact::Absent => return CheckResult::skipped("packets before G2 have no MERGE_BASE_SHA"),
        MergeBaseFact::Malformed => {
            ("MERGE_BASE_SHA is not a commit id; expected forty hexadecimal digits", "not a commit id")
        }
        MergeBaseFact::Missing => ("MERGE_BASE_SHA is not a commit of this repository", "no such commit"),
        MergeBaseFact::NotAncestor => {
            ("MERGE_BASE_SHA is not an ancestor of the judged head", "on another line of history")
        }
    };
    let finding = rule.finding(message, input.packet.label_at(span, label));
    Some(match input.merge_base {
        MergeBaseFact::Absent => finding.misses("METADATA", Some("MERGE_BASE_SHA")),
        _ => finding,
    })
    .into()
}

/// `approval/refinement`: the refinement exists at the expected path, is
/// approved, has the verdict PASS, contains no ambiguity and needs no
/// enrichment.
pub(in crate::check) fn refinement(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 have no refinement");
    }
    let refinement = match &input.refinement {
        Ok(refinement) => *refinement,
        Err(path) => {
            let declared = input.packet.packet.refinement_file.as_ref();
            let finding =
                rule.finding("the packet's refinement does not exist", Label::path(path, "no such file"));
            return Some(match declared {
                Some(declared) => finding.related(input.packet.label_at(declared.span, "declared here")),
                None => finding,
            })
            .into();
        }
    };
    let mut out = Vec::new();
    let expected = input.packet.layout.refinement(input.packet.id);
    if let Some(declared) = &input.packet.packet.refinement_file
        && crate::text::RepoPath::from(declared.value.as_str()) != expected
    {
        out.push(rule.finding(
            format!("REFINEMENT_FILE is not `{expected}`"),
            input.packet.label_at(declared.span, "a different file"),
        ));
    }
    check_review_fields(refinement, rule, &mut out);
    out.into()
}

/// Creates a label at a field's value, or at its name if the value is empty.
fn field_label(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    let span = if field.value.span.is_empty() { field.label } else { field.value.span };
    Label::text(&refinement.source, span, text)
}

/// Adds a finding for each field of the review that does not allow work.
fn check_review_fields(refinement: &Refinement, rule: &Rule, out: &mut Vec<Finding>) {
    // The rules `refinement/…` check identity and evidence.
    let required =
        [("USER_REVIEW_STATUS", "APPROVED"), ("CLEARLY_COVERS_VERDICT", "PASS"), ("ENRICHMENT_NEEDED", "NO")];
    for (key, expected) in required {
        let Some(field) = refinement.field(key) else { continue };
        if field.bare_value().value != expected {
            out.push(rule.finding(
                format!("`{key}` must be `{expected}` before work starts"),
                field_label(refinement, field, format!("not `{expected}`")),
            ));
        }
    }
    if let Some(field) = refinement.field("AMBIGUITY_FOUND").filter(|field| field.is_filled())
        && field.bare_value().value != "NO"
    {
        out.push(rule.finding(
            "the refinement found an ambiguity, so the specification must be enriched first",
            field_label(refinement, field, "not `NO`"),
        ));
    }
}

/// `approval/checkpoint`: the packet and its refinement are committed, without
/// later edits, before work starts.
pub(in crate::check) fn checkpoint(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (path, fact) in input.checkpoint {
        let message = match fact {
            CheckpointFact::Committed => continue,
            CheckpointFact::Changed => "this document differs from its committed version",
            CheckpointFact::Uncommitted => "this document is not committed",
        };
        out.push(rule.finding(message, Label::path(path, "commit it before work starts")));
    }
    out.into()
}

/// `approval/prepared`: the checked-out branch and the working tree are those
/// of the packet's latest PREPARE entry in the gate log.
pub(in crate::check) fn prepared(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 were not prepared");
    }
    let log = match &input.gate_log {
        Ok(log) => *log,
        Err(path) => {
            return Some(rule.finding(
                "the gate log does not exist, so no work was prepared",
                Label::path(path, "no such file"),
            ))
            .into();
        }
    };
    let id = input.packet.id.as_str();
    let Some(entry) = log.last_entry(id, "PREPARE") else {
        return Some(rule.finding(
            format!("no record says who works on `{id}`, and on which branch"),
            Label::path(log.source.name(), "the gate log has no PREPARE entry for it"),
        ))
        .into();
    };
    let mut out = Vec::new();
    let (branch, folder) = (text_or_empty(entry.branch.as_ref()), text_or_empty(entry.worktree_dir.as_ref()));
    let field_span = |field: &Option<Spanned<String>>| {
        field.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span)
    };
    if input.branch != Some(branch) {
        let checked_out = input.branch.map_or_else(
            || "no branch (HEAD is detached)".to_owned(),
            |branch| format!("branch `{}`", crate::text::to_single_line(branch, 80)),
        );
        let message = format!(
            "the work was prepared on branch `{}`, but {checked_out} is checked out",
            crate::text::to_single_line(branch, 80)
        );
        out.push(
            rule.finding(message, Label::text(&log.source, field_span(&entry.branch), "the prepared branch")),
        );
    }
    let prepared = folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("");
    if !matches!(prepared, "" | ".") && input.worktree_name != Some(prepared) {
        let current = input.worktree_name.unwrap_or("another folder");
        let message = format!(
            "the work was prepared in the working tree `{}`, but the current working tree is `{}`",
            crate::text::to_single_line(folder, 80),
            crate::text::to_single_line(current, 80)
        );
        out.push(rule.finding(
            message,
            Label::text(&log.source, field_span(&entry.worktree_dir), "the prepared working tree"),
        ));
    }
    out.into()
}

/// Maximum number of changed lines that are shown as notes.
const MAX_REFINEMENT_DIFF_LINES: usize = 6;

/// `approval/refinement-text`: the refinement has the same text as at the
/// commit that introduced the packet's signature.
pub(in crate::check) fn refinement_text(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let ContractFact::Known { introduction, is_in_range, .. } = input.contract else {
        return CheckResult::skipped("the commit that introduced the signature is not known");
    };
    let Ok(current) = &input.refinement else {
        return CheckResult::skipped("the refinement does not exist");
    };
    let signed = match &input.records_at_signing.refinement {
        RecordAtSigning::Changed(signed) => signed,
        RecordAtSigning::Unchanged => return Vec::new().into(),
        RecordAtSigning::Missing if *is_in_range => {
            return CheckResult::skipped(
                "the refinement was added after the signature; `approval/order` reports this",
            );
        }
        RecordAtSigning::Missing => {
            let message = format!(
                "the refinement did not exist when the packet was signed in commit {}",
                short_commit(introduction)
            );
            return Some(rule.finding(message, Label::path(current.source.name(), "added later"))).into();
        }
        RecordAtSigning::NotLookedUp => {
            return CheckResult::skipped("the signed refinement was not looked up");
        }
    };
    let (old, new) = (trimmed_lines(&signed.source), trimmed_lines(&current.source));
    let text = |lines: &[(Span, &str)]| lines.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let hunks = compute_hunks(text(&old).as_bytes(), text(&new).as_bytes());
    let Some(first) = hunks.first() else { return Vec::new().into() };
    let message = format!(
        "the refinement differs from the text that was signed in commit {}",
        short_commit(introduction)
    );
    let label_at_line = |source, lines: &[(Span, &str)], index: usize, text: &str| {
        lines.get(index).map(|(span, _)| Label::text(source, *span, text))
    };
    let last = new.len().saturating_sub(1);
    let label =
        label_at_line(&current.source, &new, first.after.start.min(last), "differs from the signed text")
            .unwrap_or_else(|| Label::path(current.source.name(), "empty"));
    let mut finding = rule.finding(message, label);
    finding.related.extend(label_at_line(&signed.source, &old, first.before.start, "the signed text"));
    let lines: Vec<String> = hunks
        .iter()
        .flat_map(|hunk| {
            let before = hunk.before.clone().filter_map(|at| old.get(at)).map(|(_, line)| ("signed", *line));
            before.chain(hunk.after.clone().filter_map(|at| new.get(at)).map(|(_, line)| ("now", *line)))
        })
        .map(|(prefix, line)| format!("{prefix}: {}", to_single_line(line, 100)))
        .collect();
    finding.notes.extend(lines.iter().take(MAX_REFINEMENT_DIFF_LINES).cloned());
    if lines.len() > MAX_REFINEMENT_DIFF_LINES {
        finding.notes.push(format!("… and {} more changed lines", lines.len() - MAX_REFINEMENT_DIFF_LINES));
    }
    Some(finding).into()
}

/// Returns the lines with their spans, without trailing whitespace and without
/// empty lines at the end.
fn trimmed_lines(source: &Source) -> Vec<(Span, &str)> {
    let lines = (1..=source.line_count()).filter_map(|number| source.line_span(number));
    let mut out: Vec<(Span, &str)> = lines
        .map(|span| {
            let text = source.slice(span).trim_end_matches([' ', '\t', '\r']);
            (Span::new(span.start, span.start + text.len()), text.trim_start_matches('\u{feff}'))
        })
        .collect();
    while out.last().is_some_and(|(_, line)| line.is_empty()) {
        out.pop();
    }
    out
}

/// `approval/separation-of-duties`: if the configuration requires it, neither
/// the author nor the committer of the commit that introduced the signature
/// writes or commits code of this work. Without a signature, the commit counts that brought
/// the contract to the main branch.
pub(in crate::check) fn separation_of_duties(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.packet.policy.separation_of_duties {
        return CheckResult::skipped(
            "the configuration does not require it (`approval: separation_of_duties:`)",
        );
    }
    let (approvals, what) = match input.contract {
        _ if !input.trusted.introductions.is_empty() => {
            (input.trusted.introductions.as_slice(), "committed the packet to the main branch")
        }
        ContractFact::Known { introduction, .. } => {
            (std::slice::from_ref(introduction), "introduced the signature")
        }
        _ => return CheckResult::skipped("the commit that introduced the signature is not known"),
    };
    let code_by =
        |approval: &CommitInfo| input.code_commits.iter().find(|commit| may_be_same_person(approval, commit));
    // One commit of another person is an approval.
    let (Some(first), true) = (approvals.first(), approvals.iter().all(|one| code_by(one).is_some())) else {
        return Vec::new().into();
    };
    let Some(commit) = code_by(first) else { return Vec::new().into() };
    let (approved, coded) = (short_commit(first), short_commit(&commit.facts));
    let message = if is_same_person(first, commit) {
        let person = to_single_line(people_of(first).last().unwrap_or_default(), 80);
        format!(
            "{person} {what} (commit {approved}), and the same person wrote or committed code (commit {coded})"
        )
    } else {
        format!(
            "commit {approved} or {coded} names a host and no person, so nothing shows that two persons did them"
        )
    };
    let label = Label::path(&commit.path, "changed by the person who approved the work");
    Some(rule.finding(message, label)).into()
}

/// Returns whether the author or committer of a commit of code is the author
/// or committer of the commit that introduced the signature.
#[must_use]
pub(crate) fn is_same_person(introduction: &CommitInfo, commit: &CodeCommit) -> bool {
    let signers: Vec<&str> = people_of(introduction).collect();
    people_of(&commit.facts).any(|who| signers.iter().any(|signer| is_one_person(signer, who)))
}

/// Returns whether two entries `Name <mail>` are one person: the address is the same, or one of
/// them hides the other.
fn is_one_person(one: &str, other: &str) -> bool {
    mail_or_name(one) == mail_or_name(other) || may_hide(one, other) || may_hide(other, one)
}

/// Returns whether the first address is one that a host gives to an account, and the second
/// person has the same account or the same name.
fn may_hide(hidden: &str, person: &str) -> bool {
    let (hidden_mail, mail) = (mail_or_name(hidden), mail_or_name(person));
    let Some(account) = account_of(&hidden_mail) else { return false };
    let local = account_of(&mail).or(mail.split('@').next());
    let name = |who: &str| who.split('<').next().unwrap_or_default().trim().to_lowercase();
    local == Some(account) || (!name(hidden).is_empty() && name(hidden) == name(person))
}

/// Returns the account in an address that hides another one, as in
/// `123+name@users.noreply.github.com` and `123-name@users.noreply.gitlab.com`.
fn account_of(mail: &str) -> Option<&str> {
    let (local, host) = mail.split_once('@')?;
    let is_hidden = host.split('.').any(|part| part == "noreply" || part == "no-reply");
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = local.split_once(['+', '-']).filter(|(number, _)| is_number(number));
    is_hidden.then(|| numbered.map_or(local, |(_, account)| account))
}

/// Returns whether one person can have made an approval and a commit of code. Where only a host
/// is named, nothing shows that it was another person.
#[must_use]
pub(crate) fn may_be_same_person(approval: &CommitInfo, commit: &CodeCommit) -> bool {
    let is_unknown = |commit: &CommitInfo| people_of(commit).next().is_none();
    is_unknown(approval) || is_unknown(&commit.facts) || is_same_person(approval, commit)
}

/// Addresses that hosts enter as the committer when a person commits or merges on their pages.
/// The author is the person then.
const HOST_COMMITTERS: [&str; 1] = ["noreply@github.com"];

/// Returns the people behind a commit, without hosts: its author and its committer.
fn people_of(commit: &CommitInfo) -> impl Iterator<Item = &str> {
    let is_person = |who: &&str| !HOST_COMMITTERS.contains(&mail_or_name(who).as_str());
    [commit.author.as_str(), commit.committer.as_str()].into_iter().filter(is_person)
}

/// Returns the email address of a person in lowercase, or the name if there is
/// no address.
fn mail_or_name(who: &str) -> String {
    let mail = who.rsplit_once('<').map_or("", |(_, mail)| mail.trim_end_matches('>').trim());
    if mail.is_empty() { who.trim().to_lowercase() } else { mail.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_host_hides_no_person() {
        let hidden = "Mira Lane <12+mlane@users.noreply.github.com>";
        for same in [
            "Mira Lane <mira@harbour.example>",
            "M <mlane@harbour.example>",
            "M <mlane@users.noreply.github.com>",
            "M <4-mlane@users.noreply.gitlab.com>",
            "mira lane <7+other@users.noreply.git.harbour.example>",
        ] {
            assert!(is_one_person(hidden, same) && is_one_person(same, hidden), "{same}");
        }
        for other in ["Jo Reed <jo@harbour.example>", "Jo Reed <13+jreed@users.noreply.github.com>"] {
            assert!(!is_one_person(hidden, other) && !is_one_person(other, hidden), "{other}");
        }
        // Two plain addresses are two persons.
        assert!(!is_one_person("Mira Lane <mira@harbour.example>", "Mira Lane <mira@quay.example>"));
    }
}
