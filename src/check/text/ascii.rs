//! `text/ascii`: where a repository demands it, documents are ASCII.

use crate::check::CheckResult;
use crate::check::repository_documents::TextCheckContext;
use crate::finding::{Label, Place};
use crate::rule::Rule;
use crate::text::{Source, Span};

pub(in crate::check) fn check(input: &TextCheckContext<'_>, rule: &Rule) -> CheckResult {
    if !input.policy.ascii_only {
        return CheckResult::skipped("the configuration does not ask for ASCII");
    }
    let source = input.source;
    let odd =
        source.text().char_indices().filter(|(at, c)| !(c.is_ascii() || (*at == 0 && *c == '\u{feff}')));
    let findings = odd.map(|(at, c)| {
        let span = Span::new(at, at + c.len_utf8());
        let shown = crate::text::escape_hidden(&c.to_string()).into_owned();
        let message = format!("`{shown}` (U+{:04X}) is not ASCII", u32::from(c));
        let finding = rule.finding(message, Label::text(source, span, "not ASCII"));
        match ascii_replacement(c) {
            // A name is another name afterwards.
            Some(plain) if is_in_path_or_code(source, at) => finding.with_unsafe_fix(
                Place::text(source, span),
                plain,
                format!("write `{plain}` instead, in what may be a name"),
            ),
            Some(plain) => {
                finding.with_fix(Place::text(source, span), plain, format!("write `{plain}` instead"))
            }
            None => finding,
        }
    });
    findings.collect::<Vec<_>>().into()
}

/// Whether a character may be part of a path: it stands in back-ticks, or in a
/// word with a slash or an ending.
fn is_in_path_or_code(source: &Source, at: usize) -> bool {
    let line = source.line_span(source.line(at)).unwrap_or_default();
    let before = source.slice(Span::new(line.start, at));
    if before.matches('`').count() % 2 == 1 {
        return true;
    }
    let after = source.slice(Span::new(at, line.end));
    let word = |text: &str| text.contains('/') || text.contains('.');
    let left = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let right = after.split(char::is_whitespace).next().unwrap_or_default();
    let name = format!("{left}{right}");
    word(name.trim_end_matches(['.', ',', ';', ':']))
}

/// What typographic characters stand for.
fn ascii_replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => "\"",
        '\u{2026}' => "...",
        '\u{a0}' | '\u{2007}' | '\u{202f}' => " ",
        '\u{2192}' => "->",
        '\u{2190}' => "<-",
        '\u{2194}' => "<->",
        '\u{21d2}' => "=>",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        '\u{d7}' => "x",
        '\u{2022}' | '\u{b7}' => "*",
        '\u{2713}' | '\u{2714}' | '\u{2705}' => "[x]",
        '\u{2717}' | '\u{2718}' | '\u{274c}' => "[ ]",
        _ => return None,
    })
}
