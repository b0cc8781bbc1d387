//! Compares the Rust lexer with the lexer of rustc, over the sources of this project and
//! (if it exists) a part of cargo's registry.
#![expect(clippy::disallowed_methods, clippy::string_slice, reason = "the test reads source files itself")]

use std::path::{Path, PathBuf};

use ra_ap_rustc_lexer::{DocStyle, FrontmatterAllowed, LiteralKind, TokenKind as RustcKind};

use crate::scan::Language;
use crate::scan::lexer::tokenize;
use crate::scan::test_code::test_ranges;
use crate::scan::token_map::{TokenKind, TokenKindSet};
use crate::test_support::{files_below, project};

/// Returns rustc's token kind of every byte: `c` comment, `d` documentation, `s` inside a
/// literal, `.` anything else. `None` if rustc reports an error.
fn rustc_tokens(text: &str) -> Option<Vec<u8>> {
    let mut out = vec![b'.'; text.len()];
    let mut at = ra_ap_rustc_lexer::strip_shebang(text).unwrap_or(0);
    out[..at].fill(b'c');
    for token in ra_ap_rustc_lexer::tokenize(&text[at..], FrontmatterAllowed::No) {
        let end = at + token.len as usize;
        let raw = &text[at..end];
        match token.kind {
            RustcKind::LineComment { doc_style }
            | RustcKind::BlockComment { doc_style, terminated: true } => {
                let doc = matches!(doc_style, Some(DocStyle::Inner | DocStyle::Outer));
                out[at..end].fill(if doc { b'd' } else { b'c' });
            }
            RustcKind::Literal { kind, suffix_start } => {
                let body = &raw[..suffix_start as usize];
                let quote = match kind {
                    LiteralKind::Char { terminated: true } | LiteralKind::Byte { terminated: true } => '\'',
                    LiteralKind::Str { terminated: true }
                    | LiteralKind::ByteStr { terminated: true }
                    | LiteralKind::CStr { terminated: true }
                    | LiteralKind::RawStr { n_hashes: Some(_) }
                    | LiteralKind::RawByteStr { n_hashes: Some(_) }
                    | LiteralKind::RawCStr { n_hashes: Some(_) } => '"',
                    LiteralKind::Int { .. } | LiteralKind::Float { .. } => {
                        at = end;
                        continue;
                    }
                    _ => return None,
                };
                let (first, last) = (body.find(quote)?, body.rfind(quote)?);
                out[at + first + 1..at + last].fill(b's');
            }
            RustcKind::BlockComment { .. }
            | RustcKind::Unknown
            | RustcKind::UnknownPrefix
            | RustcKind::InvalidIdent
            | RustcKind::Frontmatter { .. } => return None,
            _ => {}
        }
        at = end;
    }
    Some(out)
}

fn own_tokens(text: &str) -> Vec<u8> {
    let mut out = vec![b'.'; text.len()];
    for (range, kind) in tokenize(Language::Rust, text.as_bytes()).iter() {
        out[range].fill(match kind {
            TokenKind::Comment => b'c',
            TokenKind::Doc => b'd',
            TokenKind::Str => b's',
            TokenKind::Code | TokenKind::Text => b'.',
        });
    }
    out
}

/// Returns the first line on which both lexers differ; `None` if they agree.
fn find_difference(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let (theirs, ours) = (rustc_tokens(&text)?, own_tokens(&text));
    let at = theirs.iter().zip(&ours).position(|(a, b)| a != b)?;
    let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
    let shown = |all: &[u8]| String::from_utf8_lossy(&all[start..end]).into_owned();
    Some(format!(
        "{}\n{}\n{} (rustc)\n{} (ours)",
        file.display(),
        &text[start..end],
        shown(&theirs),
        shown(&ours)
    ))
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

#[test]
fn our_rust_lexer_agrees_with_rustc() {
    let mut files: Vec<PathBuf> = ["src", "tests", "benches"]
        .iter()
        .flat_map(|folder| files_below(&project().join(folder)))
        .filter(|path| is_rust(path))
        .collect();
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.map(|home| home.join("registry/src")).filter(|folder| folder.is_dir());
    match registry {
        Some(folder) => {
            let all: Vec<PathBuf> = files_below(&folder).into_iter().filter(|path| is_rust(path)).collect();
            // All files take a minute in a debug build; LEXER_ALL=1 selects them.
            let step = if std::env::var_os("LEXER_ALL").is_some() { 1 } else { (all.len() / 400).max(1) };
            files.extend(all.into_iter().step_by(step));
        }
        None => println!("partly skipped: there is no cargo registry"),
    }
    println!("{} files compared", files.len());
    let differences: Vec<String> = files.iter().filter_map(|file| find_difference(file)).take(20).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn hostile_text_is_read_in_linear_time() {
    let units = [
        (Language::Tsx, "=<A<A"),
        (Language::Tsx, "=<A<b "),
        (Language::Tsx, "=<a>("),
        (Language::Tsx, "<a b={`${"),
        (Language::TypeScript, "=/["),
        (Language::TypeScript, "`${"),
        (Language::JavaScript, "a(/("),
        (Language::Markdown, "<!--\nx\n"),
        (Language::Markdown, "> "),
        (Language::Markdown, "`a"),
        (Language::Yaml, "- |x"),
        (Language::Yaml, "[|"),
        (Language::Yaml, "a: |\n"),
        (Language::Yaml, "!a "),
        (Language::Sql, "$$;"),
        (Language::Sql, "as $a$ "),
        (Language::Sql, "COPY a FROM stdin;\n"),
        (Language::Sql, "/* "),
        (Language::Python, "f'{"),
        (Language::Python, "f'''{a:"),
        (Language::Python, "rb'\\"),
        (Language::Shell, "\"$("),
        (Language::Shell, "${a:-"),
        (Language::Shell, "<<a\n"),
        (Language::Shell, "`#"),
        (Language::Rust, "r#\""),
        (Language::Rust, "/* "),
        (Language::Rust, "'a"),
        (Language::Go, "`\""),
        (Language::Toml, "'''a\n"),
    ];
    for (language, unit) in units {
        let text = unit.repeat(600_000 / unit.len());
        let start = std::time::Instant::now();
        let found = tokenize(language, text.as_bytes());
        let code = found.masked_text(text.as_bytes(), TokenKindSet::ANY);
        let tests = test_ranges(language, &code, &found, None);
        let took = start.elapsed();
        assert!(took.as_secs() < 8, "{language:?} {unit:?} took {took:?}; {} tests", tests.len());
        assert_eq!(found.end(), text.len());
    }
}
