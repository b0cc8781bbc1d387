use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::text::Spanned;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TestFile {
    name: Option<Spanned<String>>,
    #[serde(alias = "former")]
    flag: Option<bool>,
    number: Option<u8>,
    list: Vec<String>,
    map: BTreeMap<String, String>,
    nested: Option<Nested>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nested {
    #[expect(dead_code, reason = "the key is required")]
    required: String,
}

fn read(text: &str) -> TestFile {
    parse_yaml(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// The text at the span of the error, and its message.
fn refuse(text: &str) -> (String, String) {
    let error = parse_yaml::<TestFile>(text).err().unwrap_or_else(|| panic!("{text:?} is read"));
    let at = text.get(error.span.start..error.span.end).unwrap_or("outside").to_owned();
    (at, error.to_string())
}

#[test]
fn every_plain_scalar_can_be_text_and_quotes_make_text() {
    let name = |text: &str| read(text).name.map(|name| name.value);
    for value in ["2026-02-01", "1.10", "017", "1_000", "0x1F", "true", "yes", "off", "1e999", ".nan"] {
        assert_eq!(name(&format!("name: {value}")).as_deref(), Some(value));
    }
    for none in ["name:", "name: ~", "name: null"] {
        assert_eq!(name(none), None, "{none}");
    }
    assert_eq!(name("name: 'null'").as_deref(), Some("null"));
    assert_eq!(read("map: {a: null, b: }").map.into_values().collect::<Vec<_>>(), ["null", ""]);
}

#[test]
fn only_plain_true_and_false_are_flags_and_only_plain_numbers_are_numbers() {
    assert_eq!(read("flag: True").flag, Some(true));
    for flag in ["yes", "on", "'true'", "1"] {
        let (at, message) = refuse(&format!("flag: {flag}"));
        assert_eq!(at, flag);
        assert!(message.ends_with("; expected `true` or `false`"), "{message}");
    }
    assert_eq!(read("number: 0x1F").number, Some(31));
    for number in ["'1'", "1.0", "-0", "017", "256", "1_0"] {
        assert_eq!(refuse(&format!("number: {number}")).0, number);
    }
}

#[test]
fn a_key_without_a_value_is_empty_and_null_is_not_a_list() {
    let file = read("list:\nmap:\nnested:\n");
    assert!(file.list.is_empty() && file.map.is_empty() && file.nested.is_none());
    assert_eq!(refuse("list: ~").1, "invalid type: `~`; expected a list");
    assert_eq!(refuse("list: {a: b}").1, "invalid type: a mapping; expected a list");
}

#[test]
fn errors_of_keys_point_at_the_key() {
    let (at, message) = refuse("# nmae\nname: nmae\nnmae: x\n");
    assert_eq!(at, "nmae");
    assert!(message.starts_with("unknown key `nmae`; expected one of: name, flag, "), "{message}");
    assert!(message.ends_with("; did you mean `name`?"), "{message}");
    let error = parse_yaml::<TestFile>("name: a\n'name': b\n").expect_err("twice");
    assert_eq!((error.span, error.to_string()), (Span::new(8, 14), "duplicate key `name`".to_owned()));
    let (at, message) = refuse("flag: true\nformer: true\n");
    assert_eq!(
        (at.as_str(), message.as_str()),
        ("former", "`former` is the former name of `flag`; use only `flag`")
    );
    assert_eq!(refuse("former: true\nflag: true\n").0, "flag");
    assert_eq!(refuse("nested: {}\n").1, "missing key `required`");
    assert_eq!(refuse("map: {1: a, '1': b}\n"), ("'1'".to_owned(), "duplicate key `1`".to_owned()));
}

#[test]
fn spans_count_a_byte_order_mark_and_characters_of_several_bytes() {
    let text = "\u{feff}# ü\nname: |\n\n  größe\n  b\nnumber: x\n";
    assert_eq!(refuse(text).0, "x");
    let text = text.replace("number: x\n", "");
    let span = read(&text).name.expect("name").span;
    assert_eq!(text.get(span.start..span.end), Some("größe"));
    // Errors of the syntax are located by characters.
    assert_eq!(refuse("\u{feff}# ü\nname: ü: ü\n").0, ":");
}

#[test]
fn limits_hold_and_brackets_in_comments_and_strings_do_not_count() {
    let check = || {
        let deep = |depth: usize| format!("name: {}{}", "[".repeat(depth), "]".repeat(depth));
        let problem = |text: &str| parse_yaml_tree(text).err().map(|error| error.problem);
        assert_eq!(problem(&deep(63)), None);
        assert_eq!(problem(&deep(64)), Some(YamlProblem::TooDeep));
        assert_eq!(problem(&format!("{}x", "- ".repeat(65))), Some(YamlProblem::TooDeep));
        assert_eq!(problem(&"[".repeat(500_000)), Some(YamlProblem::TooDeep));
        assert!(matches!(problem(&" ".repeat(MAX_YAML_BYTES + 1)), Some(YamlProblem::TooLong { .. })));
    };
    // The parser is recursive; the threads of tests have a smaller stack than the program.
    std::thread::Builder::new()
        .stack_size(8 * 1024 * 1024)
        .spawn(check)
        .expect("thread")
        .join()
        .expect("the limits hold");
    // Bug 13: brackets of comments and patterns added up over the file.
    let text = format!("{}name: '{}'\n{}", "# [\n".repeat(100), "[".repeat(100), "list: ['#\\[']\n");
    assert_eq!(read(&text).list, ["#\\["]);
    let patterns = format!("list:\n{}", "  - '#\\['\n".repeat(65));
    assert_eq!(read(&patterns).list.len(), 65);
}

#[test]
fn aliases_are_read_and_alias_bombs_refused() {
    assert_eq!(read("name: &a x\nmap: {k: *a}\n").map["k"], "x");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let line = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{line}]\n"));
    }
    assert_eq!(parse_yaml_tree(&bomb).err().map(|error| error.problem), Some(YamlProblem::TooManyAliases));
    let many = format!("name: &a x\nlist: [{}]\n", "*a, ".repeat(5_000));
    assert_eq!(read(&many).list.len(), 5_000);
    assert!(refuse("list: &a [*a]").1.contains("contains it"));
}

#[test]
fn texts_that_parsers_read_differently_are_refused() {
    for (text, at) in [
        ("\tname: a", "\t"),
        ("list:\n-\ta", "\t"),
        ("name: >-\n  \ta", "\t"),
        ("name: a\u{2028}b", "\u{2028}"),
        ("name: !!str a", "a"),
        ("list: [:a]", ":a"),
        ("...\nname: a", "..."),
        (": a", ""),
        ("map: {a\n  b: c}", "a"),
        ("name: a\n---\nname: b\n", ""),
    ] {
        assert_eq!(refuse(text).0, at, "{text:?}");
    }
    // Tabs that are not indentation.
    assert_eq!(read("name:\ta\t# b\nlist: [a,\tb]\n").list, ["a", "b"]);
    // The last line of a block without a newline has none.
    assert_eq!(read("name: |\n  a\n  b").name.map(|name| name.value).as_deref(), Some("a\nb"));
    assert_eq!(read("name: |\n  a\n  b\n").name.map(|name| name.value).as_deref(), Some("a\nb\n"));
}

#[test]
fn a_large_file_takes_linear_time() {
    let text = format!("list:\n{}", "  - x\n".repeat(170_000));
    assert_eq!(read(&text).list.len(), 170_000);
}
