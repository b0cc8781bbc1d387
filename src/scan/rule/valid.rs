//! A scan rule's file as meant.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::finding::{RuleId, Wording};
use crate::scan::language::Language;
use crate::scan::token_map::{TokenKind, TokenKindSet};

use super::{Area, MatchMode, PathPatterns, RuleExamples, ScanRule, Suppressible, raw};

/// What is wrong: the text that the file holds, and a message.
type InvalidValue = (String, String);

pub(super) fn validate_rule(file: raw::RawScanRule) -> Result<ScanRule, InvalidValue> {
    validate_names(&file)?;
    let words = ["error", "warning", "note"];
    let level = crate::rule::parse_level(&file.level).ok_or_else(|| unknown_keyword(&file.level, &words))?;
    let language = |word: &String| {
        Language::from_name(word).ok_or_else(|| unknown_keyword(word, &Language::ALL.map(Language::as_str)))
    };
    let languages = file.languages.iter().map(language).collect::<Result<Vec<_>, _>>()?;
    let suppressible = parse_keyword(
        file.suppression.as_deref(),
        &[
            ("free", Suppressible::WithReason),
            ("waiver", Suppressible::WithWaiver),
            ("never", Suppressible::Never),
        ],
    )?;
    if suppressible == Suppressible::WithWaiver && file.waivable_by.is_empty() {
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
        area: parse_keyword(file.area.as_deref(), &AREA_KEYWORDS)?,
        include: PathPatterns::read(&file.include)?,
        exclude: PathPatterns::read(&file.exclude)?,
        patterns,
        except: file.except,
        visible_kinds: parse_visible_kinds(&file.places)?,
        tests: parse_keyword(file.tests.as_deref(), &TEST_KEYWORDS)?,
        mode: parse_keyword(
            file.mode.as_deref(),
            &[("forbid", MatchMode::Forbid), ("require", MatchMode::Require)],
        )?,
        suppressible,
        examples: RuleExamples { path, matching, pass },
        compiled_patterns: OnceLock::new(),
        compiled_exceptions: OnceLock::new(),
    })
}

/// Where a rule looks, by word; the first is what silence means.
pub const AREA_KEYWORDS: [(&str, Area); 2] = [("product", Area::Product), ("everywhere", Area::Everywhere)];
/// Whether test code counts, by word.
pub const TEST_KEYWORDS: [(&str, bool); 2] = [("ignored", false), ("counted", true)];

fn validate_names(file: &raw::RawScanRule) -> Result<(), InvalidValue> {
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
pub fn parse_keyword<T: Copy>(word: Option<&str>, known: &[(&str, T)]) -> Result<T, InvalidValue> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let found = match word {
        None => known.first(),
        Some(word) => known.iter().find(|(name, _)| *name == word),
    };
    found.map(|(_, value)| *value).ok_or_else(|| unknown_keyword(word.unwrap_or_default(), &names))
}

fn unknown_keyword(word: &str, known: &[&str]) -> InvalidValue {
    (word.to_owned(), format!("`{word}` is none of: {}", known.join(", ")))
}

fn parse_visible_kinds(words: &[String]) -> Result<TokenKindSet, InvalidValue> {
    let mut kinds = BTreeSet::new();
    for word in words {
        match word.as_str() {
            "code" => kinds.extend([TokenKind::Code]),
            "comment" => kinds.extend([TokenKind::Comment, TokenKind::Doc]),
            "string" => kinds.extend([TokenKind::Str]),
            "prose" => kinds.extend([TokenKind::Text]),
            "any" => return Ok(TokenKindSet::ANY),
            _ => return Err(unknown_keyword(word, &["code", "comment", "string", "prose", "any"])),
        }
    }
    let all: Vec<TokenKind> = kinds.into_iter().collect();
    Ok(if all.is_empty() { TokenKindSet::of(&[TokenKind::Code]) } else { TokenKindSet::of(&all) })
}
