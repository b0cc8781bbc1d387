//! The manifests of a packet by their files, so that no file is compared with all of them.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::change::ChangedFile;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::Manifest;
use crate::finding::Subject;
use crate::text::RepoPath;

use super::windows::{merge_windows, uncovered_hunks};
use super::{has_lines, valid_window};

/// Manifests by path.
pub(super) struct ByPath<'a> {
    manifests: HashMap<&'a RepoPath, Vec<&'a Manifest>>,
}

impl<'a> ByPath<'a> {
    pub(super) fn new(manifests: &'a [Manifest]) -> Self {
        let mut by_path: HashMap<&RepoPath, Vec<&Manifest>> = HashMap::new();
        for manifest in manifests {
            if let Some(path) = &manifest.path {
                by_path.entry(path).or_default().push(manifest);
            }
        }
        Self { manifests: by_path }
    }

    /// Returns the manifests of a file, in order.
    pub(super) fn of(&self, path: &RepoPath) -> &[&'a Manifest] {
        self.manifests.get(path).map_or(&[], Vec::as_slice)
    }
}

/// Facts about files that many gates of many manifests need, computed once.
pub(super) struct GateFacts<'a> {
    pub input: &'a ChangeCheckContext<'a>,
    by_path: ByPath<'a>,
    /// Whether the windows of the manifests contain all changes of a file.
    inside: RefCell<HashMap<RepoPath, bool>>,
    /// Whether a file may be changed.
    planned: RefCell<HashMap<RepoPath, bool>>,
    /// Positions of the waivers that allow changes outside the scope.
    waivers: Vec<usize>,
}

impl<'a> GateFacts<'a> {
    pub(super) fn new(input: &'a ChangeCheckContext<'a>) -> Self {
        let accepted = crate::check::find_rule("scope/outside")
            .map_or(&[][..], |entry| &entry.rule.text().wording.waivable_by);
        let waivers = input.packet.packet.waivers.iter().enumerate().filter(|(index, waiver)| {
            waiver.policy.as_ref().is_some_and(|policy| accepted.contains(&policy.value))
                && crate::check::waiver::is_effective(waiver, *index, input)
        });
        Self {
            input,
            by_path: ByPath::new(&input.packet.packet.manifests),
            inside: RefCell::default(),
            planned: RefCell::default(),
            waivers: waivers.map(|(index, _)| index).collect(),
        }
    }

    /// Returns whether the windows of the file's manifests together contain every changed
    /// line.
    pub(super) fn changes_inside_windows(&self, file: &ChangedFile) -> bool {
        if !has_lines(file) {
            return true;
        }
        let path = &file.change.path;
        if let Some(known) = self.inside.borrow().get(path) {
            return *known;
        }
        let own = self.by_path.of(path).iter();
        let windows = merge_windows(own.filter_map(|manifest| valid_window(manifest, file)).collect());
        let result = uncovered_hunks(file, &windows).is_empty();
        self.inside.borrow_mut().insert(path.clone(), result);
        result
    }

    /// Returns whether the scope, or a waiver in force, allows a change of this path.
    pub(super) fn is_planned(&self, path: &RepoPath) -> bool {
        if let Some(known) = self.planned.borrow().get(path) {
            return *known;
        }
        let result = crate::check::scope::allows_change(&self.input.packet, path) || self.is_waived(path);
        self.planned.borrow_mut().insert(path.clone(), result);
        result
    }

    fn is_waived(&self, path: &RepoPath) -> bool {
        let subject = Subject::Path(path.clone());
        let all = &self.input.packet.packet.waivers;
        let mut waivers = self.waivers.iter().filter_map(|index| all.get(*index));
        waivers.any(|waiver| crate::check::waiver::covers(waiver, &subject))
    }
}
