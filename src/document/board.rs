//! The task board: which state every packet is in.

use std::sync::Arc;

use crate::text::{Source, Span, Spanned};

use super::outline::{Kind, Outline};
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
    /// The state in brackets.
    pub state: String,
}

/// The board as it was read.
#[derive(Debug)]
pub struct Board {
    /// Its text.
    pub source: Arc<Source>,
    /// Entries of the form `**[WP]** - [STATE]`.
    pub entries: Vec<BoardEntry>,
    /// First-level items of state sections that have another form.
    pub unreadable: Vec<Spanned<String>>,
}

impl Board {
    /// Reads a board. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let mut board = Self { source: Arc::clone(source), entries: Vec::new(), unreadable: Vec::new() };
        for section in sections(text, &outline).iter().filter(|section| section.level == 2) {
            if !is_state_section(&section.key) {
                continue;
            }
            for item in section.blocks.clone() {
                let Some(prose) =
                    outline.get(item).filter(|b| b.kind == Kind::Item).and_then(|_| outline.item_prose(item))
                else {
                    continue;
                };
                let Some(line) = outline.prose_lines(text, prose).into_iter().next() else { continue };
                let span = Span::new(line.start, line.start + line.text.trim_end().len());
                match entry(line.text.trim()) {
                    Some((wp_id, state)) => {
                        board.entries.push(BoardEntry { span, section: section.key.clone(), wp_id, state });
                    }
                    None if line.text.contains("WP-") => {
                        board.unreadable.push(Spanned::new(line.text.trim().to_owned(), span));
                    }
                    None => {}
                }
            }
        }
        board
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

/// `**[WP-1-A]** - [STATE]`
fn entry(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("**[")?;
    let (id, rest) = rest.split_once("]**")?;
    let state = rest.trim_start().strip_prefix('-')?.trim_start().strip_prefix('[')?;
    let (state, after) = state.split_once(']')?;
    (super::WpId::parse(id).is_ok() && after.trim().is_empty()).then(|| (id.to_owned(), state.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn entries_have_one_form() {
        let text = "## Ready for Dev\n\n- **[WP-1-A]** - [READY_FOR_DEV]\n- WP-1-B is ready\n\n## Notes\n\n- **[WP-1-C]** - [STUB]\n";
        let board = Board::read(&Source::from_text(RepoPath::from("b.md"), text));
        assert_eq!(board.entries.len(), 1);
        assert_eq!(board.unreadable.len(), 1);
        assert_eq!(board.entries_of("WP-1-A").next().map(|e| e.state.as_str()), Some("READY_FOR_DEV"));
    }
}
