//! Programs that start the program behind them: `env`, `timeout`, `xvfb-run`, `uv run`.
//!
//! The code that recognizes test runs and the code that finds the scripts of steps use one
//! table and one reading of it.

use super::said::{Move, OptionEnd, Said, has, options_of};
use super::step_programs::{STRONG_INTERPRETERS, is_data, is_linter, program_name};
use super::wrapper_table::{LAUNCHERS, MANAGERS, Own, RUNNERS, Wrapper};

/// What a wrapper starts.
#[derive(Debug)]
pub(super) struct Peeled<'s, 'a> {
    /// The words of the command.
    pub words: &'s [&'a str],
    /// The program that reads them; empty if they begin with a program.
    pub then: &'static str,
    /// What the options of the wrapper say.
    pub said: Said<'a>,
    /// The own words of the wrapper before the command.
    pub own: &'s [&'a str],
    /// Whether the command runs in a container.
    pub is_inside: bool,
}

/// Words of a wrapper that are read from the start.
struct WrapperReader<'s, 'a> {
    name: &'s str,
    table: &'static str,
    rest: &'s [&'a str],
    said: Said<'a>,
    then: Option<&'static str>,
    /// Whether `--` ended the options.
    is_dashed: bool,
}

impl<'s, 'a> WrapperReader<'s, 'a> {
    /// Skips options. Returns whether what follows is the command by one of them.
    fn skip_options(&mut self) -> bool {
        loop {
            if self.rest.first() == Some(&"--") {
                self.skip(1);
                self.is_dashed = true;
                return false;
            }
            // `env -` is `env -i`.
            if self.name == "env" && self.rest.first() == Some(&"-") {
                self.skip(1);
                continue;
            }
            match self.said.read_option(self.name, self.rest, self.table) {
                None => return false,
                Some(OptionEnd::Words(count)) => self.skip(count),
                Some(OptionEnd::Command) => {
                    self.skip(if self.rest.get(1) == Some(&"--") { 2 } else { 1 });
                    self.then = Some("");
                    return true;
                }
                Some(OptionEnd::Python) => {
                    self.then = Some("python");
                    return true;
                }
            }
        }
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Skips words such as `+nightly` of cargo and `+py=3.12` of hatch.
    fn skip_additions(&mut self) {
        while self.rest.first().is_some_and(|word| word.starts_with('+')) {
            self.skip(1);
        }
    }

    fn skip_assignments(&mut self) {
        while let Some(word) = self.rest.first().filter(|word| is_assignment(word)) {
            self.said.assignments.push(word);
            self.skip(1);
        }
    }

    /// Skips the own words of a wrapper, and returns them.
    fn skip_own(&mut self, own: Own) -> &'s [&'a str] {
        let count = match own {
            Own::Words(count) => count,
            Own::Package | Own::Container => 1,
            Own::ToDashes if self.is_dashed => 0,
            Own::ToDashes => self.rest.iter().position(|word| *word == "--").unwrap_or_default(),
            Own::Everywhere | Own::Verb | Own::Option => 0,
        };
        let words = self.rest.get(..count).unwrap_or(self.rest);
        self.skip(count);
        match own {
            Own::Package => self.said.moves.extend(words.first().map(|name| Move::Package(name))),
            Own::Everywhere => self.said.moves.push(Move::Anywhere),
            _ => {}
        }
        words
    }

