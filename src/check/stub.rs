//! `stub/…`: a stub says whose note it is, and is not more than a note.

use crate::check::CheckResult;
use crate::check::fix_hints::{find_misspelt_label, with_label_fix};
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::field::Field;
use crate::document::stub::Stub;
use crate::document::{DocumentBody, WpId};
use crate::finding::{Label, Place};
use crate::rule::Rule;

/// The stub that a document is.
fn stub_of<'a>(input: &'a DocumentCheckContext<'_>) -> Option<&'a Stub> {
    if let DocumentBody::Stub(stub) = &input.document.body { Some(stub) } else { None }
}

/// `stub/field`: a stub holds what its activation starts from.
pub(super) fn field(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
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

/// `stub/identity`: file name, title and `WP_ID` name one stub.
pub(super) fn identity(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = stub_of(input) else { return CheckResult::skipped("not a stub") };
    let at = |span, text: String| Label::text(&stub.source, span, text);
    let mut out = Vec::new();
    let title = stub.title_id.iter().map(|title| ("the title", title.clone()));
    let field = stub.field("WP_ID").and_then(|field| Some(("WP_ID", field.filled_value()?)));
    let all: Vec<_> = title.chain(field).collect();
    let Some(wanted) = input.document.id() else {
        let message = "the stub names no work packet: neither its file nor its title is an id";
        return Some(rule.finding(message, at(stub.head_span(), "no id".into()))).into();
    };
    for (name, value) in all {
        if value.value != wanted.as_str() {
            let shown = crate::text::to_single_line(&value.value, 80);
            let message = format!("{name} says `{shown}`, the stub is `{wanted}`");
            out.push(rule.finding(message, at(value.span, format!("not `{wanted}`"))));
        }
    }
    if let Some(base) = stub.field("BASE_WP_ID").and_then(crate::document::field::Field::filled_value) {
        let known = WpId::parse(&base.value).is_ok();
        if !known || (base.value != wanted.base() && base.value != wanted.as_str()) {
            let shown = crate::text::to_single_line(&base.value, 80);
            let message = format!("BASE_WP_ID says `{shown}`, the base of `{wanted}` is `{}`", wanted.base());
            let place = Place::text(&stub.source, base.span);
            let finding = rule.finding(message, at(base.span, "another base id".into()));
            out.push(finding.with_unsafe_fix(place, wanted.base(), "write the base of the stub's id"));
        }
    }
    out.into()
}

/// `stub/signed`: a stub claims nothing that only a packet has.
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
                format!("a stub carries `{key}`"),
                Label::text(&stub.source, field.value.span, "only a task packet has this"),
            ));
        }
    }
    for section in stub.sections.iter().filter(|section| section.key == "SKELETON_APPROVED") {
        let label = Label::text(&stub.source, section.title.span, "only a task packet has this");
        out.push(rule.finding("a stub carries an approval", label));
    }
    out.into()
}
