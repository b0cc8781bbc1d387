//! A waiver while it is put together from labels, columns and prose.

use crate::document::field::{Field, normalize_key, strip_hint, strip_quotes};
use crate::document::is_placeholder;
use crate::document::outline::ProseLine;
use crate::text::{Span, Spanned};

use super::value::{find_date, find_paths, find_policy, parse_expiry};
use super::{Expiry, Waiver};

#[derive(Default)]
pub(super) struct WaiverDraft {
    pub(super) span: Span,
    pub(super) parts: Vec<(String, Spanned<String>)>,
    /// Whether a label says that it was not granted, or is no more.
    pub(super) is_refused: bool,
}

/// What stands in for a value: a placeholder, "none", a remark in parentheses.
fn is_blank_value(value: &str) -> bool {
    let lower = strip_hint(value).trim_matches(['`', '*', '.', ' ', '"']).to_lowercase();
    let none = matches!(lower.as_str(), "" | "none" | "nobody" | "no one" | "n/a" | "unknown" | "awaiting");
    none || is_placeholder(value) || lower.starts_with("awaiting ") || lower.starts_with("pending ")
}

/// Whether a value of `Approver` or `Status` says that nothing was granted.
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
    ];
    starts.iter().any(|start| lower.starts_with(start))
}

pub(super) fn is_id(key: &str) -> bool {
    matches!(key, "WAIVER_ID" | "ID" | "WAIVER")
}

pub(super) fn is_attribute(key: &str) -> bool {
    is_id(key) || part_name(key).is_some()
}

/// Which part of a waiver a label names.
fn part_name(key: &str) -> Option<&'static str> {
    Some(match key {
        "POLICY" | "REF" | "POLICY_REF" | "REFERENCE" | "RULE" => "policy",
        "DATE" | "GRANTED" | "GRANTED_ON" | "GRANTED_AT" => "date",
        "SCOPE" | "CHECK_WAIVED" | "CHECKS_WAIVED" | "FILES_COVERED" | "COVERS" | "DELETED_FILES"
        | "CODE_LOCATION" => "scope",
        "JUSTIFICATION" | "REASON" | "RATIONALE" | "WHY" => "justification",
        "APPROVER" | "APPROVED_BY" | "GRANTED_BY" | "USER_APPROVAL" | "APPROVAL" => "approver",
        "STATUS" | "STATE" => "status",
        key if key.starts_with("EXPIR") => "expiry",
        "VALID_UNTIL" | "UNTIL" | "VALID_TO" | "VALID_THROUGH" | "VALID_TILL" | "ENDS" | "ENDS_ON" => {
            "expiry"
        }
        _ => return None,
    })
}

impl WaiverDraft {
    pub(super) fn add(&mut self, slot: &str, value: Spanned<String>) {
        let refused = matches!(slot, "approver" | "status") && is_refusal(&value.value);
        if slot == "status" || refused {
            // A waiver that was taken back, or never given, has no approver.
            self.is_refused |= refused;
        } else if !is_blank_value(&value.value) {
            self.parts.push((slot.to_owned(), value));
        }
    }

    pub(super) fn read_fields(&mut self, all: &[Field]) {
        for field in all {
            let value = Spanned::new(field.unquoted_value().to_owned(), field.value.span);
            if is_id(&field.key) {
                self.add("id", value);
            } else if let Some(slot) = part_name(&field.key) {
                self.add(slot, value);
            }
        }
    }

