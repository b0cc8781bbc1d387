use super::*;
use crate::document::outline::Outline;
use crate::document::section::read_sections;

fn parsed(text: &str) -> Vec<Heading> {
    read_sections(text, &Outline::parse_strict(text)).into_iter().map(Heading::from).collect()
}

const PIECES: &[&str] = &[
    "# One",
    "## 2.1 Two ##",
    "### a `b` *c*",
    "#no",
    "####### seven",
    "#",
    "  # indented",
    "text",
    "more text",
    "",
    "",
    "",
    "- item",
    "* item",
    "1. one",
    "10) ten",
    "  in item",
    "    code",
    "\tcode",
    "```",
    "```rust",
    "~~~",
    "  ```",
    "    ```",
    "`````",
    "```a`b",
    "> quote",
    "> ```",
    "> # x",
    "---",
    "- - -",
    "***",
    "===",
    "--",
    "=",
    "| a | b |",
    "|---|---|",
    "<div>",
    "</div>",
    "<!-- c -->",
    "<!-- open",
    "end -->",
    "<?x?>",
    "<http://a.b>",
    "<a id=\"x\"></a>",
    "<a id=\"x\">",
    "<a title=\"<b>\">",
    "<a title='>'> text",
    "<a b'c> <d e'>",
    "<<< START",
    "<content>",
    "</content>",
    "<b>bold</b> text",
    "<p>text</p>",
    "<H2>two</h2>",
    "</td",
    "<hr/>",
    "<pa>x",
    "<a",
    "<a =>",
    "[a]: /url",
    "- ```",
    "- # in list",
    "-",
    "- <div>",
    "- > q",
    "\\# no",
    "# a \\#",
    "# a <b>",
    "*a*",
    "_b_",
    "+ plus",
    "  - nested",
    "    - deep",
    "   three",
    "# x\r",
    "text\r",
    "``",
    "~~",
    "1.no",
    "1234567890. no",
    "-no",
    "<pre>",
    "</pre>",
    "##\ttab",
    "## end #",
    "# a#",
    "a | b",
    "--- | ---",
    ":--",
    "|",
    "**b** text",
    "`c` text",
    "\"quoted\" text",
    "text  ",
    "-      code",
    "- **b**: c",
    "- - two",
    "- | a |",
    "  |---|",
    "   - far",
    "2. two",
    "1)   wide",
    "- [ ] task",
    "- [x]: /url",
    "[b] text",
    "> text",
    ">",
    "> - item",
    "  ---",
    "    ---",
    " ===",
    "  ````",
    "   # far",
    "### ",
    "-\tx",
    "[a]:",
    "[a",
];

#[test]
fn the_scan_agrees_with_the_parser_or_gives_up() {
    let mut state: u64 = 20_261_129;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % limit
    };
    let mut compared = 0;
    for _ in 0..400_000 {
        let lines: Vec<&str> = (0..=next(11)).map(|_| PIECES[next(PIECES.len())]).collect();
        let text = format!("{}\n", lines.join("\n"));
        if let Some(found) = scan_headings(&text) {
            compared += usize::from(!found.is_empty());
            assert_eq!(found, parsed(&text), "{text:?}");
        }
    }
    assert!(compared > 3_000, "only {compared} documents with headings were compared");
}

#[test]
fn ordinary_documents_need_no_parser() {
    let text = "\u{feff}# A\n\ntext\n## 1 B ##\n\n- item\n  more\n\n```rust\n# not\n```\n### C\n| a |\n|---|\n\n---\n\n## 2 D\r\n> q\n";
    let found = scan_headings(text).expect("ordinary");
    assert_eq!(found, parsed(text));
    assert_eq!(found.len(), 4);
    let text = "# A\n\n**Bold** text.\n---\n\nTwo\nlines\n===\n#\n\n**List**:\n- item\n- **b**: item\n  more\n---\n\
                - item\n  ```\n  - code\n  # code\n  ```\n- last\n  - <name>/x\n\n1. one\n2. two\n\n---\n> quote\n---\n## 2\n";
    let found = scan_headings(text).expect("ordinary");
    assert_eq!(found, parsed(text));
    assert_eq!(found.len(), 5);
    for text in [
        "[a]: b\n===\n",
        "- a\n\n  # b\n",
        "<div>\n# a\n</div>\n",
        "<!-- a\n# b\n-->\n",
        "- ```\n# a\n  ```\n",
    ] {
        assert!(scan_headings(text).is_none(), "{text:?}");
    }
}
