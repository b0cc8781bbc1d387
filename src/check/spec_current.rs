//! `spec/current`: open packets and stubs name the current specification.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::field::Field;
use crate::document::spec::SpecPointer;
use crate::document::{Document, DocumentBody};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, Spanned, to_single_line};

/// `spec/current`: what an open packet or a stub calls the current specification is the one
/// that the pointer names.
pub(super) fn current(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the document is outside of a governed repository");
    };
    let Some(pointer) = governance.pointer() else { return CheckResult::skipped("there is no pointer") };
    let Some(spec) = pointer.spec() else {
        return CheckResult::skipped("the pointer names no specification");
    };
    if matches!(input.document.body, DocumentBody::SpecPointer(_)) {
        return moved_targets(governance, pointer, rule).into();
    }
    let fields = match &input.document.body {
        _ if is_over(input.document, governance) => return CheckResult::skipped("work on it is over"),
        DocumentBody::Packet(packet) => &packet.fields,
        DocumentBody::Stub(stub) => &stub.fields,
        _ => return CheckResult::skipped("neither a packet nor a stub"),
    };
    let mut out: Vec<Finding> = Vec::new();
    for field in fields {
        let Some(name) = named_as_current(field).filter(|name| is_other_version(&name.value, &spec.value))
        else {
            continue;
        };
        let message = format!(
            "{} calls `{}` current, but the pointer names `{}`",
            field.key,
            to_single_line(&name.value, 80),
            to_single_line(&spec.value, 80)
        );
        let finding = rule
            .finding(message, Label::text(&input.document.source, name.span, "not the current one"))
            .related(Label::text(&pointer.source, spec.span, "the current one"));
        // No work follows a stub.
        let is_packet = input.document.packet().is_some();
        out.push(if is_packet { finding } else { finding.with_level(Level::Note) });
    }
    out.into()
}

/// Maximum number of stubs that one finding shows.
const MAX_SHOWN: usize = 50;

/// Returns one note about stubs whose `SPEC_TARGET` is the pointer at a place where it is not.
fn moved_targets(
    governance: &GovernanceDocuments<'_>,
    pointer: &SpecPointer,
    rule: &Rule,
) -> Option<Finding> {
    let own = pointer.source.name().to_text();
    let mut places = Vec::new();
    for (_, document) in governance.stubs() {
        let DocumentBody::Stub(stub) = &document.body else { continue };
        let Some(target) = stub.field("SPEC_TARGET").map(Field::bare_value) else { continue };
        let path = target.value.split([' ', ',']).next().unwrap_or_default().trim_matches('`');
        let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let is_moved = path.contains('/') && path != own && file(path) == file(&own);
        if is_moved && !is_over(document, governance) {
            places.push((path.to_owned(), Label::text(&stub.source, target.span, "not the pointer")));
        }
    }
    let count = places.len();
    let mut places = places.into_iter().take(MAX_SHOWN);
    let (path, first) = places.next()?;
    let shown = to_single_line(&path, 80);
    let message = match count {
        1 => format!("a stub has the SPEC_TARGET `{shown}`, but the pointer is `{own}`"),
        _ => format!("{count} stubs have a SPEC_TARGET such as `{shown}`, but the pointer is `{own}`"),
    };
    let finding = rule.finding(message, first).with_level(Level::Note);
    Some(places.fold(finding, |finding, (_, place)| finding.related(place)))
}

/// Returns whether a packet, or the packet of a stub, is history or superseded.
fn is_over(document: &Document, governance: &GovernanceDocuments<'_>) -> bool {
    let Some(id) = document.id() else { return false };
    match document.packet() {
        Some(packet) => !governance.is_open(id.as_str(), packet),
        None => governance.packet(id.as_str()).is_some() || governance.is_historical_id(id.as_str()),
    }
}

/// Returns the file that a field calls the current specification: the value of `SPEC_CURRENT`,
/// or the name behind `currently`.
fn named_as_current(field: &Field) -> Option<Spanned<String>> {
    let value = &field.value.value;
    let from = match value.find("(currently ") {
        Some(at) => at + "(currently ".len(),
        None if field.key == "SPEC_CURRENT" => 0,
        None => return None,
    };
    let rest = value.get(from..)?;
    let word = rest.split_whitespace().next()?;
    let name = word.trim_matches(['`', '*', '(', ')', ',', ';']);
    let at = field.value.span.start + from + word.find(name)?;
    Some(Spanned::new(name.to_owned(), Span::new(at, at + name.len())))
}

/// Returns whether two file names differ only in digits, so that they are versions of one
/// specification.
fn is_other_version(a: &str, b: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let stem = |name: &str| -> String { name.chars().filter(|c| !c.is_ascii_digit()).collect() };
    let (a, b) = (name(a), name(b));
    a != b && a.contains('.') && stem(&a) == stem(&b)
}
