//! `manifest/line-delta`: lines(post) − lines(pre).

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::ManifestNumber;
use crate::finding::Place;
use crate::rule::Rule;
use crate::text::to_single_line;

use super::{has_lines, label_at, manifests_with_files};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    for (manifest, file) in manifests_with_files(input) {
        let Some(delta) = &manifest.delta else { continue };
        let want = if has_lines(file) { file.line_delta().to_string() } else { "N/A".to_owned() };
        let (holds, label) = match (&delta.value, has_lines(file)) {
            (ManifestNumber::Integer(number), true) => {
                (*number == file.line_delta(), format!("recorded as {number}"))
            }
            (ManifestNumber::NotApplicable, false) => (true, String::new()),
            (ManifestNumber::NotApplicable, true) => (false, "the file has lines".to_owned()),
            (ManifestNumber::Integer(_), false) => (false, "a binary file has no lines to count".to_owned()),
            (ManifestNumber::Invalid(text), _) => {
                (false, format!("`{}` is no whole number", to_single_line(text, 40)))
            }
        };
        if !holds {
            let message = format!("the line delta of {} is {want}", file.change.path);
            let place = Place::text(&input.packet.packet.source, delta.span);
            out.push(
                rule.finding(message, label_at(input, delta.span, label))
                    .about_path(&file.change.path)
                    .with_fix(place, want, "write the counted delta"),
            );
        }
    }
    out.into()
}
