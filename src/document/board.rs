//! The task board: the state of every packet.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::text::{Edit, Source, Span, Spanned, apply_edits, line_ending, trim_spanned};

use super::joined::{Joined, Shift, append_shifted, read_joined};
use super::outline::{BlockKind, Outline, ProseLine};
use super::section::{Section, read_sections};

/// One entry of the task board.
#[derive(Debug, Clone)]
pub struct BoardEntry {
    /// The whole line.
    pub span: Span,
    /// Key of the section that contains the entry, such as `IN_PROGRESS`.
    pub section: String,
    /// Id of the packet.
    pub wp_id: String,
    /// The state in brackets, normalized: `READY FOR DEV` is `READY_FOR_DEV`.
    pub state: String,
    /// Whether the entry has no text besides packet and state.
    pub is_plain: bool,
}

/// The task board with its entries.
#[derive(Debug)]
pub struct Board {
    /// Text of the board.
    pub source: Arc<Source>,
    /// Entries of the form `**[WP]** - [STATE]`.
    pub entries: Vec<BoardEntry>,
    /// Lines that name a packet but do not have the form of an entry.
    pub unreadable: Vec<Spanned<String>>,
    /// Entries outside the sections of states.
    pub misplaced: Vec<BoardEntry>,
    /// Keys of the state sections, with the spans of their headings.
    pub sections: Vec<Spanned<String>>,
    /// Positions of the entries by packet; computed when they are first needed.
    by_id: OnceLock<HashMap<String, Vec<usize>>>,
}

impl Board {
    /// Reads a board of one or of several files. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read_joined(source)
    }

    /// Reads one line. `is_item`: it is the first line of a first-level item.
    /// `nested`: it is below such an item, where details may name other packets.
    fn read_line(&mut self, line: &ProseLine<'_>, section: &str, is_item: bool, nested: bool) {
        let whole = line.text.trim();
        let at = line.start + (line.text.len() - line.text.trim_start().len());
        let span = Span::new(at, at + whole.len());
        let stateful = is_state_section(section);
        match parse_entry(whole) {
            Some((wp_id, state, is_plain)) => {
                let entry = BoardEntry { span, section: section.to_owned(), wp_id, state, is_plain };
                if stateful {
                    self.entries.push(entry);
                } else if section != "ACTIVE" {
                    self.misplaced.push(entry);
                }
                // The second packet on one line would be lost.
                if whole.matches("**[").count() > 1 {
                    self.unreadable.push(Spanned::new(whole.to_owned(), span));
                }
            }
            None if stateful && !nested => {
                let starts = whole.starts_with("**[WP-") || whole.starts_with("WP-");
                if starts || (is_item && names_packet(whole)) {
                    self.unreadable.push(Spanned::new(whole.to_owned(), span));
                }
            }
            // Under a heading that is not a state's, an id with a state is
            // an entry that no reader finds.
            None if is_item && section != "ACTIVE" && names_packet(whole) && names_state(whole) => {
                self.unreadable.push(Spanned::new(whole.to_owned(), span));
            }
            None => {}
        }
    }

    /// Returns the edit that adds an entry under the heading of its state;
    /// `None` if the board has no such heading. Of several files, the first is edited.
    #[must_use]
    pub fn insert_entry_edit(&self, id: &str, state: &str) -> Option<Edit> {
        if let Some((_, first)) = self.source.parts().first() {
            return Self::read(first).insert_entry_edit(id, state);
        }
        let section = self.sections.iter().find(|section| section_states(&section.value).contains(&state))?;
        let entries = self.entries.iter().filter(|entry| entry.section == section.value);
        let last = entries.map(|entry| entry.span.end).max().unwrap_or(section.span.end);
        let line = self.source.line_span(self.source.line(last.saturating_sub(1)))?;
        Some(Edit::insert(line.end, format!("{}{}", line_ending(self.source.text()), entry_line(id, state))))
    }

    /// Returns the edit that moves an entry to the heading of another state;
    /// `None` if the entry has more text than packet and state. The only entry of a file
    /// gets the other heading.
    #[must_use]
    pub fn move_entry_edit(&self, entry: &BoardEntry, state: &str) -> Option<Edit> {
        if let Some((part, span)) = self.source.part_at(entry.span) {
            let mut edit = Self::read(part).move_entry_edit(&BoardEntry { span, ..entry.clone() }, state)?;
            edit.span.shift(entry.span.start - span.start);
            return Some(edit);
        }
        let text = self.source.text();
        let number = self.source.line(entry.span.start);
        let line = self.source.line_span(number)?;
        let next = self.source.line_span(number + 1);
        let follows = next.is_some_and(|next| self.source.slice(next).starts_with([' ', '\t']));
        if !entry.is_plain || follows {
            return None;
        }
        if let ([heading], [_]) = (self.sections.as_slice(), self.entries.as_slice())
            && !section_states(&heading.value).contains(&state)
        {
            let ending = line_ending(text);
            let moved =
                format!("{}{ending}{ending}{}", state_heading(state)?, entry_line(&entry.wp_id, state));
            return Some(Edit::replace(heading.span.join(line), moved));
        }
        let add = self.insert_entry_edit(&entry.wp_id, state)?;
        let removed = Span::new(line.start, next.map_or(text.len(), |next| next.start));
        let whole = removed.join(add.span);
        let shift = |edit: Edit| Edit {
            span: Span::new(edit.span.start - whole.start, edit.span.end - whole.start),
            ..edit
        };
        let inside = text.get(whole.start..whole.end)?;
        let (moved, left) = apply_edits(inside, &[shift(Edit::replace(removed, "")), shift(add)]);
        left.is_empty().then(|| Edit::replace(whole, moved))
    }

    /// Returns the entries of a packet.
    pub fn entries_of(&self, id: &str) -> impl DoubleEndedIterator<Item = &BoardEntry> {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, entry) in self.entries.iter().enumerate() {
                by_id.entry(entry.wp_id.clone()).or_default().push(at);
            }
            by_id
        });
        by_id.get(id).into_iter().flatten().filter_map(|at| self.entries.get(*at))
    }
}

