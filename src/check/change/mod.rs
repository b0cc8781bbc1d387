//! `change/…`: there is a change, all of it, and all of it can be judged.

pub(super) mod base;
pub(super) mod empty;
pub(super) mod hidden;
pub(super) mod judge;
pub(super) mod range_start;
pub(super) mod unjudged;
