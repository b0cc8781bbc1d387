//! Which documents are single files and which are in a folder of their packet.

use std::collections::BTreeSet;

use crate::document::WpId;
use crate::text::RepoPath;

use super::{FOLDER_FILES, Layout};

/// Packets and refinements that are `<WP_ID>/packet.md` and `<WP_ID>/refinement.md`
/// instead of `<WP_ID>.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentForms {
    /// Ids of packets that have a folder.
    pub(super) packets: BTreeSet<String>,
    /// Ids of packets whose refinement is in their folder.
    pub(super) refinements: BTreeSet<String>,
    /// Ids of packets that are only a typed contract in their folder.
    pub(super) contracts: BTreeSet<String>,
    /// Whether new packets get a folder: all existing packets have one.
    pub(super) new_in_folder: bool,
}

impl Layout {
    /// Determines which packets have a folder, from the files below the folders of
    /// packets and refinements. A form that exists in the trusted tree wins, so that
    /// a change cannot replace a packet by a second one.
    pub(crate) fn find_forms(&mut self, trusted: &[RepoPath], judged: &[RepoPath]) {
        let both = || trusted.iter().chain(judged);
        let ids: BTreeSet<String> = both()
            .filter(|path| FOLDER_FILES.iter().any(|name| path.file_name() == name.as_bytes()))
            .filter(|path| {
                path.is_below(self.packets.as_bytes()) || path.is_below(self.refinements.as_bytes())
            })
            .filter_map(|path| Some(Self::id_of(path)?.as_str().to_owned()))
            .collect();
        if ids.is_empty() {
            self.forms = DocumentForms::default();
            return;
        }
        let (trusted, judged): (BTreeSet<&RepoPath>, BTreeSet<&RepoPath>) =
            (trusted.iter().collect(), judged.iter().collect());
        let choose = |flat: &RepoPath, folder: &RepoPath| {
            let trusted_form = match (trusted.contains(folder), trusted.contains(flat)) {
                (false, false) => None,
                (has_folder, _) => Some(has_folder),
            };
            // A document that the change moved has its new form.
            let still_exists = |form: bool| judged.contains(if form { folder } else { flat });
            match trusted_form.filter(|form| still_exists(*form)) {
                Some(form) => form,
                // Of two new forms the single file counts; `packet/twin` and
                // `scope/protected` report the other one.
                None => !judged.contains(flat) && (judged.contains(folder) || trusted.contains(folder)),
            }
        };
        let mut forms = DocumentForms::default();
        let is_flat = |path: &RepoPath| {
            let id = Self::id_of(path).filter(|id| !ids.contains(id.as_str()));
            id.is_some_and(|id| self.flat_packet(&id) == *path)
        };
        let mut has_flat = both().any(|path| path.is_below(self.packets.as_bytes()) && is_flat(path));
        for id in ids.iter().filter_map(|id| WpId::parse(id).ok()) {
            let (flat, folder) = (self.flat_packet(&id), self.folder_packet(&id));
            let is_packet =
                [&flat, &folder].into_iter().any(|path| judged.contains(path) || trusted.contains(path));
            let contract = self.packet_contract(&id);
            if !is_packet && (judged.contains(&contract) || trusted.contains(&contract)) {
                forms.contracts.insert(id.as_str().to_owned());
            }
            if choose(&flat, &folder) {
                forms.packets.insert(id.as_str().to_owned());
            } else {
                has_flat |= is_packet;
            }
            if choose(&self.flat_refinement(&id), &self.folder_refinement(&id)) {
                forms.refinements.insert(id.as_str().to_owned());
            }
        }
        let has_folder = !forms.packets.is_empty() || !forms.contracts.is_empty();
        forms.new_in_folder = has_folder && !has_flat;
        self.forms = forms;
    }
}
