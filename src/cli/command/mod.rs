//! One file per command, or per group of commands with the same arguments.

pub(super) mod approve;
pub(super) mod cor701_sha;
pub(super) mod demo;
pub(super) mod documents;
pub(super) mod evidence;
pub(super) mod fix;
pub(super) mod gates;
pub(super) mod hook;
pub(super) mod init;
pub(super) mod manifest;
pub(super) mod new;
pub(super) mod rules;
pub(super) mod scan;
pub(super) mod self_test;
pub(super) mod show;
pub(super) mod validator_gate;
pub(super) mod workflow;
