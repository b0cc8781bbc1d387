//! Removes secrets from text before it is stored or hashed.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

/// What stands for a removed secret.
const REMOVED: &str = "<redacted>";

/// Texts without any of these hold nothing that the patterns find.
const HINTS: [&str; 13] =
    ["gh", "github_pat_", "glpat-", "xox", "sk-", "AKIA", "AIza", "npm_", "eyJ", "://", "=", ":", "BEGIN"];

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
    let (Some(tokens), Some(headers), Some(addresses)) = (&*TOKENS, &*HEADERS, &*ADDRESSES) else {
        return REMOVED.to_owned();
    };
    let text = tokens.replace_all(text, REMOVED);
    let text = addresses.replace_all(&text, format!("${{name}}{REMOVED}@"));
    headers.replace_all(&text, format!("${{name}}{REMOVED}")).into_owned()
}

/// Returns the text without secrets.
#[must_use]
pub(crate) fn redact(text: &str) -> String {
    if !HINTS.iter().any(|hint| text.contains(hint)) {
        return text.to_owned();
    }
    let (Some(tokens), Some(named), Some(headers), Some(addresses)) =
        (&*TOKENS, &*NAMED, &*HEADERS, &*ADDRESSES)
    else {
        // A pattern that does not compile is found by the tests; nothing is stored then.
        return REMOVED.to_owned();
    };
    let text = tokens.replace_all(text, REMOVED);
    let text = addresses.replace_all(&text, format!("${{name}}{REMOVED}@"));
    let text = headers.replace_all(&text, format!("${{name}}{REMOVED}"));
    named
        .replace_all(&text, |found: &Captures<'_>| {
            let name = found.name("name").map_or("", |name| name.as_str());
            // A capability names a variable, and holds no secret.
            let is_capability = name.ends_with("secrets.use:");
            if is_capability { found[0].to_owned() } else { format!("{name}{REMOVED}") }
        })
        .into_owned()
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
}
