//! Areas of a repository, and how rules apply to each.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum AreaKind {
    /// Code that the repository delivers.
    Product,
    /// Tests, and code that only tests use.
    Tests,
    /// Input files of tests; no tool runs them as code of the repository.
    Fixtures,
    /// Examples and demonstrations.
    Examples,
    /// Benchmarks.
    Benchmarks,
    /// Tools, scripts and configuration of the developers.
    Tools,
    /// Documentation.
    Documentation,
    /// Code that a tool wrote.
    Generated,
    /// Third-party code, and output of builds.
    Vendored,
    /// Code that belongs to no target of its manifest, or is outside `scan: product`.
    Unassigned,
    /// Paths that `scan: exclude` names.
    Excluded,
}

/// Which rules apply to the files of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Treatment {
    /// None.
    Skip,
    /// Rules with `area: everywhere`.
    Limited,
    /// Rules with `tests: counted`.
    Tests,
    /// All.
    Product,
}

/// What decided the area of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AreaBasis {
    /// The configuration of the repository.
    Configuration,
    /// A package manifest.
    Manifest,
    /// `linguist-…` attributes of a `.gitattributes` file.
    Attribute,
    /// The content of the file: a mark of generated code, or its imports.
    Content,
    /// The names of its folders and of the file.
    Name,
}

/// The area of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    /// What the file is for.
    pub kind: AreaKind,
    /// What decided it.
    pub basis: AreaBasis,
}

/// Names of the areas that the configuration can switch.
pub(crate) const AREA_KINDS: [(&str, AreaKind); 10] = [
    ("product", AreaKind::Product),
    ("tests", AreaKind::Tests),
    ("fixtures", AreaKind::Fixtures),
    ("examples", AreaKind::Examples),
    ("benchmarks", AreaKind::Benchmarks),
    ("tools", AreaKind::Tools),
    ("documentation", AreaKind::Documentation),
    ("generated", AreaKind::Generated),
    ("vendored", AreaKind::Vendored),
    ("unassigned", AreaKind::Unassigned),
];

/// Names of treatments in the configuration.
pub(crate) const TREATMENTS: [(&str, Treatment); 4] = [
    ("product", Treatment::Product),
    ("tests", Treatment::Tests),
    ("limited", Treatment::Limited),
    ("skip", Treatment::Skip),
];

impl AreaKind {
    /// Returns the name in the configuration and in reports.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        AREA_KINDS.iter().find(|(_, kind)| *kind == self).map_or("excluded", |(name, _)| name)
    }

    /// Returns the treatment without a configuration.
    #[must_use]
    pub(crate) fn default_treatment(self) -> Treatment {
        match self {
            Self::Product => Treatment::Product,
            Self::Tests => Treatment::Tests,
            Self::Examples | Self::Benchmarks | Self::Tools | Self::Documentation | Self::Unassigned => {
                Treatment::Limited
            }
            Self::Fixtures | Self::Generated | Self::Vendored | Self::Excluded => Treatment::Skip,
        }
    }
}

impl Treatment {
    /// Returns the name in the configuration and in reports.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        TREATMENTS.iter().find(|(_, treatment)| *treatment == self).map_or("skip", |(name, _)| name)
    }
}

impl AreaBasis {
    /// Returns the name in reports.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Manifest => "manifest",
            Self::Attribute => "attribute",
            Self::Content => "content",
            Self::Name => "name",
        }
    }
}

impl Area {
    pub(super) fn new(kind: AreaKind, basis: AreaBasis) -> Self {
        Self { kind, basis }
    }
}
