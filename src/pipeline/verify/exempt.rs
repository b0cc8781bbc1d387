//! A change of nothing but exempt paths: it needs no packet.

use crate::change::{ChangedFile, FileMode};
use crate::config::resolve_layout;
use crate::finding::Report;
use crate::pipeline::error::PipelineError;

use super::VerifyContext;
use super::fence::push_rule;

/// Returns the report of a change of nothing but paths that the trusted configuration
/// exempts; `None` for other changes. Names of branches and authors exempt nothing.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn check(context: &VerifyContext<'_>) -> Result<Option<Report>, PipelineError> {
    let config = &context.loaded.config;
    if config.policy.exempt.is_empty() || !context.request.packets.is_empty() {
        return Ok(None);
    }
    let judged = context.selection.judged_tree();
    let layout = resolve_layout(context.repo, config, context.trusted.tree, judged)?;
    let is_exempt = |file: &ChangedFile| {
        let is_file = |mode: FileMode| matches!(mode, FileMode::Regular | FileMode::Executable);
        config.policy.exempts(&file.change.path)
            && !layout.is_governance(&file.change.path)
            && [file.change.before, file.change.after].into_iter().flatten().all(|entry| is_file(entry.mode))
    };
    if !context.all_files.iter().all(is_exempt) {
        return Ok(None);
    }
    let mut report = context.new_report();
    report.verdict_remarks.push("exempt paths only".to_owned());
    let trust = context.trusted.check_context(context.repo, judged);
    push_rule(&mut report, config, "config/readable", |rule| {
        let fault = trust.config_fault.as_ref().map(|(label, problem)| {
            rule.finding(format!("the configuration cannot be used: {problem}"), label.clone())
        });
        fault.into()
    });
    Ok(Some(report))
}
