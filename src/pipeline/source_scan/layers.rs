//! Rules about a layer of the product, such as the data layer: they apply only if the
//! layer is configured, or if the tree has one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::scan::lexer::tokenize;
use crate::scan::{
    FileMatches, Hit, Language, PathPatterns, RuleLayer, RuleSet, TokenKind, TokenKindSet, Treatment,
};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::results::ScannedText;

/// Maximum number of files that are read to find a layer.
const MAX_LAYER_FILES: usize = 400;

/// What each rule about a layer applies to, by the index of the rule.
#[derive(Debug, Default)]
pub(super) struct LayerPremises {
    states: BTreeMap<usize, LayerState>,
}

/// The layer of one rule.
#[derive(Debug)]
struct LayerState {
    layer: RuleLayer,
    /// The configuration names the layer, so that the rule applies outside of it.
    configured: bool,
    /// The paths that it names; empty if it only changes the rule's `exclude`.
    configured_paths: PathPatterns,
    /// Files of the layer that do what the rule forbids elsewhere, by the folder of their
    /// package.
    found: BTreeMap<String, RepoPath>,
    /// A file of a package that is named like the layer: it is the layer of all packages.
    shared: Option<RepoPath>,
    /// Why the rule does not apply at all.
    skip_reason: Option<String>,
    /// Folders of packages, by the files with matches.
    packages: BTreeMap<RepoPath, String>,
}

impl LayerPremises {
    /// Determines the layers of the rules that match somewhere. `paths` are all files of
    /// the tree, and `scanned` those that were scanned, with their matches.
    pub(super) fn read<'m>(
        context: &ScanContext<'_>,
        paths: &[RepoPath],
        scanned: impl Iterator<Item = (&'m RepoPath, &'m FileMatches)>,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    ) -> Self {
        let rules = context.rule_set.rules();
        let layered: BTreeMap<usize, &RuleLayer> = rules
            .iter()
            .enumerate()
            .filter_map(|(index, rule)| Some((index, rule.layer.as_ref()?)))
            .collect();
        if layered.is_empty() {
            return Self::default();
        }
        let mut matched: BTreeMap<usize, BTreeSet<&RepoPath>> = BTreeMap::new();
        for (path, matches) in scanned {
            for hit in matches.hits.iter().filter(|hit| layered.contains_key(&hit.rule)) {
                matched.entry(hit.rule).or_default().insert(path);
            }
        }
        let states = layered.into_iter().map(|(index, layer)| {
            let files = matched.remove(&index).unwrap_or_default();
            (index, LayerState::new(context, index, layer, paths, files, read))
        });
        Self { states: states.collect() }
    }

    /// Returns whether a match of a rule in a file is a finding. `text` is the file's text.
    pub(super) fn keeps(&self, hit: &Hit, path: &RepoPath, text: Option<&ScannedText>) -> bool {
        self.states.get(&hit.rule).is_none_or(|state| {
            let is_own = || text.is_some_and(|text| state.is_own_client(hit, path, text));
            let is_server = || text.is_some_and(|text| state.layer.is_text_of_server(text.source.text()));
            state.keeps(path) && !is_own() && (state.configured || !is_server())
        })
    }

    /// Returns why a rule does not apply; `None` if it does.
    pub(super) fn skip_reason(&self, rule: usize) -> Option<String> {
        self.states.get(&rule)?.skip_reason.clone()
    }

    /// Returns how the layer of a rule was found, for a finding in a file; `None` if it is
    /// configured.
    pub(super) fn explain(&self, rule: usize, path: &RepoPath) -> Option<String> {
        let state = self.states.get(&rule).filter(|state| !state.configured)?;
        let (name, key) = (&state.layer.title, &state.layer.name);
        Some(match state.layer_file(path) {
            Some(file) => format!(
                "The {name} was inferred from {file}. To name it, set `scan: {{layers: {{{key}: [...]}}}}`."
            ),
            None => format!(
                "This file is part of the user interface, and no {name} was found. To name one, set `scan: {{layers: {{{key}: [...]}}}}`."
            ),
        })
    }
}

impl LayerState {
    fn new(
        context: &ScanContext<'_>,
        index: usize,
        layer: &RuleLayer,
        paths: &[RepoPath],
        matched: BTreeSet<&RepoPath>,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    ) -> Self {
        let settings = context.settings;
        let rule_id = context.rule_set.rules().get(index).map(|rule| rule.id.as_str()).unwrap_or_default();
        let configured_paths = settings.layers.get(&layer.name).filter(|paths| !paths.is_empty());
        let has_override = settings.overrides.get(rule_id).is_some_and(|own| own.exclude.is_some());
        let mut out = Self {
            layer: layer.clone(),
            configured: configured_paths.is_some() || has_override,
            configured_paths: configured_paths.cloned().unwrap_or_default(),
            found: BTreeMap::new(),
            shared: None,
            skip_reason: None,
            packages: BTreeMap::new(),
        };
        let own_crate = context.areas.product_crates().find(|name| layer.is_implemented_by(name));
        if let Some(name) = own_crate.filter(|_| !out.configured) {
            out.skip_reason = Some(format!("this repository is `{name}` itself"));
            return out;
        }
        if out.configured {
            return out;
        }
        let package = |path: &RepoPath| {
            let folder = context.areas.manifest_folder(path, Language::from_path(path));
            if layer.per_package || layer.per_crate {
                folder.unwrap_or_default().to_owned()
            } else {
                String::new()
            }
        };
        out.packages = matched.iter().map(|path| ((*path).clone(), package(path))).collect();
        if matched.iter().any(|path| !out.is_layer(path)) {
            out.find_layer(context, index, paths, &package, read);
        }
        let applies =
            matched.iter().any(|path| out.keeps(path)) || !out.found.is_empty() || out.shared.is_some();
        if !applies {
            out.skip_reason = Some(format!(
                "no {} is configured, and none was found by its name; to name it, set `scan: {{layers: {{{}: [...]}}}}`",
                layer.title, layer.name
            ));
        }
        out
    }

