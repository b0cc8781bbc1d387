//! What the options of a program say, by the table.

use super::wrapper_options::OPTIONS;

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
    /// Folders that a container shows.
    pub mounts: Vec<&'a str>,
}

/// How an option goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionEnd {
    /// After a number of words.
    Words(usize),
    /// The words behind it are the command.
    Command,
    /// It and the words behind it are for Python.
    Python,
}

/// Returns whether a list of words separated by blanks has this one.
pub(super) fn has(list: &str, word: &str) -> bool {
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
    pub(super) fn read_option(&mut self, name: &str, words: &[&'a str], table: &str) -> Option<OptionEnd> {
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
            Some('=') => self.assignments.push(value),
            Some(':') => self.mounts.push(value),
            Some('&') => self.code.push(("entry", value)),
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
