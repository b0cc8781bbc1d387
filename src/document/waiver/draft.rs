//! A draft collects the parts of a waiver from labels, columns and prose.

use crate::document::field::{Field, normalize_key, strip_hint, strip_quotes};
use crate::document::is_placeholder;
use crate::document::outline::{Outline, ProseLine};
use crate::text::{Span, Spanned};

use super::force::{Doubt, read_force};
use super::part::WaiverPart;
use super::value::{find_date, find_paths, find_policy, parse_expiry, policy_of_id};
use super::{Expiry, Waiver};

/// A waiver that is not completely read.
#[derive(Default)]
pub(super) struct WaiverDraft {
    /// The whole waiver.
    pub(super) span: Span,
    /// Values of the parts, in document order.
    parts: Vec<(WaiverPart, Spanned<String>)>,
    /// Why it is not plainly in force.
    doubt: Option<Doubt>,
    /// Whether a label marks the waiver as not granted or revoked.
    is_refused: bool,
}

/// Returns whether a text is not a value: a placeholder, "none", or only a
/// remark in parentheses.
fn is_blank_value(value: &str) -> bool {
    let lower = strip_hint(value).trim_matches(['`', '*', '.', ' ', '"']).to_lowercase();
    let is_none =
        matches!(lower.as_str(), "" | "none" | "nobody" | "no one" | "n/a" | "unknown" | "awaiting");
    is_none || is_placeholder(value) || lower.starts_with("awaiting ") || lower.starts_with("pending ")
}

/// Returns whether a value of `Approver` or `Status` means that nothing was
/// granted.
fn is_refusal(value: &str) -> bool {
    let lower = value.trim_matches(['`', '*', '.', ' ', '"']).to_lowercase();
    let starts = [
        "not ",
        "no ",
        "none",
        "to be ",
        "refused",
        "rejected",
        "denied",
        "revoked",
        "withdrawn",
        "rescinded",
        "void",
        "pending",
        "draft",
        "proposed",
        "requested",
        "expired",
        "closed",
        "inactive",
        "superseded",
    ];
    starts.iter().any(|start| lower.starts_with(start))
}

/// Returns the policy at the start of an id such as `CX-573F-20260213-A`: the code
/// with its number, without the parts that follow.
fn leading_policy(code: &str) -> &str {
    let rest = code.strip_prefix("CX-").unwrap_or("");
    let end = rest.find('-').unwrap_or(rest.len());
    let number = rest.get(..end).unwrap_or("");
    if number.starts_with(|c: char| c.is_ascii_digit()) { code.get(..3 + end).unwrap_or(code) } else { code }
}

/// Reads the date in an id: eight digits between dashes.
fn date_in_id(id: &Spanned<String>) -> Option<Spanned<jiff::civil::Date>> {
    let digits =
        id.value.split('-').find(|part| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit()))?;
    let date = digits.parse().ok()?;
    Some(Spanned::new(date, id.span))
}

/// Kinds of requirements that a waiver can cover (FORMATS, "Later formats").
const CLASSES: [&str; 10] = [
    "SCOPE",
    "PROOF",
    "INTEGRATION",
    "DOMAIN",
    "PROTECTED_SURFACE",
    "TEST",
    "ENVIRONMENT",
    "HEURISTIC",
    "SPEC",
    "GOVERNANCE",
];

/// Reads the kinds that `COVERS` lists; `None` if the value is something else.
fn read_classes(value: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> =
        value.split([',', ';', '/', '+', ' ']).map(|word| word.trim_matches(['`', '*', '[', ']'])).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    (!words.is_empty() && words.iter().all(|word| CLASSES.contains(word))).then_some(words)
}

/// Returns the policy that a waiver relaxes: the one that it names, if that policy is
/// about one of the covered kinds; without one, the policy of scopes for SCOPE.
fn policy_of_classes(classes: &[&str], named: Option<&str>) -> Option<String> {
    let covers_scope = classes.contains(&"SCOPE");
    match named {
        None => covers_scope.then(|| "CX-573F".to_owned()),
        Some("CX-573F") => covers_scope.then(|| "CX-573F".to_owned()),
        Some("CX-573E") => classes.contains(&"HEURISTIC").then(|| "CX-573E".to_owned()),
        Some(other) => Some(other.to_owned()),
    }
}

