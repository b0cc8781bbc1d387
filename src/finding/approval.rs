//! Facts about the approval of a packet, as far as the repository shows them.

/// Facts about one packet's approval. They do not prove who approved it: a
/// commit shows a name, not a person.
#[derive(Debug, Clone, Default)]
pub struct ApprovalSummary {
    /// The signature, as the packet records it.
    pub signature: Option<String>,
    /// The commit that added it to the packet.
    pub introduced_by: Option<SigningCommit>,
    /// Reason why no such commit is known.
    pub unknown_reason: Option<String>,
    /// The SSH signature of the contract, if it is valid.
    pub key_signature: Option<KeySignature>,
    /// Names of the other records, and whether each one matches the packet.
    pub records: Vec<(&'static str, bool)>,
    /// The commits that change code.
    pub code: CodeCommits,
    /// Events with their times, in the order that the protocol requires.
    pub timeline: Vec<TimelineEvent>,
    /// Whether `approval/order` found no violation; `None` if it did not run.
    pub is_in_order: Option<bool>,
}

/// A valid SSH signature of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySignature {
    /// Principals of the key, from `allowed_signers` of the policy's revision.
    pub principals: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
    /// Whether a person touched a security token for the signature.
    pub has_presence: bool,
}

/// The commit that added a signature to its packet.
#[derive(Debug, Clone)]
pub struct SigningCommit {
    /// Full id.
    pub commit: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// Commit time, RFC 3339 UTC.
    pub at: String,
    /// Whether the commit is part of the judged work.
    pub is_inside_work: bool,
    /// Paths outside governance that it changes; at most twenty.
    pub other_paths: Vec<String>,
    /// Number of all such paths.
    pub other_path_count: usize,
}

/// The commits of the work that change code.
#[derive(Debug, Clone, Default)]
pub struct CodeCommits {
    /// Number of commits.
    pub count: usize,
    /// Ids of the commits by the person who committed the signature; `None` if
    /// that person is unknown.
    pub by_same_person: Option<Vec<String>>,
    /// Ids of the commits that are not descendants of the approval.
    pub not_based_on_approval: Vec<String>,
}

/// An event of the approval with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// Name of the event.
    pub event: &'static str,
    /// Time, as recorded; `None` if there is no record.
    pub at: Option<String>,
}
