//! Programs that start the program behind them: `env`, `timeout`, `xvfb-run`, `uv run`.
//!
//! The code that recognizes test runs and the code that finds the scripts of steps use one
//! table and one reading of it.

use super::wrapper_table::{LAUNCHERS, MANAGERS, OPTIONS, Own, Wrapper};

/// Where a command runs, as an option says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move<'a> {
    /// In this folder.
    Into(&'a str),
    /// In this folder, or where it would run without the option.
    Maybe(&'a str),
    /// In the folder of this package.
    Package(&'a str),
    /// In a folder that is not known.
    Anywhere,
    /// At the root, or where it would run without the option.
    Root,
}

/// What options say.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    /// Where the command runs.
    pub moves: Vec<Move<'a>>,
    /// Command lines, with the program that reads each.
    pub code: Vec<(&'static str, &'a str)>,
    /// Files that the program runs.
    pub files: Vec<&'a str>,
    /// Words such as `A=1`.
    pub assignments: Vec<&'a str>,
}

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
}

/// How an option goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptionEnd {
    /// After a number of words.
    Words(usize),
    /// The words behind it are the command.
    Command,
    /// It and the words behind it are for Python.
    Python,
}

/// Returns whether a list of words separated by blanks has this one.
fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Returns the options of a program that have a value or a meaning here.
pub(crate) fn options_of(name: &str) -> &'static str {
    OPTIONS.iter().find(|(names, _)| has(names, name)).map_or("", |(_, options)| options)
}

/// Splits an option of the table from its mark.
fn split_mark(option: &str) -> (&str, Option<char>) {
    let mark = option.chars().last().filter(|mark| !mark.is_ascii_alphanumeric());
    (option.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()), mark)
}

/// Programs that take the start of a long option for it.
const ABBREVIATING: &str = "env make gmake nice ionice time gtime stdbuf timeout gtimeout flock xargs sudo su runuser unshare chroot taskset";

/// Finds the option that a word is or begins with. Returns its mark, and the value in the word.
fn find_option<'a>(program: &str, word: &'a str, table: &str) -> Option<(Option<char>, Option<&'a str>)> {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let known = || table.split(' ').map(split_mark);
    let is_long = |option: &str| option.starts_with("--") && option.get(1..) == Some(name);
    let exact = known().find(|(option, _)| *option == name);
    if let Some((_, mark)) = exact.or_else(|| known().find(|(option, _)| is_long(option))) {
        return Some((mark, value));
    }
    if name.starts_with("--") && !has(ABBREVIATING, program) {
        return None;
    }
    if name.starts_with("--") {
        let (_, mark) = known().find(|(option, _)| name.len() > 3 && option.starts_with(name))?;
        return Some((mark, value));
    }
    // Letters behind one dash: the first with a value takes the rest of the word.
    for (at, letter) in word.char_indices().skip(1) {
        if !letter.is_ascii_alphanumeric() {
            return None;
        }
        let is_letter =
            |option: &str| option.len() == 2 && option.starts_with('-') && option.ends_with(letter);
        if let Some((_, mark)) = known().find(|(option, _)| is_letter(option)) {
            let rest = word.get(at + 1..).unwrap_or_default();
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            if matches!(mark, Some('*' | '^')) {
                return Some((mark, None));
            }
            return Some((mark, Some(rest).filter(|rest| !rest.is_empty())));
        }
    }
    None
}

