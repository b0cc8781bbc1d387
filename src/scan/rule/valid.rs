//! A scan rule's file, validated.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::finding::{RuleId, Wording};
use crate::rule::{LEVEL_NAMES, ValueError, parse_level};
use crate::scan::language::Language;
use crate::scan::token_map::{TokenKind, TokenKindSet};
use crate::text::{Span, Spanned};

use super::server_mark::ServerMark;
use super::{
    MatchMode, PathPatterns, PatternCondition, RuleArea, RuleExamples, RuleLayer, RuleSpans, RuleVocabulary,
    ScanRule, Suppressible, check_pattern, raw,
};

/// Values of `suppression`; the first is the default.
const SUPPRESSION_KEYWORDS: [(&str, Suppressible); 3] = [
    ("free", Suppressible::WithReason),
    ("waiver", Suppressible::WithWaiver),
    ("never", Suppressible::Never),
];
/// Values of `mode`; the first is the default.
const MODE_KEYWORDS: [(&str, MatchMode); 2] =
    [("forbid", MatchMode::Forbid), ("require", MatchMode::Require)];
/// Values of `area`; the first is the default.
pub(crate) const AREA_KEYWORDS: [(&str, RuleArea); 2] =
    [("product", RuleArea::Product), ("everywhere", RuleArea::Everywhere)];
/// Values of `handlers`: whether handlers of exceptions that raise again are left out. The
/// first is the default.
const HANDLER_KEYWORDS: [(&str, bool); 2] = [("all", false), ("swallowing", true)];
/// Values of `tests`: whether the rule applies to test code. The first is the default.
pub(crate) const TEST_KEYWORDS: [(&str, bool); 2] = [("ignored", false), ("counted", true)];

/// Compiles all patterns of a file, to see whether they are valid.
pub(super) fn check_patterns(file: &raw::RawScanRule) -> Result<(), ValueError> {
    let conditional = file
        .conditional
        .iter()
        .flat_map(|one| std::iter::once(&one.pattern).chain(&one.requires).chain(&one.unless));
    let plain = file.pattern.iter().chain(&file.patterns).chain(&file.except);
    let marks = file.layer.iter().flat_map(|layer| &layer.server_marks);
    let marks = marks.flat_map(|mark| std::iter::once(&mark.pattern).chain(&mark.unless));
    plain.chain(conditional).chain(marks).try_for_each(check_pattern)
}

/// Validates a file without its patterns; `span` is the span of its first key.
pub(super) fn validate_rule(file: raw::RawScanRule, span: Span) -> Result<ScanRule, ValueError> {
    validate_names(&file)?;
    let level = parse_level(&file.level.value)
        .ok_or_else(|| ValueError::keyword("level", &file.level, LEVEL_NAMES.to_vec()))?;
    let languages = file.languages.iter().map(parse_language).collect::<Result<Vec<_>, _>>()?;
    let suppressible =
        parse_keyword("value of `suppression`", file.suppression.as_ref(), &SUPPRESSION_KEYWORDS)?;
    if suppressible == Suppressible::WithWaiver && file.waivable_by.is_empty() {
        let span = file.suppression.as_ref().map_or(span, |value| value.span);
        let why = ": `suppression: waiver` needs the policies whose waivers count";
        return Err(ValueError::missing(span, "waivable-by", why));
    }
    let mut patterns: Vec<Spanned<String>> = file.pattern.into_iter().chain(file.patterns).collect();
    let mut conditions = Vec::new();
    for one in file.conditional {
        conditions.push(PatternCondition {
            pattern: patterns.len(),
            requires: one.requires.map(|text| text.value),
            unless: one.unless.map(|text| text.value),
            compiled: OnceLock::new(),
        });
        patterns.push(one.pattern);
    }
    if patterns.is_empty() {
        return Err(ValueError::missing(span, "pattern", "; add `pattern` or `patterns`"));
    }
    let raw::RawExamples { path, matching, pass } = file.examples.value;
    for (key, examples) in [("match", &matching), ("pass", &pass)] {
        if examples.is_empty() {
            let why = "; `examples` needs at least one text that matches and one that passes";
            return Err(ValueError::missing(file.examples.span, key, why));
        }
    }
    let first = languages.first().copied().unwrap_or(Language::Plain);
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let spans = RuleSpans {
        id: file.id.span,
        example_path: path.as_ref().map_or(file.examples.span, |path| path.span),
        matching: matching.iter().map(|example| example.span).collect(),
        pass: pass.iter().map(|example| example.span).collect(),
    };
    Ok(ScanRule {
        id: RuleId::new(file.id.value),
        set: file.set.value,
        level,
        message: line(&file.message.value),
        wording: Arc::new(Wording {
            summary: line(&file.message.value),
            why: line(&file.why.value),
            fence_remedy: String::new(),
            remedy: line(&file.remedy.value),
            references: file.references,
            waivable_by: file.waivable_by,
        }),
        languages,
        area: parse_keyword("area", file.area.as_ref(), &AREA_KEYWORDS)?,
        include: PathPatterns::read(&file.include)?,
        exclude: PathPatterns::read(&file.exclude)?,
        layer: file.layer.map(validate_layer).transpose()?,
        vocabulary: file.vocabulary.map(validate_vocabulary).transpose()?,
        patterns: values(patterns),
        conditions,
        except: values(file.except),
        only_swallowing: parse_keyword("value of `handlers`", file.handlers.as_ref(), &HANDLER_KEYWORDS)?,
        visible_kinds: parse_visible_kinds(&file.token_kinds)?,
        tests: parse_keyword("value of `tests`", file.tests.as_ref(), &TEST_KEYWORDS)?,
        mode: parse_keyword("mode", file.mode.as_ref(), &MODE_KEYWORDS)?,
        suppressible,
        has_ascii_boundaries: false,
        examples: RuleExamples {
            path: path.map_or_else(|| format!("src/example.{}", first.ending()), |path| path.value),
            matching: values(matching),
            pass: values(pass),
        },
        spans,
        compiled_patterns: OnceLock::new(),
        compiled_exceptions: OnceLock::new(),
    })
}

