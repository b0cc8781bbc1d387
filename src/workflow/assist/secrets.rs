//! Removes secrets from lines of source code before they are sent. The rules are broader than
//! those of the ledger: on a line that names a secret, every literal goes.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::ledger::redact_value;
use crate::text::{escape_hidden, format_count};

/// Maximum length of a line that is sent, in characters.
const MAX_LINE_CHARS: usize = 1_000;
/// What is written for a secret.
const REMOVED: &str = "<redacted>";

/// Names that say that a value is secret.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)passw(?:or)?d|passphrase|\bpwd\b|_pwd|pwd_|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|signing[_ -]?key|credential|bearer|authorization|identified by",
    )
    .ok()
});

/// Literals with their escapes, and the text between two tags.
static LITERALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<open>")(?:\\.|[^"\\])+"?|(?P<single>')(?:\\.|[^'\\])+'?|(?P<tick>`)(?:\\.|[^`\\])+`?|(?P<tag>>)[^<>]+(?:<|$)"#)
        .ok()
});

/// Tokens whose form says what they are, beside those of the ledger.
static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}|\bASIA[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}").ok()
});

/// A value that begins on the next line: a key alone, or an assignment without a value.
static BLOCKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:- )?["']?[\w.-]+["']?\s*:\s*(?:[|>][+-]?\d?)?\s*$|=\s*(?:\\|\()?\s*$"#).ok()
});

/// An option of a program with its value.
static OPTIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?P<name>(?:^|\s)(?:--?[\w-]*(?:passw(?:or)?d|pwd|token|secret|key)[\w-]*[ =]|-u ))(?P<value>[^\s-]\S*)").ok()
});

/// Starts of a text of several lines, with its end.
const OPEN_TEXTS: [(&str, &str); 3] = [("\"\"\"", "\"\"\""), ("'''", "'''"), ("`", "`")];

/// Removes secrets from the lines of one document, and counts the lines that had one.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// A private key goes on.
    is_in_key: bool,
    /// The value of a secret goes on: all lines that are indented more than this.
    block: Option<usize>,
    /// The value of a secret can be on this line, whatever its indent is.
    is_next: bool,
    /// A text of several lines goes on up to this end.
    until: Option<&'static str>,
    count: usize,
    cut_lines: usize,
}

impl Redactor {
    /// Returns a line as it may be sent.
    pub(super) fn clean(&mut self, line: &str) -> String {
        let text = self.without_secrets(line);
        self.count += usize::from(text != line);
        self.cut_lines += usize::from(text.chars().nth(MAX_LINE_CHARS).is_some());
        escape_hidden(&cut(&text)).into_owned()
    }

    /// Returns how many lines had a secret; `None` if there were none.
    pub(super) fn describe(&self, what: &str) -> Option<String> {
        describe_count(self.count, what)
    }

    /// Returns how many lines were too long to be sent whole.
    pub(super) fn cut_lines(&self) -> usize {
        self.cut_lines
    }

    fn without_secrets(&mut self, line: &str) -> String {
        let starts = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
        let is_key = self.is_in_key || starts;
        self.is_in_key = is_key && !line.contains("-----END ");
        if is_key {
            return REMOVED.to_owned();
        }
        if let Some(end) = self.until {
            if line.contains(end) {
                self.until = None;
            }
            return REMOVED.to_owned();
        }
        let indent = line.len() - line.trim_start().len();
        let was_next = std::mem::take(&mut self.is_next) && !line.trim().is_empty();
        if let Some(outer) = self.block {
            if line.trim().is_empty() {
                return line.to_owned();
            }
            if indent > outer {
                let blanks = line.get(..indent).unwrap_or_default();
                return format!("{blanks}{REMOVED}");
            }
            self.block = None;
        }
        let (Some(names), Some(literals), Some(tokens), Some(blocks), Some(options)) =
            (&*NAMES, &*LITERALS, &*TOKENS, &*BLOCKS, &*OPTIONS)
        else {
            // A pattern that does not compile is found by the tests; nothing is sent then.
            return REMOVED.to_owned();
        };
        let text = tokens.replace_all(line, REMOVED).into_owned();
        let text = options.replace_all(&text, format!("${{name}}{REMOVED}")).into_owned();
        let is_named = names.is_match(&text);
        if !is_named && !was_next {
            return redact(&text);
        }
        if is_named {
            self.open_value(&text, indent, blocks);
        }
        let text = literals.replace_all(&text, |found: &Captures<'_>| {
            let whole = &found[0];
            // The name of a secret in quotes is a key, as in JSON.
            let inside = whole.trim_matches(['"', '\'', '`', '<', '>']);
            let is_name =
                names.is_match(inside) && inside.chars().all(|c| c.is_alphanumeric() || "_- .".contains(c));
            if is_name || inside.trim().is_empty() {
                return whole.to_owned();
            }
            let (first, last) =
                (whole.chars().next().unwrap_or_default(), whole.chars().next_back().unwrap_or_default());
            let end = if whole.chars().count() > 1 && "\"'`<".contains(last) {
                last.to_string()
            } else {
                String::new()
            };
            format!("{first}{REMOVED}{end}")
        });
        redact(&text)
    }
}

