//! Which packet each changed file belongs to, where several packets are judged
//! over one change.

use crate::change::ChangedFile;
use crate::check::scope;
use crate::text::RepoPath;

use super::context::PacketContext;

/// The changed files by packet.
pub(crate) struct FileAttribution {
    files: Vec<Vec<ChangedFile>>,
    shared: Vec<Vec<(RepoPath, String)>>,
}

impl FileAttribution {
    /// Gives every file to the packet that allows it; a file that several
    /// allow to each of them, with a word about it; a file that none allows to
    /// the packet that speaks of it, or to the first.
    pub(crate) fn new(files: Vec<ChangedFile>, grounds: &[PacketContext]) -> Self {
        let mut out =
            Self { files: vec![Vec::new(); grounds.len()], shared: vec![Vec::new(); grounds.len()] };
        if let [one] = out.files.as_mut_slice() {
            *one = files;
            return out;
        }
        for file in files {
            let path = &file.change.path;
            let allowing = find_packets(grounds, |ground| allows_path(ground, path));
            let claimed = allowing.len() > 1;
            let mut takers = match allowing.as_slice() {
                [] => find_packets(grounds, |ground| mentions_path(ground, path)),
                _ => allowing,
            };
            // Records such as the board belong to everybody; one look suffices.
            let record = grounds.iter().any(|ground| ground.layout.is_shared_record(path));
            if takers.is_empty() || record {
                takers = vec![0];
            }
            for taker in &takers {
                let others = takers.iter().filter(|other| *other != taker);
                if let Some(shared) = out.shared.get_mut(*taker).filter(|_| claimed && takers.len() > 1) {
                    let names: Vec<String> =
                        others.filter_map(|other| packet_name(grounds.get(*other)?)).collect();
                    shared.push((path.clone(), names.join("`, `")));
                }
                if let Some(own) = out.files.get_mut(*taker) {
                    own.push(file.clone());
                }
            }
        }
        out
    }

    /// The files that a packet is judged by, in order of path.
    pub(crate) fn files(&self, index: usize) -> &[ChangedFile] {
        self.files.get(index).map_or(&[], Vec::as_slice)
    }

    /// The files that a packet shares, and with which.
    pub(crate) fn shared(&self, index: usize) -> &[(RepoPath, String)] {
        self.shared.get(index).map_or(&[], Vec::as_slice)
    }

    /// Whether a path, changed or not, belongs to a packet.
    pub(crate) fn belongs(&self, index: usize, path: &RepoPath, grounds: &[PacketContext]) -> bool {
        let own = grounds.get(index).is_some_and(|ground| mentions_path(ground, path));
        own || contains_path(self.files(index), path)
    }

    /// The other packet that a changed path belongs to.
    pub(crate) fn other_owner(
        &self,
        index: usize,
        path: &RepoPath,
        grounds: &[PacketContext],
    ) -> Option<String> {
        let other = (0..grounds.len())
            .filter(|other| *other != index)
            .find(|other| contains_path(self.files(*other), path))?;
        packet_name(grounds.get(other)?)
    }
}

/// Whether files, in order of path, hold one.
fn contains_path(files: &[ChangedFile], path: &RepoPath) -> bool {
    files.binary_search_by(|file| file.change.path.cmp(path)).is_ok()
}

fn find_packets(grounds: &[PacketContext], wanted: impl Fn(&PacketContext) -> bool) -> Vec<usize> {
    grounds.iter().enumerate().filter(|(_, ground)| wanted(ground)).map(|(index, _)| index).collect()
}

fn allows_path(ground: &PacketContext, path: &RepoPath) -> bool {
    ground.packet_input().is_some_and(|input| scope::allows_change(&input, path))
}

fn mentions_path(ground: &PacketContext, path: &RepoPath) -> bool {
    ground.packet_input().is_some_and(|input| scope::mentions_path(&input, path))
}

fn packet_name(ground: &PacketContext) -> Option<String> {
    Some(ground.located.as_ref()?.id.as_str().to_owned())
}
