//! `record/…`: state files can be read.

pub(super) mod json;
pub(super) mod missing;
