//! Rules about a layer of the product, such as the data layer: they apply only if the
//! layer is configured, or if the tree has one.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{FileMatches, Hit, Language, PathPatterns, RuleLayer, RuleSet, Treatment};
use crate::text::RepoPath;

use super::files::ScanContext;
use super::results::ScannedText;
use super::script_imports::{
    ImportedNames, asks_for_file, imports_from_elsewhere, is_in_imported, names_from_modules,
};

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
    /// What these files import from other modules, by the same folders.
    imports: BTreeMap<String, Vec<ImportedNames>>,
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
            let is_own = || {
                text.is_some_and(|text| {
                    state.is_own_client(hit, path, text) || state.is_helper(hit, path, text)
                })
            };
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
            imports: BTreeMap::new(),
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
            let language = Language::from_path(path);
            // A request for a picture shows no client.
            let is_of_layer = |hit: &Hit| {
                let end = hit.span.as_ref().map(|span| span.end);
                !(language.is_script() && end.is_some_and(|end| asks_for_file(&bytes, end)))
            };
            let has_match = single
                .scan_bytes(path, &bytes, Treatment::Skip)
                .is_ok_and(|scan| scan.matches.hits.iter().any(is_of_layer));
            if has_match && is_shared {
                self.shared = Some(path.clone());
            }
            if has_match {
                if language.is_script() {
                    let text = String::from_utf8_lossy(&bytes);
                    let imports = names_from_modules(&path.to_text(), language, &text);
                    self.imports.insert(folder.clone(), imports);
                }
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

    /// Returns whether a match is in a function that the layer of the package imports: it is a
    /// part of the layer. What is in the user interface is not.
    fn is_helper(&self, hit: &Hit, path: &RepoPath, text: &ScannedText) -> bool {
        let whole = path.to_text();
        let imports = self.packages.get(path).and_then(|folder| self.imports.get(folder));
        let (Some(imports), Some(span)) = (imports, &hit.span) else { return false };
        let is_of_page =
            self.layer.user_interface.matches(&whole) || self.layer.without_layer.matches(&whole);
        let at = text.text_span(span).start;
        !self.configured
            && !is_of_page
            && is_in_imported(imports, (&whole, Language::from_path(path)), text.source.text().as_bytes(), at)
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