impl WaiverDraft {
    /// Creates a draft without parts.
    pub(super) fn new(span: Span) -> Self {
        Self { span, ..Self::default() }
    }

    /// Adds the value of a part. A placeholder counts as no value.
    pub(super) fn add(&mut self, part: WaiverPart, value: Spanned<String>) {
        let may_refuse = matches!(part, WaiverPart::Approver | WaiverPart::Status);
        let is_refused = may_refuse && is_refusal(&value.value);
        if part == WaiverPart::Status || is_refused {
            // A waiver that was revoked or never granted has no approver.
            self.is_refused |= is_refused;
        } else if part == WaiverPart::Expiry {
            // An end that is not yet written is no permission without an end.
            self.parts.extend(Some((part, value)).filter(|(_, value)| !value.value.trim().is_empty()));
        } else if !is_blank_value(&value.value) {
            self.parts.push((part, value));
        }
    }

    /// Adds what the lines of an item say about the force of the waiver.
    pub(super) fn read_force(&mut self, text: &str, outline: &Outline, item: usize) {
        let found = read_force(text, outline, item);
        self.doubt = self.doubt.take().or(found.doubt);
        for (part, value) in found.nested {
            self.add(part, value);
        }
    }

    /// Adds the parts that labelled fields name.
    pub(super) fn read_fields(&mut self, all: &[Field]) {
        for field in all {
            if let Some(part) = WaiverPart::from_label(&field.key) {
                self.add(part, Spanned::new(field.unquoted_value().to_owned(), field.value.span));
            }
        }
    }

    /// Reads a waiver on one line: `WAIVER-1 | CX-573F | 2026-01-02 | Scope: x | …`.
    /// `at` is the byte offset of `body` in the document.
    pub(super) fn read_line(&mut self, body: &str, at: usize) {
        let mut offset = 0;
        for piece in body.split('|') {
            let column = crate::text::trim_spanned(body, Span::new(offset, offset + piece.len()));
            offset += piece.len() + 1;
            let span = Span::new(at + column.span.start, at + column.span.end);
            let labelled = column.value.split_once(':').and_then(|(label, value)| {
                let part = WaiverPart::from_label(&normalize_key(label.trim_matches('*')))?;
                Some((part, value.trim_matches(['*', ' '])))
            });
            let is_policy = || {
                let plain = column.value.trim_matches(['[', ']', '`']);
                find_policy(column.value).is_some_and(|policy| policy.len() == plain.len())
            };
            if let Some((part, value)) = labelled {
                self.add(part, Spanned::new(strip_quotes(value).to_owned(), span));
            } else if find_date(column.value).is_some() {
                self.add(WaiverPart::Date, Spanned::new(column.value.to_owned(), span));
            } else if is_policy() {
                self.add(WaiverPart::Policy, Spanned::new(column.value.to_owned(), span));
            } else {
                self.read_title(column.value, span.start);
            }
        }
    }

    /// Reads a title such as `WAIVER-1 [CX-573F]: text`: an id, and perhaps a
    /// policy in brackets. `at` is the byte offset of `text` in the document.
    pub(super) fn read_title(&mut self, text: &str, at: usize) {
        let text = text.trim_start_matches(['*', '`', '[']);
        // `[CX-573F] WAIVER-1`: the policy may precede the id.
        if let Some((policy, rest)) =
            text.split_once(']').filter(|(start, _)| find_policy(start) == Some(*start))
        {
            self.add(WaiverPart::Policy, Spanned::new(policy.to_owned(), Span::new(at, at + text.len())));
            return self.read_title(rest.trim_start(), at);
        }
        let id: String =
            text.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let id = id.trim_end_matches(['.', '-']).to_owned();
        let span = Span::new(at, at + text.len());
        // `CX-573F-20260213-A` is an id that begins with its policy.
        if let Some(policy) = policy_of_id(&id) {
            self.add(WaiverPart::Policy, Spanned::new(policy.to_owned(), span));
            self.add(WaiverPart::Id, Spanned::new(id, span));
            return;
        }
        if id.contains('-')
            && id.chars().any(|c| c.is_ascii_uppercase())
            && find_policy(&id).is_none_or(|policy| policy != id)
        {
            self.add(WaiverPart::Id, Spanned::new(id, span));
        }
        if let Some(policy) = find_policy(text) {
            self.add(WaiverPart::Policy, Spanned::new(policy.to_owned(), span));
        }
    }