impl<'a> Said<'a> {
    /// Reads the option at the start of some words; `None` if there is none.
    fn read_option(&mut self, name: &str, words: &[&'a str], table: &str) -> Option<OptionEnd> {
        let (word, behind) = words.split_first()?;
        if !word.starts_with('-') || matches!(*word, "-" | "--") {
            return None;
        }
        let Some((mark, own)) = find_option(name, word, table) else { return Some(OptionEnd::Words(1)) };
        match mark {
            Some('*') => self.moves.push(Move::Anywhere),
            Some('^') => self.moves.push(Move::Root),
            Some('>') => return Some(OptionEnd::Command),
            Some('#') => return Some(OptionEnd::Python),
            _ => {}
        }
        if matches!(mark, Some('*' | '^')) {
            return Some(OptionEnd::Words(1));
        }
        let Some(value) = own.or_else(|| behind.first().copied()) else { return Some(OptionEnd::Words(1)) };
        match mark {
            Some('/') => self.moves.push(Move::Into(value)),
            Some('~') => self.moves.push(Move::Maybe(value)),
            Some('?') => self.moves.push(Move::Package(value)),
            Some('!') => self.code.push((if name == "env" { "env" } else { "" }, value)),
            Some('%') => self.code.push(("node", value)),
            Some('@') => self.files.push(value),
            _ => {}
        }
        Some(OptionEnd::Words(if own.is_some() { 1 } else { 2 }))
    }

    /// Reads all options among the words of a program.
    pub(super) fn of_program(name: &str, words: &[&'a str]) -> Self {
        let (table, mut said, mut rest) = (options_of(name), Self::default(), words);
        while let Some(word) = rest.first() {
            let step = match said.read_option(name, rest, table) {
                _ if *word == "--" => return said,
                Some(OptionEnd::Words(count)) => count,
                Some(_) | None => 1,
            };
            rest = rest.get(step..).unwrap_or_default();
        }
        said
    }

    /// Reads an option of a program that the table has, and returns how many words it takes with
    /// its value.
    pub(super) fn read_known(&mut self, name: &str, word: &'a str, next: Option<&'a str>) -> Option<usize> {
        let table = options_of(name);
        find_option(name, Some(word).filter(|word| word.starts_with('-') && word.len() > 1)?, table)?;
        let words: Vec<&'a str> = [word].into_iter().chain(next).collect();
        match self.read_option(name, &words, table)? {
            OptionEnd::Words(count) => Some(count),
            OptionEnd::Command | OptionEnd::Python => None,
        }
    }
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
            Own::Package => 1,
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
        Peeled { words: self.rest, then: self.then.unwrap_or(then), said: self.said, own }
    }
}

/// Returns what a wrapper with this name starts; `None` if the program is no wrapper, or
/// starts nothing with these words.
pub(super) fn peel<'s, 'a>(name: &'s str, rest: &'s [&'a str]) -> Option<Peeled<'s, 'a>> {
    peel_one_of(name, rest, &|| LAUNCHERS.iter().chain(&MANAGERS))
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
    if !own.is_empty() && reader.skip_options() {
        return Some(reader.done("", own));
    }
    if row.then.is_empty() {
        reader.skip_assignments();
    }
    let first = reader.rest.first().copied().unwrap_or_default();
    let is_script_name = has("pnpm yarn bun", name) && (row.own == Own::Verb || verb.starts_with("run"));
    let is_container = has("docker podman nerdctl docker-compose podman-compose", name) && !own.is_empty();
    // `bun test` is a runner of tests itself.
    let is_runner = name == "bun" && row.own == Own::Verb && first == "test";
    if is_runner || (is_script_name && has(SYSTEM_PROGRAMS, first)) || (is_container && is_argument(first)) {
        return None;
    }
    if name == "npm" && !reader.is_dashed {
        // Its options may also stand behind the program, up to `--`.
        reader.said.moves.extend(Said::of_program(name, reader.rest).moves);
    }
    Some(reader.done(row.then, own))
}

/// Programs of the system that a script of a package is rather named after than started by.
const SYSTEM_PROGRAMS: &str = "watch time gtime task make gmake exec parallel env nice command builtin entr \
     timeout sudo n op run flock strace";

/// Returns whether the first word behind an image is an argument of its entry point, and no program.
fn is_argument(word: &str) -> bool {
    let file = word.rsplit('/').next().unwrap_or(word);
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_data = file == "Dockerfile" || !matches!(ending, "" | "sh" | "bash" | "zsh" | "ksh");
    word.starts_with('-') || (is_data && !word.starts_with(['.', '/']))
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
