//! Parts of templates of pages that only a server for debugging shows.

use std::sync::LazyLock;

use regex::Regex;

/// Endings of templates whose conditions are read.
pub(super) const TEMPLATE_ENDINGS: [&str; 9] =
    ["html", "htm", "j2", "jinja", "jinja2", "twig", "njk", "liquid", "hbs"];

/// The begin, the other part, and the end of a condition.
static CONDITIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\{%-?[ \t]*(?:if[ \t]+(?P<if>[^%}\n]*)|(?P<else>else|elif|elsif|elseif)\b[^%}\n]*|(?P<end>endif)[ \t]*-?)%\}",
        r"|\{\{[~-]?[ \t]*(?:#if[ \t]+(?P<block>[^}\n]*)|(?P<other>else)\b[^}\n]*|(?P<close>/if)[ \t]*)[~-]?\}\}",
    ))
    .ok()
});

/// Splits a template into what every server shows, and what only one for debugging shows.
pub(super) fn split_template(text: &str) -> (String, String) {
    let (mut always, mut debug) = (String::new(), String::new());
    let Some(conditions) = CONDITIONS.as_ref() else { return (text.to_owned(), debug) };
    // The open conditions, and the number of those that are for debugging.
    let (mut open, mut of_debug): (Vec<bool>, usize) = (Vec::new(), 0);
    let mut start = 0;
    for found in conditions.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        let part = text.get(start..whole.start()).unwrap_or_default();
        if of_debug > 0 { &mut debug } else { &mut always }.push_str(part);
        start = whole.end();
        let has = |group: &str| found.name(group).is_some();
        if let Some(condition) = found.name("if").or(found.name("block")) {
            open.push(is_for_debugging(condition.as_str()));
            of_debug += usize::from(open.last() == Some(&true));
        } else {
            // The other part of a condition, or its end.
            let was_debug = open.pop().unwrap_or(false);
            of_debug -= usize::from(was_debug);
            if !(has("end") || has("close")) {
                open.push(false);
            }
        }
    }
    let rest = text.get(start..).unwrap_or_default();
    // A condition that is not closed says nothing.
    always.push_str(rest);
    if !open.is_empty() {
        return (text.to_owned(), String::new());
    }
    (always, debug)
}

/// Returns whether a condition holds on a server for debugging only.
fn is_for_debugging(condition: &str) -> bool {
    let words: Vec<&str> =
        condition.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '~')).collect();
    let is_denied = words.iter().any(|word| matches!(*word, "or" | "||" | "not" | "!" | "is" | "==" | "!="));
    let is_debug = |word: &&str| {
        let last = word.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        matches!(
            last.as_str(),
            "debug" | "is_debug" | "isdebug" | "debug_mode" | "is_dev" | "isdev" | "development"
        )
    };
    !is_denied && words.iter().any(is_debug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_for_debugging_is_told_from_the_others() {
        let debug = |text: &str| split_template(text).1.trim().to_owned();
        assert_eq!(debug("a {% if debug %} b {% endif %} c"), "b");
        assert_eq!(debug("{%- if settings.DEBUG and user -%} b {% if a %}c{% endif %}{%- endif -%}"), "b c");
        assert_eq!(debug("{{#if isDev}} b {{else}} c {{/if}}"), "b");
        for text in [
            "{% if not debug %} b {% endif %}",
            "{% if debug or a %} b {% endif %}",
            "{% if a %} b {% endif %}",
            "{% if debug %} b",
            "{% if debugger %} b {% endif %}",
            "{% if a %} c {% elif debug %} b {% endif %}",
            "debug",
        ] {
            assert_eq!(debug(text), "", "{text}");
        }
        assert_eq!(split_template("a{% if debug %}b{% else %}c{% endif %}d").0, "acd");
        for text in ["{% else %}", "{% endif %}", "{% if debug %}", "{% if a %}"] {
            assert_eq!(split_template(&text.repeat(50_000)).1, "", "{text}");
        }
    }
}
