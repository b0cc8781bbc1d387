//! `approval/…`: the records around a signature: merge base, checkpoint, PREPARE, refinement.

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

/// `approval/merge-base`: `MERGE_BASE_SHA` is a commit that the work builds on.
pub(in crate::check) fn merge_base(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let span = packet.merge_base.as_ref().map_or_else(|| packet.heading_span("METADATA"), |value| value.span);
    let (message, label) = match input.merge_base {
        MergeBaseFact::Ancestor => return Vec::new().into(),
        MergeBaseFact::Absent if packet.generation.is_g2() => {
            ("the packet gives no MERGE_BASE_SHA", "`MERGE_BASE_SHA` belongs here")
        }
        MergeBaseFact::Absent => return CheckResult::skipped("packets before G2 have no MERGE_BASE_SHA"),
        MergeBaseFact::Malformed => {
            ("MERGE_BASE_SHA is no commit id", "a commit id has forty hexadecimal digits")
        }
        MergeBaseFact::Missing => {
            ("MERGE_BASE_SHA names a commit that this repository does not have", "no such commit")
        }
        MergeBaseFact::NotAncestor => {
            ("MERGE_BASE_SHA is no ancestor of the judged head", "on another line of history")
        }
    };
    Some(rule.finding(message, input.packet.label_at(span, label))).into()
}

/// `approval/checkpoint`: packet and refinement are committed as they are.
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

/// `approval/prepared`: the branch and working tree are those of PREPARE.
pub(in crate::check) fn prepared(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 were not prepared");
    }
    let log = match &input.gate_log {
        Ok(log) => *log,
        Err(path) => {
            return Some(rule.finding(
                "there is no gate log, so nothing was prepared",
                Label::path(path, "no such file"),
            ))
            .into();
        }
    };
    let id = input.packet.id.as_str();
    let Some(entry) = log.last_entry(id, "PREPARE") else {
        return Some(rule.finding(
            format!("the gate log has no PREPARE entry of `{id}`"),
            Label::path(log.source.name(), "no such entry"),
        ))
        .into();
    };
    let mut out = Vec::new();
    let (branch, folder) = (text_or_empty(&entry.branch), text_or_empty(&entry.worktree_dir));
    let place = |field: &Option<Spanned<String>>| {
        field.as_ref().map_or_else(|| entry.anchor_span(), |text| text.span)
    };
    if input.branch != Some(branch) {
        let now = input.branch.map_or_else(
            || "no branch (HEAD is detached)".to_owned(),
            |branch| format!("branch `{}`", crate::text::to_single_line(branch, 80)),
        );
        let message = format!(
            "the work was prepared on branch `{}`, but {now} is checked out",
            crate::text::to_single_line(branch, 80)
        );
        out.push(
            rule.finding(message, Label::text(&log.source, place(&entry.branch), "the prepared branch")),
        );
    }
    let prepared = folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or("");
    if !matches!(prepared, "" | ".") && input.worktree_name != Some(prepared) {
        let now = input.worktree_name.unwrap_or("another folder");
        let message = format!(
            "the work was prepared in `{}`, but this is `{}`",
            crate::text::to_single_line(folder, 80),
            crate::text::to_single_line(now, 80)
        );
        out.push(
            rule.finding(
                message,
                Label::text(&log.source, place(&entry.worktree_dir), "the prepared folder"),
            ),
        );
    }
    out.into()
}

/// `approval/refinement`: the refinement is there and approved.
pub(in crate::check) fn refinement(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    if super::predates_refinements(input) {
        return CheckResult::skipped("packets of generation G0 have no refinement");
    }
    let refinement = match &input.refinement {
        Ok(refinement) => *refinement,
        Err(path) => {
            let declared = input.packet.packet.refinement_file.as_ref();
            let finding =
                rule.finding("the packet's refinement is not there", Label::path(path, "no such file"));
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
            format!("REFINEMENT_FILE must be `{expected}`"),
            input.packet.label_at(declared.span, "another file"),
        ));
    }
    check_review_fields(refinement, rule, &mut out);
    out.into()
}

