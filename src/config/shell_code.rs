//! Splits code for a shell into its commands, as far as a step needs it: which programs and
//! files it names. No variable is replaced, and nothing is run.

use std::ops::Range;

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
    /// The number of parentheses around it: `cd` holds up to their end.
    pub depth: usize,
}

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Word,
    Input,
    InputText,
    /// A file that is written, or the end of a text in the code.
    Unread,
}

/// Splits code into commands, in one pass over its text.
pub(super) fn split_commands(code: &str) -> Vec<ShellCommand> {
    let code = code.replace("$(pwd)", "$PWD").replace("`pwd`", "$PWD");
    let code = code.replace("$(git rev-parse --show-toplevel)", "$TOPLEVEL");
    let mut reader = Reader {
        out: Vec::new(),
        command: ShellCommand::default(),
        word: None,
        next: Next::Word,
        around: Vec::new(),
    };
    reader.read(&code);
    reader.out
}

struct Reader {
    out: Vec<ShellCommand>,
    command: ShellCommand,
    word: Option<String>,
    next: Next,
    /// The open parentheses, with the command around each substitution.
    around: Vec<Option<Around>>,
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
                    self.end_command(false);
                    self.around.push(None);
                    outer.push(None);
                }
                (None, '\n' | ';' | '&') => self.end_command(false),
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
                        2 => Next::Unread,
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

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.next, Next::Word) {
            Next::Word => self.command.words.push(word),
            Next::Input => self.command.input.push(word),
            Next::InputText => self.command.input_text.push(word),
            Next::Unread => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: &str) -> Vec<String> {
        split_commands(code).iter().map(|command| command.words.join(" ")).collect()
    }

    #[test]
    fn commands_are_found_in_all_forms_of_code() {
        for (code, expected) in [
            ("a; b && c || d | e & f\ng", &["a", "b", "c", "d", "e", "f", "g"][..]),
            ("(a) && { b; }", &["a", "{ b", "}"]),
            (
                "x=$(a 1) `b` \"$(c \"2\")\" d",
                &["a 1", "b", "c 2", "x=${SUBSTITUTION} ${SUBSTITUTION} ${SUBSTITUTION} d"],
            ),
            ("a \"$(b \"$0\")/c\" d", &["b $0", "a ${SUBSTITUTION}/c d"]),
            ("a `b`/c", &["b", "a ${SUBSTITUTION}/c"]),
            ("a $(b (c", &["b", "c", "a ${SUBSTITUTION}"]),
            ("a >log 2>&1 <in", &["a"]),
            ("a>log", &["a"]),
            ("'a b' \"c;d\" e\\ f # g", &["a b c;d e f"]),
            ("a <(b c) d >(e)", &["b c", "e", "a ${SUBSTITUTION} d ${SUBSTITUTION}"]),
            ("a <<<b <<E", &["a"]),
        ] {
            let found = words(code);
            let found: Vec<&str> =
                found.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
            assert_eq!(found, expected, "{code}");
        }
        assert_eq!(split_commands("sh <x.sh")[0].input, ["x.sh"]);
        let piped: Vec<bool> = split_commands("a | b || c").iter().map(|command| command.is_piped).collect();
        assert_eq!(piped, [true, false, false]);
        let grouped: Vec<bool> = split_commands("(a) | b").iter().map(|command| command.is_piped).collect();
        assert_eq!(grouped, [true, false]);
        let inner: Vec<usize> = split_commands("a; b \"$(c; d)\"").iter().map(|c| c.inner.len()).collect();
        assert_eq!(inner, [0, 0, 0, 1]);
        assert_eq!(split_commands("a $(b; c)")[2].inner.first(), Some(&(0..2)));
        assert_eq!(split_commands("sh <<<x")[0].input_text, ["x"]);
    }
}
