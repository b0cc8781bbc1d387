//! Splits a line of a test plan into program and arguments. No shell runs the
//! line, so syntax that needs a shell is refused.

/// Splits a line into words as a POSIX shell does.
///
/// # Errors
/// The line is empty, has an unclosed quote or a control character, or needs a
/// shell; the text is a clause about the line.
pub(crate) fn split_words(line: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => out.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a quote is not closed".to_owned()),
                    }
                }
            }
            '"' => read_double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                Some(c) if c != '\n' => word.get_or_insert_default().push(c),
                _ => return Err("it ends with a backslash".to_owned()),
            },
            '#' if word.is_none() => break,
            '~' if word.is_none() => return Err(shell_only_error("`~` for a home folder")),
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' => {
                return Err(shell_only_error(&format!("`{c}`")));
            }
            '*' | '?' | '[' | '{' => return Err(shell_only_error(&format!("the pattern `{c}`"))),
            c if c.is_control() => return Err("it holds a control character".to_owned()),
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    match out.first() {
        None => Err("it is empty".to_owned()),
        Some(first) if is_assignment(first) => {
            Err(format!("it sets a variable (`{}`)", crate::text::to_single_line(first, 40)))
        }
        Some(_) => Ok(out),
    }
}

/// Appends the text up to the closing double quote to `word`.
fn read_double_quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    word: &mut String,
) -> Result<(), String> {
    loop {
        match chars.next() {
            Some('"') => return Ok(()),
            Some(c @ ('$' | '`')) => return Err(shell_only_error(&format!("`{c}`"))),
            Some('\\') => match chars.peek() {
                Some('"' | '\\' | '$' | '`') => word.extend(chars.next()),
                _ => word.push('\\'),
            },
            Some(c) if c.is_control() => return Err("it holds a control character".to_owned()),
            Some(c) => word.push(c),
            None => return Err("a quote is not closed".to_owned()),
        }
    }
}

/// Returns the message about syntax that needs a shell.
fn shell_only_error(what: &str) -> String {
    format!("{what} has a meaning only in a shell, and no shell runs this command")
}

/// Returns whether a word sets a variable, such as `A=1`.
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_syntax_is_refused_and_other_lines_are_split() {
        let split = |line: &str| split_words(line).unwrap_or_default().join("|");
        assert_eq!(split("cargo test -- --exact 'a b'  # why"), "cargo|test|--|--exact|a b");
        assert_eq!(split(r#"grep "a \"b\" \n" x\ y ''"#), "grep|a \"b\" \\n|x y|");
        assert_eq!(split("a=b=c d=e").as_str(), "");
        assert_eq!(split("npm run lint:all@2 a=b"), "npm|run|lint:all@2|a=b");
        for refused in [
            "a | b",
            "a && b",
            "a; b",
            "a > b",
            "a $(b)",
            "a `b`",
            "a $B",
            "\"$B\"",
            "a *.rs",
            "a ~/x",
            "~/x",
            "'a",
            "\"a",
            "a \\",
            "FOO=1 cargo test",
            "",
            "  ",
            "(a)",
            "a {b,c}",
            "a\u{1b}[0m",
            "a &",
        ] {
            assert!(split_words(refused).is_err(), "{refused}: {:?}", split_words(refused));
        }
    }
}
