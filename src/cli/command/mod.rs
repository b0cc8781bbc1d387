//! One file per command, or per group of commands with the same arguments.

pub(crate) mod approve;
pub(crate) mod cor701_sha;
pub(crate) mod demo;
pub(crate) mod documents;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod gates;
pub(crate) mod hook;
pub(crate) mod init;
#[cfg(feature = "ledger")]
pub(crate) mod jobs;
#[cfg(feature = "ledger")]
pub(crate) mod log;
pub(crate) mod manifest;
pub(crate) mod new;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod self_test;
pub(crate) mod show;
#[cfg(feature = "ledger")]
pub(crate) mod usage;
pub(crate) mod validator_gate;
pub(crate) mod verify;
pub(crate) mod workflow;
