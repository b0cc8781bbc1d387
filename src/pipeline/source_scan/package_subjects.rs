//! Packages that say in their manifest that they are about the words of a vocabulary.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::Value;

use crate::scan::{Areas, Language, RuleVocabulary};
use crate::text::RepoPath;

use super::go_files::{FILES_AT_ONCE, ReadFiles};

/// The packages of the files with matches.
#[derive(Debug, Default)]
pub(super) struct PackageSubjects {
    /// The folder of the package of each file.
    folders: BTreeMap<RepoPath, PackageKey>,
    /// The reason why a package is about one of the words.
    reasons: BTreeMap<PackageKey, Option<String>>,
    /// What the manifests of a kind need, by the name of the manifest.
    needed: BTreeMap<&'static str, NeededPackages>,
    /// What each manifest says that was read.
    described: BTreeMap<PackageKey, Described>,
}

/// The name of a manifest, and its folder.
type PackageKey = (&'static str, String);

/// What a manifest says: nothing about a package, a package about something else, or the name
/// of a package that is about one of the words.
#[derive(Debug, Clone)]
enum Described {
    NoPackage,
    Other,
    Subject(String),
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
        if !self.reasons.contains_key(&key) {
            let reason = self.find_reason(vocabulary, &key, (paths, read));
            self.reasons.insert(key, reason);
        }
    }

    /// Returns why a package is about one of the words.
    fn find_reason(
        &mut self,
        vocabulary: &RuleVocabulary,
        (manifest, folder): &PackageKey,
        (paths, read): (&[RepoPath], &ReadFiles<'_>),
    ) -> Option<String> {
        let mut folder = folder.as_str();
        loop {
            let key = (*manifest, folder.to_owned());
            let file =
                if folder.is_empty() { (*manifest).to_owned() } else { format!("{folder}/{manifest}") };
            let described = self.described.entry(key).or_insert_with(|| {
                let mut described = Described::NoPackage;
                read(&[RepoPath::from(file.as_str())], &mut |_, text| {
                    let text = String::from_utf8_lossy(text.unwrap_or_default());
                    described = match describe(manifest, &text) {
                        None => Described::NoPackage,
                        Some(own) if own.is_about(vocabulary) => Described::Subject(own.name),
                        Some(_) => Described::Other,
                    };
                });
                described
            });
            match described {
                Described::Other => return None,
                Described::Subject(name) => {
                    let name = name.clone();
                    let needed = self
                        .needed
                        .entry(*manifest)
                        .or_insert_with(|| NeededPackages::read(manifest, vocabulary, (paths, read)));
                    let is_needed = needed.contains(&name);
                    return (!is_needed).then(|| format!("{file} says that the package is about it"));
                }
                // A manifest without a name only sets options for its folder.
                Described::NoPackage if folder.is_empty() => return None,
                Described::NoPackage => folder = folder.rsplit_once('/').map_or("", |(above, _)| above),
            }
        }
    }

    /// Returns the folder of a file's package, and why the package is about one of the words;
    /// `None` if it is not.
    pub(super) fn find(&self, path: &RepoPath) -> Option<(&str, &str)> {
        let key = self.folders.get(path)?;
        Some((key.1.as_str(), self.reasons.get(key)?.as_deref()?))
    }

    /// Returns whether any package is about one of the words.
    pub(super) fn has_subjects(&self) -> bool {
        self.reasons.values().any(Option::is_some)
    }

    /// Keeps only the packages that are about one of the words in another tree, too.
    pub(super) fn retain_shared(&mut self, other: &Self) {
        for (key, reason) in &mut self.reasons {
            if !other.reasons.get(key).is_some_and(Option::is_some) {
                *reason = None;
            }
        }
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

/// What the packages of a tree need that are about something else: the mocks of a package that
/// they need are a part of another product.
#[derive(Debug, Default)]
struct NeededPackages {
    /// Names of packages.
    names: BTreeSet<String>,
    /// Requirements that begin with the name of a package: `tide-mocks>=1`.
    requirements: BTreeSet<String>,
}

impl NeededPackages {
    /// Reads all manifests of a kind once.
    fn read(
        manifest: &str,
        vocabulary: &RuleVocabulary,
        (paths, read): (&[RepoPath], &ReadFiles<'_>),
    ) -> Self {
        let is_manifest = |path: &&RepoPath| path.file_name() == manifest.as_bytes();
        let manifests: Vec<RepoPath> = paths.iter().filter(is_manifest).cloned().collect();
        let mut out = Self::default();
        for chunk in manifests.chunks(FILES_AT_ONCE) {
            read(chunk, &mut |_, text| {
                let text = String::from_utf8_lossy(text.unwrap_or_default());
                let Some(root) = parse(manifest, &text) else { return };
                if !describe(manifest, &text).is_some_and(|own| own.is_about(vocabulary)) {
                    out.add(&root);
                }
            });
        }
        out
    }

    fn add(&mut self, root: &Value) {
        let lists = ["dependencies", "peerDependencies", "optionalDependencies"].map(|key| root.get(key));
        for list in lists.into_iter().chain([root.pointer("/project/dependencies")]).flatten() {
            match list {
                Value::Object(all) => self.names.extend(all.keys().cloned()),
                Value::Array(all) => {
                    self.requirements.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
    }

    fn contains(&self, name: &str) -> bool {
        let mut from_name = self.requirements.range::<str, _>((Bound::Included(name), Bound::Unbounded));
        self.names.contains(name) || from_name.next().is_some_and(|first| first.starts_with(name))
    }
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
