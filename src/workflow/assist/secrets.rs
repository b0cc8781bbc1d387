//! Removes secrets from lines before they are sent. On a line that names a secret, every
//! literal goes; in files of settings, the whole value. What is left of code stays readable.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::ledger::{redact_forms, redact_value};
use crate::text::{escape_hidden, format_count};

/// Maximum length of a line that is sent, in characters.
const MAX_LINE_CHARS: usize = 1_000;
/// What is written for a secret.
const REMOVED: &str = "<redacted>";
/// Ends of names of source files: a value there is a literal.
const CODE_ENDS: [&str; 36] = [
    "rs", "go", "py", "pyi", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "java", "kt", "kts", "c",
    "h", "cc", "cpp", "cxx", "hpp", "cs", "rb", "php", "swift", "scala", "ex", "exs", "erl", "hs", "ml",
    "lua", "dart", "zig", "vue", "svelte",
];

/// Words that say that a value is secret.
const WORDS: &str = r"(?:passw(?:or)?d|passphrase|passcode|passkey|(?:\b|_)pass(?:\b|_)|\bpwd\b|_pwd|pwd_|secret(?:s?\b|s?_|-|key)|_secrets?|[a-z]secrets?\b|token|api[_ -]?key|access[_ -]?key|account[_ -]?key|private[_ -]?key|signing[_ -]?key|encryption[_ -]?key|sharedaccess|credential|bearer|authorization|cookie|_auth\b|identified by)";

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(&text.replace("@WORDS@", WORDS)).ok()
}

