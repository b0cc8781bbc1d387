//! The logic of commands that write documents: each plans its edits in memory
//! and writes all of them or none.

pub mod approve;
pub mod demo;
pub mod evidence;
mod field;
pub mod fix;
pub mod hook;
pub mod init;
pub mod manifest;
pub mod new;
pub mod records;
pub mod self_test;
pub mod validator;