impl Shift for BoardEntry {
    fn shift(&mut self, by: usize) {
        self.span.shift(by);
    }
}

/// Returns the key of the section that has a block. Sections of one level do not overlap.
fn section_of<'a>(sections: &[&'a Section], block: usize) -> Option<&'a str> {
    let after = sections.partition_point(|section| section.blocks.start <= block);
    let last = after.checked_sub(1).and_then(|at| sections.get(at).copied());
    last.filter(|section| section.blocks.contains(&block)).map(|section| section.key.as_str())
}

impl Joined for Board {
    fn append(&mut self, other: Self, offset: usize) {
        self.by_id = OnceLock::new();
        append_shifted(&mut self.entries, other.entries, offset);
        append_shifted(&mut self.misplaced, other.misplaced, offset);
        append_shifted(&mut self.unreadable, other.unreadable, offset);
        append_shifted(&mut self.sections, other.sections, offset);
    }

    fn set_source(&mut self, source: &Arc<Source>) {
        self.source = Arc::clone(source);
    }

    fn read_file(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let mut board = Self {
            source: Arc::clone(source),
            entries: Vec::new(),
            unreadable: Vec::new(),
            misplaced: Vec::new(),
            sections: Vec::new(),
            by_id: OnceLock::new(),
        };
        let all = read_sections(text, &outline);
        for section in all.iter().filter(|section| section.level == 2 && is_state_section(&section.key)) {
            board.sections.push(Spanned::new(section.key.clone(), section.title.span));
        }
        let levels: [Vec<&Section>; 2] =
            [1, 2].map(|level| all.iter().filter(|section| section.level == level).collect());
        for (index, block) in outline.blocks.iter().enumerate() {
            let section = levels.iter().rev().find_map(|sections| section_of(sections, index)).unwrap_or("");
            match block.kind {
                // A line of a paragraph can look like an entry, too: a space
                // before the bullet is enough to make it part of a paragraph.
                BlockKind::Prose => {
                    let depth = list_depth(&outline, index);
                    for (number, line) in outline.prose_lines(text, index).iter().enumerate() {
                        board.read_line(line, section, depth == 1 && number == 0, depth > 1);
                    }
                }
                // An entry in a table, a smaller heading or code is not read.
                BlockKind::Row | BlockKind::Heading(3..=6) | BlockKind::Code(_) | BlockKind::Html
                    if is_state_section(section) =>
                {
                    let body = text.get(block.span.start..block.span.end).unwrap_or("");
                    if names_packet(body) {
                        let first = trim_spanned(text, block.span);
                        let line = first.value.lines().next().unwrap_or("").to_owned();
                        let end = first.span.start + line.len();
                        board.unreadable.push(Spanned::new(line, Span::new(first.span.start, end)));
                    }
                }
                _ => {}
            }
        }
        board
    }
}

