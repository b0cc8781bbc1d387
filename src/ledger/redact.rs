//! Removes secrets from text before it is stored or hashed.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, Replacer};
use serde_json::Value;

/// What stands for a removed secret.
const REMOVED: &str = "<redacted>";

/// Every token that [`TOKENS`] finds begins with one of these.
const TOKEN_STARTS: [&str; 14] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "sk-",
    "AKIA",
    "AIza",
    "npm_",
    "eyJ",
    "-----BEGIN ",
];

/// Every name that [`NAMED`] finds contains one of these, in lower case.
const SECRET_NAMES: [&str; 8] =
    ["passw", "pwd", "passphrase", "secret", "token", "apikey", "api_key", "credential"];

/// Which patterns can match a text. Most texts hold nothing secret, and a pattern that is not
/// needed is not compiled.
#[expect(clippy::struct_excessive_bools, reason = "one for each pattern")]
struct Hints {
    tokens: bool,
    addresses: bool,
    headers: bool,
    named: bool,
}

impl Hints {
    fn of(text: &str) -> Self {
        // The patterns also take the long s and the sign of Kelvin for the letters.
        let lower =
            if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase().replace('ſ', "s") };
        let starts_token = |start: &&str| {
            let is_inside_word = |at: usize| {
                let before = text.get(..at).and_then(|text| text.chars().next_back());
                before.is_some_and(|c| c.is_alphabetic() || c.is_ascii_digit() || c == '_')
            };
            // `sk-` is also the end of "task-".
            text.match_indices(*start).any(|(at, _)| *start != "sk-" || !is_inside_word(at))
        };
        Self {
            tokens: TOKEN_STARTS.iter().any(starts_token),
            addresses: text.contains("://") && text.contains('@'),
            headers: lower.contains("authorization") || lower.contains("cookie"),
            named: SECRET_NAMES.iter().any(|name| lower.contains(name)) || lower.contains("api-key"),
        }
    }
}

/// Replaces what a pattern finds, if it is needed. Returns `None` if it does not compile.
fn replace<'t>(
    is_needed: bool,
    pattern: &LazyLock<Option<Regex>>,
    text: Cow<'t, str>,
    replacement: impl Replacer,
) -> Option<Cow<'t, str>> {
    if !is_needed {
        return Some(text);
    }
    let replaced = pattern.as_ref()?.replace_all(&text, replacement).into_owned();
    Some(Cow::Owned(replaced))
}

/// Tokens whose form says what they are.
static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}",
        r"|xox[abeprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b",
        r"|\bAIza[0-9A-Za-z_-]{30,}|\bnpm_[A-Za-z0-9]{30,}",
        r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
    ))
    .ok()
});

/// Values behind names that say that they are secret: quoted, or up to the next blank.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<name>(?i:[a-z0-9_.-]*(?:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|credential)",
        r#"[a-z0-9_.-]*)["']?\s*[=:]\s*)"#,
        r#"(?P<value>"[^"]*"|'[^']*'|[^\s"'&]+)"#,
    ))
    .ok()
});

/// The value of a header that authorizes, to its end.
static HEADERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<name>(?i:(?:proxy-)?authorization|cookie)["']?\s*[=:]\s*)(?P<value>"[^"\r\n]*"|'[^'\r\n]*'|[^\s"'][^\r\n"']*)"#).ok()
});

/// Names and passwords in addresses, up to the last `@` before the path.
static ADDRESSES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?P<name>://)(?P<value>[^/\s]+)@").ok());

/// Returns the text without secrets whose form says what they are: tokens, headers that
/// authorize, passwords in addresses. Values behind names stay.
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
#[must_use]
pub(crate) fn redact_forms(text: &str) -> String {
    replace_forms(&Hints::of(text), text).map_or_else(|| REMOVED.to_owned(), Cow::into_owned)
}

/// Returns the text without secrets.
#[must_use]
pub(crate) fn redact(text: &str) -> String {
    // A pattern that does not compile is found by the tests; nothing is stored then.
    redact_with(&Hints::of(text), text).unwrap_or_else(|| REMOVED.to_owned())
}

fn replace_forms<'t>(hints: &Hints, text: &'t str) -> Option<Cow<'t, str>> {
    let text = replace(hints.tokens, &TOKENS, Cow::Borrowed(text), REMOVED)?;
    let text = replace(hints.addresses, &ADDRESSES, text, format!("${{name}}{REMOVED}@"))?;
    replace(hints.headers, &HEADERS, text, format!("${{name}}{REMOVED}"))
}

