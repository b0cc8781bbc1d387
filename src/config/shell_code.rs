//! Splits code for a shell into its commands, as far as a step needs it: which programs and
//! files it names. No variable is replaced, and nothing is run.

/// A simple command of a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShellCommand {
    /// Its words without quotes; redirections are left out.
    pub words: Vec<String>,
    /// The files that it reads with `<`.
    pub input: Vec<String>,
    /// Whether the next command reads its output.
    pub is_piped: bool,
}

/// What the next word is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Word,
    Input,
    Output,
}

/// Splits code into commands, in one pass over its text.
pub(super) fn split_commands(code: &str) -> Vec<ShellCommand> {
    let code = code.replace("$(pwd)", "$PWD").replace("`pwd`", "$PWD");
    let code = code.replace("$(git rev-parse --show-toplevel)", "$PWD");
    let mut reader =
        Reader { out: Vec::new(), command: ShellCommand::default(), word: None, next: Next::Word };
    reader.read(&code);
    reader.out
}

struct Reader {
    out: Vec<ShellCommand>,
    command: ShellCommand,
    word: Option<String>,
    next: Next,
}

impl Reader {
    #[expect(clippy::match_same_arms, reason = "the order of the arms decides")]
    fn read(&mut self, code: &str) {
        let mut chars = code.chars().peekable();
        // The quote around the reader, and the quotes around open substitutions.
        let mut quote: Option<char> = None;
        let mut outer: Vec<Option<char>> = Vec::new();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (Some('\''), _) => self.push(c),
                (_, '$') if chars.peek() == Some(&'(') => {
                    chars.next();
                    self.end_command(false);
                    outer.push(quote.take());
                }
                (_, '`') => self.end_command(false),
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
                    self.end_command(false);
                    quote = outer.pop().flatten();
                }
                (None, '(') => {
                    self.end_command(false);
                    outer.push(None);
                }
                (None, '\n' | ';' | '&') => self.end_command(false),
                (None, '<') => {
                    self.end_word();
                    self.next = Next::Input;
                }
                (None, '>') => {
                    self.word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                    self.end_word();
                    self.next = Next::Output;
                }
                (None, c) if c.is_whitespace() => self.end_word(),
                (None, _) => self.push(c),
            }
        }
        self.end_command(false);
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.next, Next::Word) {
            Next::Word => self.command.words.push(word),
            Next::Input => self.command.input.push(word),
            Next::Output => {}
        }
    }

    fn end_command(&mut self, is_piped: bool) {
        self.end_word();
        self.next = Next::Word;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() || !command.input.is_empty() {
            self.out.push(ShellCommand { is_piped, ..command });
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
            ("x=$(a 1) `b` \"$(c \"2\")\" d", &["x=", "a 1", "b", "c 2", " d".trim()]),
            ("a >log 2>&1 <in", &["a"]),
            ("a>log", &["a"]),
            ("'a b' \"c;d\" e\\ f # g", &["a b c;d e f"]),
        ] {
            let found = words(code);
            let found: Vec<&str> =
                found.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
            assert_eq!(found, expected, "{code}");
        }
        assert_eq!(split_commands("sh <x.sh")[0].input, ["x.sh"]);
        let piped: Vec<bool> = split_commands("a | b || c").iter().map(|command| command.is_piped).collect();
        assert_eq!(piped, [true, false, false]);
    }
}
