//! Literate fixtures as text: which scenarios a page holds.

use countersign::document::outline::{BlockKind, Outline};

use super::expected::parse_expected;
use super::scenario::{FixtureEdit, Scenario, Setup, When};

/// The scenarios of a fixture's text.
pub fn scenarios(text: &str) -> Vec<Scenario> {
    let outline = Outline::parse(text);
    let mut out: Vec<Scenario> = Vec::new();
    for index in outline.children(None) {
        let block = outline.get(index).expect("block");
        let content = &text[block.content.start..block.content.end];
        match &block.kind {
            BlockKind::Heading(2) => out.push(Scenario {
                name: content.to_owned(),
                setup: Setup::default(),
                edits: Vec::new(),
                config: None,
                expected: Vec::new(),
            }),
            BlockKind::Code(info) if !info.is_empty() => {
                let scenario =
                    out.last_mut().unwrap_or_else(|| panic!("a block stands before the first scenario"));
                let (word, rest) = info.split_once(' ').unwrap_or((info, ""));
                match word {
                    "world" => {
                        scenario.setup = serde_yaml::from_str(content)
                            .unwrap_or_else(|e| panic!("{}: {e}", scenario.name));
                    }
                    "edit" => scenario.edits.push(edit(rest, When::Always, content)),
                    "edit-head" => scenario.edits.push(edit(rest, When::Head, content)),
                    "edit-base" => scenario.edits.push(edit(rest, When::Base, content)),
                    "config" => scenario.config = Some(content.to_owned()),
                    "findings" => {
                        scenario.expected = content
                            .lines()
                            .filter(|line| !line.trim().is_empty())
                            .map(parse_expected)
                            .collect();
                    }
                    "text" => {}
                    other => panic!("{}: no block `{other}` is known", scenario.name),
                }
            }
            _ => {}
        }
    }
    out
}

fn edit(path: &str, when: When, content: &str) -> FixtureEdit {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut last = ' ';
    for line in content.lines() {
        let (mark, text) = (line.chars().next().unwrap_or(' '), line.get(2..).unwrap_or(""));
        match (mark, last) {
            ('-', '-') => pairs.last_mut().expect("pair").0.push_str(&format!("\n{text}")),
            ('-', _) => pairs.push((text.to_owned(), String::new())),
            ('+', '+') => pairs.last_mut().expect("pair").1.push_str(&format!("\n{text}")),
            ('+', '-') => pairs.last_mut().expect("pair").1 = text.to_owned(),
            _ => panic!("an edit has lines `- old` and `+ new`, not {line:?}"),
        }
        last = mark;
    }
    FixtureEdit { path: path.to_owned(), when, pairs }
}
