//! The formats of reports.

use super::style::HumanOptions;
use super::{github, gitlab, human, json, junit, markdown, sarif};
use crate::finding::Report;

macro_rules! formats {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// A format of a report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Format { $(#[doc = $doc] $variant,)* }

        impl Format {
            /// All formats.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Returns its name on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns a short description.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

formats! {
    Human "human" "Text for a person";
    Json "json" "countersign.report/v1";
    Sarif "sarif" "SARIF 2.1.0";
    Junit "junit" "Test report in XML";
    Github "github" "Annotations for GitHub";
    Gitlab "gitlab" "Code quality report for GitLab";
    Markdown "markdown" "Summary of a CI job in Markdown";
}

impl Format {
    /// Returns the format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Returns the format that a file extension names; without the dot.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "sarif" => Some(Self::Sarif),
            "json" => Some(Self::Json),
            "xml" => Some(Self::Junit),
            "md" => Some(Self::Markdown),
            "txt" => Some(Self::Human),
            _ => None,
        }
    }

    /// Returns how a text of this format writes a `#` that must not be read as one.
    pub(crate) fn escaped_hash(self) -> &'static str {
        match self {
            Self::Json | Self::Sarif | Self::Gitlab => "\\u0023",
            Self::Junit => "&#35;",
            Self::Human | Self::Github | Self::Markdown => "\\u{23}",
        }
    }

    /// Renders a report in this format. `options` apply to the human format
    /// only.
    #[must_use]
    pub fn render(self, report: &Report, options: HumanOptions) -> String {
        match self {
            Self::Human => human::render(report, options),
            Self::Json => json::render(report),
            Self::Sarif => sarif::render(report),
            Self::Junit => junit::render(report),
            Self::Github => github::render(report),
            Self::Gitlab => gitlab::render(report),
            Self::Markdown => markdown::render(report),
        }
    }
}
