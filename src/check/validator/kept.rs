//! `validator/kept`: a change takes nothing out of the validator's states.

use std::collections::BTreeSet;

use crate::change::{ChangedFile, FileContent};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::validator_state::ValidatorState;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, format_count, to_single_line};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let layout = input.packet.layout;
    let states: Vec<&ChangedFile> =
        input.files.iter().filter(|file| layout.is_validator_state(&file.change.path)).collect();
    if states.is_empty() {
        return CheckResult::skipped("no validator state was changed");
    }
    let read = |file: &ChangedFile, image: &Option<FileContent>| {
        let bytes = image.as_ref().map(|image| image.bytes.clone()).unwrap_or_default();
        ValidatorState::read(&Source::from_bytes(file.change.path.clone(), bytes))
    };
    // A session may move from the older file to one of its own.
    let now: Vec<ValidatorState> = states.iter().map(|file| read(file, &file.after)).collect();
    let mut out: Vec<Finding> = Vec::new();
    for file in states {
        let before = read(file, &file.before);
        let ids: BTreeSet<&str> = before.all_sessions().filter_map(|session| session.packet()).collect();
        for id in ids {
            let after: Vec<_> = now.iter().flat_map(|state| state.passed_gates(id)).collect();
            let lost = before.passed_gates(id).iter().filter(|gate| !after.contains(gate)).count();
            if lost > 0 {
                let path = &file.change.path;
                let message = format!(
                    "{path} has lost {} that `{}` had passed",
                    format_count(lost, "gate"),
                    to_single_line(id, 120)
                );
                out.push(rule.finding(message, Label::path(path, "no longer holds them")).about_path(path));
            }
        }
    }
    out.into()
}
