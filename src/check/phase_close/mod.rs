//! `milestone/…`: what a phase of the project needs to be closed.

pub(super) mod open_packet;