fn redact_with(hints: &Hints, text: &str) -> Option<String> {
    let forms = replace_forms(hints, text)?;
    let named = replace(hints.named, &NAMED, forms, |found: &Captures<'_>| {
        let name = found.name("name").map_or("", |name| name.as_str());
        // A capability names a variable, and holds no secret.
        let is_capability = name.ends_with("secrets.use:");
        if is_capability { found[0].to_owned() } else { format!("{name}{REMOVED}") }
    })?;
    Some(named.into_owned())
}

/// Removes secrets from all texts of a value.
pub(crate) fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact(text),
        Value::Array(all) => redact_array(all),
        Value::Object(members) => members.values_mut().for_each(redact_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An option and its value can be two arguments.
fn redact_array(all: &mut [Value]) {
    let mut is_secret = false;
    for value in all {
        let was_secret = is_secret;
        is_secret = value.as_str().is_some_and(names_a_secret);
        match value {
            Value::String(text) if was_secret && !text.starts_with('-') => {
                *text = REMOVED.to_owned();
                is_secret = false;
            }
            other => redact_value(other),
        }
    }
}

/// Returns whether an argument is an option whose value is a secret.
fn names_a_secret(argument: &str) -> bool {
    let name = argument.to_ascii_lowercase();
    argument.starts_with('-')
        && !argument.contains('=')
        && (["pass", "pwd", "secret", "token", "api-key", "api_key", "apikey", "credential"]
            .iter()
            .any(|word| name.contains(word))
            || matches!(name.as_str(), "-u" | "--user"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_removed_and_other_text_is_kept() {
        assert!(TOKENS.is_some() && NAMED.is_some() && HEADERS.is_some() && ADDRESSES.is_some());
        let token = format!("ghp_{}", "a1".repeat(18));
        for (text, marker) in [
            (format!("clone {token}"), token.as_str()),
            ("API_KEY=hunter2hunter2".to_owned(), "hunter2"),
            ("--password: hunter2".to_owned(), "hunter2"),
            ("{\"token\": \"hunter2\"}".to_owned(), "hunter2"),
            ("Authorization: Bearer hunter2".to_owned(), "hunter2"),
            ("fetch https://me:hunter2@example.org/x".to_owned(), "hunter2"),
            ("fetch https://me:hunter2@hunter2@example.org/x".to_owned(), "hunter2"),
            ("fetch https://hunter2@example.org".to_owned(), "hunter2"),
            ("Authorization: token hunter2".to_owned(), "hunter2"),
            ("\"Authorization\": \"Basic hunter2\"".to_owned(), "hunter2"),
            ("'Cookie': 'session=hunter2'".to_owned(), "hunter2"),
            ("-H 'Cookie: a=b; hunter2'".to_owned(), "hunter2"),
            ("password='a hunter2 b'".to_owned(), "hunter2"),
            ("db_pwd=hunter2".to_owned(), "hunter2"),
            (format!("AKIA{}", "Z".repeat(16)), "ZZZZ"),
        ] {
            let out = redact(&text);
            assert!(!out.contains(marker) && out.contains(REMOVED), "{text} -> {out}");
        }
        for kept in [
            "cargo test --lib",
            "src/token.rs changed",
            "exit code: 1",
            "a skilled sk-",
            "https://a/b",
            "`secrets.use:TOKEN` is not granted",
        ] {
            assert_eq!(redact(kept), kept);
        }
    }

    #[test]
    fn the_value_of_a_secret_option_is_removed() {
        let mut value = serde_json::json!(["deploy", "--token", "hunter2", "--quiet", "--api-key=hunter2"]);
        redact_value(&mut value);
        assert!(!value.to_string().contains("hunter2"), "{value}");
        assert!(value.to_string().contains("--quiet"), "{value}");
    }

    proptest::proptest! {
        /// Hints only save time: with all patterns the result is the same.
        #[test]
        fn hints_change_nothing(parts in proptest::collection::vec(part(), 1..9)) {
            let text = parts.concat();
            let all = Hints { tokens: true, addresses: true, headers: true, named: true };
            proptest::prop_assert_eq!(Some(redact(&text)), redact_with(&all, &text));
        }
    }

    fn part() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::strategy::Strategy as _;
        let known: Vec<&str> = TOKEN_STARTS
            .into_iter()
            .chain(SECRET_NAMES)
            .chain(["api-key", "Api_Key", "PassWord", "toKen", "ſecret", "cooKie", "AUTHORIZATION", "proxy-"])
            .chain([
                "://",
                "@",
                "=",
                ": ",
                "\"",
                "'",
                " ",
                "\n",
                "ta",
                "²",
                "①",
                "é",
                "-",
                "x",
                "Zz09Zz09Zz09Zz09Zz09Zz09Zz09Zz09",
            ])
            .collect();
        proptest::prop_oneof![4 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "[a-zA-Z0-9_. -]{0,4}"]
    }
}
