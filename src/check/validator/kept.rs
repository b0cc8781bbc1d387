//! `validator/kept`: a change takes nothing out of the validator's states.

use std::collections::BTreeSet;

use crate::change::{ChangedFile, Image};
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::validator_state::ValidatorState;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{Source, counted, one_line};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let layout = input.packet.layout;
    let states: Vec<&ChangedFile> =
        input.files.iter().filter(|file| layout.is_validator_state(&file.change.path)).collect();
    if states.is_empty() {
        return Verdict::skipped("no validator state was changed");
    }
    let read = |file: &ChangedFile, image: &Option<Image>| {
        let bytes = image.as_ref().map(|image| image.bytes.clone()).unwrap_or_default();
        ValidatorState::read(&Source::from_bytes(file.change.path.clone(), bytes))
    };
    // A session may move from the older file to one of its own.
    let now: Vec<ValidatorState> = states.iter().map(|file| read(file, &file.post)).collect();
    let mut out: Vec<Finding> = Vec::new();
    for file in states {
        let before = read(file, &file.pre);
        let ids: BTreeSet<&str> = before.all().filter_map(|session| session.packet()).collect();
        for id in ids {
            let after: Vec<_> = now.iter().flat_map(|state| state.passed(id)).collect();
            let lost = before.passed(id).iter().filter(|gate| !after.contains(gate)).count();
            if lost > 0 {
                let path = &file.change.path;
                let message = format!(
                    "{path} has lost {} that `{}` had passed",
                    counted(lost, "gate"),
                    one_line(id, 120)
                );
                out.push(rule.finding(message, Label::path(path, "no longer holds them")).about(path));
            }
        }
    }
    out.into()
}
