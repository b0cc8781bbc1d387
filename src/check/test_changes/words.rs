//! Words and hashes of the text of a test.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Returns the words of a text: letters, digits and underscores.
pub(super) fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_')).filter(|word| !word.is_empty())
}

/// Hashes a text without its whitespace.
pub(super) fn hash_text(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.iter().filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| byte.hash(&mut hasher));
    hasher.finish()
}

/// Words of languages and test libraries, which say nothing about what a test checks.
const IDIOMS: [&str; 78] = [
    "self",
    "let",
    "mut",
    "fn",
    "def",
    "func",
    "const",
    "var",
    "return",
    "async",
    "await",
    "new",
    "for",
    "while",
    "range",
    "if",
    "else",
    "match",
    "true",
    "false",
    "True",
    "False",
    "None",
    "nil",
    "null",
    "undefined",
    "not",
    "and",
    "with",
    "as",
    "try",
    "except",
    "catch",
    "assert",
    "assert_eq",
    "assert_ne",
    "assertEqual",
    "assertTrue",
    "expect",
    "toBe",
    "toEqual",
    "toThrow",
    "toHaveBeenCalled",
    "mock",
    "jest",
    "vi",
    "test",
    "tests",
    "testing",
    "Test",
    "Run",
    "Error",
    "Errorf",
    "Fatal",
    "Fatalf",
    "Equal",
    "EqualValues",
    "want",
    "got",
    "expected",
    "actual",
    "result",
    "unwrap",
    "Some",
    "Ok",
    "Err",
    "String",
    "string",
    "str",
    "int",
    "bool",
    "struct",
    "type",
    "error",
    "err",
    "name",
    "testName",
    "scenario",
];

/// Hashes what a code calls or takes from something else, or if that is too little, all its
/// identifiers; and all its identifiers. Names of local variables say little about a test.
pub(super) fn hash_words(code: &[u8]) -> (Vec<u64>, Vec<u64>) {
    let (called, all) = hash_words_of_length(code, 3);
    if all.is_empty() { hash_words_of_length(code, 1) } else { (called, all) }
}

fn hash_words_of_length(code: &[u8], least: usize) -> (Vec<u64>, Vec<u64>) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let (mut called, mut all) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(start) = code.get(at..).and_then(|rest| rest.iter().position(is_part)) {
        let start = at + start;
        let rest = code.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        at = start + length;
        let word = rest.get(..length).unwrap_or_default();
        let is_known = IDIOMS.iter().any(|idiom| idiom.as_bytes() == word);
        if length < least || is_known || word.first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        let hash = hasher.finish();
        let follows = start > 0 && matches!(code.get(start - 1), Some(b'.' | b':'));
        if follows || matches!(code.get(at), Some(b'(' | b'!' | b'<' | b':' | b'{')) {
            called.push(hash);
        }
        all.push(hash);
    }
    for list in [&mut called, &mut all] {
        list.sort_unstable();
        list.dedup();
    }
    (if called.len() < 2 { all.clone() } else { called }, all)
}
