//! `stub/identity`: file name, title and `WP_ID` name one stub.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::WpId;
use crate::finding::{Label, Place};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(stub) = super::stub_of(input) else { return CheckResult::skipped("not a stub") };
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
