//! User-facing text is plain technical English: rules, help, messages and
//! documents hold none of the words that this project gave up, and sentences of
//! documents have at most 30 words.

use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};
use regex::Regex;

use crate::support::{files_below, project};

/// The most words of a sentence in a document; tables and code do not count.
const MAX_WORDS: usize = 30;

/// Words and phrases that have a standard word, as regular expressions, and
/// what to write instead.
const AVOIDED: [(&str, &str); 34] = [
    (r"\bmend(s|ed|ing|able)?\b", "fix"),
    (r"\bdeceits?\b", "bypass case"),
    (r"\bcanar(y|ies)\b", "self-test case"),
    (r"\bhonest twins?\b", "control case"),
    (r"\bnobody\b", "name the actor"),
    (r"\bsomebody\b", "name the actor"),
    (r"\bwhoever\b", "name the actor"),
    (r"\banybody\b", "anyone, or name the actor"),
    (r"\b(is|are|was|were) told\b", "is reported"),
    (r"\btells\b", "reports, shows"),
    (r"\bspeaks?\b", "disagrees, names"),
    (r"\bexcuse[sd]?\b", "suppress, exempt"),
    (r"\bstands? (in|on|under|there|at|behind|for|before|here)\b", "is in"),
    (r"\blies (in|on|at|under|there|outside|below|where|before)\b", "is in"),
    (r"\bwhat (stands|lies)\b", "the text, the file"),
    (r"` is no\b", "is not a; or: invalid …; expected …"),
    (r"\bis none\b", "say what it is"),
    (r"\bthat are none\b", "say what they are"),
    (r"\bback-ticks?\b", "backtick"),
    (r"\bback-slash(es)?\b", "backslash"),
    (r"\bblanks\b", "whitespace, spaces"),
    (r"\b(same|separate|own|whose|other|two) hands?\b", "the same person, separation of duties"),
    (r"\bdossiers?\b", "related documents"),
    (r"\bdesk\b", "workspace"),
    (r"\brooms?\b", "module"),
    (r"\bthe house\b", "crate"),
    (r"\bdoors?\b", "I/O boundary"),
    (r"\bput right\b", "fix"),
    (r"\bof its own accord\b", "automatically"),
    (r"\bwith a word about\b", "say what"),
    (r"\bsays no word\b", "does not mention"),
    (r"\bno word about\b", "does not mention"),
    (r"\btold apart\b", "distinguished"),
    (r"\bkept apart\b", "separated"),
];

/// Text that quotes one of these words on purpose, and why.
const ALLOWED: [(&str, &str); 1] = [("disregard what you were told", "an instruction that a rule looks for")];

struct Avoided(Vec<(Regex, &'static str)>);

impl Avoided {
    fn new() -> Self {
        let compile = |(pattern, instead): &(&str, &'static str)| {
            (Regex::new(&format!("(?i){pattern}")).expect("pattern"), *instead)
        };
        Self(AVOIDED.iter().map(compile).collect())
    }

    /// Uses of avoided words in a text, as `where: word (instead)`.
    fn find(&self, place: &str, text: &str) -> Vec<String> {
        let mut text = text.to_owned();
        for (allowed, _) in ALLOWED {
            text = text.replace(allowed, "");
        }
        let hits = self.0.iter().filter_map(|(pattern, instead)| Some((pattern.find(&text)?, instead)));
        hits.map(|(hit, instead)| {
            let around: String = text.chars().take(160).collect();
            format!("{place}: `{}` (write: {instead}) in: {}", hit.as_str(), around.replace('\n', " "))
        })
        .collect()
    }
}

/// Markdown documents written for readers.
fn documents() -> Vec<(String, String)> {
    let root = project();
    let mut paths: Vec<_> = files_below(&root.join("docs"));
    paths.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(|name| root.join(name)));
    paths.sort();
    let paths = paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"));
    paths
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below").display().to_string();
            (name, std::fs::read_to_string(path).expect("document"))
        })
        .collect()
}

/// The prose of a Markdown text, a paragraph or list item each, without code,
/// tables, headings and comments.
fn paragraphs(text: &str) -> Vec<String> {
    let code = Regex::new(r"`[^`]*`").expect("pattern");
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").expect("pattern");
    let item = Regex::new(r"^\s*(?:[-*+]|\d+\.)\s").expect("pattern");
    let (mut out, mut current, mut fenced) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") {
            fenced = !fenced;
        }
        let is_apart = fenced || ["```", "|", "#", "<!--"].iter().any(|start| trimmed.starts_with(start));
        if is_apart || trimmed.is_empty() || item.is_match(line) {
            out.push(std::mem::take(&mut current));
        }
        if !is_apart {
            current.push_str(trimmed);
            current.push(' ');
        }
    }
    out.push(current);
    let plain = |text: String| link.replace_all(&code.replace_all(&text, "code"), "$1").into_owned();
    out.into_iter().map(plain).filter(|text| !text.trim().is_empty()).collect()
}

