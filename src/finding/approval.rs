//! Who approved what, when, as far as the repository shows it.

/// The facts of one packet's approval. They are no verdict: a commit shows a
/// name, not a person.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// The signature, as the packet gives it.
    pub signature: Option<String>,
    /// The commit that brought it into the packet.
    pub introduced: Option<SignedIn>,
    /// Why no such commit is known, if none is.
    pub unknown: Option<String>,
    /// Who has signed the contract with a key, if the signature holds.
    pub sealed: Option<SealedBy>,
    /// Whether each of the other records agrees, by its name.
    pub records: Vec<(&'static str, bool)>,
    /// The commits that change code.
    pub code: CodeFacts,
    /// What happened when, in the order that the protocol demands.
    pub moments: Vec<Moment>,
    /// Whether `approval/order` found nothing; `None` if it could not look.
    pub in_order: Option<bool>,
}

/// Who has signed a contract with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBy {
    /// To whom the key belongs, by the trusted revision.
    pub principals: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

/// The commit that brought a signature into its packet.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Full id.
    pub commit: String,
    /// Author, `Name <mail>`.
    pub author: String,
    /// Committer, `Name <mail>`.
    pub committer: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Whether it lies inside the judged work.
    pub inside: bool,
    /// Paths outside governance that it changes; at most twenty are named.
    pub other_paths: Vec<String>,
    /// How many such paths there are.
    pub others: usize,
}

/// The commits of the work that change code.
#[derive(Debug, Clone, Default)]
pub struct CodeFacts {
    /// How many.
    pub commits: usize,
    /// Ids of those by whoever committed the signature; `None` if nobody knows
    /// who did.
    pub same_hand: Option<Vec<String>>,
    /// Ids of those that do not build on the signed packet.
    pub early: Vec<String>,
}

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// What.
    pub event: &'static str,
    /// When, as recorded.
    pub at: Option<String>,
}