/// A line that names a secret.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| pattern("(?i)@WORDS@"));
/// Literals with their escapes, and the text between two tags.
static LITERALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r##"r#+"[^\r\n]*"#+|"(?:\\.|[^"\\])+"|\B'(?:\\.|[^'\\])+'|`(?:\\.|[^`\\])+`|(?P<open>[=:(,\[]\s*["'`])[^"'`]+$|>[^<>]+</"##,
    )
});
/// Tokens whose form says what they are, beside those of the ledger.
static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}|\bASIA[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{20,}",
        r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bpypi-[A-Za-z0-9_-]{16,}|\bdop_v1_[a-f0-9]{16,}",
        r"|AGE-SECRET-KEY-1[A-Z0-9]{16,}|https://hooks\.slack\.com/\S+|https://discord(?:app)?\.com/api/webhooks/\S+",
    ))
});
/// A setting with its value up to the end of the line.
static SETTINGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?i)^(?P<head>\s*(?:- |export |set |env |arg |\$)*["']?[\w.-]*@WORDS@[\w.-]*["']?\s*(?:=>|[:=])\s*"#,
        r"|\s*(?:password|passwd|requirepass|masterauth)\s+)(?P<value>[^\s|>].*)$",
    ))
});
/// A value on a line of its own, below the name of its secret.
static VALUES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?i)^(?P<head>\s*(?:- )?["']?(?:value|data|default|stringdata)["']?\s*[:=]\s*)(?P<value>\S.*)$"#,
    )
});
/// A key without a value: the value is below.
static KEYS_ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r#"(?i)^\s*(?:- )?["']?[\w.-]*@WORDS@[\w.-]*["']?\s*:\s*(?:[|>][+-]?\d?)?\s*$"#)
});
/// A text of several lines that is assigned or passed.
static OPEN_TEXTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"(?:[=:(,]|=>)\s*[a-zA-Z]{0,2}(?P<end>"""|'''|`)|<<[~-]?["']?(?P<word>\w+)"#));
/// A tag that is named like a secret, without its value.
static OPEN_TAGS: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^\s*<(?P<name>[a-z][\w:.-]*)[^<>/]*>\s*$"));
/// An option of a program with its value.
static OPTIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?P<name>(?:^|\s)--?[\w-]*(?:passw(?:or)?d|pwd|token|secret|api-?key|access-?key)[\w-]*[ =])(?P<value>[^\s-]\S*)",
        r"|(?P<user>(?:^|\s)(?:-u\s?|--user[ =]))[^\s:]+:\S+|(?P<login>(?:sshpass|docker login|mysql)\b.*\s-p\s?)[^\s-]\S*",
    ))
});

/// Removes secrets from the lines of one document, and counts the lines that had one.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// Whether the document is source code.
    is_code: bool,
    /// A private key goes on.
    is_in_key: bool,
    /// The value of a secret goes on: all lines that are indented more than this.
    block: Option<usize>,
    /// Literals of a secret go on: on lines that are indented more than this.
    literals: Option<usize>,
    /// The value of a secret can be on this line, whatever its indent is.
    is_next: bool,
    /// A text of several lines goes on up to this end.
    until: Option<String>,
    count: usize,
    cut_lines: usize,
}

impl Redactor {
    /// A redactor for a file: of source code, or of anything else.
    pub(super) fn of_file(name: &str) -> Self {
        let end = name.rsplit('/').next().unwrap_or_default().rsplit_once('.').map(|(_, end)| end);
        let is_code = end.is_some_and(|end| CODE_ENDS.contains(&end.to_ascii_lowercase().as_str()));
        Self { is_code, ..Self::default() }
    }

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

    /// Whether a line is part of a private key.
    fn is_key(&mut self, line: &str) -> bool {
        if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
            self.is_in_key = !line.contains("-----END ");
            return true;
        }
        if !self.is_in_key {
            return false;
        }
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/= \t\"',\\".contains(c);
        let is_header = line.contains(": ") && !line.contains(['(', '{', ';']);
        // Code behind the first line of a key is no key.
        self.is_in_key = (line.chars().all(is_base64) || is_header) && !line.contains("-----END ");
        self.is_in_key || line.contains("-----END ")
    }

    fn without_secrets(&mut self, line: &str) -> String {
        if self.is_key(line) {
            return REMOVED.to_owned();
        }
        if let Some(end) = &self.until {
            if line.contains(end.as_str()) {
                self.until = None;
            }
            return REMOVED.to_owned();
        }
        let is_blank = line.trim().is_empty();
        let indent = line.len() - line.trim_start().len();
        if let Some(outer) = self.block.filter(|_| !is_blank) {
            if indent > outer {
                return format!("{}{REMOVED}", line.get(..indent).unwrap_or_default());
            }
            self.block = None;
        }
        if self.literals.is_some_and(|outer| !is_blank && indent <= outer) {
            self.literals = None;
        }
        let is_comment = ["//", "#", "--", "*"].iter().any(|start| line.trim_start().starts_with(start));
        let was_next = self.is_next && !is_blank;
        self.is_next &= is_blank || is_comment;
        let Some(text) = self.clean_line(line, indent, was_next || self.literals.is_some()) else {
            // A pattern that does not compile is found by the tests; nothing is sent then.
            return REMOVED.to_owned();
        };
        text
    }

    fn clean_line(&mut self, line: &str, indent: usize, goes_on: bool) -> Option<String> {
        let text = TOKENS.as_ref()?.replace_all(line, REMOVED).into_owned();
        let text = OPTIONS
            .as_ref()?
            .replace_all(&text, format!("${{name}}${{user}}${{login}}{REMOVED}"))
            .into_owned();
        let is_named = NAMES.as_ref()?.is_match(&text);
        if is_named {
            self.open_value(&text, indent)?;
        }
        // A text that is neither assigned nor passed describes something.
        let is_docstring =
            self.is_code && ["\"\"\"", "'''"].iter().any(|start| text.trim_start().starts_with(start));
        let has_value = goes_on || (is_named && !is_docstring);
        let text = if has_value { self.without_literals(&text, goes_on)? } else { text };
        if self.is_code {
            return Some(redact_forms(&text));
        }
        let mut value = serde_json::Value::String(text);
        redact_value(&mut value);
        value.as_str().map(str::to_owned)
    }

    fn without_literals(&self, text: &str, goes_on: bool) -> Option<String> {
        let whole = format!("${{head}}{REMOVED}");
        let text = if self.is_code {
            text.to_owned()
        } else {
            SETTINGS.as_ref()?.replace(text, &whole).into_owned()
        };
        let text = if goes_on { VALUES.as_ref()?.replace(&text, &whole).into_owned() } else { text };
        let names = NAMES.as_ref()?;
        let replaced = LITERALS.as_ref()?.replace_all(&text, |found: &Captures<'_>| {
            let whole = &found[0];
            if let Some(open) = found.name("open") {
                return format!("{}{REMOVED}", open.as_str());
            }
            // The name of a secret in quotes is a key, as in JSON.
            let inside = whole.trim_matches(['"', '\'', '`', '<', '>', '/', '#']);
            let is_name =
                names.is_match(inside) && inside.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
            if is_name || inside.trim().is_empty() || inside == REMOVED.trim_matches(['<', '>']) {
                return whole.to_owned();
            }
            match whole.chars().next() {
                Some('>') => format!(">{REMOVED}</"),
                Some('r') => format!("\"{REMOVED}\""),
                Some(quote) if whole.len() > 1 && whole.ends_with(quote) => {
                    format!("{quote}{REMOVED}{quote}")
                }
                Some(quote) => format!("{quote}{REMOVED}"),
                None => String::new(),
            }
        });
        Some(replaced.into_owned())
    }

    /// Notes that the value of a secret goes on below.
    fn open_value(&mut self, line: &str, indent: usize) -> Option<()> {
        let end = line.trim_end();
        if !self.is_code && KEYS_ALONE.as_ref()?.is_match(line) {
            self.block = Some(indent);
        }
        if end.ends_with(['(', '[', '{', ',', '=', '\\', '+', ':']) || !self.is_code {
            self.is_next = true;
        }
        if end.ends_with(['(', '[', '{']) && !end.ends_with("() {") && !end.ends_with(") {") {
            self.literals = Some(indent);
        }
        if let Some(found) = OPEN_TEXTS.as_ref()?.captures(line) {
            let delimiter = found.name("end").map(|end| end.as_str());
            self.until = match (delimiter, found.name("word")) {
                (Some(end), _) if line.matches(end).count() % 2 == 1 => Some(end.to_owned()),
                (None, Some(word))
                    if !self.is_code || word.as_str().chars().all(|c| c.is_uppercase() || c == '_') =>
                {
                    Some(word.as_str().to_owned())
                }
                _ => None,
            };
        }
        if let Some(tag) = OPEN_TAGS.as_ref()?.captures(line)
            && NAMES.as_ref()?.is_match(&tag["name"])
        {
            self.until = Some("</".to_owned());
        }
        Some(())
    }
}

/// Returns how many lines had a secret; `None` if there were none.
pub(super) fn describe_count(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} of {what}", format_count(count, "line")))
}

/// Cuts a line to the length that is sent.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