fn validate_layer(layer: raw::RawLayer) -> Result<RuleLayer, ValueError> {
    if !is_name(&layer.name.value) {
        return Err(ValueError::form(
            "name of a layer",
            &layer.name,
            "1 to 60 lowercase letters, digits or `-`",
        ));
    }
    Ok(RuleLayer {
        name: layer.name.value,
        title: layer.title.value,
        folders: layer.folders,
        files: layer.files,
        inferred_from: layer.inferred_from,
        not_inferred_from: layer.not_inferred_from,
        without_layer: PathPatterns::read(&layer.without_layer)?,
        servers: PathPatterns::read(&layer.servers)?,
        server_marks: layer
            .server_marks
            .into_iter()
            .map(|mark| ServerMark::new(mark.pattern.value, mark.unless.map(|text| text.value)))
            .collect(),
        user_interface: PathPatterns::read(&layer.user_interface)?,
        per_package: layer.per_package,
        per_crate: layer.per_crate,
        implementations: layer.implementations,
        libraries: layer.libraries,
    })
}

fn validate_vocabulary(own: raw::RawVocabulary) -> Result<RuleVocabulary, ValueError> {
    if !is_name(&own.name.value) {
        let expected = "1 to 60 lowercase letters, digits or `-`";
        return Err(ValueError::form("name of a vocabulary", &own.name, expected));
    }
    Ok(RuleVocabulary { name: own.name.value, words: own.words, stand_ins: own.stand_ins })
}

fn values(texts: Vec<Spanned<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}

/// Returns whether a text is a name: 1 to 60 lowercase letters, digits or `-`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn validate_names(file: &raw::RawScanRule) -> Result<(), ValueError> {
    if !file.id.value.strip_prefix("scan/").is_some_and(is_name) {
        let expected = "`scan/` and 1 to 60 lowercase letters, digits or `-`";
        return Err(ValueError::form("rule id", &file.id, expected));
    }
    if !is_name(&file.set.value) {
        return Err(ValueError::form("set", &file.set, "1 to 60 lowercase letters, digits or `-`"));
    }
    for (key, text) in [("message", &file.message), ("why", &file.why), ("remedy", &file.remedy)] {
        if text.value.trim().is_empty() {
            return Err(ValueError::form(key, text, "a text that is not empty"));
        }
    }
    Ok(())
}

fn parse_language(name: &Spanned<String>) -> Result<Language, ValueError> {
    Language::from_name(&name.value)
        .ok_or_else(|| ValueError::keyword("language", name, Language::ALL.map(Language::as_str).to_vec()))
}

/// Returns the meaning of a keyword; without one, the first of the list. `what`
/// names the value in messages.
///
/// # Errors
/// A keyword that is not in the list.
pub(crate) fn parse_keyword<T: Copy>(
    what: &'static str,
    word: Option<&Spanned<String>>,
    known: &[(&'static str, T)],
) -> Result<T, ValueError> {
    let Some(word) = word else {
        let default = known.first().map(|(_, value)| *value);
        return default.ok_or_else(|| ValueError::missing(Span::default(), what, ""));
    };
    let found = known.iter().find(|(name, _)| *name == word.value).map(|(_, value)| *value);
    found.ok_or_else(|| ValueError::keyword(what, word, known.iter().map(|(name, _)| *name).collect()))
}

fn parse_visible_kinds(words: &[Spanned<String>]) -> Result<TokenKindSet, ValueError> {
    let mut kinds = BTreeSet::new();
    for word in words {
        match word.value.as_str() {
            "code" => kinds.extend([TokenKind::Code]),
            "comment" => kinds.extend([TokenKind::Comment, TokenKind::Doc]),
            "string" => kinds.extend([TokenKind::Str]),
            "prose" => kinds.extend([TokenKind::Text]),
            "any" => return Ok(TokenKindSet::ANY),
            _ => {
                let known = vec!["code", "comment", "string", "prose", "any"];
                return Err(ValueError::keyword("value of `where`", word, known));
            }
        }
    }
    let all: Vec<TokenKind> = kinds.into_iter().collect();
    Ok(if all.is_empty() { TokenKindSet::of(&[TokenKind::Code]) } else { TokenKindSet::of(&all) })
}
