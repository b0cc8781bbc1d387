//! The task board: which state every packet is in.

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::outline::{Kind, Line, Outline};
use super::section::sections;

/// One entry of the board.
#[derive(Debug, Clone)]
pub struct BoardEntry {
    /// The whole line.
    pub span: Span,
    /// Key of the section it stands in, e.g. `IN_PROGRESS`.
    pub section: String,
    /// The packet.
    pub wp_id: String,
    /// The state in brackets, normalised: `READY FOR DEV` is `READY_FOR_DEV`.
    pub state: String,
    /// Whether the entry says nothing but packet and state.
    pub is_plain: bool,
}

/// The board as it was read.
#[derive(Debug)]
pub struct Board {
    /// Its text.
    pub source: Arc<Source>,
    /// Entries of the form `**[WP]** - [STATE]`.
    pub entries: Vec<BoardEntry>,
    /// Items of state sections that name a packet and have another form.
    pub unreadable: Vec<Spanned<String>>,
    /// Entries that stand under no heading of a state.
    pub misplaced: Vec<BoardEntry>,
    /// The headings of states, by key.
    pub sections: Vec<Spanned<String>>,
}

impl Board {
    /// Reads a board. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let mut board = Self {
            source: Arc::clone(source),
            entries: Vec::new(),
            unreadable: Vec::new(),
            misplaced: Vec::new(),
            sections: Vec::new(),
        };
        let all = sections(text, &outline);
        for section in all.iter().filter(|section| section.level == 2 && is_state_section(&section.key)) {
            board.sections.push(Spanned::new(section.key.clone(), section.title.span));
        }
        for (index, block) in outline.blocks.iter().enumerate() {
            // Beside items, lines of a paragraph can look like entries: a
            // blank before the bullet is enough to make them one.
            if block.kind != Kind::Prose {
                continue;
            }
            let under = all.iter().rfind(|section| section.level <= 2 && section.blocks.contains(&index));
            for line in outline.prose_lines(text, index) {
                board.line(&line, under.map_or("", |section| section.key.as_str()));
            }
        }
        board
    }

    fn line(&mut self, line: &Line<'_>, section: &str) {
        let whole = line.text.trim();
        let at = line.start + (line.text.len() - line.text.trim_start().len());
        let span = Span::new(at, at + whole.len());
        let stateful = is_state_section(section);
        match entry(whole) {
            Some((wp_id, state, is_plain)) => {
                let entry = BoardEntry { span, section: section.to_owned(), wp_id, state, is_plain };
                if stateful {
                    self.entries.push(entry);
                } else if section != "ACTIVE" {
                    self.misplaced.push(entry);
                }
            }
            None if stateful && whole.contains("[WP-") => {
                self.unreadable.push(Spanned::new(whole.to_owned(), span));
            }
            None if stateful && whole.starts_with("WP-") => {
                self.unreadable.push(Spanned::new(whole.to_owned(), span));
            }
            None => {}
        }
    }

    /// The entries of a packet.
    pub fn entries_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a BoardEntry> {
        self.entries.iter().filter(move |entry| entry.wp_id == id)
    }
}

fn is_state_section(key: &str) -> bool {
    matches!(key, "READY_FOR_DEV" | "IN_PROGRESS" | "DONE" | "BLOCKED" | "STUB_BACKLOG")
        || key.starts_with("SUPERSEDED")
}

/// States that a section of the board lists.
#[must_use]
pub fn states_of(section: &str) -> &'static [&'static str] {
    match section {
        "READY_FOR_DEV" => &["READY_FOR_DEV"],
        "IN_PROGRESS" => &["IN_PROGRESS"],
        "BLOCKED" => &["BLOCKED"],
        "DONE" => &["VALIDATED", "FAIL", "OUTDATED_ONLY"],
        "STUB_BACKLOG" => &["STUB"],
        _ if section.starts_with("SUPERSEDED") => &["SUPERSEDED"],
        _ => &[],
    }
}

/// `**[WP-1-A]** - [STATE]`; older boards have words in between.
fn entry(line: &str) -> Option<(String, String, bool)> {
    let rest = line.strip_prefix("**[")?;
    let (id, rest) = rest.split_once("]**")?;
    let open = rest.rfind('[')?;
    let state = rest.get(open + 1..)?.strip_suffix(']')?;
    let between = rest.get(..open)?.trim();
    let key = super::label::normalised(state);
    let known = !key.is_empty() && key.len() <= 24 && !state.contains(['[', ']']);
    (super::WpId::parse(id).is_ok() && known).then(|| (id.to_owned(), key, between == "-"))
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
}
