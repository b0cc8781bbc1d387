//! The formats of a report.

use super::human::HumanOptions;
use super::{github, gitlab, human, json, junit, markdown, sarif};
use crate::finding::Report;

macro_rules! formats {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// A format of a report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Format { $(#[doc = $doc] $variant,)* }

        impl Format {
            /// All of them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

formats! {
    Human "human" "For a person";
    Json "json" "countersign.report/v1";
    Sarif "sarif" "SARIF 2.1.0";
    Junit "junit" "A test report in XML";
    Github "github" "Annotations of GitHub";
    Gitlab "gitlab" "Code quality of GitLab";
    Markdown "markdown" "For the summary of a CI job";
}

impl Format {
    /// A format by its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The format that a file's ending means.
    #[must_use]
    pub fn from_extension(ending: &str) -> Option<Self> {
        match ending {
            "sarif" => Some(Self::Sarif),
            "json" => Some(Self::Json),
            "xml" => Some(Self::Junit),
            "md" => Some(Self::Markdown),
            "txt" => Some(Self::Human),
            _ => None,
        }
    }

    /// A report in this format. `look` is for people only.
    #[must_use]
    pub fn render(self, report: &Report, look: HumanOptions) -> String {
        match self {
            Self::Human => human::render(report, look),
            Self::Json => json::render(report),
            Self::Sarif => sarif::render(report),
            Self::Junit => junit::render(report),
            Self::Github => github::render(report),
            Self::Gitlab => gitlab::render(report),
            Self::Markdown => markdown::render(report),
        }
    }
}
