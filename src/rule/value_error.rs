//! Values that have the right type and are not allowed, with their spans.

use crate::text::{Span, Spanned, to_single_line};

use super::YamlError;
use super::hint::did_you_mean;

/// Maximum number of characters that a message shows of a value.
const SHOWN_CHARS: usize = 80;

/// A value that a configuration or rule file may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ValueError {
    /// The value's bytes in the file.
    pub span: Span,
    /// What is wrong.
    pub problem: ValueProblem,
}

/// What is wrong with a value: one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
    /// A value that is not one of a fixed list.
    #[error("invalid {what} `{value}`; expected one of: {}{}", expected.join(", "), did_you_mean(value, expected.iter().copied()))]
    Keyword {
        /// What the value is, such as `level`.
        what: &'static str,
        /// The value, as written.
        value: String,
        /// The allowed values.
        expected: Vec<&'static str>,
    },
    /// A scope outside of the profile `fence`.
    #[error(
        "a scope in the configuration needs `profile: fence`; in other profiles the packet has the scope"
    )]
    ScopeWithoutFence,
    /// A value of a wrong form.
    #[error("invalid {what} `{value}`; expected {expected}")]
    Form {
        /// What the value is, such as `duration`.
        what: &'static str,
        /// The value, as written.
        value: String,
        /// The expected form.
        expected: String,
    },
    /// A key that must be there, or must not be empty.
    #[error("missing key `{key}`{why}")]
    Missing {
        /// The key.
        key: &'static str,
        /// Why it is required, after a colon or semicolon; may be empty.
        why: &'static str,
    },
    /// A rule that does not exist.
    #[error("unknown rule `{id}`{hint}")]
    UnknownRule {
        /// The id, as written.
        id: String,
        /// `; did you mean …`, or empty.
        hint: String,
    },
    /// A rule that is given twice.
    #[error("duplicate rule `{id}`; {rest}")]
    DuplicateRule {
        /// The id.
        id: String,
        /// Where the other one is.
        rest: &'static str,
    },
    /// A rule whose level cannot be changed.
    #[error("the level of `{id}` must be `error`: the rule guards the revision that rules are read from")]
    FixedLevel {
        /// The id.
        id: &'static str,
    },
    /// A pattern of a scan rule that cannot be used.
    #[error("{0}")]
    Pattern(String),
    /// An error of the file's YAML.
    #[error("{0}")]
    Yaml(super::YamlProblem),
}

impl ValueError {
    /// An error at a span.
    #[must_use]
    pub fn new(span: Span, problem: ValueProblem) -> Self {
        Self { span, problem }
    }

    /// A value of a wrong form.
    #[must_use]
    pub fn form(what: &'static str, value: &Spanned<String>, expected: &str) -> Self {
        let problem =
            ValueProblem::Form { what, value: shorten(&value.value), expected: expected.to_owned() };
        Self::new(value.span, problem)
    }

    /// A value that is not one of a fixed list.
    #[must_use]
    pub fn keyword(what: &'static str, value: &Spanned<String>, expected: Vec<&'static str>) -> Self {
        Self::new(value.span, ValueProblem::Keyword { what, value: shorten(&value.value), expected })
    }

    /// A missing or empty key.
    #[must_use]
    pub fn missing(span: Span, key: &'static str, why: &'static str) -> Self {
        Self::new(span, ValueProblem::Missing { key, why })
    }
}

impl From<YamlError> for ValueError {
    fn from(error: YamlError) -> Self {
        Self::new(error.span, ValueProblem::Yaml(error.problem))
    }
}

fn shorten(text: &str) -> String {
    to_single_line(text, SHOWN_CHARS)
}
