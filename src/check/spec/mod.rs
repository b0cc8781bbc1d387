//! `spec/…`: the pointer names the newest specification, and that one has
//! what it must have.

pub(super) mod heading;
pub(super) mod newest;
pub(super) mod pointer;

pub(super) use newest::parse_version;
