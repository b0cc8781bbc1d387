//! A contract's tasks: list items with a checkbox, and their ids.

use crate::document::outline::{BlockKind, Outline};
use crate::text::{Span, Spanned, trim_spanned};

/// State of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// `[ ]`: not done.
    Open,
    /// `[x]`: done.
    Done,
    /// `[-]` or `[→]`: dropped or moved.
    Dropped,
}

/// The id of a task: a group and a number in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskId {
    /// `P1.` of `P1.2`, `T` of `T7`, `A3-` of `A3-1`.
    pub group: String,
    /// The number in the group.
    pub number: u32,
    /// A letter after the number, `c` of `T2c`.
    pub letter: Option<char>,
}

impl TaskId {
    /// Reads an id: one or two capital letters, digits, optionally `.` or `-`
    /// and more digits, optionally a lower-case letter.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let letters = text.chars().take_while(char::is_ascii_uppercase).count();
        if !(1..=2).contains(&letters) {
            return None;
        }
        let rest = text.get(letters..)?;
        let (rest, letter) = match rest.chars().next_back() {
            Some(c) if c.is_ascii_lowercase() => (rest.get(..rest.len() - 1)?, Some(c)),
            _ => (rest, None),
        };
        let start = rest.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let (before, number) = rest.split_at(start);
        let separated = before.strip_suffix(['.', '-']).unwrap_or(before);
        let plain =
            separated.bytes().all(|b| b.is_ascii_digit()) && (before.is_empty() || before != separated);
        let number = number.parse().ok().filter(|_| plain && number.len() <= 4)?;
        Some(Self { group: format!("{}{before}", text.get(..letters)?), number, letter })
    }
}

/// One task of a contract.
#[derive(Debug, Clone)]
pub struct Task {
    /// State of the task.
    pub state: TaskState,
    /// Id at the start of its text, if any.
    pub id: Option<Spanned<TaskId>>,
    /// Text after the checkbox; only the first line.
    pub text: Spanned<String>,
    /// Block index of the list item.
    pub block: usize,
}

/// Reads the list items with a checkbox in the blocks of `range`.
#[must_use]
pub(super) fn read_tasks(text: &str, outline: &Outline, range: std::ops::Range<usize>) -> Vec<Task> {
    let mut out = Vec::new();
    for index in range {
        if outline.get(index).is_none_or(|block| block.kind != BlockKind::Item) {
            continue;
        }
        let Some(prose) = outline.item_prose(index).and_then(|prose| outline.get(prose)) else { continue };
        let whole = trim_spanned(text, prose.content);
        let Some((state, width)) = parse_checkbox(whole.value) else { continue };
        let after_box = whole.value.get(width..).unwrap_or("");
        let start = whole.span.start + width;
        let first_line = after_box.trim_start().split('\n').next().unwrap_or("").len();
        let lead = after_box.len() - after_box.trim_start().len();
        let body = trim_spanned(text, Span::new(start, start + lead + first_line));
        out.push(Task { state, id: read_id(&body), text: body.map(str::to_owned), block: index });
    }
    out
}

/// Reads the checkbox at the start of an item; returns the state and the width
/// in bytes. A checkbox is `[ ]`, `[x]` or `[]`, also bold or in backticks, or a
/// box character. An unknown mark means open: `[v]` and `[~]` are not done.
fn parse_checkbox(text: &str) -> Option<(TaskState, usize)> {
    let plain = text.trim_start_matches(['*', '_', '`']);
    let lead = text.len() - plain.len();
    if let Some(c) = plain.chars().next().filter(|c| "☐☑☒✅✔".contains(*c)) {
        let state = if matches!(c, '☐' | '☒') { TaskState::Open } else { TaskState::Done };
        let is_box = matches!(c, '☐' | '☑' | '☒');
        return is_box.then_some((state, lead + c.len_utf8()));
    }
    let inner = plain.strip_prefix('[')?;
    let (mark, rest) = inner.split_once(']')?;
    // `[text](target)` and `[1]: …` are links, `[note]` is text.
    let is_number = !mark.is_empty() && mark.bytes().all(|b| b.is_ascii_digit());
    if rest.starts_with(['(', '[', ':']) || mark.trim().chars().count() > 1 || is_number {
        return None;
    }
    let state = match mark.trim() {
        "x" | "X" | "✓" | "✔" | "✅" => TaskState::Done,
        "-" | "→" => TaskState::Dropped,
        _ => TaskState::Open,
    };
    Some((state, lead + 1 + mark.len() + 1))
}

/// Reads the id at the start of a task: it is bold or separated from the text,
/// as in `**P1.2** …`, `P5.3 — …` or `T7: …`.
fn read_id(body: &Spanned<&str>) -> Option<Spanned<TaskId>> {
    let plain = body.value.trim_start_matches(['*', '_', '~', '`']);
    let marks = body.value.len() - plain.len();
    let end = plain.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).unwrap_or(plain.len());
    let word = plain.get(..end)?.trim_end_matches(['.', '-']);
    let rest = plain.get(word.len()..)?;
    let is_separated = marks > 0 && rest.starts_with(['*', '_', '~', '`', ':', ' ', '.'])
        || rest.starts_with(':')
        || rest.starts_with(". ")
        || [" — ", " – ", " - "].iter().any(|dash| rest.starts_with(dash));
    let at = body.span.start + marks;
    let id = TaskId::read(word).filter(|_| is_separated)?;
    Some(Spanned::new(id, Span::new(at, at + word.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_task_id(text: &str) -> Option<(String, u32, Option<char>)> {
        TaskId::read(text).map(|id| (id.group, id.number, id.letter))
    }

    #[test]
    fn ids_have_a_group_and_a_number() {
        assert_eq!(read_task_id("P1.2"), Some(("P1.".into(), 2, None)));
        assert_eq!(read_task_id("T7"), Some(("T".into(), 7, None)));
        assert_eq!(read_task_id("A3-1"), Some(("A3-".into(), 1, None)));
        assert_eq!(read_task_id("T2g"), Some(("T".into(), 2, Some('g'))));
        for invalid in ["Phase", "P", "1.2", "P1.", "P1.x", "ABC1", "p1", "", "P-1.2-3"] {
            assert_eq!(read_task_id(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn tasks_are_items_with_a_checkbox() {
        for mark in ["v", "V", "w", "\u{445}", "~", ">", "/", "?"] {
            let text = format!("- [{mark}] a\n");
            let outline = Outline::parse(&text);
            let all = read_tasks(&text, &outline, 0..outline.blocks.len());
            assert_eq!(all.iter().map(|task| task.state).collect::<Vec<_>>(), [TaskState::Open], "{mark}");
        }
        let text = "- [ ] **P1.1** Do `x`\n- [x] P1.2 — done\n- [-] no id, set aside\n- plain\n- [link](x)\n- [note] y\n- []**P1.3** open\n- **[ ] P1.4** open\n- ☐ open\n- [→] **P1.5** moved\n\n```\n- [ ] code\n```\n";
        let outline = Outline::parse(text);
        let all = read_tasks(text, &outline, 0..outline.blocks.len());
        let states: Vec<TaskState> = all.iter().map(|task| task.state).collect();
        let (open, done, dropped) = (TaskState::Open, TaskState::Done, TaskState::Dropped);
        assert_eq!(states, [open, done, dropped, open, open, open, dropped]);
        assert_eq!(all[1].id.as_ref().map(|id| id.value.number), Some(2));
        assert!(all[2].id.is_none());
    }
}