    fn done(self, then: &'static str, own: &'s [&'a str]) -> Peeled<'s, 'a> {
        Peeled { words: self.rest, then: self.then.unwrap_or(then), said: self.said, own, is_inside: false }
    }
}

/// Returns what a wrapper with this name starts; `None` if the program is no wrapper, or
/// starts nothing with these words.
pub(super) fn peel<'s, 'a>(name: &'s str, rest: &'s [&'a str]) -> Option<Peeled<'s, 'a>> {
    peel_one_of(name, rest, &|| LAUNCHERS.iter().chain(&MANAGERS).chain(&RUNNERS))
}

fn peel_one_of<'s, 'a, 't, I: Iterator<Item = &'t Wrapper>>(
    name: &'s str,
    rest: &'s [&'a str],
    rows: &dyn Fn() -> I,
) -> Option<Peeled<'s, 'a>> {
    let own_rows = || rows().filter(|row| has(row.names, name));
    own_rows().next()?;
    let said = Said::default();
    let mut reader =
        WrapperReader { name, table: options_of(name), rest, said, then: None, is_dashed: false };
    reader.skip_additions();
    if reader.skip_options() {
        return Some(reader.done("", &[]));
    }
    reader.skip_additions();
    let verb = reader.rest.first().copied().unwrap_or_default();
    let row = own_rows().find(|row| row.verbs.is_empty() || has(row.verbs, verb) || row.verbs == "*")?;
    if !row.verbs.is_empty() && row.own != Own::Verb {
        reader.skip(1);
        // A program of the table reads its options itself.
        if options_of(row.then).is_empty() && reader.skip_options() {
            return Some(reader.done("", &[]));
        }
        reader.skip_additions();
    }
    reader.skip_assignments();
    if row.own == Own::Option {
        let plain = reader.rest;
        if reader.is_dashed {
            return Some(reader.done("", &[]));
        }
        while !reader.rest.is_empty() {
            reader.skip(1);
            if reader.skip_options() {
                return Some(reader.done("", plain));
            }
        }
        return Some(reader.done("", plain));
    }
    let own = reader.skip_own(row.own);
    let behind_own = reader.rest.first().copied().unwrap_or_default();
    // Options behind an image are for the program that is the entry point.
    let has_entry = reader.said.code.iter().any(|(program, _)| *program == "entry");
    if !own.is_empty() && !has_entry && reader.skip_options() {
        return Some(reader.done("", own));
    }
    if row.then.is_empty() {
        reader.skip_assignments();
    }
    let first = reader.rest.first().copied().unwrap_or_default();
    let is_script_name = has("pnpm yarn bun", name) && (row.own == Own::Verb || verb.starts_with("run"));
    let is_container = row.own == Own::Container && !has("kubectl oc", name) && !own.is_empty();
    let is_argument =
        || is_argument(first) || is_argument(behind_own) || (is_linter_image(own) && !is_strong(behind_own));
    // `bun test` is a runner of tests itself.
    let is_runner = name == "bun" && row.own == Own::Verb && first == "test";
    if is_runner
        || (is_script_name && has(SYSTEM_PROGRAMS, first))
        || (is_container && !has_entry && is_argument())
    {
        return None;
    }
    if name == "npm" && !reader.is_dashed {
        // Its options may also stand behind the program, up to `--`.
        reader.said.moves.extend(Said::of_program(name, reader.rest).moves);
    }
    let peeled = reader.done(row.then, own);
    Some(Peeled { is_inside: row.own == Own::Container || name == "devcontainer", ..peeled })
}

/// Programs of the system that a script of a package is rather named after than started by.
const SYSTEM_PROGRAMS: &str = "watch time gtime task make gmake exec parallel env nice command builtin entr \
     timeout sudo n op run flock strace";

/// Returns whether an image is named after a program that only checks files: its words are no
/// command.
fn is_linter_image(own: &[&str]) -> bool {
    let file = own.first().map_or("", |image| image.rsplit('/').next().unwrap_or(image));
    is_linter(program_name(file.split([':', '@']).next().unwrap_or(file)))
}

/// Returns whether a word is the name of an interpreter.
fn is_strong(word: &str) -> bool {
    STRONG_INTERPRETERS.contains(&program_name(word))
}

/// Returns whether the first word behind an image, or behind the name of a program, is an argument
/// of that, and no program.
pub(super) fn is_argument(word: &str) -> bool {
    let file = word.rsplit('/').next().unwrap_or(word);
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_file = file == "Dockerfile" || !matches!(ending, "" | "sh" | "bash" | "zsh" | "ksh");
    word.starts_with('-') || is_data(word) || (is_file && !word.starts_with(['.', '/']))
}

/// Returns the command line that an option of a program holds.
pub(crate) fn code_of_options<'a>(name: &str, rest: &[&'a str]) -> Option<&'a str> {
    Said::of_program(name, rest).code.first().map(|(_, code)| *code)
}

/// Removes options at the start; `valued` lists options whose value is the next
/// word. `--` ends the options.
pub(crate) fn skip_options<'a>(words: &[&'a str], valued: &'static str) -> Vec<&'a str> {
    let mut reader = WrapperReader {
        name: "",
        table: valued,
        rest: words,
        said: Said::default(),
        then: None,
        is_dashed: false,
    };
    reader.skip_options();
    reader.rest.to_vec()
}

/// Returns whether a word such as `A=1` sets a variable.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
        name.starts_with(is_start) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Returns the command that a launcher with this name starts with these words behind it;
/// `None` if the program is no launcher.
pub(crate) fn peel_launcher<'a>(name: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let peeled = peel_one_of(name, rest, &|| LAUNCHERS.iter())?;
    let then = Some(peeled.then).filter(|then| !then.is_empty());
    Some(then.into_iter().chain(peeled.words.iter().copied()).collect())
}
