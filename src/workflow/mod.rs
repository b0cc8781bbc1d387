//! Commands that write.

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
