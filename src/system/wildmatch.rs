//! Patterns of `.gitignore` and `.gitattributes`, matched as git matches them
//! (`gitignore(5)`; git's own rules for `*`, `**`, `?`, brackets and backslashes).
//!
//! Names are bytes. Work is counted: a pattern that would take too many steps matches
//! nothing, so it exempts nothing.

use crate::change::RepositoryError;

/// Maximum number of steps of one match.
const MAX_STEPS: u32 = 100_000;
/// Maximum depth of stars that are tried inside each other.
const MAX_DEPTH: u32 = 500;

/// How a match ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Match,
    NoMatch,
    /// No longer text can match either.
    AbortAll,
    /// Only a `**` further left can still match.
    AbortToStarStar,
}

/// State of one match.
struct Matcher {
    /// Whether `*`, `?` and brackets stop at `/`.
    stops_at_slash: bool,
    steps: u32,
}

/// Maximum number of steps of all matches of one walk over the files.
const MAX_STEPS_OF_WALK: u64 = 100_000_000;

thread_local! {
    /// Steps of the matches of this thread since the last start.
    static STEPS_OF_WALK: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Starts to count the steps of all matches of this thread.
pub(crate) fn start_walk() {
    STEPS_OF_WALK.set(0);
}

fn is_walk_too_long() -> bool {
    STEPS_OF_WALK.get() > MAX_STEPS_OF_WALK
}

/// Fails if the matches since the start took too many steps: their results are wrong then.
///
/// # Errors
/// There were more steps than the limit.
pub(crate) fn check_walk() -> Result<(), RepositoryError> {
    if is_walk_too_long() {
        let what = "the patterns of ignore and attribute files";
        return Err(RepositoryError::TooManyComparisons { what, limit: MAX_STEPS_OF_WALK });
    }
    Ok(())
}

/// Returns whether a pattern matches a whole text. With `stops_at_slash`, only `**`
/// matches a slash.
pub(crate) fn matches_wildcards(pattern: &[u8], text: &[u8], stops_at_slash: bool) -> bool {
    if is_walk_too_long() {
        return false;
    }
    let mut matcher = Matcher { stops_at_slash, steps: 0 };
    let outcome = matcher.run(pattern, 0, text, 0);
    STEPS_OF_WALK.set(STEPS_OF_WALK.get() + u64::from(matcher.steps));
    outcome == Outcome::Match
}

/// Returns whether a byte has a meaning in patterns.
pub(crate) fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\')
}

/// Returns a byte; 0 after the end. Neither patterns nor names contain a NUL byte.
fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

impl Matcher {
    /// Matches from `start` in the pattern and from `text[t..]`; `depth` counts the stars.
    fn run(&mut self, pattern: &[u8], depth: u32, text: &[u8], mut t: usize) -> Outcome {
        self.run_from(pattern, 0, depth, text, &mut t)
    }

    fn run_from(&mut self, pattern: &[u8], mut p: usize, depth: u32, text: &[u8], t: &mut usize) -> Outcome {
        while p < pattern.len() {
            self.steps += 1;
            if self.steps > MAX_STEPS || depth > MAX_DEPTH {
                return Outcome::AbortAll;
            }
            let (pattern_byte, text_byte) = (at(pattern, p), at(text, *t));
            if text_byte == 0 && pattern_byte != b'*' {
                return Outcome::AbortAll;
            }
            match pattern_byte {
                b'?' if self.stops_at_slash && text_byte == b'/' => return Outcome::NoMatch,
                b'?' => {}
                b'*' => match self.match_star(pattern, &mut p, depth, text, t) {
                    // `*/`: the slash is matched next.
                    None => {}
                    Some(outcome) => return outcome,
                },
                b'[' => match self.match_set(pattern, &mut p, text_byte) {
                    None => {}
                    Some(outcome) => return outcome,
                },
                mut byte => {
                    if byte == b'\\' {
                        p += 1;
                        byte = at(pattern, p);
                    }
                    if text_byte != byte {
                        return Outcome::NoMatch;
                    }
                }
            }
            p += 1;
            *t += 1;
        }
        if *t < text.len() { Outcome::NoMatch } else { Outcome::Match }
    }

