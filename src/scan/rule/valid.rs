//! A scan rule's file as meant.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::{Area, Examples, Mode, Paths, ScanRule, Suppressible, raw};
use crate::finding::{RuleId, Wording};
use crate::scan::language::Language;
use crate::scan::region::{Kind, KindSet};

/// What is wrong: the text that the file holds, and a message.
type Fault = (String, String);

pub(super) fn rule(file: raw::File) -> Result<ScanRule, Fault> {
    names(&file)?;
    let words = ["error", "warning", "note"];
    let level = crate::rule::level(&file.level).ok_or_else(|| unknown(&file.level, &words))?;
    let language = |word: &String| {
        Language::named(word).ok_or_else(|| unknown(word, &Language::ALL.map(Language::as_str)))
    };
    let languages = file.languages.iter().map(language).collect::<Result<Vec<_>, _>>()?;
    let suppressible = one_of(
        file.suppression.as_deref(),
        &[("free", Suppressible::Free), ("waiver", Suppressible::ByWaiver), ("never", Suppressible::Never)],
    )?;
    if suppressible == Suppressible::ByWaiver && file.waivable_by.is_empty() {
        let message = "`suppression: waiver` needs `waivable-by`: which policy".to_owned();
        return Err(("suppression".into(), message));
    }
    let patterns: Vec<String> = file.pattern.into_iter().chain(file.patterns).collect();
    if patterns.is_empty() {
        return Err(("id".into(), "`pattern` or `patterns` is missing".into()));
    }
    let (matching, pass) = (file.examples.matching, file.examples.pass);
    if matching.is_empty() || pass.is_empty() {
        let message = "a rule proves itself by `match` and `pass` examples, at least one of each".to_owned();
        return Err(("examples".into(), message));
    }
    let first = languages.first().copied().unwrap_or(Language::Plain);
    let path = file.examples.path.unwrap_or_else(|| format!("src/example.{}", first.ending()));
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(ScanRule {
        id: RuleId::new(file.id),
        set: file.set,
        level,
        message: line(&file.message),
        wording: Arc::new(Wording {
            summary: line(&file.message),
            why: line(&file.why),
            remedy: line(&file.remedy),
            references: file.references,
            waivable_by: file.waivable_by,
        }),
        languages,
        area: one_of(file.area.as_deref(), &AREAS)?,
        include: Paths::read(&file.include)?,
        exclude: Paths::read(&file.exclude)?,
        patterns,
        except: file.except,
        shown: places(&file.places)?,
        tests: one_of(file.tests.as_deref(), &TESTS)?,
        mode: one_of(file.mode.as_deref(), &[("forbid", Mode::Forbid), ("require", Mode::Require)])?,
        suppressible,
        examples: Examples { path, matching, pass },
        compiled: OnceLock::new(),
        excepted: OnceLock::new(),
    })
}

/// Where a rule looks, by word; the first is what silence means.
pub const AREAS: [(&str, Area); 2] = [("product", Area::Product), ("everywhere", Area::Everywhere)];
/// Whether test code counts, by word.
pub const TESTS: [(&str, bool); 2] = [("ignored", false), ("counted", true)];

fn names(file: &raw::File) -> Result<(), Fault> {
    let plain = |text: &str| {
        !text.is_empty()
            && text.len() <= 60
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !file.id.strip_prefix("scan/").is_some_and(plain) {
        let message = format!("`{}` is no rule id: `scan/` and small letters, digits, `-`", file.id);
        return Err((file.id.clone(), message));
    }
    if !plain(&file.set) {
        let message = format!("`{}` is no name of a set: small letters, digits, `-`", file.set);
        return Err((file.set.clone(), message));
    }
    for (key, value) in [("message", &file.message), ("why", &file.why), ("remedy", &file.remedy)] {
        if value.trim().is_empty() {
            return Err((key.to_owned(), format!("`{key}` says nothing")));
        }
    }
    Ok(())
}

/// What a word means; the first of the list if there is none.
///
/// # Errors
/// The word and the known ones.
pub fn one_of<T: Copy>(word: Option<&str>, known: &[(&str, T)]) -> Result<T, Fault> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let found = match word {
        None => known.first(),
        Some(word) => known.iter().find(|(name, _)| *name == word),
    };
    found.map(|(_, value)| *value).ok_or_else(|| unknown(word.unwrap_or_default(), &names))
}

fn unknown(word: &str, known: &[&str]) -> Fault {
    (word.to_owned(), format!("`{word}` is none of: {}", known.join(", ")))
}

fn places(words: &[String]) -> Result<KindSet, Fault> {
    let mut kinds = BTreeSet::new();
    for word in words {
        match word.as_str() {
            "code" => kinds.extend([Kind::Code]),
            "comment" => kinds.extend([Kind::Comment, Kind::Doc]),
            "string" => kinds.extend([Kind::Str]),
            "prose" => kinds.extend([Kind::Text]),
            "any" => return Ok(KindSet::ANY),
            _ => return Err(unknown(word, &["code", "comment", "string", "prose", "any"])),
        }
    }
    let all: Vec<Kind> = kinds.into_iter().collect();
    Ok(if all.is_empty() { KindSet::of(&[Kind::Code]) } else { KindSet::of(&all) })
}
