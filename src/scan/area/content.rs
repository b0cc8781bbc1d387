//! What the content of a file says about its purpose: marks of generated code, and
//! imports that only tests have.

use std::cell::LazyCell;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::scan::language::Language;

use super::generated;
use crate::scan::area_kind::AreaKind;
use crate::scan::lexer::tokenize;
use crate::scan::token_map::{TokenKind, TokenKindSet};

/// Number of bytes at the begin of a file in which comments and imports are read.
pub(super) const HEADER_BYTES: usize = 4096;
/// Number of bytes at the end of a file in which the link to a source map counts.
const FOOTER_BYTES: usize = 400;

/// Longer files of code were written by a tool.
const MAX_WRITTEN_LINES: usize = 20_000;
/// Average length of the lines of a minified script in bytes.
const MINIFIED_LINE_BYTES: usize = 400;
/// Shorter scripts are not called minified, in bytes.
const MIN_MINIFIED_BYTES: usize = 4_000;
/// Minimum size of a minified script of a single line.
const MIN_LINE_BYTES: usize = 1_000;

/// Number of bytes at the begin of a script in which the mark of a bundle counts.
const BUNDLE_BYTES: usize = 400;
/// What tools write at the begin of a bundle.
const BUNDLE_MARKS: [&[u8]; 3] =
    [b"(function(){function r(e,n,t){", b"// webpackBootstrap", b"/******/ (function(modules)"];

/// Compiles a pattern; `None` never happens for the constant patterns of this file.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(&format!("(?-u){text}")).ok()
}

static GO_TEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?m)\*testing\.[TBMF]\b|\btesting\.TB\b"));
static GO_TEST_IMPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"(?m)^[ \t]*(?:import[ \t]+)?(?:\w+[ \t]+)?"testing"[ \t]*\r?$"#));
static GO_IGNORED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?m)^//(?:go:build|[ \t]*\+build)[ \t]+(?:ignore|tools?|generate|gen|codegen|docs|man|gofuzz|wireinject)[ \t]*\r?$",
    )
});
static SCRIPT_TEST_IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?m)^[ \t]*(?:import\b[ \t]*(?:\{[^}]*\}|[\w$*, \t{}]*?)[ \t]*(?:\bfrom[ \t]*)?|(?:const|let|var)\b[^;=\n]*=[ \t]*require[ \t]*\([ \t]*)",
        r#"["'](?P<name>vitest|bun:test|@jest/globals|jest-mock|@testing-library/[\w-]+|node:test|@playwright/test|sinon|enzyme|supertest|cypress|mocha|ava)["']"#,
    ))
});
static SCRIPT_DOUBLES: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"(?m)(?:^|[^\w.$"'`/])(?:vi|jest)\.(?:fn|mock)\b"#));
static SCRIPT_DESCRIBE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?m)^describe(?:\.\w+)*[ \t]*\("));
static SCRIPT_OWN_DESCRIBE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"\b(?:function|const|let|var)[ \t]+describe\b|\bimport\b[^;]*\bdescribe\b|\bdescribe\b[^;()]*=[ \t]*require",
    )
});
static TEST_FRAMEWORK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"vitest|bun:test|jest/globals|jest-mock|testing-library/|node:test|playwright/test|sinon|enzyme|supertest|cypress|mocha|["']ava["']|pytest|unittest|hypothesis|nose|django\.test"#,
    )
});
static PYTHON_TEST_IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?m)^(?:import|from)[ \t]+(?P<name>pytest|unittest|hypothesis|nose|django\.test)\b")
});