    /// Finds the files that are the layer by name, and do what the rule forbids elsewhere.
    fn find_layer(
        &mut self,
        context: &ScanContext<'_>,
        index: usize,
        paths: &[RepoPath],
        package: &dyn Fn(&RepoPath) -> String,
        read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    ) {
        let Some(rule) = context.rule_set.rules().get(index) else { return };
        let single = RuleSet::new(vec![rule.clone()]);
        let single = ScanContext { rule_set: &single, ..*context };
        let is_candidate = |path: &&RepoPath| {
            let whole = path.to_text();
            let text = if self.layer.per_crate { &whole } else { below(&whole, &package(path)) };
            self.layer.is_shown_by(text)
                && rule.supports_language(Language::from_path(path))
                && single.treatment_by_path(path) == Treatment::Product
        };
        for path in paths.iter().filter(is_candidate).take(MAX_LAYER_FILES).collect::<Vec<_>>() {
            let folder = package(path);
            let is_shared = self.layer.per_crate && self.shared.is_none() && self.layer.is_package(&folder);
            if self.found.contains_key(&folder) && !is_shared {
                continue;
            }
            let Some(bytes) = read(path) else { continue };
            let has_match = single
                .scan_bytes(path, &bytes, Treatment::Skip)
                .is_ok_and(|scan| !scan.matches.hits.is_empty());
            if has_match && is_shared {
                self.shared = Some(path.clone());
            }
            if has_match {
                self.found.insert(folder, path.clone());
            }
        }
    }

    /// Returns the file from which the layer of a file's package was inferred.
    fn layer_file(&self, path: &RepoPath) -> Option<&RepoPath> {
        self.found.get(self.packages.get(path)?).or(self.shared.as_ref())
    }

    /// Returns whether a file is the layer. Names count below the folder of the package:
    /// a package in `client/` is not a client of an API.
    fn is_layer(&self, path: &RepoPath) -> bool {
        if self.configured {
            return self.configured_paths.matches(&path.to_text());
        }
        if self.layer.user_interface.matches(&path.to_text()) {
            return false;
        }
        let folder = self.packages.get(path).map_or("", String::as_str);
        let folder = if self.layer.per_crate { "" } else { folder };
        self.layer.is_named(below(&path.to_text(), folder))
    }

    /// Returns whether a match is the name of a library that the file imports from elsewhere:
    /// from a module with the product's own settings of it.
    fn is_own_client(&self, hit: &Hit, path: &RepoPath, text: &ScannedText) -> bool {
        let Some(span) = &hit.span else { return false };
        let name = text.source.slice(text.text_span(span));
        self.layer.libraries.iter().any(|library| library == name)
            && imports_from_elsewhere(Language::from_path(path), text.source.text(), name)
    }

    fn keeps(&self, path: &RepoPath) -> bool {
        let text = path.to_text();
        if self.skip_reason.is_some() || self.is_layer(path) {
            return false;
        }
        self.configured || self.layer_file(path).is_some() || self.layer.without_layer.matches(&text)
    }
}

/// Returns a path relative to a folder above it.
fn below<'a>(text: &'a str, folder: &str) -> &'a str {
    text.strip_prefix(folder).map_or(text, |rest| rest.trim_start_matches('/'))
}

static IMPORTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*import\s+(?P<names>[^;'"]*?)\bfrom\s*["'](?P<from>[^"'\n]+)["']"#).ok()
});

/// Returns whether a script imports a name, and no import of it is from the library of that
/// name. Imports in comments and texts do not count.
fn imports_from_elsewhere(language: Language, text: &str, name: &str) -> bool {
    let Some(imports) = IMPORTS.as_ref() else { return false };
    let code = tokenize(language, text.as_bytes())
        .masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
    let mut from = imports.captures_iter(text).filter_map(|found| {
        let (names, from) = (found.name("names")?, found.name("from")?);
        let is_code = code.get(names.start()..names.end()) == Some(names.as_str().as_bytes());
        let words = names.as_str().split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')));
        let is_named = words.into_iter().any(|word| word == name);
        (is_code && is_named).then(|| from.as_str())
    });
    let is_library =
        |from: &str| from == name || from.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
    let mut found = false;
    let all_elsewhere = from.all(|from| {
        found = true;
        !is_library(from)
    });
    found && all_elsewhere
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_with_the_name_of_its_library_is_imported_from_elsewhere() {
        let own = |text: &str| imports_from_elsewhere(Language::TypeScript, text, "axios");
        assert!(own("import axios, { parse } from '@/services/axios';\n"));
        assert!(own("import {\n  http as axios,\n} from \"./http\";\n"));
        for text in [
            "import axios from 'axios';\n",
            "import axios from \"axios/dist/a.js\";\n",
            "// import axios from './http'\n",
            "/*\nimport axios from './http'\n*/\n",
            "import { axiosLike } from './http';\n",
            "import axios from './http';\nimport axios from 'axios';\n",
            "axios.get('/')\n",
        ] {
            assert!(!own(text), "{text}");
        }
    }
}
