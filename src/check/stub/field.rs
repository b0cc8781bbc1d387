//! `stub/field`: a stub holds what its activation starts from.

use crate::check::CheckResult;
use crate::check::fix_hints::{find_misspelt_label, with_label_fix};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = super::stub_of(input) else { return CheckResult::skipped("not a stub") };
    let mut out = Vec::new();
    for wanted in rule.parameter("fields") {
        // `NAME|SECTION`: a field of that name, or a section.
        let names: Vec<&str> = wanted.split('|').map(str::trim).collect();
        let filled = |name: &&&str| {
            let field = stub
                .fields
                .iter()
                .any(|field| field.key == **name && (field.is_filled() || field.item.is_some()));
            field || stub.sections.iter().any(|section| section.key == **name)
        };
        if names.iter().any(|name| filled(&name)) {
            continue;
        }
        let first = names.first().copied().unwrap_or("");
        let empty: Option<&Field> = names.iter().find_map(|name| stub.field(name));
        out.push(match empty {
            Some(field) => rule.finding(
                format!("the stub does not fill `{first}`"),
                Label::text(&stub.source, field.label, "fill this"),
            ),
            None => {
                let message = format!("the stub has no `{first}`");
                let finding = rule.finding(message, Label::text(&stub.source, stub.head_span(), "this stub"));
                match find_misspelt_label(stub.fields.iter(), first) {
                    Some(field) => with_label_fix(finding, &stub.source, field, first),
                    None => finding,
                }
            }
        });
    }
    out.into()
}
