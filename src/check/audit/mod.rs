//! `audit/…`: the signature audit can be read, and no signature serves twice.

pub(super) mod agreement;
pub(super) mod reuse;
pub(super) mod row;
