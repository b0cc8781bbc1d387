//! Keys that may sign, in OpenSSH's format `allowed_signers`
//! (`principals [options] type base64 [comment]`, see `ssh-keygen(1)`).

mod timestamp;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::text::{Source, Span, fnmatch};

use super::Fault;
use timestamp::parse_timestamp;

/// One line of the file: a key and the names that may sign with it.
#[derive(Debug, Clone)]
pub struct AllowedSigner {
    /// Patterns of names, with `*`, `?` and a leading `!` for exclusion.
    pub principals: Vec<String>,
    /// Patterns of namespaces, with `*`, `?` and a leading `!`; `None` allows
    /// all namespaces.
    pub namespaces: Option<Vec<String>>,
    /// Start of the key's validity, inclusive, without a time zone.
    pub valid_after: Option<DateTime>,
    /// End of the key's validity, inclusive as in OpenSSH, without a time zone.
    pub valid_before: Option<DateTime>,
    /// Whether the key is a certificate authority, which certifies other keys.
    pub is_authority: bool,
    /// Key type and base64 data, separated by a space.
    pub key: String,
    /// Span of the line.
    pub span: Span,
}

/// The file `allowed_signers` with its lines.
#[derive(Debug)]
pub struct AllowedSigners {
    /// Text of the file.
    pub source: Arc<Source>,
    /// Lines that could be read, in order.
    pub signers: Vec<AllowedSigner>,
    /// Mistakes in lines that could not be read; these lines allow no key.
    pub faults: Vec<Fault>,
}

impl AllowedSigners {
    /// Reads the file. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let mut out = Self { source: Arc::clone(source), signers: Vec::new(), faults: Vec::new() };
        for number in 1..=source.line_count() {
            let Some(span) = source.line_span(number) else { continue };
            // A byte order mark is not whitespace for OpenSSH, which then reads another
            // name; here it is a mistake of the editor that saved the file.
            let line = source.slice(span).trim_start_matches('\u{feff}');
            // A carriage return at the start is part of the first name.
            let line = line.trim_start_matches(is_blank).trim_end_matches([' ', '\t', '\n', '\r']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match parse_signer(line, span) {
                Ok(signer) => out.signers.push(signer),
                Err(message) => out.faults.push(Fault { rule: "approval/signed", message, span }),
            }
        }
        out
    }

    /// Returns the lines with a key.
    pub fn signers_with_key<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a AllowedSigner> {
        self.signers.iter().filter(move |signer| signer.key == key)
    }
}

impl AllowedSigner {
    /// Returns whether a name is one of the principals. It must match a whole
    /// pattern or equal the part before the `@`. The part `*` of
    /// `*@example.org` matches no name.
    ///
    /// A pattern with `!` denies the principals that it matches as a whole, as in
    /// `ssh-keygen -Y verify`: `!*@evil.example` does not deny `mira@example.org`.
    /// If only a pattern such as `*` allows the name, its domain is unknown: then
    /// `!eve@*` denies `eve`.
    #[must_use]
    pub fn is_principal(&self, name: &str) -> bool {
        let local = |principal: &str| principal.split_once('@').is_some_and(|(local, _)| local == name);
        let (denying, allowing): (Vec<&str>, Vec<&str>) =
            self.principals.iter().map(String::as_str).partition(|principal| principal.starts_with('!'));
        let denying: Vec<&str> = denying.iter().filter_map(|p| p.strip_prefix('!')).collect();
        let is_denied = |principal: &str| denying.iter().any(|p| fnmatch(p, principal));
        if is_denied(name) {
            return false;
        }
        allowing.iter().any(|principal| {
            if local(principal) {
                !is_denied(principal)
            } else {
                fnmatch(principal, name) && !denying.iter().any(|p| local(p))
            }
        })
    }

    /// Returns whether the key may sign for a namespace.
    #[must_use]
    pub fn allows_namespace(&self, namespace: &str) -> bool {
        let Some(all) = &self.namespaces else { return true };
        let matches = |pattern: &str| fnmatch(pattern, namespace);
        let denied = all.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(matches);
        !denied && all.iter().filter(|pattern| !pattern.starts_with('!')).any(|pattern| matches(pattern))
    }

    /// Returns whether the key is valid at a time. Both limits are inclusive, as in
    /// OpenSSH.
    ///
    /// OpenSSH reads a limit without `Z` as local time. The time zone of the machine
    /// is not used here: a gate would then pass on one machine and fail on another.
    /// Instead, checks call this function with the time in the signature, which is
    /// the signer's local time, and with the time of the commit in UTC. The key must
    /// be valid at both, with and without `Z`.
    #[must_use]
    pub fn is_valid_at(&self, at: DateTime) -> bool {
        self.valid_after.is_none_or(|after| after <= at)
            && self.valid_before.is_none_or(|before| at <= before)
    }
}

