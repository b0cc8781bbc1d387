//! `packet/…`: the packet exists, can be read, and is complete.

pub(super) mod fields;
pub(super) mod identity;
pub(super) mod lineage;
pub(super) mod merged;
pub(super) mod report;
pub(super) mod search;