impl Redactor {
    /// Notes that the value of a secret goes on below.
    fn open_value(&mut self, line: &str, indent: usize, blocks: &Regex) {
        if blocks.is_match(line) {
            self.block = Some(indent);
            self.is_next = true;
        }
        self.until = OPEN_TEXTS
            .iter()
            .find(|(start, _)| line.matches(start).count() % 2 == 1)
            .map(|(_, end)| *end)
            .or_else(|| {
                let is_open = line.trim_start().starts_with('<') && line.trim_end().ends_with('>');
                (is_open && !line.contains("</") && !line.contains("/>")).then_some("</")
            });
    }
}

/// Returns how many lines had a secret; `None` if there were none.
pub(super) fn describe_count(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} of {what}", format_count(count, "line")))
}

fn redact(text: &str) -> String {
    let mut value = serde_json::Value::String(text.to_owned());
    redact_value(&mut value);
    value.as_str().unwrap_or_default().to_owned()
}

/// Cuts a line to the length that is sent.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_source_code_is_removed_in_every_language() {
        assert!(NAMES.is_some() && LITERALS.is_some() && TOKENS.is_some() && BLOCKS.is_some());
        let secret = "hunter2hunter2";
        for line in [
            "password := \"@\"",
            "let password: &str = \"@\";",
            "password: string = \"@\"",
            "'password' => '@',",
            "if password == \"@\" {",
            "while token != '@'",
            "char password[] = \"@\";",
            "#define DB_PASSWORD \"@\"",
            "set_var(\"DB_PASSWORD\", \"@\");",
            "set_password(\"@\")",
            "os.environ[\"SECRET_KEY\"] = \"@\"",
            "<password>@</password>",
            "password = \"a\\\"@\"",
            "private_key = `@`",
            "password=@",
            "  password: @",
            "const accessKey = '@'",
            "{\"api_key\": \"@\", \"a\": 1}",
            "export API_KEY=@",
            "headers: { Authorization: `Bearer @` }",
            "mysql --password @ -e x",
            "curl -u admin:@ https://example.org",
            "CREATE USER a IDENTIFIED BY '@'",
        ] {
            let line = line.replace('@', secret);
            let mut redactor = Redactor::default();
            let out = redactor.clean(&line);
            assert!(!out.contains(secret) && out.contains(REMOVED), "{line} -> {out}");
            assert!(redactor.describe("a").is_some());
        }
        let live = format!("key(\"sk_live_{}\")", "a1B2".repeat(6));
        assert!(!Redactor::default().clean(&live).contains("a1B2a1B2"));
        let session = format!("ASIA{}", "Z".repeat(16));
        assert!(!Redactor::default().clean(&session).contains("ZZZZ"));
    }

    #[test]
    fn a_secret_on_the_lines_below_is_removed() {
        let text =
            "db:\n  password: |\n    hunter2\n    hunter3\n  user: me\nsecret =\n    \"hunter4\"\nlast: 1\n";
        let mut redactor = Redactor::default();
        let out: Vec<String> = text.lines().map(|line| redactor.clean(line)).collect();
        let all = out.join("\n");
        assert!(!all.contains("hunter"), "{all}");
        assert!(all.contains("user: me") && all.contains("last: 1"), "{all}");
        for text in [
            "password = \"\"\"\nhunter2\n\"\"\"\nlast = 1\n",
            "const password = `\nhunter2\n`;\nlast = 1\n",
            "<password>\n  hunter2\n</password>\nlast = 1\n",
            "  \"password\":\n  \"hunter2\",\nlast = 1\n",
        ] {
            let mut redactor = Redactor::default();
            let out: Vec<String> = text.lines().map(|line| redactor.clean(line)).collect();
            let all = out.join("\n");
            assert!(!all.contains("hunter2") && all.contains("last = 1"), "{text} -> {all}");
        }
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nfn main() {}\n";
        let mut redactor = Redactor::default();
        let out: Vec<String> = key.lines().map(|line| redactor.clean(line)).collect();
        assert_eq!(out[1], REMOVED);
        assert_eq!(out[3], "fn main() {}");
    }

    #[test]
    fn other_code_is_sent_as_it_is() {
        for line in [
            "fn farewell(name: &str) -> String {",
            "    let keys = map.keys().collect::<Vec<_>>();",
            "assert_eq!(farewell(\"Ada\"), \"Goodbye, Ada\");",
            "for (index, word) in words.iter().enumerate() {",
            "import { useState } from 'react';",
            "            \"a b c\",",
            "- `farewell` says goodbye to a person by name.",
        ] {
            assert_eq!(Redactor::default().clean(line), line);
        }
        let code = "class TokenCounter:\n    def next_token(self):\n        for token in self.all:\n            self.count += 1\n";
        let mut redactor = Redactor::default();
        let out: Vec<String> = code.lines().map(|line| redactor.clean(line)).collect();
        assert_eq!(out.join("\n") + "\n", code);
        let long = "x".repeat(5_000);
        assert_eq!(Redactor::default().clean(&long).chars().count(), MAX_LINE_CHARS + 1);
    }
}
