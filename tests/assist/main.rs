//! `review assist` and `providers` against servers of our own, over real sockets of this
//! machine. Built with the feature `llm` only.
#![allow(unreachable_pub, reason = "a program exports nothing; `pub` means public in its module")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests stop at the first unexpected thing, and write files and start programs themselves"
)]

mod advice;
mod cloud;
mod fixture;
mod server;
#[path = "../suite/support/mod.rs"]
mod support;
mod transport;
