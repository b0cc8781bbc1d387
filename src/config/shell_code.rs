//! Splits code for a shell into its commands, as far as a step needs it: which programs and
//! files it names. No variable is replaced, and nothing is run.

use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

use super::said::has;
use super::step_programs::{SHELLS, program_name};

/// A simple command of a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShellCommand {
    /// Its words without quotes; redirections are left out.
    pub words: Vec<String>,
    /// The files that it reads with `<`.
    pub input: Vec<String>,
    /// The texts that it reads with `<<<`.
    pub input_text: Vec<String>,
    /// The commands before it whose output is in its words or its input.
    pub inner: Vec<Range<usize>>,
    /// Whether the next command reads its output.
    pub is_piped: bool,
    /// Whether `()` is behind its words: they name a function.
    pub is_definition: bool,
    /// The number of parentheses around it: `cd` holds up to their end.
    pub depth: usize,
}

/// What the next word is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Word,
    Input,
    InputText,
    /// The end of a text in the code.
    TextEnd,
    /// A file that is written.
    Unread,
}

/// Programs that read a text as another language.
const LANGUAGES: &str =
    "python pypy node perl ruby php deno bun R Rscript julia lua psql mysql mariadb sqlite jq";
/// Stands before the number of a text.
const TEXT_MARK: &str = "\0";
/// Maximum number of texts whose end is searched in vain, and of texts inside of each other.
const MAX_LOST_ENDS: usize = 8;
const MAX_NESTING: usize = 4;

/// Splits code into commands, in one pass over its text.
pub(super) fn split_commands(code: &str) -> Vec<ShellCommand> {
    let code = code.replace("$(pwd)", "$PWD").replace("`pwd`", "$PWD");
    let code = code.replace("$(git rev-parse --show-toplevel)", "$TOPLEVEL");
    let mut reader = Reader::default();
    reader.read(&code);
    reader.fill_texts();
    reader.out
}

#[derive(Default)]
struct Reader {
    out: Vec<ShellCommand>,
    command: ShellCommand,
    word: Option<String>,
    next: Next,
    /// The open parentheses, with the command around each substitution.
    around: Vec<Option<Around>>,
    /// The number of parentheses around each open list of words: `a=(b c)`.
    arrays: Vec<usize>,
    /// The number of parentheses around each open `case`, and whether a pattern is next.
    cases: Vec<(usize, bool)>,
    /// The ends of the texts behind the line, their number so far, and the texts.
    ends: Vec<String>,
    marks: usize,
    texts: Vec<String>,
    /// The number of texts without an end, and of texts around the code.
    lost_ends: usize,
    nesting: usize,
}

/// A command that is not yet complete, its last word, what the next word is, and the number of
/// commands before the substitution.
type Around = (ShellCommand, Option<String>, Next, usize);

/// Stands for the output of a command in a word.
pub(super) const SUBSTITUTION: &str = "${SUBSTITUTION}";