/// Returns the area that the content of a file of the product says; `None` if it says
/// nothing. `ships` returns whether users of the file's package get another package
/// with it: then an import of that package is not a sign of test code.
pub(super) fn area_of_content(
    language: Language,
    text: &[u8],
    ships: &dyn Fn(&str) -> bool,
) -> Option<AreaKind> {
    if is_generated(language, text) {
        return Some(AreaKind::Generated);
    }
    let is_match = |regex: &LazyLock<Option<Regex>>, text: &[u8]| {
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    };
    let header = text.get(..HEADER_BYTES.min(text.len())).unwrap_or_default();
    // The input of a test of a highlighter, which begins with the syntax under test.
    let first = header.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if memchr::memmem::find(first, b"SYNTAX TEST \"").is_some() {
        return Some(AreaKind::Fixtures);
    }
    let code = LazyCell::new(|| {
        tokenize(language, header).masked_text(header, TokenKindSet::of(&[TokenKind::Code]))
    });
    let is_code = |at: usize| header.get(at).is_some() && code.get(at) == header.get(at);
    // Most files do not contain the name of any test framework.
    let may_import = || is_match(&TEST_FRAMEWORK, header);
    let imports = |regex: &Option<Regex>| {
        // Types are erased: they say nothing about what runs. A comment or a text that shows an
        // import imports nothing.
        let is_value = |found: &regex::bytes::Captures<'_>| {
            let Some(whole) = found.get(0) else { return false };
            let statement = whole.as_bytes().trim_ascii_start();
            let start = whole.end() - statement.len();
            !statement.starts_with(b"import type") && is_code(start)
        };
        let mut found = regex.iter().flat_map(|regex| regex.captures_iter(header)).filter(is_value);
        found.any(|found| {
            found.name("name").is_some_and(|name| !ships(&String::from_utf8_lossy(name.as_bytes())))
        })
    };
    match language {
        Language::Go => {
            let takes_test = memchr::memmem::find(text, b"testing.").is_some()
                && is_match(&GO_TEST, text)
                && is_match(&GO_TEST_IMPORT, text);
            let is_ignored = memchr::memmem::find(header, b"build ").is_some()
                && header_comments(Language::Go, header).into_iter().any(|line| is_match(&GO_IGNORED, line));
            let makes_doubles = [
                &b"\"github.com/stretchr/testify/mock\""[..],
                b"\"go.uber.org/mock/gomock\"",
                b"\"github.com/golang/mock/gomock\"",
            ]
            .iter()
            .any(|import| memchr::memmem::find(header, import).is_some());
            if takes_test || makes_doubles {
                Some(AreaKind::Tests)
            } else {
                is_ignored.then_some(AreaKind::Tools)
            }
        }
        language if language.is_script() => {
            let makes_doubles = [&b"vi.fn"[..], b"vi.mock", b"jest.fn", b"jest.mock"]
                .iter()
                .any(|call| memchr::memmem::find(header, call).is_some());
            // Tests inside of a file of the product.
            let has_own_tests = memchr::memmem::find(text, b"import.meta.vitest").is_some();
            // A runner of tests makes these names global.
            let describes = memchr::memmem::find(text, b"describe(").is_some()
                && memchr::memmem::find(text, b"expect(").is_some()
                && !has_own_tests
                && describes_at_top_level(language, text);
            let is_test = describes
                || (may_import() && imports(&SCRIPT_TEST_IMPORT))
                || (makes_doubles && !has_own_tests && is_match(&SCRIPT_DOUBLES, &code));
            is_test.then_some(AreaKind::Tests)
        }
        Language::Python => (may_import() && imports(&PYTHON_TEST_IMPORT)).then_some(AreaKind::Tests),
        _ => None,
    }
}

/// Returns whether a script calls `describe` at its top level, and has no such name of its own.
fn describes_at_top_level(language: Language, text: &[u8]) -> bool {
    let code = tokenize(language, text).masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
    let is_match = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(&code));
    is_match(&SCRIPT_DESCRIBE) && !is_match(&SCRIPT_OWN_DESCRIBE)
}

/// Returns whether a Go file is part of a program, and not of a library.
pub(super) fn is_go_program(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).any(|line| line == b"package main")
}

