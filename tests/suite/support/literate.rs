//! Reads fixture pages: Markdown text in, scenarios out.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag};

use super::expected::parse_expected;
use super::scenario::{FixtureEdit, Scenario, Setup, When};

/// A block at the top level of a page. Ranges are bytes of the page.
enum PageBlock {
    /// A heading of level 2.
    Heading(Range<usize>),
    /// A fenced block: its info string and its content.
    Fence(String, Range<usize>),
}

/// The headings of level 2 and the fenced blocks of a page, in order.
fn page_blocks(text: &str) -> Vec<PageBlock> {
    let mut blocks = Vec::new();
    let mut depth = 0;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                match tag {
                    Tag::Heading { level: HeadingLevel::H2, .. } if depth == 0 => {
                        blocks.push(PageBlock::Heading(range.start..range.start));
                    }
                    Tag::CodeBlock(CodeBlockKind::Fenced(info)) if depth == 0 => {
                        blocks.push(PageBlock::Fence(info.trim().to_owned(), range.start..range.start));
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ if depth == 1 => {
                if let Some(PageBlock::Heading(content) | PageBlock::Fence(_, content)) = blocks.last_mut()
                    && (content.start == content.end || content.end == range.start)
                {
                    let start = if content.start == content.end { range.start } else { content.start };
                    *content = start..range.end;
                }
            }
            _ => {}
        }
    }
    blocks
}

/// The scenarios of a fixture's text.
pub fn scenarios(text: &str) -> Vec<Scenario> {
    let mut out: Vec<Scenario> = Vec::new();
    for block in page_blocks(text) {
        match block {
            PageBlock::Heading(title) => out.push(Scenario {
                name: text[title].to_owned(),
                setup: Setup::default(),
                edits: Vec::new(),
                config: None,
                expected: Vec::new(),
            }),
            PageBlock::Fence(info, _) if info.is_empty() => {}
            PageBlock::Fence(info, range) => {
                let scenario =
                    out.last_mut().unwrap_or_else(|| panic!("a block is before the first scenario"));
                add_block(scenario, &info, text, range);
            }
        }
    }
    out
}

fn add_block(scenario: &mut Scenario, info: &str, text: &str, range: Range<usize>) {
    let (word, rest) = info.split_once(' ').unwrap_or((info, ""));
    let content = &text[range.clone()];
    match word {
        "world" => {
            scenario.setup =
                serde_saphyr::from_str(content).unwrap_or_else(|e| panic!("{}: {e}", scenario.name));
        }
        "edit" => scenario.edits.push(read_edit(rest, When::Always, content)),
        "edit-head" => scenario.edits.push(read_edit(rest, When::Head, content)),
        "edit-base" => scenario.edits.push(read_edit(rest, When::Base, content)),
        "config" => scenario.config = Some(content.to_owned()),
        "findings" => {
            let first = text[..range.start].matches('\n').count();
            scenario.expected = content
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(number, line)| parse_expected(line, first + number))
                .collect();
        }
        "text" => {}
        other => panic!("{}: unknown block `{other}`", scenario.name),
    }
}

fn read_edit(path: &str, when: When, content: &str) -> FixtureEdit {
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
