//! Records of one file per packet: beside the record `X.md` the folder `X/` has a file
//! `<WP_ID>.md` for each packet, so that packets of two branches merge without a
//! conflict.

use crate::text::RepoPath;

use super::WpId;

/// File that keeps the folder of a new record.
const KEEP: &str = ".gitkeep";

/// Returns the folder of a record's files, with a trailing slash.
#[must_use]
pub(crate) fn folder(record: &str) -> String {
    format!("{}/", split_extension(record).0)
}

/// Returns the file that keeps the folder of a record without packets.
#[must_use]
pub(crate) fn keep_file(record: &str) -> String {
    folder(record) + KEEP
}

/// Returns the path of a packet's file of a record.
#[must_use]
pub(crate) fn packet_file(record: &str, id: &str) -> RepoPath {
    RepoPath::from(format!("{}{id}{}", folder(record), split_extension(record).1).as_str())
}

/// Returns the id of the packet whose file of a record a path is; `None` for other paths.
#[must_use]
pub(crate) fn id_of(record: &str, path: &RepoPath) -> Option<WpId> {
    let text = path.to_text();
    let name = text.strip_prefix(folder(record).as_str())?.strip_suffix(split_extension(record).1)?;
    WpId::parse(name).ok()
}

/// Returns whether a path is in the folder because new packets get a file there.
#[must_use]
pub(crate) fn is_mark(record: &str, path: &RepoPath) -> bool {
    path.as_bytes() == keep_file(record).as_bytes() || id_of(record, path).is_some()
}

fn split_extension(record: &str) -> (&str, &str) {
    let name_at = record.rfind('/').map_or(0, |at| at + 1);
    let dot = record.get(name_at..).and_then(|name| name.rfind('.')).filter(|dot| *dot > 0);
    dot.and_then(|dot| record.split_at_checked(name_at + dot)).unwrap_or((record, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_a_folder_beside_the_record() {
        let record = ".GOV/roles_shared/TASK_BOARD.md";
        let path = packet_file(record, "WP-1-A");
        assert_eq!(path.to_string(), ".GOV/roles_shared/TASK_BOARD/WP-1-A.md");
        assert_eq!(id_of(record, &path).map(|id| id.as_str().to_owned()), Some("WP-1-A".into()));
        for other in [
            "TASK_BOARD/WP-1-A.md",
            ".GOV/roles_shared/TASK_BOARD/a/WP-1-A.md",
            ".GOV/roles_shared/TASK_BOARD/README.md",
            ".GOV/roles_shared/TASK_BOARD/WP-1-A.json",
        ] {
            assert_eq!(id_of(record, &RepoPath::from(other)), None, "{other}");
        }
        assert_eq!(packet_file("LOG", "WP-1-A").to_string(), "LOG/WP-1-A");
    }
}