fn sentences(paragraph: &str) -> Vec<String> {
    let end = Regex::new(r"[.!?][)*_\x22]*\s").expect("pattern");
    let (mut out, mut from) = (Vec::new(), 0);
    for found in end.find_iter(paragraph) {
        out.push(paragraph[from..found.end()].trim().to_owned());
        from = found.end();
    }
    out.push(paragraph[from..].trim().to_owned());
    out
}

/// String literals of the program that are sentences or parts of one.
fn messages() -> Vec<(String, String)> {
    let root = project();
    let mut out = Vec::new();
    for path in files_below(&root.join("src")) {
        let name = path.strip_prefix(&root).expect("below").display().to_string();
        if path.extension().is_none_or(|end| end != "rs")
            || name.contains("/tests")
            || name.ends_with("fuzzing.rs")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("source");
        let tests = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
        let mut at = 0;
        for token in tokenize(&text, FrontmatterAllowed::No) {
            let raw = &text[at..at + token.len as usize];
            let is_string = matches!(
                token.kind,
                TokenKind::Literal { kind: LiteralKind::Str { .. } | LiteralKind::RawStr { .. }, .. }
            );
            let has_words = raw.split(' ').filter(|word| word.chars().any(char::is_lowercase)).count() > 2;
            if is_string && has_words && at < tests {
                let line = text[..at].lines().count();
                out.push((format!("{name}:{line}"), raw.replace("\\\n", " ")));
            }
            at += token.len as usize;
        }
    }
    out
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn rules_use_standard_words() {
    let (root, avoided) = (project(), Avoided::new());
    let files = files_below(&root.join("rules")).into_iter().filter(|path| {
        path.extension().is_some_and(|end| end == "yaml") && !path.to_string_lossy().contains("templates")
    });
    let text_keys = ["summary:", "why:", "remedy:", "message:", "text:", "title:"];
    let found: Vec<String> = files
        .flat_map(|path| {
            let name = path.strip_prefix(&root).expect("below").display().to_string();
            let text = std::fs::read_to_string(&path).expect("rule");
            // Examples and patterns are data; texts are folded scalars.
            let mut keep = false;
            let prose: String = text
                .lines()
                .filter(|line| {
                    let trimmed = line.trim_start().trim_start_matches("- ");
                    if !line.starts_with("    ") && trimmed.contains(':') {
                        keep = text_keys.iter().any(|key| trimmed.starts_with(key));
                    }
                    keep
                })
                .collect::<Vec<_>>()
                .join(" ");
            avoided.find(&name, &prose)
        })
        .collect();
    assert_none(&found);
}

#[test]
fn messages_use_standard_words() {
    let avoided = Avoided::new();
    let found: Vec<String> = messages().iter().flat_map(|(place, text)| avoided.find(place, text)).collect();
    assert_none(&found);
}

#[test]
fn help_uses_standard_words_and_imperatives() {
    let avoided = Avoided::new();
    let help = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(arguments)
            .output()
            .expect("help");
        String::from_utf8(output.stdout).expect("text")
    };
    let overview = help(&["--help"]);
    let mut found = avoided.find("--help", &overview);
    let commands = overview.lines().filter_map(|line| {
        let line =
            line.strip_prefix("  ").filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))?;
        line.split("  ").next()
    });
    let commands: Vec<&str> = commands.map(str::trim).filter(|name| !name.contains(' ')).collect();
    assert!(commands.len() > 30, "{overview}");
    for command in commands {
        let text = help(&[command, "--help"]);
        assert!(text.contains("Usage: countersign"), "{command}: {text}");
        found.extend(avoided.find(command, &text));
    }
    assert_none(&found);
}

#[test]
fn documents_use_standard_words() {
    let avoided = Avoided::new();
    let found: Vec<String> = documents()
        .iter()
        .flat_map(|(name, text)| {
            paragraphs(text).iter().flat_map(|paragraph| avoided.find(name, paragraph)).collect::<Vec<_>>()
        })
        .collect();
    assert_none(&found);
}

#[test]
fn sentences_of_documents_are_short() {
    let mut found = Vec::new();
    for (name, text) in documents() {
        for sentence in paragraphs(&text).iter().flat_map(|paragraph| sentences(paragraph)) {
            let words =
                sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
            if words > MAX_WORDS {
                found.push(format!("{name}: {words} words: {sentence}"));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn the_test_sees_what_it_looks_for() {
    let avoided = Avoided::new();
    assert_eq!(avoided.find("x", "`bogus` is no level").len(), 1);
    assert!(avoided.find("x", "a fix is offered; the background stays").is_empty());
    assert_eq!(sentences("One. Two (three). Four").len(), 3);
    let text = "# A b\n\nOne two.\n- three\n- four\n\n```text\nmend\n```\n| mend |\n";
    assert_eq!(paragraphs(text).len(), 3);
}
