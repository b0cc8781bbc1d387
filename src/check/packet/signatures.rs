//! `packet/duplicate-field`: a packet has one signature of its user.

use crate::check::context::PacketCheckContext;
use crate::document::field::Field;
use crate::finding::{Finding, Level};
use crate::rule::Rule;
use crate::text::to_single_line;

/// Labels of the signature with which a user approved the packet.
const LABELS: [&str; 2] = ["USER_SIGNATURE", "USER_SIGNATURE_LOCKED"];
/// Number of digits of the time in a signature: day, month, year, hours, minutes.
const TIME_DIGITS: usize = 12;

/// Returns a note if labels of the packet give two different signatures.
pub(super) fn check_signatures(input: &PacketCheckContext<'_>, rule: &Rule) -> Option<Finding> {
    let is_signature = |field: &&Field| {
        let name = field.bare_value().value.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = field.bare_value().value.len() - name.len();
        LABELS.contains(&field.key.as_str())
            && digits == TIME_DIGITS
            && !name.is_empty()
            && !name.contains(char::is_whitespace)
    };
    let mut all = input.packet.fields.iter().filter(is_signature);
    let first = all.next()?;
    let other = all.find(|other| other.bare_value().value != first.bare_value().value)?;
    let shown = |field: &Field| to_single_line(field.bare_value().value, 60);
    let message = format!("the packet has two signatures: `{}` and `{}`", shown(first), shown(other));
    let finding = rule.finding(message, input.label_at(other.value.span, "another signature"));
    Some(finding.related(input.label_at(first.value.span, "the first one")).with_level(Level::Note))
}
