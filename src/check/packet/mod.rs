//! `packet/…`: the packet is found, is one, and is well-formed.

pub(super) mod active;
pub(super) mod claim;
pub(super) mod closed;
pub(super) mod dropped_requirement;
pub(super) mod duplicate_field;
pub(super) mod field;
pub(super) mod format_version;
pub(super) mod identity;
pub(super) mod lineage;
pub(super) mod manifest_template;
pub(super) mod risk_tier;
pub(super) mod search;
pub(super) mod section;
pub(super) mod spec_reference;
pub(super) mod status;
pub(super) mod verdict;
pub(super) mod workable;
