//! Signatures of an invalid form that several packets use.

use std::collections::BTreeMap;

use super::is_renamed;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::{Packet, Signature, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Span, to_single_line};

/// Numbers of digits with which people write the time of a signature.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=14;

/// Returns a finding for each packet that has the signature of an earlier one with another
/// base id, although its form is invalid. The rules about valid signatures do not see it. A
/// row of the audit that names both packets says that one signature was meant for both.
pub(super) fn reused(governance: &GovernanceDocuments<'_>, rule: &Rule) -> Vec<Finding> {
    let mut first_uses: BTreeMap<String, (&str, &Packet, Span)> = BTreeMap::new();
    let mut out = Vec::new();
    for (id, _, packet) in governance.packets() {
        let Some(signature) = &packet.signature else { continue };
        let Some(token) = malformed_token(&signature.value) else { continue };
        let Some((other_id, other, span)) = first_uses.get(token) else {
            first_uses.insert(token.to_owned(), (id, packet, signature.span));
            continue;
        };
        if is_same_base(id, other_id)
            || is_renamed(id, other_id)
            || is_for_both(governance, token, id, other_id)
        {
            continue;
        }
        let message = format!(
            "the signature `{}` of `{}` is used for `{}`, too",
            to_single_line(token, 40),
            to_single_line(other_id, 80),
            to_single_line(id, 80)
        );
        let here = Label::text(&packet.source, signature.span, "in this packet");
        let there = Label::text(&other.source, *span, "in the other packet");
        let level = if governance.is_historical(id, packet) { Level::Note } else { Level::Warning };
        out.push(rule.finding(message, here).related(there).with_level(level));
    }
    out
}

/// Returns the word in a value that is meant as a signature, a name and digits, if it is not a
/// valid one. A name alone, or a placeholder, is no signature.
fn malformed_token(value: &str) -> Option<&str> {
    let token = value.split_whitespace().next()?.trim_matches(['`', '*', '"', ',', '.']);
    let name = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let is_signature = is_name && DIGITS.contains(&(token.len() - name.len()));
    (is_signature && Signature::parse(token).is_err()).then_some(token)
}

fn is_same_base(a: &str, b: &str) -> bool {
    let parsed = WpId::parse(a).ok().zip(WpId::parse(b).ok());
    parsed.is_some_and(|(a, b)| a.base() == b.base())
}

/// Returns whether one row of the audit names both packets.
fn is_for_both(governance: &GovernanceDocuments<'_>, token: &str, a: &str, b: &str) -> bool {
    let mut rows = governance.audit().into_iter().flat_map(|audit| &audit.rows);
    rows.any(|row| row.signature.value == token && row.names_packet(a) && row.names_packet(b))
}

#[cfg(test)]
mod tests {
    use super::malformed_token;

    #[test]
    fn only_a_name_with_digits_is_a_signature() {
        for text in ["mira1402202609", "`mira1402202609` (locked)", "mira14022026091"] {
            assert!(malformed_token(text).is_some(), "{text}");
        }
        for text in ["mira", "<pending>", "N/A", "mira140220260915", "140220260915", "WP-1", ""] {
            assert!(malformed_token(text).is_none(), "{text}");
        }
    }
}