/// Returns the text of the file of one packet, for a board of several files; `None` if
/// no heading has the state.
#[must_use]
pub(crate) fn packet_file(id: &str, state: &str) -> Option<String> {
    Some(format!("## {}\n\n{}\n", state_heading(state)?, entry_line(id, state)))
}

fn entry_line(id: &str, state: &str) -> String {
    format!("- **[{id}]** - [{state}]")
}

/// Returns the heading under which a new board lists the packets of a state.
fn state_heading(state: &str) -> Option<&'static str> {
    HEADINGS
        .into_iter()
        .find(|heading| section_states(&crate::document::field::normalize_key(heading)).contains(&state))
}

/// Headings of a new board.
const HEADINGS: [&str; 6] = ["Ready for Dev", "In Progress", "Blocked", "Done", "Superseded", "Stub Backlog"];

fn is_state_section(key: &str) -> bool {
    matches!(key, "READY_FOR_DEV" | "IN_PROGRESS" | "DONE" | "BLOCKED" | "STUB_BACKLOG")
        || key.starts_with("SUPERSEDED")
}

/// Returns the states whose packets a section of the board lists.
#[must_use]
pub(crate) fn section_states(section: &str) -> &'static [&'static str] {
    match section {
        "READY_FOR_DEV" => &["READY_FOR_DEV"],
        "IN_PROGRESS" => &["IN_PROGRESS"],
        "BLOCKED" => &["BLOCKED"],
        "DONE" => &["VALIDATED", "FAIL", "OUTDATED_ONLY", "MERGE_PENDING", "ABANDONED"],
        "STUB_BACKLOG" => &["STUB"],
        _ if section.starts_with("SUPERSEDED") => &["SUPERSEDED"],
        _ => &[],
    }
}

/// All states of a board.
const STATES: [&str; 10] = [
    "READY_FOR_DEV",
    "IN_PROGRESS",
    "BLOCKED",
    "VALIDATED",
    "FAIL",
    "OUTDATED_ONLY",
    "MERGE_PENDING",
    "ABANDONED",
    "STUB",
    "SUPERSEDED",
];

/// Returns whether a text names a packet, in any case and with any dash.
fn names_packet(text: &str) -> bool {
    let plain: String = text.chars().map(|c| if is_dash(c) { '-' } else { c.to_ascii_uppercase() }).collect();
    let follows = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    plain.match_indices("WP-").any(|(at, _)| {
        let before = plain.get(..at).and_then(|text| text.chars().next_back());
        plain.get(at + 3..).is_some_and(follows)
            && !before.is_some_and(|c| c.is_alphanumeric() || "/-".contains(c))
    })
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Returns whether a text contains the name of a state.
#[must_use]
pub(crate) fn names_state(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).any(|word| STATES.contains(&word))
}

/// Returns the number of list items that contain a block.
fn list_depth(outline: &Outline, index: usize) -> usize {
    let mut depth = 0;
    let mut above = outline.get(index).and_then(|block| block.parent);
    while let Some(at) = above {
        let Some(block) = outline.get(at) else { break };
        depth += usize::from(block.kind == BlockKind::Item);
        above = block.parent;
    }
    depth
}

