//! The life of a configuration: the change that brings the first one in, and changes of
//! nothing but the configuration, which the old policy judges (PRODUCT, "Life of a
//! configuration").

use crate::change::{ChangedFile, Commit, FileMode, RepositoryError, TreeState};
use crate::check::context::ProtectedPattern;
use crate::config::{Config, FILE_NAME, resolve_layout, setup_patterns};
use crate::digest::sshsig::{GIT_NAMESPACE, verify_in};
use crate::document::Layout;
use crate::document::allowed_signers::AllowedSigners;
use crate::document::spec::SpecPointer;
use crate::finding::{Label, Level, Report};
use crate::pipeline::error::PipelineError;
use crate::pipeline::locate::{read_document, read_record};
use crate::text::RepoPath;

use super::VerifyContext;
use super::fence::push_rule;

/// Who approves a change of the configuration, besides a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyApproval {
    /// No person does.
    None,
    /// A person at a terminal, or a protected job of continuous integration.
    Person,
}

/// Checks a change that brings the first configuration, or touches nothing but the
/// configuration. `None` for other changes.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn check(context: &VerifyContext<'_>) -> Result<Option<Report>, PipelineError> {
    let judged = context.selection.judged_tree();
    let config = &context.loaded.config;
    let layout = resolve_layout(context.repo, config, context.trusted.tree, judged)?;
    if !context.loaded.is_file {
        let adds_config = context.all_files.iter().any(|file| is_config_file(&file.change.path));
        let is_new = adds_config && context.repo.exists(judged, &RepoPath::from(FILE_NAME))?;
        return if is_new { check_first(context, &layout).map(Some).map_err(Into::into) } else { Ok(None) };
    }
    let paths = RulePaths::new(config, &layout);
    if !context.all_files.iter().all(|file| paths.contain(&file.change.path)) {
        return Ok(None);
    }
    check_policy_change(context, &layout).map(Some).map_err(PipelineError::from)
}

fn is_config_file(path: &RepoPath) -> bool {
    path.as_bytes() == FILE_NAME.as_bytes()
}

/// The files that hold rules.
struct RulePaths<'a> {
    config: &'a Config,
    layout: &'a Layout,
}

impl<'a> RulePaths<'a> {
    fn new(config: &'a Config, layout: &'a Layout) -> Self {
        Self { config, layout }
    }

    fn contain(&self, path: &RepoPath) -> bool {
        let scan = &self.config.scan;
        is_config_file(path)
            || path.as_bytes() == self.layout.allowed_signers.as_bytes()
            || scan.baseline.as_ref().is_some_and(|baseline| path.as_bytes() == baseline.as_bytes())
            || scan.rule_folders.iter().any(|folder| path.is_below(folder.as_bytes()))
    }
}

/// Returns the specification, if the change adds it as a document: `init` writes the first
/// one, and its pointer names it.
fn added_specification(
    context: &VerifyContext<'_>,
    layout: &Layout,
) -> Result<Option<RepoPath>, RepositoryError> {
    let judged = context.selection.judged_tree();
    let Some(source) = read_record(context.repo, judged, &layout.spec_pointer)? else { return Ok(None) };
    let Some(named) = SpecPointer::read(&source).spec().map(|spec| spec.value.clone()) else {
        return Ok(None);
    };
    let is_added = |file: &&ChangedFile| {
        let is_file = file.change.after.is_some_and(|entry| entry.mode == FileMode::Regular);
        let path = &file.change.path;
        path.as_bytes() == named.as_bytes()
            && path.as_bytes().ends_with(b".md")
            && file.change.before.is_none()
            && is_file
    };
    Ok(context.all_files.iter().find(is_added).map(|file| file.change.path.clone()))
}

