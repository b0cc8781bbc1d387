//! The commands of `TEST_PLAN`.

use crate::document::field::Field;
use crate::document::outline::Outline;
use crate::document::section::Section;
use crate::document::{Fault, is_placeholder};
use crate::text::{Span, trim_spanned};

use super::items::{FieldText, TextForm, code_spans, strip_box, texts_in};
use super::plan_table::find_remarks;
use super::quality::{blocks_of_others, single_occurrence};

/// One command of `TEST_PLAN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// The command line; continuation lines are joined, comment lines are skipped.
    pub text: String,
    /// Location in the packet.
    pub span: Span,
    /// Whether the packet marks the text as a command, by backticks or a fence. Other
    /// items need evidence like a command, but are not run.
    pub is_quoted: bool,
}

/// Returns a command line without a comment of the shell at its end.
#[must_use]
pub(crate) fn without_comment(line: &str) -> &str {
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open && (before != '\\' || open == '\'') => quote = None,
            (None, '\'' | '"' | '`') if before != '\\' => quote = Some(c),
            (None, '#') if before.is_whitespace() && at > 0 => {
                return line.get(..at).unwrap_or(line).trim_end();
            }
            _ => {}
        }
        before = c;
    }
    line
}

impl PlannedCommand {
    /// Returns whether the line calls a gate of this program, directly or by a
    /// `just` recipe. Such a line is not run again as a step.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        let mut words = self.text.split_whitespace();
        let first = words.next().unwrap_or("");
        let second = words.next().unwrap_or("");
        let gates = ["pre-work", "post-work", "gate-check", "cor701-sha"];
        let is_own_command = matches!(first, "just" | "countersign");
        let has_several_commands = self.text.contains(['&', ';', '|', '`']) || self.text.contains("$(");
        is_own_command
            && !has_several_commands
            && (gates.contains(&second) || second.starts_with("validator-"))
    }
}

/// Reads `TEST_PLAN`: the lines of its code, and every item, cell and command in
/// backticks around it.
pub(super) fn read_test_plan(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Vec<PlannedCommand>, Vec<Fault>) {
    let (occurrence, repeated) = single_occurrence(sections, all, outline, "TEST_PLAN");
    let Some(plan) = occurrence else { return (Vec::new(), repeated) };
    let (mut out, mut faults) = (Vec::new(), Vec::new());
    if let Some(value) = plan.inline.filter(|value| !is_placeholder(&value.value)) {
        let inline = FieldText { text: value, form: TextForm::Item, block: plan.blocks.start };
        read_planned_text(&inline, &mut out, &mut faults);
    }
    let others = blocks_of_others(sections, all, outline, "TEST_PLAN", &plan.blocks);
    let mut texts = texts_in(text, outline, plan.blocks);
    texts.retain(|found| !others.contains(found.block));
    let (remarks, unread) = find_remarks(outline, &texts);
    let mut placeholders: Vec<Fault> = Vec::new();
    for found in &texts {
        if found.form == TextForm::Html && found.is_disclosure() {
            // The lines of `<details>` around a text.
        } else if unread.contains(&found.block) {
            faults.push(found.fault("TEST_PLAN", "it is not in backticks, beside a command that is"));
        } else if remarks.contains(&found.block) {
            // The head of a table, or a remark beside its commands.
        } else if found.form == TextForm::Code {
            let content = outline.get(found.block).map_or(found.text.span, |block| block.content);
            read_fenced_commands(text, content, &mut out);
        } else if found.form == TextForm::Item
            && (is_labelled_list(found, outline) || is_group(found, text, outline))
        {
            // `- Backend:` with nested commands.
        } else if let Some(fault) = found.placeholder_fault("TEST_PLAN") {
            placeholders.push(fault);
        } else {
            placeholders.extend(found.joined_fault("TEST_PLAN"));
            read_planned_text(found, &mut out, &mut faults);
        }
    }
    // Without any command, the whole field is reported as not filled.
    if out.is_empty() { (out, repeated) } else { (out, [repeated, faults, placeholders].concat()) }
}

