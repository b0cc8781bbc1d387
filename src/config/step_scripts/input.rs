//! Texts that a command reads and may run: its input, and what commands in its words print.

use std::rc::Rc;

use super::folders::Folders;
use super::{MAX_ITEMS, Paths};
use crate::config::said::has;
use crate::config::shell_code::{SUBSTITUTION, ShellCommand};
use crate::config::step_programs::{is_script, program_name};

/// Maximum number of commands whose output is one text.
const MAX_COMMANDS: usize = 16;

/// Programs that print the files of their words, whatever these are named.
const PRINTERS: &str = "cat tac head tail sed tr awk envsubst tee nl base64 zcat gunzip source";

/// What one command adds to a text.
#[derive(Debug, Default)]
struct TextPart {
    /// The paths below the root of the files that it can be from.
    files: Vec<String>,
    /// Code that is written in the command line.
    code: Vec<String>,
    /// Words that can be names of scripts.
    items: Vec<String>,
}

/// A text that is made while code runs.
#[derive(Debug, Clone, Default)]
pub(super) struct MadeText(Vec<Rc<TextPart>>);

impl MadeText {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|part| &part.items)
    }

    /// Adds another text.
    pub(super) fn extend(&mut self, other: &Self) {
        let free = MAX_ITEMS.saturating_sub(self.0.len());
        self.0.extend(other.0.iter().take(free).cloned());
    }

    /// The text that a command prints, with what it reads.
    pub(super) fn printed_by(command: &ShellCommand, input: &Self, folders: &Folders) -> Self {
        let mut part = TextPart::default();
        let rest = command.words.get(1..).unwrap_or_default();
        let name = command.words.first().map_or("", |word| program_name(word));
        if matches!(name, "echo" | "printf") {
            part.code.push(rest.join(" "));
            let is_plain = |word: &&String| !word.starts_with('-') && !word.contains(char::is_whitespace);
            part.items.extend(
                rest.iter().filter(is_plain).filter(|word| !is_script(word)).take(MAX_ITEMS).cloned(),
            );
        }
        let is_printer = has(PRINTERS, name);
        for word in rest {
            let is_plain = is_printer && !word.starts_with('-') && !word.contains(char::is_whitespace);
            if is_plain || is_script(word) {
                // `git show HEAD:x.sh` names a commit first.
                let file = if name == "git" { word.rsplit(':').next().unwrap_or(word) } else { word };
                part.files.extend(folders.join(file));
                part.items.push(word.clone());
            }
        }
        Self::of(part, input)
    }

    /// The text of what is behind `<` and `<<<`.
    pub(super) fn read_by(command: &ShellCommand, inner: &Self, folders: &Folders) -> Self {
        let files = command.input.iter().flat_map(|file| folders.join(file)).collect();
        let (code, items) = (command.input_text.clone(), command.input_text.clone());
        let is_printed = |word: &String| word.contains(SUBSTITUTION);
        let is_inner = command.input.iter().chain(&command.input_text).any(is_printed);
        let inner = if is_inner { inner.clone() } else { Self::default() };
        Self::of(TextPart { files, code, items }, &inner)
    }

    fn of(part: TextPart, more: &Self) -> Self {
        let is_empty = part.files.is_empty() && part.code.is_empty() && part.items.is_empty();
        let mut out = Self(if is_empty { Vec::new() } else { vec![Rc::new(part)] });
        out.extend(more);
        out
    }
}

/// The texts that the commands of one code print, in order.
#[derive(Default)]
pub(super) struct MadeTexts {
    list: Vec<(MadeText, bool)>,
    /// What a group of commands reads.
    group: Option<Group>,
}

/// Commands in parentheses, or in a block such as a loop.
struct Group {
    input: MadeText,
    /// The number of parentheses around its first command.
    depth: usize,
    /// The number of open blocks.
    blocks: usize,
}

impl Group {
    /// Returns whether a command is the last that is in the group, or is behind it.
    fn ends_with(&mut self, command: &ShellCommand) -> bool {
        let first = command.words.first().map_or("", String::as_str);
        let inner = command.words.get(1).map_or("", String::as_str);
        let inner = if has("do then else {", first) { inner } else { "" };
        self.blocks += usize::from(has(BLOCK_STARTS, first)) + usize::from(has(BLOCK_STARTS, inner));
        self.blocks -= usize::from(has(BLOCK_ENDS, first)).min(self.blocks);
        command.depth < self.depth || (self.depth == 0 && self.blocks == 0)
    }
}

/// Words at the start and at the end of a block.
pub(super) const BLOCK_STARTS: &str = "while until for select if case {";
pub(super) const BLOCK_ENDS: &str = "done fi esac }";