/// Returns whether a file says that a tool wrote it: in the comments at its begin, or
/// with a link to a source map at its end.
fn is_generated(language: Language, text: &[u8]) -> bool {
    let is_javascript = matches!(language, Language::JavaScript | Language::Jsx);
    let footer = text.get(text.len().saturating_sub(FOOTER_BYTES)..).unwrap_or_default();
    if is_javascript && memchr::memmem::find(footer, b"\n//# sourceMappingURL=").is_some() {
        return true;
    }
    // What browserify and webpack write around the modules of a bundle.
    let start = text.get(..BUNDLE_BYTES.min(text.len())).unwrap_or_default();
    let is_bundle = |mark: &&[u8]| memchr::memmem::find(start, mark).is_some();
    if is_javascript && BUNDLE_MARKS.iter().any(is_bundle) {
        return true;
    }
    let newlines = || memchr::memchr_iter(b'\n', text).count();
    // Files of this length come from a tool.
    let written = || text.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii().len() > 1).count();
    if text.len() > MAX_WRITTEN_LINES * 10 && written() > MAX_WRITTEN_LINES {
        return true;
    }
    if is_javascript && text.len() > MIN_MINIFIED_BYTES && newlines() * MINIFIED_LINE_BYTES < text.len() {
        return true;
    }
    if is_javascript && text.len() > MIN_LINE_BYTES && newlines() < 2 {
        return true;
    }
    let header = text.get(..HEADER_BYTES.min(text.len())).unwrap_or_default();
    // Most files do not contain these words at all.
    let says = |words: &[&[u8]]| words.iter().any(|word| memchr::memmem::find(header, word).is_some());
    if !says(&[b"enerated", b"ENERATED", b"this file"]) {
        return false;
    }
    generated::is_marked(&header_comments(language, header))
}

/// Returns the comment lines before the first line of code.
pub(super) fn header_comments(language: Language, header: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut open: Option<&[u8]> = None;
    for whole in header.split(|byte| *byte == b'\n') {
        let line = whole.trim_ascii().strip_prefix(b"\xef\xbb\xbf").unwrap_or(whole.trim_ascii());
        if let Some(end) = open {
            // The indentation shows what is a sample.
            out.push(whole.trim_ascii_end());
            if memchr::memmem::find(line, end).is_some() {
                open = None;
            }
            continue;
        }
        let hash = matches!(
            language,
            Language::Python | Language::Shell | Language::Yaml | Language::Toml | Language::Plain
        );
        let starts = |mark: &[u8]| line.starts_with(mark);
        let block = [(&b"/*"[..], &b"*/"[..]), (b"<!--", b"-->"), (b"\"\"\"", b"\"\"\""), (b"'''", b"'''")];
        let block = block.into_iter().find(|(start, _)| starts(start));
        if let Some((start, end)) = block {
            out.push(line);
            let inner = line.get(start.len()..).unwrap_or_default();
            open = memchr::memmem::find(inner, end).is_none().then_some(end);
        } else if starts(b"//") || (hash && starts(b"#")) || starts(b"--") || starts(b"#!") {
            out.push(line);
        } else if !(line.is_empty() || is_prologue(line)) {
            break;
        }
    }
    out
}

