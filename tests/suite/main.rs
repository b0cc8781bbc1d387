//! One integration binary; one module a subject.

mod architecture;
mod cli;
mod completeness;
mod corpus;
mod demo;
mod fixtures;
mod generated;
mod properties;
mod schema;
mod seeds;
mod steps;
mod support;
mod worlds;