fn field_label(refinement: &Refinement, field: &Field, text: impl Into<String>) -> Label {
    let span = if field.value.span.is_empty() { field.label } else { field.value.span };
    Label::text(&refinement.source, span, text)
}

fn check_review_fields(refinement: &Refinement, rule: &Rule, out: &mut Vec<Finding>) {
    // Identity and evidence are judged by the rules about refinements.
    let exact =
        [("USER_REVIEW_STATUS", "APPROVED"), ("CLEARLY_COVERS_VERDICT", "PASS"), ("ENRICHMENT_NEEDED", "NO")];
    for (key, want) in exact {
        let Some(field) = refinement.field(key) else { continue };
        if field.bare_value().value != want {
            out.push(rule.finding(
                format!("`{key}` must be `{want}` before work starts"),
                field_label(refinement, field, format!("not `{want}`")),
            ));
        }
    }
    if let Some(field) = refinement.field("AMBIGUITY_FOUND").filter(|field| field.is_filled())
        && field.bare_value().value != "NO"
    {
        out.push(rule.finding(
            "an ambiguity was found, so the specification needs enrichment first",
            field_label(refinement, field, "not `NO`"),
        ));
    }
}

/// `approval/separation-of-duties`: who signs does not write the code, where the
/// configuration asks for that.
pub(in crate::check) fn separation_of_duties(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// Changed lines that are told.
const MAX_REFINEMENT_DIFF_LINES: usize = 6;

/// `approval/refinement-text`: the refinement is the one that was signed.
pub(in crate::check) fn refinement_text(input: &ApprovalCheckContext<'_>, rule: &Rule) -> CheckResult {
    let ContractFact::Known { introduction, is_in_range: inside, .. } = input.contract else {
        return CheckResult::skipped("no commit is known to hold what was signed");
    };
    let Ok(now) = &input.refinement else { return CheckResult::skipped("there is no refinement") };
    let then = match &input.records_at_signing.refinement {
        RecordAtSigning::Changed(then) => then,
        RecordAtSigning::Unchanged => return Vec::new().into(),
        RecordAtSigning::Missing if *inside => {
            return CheckResult::skipped("`approval/order` tells that it came later");
        }
        RecordAtSigning::Missing => {
            let message = format!(
                "the refinement was not there when the packet was signed in commit {}",
                short_commit(introduction)
            );
            return Some(rule.finding(message, Label::path(now.source.name(), "came later"))).into();
        }
        RecordAtSigning::NotLookedUp => return CheckResult::skipped("it was not looked up"),
    };
    let (old, new) = (trimmed_lines(&then.source), trimmed_lines(&now.source));
    let text = |lines: &[(Span, &str)]| lines.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let hunks = compute_hunks(text(&old).as_bytes(), text(&new).as_bytes());
    let Some(first) = hunks.first() else { return Vec::new().into() };
    let message =
        format!("the refinement is not the one that was signed in commit {}", short_commit(introduction));
    let place = |source, lines: &[(Span, &str)], at: usize, words: &str| {
        lines.get(at).map(|(span, _)| Label::text(source, *span, words))
    };
    let label =
        place(&now.source, &new, first.after.start.min(new.len().saturating_sub(1)), "not what was signed")
            .unwrap_or_else(|| Label::path(now.source.name(), "empty now"));
    let mut finding = rule.finding(message, label);
    finding.related.extend(place(&then.source, &old, first.before.start, "what was signed"));
    let told: Vec<String> = hunks
        .iter()
        .flat_map(|hunk| {
            let gone = hunk.before.clone().filter_map(|at| old.get(at)).map(|(_, line)| ("signed", *line));
            gone.chain(hunk.after.clone().filter_map(|at| new.get(at)).map(|(_, line)| ("now", *line)))
        })
        .map(|(word, line)| format!("{word}: {}", to_single_line(line, 100)))
        .collect();
    finding.notes.extend(told.iter().take(MAX_REFINEMENT_DIFF_LINES).cloned());
    if told.len() > MAX_REFINEMENT_DIFF_LINES {
        finding.notes.push(format!("… and {} more changed lines", told.len() - MAX_REFINEMENT_DIFF_LINES));
    }
    Some(finding).into()
}

/// The lines with their places, without blanks at their ends and empty lines
/// behind the last.
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
