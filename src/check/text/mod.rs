//! `text/…`: what holds for the text of every document.

pub(super) mod ascii;
pub(super) mod conflict_marker;
pub(super) mod hidden_character;
pub(super) mod instruction;
pub(super) mod kind;
pub(super) mod readable;
pub(super) mod unclosed_fence;

/// Findings of one rule in one document that are told one by one.
const MOST: usize = 20;