/// Checks the change that adds the first configuration: it touches nothing else than
/// governance, the files that control the checks, and a new specification.
fn check_first(context: &VerifyContext<'_>, layout: &Layout) -> Result<Report, RepositoryError> {
    let specification = added_specification(context, layout)?;
    let protected: Vec<ProtectedPattern> = setup_patterns();
    let is_governance = |path: &RepoPath| {
        let lower = RepoPath::from(path.to_text().to_lowercase().as_str());
        layout.is_governance(path)
            || specification.as_ref() == Some(path)
            || protected.iter().any(|pattern| pattern.covers(&lower))
    };
    let outside: Vec<&RepoPath> =
        context.all_files.iter().map(|file| &file.change.path).filter(|path| !is_governance(path)).collect();
    let mut report = context.new_report();
    report.verdict_remarks.push("first configuration".to_owned());
    push_rule(&mut report, &context.loaded.config, "config/first", |rule| {
        let label = || Label::path(&RepoPath::from(FILE_NAME), "the first configuration");
        match outside.first() {
            None => {
                let message = "the change adds the first configuration; no rule judged it";
                vec![rule.finding(message, label()).with_level(Level::Note)].into()
            }
            Some(path) => {
                let message = format!("the change adds the first configuration together with {path}");
                let finding = rule.finding(message, Label::path(path, "not a governance file"));
                vec![finding.related(label())].into()
            }
        }
    });
    push_trust(context, &mut report);
    Ok(report)
}

/// Adds the check that the new configuration can be read.
fn push_trust(context: &VerifyContext<'_>, report: &mut Report) {
    let trust = context.trusted.check_context(context.repo, context.selection.judged_tree());
    push_rule(report, &context.loaded.config, "config/readable", |rule| {
        let fault = trust.config_fault.as_ref().map(|(label, problem)| {
            rule.finding(format!("the new configuration cannot be used: {problem}"), label.clone())
        });
        fault.into()
    });
}

/// Checks a change of nothing but the configuration under the old policy.
fn check_policy_change(context: &VerifyContext<'_>, layout: &Layout) -> Result<Report, RepositoryError> {
    let mut report = context.new_report();
    report.verdict_remarks.push("policy change".to_owned());
    let refusal = match context.request.approval {
        PolicyApproval::Person => None,
        PolicyApproval::None => signature_refusal(context, layout)?,
    };
    push_rule(&mut report, &context.loaded.config, "config/policy-change", |rule| {
        let first = context.all_files.first().map(|file| file.change.path.clone());
        let path = first.unwrap_or_else(|| RepoPath::from(FILE_NAME));
        let finding = refusal.map(|why| {
            let message =
                format!("the change edits the rules, and no trusted key or person approves it: {why}");
            rule.finding(message, Label::path(&path, "part of the rules"))
        });
        finding.into()
    });
    push_trust(context, &mut report);
    report.sort();
    Ok(report)
}

/// Returns why the signature of the judged commit does not approve it; `None` if it does.
fn signature_refusal(
    context: &VerifyContext<'_>,
    layout: &Layout,
) -> Result<Option<String>, RepositoryError> {
    let Some(commit) = context.selection.head else {
        return Ok(Some("the change is not committed".to_owned()));
    };
    let Some((armored, text)) = context.repo.commit_signature(commit)? else {
        return Ok(Some(format!("commit {} is not signed", commit.short())));
    };
    let key = match verify_in(GIT_NAMESPACE, &armored, &text) {
        Ok(key) => key,
        Err(fault) => {
            return Ok(Some(format!("the signature of commit {} is invalid: {fault}", commit.short())));
        }
    };
    let path = RepoPath::from(layout.allowed_signers.as_str());
    let Some(source) = read_document(context.repo, context.trusted.tree, &path)? else {
        return Ok(Some(format!("the trusted revision has no {path}")));
    };
    let at = commit_time(context, commit)?;
    let signers = AllowedSigners::read(&source);
    let approvers = &context.loaded.config.policy.roles.approver;
    let is_allowed = signers.signers_with_key(&key.key).any(|signer| {
        !signer.is_authority
            && signer.allows_namespace(GIT_NAMESPACE)
            && at.is_some_and(|at| signer.is_valid_at(at))
            && (approvers.is_empty() || approvers.iter().any(|name| signer.is_principal(name)))
    });
    Ok((!is_allowed).then(|| {
        let role = if approvers.is_empty() { "" } else { " of an approver" };
        format!("{path} of the trusted revision does not allow the key {}{role} for commits", key.fingerprint)
    }))
}

/// Returns the time of a commit in UTC: no commit is older than its ancestors.
fn commit_time(
    context: &VerifyContext<'_>,
    commit: Commit,
) -> Result<Option<jiff::civil::DateTime>, RepositoryError> {
    let base = match context.trusted.tree {
        TreeState::Commit(base) if context.repo.is_ancestor(base, commit)? => Some(base),
        _ => context.selection.base,
    };
    let seconds = context.repo.newest_time(base, commit)?;
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    Ok(time.map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}
