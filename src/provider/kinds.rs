//! Words of the user's configuration about models.

/// The interface that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProviderKind {
    /// Ollama's own.
    Ollama,
    /// `/v1/chat/completions`, as most servers have it.
    OpenAiCompat,
}

impl ProviderKind {
    pub(super) const ALL: [Self; 2] = [Self::Ollama, Self::OpenAiCompat];

    /// Returns its name in a configuration.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ollama => "ollama",
            Self::OpenAiCompat => "openai_compat",
        }
    }
}

/// Where what is sent ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelTier {
    /// On this machine.
    Local,
    /// Elsewhere.
    Cloud,
}

impl ModelTier {
    pub(super) const ALL: [Self; 2] = [Self::Local, Self::Cloud];

    /// Returns its name in a configuration.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cloud => "cloud",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RuntimeRole {
    /// Plans work.
    Orchestrator,
    /// Does the work.
    Worker,
    /// Judges the work: `review assist`.
    Validator,
    /// Talks to people.
    Frontend,
}

impl RuntimeRole {
    /// All roles.
    pub(crate) const ALL: [Self; 4] = [Self::Orchestrator, Self::Worker, Self::Validator, Self::Frontend];

    /// Returns its name in a configuration.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
            Self::Validator => "validator",
            Self::Frontend => "frontend",
        }
    }
}

/// What may be sent to the cloud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CloudPolicy {
    /// Nothing, whatever else is said.
    Locked,
    /// Nothing.
    #[default]
    Denied,
    /// What a person consented to, with a signature.
    Consent,
}

impl CloudPolicy {
    pub(super) const ALL: [Self; 3] = [Self::Locked, Self::Denied, Self::Consent];

    /// Returns its name in a configuration.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Denied => "denied",
            Self::Consent => "consent",
        }
    }
}
