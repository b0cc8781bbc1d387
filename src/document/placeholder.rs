//! Detection of template placeholders: they do not count as values.

/// Returns whether a value is empty or a placeholder of a template, not a
/// value that an author wrote.
#[must_use]
pub(crate) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches('`').trim();
    if value.is_empty() || has_variable(value) {
        return true;
    }
    let lower = value.to_lowercase();
    let bracketed = lower.starts_with('<') && lower.ends_with('>') && !lower.contains("://");
    let leading = [
        "<pending",
        "<unclaimed",
        "<fill",
        "<paste",
        "<line",
        "<hash",
        "<int",
        "<quote",
        "<copy",
        "<adds",
        "<40 hex",
        "<unassigned",
        "<name",
    ];
    let words = [
        "tbd",
        "todo",
        "tba",
        "pending",
        "path/to/file",
        "path/to/file:line",
        "out/of/scope/path",
        "yes | no",
        "yes|no",
        "...",
        "?",
        "-",
    ];
    bracketed
        || is_numbered_example(&lower)
        || is_open_note(&lower)
        || leading.iter().any(|start| lower.starts_with(start))
        || words.contains(&lower.as_str())
        || is_untouched_choice(value)
}

/// Returns whether a value is a numbered example of a template: `measurable criterion 2`,
/// `criterion 1`, `path/to/file2`.
fn is_numbered_example(lower: &str) -> bool {
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ' | '_' | '-'));
    matches!(stem, "measurable criterion" | "criterion" | "path/to/file" | "path/to/other" | "path/to")
        || (stem == "command" || stem == "item") && stem.len() < lower.len()
}

/// Returns whether a value is a note that something is still to be written: `TBD`,
/// `TODO: decide`. A sentence about TODO comments is not.
fn is_open_note(lower: &str) -> bool {
    ["tbd", "todo", "tba", "fixme"].iter().any(|word| {
        lower
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '.', ';', '!', '?']))
    })
}

/// Returns whether a value contains a variable of a template: `{{WP_ID}}`.
fn has_variable(value: &str) -> bool {
    let mut rest = value;
    while let Some(at) = rest.find("{{") {
        rest = rest.get(at + 2..).unwrap_or("");
        let name = rest.split("}}").next().unwrap_or("");
        if !name.is_empty()
            && name.len() < rest.len()
            && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        {
            return true;
        }
    }
    false
}

/// Returns whether a value is a choice of the template that the author did not
/// make: `LOW | MEDIUM | HIGH`.
fn is_untouched_choice(value: &str) -> bool {
    let mut parts = value.split('|').map(str::trim);
    let constant = |part: &str| {
        !part.is_empty()
            && part.len() < 24
            && part.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '/')
    };
    value.contains(" | ") && parts.all(constant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_templates_are_not_values() {
        for value in [
            "",
            " ",
            "<pending>",
            "<unclaimed>",
            "<fill> (x)",
            "{{WP_ID}}",
            "path/to/file",
            "`path/to/file`",
            "YES | NO",
            "LOW | MEDIUM | HIGH",
            "TBD",
            "todo",
            "<adds - dels>",
            "measurable criterion 2",
            "Measurable criterion 12",
            "TBD: later",
            "path/to/file2",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "TODO comments are gone",
            "criterion of Mohr",
            "item",
            "NONE",
            "N/A",
            "a | b",
            "no `{{...}}` left",
            "0",
            "LOW",
            "Vec<u8>",
            "HIGH (LOW | HIGH)",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
