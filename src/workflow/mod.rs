//! The logic of commands that write documents: each plans its edits in memory
//! and writes all of them or none.

pub(crate) mod approve;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) mod assist;
pub(crate) mod demo;
pub(crate) mod evidence;
mod field;
pub(crate) mod fix;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod manifest;
pub(crate) mod new;
pub(crate) mod records;
pub(crate) mod self_test;
pub(crate) mod validator;
