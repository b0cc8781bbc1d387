//! Who approved what, when, as far as the repository shows it.

/// The facts of one packet's approval. They are no verdict: a commit shows a
/// name, not a person.
#[derive(Debug, Clone, Default)]
pub struct ApprovalSummary {
    /// The signature, as the packet gives it.
    pub signature: Option<String>,
    /// The commit that brought it into the packet.
    pub introduced_by: Option<SigningCommit>,
    /// Why no such commit is known, if none is.
    pub unknown_reason: Option<String>,
    /// Who has signed the contract with a key, if the signature holds.
    pub key_signature: Option<KeySignature>,
    /// Whether each of the other records agrees, by its name.
    pub records: Vec<(&'static str, bool)>,
    /// The commits that change code.
    pub code: CodeCommits,
    /// What happened when, in the order that the protocol demands.
    pub timeline: Vec<TimelineEvent>,
    /// Whether `approval/order` found nothing; `None` if it could not look.
    pub is_in_order: Option<bool>,
}

/// Who has signed a contract with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySignature {
    /// To whom the key belongs, by the trusted revision.
    pub principals: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

/// The commit that brought a signature into its packet.
#[derive(Debug, Clone)]
pub struct SigningCommit {
    /// Full id.
    pub commit: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Whether it lies inside the judged work.
    pub is_inside_work: bool,
    /// Paths outside governance that it changes; at most twenty are named.
    pub other_paths: Vec<String>,
    /// How many such paths there are.
    pub other_path_count: usize,
}

/// The commits of the work that change code.
#[derive(Debug, Clone, Default)]
pub struct CodeCommits {
    /// How many.
    pub count: usize,
    /// Ids of those by whoever committed the signature; `None` if nobody knows
    /// who did.
    pub by_same_person: Option<Vec<String>>,
    /// Ids of those that do not build on the signed packet.
    pub not_based_on_approval: Vec<String>,
}

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// What.
    pub event: &'static str,
    /// When, as recorded.
    pub at: Option<String>,
}
