//! `packet/…`: the packet is found, is one, and is well-formed.

pub(super) mod fields;
pub(super) mod identity;
pub(super) mod lineage;
pub(super) mod search;