    /// Matches from a star at `p`. `None` if it was `*/`: `p` and `t` are then at the
    /// slash.
    fn match_star(
        &mut self,
        pattern: &[u8],
        p: &mut usize,
        depth: u32,
        text: &[u8],
        t: &mut usize,
    ) -> Option<Outcome> {
        let star = *p;
        while at(pattern, *p) == b'*' {
            *p += 1;
        }
        let mut crosses_slash = !self.stops_at_slash;
        if *p - star > 1 && self.stops_at_slash {
            let starts_name = star == 0 || at(pattern, star - 1) == b'/';
            let next = at(pattern, *p);
            let ends_name = next == 0 || next == b'/' || (next == b'\\' && at(pattern, *p + 1) == b'/');
            if starts_name && ends_name {
                // `**/` also matches no folder at all.
                if next == b'/' {
                    let mut from = *t;
                    if self.run_from(pattern, *p + 1, depth + 1, text, &mut from) == Outcome::Match {
                        return Some(Outcome::Match);
                    }
                }
                crosses_slash = true;
            }
        }
        let rest = text.get(*t..).unwrap_or_default();
        if *p >= pattern.len() {
            let is_inside = crosses_slash || !rest.contains(&b'/');
            return Some(if is_inside { Outcome::Match } else { Outcome::AbortToStarStar });
        }
        if !crosses_slash && at(pattern, *p) == b'/' {
            let Some(slash) = rest.iter().position(|byte| *byte == b'/') else {
                return Some(Outcome::AbortAll);
            };
            *t += slash;
            return None;
        }
        Some(self.try_positions(pattern, *p, depth, text, *t, crosses_slash))
    }

    /// Tries to match the pattern after a star at every position of the text.
    fn try_positions(
        &mut self,
        pattern: &[u8],
        p: usize,
        depth: u32,
        text: &[u8],
        mut t: usize,
        crosses_slash: bool,
    ) -> Outcome {
        let next = at(pattern, p);
        while t < text.len() {
            if !is_special(next) {
                while t < text.len() && at(text, t) != next && (crosses_slash || at(text, t) != b'/') {
                    self.steps += 1;
                    t += 1;
                }
                if at(text, t) != next {
                    return if crosses_slash { Outcome::AbortAll } else { Outcome::AbortToStarStar };
                }
            }
            let mut from = t;
            match self.run_from(pattern, p, depth + 1, text, &mut from) {
                Outcome::NoMatch if !crosses_slash && at(text, t) == b'/' => return Outcome::AbortToStarStar,
                Outcome::NoMatch => {}
                Outcome::AbortToStarStar if crosses_slash => {}
                outcome => return outcome,
            }
            t += 1;
        }
        Outcome::AbortAll
    }

    /// Matches a set in brackets at `p`, and moves `p` to its `]`. `None` if it matches.
    fn match_set(&self, pattern: &[u8], p: &mut usize, text_byte: u8) -> Option<Outcome> {
        *p += 1;
        let mut byte = at(pattern, *p);
        let is_negated = matches!(byte, b'^' | b'!');
        if is_negated {
            *p += 1;
            byte = at(pattern, *p);
        }
        let (mut previous, mut is_matched) = (0, false);
        loop {
            if byte == 0 {
                return Some(Outcome::AbortAll);
            }
            let following = at(pattern, *p + 1);
            if byte == b'\\' {
                *p += 1;
                byte = at(pattern, *p);
                if byte == 0 {
                    return Some(Outcome::AbortAll);
                }
                is_matched |= text_byte == byte;
            } else if byte == b'-' && previous != 0 && following != 0 && following != b']' {
                *p += 1;
                byte = at(pattern, *p);
                if byte == b'\\' {
                    *p += 1;
                    byte = at(pattern, *p);
                    if byte == 0 {
                        return Some(Outcome::AbortAll);
                    }
                }
                is_matched |= (previous..=byte).contains(&text_byte);
                byte = 0;
            } else if byte == b'[' && following == b':' {
                let start = *p + 2;
                let end = pattern.get(start..)?.iter().position(|byte| *byte == b']');
                let Some(end) = end.map(|length| start + length) else { return Some(Outcome::AbortAll) };
                match pattern.get(start..end).and_then(|name| name.strip_suffix(b":")) {
                    Some(class) => {
                        let Some(is_in_class) = class_contains(class, text_byte) else {
                            return Some(Outcome::AbortAll);
                        };
                        is_matched |= is_in_class;
                        *p = end;
                        byte = 0;
                    }
                    // Without `:]`, the bracket is a byte of the set.
                    None => is_matched |= text_byte == b'[',
                }
            } else {
                is_matched |= text_byte == byte;
            }
            previous = byte;
            *p += 1;
            byte = at(pattern, *p);
            if byte == b']' {
                break;
            }
        }
        let fails = is_matched == is_negated || (self.stops_at_slash && text_byte == b'/');
        fails.then_some(Outcome::NoMatch)
    }
}

