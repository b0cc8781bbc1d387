//! `stub/…`: a stub has the required fields, and nothing that only a packet
//! may have.

mod build_order;
mod template_text;

pub(super) use build_order::build_order;
pub(super) use template_text::template_text;

use crate::check::CheckResult;
use crate::check::fix_hints::{find_misspelt_label, with_label_fix};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::stub::Stub;
use crate::document::{DocumentBody, WpId};
use crate::finding::{Label, Place};
use crate::rule::Rule;

/// Returns the document as a stub; `None` for other documents.
fn stub_of<'a>(input: &'a DocumentCheckContext<'_>) -> Option<&'a Stub> {
    if let DocumentBody::Stub(stub) = &input.document.body { Some(stub) } else { None }
}

/// `stub/identity`: the file name, the title, `WP_ID` and `BASE_WP_ID` of a
/// stub agree.
pub(super) fn identity(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
    let at = |span, text: String| Label::text(&stub.source, span, text);
    let mut out = Vec::new();
    let title = stub.title_id.iter().map(|title| ("the title", title.clone()));
    let field = stub.field("WP_ID").and_then(|field| Some(("WP_ID", field.filled_value()?)));
    let all: Vec<_> = title.chain(field).collect();
    let Some(wanted) = input.document.id() else {
        let message = "the stub has no id: neither its file name nor its title is a work packet id";
        return Some(rule.finding(message, at(stub.head_span(), "no work packet id".into()))).into();
    };
    for (name, value) in all {
        if value.value != wanted.as_str() {
            let shown = crate::text::to_single_line(&value.value, 80);
            let message = format!("{name} is `{shown}`, but the id of the stub is `{wanted}`");
            out.push(rule.finding(message, at(value.span, format!("not `{wanted}`"))));
        }
    }
    if let Some(base) = stub.field("BASE_WP_ID").and_then(crate::document::field::Field::filled_value) {
        let is_valid = WpId::parse(&base.value).is_ok();
        if !is_valid || (base.value != wanted.base() && base.value != wanted.as_str()) {
            let shown = crate::text::to_single_line(&base.value, 80);
            let message =
                format!("BASE_WP_ID is `{shown}`, but the base id of `{wanted}` is `{}`", wanted.base());
            let place = Place::text(&stub.source, base.span);
            let finding = rule.finding(message, at(base.span, "not the base id".into()));
            out.push(finding.with_unsafe_fix(place, wanted.base(), "write the base id of the stub"));
        }
    }
    out.into()
}

/// `stub/field`: a stub has the fields that its activation needs.
pub(super) fn field(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
    let mut out = Vec::new();
    for wanted in rule.parameter("fields") {
        // `NAME|SECTION`: a field or a section with one of these names.
        let names: Vec<&str> = wanted.split('|').map(str::trim).collect();
        let is_filled = |name: &&&str| {
            let has_field = stub
                .fields
                .iter()
                .any(|field| field.key == **name && (field.is_filled() || field.item.is_some()));
            has_field || stub.sections.iter().any(|section| section.key == **name)
        };
        if names.iter().any(|name| is_filled(&name)) {
            continue;
        }
        let first = names.first().copied().unwrap_or("");
        let empty: Option<&Field> = names.iter().find_map(|name| stub.field(name));
        out.push(match empty {
            Some(field) => rule.finding(
                format!("the field `{first}` of the stub is not filled"),
                Label::text(&stub.source, field.label, "not filled"),
            ),
            None => {
                let message = format!("the stub has no field `{first}`");
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

/// `stub/signed`: a stub contains nothing that only a task packet may have.
pub(super) fn signed(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
    let mut out = Vec::new();
    for key in rule.parameter("fields") {
        for field in stub.fields.iter().filter(|field| field.key == *key && field.is_filled()) {
            let value = field.bare_value();
            if value.value.eq_ignore_ascii_case("n/a") || value.value.eq_ignore_ascii_case("none") {
                continue;
            }
            out.push(rule.finding(
                format!("the stub has the field `{key}`"),
                Label::text(&stub.source, field.value.span, "allowed only in a task packet"),
            ));
        }
    }
    for section in stub.sections.iter().filter(|section| section.key == "SKELETON_APPROVED") {
        let label = Label::text(&stub.source, section.title.span, "allowed only in a task packet");
        out.push(rule.finding("the stub has a section `SKELETON APPROVED`", label));
    }
    out.into()
}