/// Returns whether a line may come before the mark although it is not a comment: inner
/// attributes and directives.
fn is_prologue(line: &[u8]) -> bool {
    line.starts_with(b"#![") || line.starts_with(b"\"use ") || line.starts_with(b"'use ") || line == b"<?php"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(language: Language, text: &str) -> Option<AreaKind> {
        area_of_content(language, text.as_bytes(), &|name| name == "ava")
    }

    #[test]
    fn marks_of_generated_code_count_in_the_first_comment_only() {
        for (language, text) in [
            (Language::Go, "// Code generated by x 1.2; DO NOT EDIT.\n\npackage a\n"),
            (Language::Go, "// Copyright\n\n/*\nCode generated by x. DO NOT EDIT.\n*/\npackage a\n"),
            (Language::Rust, "// This file is @generated by prost-build.\n"),
            (Language::TypeScript, "/* eslint-disable */\n/**\n * AUTO-GENERATED FILE\n */\n"),
            (Language::Python, "#!/usr/bin/env python\n# Generated by the compiler.\n# DO NOT EDIT!\n"),
            (Language::Sql, "-- This file was automatically generated.\n"),
            (Language::JavaScript, "var a=1;\n//# sourceMappingURL=a.js.map"),
            (
                Language::JavaScript,
                "(function(){function r(e,n,t){function o(i,f){}}})()({1:[function(){}]})",
            ),
        ] {
            assert_eq!(area(language, text), Some(AreaKind::Generated), "{text}");
        }
        for (language, text) in [
            (Language::Go, "package a\n\n// Code generated by x; DO NOT EDIT.\n"),
            (Language::Rust, "// The ids are generated by the database.\nfn a() {}\n"),
            (Language::Rust, "// Files with `@generated` are skipped.\n"),
            (Language::TypeScript, "const a = \"// @generated\";\n"),
            (Language::TypeScript, "export const a = 1;\n//# sourceMappingURL=a.js.map"),
        ] {
            assert_eq!(area(language, text), None, "{text}");
        }
    }

    #[test]
    fn a_long_script_of_one_line_is_generated() {
        let line = |names: usize| format!("var {}z;", "a,".repeat(names));
        assert_eq!(area(Language::JavaScript, &line(600)), Some(AreaKind::Generated));
        for text in [line(100), format!("// Tides.\n{}\n", line(600))] {
            assert_eq!(area(Language::JavaScript, &text), None);
        }
        assert_eq!(area(Language::TypeScript, &line(600)), None);
    }

    #[test]
    fn a_script_of_very_many_lines_is_generated() {
        let long = "let a = 1;\n".repeat(20_002);
        assert_eq!(area(Language::JavaScript, &long), Some(AreaKind::Generated));
        assert_eq!(area(Language::JavaScript, long.get(..long.len() / 2).unwrap_or_default()), None);
    }

    #[test]
    fn imports_of_test_frameworks_show_test_code() {
        let go = "package a\n\nimport (\n\t\"testing\"\n)\n\nfunc Set(t *testing.T) {}\n";
        assert_eq!(area(Language::Go, go), Some(AreaKind::Tests));
        assert_eq!(area(Language::Go, &go.replace("t *testing.T", "")), None);
        let double = "package a\n\nimport \"github.com/stretchr/testify/mock\"\n";
        assert_eq!(area(Language::Go, double), Some(AreaKind::Tests));
        assert_eq!(area(Language::Go, "//go:build ignore\n\npackage main\n"), Some(AreaKind::Tools));
        assert_eq!(area(Language::Go, "//go:build generate\n\npackage main\n"), Some(AreaKind::Tools));
        assert_eq!(area(Language::Go, "//go:build !generate\n\npackage main\n"), None);
        assert_eq!(area(Language::Go, "//go:build windows\n\npackage main\n"), None);
        assert_eq!(area(Language::TypeScript, "import { vi } from \"vitest\";\n"), Some(AreaKind::Tests));
        assert_eq!(
            area(Language::TypeScript, "import {\n  a,\n} from '@jest/globals'\n"),
            Some(AreaKind::Tests)
        );
        assert_eq!(area(Language::JavaScript, "const s = require('sinon');\n"), Some(AreaKind::Tests));
        assert_eq!(area(Language::JavaScript, "const s = require('ava');\n"), None);
        assert_eq!(area(Language::TypeScript, "import type { A } from \"vitest\";\n"), None);
        assert_eq!(area(Language::TypeScript, "export const send = vi.fn()\n"), Some(AreaKind::Tests));
        for text in ["export const send = devi.fn()\n", "// vi.fn()\n", "const a = 'vi.fn()';\n"] {
            assert_eq!(area(Language::TypeScript, text), None, "{text}");
        }
        assert_eq!(area(Language::TypeScript, "/*\nimport { vi } from \"vitest\";\n*/\n"), None);
        assert_eq!(area(Language::Python, "\"\"\"\nimport pytest\n\"\"\"\n"), None);
        assert_eq!(area(Language::Go, "//go:build wireinject\n\npackage a\n"), Some(AreaKind::Tools));
        assert_eq!(area(Language::Python, "import pytest\n"), Some(AreaKind::Tests));
        let django = "from django.test import TestCase\n";
        assert_eq!(area(Language::Python, django), Some(AreaKind::Tests));
        let syntax = "// SYNTAX TEST \"Packages/JavaScript/JavaScript.sublime-syntax\"\ndebugger;\n";
        assert_eq!(area(Language::JavaScript, syntax), Some(AreaKind::Fixtures));
        assert_eq!(area(Language::Python, "    import pytest\n"), None);
    }
}