impl Reader {
    #[expect(clippy::match_same_arms, reason = "the order of the arms decides")]
    fn read(&mut self, code: &str) {
        let mut chars = code.chars().peekable();
        // The quote around the reader, and the quotes around open substitutions.
        let mut quote: Option<char> = None;
        let mut outer: Vec<Option<char>> = Vec::new();
        let mut is_in_backticks = false;
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (Some('\''), _) => self.push(c),
                (_, '$') if chars.peek() == Some(&'(') => {
                    chars.next();
                    self.enter();
                    outer.push(quote.take());
                }
                (_, '`') if is_in_backticks => {
                    self.leave();
                    quote = outer.pop().flatten();
                    is_in_backticks = false;
                }
                (_, '`') => {
                    self.enter();
                    outer.push(quote.take());
                    is_in_backticks = true;
                }
                (_, '\\') => match chars.next() {
                    Some('\n') | None => {}
                    Some(escaped) => self.push(escaped),
                },
                (Some(_), _) => self.push(c),
                (None, '\'' | '"') => {
                    quote = Some(c);
                    self.word.get_or_insert_default();
                }
                (None, '#') if self.word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
                (None, '(' | ')') if self.is_in_array() || (c == '(' && self.starts_array()) => {
                    self.read_parenthesis_of_array(c);
                }
                (None, c) if c.is_whitespace() && self.is_in_array() => self.push(' '),
                (None, '(' | '|' | '\n') if self.is_in_pattern() => self.end_word(),
                (None, ')') if self.is_in_pattern() => self.end_pattern(),
                (None, ';') if chars.peek() == Some(&';') || chars.peek() == Some(&'&') => {
                    chars.next();
                    chars.next_if_eq(&'&');
                    self.end_branch();
                }
                (None, '|') => {
                    let is_or = chars.next_if_eq(&'|').is_some();
                    self.end_command(!is_or);
                }
                (None, '&') if chars.peek() == Some(&'>') => self.end_word(),
                (None, '&') if self.word.is_none() && self.next != Next::Word => {}
                (None, ')') => {
                    self.leave();
                    quote = outer.pop().flatten();
                }
                (None, '(') => {
                    self.command.is_definition = chars.peek() == Some(&')');
                    self.end_command(false);
                    self.around.push(None);
                    outer.push(None);
                }
                (None, '\n' | ';' | '&') => {
                    if self.is_in_pattern() {
                        self.cases.pop();
                    }
                    self.end_command(false);
                    if c == '\n' {
                        self.read_texts(&mut chars);
                    }
                }
                (None, '<' | '>') if chars.peek() == Some(&'(') => {
                    // The output of a command takes the place of a file.
                    chars.next();
                    self.end_word();
                    self.enter();
                    outer.push(None);
                }
                (None, '<') => {
                    self.word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                    let signs = 1 + std::iter::from_fn(|| chars.next_if_eq(&'<')).take(2).count();
                    self.end_word();
                    self.next = match signs {
                        1 => Next::Input,
                        2 => Next::TextEnd,
                        _ => Next::InputText,
                    };
                }
                (None, '>') => {
                    self.word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                    self.end_word();
                    self.next = Next::Unread;
                }
                (None, c) if c.is_whitespace() => self.end_word(),
                (None, _) => self.push(c),
            }
        }
        self.end_command(false);
        while !self.around.is_empty() {
            self.leave();
            self.end_command(false);
        }
    }

    /// Enters a substitution: the command around it waits.
    fn enter(&mut self) {
        let around = (std::mem::take(&mut self.command), self.word.take(), self.next, self.out.len());
        self.next = Next::Word;
        self.around.push(Some(around));
    }

    /// Leaves parentheses. The command around a substitution goes on, with a variable in its place.
    fn leave(&mut self) {
        self.end_command(false);
        let Some((mut command, word, next, start)) = self.around.pop().flatten() else { return };
        command.inner.push(start..self.out.len());
        self.command = command;
        self.word = Some(word.unwrap_or_default() + SUBSTITUTION);
        self.next = next;
    }

    fn is_in_array(&self) -> bool {
        self.arrays.last() == Some(&self.around.len())
    }

    /// Returns whether parentheses behind the last word hold a list of words.
    fn starts_array(&self) -> bool {
        let name = self.word.as_deref().and_then(|word| word.strip_suffix('='));
        let name = name.map(|name| name.strip_suffix('+').unwrap_or(name));
        name.is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    }

    /// Opens or closes a list of words, which becomes a part of its word.
    fn read_parenthesis_of_array(&mut self, c: char) {
        if self.is_in_array() {
            self.push(c);
        }
        if c == '(' {
            if self.word.as_deref().is_some_and(|word| word.ends_with("+=")) {
                self.push(' ');
            }
            self.arrays.push(self.around.len());
            return;
        }
        self.arrays.pop();
        if !self.is_in_array() {
            self.word.as_mut().and_then(String::pop);
        }
    }

    fn is_in_pattern(&self) -> bool {
        self.cases.last() == Some(&(self.around.len(), true))
    }

    /// Drops the pattern of a branch of `case`.
    fn end_pattern(&mut self) {
        self.end_word();
        self.command.words.clear();
        self.cases.last_mut().into_iter().for_each(|(_, is_pattern)| *is_pattern = false);
    }

    /// Ends a branch of `case`.
    fn end_branch(&mut self) {
        self.end_command(false);
        let level = self.around.len();
        self.cases.last_mut().filter(|(known, _)| *known == level).into_iter().for_each(|case| case.1 = true);
    }

    /// Enters and leaves `case`, by the words of the command.
    fn read_case(&mut self) {
        let level = self.around.len();
        let words: Vec<&str> = self.command.words.iter().rev().take(4).map(String::as_str).collect();
        let count = self.command.words.len();
        let is_branch = count == 1 && self.cases.last() == Some(&(level, false));
        if words.first() == Some(&"esac") && (is_branch || self.is_in_pattern()) {
            self.cases.pop();
            self.command.words = vec!["esac".to_owned()];
            return;
        }
        let is_start = |word: &&str| matches!(*word, "do" | "then" | "else" | "{" | "if" | "while" | "!");
        if let ["in", _, "case", before @ ..] = &words[..]
            && count <= 4
            && before.iter().all(is_start)
        {
            self.end_command(false);
            self.cases.push((level, true));
        }
    }

    /// Reads the lines up to the end of a text that a program of another language reads. Without
    /// an end, the lines are commands.
    fn read_texts(&mut self, chars: &mut Peekable<Chars<'_>>) {
        for end in std::mem::take(&mut self.ends) {
            let (rest, mut body, mut is_found) = (chars.clone(), String::new(), false);
            while self.lost_ends < MAX_LOST_ENDS && chars.peek().is_some() && !is_found {
                let line: String = chars.by_ref().take_while(|c| *c != '\n').collect();
                is_found = line.trim_start_matches('\t') == end;
                if !is_found {
                    body += &line;
                    body.push('\n');
                }
            }
            if !is_found {
                self.lost_ends += 1;
                *chars = rest;
            } else if body.contains("$(") && self.nesting < MAX_NESTING {
                self.read_inside(&body);
            }
            self.texts.push(if is_found { body } else { String::new() });
        }
    }

    /// Reads the substitutions in a text.
    fn read_inside(&mut self, body: &str) {
        let mut inner = Self { nesting: self.nesting + 1, ..Self::default() };
        inner.read(&format!("\"{}\"", body.replace('"', "\\\"")));
        inner.out.pop();
        inner.fill_texts();
        let start = self.out.len();
        for command in &mut inner.out {
            let ranges = command.inner.iter_mut();
            ranges.for_each(|range| *range = range.start + start..range.end + start);
        }
        self.out.append(&mut inner.out);
    }

    /// Returns whether the command reads its input as another language than that of a shell.
    fn reads_language(&self) -> bool {
        let names = || self.command.words.iter().map(|word| program_name(word));
        names().any(|name| has(LANGUAGES, name)) && !names().any(|name| SHELLS.contains(&name))
    }

    /// Puts the texts of the code in the place of their marks.
    fn fill_texts(&mut self) {
        for text in self.out.iter_mut().flat_map(|command| &mut command.input_text) {
            if let Some(at) = text.strip_prefix(TEXT_MARK).and_then(|at| at.parse::<usize>().ok()) {
                *text = self.texts.get(at).cloned().unwrap_or_default();
            }
        }
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.next, Next::Word) {
            Next::Word => {
                self.command.words.push(replace_addition(word));
                self.read_case();
            }
            Next::Input => self.command.input.push(word),
            Next::InputText => self.command.input_text.push(word),
            Next::TextEnd if self.reads_language() => {
                self.ends.push(word.trim_start_matches('-').to_owned());
                self.command.input_text.push(format!("{TEXT_MARK}{}", self.marks));
                self.marks += 1;
            }
            Next::TextEnd | Next::Unread => {}
        }
    }

    fn end_command(&mut self, is_piped: bool) {
        self.end_word();
        self.next = Next::Word;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() || !command.input.is_empty() || !command.input_text.is_empty() {
            self.out.push(ShellCommand { is_piped, depth: self.around.len(), ..command });
        } else if let Some(last) = self.out.last_mut().filter(|_| is_piped) {
            // What parentheses print goes into the pipe as well.
            last.is_piped = true;
        }
    }
}

/// `a+=b` is `a=${a}b`.
fn replace_addition(word: String) -> String {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match word.split_once("+=").filter(|(name, _)| !name.is_empty() && is_name(name)) {
        Some((name, value)) => format!("{name}=${{{name}}}{value}"),
        None => word,
    }
}

#[cfg(test)]
mod tests;
