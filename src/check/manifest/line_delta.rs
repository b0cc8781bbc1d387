//! `manifest/line-delta`: lines(post) − lines(pre).

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::manifest::Number;
use crate::finding::Place;
use crate::rule::Rule;
use crate::text::one_line;

use super::{at, has_lines, judged};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    for (manifest, file) in judged(input) {
        let Some(delta) = &manifest.delta else { continue };
        let want = if has_lines(file) { file.line_delta().to_string() } else { "N/A".to_owned() };
        let (holds, label) = match (&delta.value, has_lines(file)) {
            (Number::Is(number), true) => (*number == file.line_delta(), format!("recorded as {number}")),
            (Number::NotApplicable, false) => (true, String::new()),
            (Number::NotApplicable, true) => (false, "the file has lines".to_owned()),
            (Number::Is(_), false) => (false, "a binary file has no lines to count".to_owned()),
            (Number::Bad(text), _) => (false, format!("`{}` is no whole number", one_line(text, 40))),
        };
        if !holds {
            let message = format!("the line delta of {} is {want}", file.change.path);
            let place = Place::text(&input.packet.packet.source, delta.span);
            out.push(rule.finding(message, at(input, delta.span, label)).about(&file.change.path).fixed_by(
                place,
                want,
                "write the counted delta",
            ));
        }
    }
    out.into()
}