    /// Reads the lines `Label: value` of a paragraph after its first line.
    pub(super) fn read_lines(&mut self, lines: &[ProseLine<'_>]) {
        for line in lines.iter().skip(1) {
            let Some((label, value)) = line.text.split_once(':') else { continue };
            let value = value.trim_matches(['*', ' ', '\r', '\n']);
            let span = Span::new(line.start, line.start + line.text.trim_end().len());
            let part = WaiverPart::from_label(&normalize_key(label.trim_matches(['*', ' '])));
            // The first line has the id.
            if let Some(part) = part.filter(|part| *part != WaiverPart::Id) {
                self.add(part, Spanned::new(strip_quotes(value).to_owned(), span));
            }
        }
    }

    /// Builds the waiver. The first value of a part counts; all scopes are joined.
    pub(super) fn finish(self) -> Waiver {
        let first = |part: WaiverPart| {
            self.parts.iter().find(|(other, _)| *other == part).map(|(_, value)| value.clone())
        };
        let scopes: Vec<&Spanned<String>> = self
            .parts
            .iter()
            .filter(|(part, value)| match part {
                WaiverPart::Scope => true,
                WaiverPart::Covers => read_classes(&value.value).is_none(),
                _ => false,
            })
            .map(|(_, value)| value)
            .collect();
        let joined = scopes.iter().map(|scope| scope.value.as_str()).collect::<Vec<_>>().join("; ");
        let scope = scopes.first().map(|scope| Spanned::new(joined, scope.span));
        let id = first(WaiverPart::Id);
        // A policy is a code, alone or in brackets; "not CX-573F" does not count.
        let policy = first(WaiverPart::Policy).and_then(|value| {
            let plain = value.value.trim().trim_start_matches(['[', '`', '(']);
            let code = find_policy(plain).filter(|code| plain.starts_with(*code))?;
            Some(Spanned::new(code.to_owned(), value.span))
        });
        let policy = policy.or_else(|| {
            let id = id.as_ref()?;
            // An id may contain its policy, but must not consist of it.
            let policy = find_policy(&id.value).map(leading_policy).filter(|policy| *policy != id.value)?;
            Some(Spanned::new(policy.to_owned(), id.span))
        });
        let covers = first(WaiverPart::Covers);
        let policy = match (policy, covers.as_ref().map(|covers| read_classes(&covers.value))) {
            // Paths after `Covers:` are a scope.
            (policy, None | Some(None)) => policy,
            (policy, Some(Some(classes))) => {
                let span = policy.as_ref().or(covers.as_ref()).map_or(self.span, |value| value.span);
                policy_of_classes(&classes, policy.as_ref().map(|policy| policy.value.as_str()))
                    .map(|policy| Spanned::new(policy, span))
            }
        };
        let date = first(WaiverPart::Date)
            .and_then(|value| find_date(&value.value).map(|date| Spanned::new(date, value.span)));
        let date = date.or_else(|| id.as_ref().and_then(date_in_id));
        let ends = self.parts.iter().filter(|(part, _)| *part == WaiverPart::Expiry);
        let ends: Vec<&str> = ends.map(|(_, value)| value.value.as_str()).collect();
        let expiry = match ends.as_slice() {
            [] => Expiry::Never,
            [first, others @ ..] => {
                let end = parse_expiry(first);
                let is_same = others.iter().all(|other| parse_expiry(other) == end);
                if is_same { end } else { Expiry::Unreadable(ends.join("; ")) }
            }
        };
        let paths = scope.as_ref().map(find_paths).unwrap_or_default();
        Waiver {
            span: self.span,
            id,
            policy,
            date,
            scope,
            justification: first(WaiverPart::Justification),
            approver: first(WaiverPart::Approver).filter(|_| !self.is_refused),
            expiry,
            paths,
            doubt: self.doubt,
        }
    }
}