/// Key types of OpenSSH that can be in the file.
const KEY_TYPES: [&str; 9] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Splits a list of patterns at its commas. Whitespace belongs to a pattern; empty
/// patterns match nothing.
fn split_patterns(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

/// Returns whether whitespace of a line separates fields.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Reads a line: principals, options and key, as `ssh-keygen` does.
fn parse_signer(line: &str, span: Span) -> Result<AllowedSigner, String> {
    let (principals, rest) = take_principals(line)?;
    let mut out = AllowedSigner {
        principals: split_patterns(&principals),
        namespaces: None,
        valid_after: None,
        valid_before: None,
        is_authority: false,
        key: String::new(),
        span,
    };
    if let Some(key) = read_key(rest) {
        out.key = key;
        return Ok(out);
    }
    let end = find_end_of_options(rest)?;
    let (options, key) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let key = key.trim_start_matches(is_blank);
    out.key = read_key(key).ok_or("expected a known key type and a base64 key after the principals")?;
    out.read_options(options)?;
    if let (Some(after), Some(before)) = (out.valid_after, out.valid_before)
        && before <= after
    {
        return Err("`valid-before` is not later than `valid-after`".to_owned());
    }
    Ok(out)
}

/// Takes the first field. A quoted part of it may contain whitespace; the field ends at
/// the closing quote.
fn take_principals(line: &str) -> Result<(String, &str), String> {
    let separates = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let Some(at) = line.find(|c| separates(c) || c == '"') else {
        return Err("expected a key after the principals".to_owned());
    };
    let (start, rest) = line.split_at_checked(at).unwrap_or((line, ""));
    let Some(quoted) = rest.strip_prefix('"') else {
        return Ok((start.to_owned(), rest.trim_start_matches(separates)));
    };
    let Some((inner, rest)) = quoted.split_once('"') else {
        return Err("a quote is not closed; expected `\"`".to_owned());
    };
    Ok((format!("{start}{inner}"), rest.trim_start_matches(separates)))
}

/// Reads `type base64` at the start of a text; `None` if there is no known key type.
fn read_key(text: &str) -> Option<String> {
    let (key_type, rest) = text.split_once(is_blank)?;
    let base64 = rest.trim_start_matches(is_blank).split(is_blank).next().unwrap_or_default();
    (KEY_TYPES.contains(&key_type) && !base64.is_empty()).then(|| format!("{key_type} {base64}"))
}

/// Returns where the options end: at whitespace outside quotes.
fn find_end_of_options(text: &str) -> Result<usize, String> {
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
            }
            '"' => quoted = !quoted,
            c if is_blank(c) && !quoted => return Ok(at),
            _ => {}
        }
    }
    if quoted { Err("a quote is not closed; expected `\"`".to_owned()) } else { Ok(text.len()) }
}

/// Returns the rest of a text after a word, ignoring ASCII case.
fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// Reads a value in double quotes, in which `\"` is a quote, and returns the rest.
fn take_quoted(text: &str) -> Result<(String, &str), String> {
    let shown = || crate::text::to_single_line(text, 60);
    let Some(inner) = text.strip_prefix('"') else {
        return Err(format!("`{}` must be in one pair of double quotes", shown()));
    };
    let mut out = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((out, inner.get(at + 1..).unwrap_or_default())),
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                out.push('"');
            }
            c => out.push(c),
        }
    }
    Err(format!("the quote of `{}` is not closed", shown()))
}

impl AllowedSigner {
    /// Reads the options, separated by commas. As in OpenSSH, an option may be empty,
    /// except the last one.
    fn read_options(&mut self, options: &str) -> Result<(), String> {
        let mut rest = options;
        while !rest.is_empty() {
            rest = self.read_option(rest)?;
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',').ok_or_else(|| unknown_option(rest))?;
            if rest.is_empty() {
                return Err("an option is missing after the comma".to_owned());
            }
        }
        Ok(())
    }

    /// Reads one option, which may be empty, and returns the rest of the text.
    fn read_option<'a>(&mut self, text: &'a str) -> Result<&'a str, String> {
        if text.starts_with(',') {
            return Ok(text);
        }
        if let Some(rest) = strip_word(text, "cert-authority") {
            self.is_authority = true;
            return Ok(rest);
        }
        let twice = |name: &str, is_set: bool| {
            if is_set { Err(format!("the option `{name}` is given twice")) } else { Ok(()) }
        };
        if let Some(rest) = strip_word(text, "namespaces=") {
            twice("namespaces", self.namespaces.is_some())?;
            let (value, rest) = take_quoted(rest)?;
            self.namespaces = Some(split_patterns(&value));
            return Ok(rest);
        }
        if let Some(rest) = strip_word(text, "valid-after=") {
            twice("valid-after", self.valid_after.is_some())?;
            let (value, rest) = take_quoted(rest)?;
            self.valid_after = Some(parse_timestamp(&value)?);
            return Ok(rest);
        }
        if let Some(rest) = strip_word(text, "valid-before=") {
            twice("valid-before", self.valid_before.is_some())?;
            let (value, rest) = take_quoted(rest)?;
            self.valid_before = Some(parse_timestamp(&value)?);
            return Ok(rest);
        }
        Err(unknown_option(text))
    }
}

