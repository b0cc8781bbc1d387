//! Words that name a subject of the product: a rule about stand-ins is not about them.
//!
//! A package that others use says itself what it is about, and a subject of a program has
//! names in many of its files and stands in many of its texts for users. The trusted tree
//! decides, so that a change cannot make itself milder.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::{Regex, RegexBuilder};

use crate::finding::SubjectInfo;
use crate::scan::lexer::tokenize;
use crate::scan::{FileMatches, Hit, Language, RuleVocabulary, TokenKind, TokenKindSet, Treatment};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::go_files::{FILES_AT_ONCE, ReadFiles};
use super::package_subjects::PackageSubjects;
use super::results::ScannedText;

/// Number of files of the product with a name of a subject, at least.
const MIN_NAMES: usize = 8;
/// Number of files of the product with a text that contains the subject, at least.
const MIN_TEXTS: usize = 5;
/// Maximum number of possible subjects that are searched.
const MAX_SUBJECTS: usize = 12;

/// What the product is about, for the rules with a vocabulary, by the index of the rule.
#[derive(Debug, Default)]
pub(super) struct Vocabularies {
    states: BTreeMap<usize, VocabularyState>,
}

#[derive(Debug)]
struct VocabularyState {
    rule_id: String,
    vocabulary: RuleVocabulary,
    /// Each subject of the product, with the reason.
    subjects: Vec<(String, String)>,
    /// The packages that are about one of the words; `None` if the configuration decides.
    packages: Option<PackageSubjects>,
    /// Number of matches that were left out, by subject and reason.
    left_out: RefCell<BTreeMap<(String, String), usize>>,
}

impl Vocabularies {
    /// Determines the subjects of the rules that match somewhere. `paths` are all files of the
    /// tree that `context` and `read` are about, and `scanned` the matches with their files.
    pub(super) fn read<'m>(
        context: &ScanContext<'_>,
        paths: &[RepoPath],
        scanned: impl Iterator<Item = (&'m RepoPath, &'m FileMatches, &'m ScannedText)>,
        read: &ReadFiles<'_>,
    ) -> Self {
        let mut states: BTreeMap<usize, VocabularyState> = BTreeMap::new();
        for (index, rule) in context.rule_set.rules().iter().enumerate() {
            let Some(vocabulary) = &rule.vocabulary else { continue };
            let given = context.settings.vocabularies.get(&vocabulary.name);
            let by_configuration =
                |subject: &String| (subject.clone(), "the configuration names it".to_owned());
            let state = VocabularyState {
                rule_id: rule.id.to_string(),
                vocabulary: vocabulary.clone(),
                subjects: given.into_iter().flatten().map(by_configuration).collect(),
                packages: given.is_none().then(PackageSubjects::default),
                left_out: RefCell::default(),
            };
            states.insert(index, state);
        }
        let inferred: BTreeSet<usize> =
            states.iter().filter(|(_, state)| state.packages.is_some()).map(|(index, _)| *index).collect();
        // Of each possible subject, the number of names.
        let mut found: BTreeMap<usize, BTreeMap<String, usize>> = BTreeMap::new();
        for (path, matches, text) in scanned {
            for hit in matches.hits.iter().filter(|hit| inferred.contains(&hit.rule)) {
                let Some(state) = states.get_mut(&hit.rule) else { continue };
                let name = name_of(hit, text);
                for subject in state.vocabulary.subjects(name) {
                    *found.entry(hit.rule).or_default().entry(subject).or_default() += 1;
                }
                if let Some(packages) = &mut state.packages {
                    packages.read(context.areas, &state.vocabulary, path, (paths, read));
                }
            }
        }
        for (index, subjects) in found {
            let Some(state) = states.get_mut(&index) else { continue };
            let mut ranked: Vec<(String, usize)> = subjects.into_iter().collect();
            ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            ranked.truncate(MAX_SUBJECTS);
            let names: Vec<String> = ranked.into_iter().map(|(subject, _)| subject).collect();
            state.subjects.extend(find_subjects(context, paths, &names, read));
        }
        Self { states }
    }

    /// Returns whether the files show any subject that no configuration names.
    pub(super) fn has_inferred(&self) -> bool {
        let inferred = |state: &VocabularyState| {
            state
                .packages
                .as_ref()
                .is_some_and(|packages| packages.has_subjects() || !state.subjects.is_empty())
        };
        self.states.values().any(inferred)
    }

    /// Keeps only those of the inferred subjects that another tree shows, too.
    pub(super) fn retain_shared(&mut self, other: &Self) {
        for (index, state) in &mut self.states {
            let Some(packages) = &mut state.packages else { continue };
            let shared = other.states.get(index);
            state.subjects.retain(|(subject, _)| {
                shared.is_some_and(|other| other.subjects.iter().any(|(known, _)| known == subject))
            });
            match shared.and_then(|other| other.packages.as_ref()) {
                Some(other) => packages.retain_shared(other),
                None => *packages = PackageSubjects::default(),
            }
        }
    }

