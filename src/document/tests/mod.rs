//! Tests of all readers together: real documents and generated ones.

mod corpus;
mod properties;
mod recovery;
mod seeds;
mod time;