fn unknown_option(text: &str) -> String {
    format!(
        "unknown option `{}`; expected cert-authority, namespaces, valid-after or valid-before",
        crate::text::to_single_line(text, 40)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    fn read(text: &str) -> AllowedSigners {
        AllowedSigners::read(&Source::from_text(RepoPath::from("allowed_signers"), text))
    }

    #[test]
    fn lines_are_read_as_openssh_writes_them() {
        let text = "# who\n\nmira@example.org,anna ssh-ed25519 AAAA mira's key\n\"*@example.org,!eve@*\" namespaces=\"git,counter*\",valid-after=\"20260101\",valid-before=\"202612312359Z\" ssh-ed25519 BBBB\nx\ny ssh-ed25519\nz frob ssh-ed25519 CC\nw valid-after=soon ssh-ed25519 DD\n";
        let all = read(text);
        assert_eq!((all.signers.len(), all.faults.len()), (2, 4));
        let [mira, other] = [&all.signers[0], &all.signers[1]];
        assert!(
            mira.is_principal("mira") && mira.is_principal("mira@example.org") && mira.is_principal("anna")
        );
        assert!(!mira.is_principal("mir") && mira.allows_namespace("countersign"));
        assert!(other.is_principal("bob@example.org") && !other.is_principal("eve@example.org"));
        assert!(!other.is_principal("bob") && !other.is_principal("eve") && !other.is_principal("mira"));
        assert!(other.allows_namespace("countersign") && !other.allows_namespace("file"));
        let at = |text: &str| text.parse().expect("time");
        assert!(
            other.is_valid_at(at("2026-12-31T23:59:00")) && !other.is_valid_at(at("2026-12-31T23:59:01"))
        );
        assert!(other.is_valid_at(at("2026-01-01T00:00:00")), "both limits are inclusive");
        assert!(!other.is_valid_at(at("2025-12-31T23:59:00")));
        assert_eq!(other.key, "ssh-ed25519 BBBB");
    }

    #[test]
    fn an_exclusion_denies_only_the_principals_that_it_matches() {
        let allows = |principals: &str, name: &str| {
            read(&format!("\"{principals}\" ssh-ed25519 AAAA\n")).signers[0].is_principal(name)
        };
        assert!(allows("mira@example.org,!*@evil.example", "mira"));
        assert!(allows("mira,!*@evil.example", "mira"));
        assert!(allows("mira@evil.example,mira@example.org,!*@evil.example", "mira"));
        for principals in [
            "mira@evil.example,!*@evil.example",
            "mira@example.org,!mira@*",
            "mira@example.org,!mira",
            "mira,!m*",
            "*,!mira@*",
            "!*@evil.example",
        ] {
            assert!(!allows(principals, "mira"), "{principals}");
        }
    }

    #[test]
    fn lines_that_openssh_refuses_allow_no_key() {
        for options in [
            "valid-after=20260101",
            "namespaces=git",
            "namespaces=\"git\",namespaces=\"countersign\"",
            "cert-authority=\"no\"",
            "valid-before=\"20260101ZZ\"",
            "namespaces=\"a\"b\"",
        ] {
            let all = read(&format!("mira {options} ssh-ed25519 AAAA\n"));
            assert_eq!((all.signers.len(), all.faults.len()), (0, 1), "{options}");
        }
        assert_eq!(read("\"mira\",anna ssh-ed25519 AAAA\n").signers.len(), 0);
        let all = read("mira namespaces=\"!countersign,*\" ssh-ed25519 AAAA\n");
        assert!(
            all.signers
                .iter()
                .all(|signer| !signer.allows_namespace("countersign") && signer.allows_namespace("git"))
        );
    }

    #[test]
    fn patterns_have_stars_and_question_marks() {
        assert!(fnmatch("a*c?", "abbcd") && fnmatch("*", "") && !fnmatch("a", "ab") && !fnmatch("?", ""));
    }
}
