//! Line ends that are not line feeds: what follows a comment there is code.

use jiff::civil::Date;

use crate::scan::language::Language;
use crate::scan::matcher::scan;
use crate::scan::test_code::TestFacts;
use crate::scan::{RuleSet, embedded};

fn count(id: &str, language: Language, text: &str) -> usize {
    let rules = embedded(&[]).filter(|rule| rule.id.as_str() == id).cloned().collect::<Vec<_>>();
    let set = RuleSet::new(rules);
    scan(&set, &[0], language, text.as_bytes(), TestFacts::default(), Date::MIN).expect("patterns").hits.len()
}

#[test]
fn every_line_end_of_the_language_ends_a_comment_and_begins_a_line() {
    for end in ["\n", "\r\n", "\r", "\u{2028}", "\u{2029}"] {
        for language in [Language::JavaScript, Language::TypeScript, Language::Jsx, Language::Tsx] {
            let found = |text: &str| count("scan/script-debugger", language, text);
            assert_eq!(found(&format!("// c{end}debugger;{end}")), 1, "{end:?} {language:?}");
            assert_eq!(found(&format!("a{end}debugger{end}b()")), 1, "{end:?} {language:?}");
            // Inside a string or a comment of several lines it is no code.
            assert_eq!(found(&format!("/* c{end}debugger;{end} */")), 0, "{end:?} {language:?}");
            assert_eq!(found(&format!("const a = `c{end}debugger;`;")), 0, "{end:?} {language:?}");
        }
    }
    for end in ["\n", "\r\n", "\r"] {
        let found = |text: &str| count("scan/python-debugger", Language::Python, text);
        assert_eq!(found(&format!("x = 1  # c{end}breakpoint(){end}")), 1, "{end:?}");
        assert_eq!(found(&format!("x = '''c{end}breakpoint()'''{end}")), 0, "{end:?}");
    }
    // Rust has no other line ends.
    assert_eq!(count("scan/rust-dbg", Language::Rust, "// c\rdbg!(x);\n"), 0);
}
