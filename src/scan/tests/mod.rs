//! Tests over many files: compares lexers with other lexers, and rules with labeled
//! snippets.

mod lexers;
mod line_ends;
mod precision;