/// Returns whether a class such as `[:alpha:]` contains a byte; `None` for an unknown
/// class.
fn class_contains(class: &[u8], byte: u8) -> Option<bool> {
    Some(match class {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// A pattern of an ignore or attributes file.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern {
    /// Without a leading `!`, a leading `/` and a trailing `/`.
    bytes: Vec<u8>,
    /// Whether it started with `!`.
    pub is_negated: bool,
    /// Whether it ended with `/`.
    pub only_folders: bool,
    /// Whether it has no slash: it then matches the last name of a path.
    is_name: bool,
    form: Form,
}

/// Forms that need no search for wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Literal,
    /// A star and a literal.
    Suffix,
    /// Length of the literal start.
    Wildcards(usize),
}

impl PathPattern {
    /// Reads a pattern; the file is in the folder to which paths are relative.
    pub(crate) fn parse(pattern: &[u8]) -> Self {
        let (is_negated, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (only_folders, body) = match pattern.strip_suffix(b"/") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let is_name = !body.contains(&b'/');
        let body = body.strip_prefix(b"/").filter(|_| !is_name).unwrap_or(body);
        let literal = body.iter().position(|byte| is_special(*byte));
        let form = match (literal, body.split_first()) {
            (None, _) => Form::Literal,
            (Some(0), Some((b'*', rest))) if !rest.iter().any(|byte| is_special(*byte)) && is_name => {
                Form::Suffix
            }
            (Some(length), _) => Form::Wildcards(length),
        };
        Self { bytes: body.to_vec(), is_negated, only_folders, is_name, form }
    }

    /// Returns whether the pattern matches a path that is relative to its folder.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        STEPS_OF_WALK.set(STEPS_OF_WALK.get() + 1);
        let text = if self.is_name { path.rsplit(|byte| *byte == b'/').next().unwrap_or(path) } else { path };
        match self.form {
            Form::Literal => self.bytes == text,
            Form::Suffix => text.ends_with(self.bytes.get(1..).unwrap_or_default()),
            Form::Wildcards(literal) => {
                text.get(..literal) == self.bytes.get(..literal)
                    && matches_wildcards(
                        self.bytes.get(literal..).unwrap_or_default(),
                        text.get(literal..).unwrap_or_default(),
                        !self.is_name,
                    )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_take_too_many_steps_match_nothing() {
        let pattern = "**/*a*".repeat(200);
        let text = "a/".repeat(2_000);
        let start = std::time::Instant::now();
        assert!(!matches_wildcards(pattern.as_bytes(), text.as_bytes(), true));
        assert!(start.elapsed() < std::time::Duration::from_secs(2));
    }

    #[test]
    fn forms_of_patterns() {
        let matches =
            |pattern: &str, path: &str| PathPattern::parse(pattern.as_bytes()).matches(path.as_bytes());
        assert!(matches("*.txt", "a/b.txt") && !matches("/*.txt", "a/b.txt") && matches("/*.txt", "b.txt"));
        assert!(matches("a/**/b", "a/b") && matches("a/**/b", "a/x/y/b") && !matches("a/*/b", "a/x/y/b"));
        assert!(matches("[[:alpha:]-]x", "-x") && matches("[!a-c]x", "dx") && !matches("[!a-c]x", "bx"));
        assert!(matches("\\*x", "*x") && !matches("\\*x", "ax") && !matches("a[", "a["));
    }
}
