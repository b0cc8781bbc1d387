//! Counts of the files of a scanned tree by area.

use std::collections::BTreeMap;

/// Number of code files in one area of a scanned tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AreaInfo {
    /// Name of the area, as in `scan: areas`.
    pub area: &'static str,
    /// The rules that apply to it: `product` (all), `tests`, `limited` or `skip`.
    pub treatment: &'static str,
    /// Number of files.
    pub files: usize,
    /// Number of files by what decided their area: `configuration`, `manifest`,
    /// `attribute`, `content` or `name`.
    pub decided_by: BTreeMap<&'static str, usize>,
}
