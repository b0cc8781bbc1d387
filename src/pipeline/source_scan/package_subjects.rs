//! Packages that say in their manifest that they are about the words of a vocabulary.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scan::{Areas, Language, RuleVocabulary};
use crate::text::RepoPath;

use super::go_files::ReadFiles;

/// The packages of the files with matches.
#[derive(Debug, Default)]
pub(super) struct PackageSubjects {
    /// The folder of the package of each file.
    folders: BTreeMap<RepoPath, (&'static str, String)>,
    /// The reason why a package is about one of the words, by manifest and folder.
    reasons: BTreeMap<(&'static str, String), Option<String>>,
}

impl PackageSubjects {
    /// Reads the manifest of the package around a file.
    pub(super) fn read(
        &mut self,
        areas: &Areas,
        vocabulary: &RuleVocabulary,
        path: &RepoPath,
        (paths, read): (&[RepoPath], &ReadFiles<'_>),
    ) {
        if self.folders.contains_key(path) {
            return;
        }
        let language = Language::from_path(path);
        let manifest = match language {
            Language::Rust => "Cargo.toml",
            Language::Python => "pyproject.toml",
            Language::Go => "go.mod",
            _ => "package.json",
        };
        let Some(folder) = areas.manifest_folder(path, language) else { return };
        let key = (manifest, folder.to_owned());
        self.folders.insert(path.clone(), key.clone());
        self.reasons.entry(key).or_insert_with(|| {
            let mut reason = None;
            // A manifest without a name only sets options for its folder.
            let mut at = Some(folder);
            while let (Some(folder), None) = (at, &reason) {
                let file =
                    if folder.is_empty() { manifest.to_owned() } else { format!("{folder}/{manifest}") };
                let (mut is_package, mut name) = (false, None);
                read(&[RepoPath::from(file.as_str())], &mut |_, text| {
                    let text = String::from_utf8_lossy(text.unwrap_or_default());
                    let own = describe(manifest, &text);
                    is_package = own.is_some();
                    name = own.filter(|own| own.is_about(vocabulary)).map(|own| own.name);
                });
                let is_subject =
                    name.is_some_and(|name| !is_needed(manifest, &name, vocabulary, (paths, read)));
                reason = is_subject.then(|| format!("{file} says that the package is about it"));
                let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
                at = (!is_package && !folder.is_empty()).then_some(above);
            }
            reason
        });
    }

    /// Returns the folder of a file's package, and why the package is about one of the words;
    /// `None` if it is not.
    pub(super) fn find(&self, path: &RepoPath) -> Option<(&str, &str)> {
        let key = self.folders.get(path)?;
        Some((key.1.as_str(), self.reasons.get(key)?.as_deref()?))
    }
}

/// What a manifest says about a package that others can use.
#[derive(Debug, Default)]
struct Description {
    name: String,
    keywords: Vec<String>,
    text: String,
}

impl Description {
    /// One keyword of many is no subject: the description must say it, too.
    fn is_about(&self, vocabulary: &RuleVocabulary) -> bool {
        let is_in_keywords = self.keywords.iter().any(|word| vocabulary.is_in(word));
        vocabulary.names_package(&self.name) || (is_in_keywords && vocabulary.is_in(&self.text))
    }
}

/// Returns whether a package of the tree that is about something else needs a package: then
/// its mocks are a part of another product.
fn is_needed(
    manifest: &str,
    name: &str,
    vocabulary: &RuleVocabulary,
    (paths, read): (&[RepoPath], &ReadFiles<'_>),
) -> bool {
    let is_manifest = |path: &&RepoPath| path.to_text().rsplit('/').next() == Some(manifest);
    let manifests: Vec<RepoPath> = paths.iter().filter(is_manifest).cloned().collect();
    let mut is_needed = false;
    read(&manifests, &mut |_, text| {
        let text = String::from_utf8_lossy(text.unwrap_or_default());
        let Some(root) = parse(manifest, &text) else { return };
        let is_named = |key: &str| match root.get(key) {
            Some(Value::Object(all)) => all.contains_key(name),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(|one| one.starts_with(name)),
            _ => false,
        };
        let is_user = ["dependencies", "peerDependencies", "optionalDependencies"].into_iter().any(is_named)
            || root.pointer("/project/dependencies").is_some_and(|all| {
                all.as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .any(|one| one.starts_with(name))
            });
        is_needed |= is_user && !describe(manifest, &text).is_some_and(|own| own.is_about(vocabulary));
    });
    is_needed
}

/// Reads the text of a manifest.
fn parse(manifest: &str, text: &str) -> Option<Value> {
    match manifest {
        "go.mod" => None,
        "package.json" => serde_json::from_str(text.trim_start_matches('\u{feff}')).ok(),
        _ => toml::from_str(text).ok(),
    }
}

/// Reads a manifest; `None` if it has no name. A private package says nothing.
fn describe(manifest: &str, text: &str) -> Option<Description> {
    if manifest == "go.mod" {
        let line = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
        let is_version =
            |name: &&str| !(name.starts_with('v') && name.bytes().skip(1).all(|b| b.is_ascii_digit()));
        let name = line.trim().rsplit('/').find(is_version)?.to_owned();
        return Some(Description { name, ..Description::default() });
    }
    let root = parse(manifest, text)?;
    let package = match manifest {
        "Cargo.toml" => root.get("package")?,
        "pyproject.toml" => root.get("project").or_else(|| root.pointer("/tool/poetry"))?,
        _ => &root,
    };
    let is_private = package.get("private") == Some(&Value::Bool(true))
        || package.get("publish").is_some_and(|publish| {
            publish == &Value::Bool(false) || publish.as_array().is_some_and(Vec::is_empty)
        });
    if is_private {
        return Some(Description::default());
    }
    let string = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let keywords = package.get("keywords").and_then(Value::as_array).into_iter().flatten();
    let name = string("name");
    (!name.is_empty()).then(|| Description {
        name,
        keywords: keywords.filter_map(|word| Some(word.as_str()?.to_owned())).collect(),
        text: string("description"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(manifest: &str, text: &str) -> bool {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        let vocabulary = RuleVocabulary { words: words(&["mock", "stub"]), ..RuleVocabulary::default() };
        describe(manifest, text).is_some_and(|own| own.is_about(&vocabulary))
    }

    #[test]
    fn a_package_says_what_it_is_about() {
        assert!(is_about("go.mod", "module example.org/a/tidemock/v2\n\ngo 1.22\n"));
        assert!(!is_about("go.mod", "module example.org/mock/tide\n"));
        assert!(is_about("Cargo.toml", "[package]\nname = \"tide-stubs\"\n"));
        assert!(!is_about("Cargo.toml", "[package]\nname = \"tide-stubs\"\npublish = false\n"));
        assert!(is_about("package.json", r#"{"name": "tide-mocks"}"#));
        assert!(!is_about("package.json", r#"{"name": "tide-mocks", "private": true}"#));
        let both = r#"{"name": "tide", "keywords": ["api", "mocking"], "description": "Mocks of harbours"}"#;
        assert!(is_about("package.json", both));
        let one = r#"{"name": "tide", "keywords": ["api", "mock-api"], "description": "Harbours"}"#;
        assert!(!is_about("package.json", one));
        let text = "[project]\nname = \"tide\"\nkeywords = [\"mock\"]\ndescription = \"mock tides\"\n";
        assert!(is_about("pyproject.toml", text));
        assert!(!is_about(
            "pyproject.toml",
            "[project]\nname = \"tide\"\ndescription = \"with mock data\"\n"
        ));
        assert!(!is_about("package.json", "{") && !is_about("Cargo.toml", "[workspace]\n"));
    }
}