/// Reads `**[WP-1-A]** - [STATE]`: returns id, state and whether there is no
/// other text. Older boards have words in between or a remark at the end.
fn parse_entry(line: &str) -> Option<(String, String, bool)> {
    let rest = line.strip_prefix("**[")?;
    let (id, rest) = rest.split_once("]**")?;
    super::WpId::parse(id).ok()?;
    if let Some(state) = rest.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        let (between, state) = state;
        let key = crate::document::field::normalize_key(state);
        let known = !key.is_empty() && key.len() <= 24;
        return known.then(|| (id.to_owned(), key, between.trim() == "-"));
    }
    let brackets = rest.split('[').skip(1).filter_map(|piece| piece.split_once(']')).map(|(state, _)| state);
    let mut keys = brackets.map(crate::document::field::normalize_key);
    let state = keys.find(|key| STATES.contains(&key.as_str()))?;
    Some((id.to_owned(), state, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn entries_have_one_form() {
        let text = "## Ready for Dev\n\n- **[WP-1-A]** - [READY_FOR_DEV]\n- **[WP-1-D]** / FAIL: x [READY FOR DEV]\n- WP-1-B is ready\n\n## Notes\n\n- **[WP-1-C]** - [STUB]\n\n## Active (x)\n\n- **[WP-1-A]** - [ACTIVE] - branch: b\n";
        let board = Board::read(&Source::from_text(RepoPath::from("b.md"), text));
        assert_eq!(board.entries.len(), 2);
        assert!(board.entries[0].is_plain && !board.entries[1].is_plain);
        assert_eq!(board.entries[1].state, "READY_FOR_DEV");
        assert_eq!(board.unreadable.len(), 1);
        assert_eq!(board.misplaced.len(), 1);
        assert_eq!(board.entries_of("WP-1-A").next().map(|e| e.state.as_str()), Some("READY_FOR_DEV"));
    }

    #[test]
    fn a_board_of_several_files_is_read_file_by_file() {
        let file = |name: &str, text: &str| Source::from_text(RepoPath::from(name), text);
        let own = packet_file("WP-1-B", "READY_FOR_DEV").expect("a heading");
        let files = vec![
            file("B.md", "## Ready for Dev\n\n## Done\n"),
            // A fence without an end ends with its file.
            file("B/WP-1-A.md", "## Done\n\n- **[WP-1-A]** - [FAIL]\n\n```\n"),
            file("B/WP-1-B.md", &own),
        ];
        let joined = Source::join(RepoPath::from("B.md"), files);
        let board = Board::read(&joined);
        let ids: Vec<_> = board.entries.iter().map(|entry| entry.wp_id.as_str()).collect();
        assert_eq!(ids, ["WP-1-A", "WP-1-B"]);
        let edit = board.move_entry_edit(&board.entries[1], "VALIDATED").expect("an edit");
        let (part, span) = joined.part_at(edit.span).expect("a part");
        assert_eq!(part.name().to_string(), "B/WP-1-B.md");
        let (text, left) = apply_edits(part.text(), &[Edit::replace(span, edit.text)]);
        assert_eq!((text.as_str(), left.len()), ("## Done\n\n- **[WP-1-B]** - [VALIDATED]\n", 0));
        let added = board.insert_entry_edit("WP-1-C", "VALIDATED").expect("an edit");
        assert_eq!(joined.part_at(added.span).map(|(part, _)| part.name().to_string()), Some("B.md".into()));
    }

    #[test]
    fn a_line_that_names_a_packet_is_an_entry_or_unreadable() {
        let lines = [
            "- **WP-9-A** - [VALIDATED]",
            "- [x] WP-9-A - [VALIDATED]",
            "- `WP-9-A` - [VALIDATED]",
            "- [VALIDATED] WP-9-A",
            "- **[wp-9-A]** - [VALIDATED]",
            "- **[WP\u{2011}9\u{2011}A]** - [VALIDATED]",
            "- [**WP-9-A**](x.md) - [VALIDATED]",
            "### WP-9-A - [VALIDATED]",
            "| WP-9-A | VALIDATED |\n|---|---|",
            "```\n- **[WP-9-A]** - [VALIDATED]\n```",
            "- **[WP-1-A]** - [FAIL], **[WP-1-B]** - [FAIL]",
        ];
        for line in lines {
            let text = format!("## Done\n\n{line}\n");
            let board = Board::read(&Source::from_text(RepoPath::from("b.md"), text));
            assert_eq!(board.unreadable.len(), 1, "{line}");
        }
        let valid = "## Done\n\nA WP is done when `feat/WP-1-A` is merged; see WP-1-A.\n\n- **[WP-1-A]** - [FAIL] (again)\n  - see WP-1-B\n\n## Notes\n\n- WP-1-A was hard\n";
        let board = Board::read(&Source::from_text(RepoPath::from("b.md"), valid));
        assert_eq!((board.entries.len(), board.unreadable.len()), (1, 0));
    }
}