    /// `WAIVER-1 | CX-573F | 2026-01-02 | Scope: x | …`
    pub(super) fn read_line(&mut self, body: &str, at: usize) {
        let mut offset = 0;
        for piece in body.split('|') {
            let part = crate::text::trim_spanned(body, Span::new(offset, offset + piece.len()));
            offset += piece.len() + 1;
            let span = Span::new(at + part.span.start, at + part.span.end);
            let labelled = part.value.split_once(':').map(|(label, value)| {
                (normalize_key(label.trim_matches('*')), value.trim_matches(['*', ' ']))
            });
            match labelled {
                Some((key, value)) if is_id(&key) => {
                    self.add("id", Spanned::new(strip_quotes(value).to_owned(), span));
                }
                Some((key, value)) if part_name(&key).is_some() => {
                    self.add(
                        part_name(&key).unwrap_or_default(),
                        Spanned::new(strip_quotes(value).to_owned(), span),
                    );
                }
                _ if find_date(part.value).is_some() => {
                    self.add("date", Spanned::new(part.value.to_owned(), span));
                }
                _ if find_policy(part.value)
                    .is_some_and(|p| p.len() == part.value.trim_matches(['[', ']', '`']).len()) =>
                {
                    self.add("policy", Spanned::new(part.value.to_owned(), span));
                }
                _ => self.read_title(part.value, span.start),
            }
        }
    }

    /// `WAIVER-1 [CX-573F]: text`: an id, perhaps a policy in brackets.
    pub(super) fn read_title(&mut self, text: &str, at: usize) {
        let text = text.trim_start_matches(['*', '`', '[']);
        // `[CX-573F] WAIVER-1`: the policy may stand first.
        if let Some((policy, rest)) =
            text.split_once(']').filter(|(start, _)| find_policy(start) == Some(*start))
        {
            self.add("policy", Spanned::new(policy.to_owned(), Span::new(at, at + text.len())));
            return self.read_title(rest.trim_start(), at);
        }
        let id: String =
            text.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let id = id.trim_end_matches(['.', '-']).to_owned();
        let span = Span::new(at, at + text.len());
        if id.contains('-')
            && id.chars().any(|c| c.is_ascii_uppercase())
            && find_policy(&id).is_none_or(|p| p != id)
        {
            self.add("id", Spanned::new(id, span));
        }
        if let Some(policy) = find_policy(text) {
            self.add("policy", Spanned::new(policy.to_owned(), span));
        }
    }

    /// Lines `Label: value` of a paragraph.
    pub(super) fn read_lines(&mut self, lines: &[ProseLine<'_>]) {
        for line in lines.iter().skip(1) {
            let Some((label, value)) = line.text.split_once(':') else { continue };
            let value = value.trim_matches(['*', ' ', '\r', '\n']);
            let span = Span::new(line.start, line.start + line.text.trim_end().len());
            if let Some(slot) = part_name(&normalize_key(label.trim_matches(['*', ' ']))) {
                self.add(slot, Spanned::new(strip_quotes(value).to_owned(), span));
            }
        }
    }

    pub(super) fn finish(self) -> Waiver {
        let first =
            |name: &str| self.parts.iter().find(|(slot, _)| slot == name).map(|(_, value)| value.clone());
        let scopes: Vec<&Spanned<String>> =
            self.parts.iter().filter(|(slot, _)| slot == "scope").map(|(_, value)| value).collect();
        let joined = scopes.iter().map(|s| s.value.as_str()).collect::<Vec<_>>().join("; ");
        let scope = scopes.first().map(|s| Spanned::new(joined, s.span));
        let id = first("id");
        // A policy is a code, alone or in brackets; "not CX-573F" is none.
        let policy = first("policy").and_then(|value| {
            let plain = value.value.trim().trim_start_matches(['[', '`', '(']);
            let code = find_policy(plain).filter(|code| plain.starts_with(*code))?;
            Some(Spanned::new(code.to_owned(), value.span))
        });
        let policy = policy.or_else(|| {
            let id = id.as_ref()?;
            // An id may carry its policy; an id that is only a code is none.
            let policy = find_policy(&id.value).filter(|policy| *policy != id.value)?;
            Some(Spanned::new(policy.to_owned(), id.span))
        });
        let date = first("date").and_then(|d| find_date(&d.value).map(|date| Spanned::new(date, d.span)));
        let expiry = first("expiry").map_or(Expiry::Never, |value| parse_expiry(&value.value));
        let paths = scope.as_ref().map(find_paths).unwrap_or_default();
        Waiver {
            span: self.span,
            id,
            policy,
            date,
            scope,
            justification: first("justification"),
            approver: first("approver").filter(|_| !self.is_refused),
            expiry,
            paths,
        }
    }
}
