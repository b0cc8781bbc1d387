//! Keys that may sign, in OpenSSH's format `allowed_signers`
//! (`principals [options] type base64 [comment]`, see `ssh-keygen(1)`).

use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use crate::text::{Source, Span, fnmatch};

use super::Fault;

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
            let line = source.slice(span).trim_start_matches('\u{feff}').trim();
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

/// Prefixes of key types. The first field with one of them ends the options.
const KEY_TYPE_PREFIXES: [&str; 4] = ["ssh-", "sk-ssh-", "ecdsa-", "sk-ecdsa-"];

fn parse_signer(line: &str, span: Span) -> Result<AllowedSigner, String> {
    let fields = split_fields(line)?;
    let (principals, rest) = fields.split_first().ok_or("the line is empty")?;
    let bare = if principals.starts_with('"') { unquote(principals)? } else { principals.as_str() };
    if bare.contains('"') {
        return Err("one pair of quotes must enclose all principals".to_owned());
    }
    let principals: Vec<String> = bare.split(',').map(|p| p.trim().to_owned()).collect();
    if principals.iter().any(|principal| principal.trim_start_matches('!').is_empty()) {
        return Err("a principal is empty; expected a name or pattern".to_owned());
    }
    let is_key_type = |field: &String| KEY_TYPE_PREFIXES.iter().any(|prefix| field.starts_with(prefix));
    let at = rest
        .iter()
        .position(is_key_type)
        .filter(|at| *at <= 1)
        .ok_or("expected a key type after the principals")?;
    let (Some(key_type), Some(base64)) = (rest.get(at), rest.get(at + 1)) else {
        return Err("expected a base64 key after the key type".to_owned());
    };
    let mut out = AllowedSigner {
        principals,
        namespaces: None,
        valid_after: None,
        valid_before: None,
        is_authority: false,
        key: format!("{key_type} {base64}"),
        span,
    };
    if let Some(options) = rest.first().filter(|_| at == 1) {
        let mut seen: Vec<String> = Vec::new();
        for option in split_options(options) {
            let name = out.apply_option(&option)?;
            if seen.contains(&name) {
                return Err(format!("the option `{name}` is given twice"));
            }
            seen.push(name);
        }
    }
    Ok(out)
}

/// Returns the text inside a pair of quotes, as ssh-keygen requires it.
fn unquote(text: &str) -> Result<&str, String> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains(['"', '\\'])).ok_or_else(|| {
        format!("`{}` must be in one pair of double quotes", crate::text::to_single_line(text, 60))
    })
}

impl AllowedSigner {
    /// Applies an option and returns its name.
    fn apply_option(&mut self, option: &str) -> Result<String, String> {
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let name = name.to_lowercase();
        let value = || unquote(value.unwrap_or_default());
        match name.as_str() {
            "cert-authority" if !option.contains('=') => self.is_authority = true,
            "namespaces" => {
                self.namespaces = Some(value()?.split(',').map(|n| n.trim().to_owned()).collect());
            }
            "valid-after" => self.valid_after = Some(parse_timestamp(value()?)?),
            "valid-before" => self.valid_before = Some(parse_timestamp(value()?)?),
            _ => {
                return Err(format!(
                    "unknown option `{}`; expected cert-authority, namespaces, valid-after or valid-before",
                    crate::text::to_single_line(option, 40)
                ));
            }
        }
        Ok(name)
    }
}

/// Reads a time: `YYYYMMDD[HHMM[SS]][Z]`. The suffix `Z` makes no difference; see
/// [`AllowedSigner::is_valid_at`].
fn parse_timestamp(text: &str) -> Result<DateTime, String> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let time = match digits.len() {
        // Digits only: `strptime` alone would also read signs and spaces.
        _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => None,
        8 => Date::strptime("%Y%m%d", digits).ok().map(DateTime::from),
        12 => DateTime::strptime("%Y%m%d%H%M", digits).ok(),
        14 => DateTime::strptime("%Y%m%d%H%M%S", digits).ok(),
        _ => None,
    };
    time.ok_or_else(|| {
        let shown = crate::text::to_single_line(text, 40);
        format!("invalid time `{shown}`; expected YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS")
    })
}

/// Splits a line into fields; whitespace inside quotes does not separate them.
fn split_fields(line: &str) -> Result<Vec<String>, String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                out.last_mut().into_iter().for_each(|field| field.push(c));
            }
            ' ' | '\t' if !quoted => {
                if out.last().is_some_and(|field| !field.is_empty()) {
                    out.push(String::new());
                }
            }
            c => out.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    out.retain(|field| !field.is_empty());
    if quoted { Err("a quote is not closed; expected `\"`".to_owned()) } else { Ok(out) }
}

fn split_options(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            ',' if !quoted => out.push(String::new()),
            c => {
                quoted ^= c == '"';
                out.last_mut().into_iter().for_each(|option| option.push(c));
            }
        }
    }
    out
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