    /// Returns whether a match of a rule in a file is a finding, and counts it if it is not.
    pub(super) fn keeps(&self, hit: &Hit, path: &RepoPath, text: &ScannedText) -> bool {
        // A comment that suppresses a match stays in use.
        let own = self.states.get(&hit.rule).filter(|_| hit.suppressed_by.is_none());
        let Some(state) = own else { return true };
        let name = name_of(hit, text);
        let file = path.to_text();
        let by_subject = || {
            let about =
                state.subjects.iter().find(|(subject, _)| state.vocabulary.is_about(subject, name, &file));
            about.cloned()
        };
        let of_package = || {
            let (folder, reason) = state.packages.as_ref()?.find(path)?;
            Some((
                if folder.is_empty() { "this repository".to_owned() } else { folder.to_owned() },
                reason.to_owned(),
            ))
        };
        let Some(subject) = by_subject().or_else(of_package) else { return true };
        *state.left_out.borrow_mut().entry(subject).or_default() += 1;
        false
    }

    /// Returns what was left out, for the report.
    pub(super) fn left_out(&self) -> Vec<SubjectInfo> {
        let mut out = Vec::new();
        for state in self.states.values() {
            for ((subject, reason), count) in &*state.left_out.borrow() {
                out.push(SubjectInfo {
                    rule: state.rule_id.clone(),
                    subject: subject.clone(),
                    vocabulary: state.vocabulary.name.clone(),
                    matches: *count,
                    reason: reason.clone(),
                });
            }
        }
        out
    }
}

/// Returns the text of a match.
fn name_of<'t>(hit: &Hit, text: &'t ScannedText) -> &'t str {
    hit.span.as_ref().map_or("", |span| text.source.slice(text.text_span(span)))
}

/// The files of the product that a possible subject is in.
#[derive(Default)]
struct SubjectFiles {
    names: usize,
    texts: usize,
    first_text: Option<RepoPath>,
}

/// Returns those of the possible subjects that are subjects of the product, with the reason.
fn find_subjects(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    subjects: &[String],
    read: &ReadFiles<'_>,
) -> Vec<(String, String)> {
    let patterns: Vec<[Regex; 2]> = subjects.iter().filter_map(|subject| patterns_of(subject)).collect();
    let mut found: Vec<SubjectFiles> = patterns.iter().map(|_| SubjectFiles::default()).collect();
    if patterns.is_empty() || patterns.len() != subjects.len() {
        return Vec::new();
    }
    let is_product = |path: &&RepoPath| {
        let language = Language::from_path(path);
        (language.is_code() || language.is_component())
            && context.treatment_by_path(path) == Treatment::Product
    };
    let product: Vec<RepoPath> = paths.iter().filter(is_product).cloned().collect();
    for chunk in product.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |path, text| {
            let Some(text) = text else { return };
            let in_file = |(pattern, _): &(&[Regex; 2], &mut SubjectFiles)| {
                pattern.iter().any(|one| one.is_match(text))
            };
            let mut inside: Vec<_> = patterns.iter().zip(&mut found).filter(in_file).collect();
            if inside.is_empty() || context.treatment(path, text) != Treatment::Product {
                return;
            }
            let tokens = tokenize(Language::from_path(path), text);
            let code = tokens.masked_text(text, TokenKindSet::of(&[TokenKind::Code]));
            let texts = tokens.masked_text(text, TokenKindSet::of(&[TokenKind::Str, TokenKind::Text]));
            for ([name, phrase], files) in &mut inside {
                files.names += usize::from(name.is_match(&code));
                if phrase.is_match(&texts) {
                    files.texts += 1;
                    files.first_text.get_or_insert_with(|| path.clone());
                }
            }
        });
    }
    let subjects = subjects.iter().zip(found);
    let is_subject =
        |(_, files): &(&String, SubjectFiles)| files.names >= MIN_NAMES && files.texts >= MIN_TEXTS;
    let with_reason = |(subject, files): (&String, SubjectFiles)| {
        let first = files.first_text.unwrap_or_default();
        let reason = format!(
            "it is in the names of {} files and in the texts of {}, such as {first}",
            files.names, files.texts
        );
        (subject.clone(), reason)
    };
    subjects.filter(is_subject).map(with_reason).collect()
}

/// Returns the patterns of a subject as a name in code and as a phrase in a text.
fn patterns_of(subject: &str) -> Option<[Regex; 2]> {
    let (first, second) = subject.split_once(' ')?;
    let compile = |text: String| RegexBuilder::new(&text).case_insensitive(true).unicode(false).build().ok();
    Some([compile(format!("{first}[_-]?{second}"))?, compile(format!(r"\b{first} {second}s?\b"))?])
}
