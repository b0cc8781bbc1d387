//! `concurrency/…`: packets that are worked on do not share a working tree.

pub(super) mod worktree;
