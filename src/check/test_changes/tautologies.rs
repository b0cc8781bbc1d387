//! Finds assertions that are always true, such as `assert!(true)` and
//! `expect(1).toBe(1)`.
//!
//! Only assertions of known names count, and only if they can be decided from literals or
//! from two equal operands without a call. `assert!(false)` is a way to fail, and real.

use std::sync::LazyLock;

use regex::Regex;

/// Maximum number of bytes of an assertion; a longer one counts as real.
const MAX_BYTES: usize = 400;
/// Number of bytes before an assertion in which its receiver is searched.
const RECEIVER_BYTES: usize = 40;

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

pattern!(
    KNOWN,
    r"^(?:(?:debug_|prop_)?assert(?:_eq|_ne)?!|(?i:xct)?(?i:assert)(?:_?(?i:true|false|eq|ne|equals?|same|is|not_?equals?|not_?same|null|not_?null|nil|not_?nil|is_?none|is_?not_?none|that|streq))?|(?:EXPECT|REQUIRE|CHECK)(?:_(?:TRUE|FALSE|EQ|NE|STREQ))?|expect|expectEqual|require|[sS]hould)$"
);
pattern!(RECEIVER, r"(\$?[A-Za-z_]\w*|\d+)\s*(?:\.|->|::)\s*$");
pattern!(REAL, r"(?:fail|throw|raise|reject|resolve|error|call|skip|pass|panic|parse|load)");
pattern!(STRING, r#"^(?:"[^"{$\\]*"|'[^'{$\\]*'|`[^`{$\\]*`)$"#);
pattern!(
    CONSTANT,
    r#"^(?:\s|"[^"{$\\]*"|'[^'{$\\]*'|`[^`{$\\]*`|\b(?:true|false|True|False|None|nil|null|undefined|YES|NO|not|and|or|is|in|Some|Ok|Err|vec|list|dict|tuple|set)\b|\b\d[\w.]*|[-+*/%<>=!&|^~(){}\[\],:;])+$"#
);
pattern!(WRAPPER, r"^(?:is|eq|equals|equalTo|be|Is\.EqualTo)\s*\((.*)\)$");

/// Returns the number of bytes of the assertion at `start` if it is always true. `code` is
/// the text with masked comments and strings.
pub(super) fn find_tautology(text: &[u8], code: &[u8], start: usize) -> Option<usize> {
    let end = code.len().min(start + MAX_BYTES);
    let window = code.get(start..end)?;
    // The mask of a string is the byte 1.
    let original = text.get(start..end)?;
    let merged: Vec<u8> =
        window.iter().zip(original).map(|(code, text)| if *code == 1 { *text } else { *code }).collect();
    let merged = String::from_utf8_lossy(&merged);
    let before = code.get(start.saturating_sub(RECEIVER_BYTES)..start)?;
    let receiver = read_receiver(&String::from_utf8_lossy(before))?;
    let statement = Statement::read(&merged, receiver)?;
    statement.is_always_true().then_some(statement.length)
}

/// Returns the literal before an assertion such as `true.should.be.true`; an empty text if
/// the assertion belongs to the test itself, `None` if it belongs to another value.
fn read_receiver(before: &str) -> Option<String> {
    let trimmed = before.trim_end();
    if !(trimmed.ends_with('.') || trimmed.ends_with("->") || trimmed.ends_with("::")) {
        return Some(String::new());
    }
    let found = RECEIVER.as_ref()?.captures(trimmed)?;
    let (all, name) = (found.get(0)?, found.get(1)?.as_str());
    let is_member = trimmed.get(..all.start())?.trim_end().ends_with(['.', ')', ']', '>']);
    match name {
        _ if is_member && name != "testing" => None,
        "self" | "this" | "$this" | "t" | "chai" | "Assert" | "assert" | "Assertions" | "testing" | "std"
        | "core" | "static" => Some(String::new()),
        _ => is_constant(name).then(|| name.to_owned()),
    }
}

/// An assertion: the names of its calls, and the values that it looks at.
struct Statement {
    /// The names in lower case without underscores, `expect`, `tobe`.
    names: Vec<String>,
    values: Vec<String>,
    length: usize,
}

impl Statement {
    fn read(text: &str, receiver: String) -> Option<Self> {
        let word = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
        let word = if text.get(word..)?.starts_with('!') { word + 1 } else { word };
        let name = text.get(..word)?;
        if !KNOWN.as_ref()?.is_match(name) {
            return None;
        }
        let mut out = Self { names: vec![normalize(name)], values: Vec::new(), length: 0 };
        out.values.extend(Some(receiver).filter(|receiver| !receiver.is_empty()));
        let (mut at, mut has_call) = (word, false);
        loop {
            let rest = text.get(at..)?;
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let on_next_line = rest.len() - rest.trim_start().len();
            let rest = rest.get(blank..)?;
            if rest.starts_with('(') {
                let length = length_in_brackets(rest)?;
                out.values.extend(split_arguments(rest.get(1..length - 1)?));
                at += blank + length;
                has_call = true;
                continue;
            }
            let member = text.get(at + on_next_line..)?;
            let Some(dot) = ["->", "::", "."].into_iter().find(|dot| member.starts_with(dot)) else { break };
            let member = member.get(dot.len()..)?;
            let length = member.find(|c: char| !is_word(c)).unwrap_or(member.len());
            out.names.push(normalize(member.get(..length)?));
            at += on_next_line + dot.len() + length;
        }
        let tail = text.get(at..at + length_of_statement(text.get(at..)?)?)?;
        out.length = at + tail.len();
        let shown = tail.trim();
        if shown.is_empty() || (has_call && shown.starts_with(',')) {
            return Some(out);
        }
        if out.names.len() == 1 && (name == "assert" || !has_call) {
            // Without brackets around the arguments: `assert (1) == 1, "text"`.
            out.values = split_arguments(text.get(word..out.length)?);
            return Some(out);
        }
        // `expect(true).to be true`
        let (matcher, rest) = shown.split_at(shown.find(|c: char| !is_word(c)).unwrap_or(shown.len()));
        let rest = match rest.trim() {
            rest if rest.starts_with('(') && length_in_brackets(rest) == Some(rest.len()) => {
                rest.get(1..rest.len() - 1)?
            }
            rest => rest,
        };
        if matcher.is_empty() {
            return None;
        }
        out.names.push(normalize(matcher));
        out.values.extend(split_arguments(rest));
        Some(out)
    }

    fn is_always_true(&self) -> bool {
        let names = self.names.concat();
        if self.names.iter().skip(1).any(|name| REAL.as_ref().is_none_or(|real| real.is_match(name))) {
            return false;
        }
        // The first argument can be the state of the test.
        let values: Vec<&str> = self.values.iter().map(|value| unwrap_matcher(value)).collect();
        let values = values.strip_prefix(&["t"]).unwrap_or(&values);
        let Some(first) = values.first().copied() else { return false };
        // A text before or behind a condition is its message.
        let condition = values.iter().copied().find(|value| !is_string(value)).unwrap_or(first);
        let is_negated = names.contains("not") || names.contains("assertne") || names.contains("expectne");
        let has = |words: &[&str]| words.iter().any(|word| names.contains(word));
        if matches!(
            names.as_str(),
            "assert" | "assert!" | "debugassert!" | "propassert!" | "require" | "check" | "xctassert"
        ) {
            return truth(first) == Some(true);
        }
        if matches!(values.get(1), Some(&("isTrue" | "Is.True")))
            || has(&["true", "truthy"])
            || names.ends_with("ok")
        {
            return truth(condition) == Some(!is_negated);
        }
        if matches!(values.get(1), Some(&("isFalse" | "Is.False"))) || has(&["false", "falsy"]) {
            return truth(condition) == Some(is_negated);
        }
        if has(&["null", "nil", "none", "undefined"]) {
            return is_constant(condition) && is_null(condition) != is_negated;
        }
        if has(&["defined", "exist"]) {
            return is_constant(condition) && !is_null(condition) && !is_negated;
        }
        // `assertEquals("text", 1, 1)` has a message in front.
        let pair = match values {
            [_, left, right] if is_string(first) => Some((*left, *right)),
            [left, right, ..] => Some((*left, *right)),
            _ => None,
        };
        match pair {
            Some((left, right)) if is_negated => is_constant(left) && is_constant(right) && left != right,
            Some((left, right)) => are_equal(left, right),
            None => names == "expect" && truth(first) == Some(true) && !is_string(first),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn normalize(name: &str) -> String {
    name.chars().filter(|c| *c != '_').collect::<String>().to_lowercase()
}

/// Returns the length of the text in brackets at the start of `text`, brackets included.
fn length_in_brackets(text: &str) -> Option<usize> {
    let end = find_at_top(text.get(1..)?, |_| false)?;
    Some(end + 2)
}

/// Returns the length of the statement at the start of `text`.
fn length_of_statement(text: &str) -> Option<usize> {
    find_at_top(text, |c| matches!(c, '\n' | ';'))
        .or_else(|| Some(text.len()).filter(|length| *length < MAX_BYTES / 2))
}

/// Finds the first character outside of brackets and strings that is wanted, or closes a
/// bracket that `text` does not open.
fn find_at_top(text: &str, is_wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            if !is_escaped && c == open {
                quote = None;
            }
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 && is_wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
}

/// Splits arguments at their commas; a comma at the end adds none.
fn split_arguments(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let at = find_at_top(rest, |c| c == ',');
        let argument = rest.get(..at.unwrap_or(rest.len())).unwrap_or_default();
        let argument = argument.split_whitespace().collect::<Vec<_>>().join(" ");
        if !argument.is_empty() {
            out.push(argument);
        }
        match at.and_then(|at| rest.get(at + 1..)) {
            Some(next) => rest = next,
            None => return out,
        }
    }
}

/// Returns the argument of a matcher such as `equals(1)`; other texts stay.
fn unwrap_matcher(value: &str) -> &str {
    let found = WRAPPER.as_ref().and_then(|pattern| pattern.captures(value)?.get(1));
    found.map_or(value, |found| found.as_str())
}

fn is_string(value: &str) -> bool {
    STRING.as_ref().is_some_and(|pattern| pattern.is_match(value))
}

/// Returns whether a value consists of literals and operators.
fn is_constant(value: &str) -> bool {
    CONSTANT.as_ref().is_some_and(|pattern| pattern.is_match(value))
}

fn is_null(value: &str) -> bool {
    matches!(value, "null" | "nil" | "None" | "undefined")
}

/// Returns whether two operands are the same, without a call that could return different
/// values.
fn are_equal(left: &str, right: &str) -> bool {
    left == right && (is_constant(left) || !left.contains('('))
}

/// Returns whether a condition is true or false whatever the program does.
fn truth(value: &str) -> Option<bool> {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
        && find_at_top(inner, |_| false).is_none()
    {
        return truth(inner);
    }
    if let Some(rest) = value.strip_prefix("not ").or_else(|| value.strip_prefix('!')) {
        return if is_constant(rest) { truth(rest).map(|known| !known) } else { None };
    }
    let always = [" or True", " or true", " || true", "||true"];
    let first = ["True or ", "true or ", "true || ", "true||"];
    if always.iter().any(|end| value.ends_with(end)) || first.iter().any(|start| value.starts_with(start)) {
        return Some(true);
    }
    for operator in [" === ", " == ", "===", "==", " is ", " eq "] {
        if let Some((left, right)) = value.split_once(operator) {
            let (left, right) = (left.trim(), right.trim());
            let is_known = is_constant(left) && is_constant(right);
            return if are_equal(left, right) { Some(true) } else { is_known.then_some(false) };
        }
    }
    for operator in [" !== ", " != ", "!==", "!="] {
        if let Some((left, right)) = value.split_once(operator) {
            let is_known = is_constant(left) && is_constant(right);
            return is_known.then(|| left.trim() != right.trim());
        }
    }
    match value {
        "true" | "True" | "YES" => Some(true),
        "false" | "False" | "NO" | "0" => Some(false),
        _ if is_null(value) => Some(false),
        _ if is_string(value) => Some(value.len() > 2),
        _ if is_constant(value) && value.contains(|c: char| c.is_ascii_digit()) => Some(true),
        _ => None,
    }
}
