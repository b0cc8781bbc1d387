//! `phase/…`: bootstrap, skeleton, approval, implementation, in that order.

pub(super) mod approval;
pub(super) mod bootstrap;
pub(super) mod order;