fn is_labelled_list(found: &FieldText, outline: &Outline) -> bool {
    let item = outline.get(found.block).and_then(|block| block.parent);
    found.is_introduction()
        && item.is_some_and(|item| outline.get(item).is_some_and(|b| b.end > found.block + 1))
}

/// First words of an item that asks for an action, such as `Check the dialogs`.
const ACTIONS: [&str; 20] = [
    "Manual", "Manually", "Review", "Verify", "Check", "Inspect", "Look", "Open", "Click", "Confirm", "Test",
    "Run", "Try", "Ask", "Compare", "Read", "Make", "Ensure", "Build", "Start",
];

/// Returns whether an item is the name of a group: a few words such as `Unit tests`, whose nested
/// items are all commands in backticks. What could be a command or an action is no name.
fn is_group(found: &FieldText, text: &str, outline: &Outline) -> bool {
    let name = found.text.value.trim_matches(['*', '_', ' ']);
    let is_word = |word: &str| word.chars().all(char::is_alphabetic) && word.chars().count() > 1;
    let is_name = name.starts_with(char::is_uppercase)
        && name.split_whitespace().count() <= 4
        && name.split_whitespace().all(is_word)
        && !name.split_whitespace().next().is_some_and(|first| ACTIONS.contains(&first));
    let Some(item) = outline.get(found.block).and_then(|block| block.parent).filter(|_| is_name) else {
        return false;
    };
    let mut nested = outline.items(Some(item)).peekable();
    let is_quoted = |child: usize| {
        let prose = outline.item_prose(child).and_then(|prose| outline.get(prose));
        let content = prose.and_then(|prose| text.get(prose.content.start..prose.content.end));
        content.is_some_and(|content| !code_spans(content).is_empty())
    };
    nested.peek().is_some() && nested.all(is_quoted)
}

/// Returns the text behind a label in bold: `**Unit**: cargo test`.
fn without_bold_label(text: &str) -> &str {
    let behind = || {
        let (label, rest) = text.strip_prefix("**")?.split_once("**")?;
        let rest =
            if label.trim_end().ends_with(':') { rest } else { rest.trim_start().strip_prefix(':')? };
        Some(rest.trim_start()).filter(|rest| !rest.is_empty())
    };
    behind().unwrap_or(text)
}

/// Removes the prompt of a shell before a command.
fn without_prompt(line: &str) -> &str {
    ["$ ", "% "].iter().find_map(|prompt| line.strip_prefix(prompt)).unwrap_or(line).trim_start()
}

/// Reads the commands of one text outside of code: those in backticks. An item or
/// cell without backticks is one command as a whole.
fn read_planned_text(found: &FieldText, out: &mut Vec<PlannedCommand>, faults: &mut Vec<Fault>) {
    let body = strip_box(&found.text.value);
    if found.is_empty_statement() || is_placeholder(body) {
        return;
    }
    let spans = code_spans(&found.text.value);
    let command = |text: &str, is_quoted: bool| PlannedCommand {
        text: text.to_owned(),
        span: found.text.span,
        is_quoted,
    };
    let commands: Vec<&str> = match spans.as_slice() {
        [only] => vec![*only],
        // A word alone is a name: ``run `cargo test` in `app` ``.
        several => several.iter().copied().filter(|span| span.trim().contains(' ')).collect(),
    };
    if !commands.is_empty() {
        out.extend(commands.into_iter().map(|text| command(without_prompt(text.trim()), true)));
        return;
    }
    match found.form {
        TextForm::Item | TextForm::Cell if spans.is_empty() => {
            let plain = body.split_whitespace().collect::<Vec<_>>().join(" ");
            let plain = without_bold_label(&plain).trim_matches('*');
            out.push(command(without_prompt(plain), false));
        }
        TextForm::Heading => {}
        TextForm::Html => faults.push(found.fault("TEST_PLAN", "it is HTML; write commands in a fence")),
        _ if found.is_introduction() => {}
        _ => faults.push(found.fault("TEST_PLAN", "it is not a command in backticks")),
    }
}