impl MadeTexts {
    /// What the commands inside the words of a command print.
    pub(super) fn of_inner(&self, command: &ShellCommand) -> MadeText {
        let mut out = MadeText::default();
        for range in command.inner.iter().rev().take(MAX_COMMANDS) {
            let inner = self.list.get(range.clone()).unwrap_or_default();
            inner.iter().rev().take(MAX_COMMANDS).for_each(|(text, _)| out.extend(text));
        }
        out
    }

    /// What the pipe holds that a command reads.
    pub(super) fn of_pipe(&mut self, command: &ShellCommand) -> Option<MadeText> {
        if let Some((text, _)) = self.list.last().filter(|(_, is_piped)| *is_piped) {
            let mut group = Group { input: text.clone(), depth: command.depth, blocks: 0 };
            self.group = if group.ends_with(command) { None } else { Some(group) };
            return Some(text.clone());
        }
        let input = self.group.as_ref()?.input.clone();
        self.group.take_if(|group| group.ends_with(command));
        self.group.is_some().then_some(input)
    }

    pub(super) fn push(&mut self, command: &ShellCommand, mut text: MadeText) {
        // What a group of commands prints is what its commands print.
        if command.words.first().is_some_and(|word| has(BLOCK_ENDS, word)) {
            self.list.iter().rev().take(MAX_COMMANDS).for_each(|(inner, _)| text.extend(inner));
        }
        self.list.push((text, command.is_piped));
    }
}

impl Paths {
    /// Collects what an interpreter without a script reads from its input, and runs.
    pub(super) fn run_input(&mut self, folders: &Folders, depth: usize) {
        self.run_input_of("sh", folders, depth);
    }

    /// Collects what the interpreter with this name reads from its input.
    pub(super) fn run_input_of(&mut self, name: &str, folders: &Folders, depth: usize) {
        let input = self.input.clone();
        self.run_text(name, &input, folders, depth);
    }

    /// Collects what commands in the words print, if a word that is run is from there.
    pub(super) fn run_printed(&mut self, word: &str, folders: &Folders, depth: usize) {
        if word.contains(SUBSTITUTION) {
            let printed = self.printed.clone();
            self.run_text("sh", &printed, folders, depth);
        }
    }

    fn run_text(&mut self, name: &str, text: &MadeText, folders: &Folders, depth: usize) {
        // The code may read the same texts again.
        let (input, printed) = (std::mem::take(&mut self.input), std::mem::take(&mut self.printed));
        for part in &text.0 {
            part.files.iter().for_each(|path| self.add_path(path.clone()));
            part.code.iter().for_each(|code| self.collect_own_code(name, code, folders, depth + 1));
        }
        (self.input, self.printed) = (input, printed);
    }

    /// `ls a.sh | xargs bash`: the command runs with each of the words that it reads.
    pub(super) fn collect_xargs(
        &mut self,
        before: &[&str],
        command: &[&str],
        folders: &Folders,
        depth: usize,
    ) {
        if command.is_empty() {
            // It prints the words.
            return;
        }
        let input = std::mem::take(&mut self.input);
        let mut pairs = before.iter().zip(before.iter().skip(1));
        let place = pairs.find(|(option, _)| **option == "-I").map(|(_, place)| *place);
        let joined = || before.iter().find_map(|word| word.strip_prefix("-I"));
        let place = place.or_else(joined).filter(|place| !place.is_empty()).unwrap_or("{}");
        for item in input.items() {
            self.collect_with_item(command, place, item, folders, depth);
        }
        self.input = input;
    }

    /// `parallel bash ::: x.sh y.sh`: the command runs with each of the words behind.
    pub(super) fn collect_parallel(&mut self, words: &[&str], folders: &Folders, depth: usize) {
        let at = words.iter().position(|word| word.starts_with(":::")).unwrap_or(words.len());
        let (command, items) = words.split_at(at);
        for item in items.iter().filter(|item| !item.starts_with(":::")).take(MAX_ITEMS) {
            self.collect_with_item(command, "{}", item, folders, depth);
        }
    }

    /// Collects a command with a word in its place, or at its end.
    fn collect_with_item(
        &mut self,
        command: &[&str],
        place: &str,
        item: &str,
        folders: &Folders,
        depth: usize,
    ) {
        let has_place = command.iter().any(|word| word.contains(place));
        let words: Vec<String> = command.iter().map(|word| word.replace(place, item)).collect();
        let end = (!has_place).then_some(item);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(end).collect();
        self.collect(&words, folders, depth + 1);
    }
}

/// Returns whether a word of an interpreter stands for its input.
pub(super) fn is_input(word: &str) -> bool {
    matches!(word, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}
