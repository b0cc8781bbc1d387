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

/// What makes the conditions of a template unsure: comments and raw parts, in which a condition is
/// text, and tags that give a name a value.
static UNSURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[^{])\{#(?:[^#]|#[^}])*?\{[%{]|\{\{~?!|\{%[-+]?[ \t]*(?:comment|raw|verbatim)\b",
        r"|\{%[-+]?[ \t]*(?:set|with|assign|capture|for|let|do|macro|block|filter|call|autoescape)\b",
        r"[^%]*(?i:\b(?:is_?)?(?:debug|dev|development)(?:_mode)?\b)",
    ))
    .ok()
});

/// Splits a template into what every server shows, and what only one for debugging shows.
pub(super) fn split_template(text: &str) -> (String, String) {
    let (mut always, mut debug) = (String::new(), String::new());
    let Some((conditions, unsure)) = CONDITIONS.as_ref().zip(UNSURE.as_ref()) else {
        return (text.to_owned(), debug);
    };
    if unsure.is_match(text) {
        return (text.to_owned(), debug);
    }
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
    // A condition that is not closed says nothing.
    if !open.is_empty() {
        return (text.to_owned(), String::new());
    }
    always.push_str(text.get(start..).unwrap_or_default());
    (always, debug)
}

/// Returns whether a condition holds on a server for debugging only: it is the name of a setting, or
/// such a name and others, all joined with `and`.
fn is_for_debugging(condition: &str) -> bool {
    let words: Vec<&str> = condition.trim_end_matches(['-', '~', '+']).split_whitespace().collect();
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    let is_operator =
        |word: &str| matches!(word, "or" | "not" | "is" | "in" | "if" | "else" | "xor" | "b" | "matches");
    let (operands, joined): (Vec<_>, Vec<_>) = words.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let is_plain = words.len() % 2 == 1
        && operands.iter().all(|(_, word)| is_name(word) && !is_operator(word))
        && joined.iter().all(|(_, word)| matches!(**word, "and" | "&&"));
    is_plain && operands.iter().any(|(_, word)| is_debug_setting(word))
}

/// Returns whether a name is that of a setting of the server; what a user or a request has is not.
fn is_debug_setting(name: &str) -> bool {
    let (owner, last) = name.rsplit_once('.').unwrap_or(("", name));
    matches!(owner, "" | "settings" | "config" | "app" | "env" | "app.config" | "site" | "kernel")
        && matches!(
            last.to_ascii_lowercase().as_str(),
            "debug" | "is_debug" | "isdebug" | "debug_mode" | "is_dev" | "isdev" | "development"
        )
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
            "{% if debug >= 0 %} b {% endif %}",
            "{% if debug in [true, false] %} b {% endif %}",
            "{% if debug if a else true %} b {% endif %}",
            "{% if debug|string %} b {% endif %}",
            "{% if user.debug %} b {% endif %}",
            "{% if debug ? a : true %} b {% endif %}",
            // A value of the template itself, and conditions that are text.
            "{% set debug = true %}{% if debug %} b {% endif %}",
            "{% for debug in a %}{% if debug %} b {% endif %}{% endfor %}",
            "{# {% if debug %} #} b {# {% endif %} #}",
            "{% raw %}{% if debug %}{% endraw %} b {% raw %}{% endif %}{% endraw %}",
            "{{!-- {{#if isDev}} --}} b {{!-- {{/if}} --}}",
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