fn read_fenced_commands(text: &str, content: Span, out: &mut Vec<PlannedCommand>) {
    let mut start = content.start;
    let mut open: Option<PlannedCommand> = None;
    for piece in text.get(content.start..content.end).unwrap_or("").split_inclusive('\n') {
        let line = trim_spanned(text, Span::new(start, start + piece.len()));
        start += piece.len();
        let continued = line.value.strip_suffix('\\').map(str::trim_end);
        let body = continued.unwrap_or(line.value);
        match open.take() {
            Some(mut command) => {
                command.text = format!("{} {body}", command.text);
                command.span = command.span.join(line.span);
                open = Some(command);
            }
            None if line.value.is_empty() || line.value.starts_with('#') => {}
            // The template's text is not a command.
            None if line.value.starts_with('<') && is_placeholder(line.value) => {}
            None => {
                let text = without_prompt(body).to_owned();
                open = Some(PlannedCommand { text, span: line.span, is_quoted: true });
            }
        }
        if continued.is_none() {
            out.extend(open.take());
        }
    }
    out.extend(open);
}

#[cfg(test)]
mod tests {
    use crate::document::Packet;
    use crate::text::{RepoPath, Source};

    fn packet(body: &str) -> Packet {
        let text = format!("# Task Packet: WP-1-A\n\n{body}");
        Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), text)).value
    }

    fn planned(body: &str) -> Vec<String> {
        packet(body).test_plan.into_iter().map(|command| command.text).collect()
    }

    fn faults(body: &str) -> Vec<String> {
        let text = format!("# Task Packet: WP-1-A\n\n{body}");
        let read = Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), text));
        let unread = read.faults.into_iter().filter(|fault| fault.rule == "packet/unread-item");
        unread.map(|fault| fault.message).collect()
    }

    #[test]
    fn usual_forms_of_a_plan_are_read() {
        let both = ["sh a.sh", "sh b.sh"];
        for plan in [
            "- `sh a.sh`\n- `sh b.sh`\n",
            "- Unit tests\n  - `sh a.sh`\n- Integration\n  - `sh b.sh`\n",
            "- **Unit**: sh a.sh\n- **All:** sh b.sh\n",
            "```console\n$ sh a.sh\n$ sh b.sh\n```\n",
            "- `$ sh a.sh`\n- `sh b.sh`\n",
            "| Command | Why |\n|---|---|\n| `sh a.sh` | the unit tests |\n| sh b.sh | all |\n",
            "| Step | Commands |\n|---|---|\n| 1 | sh a.sh |\n| 2 | sh b.sh |\n",
            "- `sh a.sh`\n\n<details>\n<summary>why</summary>\n\n</details>\n\n- `sh b.sh`\n",
        ] {
            assert_eq!(planned(&format!("## TEST_PLAN\n{plan}\n## DONE_MEANS\n- one\n")), both, "{plan}");
        }
    }

    #[test]
    fn another_list_or_section_ends_the_plan() {
        for behind in [
            "\n- DONE_MEANS:\n  - one\n",
            "\n**DONE_MEANS**\n- one\n",
            "\n**DONE_MEANS:**\n- one\n",
            "\n### DONE_MEANS\n- one\n",
        ] {
            let read = packet(&format!("## TEST_PLAN\n- `sh a.sh`\n{behind}"));
            let plan: Vec<&str> = read.test_plan.iter().map(|command| command.text.as_str()).collect();
            let criteria: Vec<&str> = read.done_means.iter().map(|one| one.text.value.as_str()).collect();
            assert_eq!((plan.as_slice(), criteria.as_slice()), (&["sh a.sh"][..], &["one"][..]), "{behind}");
        }
        let read = packet(
            "# TEST_PLAN\n- `sh a.sh`\n\n## DONE_MEANS\n- one <!-- agreed -->\n\n## EVIDENCE\n- COMMAND: `x`\n",
        );
        assert_eq!(read.test_plan.len(), 1);
        assert_eq!(read.done_means.iter().map(|one| one.text.value.as_str()).collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn no_form_hides_a_command() {
        // What could be a command is no name of a group, and not every cell is a remark.
        assert_eq!(planned("## TEST_PLAN\n- make check\n  - `true`\n"), ["make check", "true"]);
        assert_eq!(planned("## TEST_PLAN\n- Rscript all.R\n  - `true`\n"), ["Rscript all.R", "true"]);
        assert_eq!(planned("## TEST_PLAN\n- Unit\n  - `true`\n  - sh b.sh\n"), ["Unit", "true", "sh b.sh"]);
        let table = "## TEST_PLAN\n| Why | Command |\n|---|---|\n| `true` | sh a.sh |\n";
        assert_eq!(planned(table), ["true", "sh a.sh"]);
        let unread = "## TEST_PLAN\n| Test | Evidence |\n|---|---|\n| x | `true` |\n| y | `true` |\n";
        assert!(faults(unread).is_empty());
        let unread = "## TEST_PLAN\n| Suite | Evidence |\n|---|---|\n| sh real.sh | `true` |\n";
        assert_eq!(faults(unread).len(), 1);
        assert_eq!(planned("## TEST_PLAN\n- Manual review\n  - `true`\n"), ["Manual review", "true"]);
        for hidden in ["<details>\n<summary>sh real.sh</summary>\n", "<summary>\nsh real.sh\n"] {
            assert_eq!(faults(&format!("## TEST_PLAN\n- `true`\n\n{hidden}")).len(), 1, "{hidden}");
        }
        let row = "## TEST_PLAN\n| Command | Why |\n|---|---|\n| `true` | x |\n|  | sh a.sh |\n";
        assert_eq!(planned(row), ["true", "sh a.sh"]);
        assert_eq!(planned("## TEST_PLAN\n| Unit |\n|---|\n| sh a.sh |\n"), ["sh a.sh"]);
        // Items beside the other list, and below a heading of another name, belong to the plan.
        let beside = "## TEST_PLAN\n- `sh a.sh`\n- DONE_MEANS:\n  - one\n- `sh b.sh`\n";
        assert_eq!(planned(beside), ["sh a.sh", "sh b.sh"]);
        assert_eq!(planned("## TEST_PLAN\n### Evidence of life\n- `sh a.sh`\n"), ["sh a.sh"]);
        assert_eq!(planned("## TEST_PLAN\n```console\n$ sh a.sh\nsh b.sh\n```\n"), ["sh a.sh", "sh b.sh"]);
    }

    #[test]
    fn large_plans_are_read_in_linear_time() {
        let cells = "| `sh a.sh` | x |\n".repeat(40_000);
        let labels = "- `sh a.sh`\n- DONE_MEANS:\n  - one\n".repeat(40_000);
        for text in [format!("| Command | Why |\n|---|---|\n{cells}"), labels] {
            let start = std::time::Instant::now();
            let read = packet(&format!("## TEST_PLAN\n{text}"));
            assert_eq!(read.test_plan.len(), 40_000);
            assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
        }
    }

    #[test]
    fn sections_of_other_levels_and_labels_of_other_forms_are_read() {
        let read = packet(
            "### METADATA\n- `WP_ID`: WP-1-A\n- RISK\\_TIER: LOW\n\n### 3. SKELETON\nplan\n\n\
             SKELETON APPROVED\n\n### IMPLEMENTATION\ndone\n",
        );
        assert_eq!(
            read.metadata.iter().map(|field| field.key.as_str()).collect::<Vec<_>>(),
            ["WP_ID", "RISK_TIER"]
        );
        assert!(read.phases.approval_marker.is_some(), "all sections are one level deeper");
        // A deeper heading among usual ones is no section of the template.
        let mixed = packet("## METADATA\n- WP_ID: WP-1-A\n\n### SKELETON\nplan\n\nSKELETON APPROVED\n");
        assert!(mixed.phases.approval_marker.is_none());
        // Text in backticks that is no constant is no label.
        assert!(packet("## METADATA\n- `cargo test`: all\n").metadata.is_empty());
    }
}
