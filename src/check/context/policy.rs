//! What a repository's configuration asks of checks.

use crate::document::scope_entry::ScopeEntry;
use crate::text::{RepoPath, Span, Spanned};

/// What a repository's configuration asks of checks.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the configuration")]
pub struct Policy {
    /// The lowest `PACKET_FORMAT_VERSION` of packets dated on or after it.
    pub minimum_format: Option<String>,
    /// Whether packets older than G2 need evidence too.
    pub evidence_required: bool,
    /// Whether a key that is allowed must have signed the contract.
    pub signed_approval_required: bool,
    /// What no scope covers unless it names the path literally.
    pub protected: Vec<ProtectedPattern>,
    /// Shortest token of a spec anchor, in characters.
    pub min_token_chars: usize,
    /// Longest window of a spec anchor, in lines.
    pub max_window_lines: usize,
    /// Whether documents must be ASCII.
    pub ascii_only: bool,
    /// How late a waiver may come.
    pub waivers_from: WaiverSource,
    /// Whether who signs may not write the code.
    pub separation_of_duties: bool,
    /// Who may present and acknowledge validation reports; where nobody is
    /// named, identities are recorded and not compared.
    pub identities: Vec<String>,
    /// Headings that the specification must have, with or without their `#`.
    pub spec_headings: Vec<String>,
}

impl Policy {
    /// The configured identity that a text names: by its address where it
    /// gives one, else by its name. A text that could be two of them is none.
    #[must_use]
    pub fn find_identity(&self, by: &str) -> Option<&str> {
        let parts = |text: &str| -> (String, Option<String>) {
            let lower = text.trim().to_lowercase();
            match lower.split_once('<') {
                Some((name, mail)) => {
                    (name.trim().to_owned(), Some(mail.trim_end_matches('>').trim().to_owned()))
                }
                None if lower.contains('@') => (String::new(), Some(lower)),
                None => (lower, None),
            }
        };
        let (name, mail) = parts(by);
        let same = |known: &&String| {
            let (known_name, known_mail) = parts(known);
            match (&mail, &known_mail) {
                (Some(mail), Some(known)) => mail == known,
                _ => !name.is_empty() && name == known_name,
            }
        };
        let mut found = self.identities.iter().filter(same);
        let first = found.next()?;
        found.next().is_none().then_some(first.as_str())
    }
}

/// How late a waiver may come to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaiverSource {
    /// Until a governance-only commit of the work.
    Work,
    /// With the signature: the contract revision must hold it.
    Contract,
    /// Before the work: the base of the change must hold it.
    Base,
}

impl WaiverSource {
    /// Reads the word of the configuration.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "work" => Self::Work,
            "contract" => Self::Contract,
            "base" => Self::Base,
            _ => return None,
        })
    }
}

/// A pattern of protected paths. Without a slash it holds in every folder;
/// case does not matter, because `.GitHub` is `.github` on many systems.
#[derive(Debug, Clone)]
pub struct ProtectedPattern {
    /// As written.
    pub text: String,
    form: PatternForm,
}

/// What a protected pattern compares.
#[derive(Debug, Clone)]
enum PatternForm {
    /// The name of a file in any folder.
    Name(Vec<u8>),
    /// The name of a folder anywhere above the file.
    Folder(Vec<u8>),
    /// Anything else.
    Pattern(ScopeEntry),
}

impl ProtectedPattern {
    /// Reads a pattern; `None` if it is no path or pattern.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let name = lower.trim_end_matches('/');
        let is_name = !name.contains('/');
        let anywhere = if is_name { format!("**/{lower}") } else { lower.clone() };
        let entry = ScopeEntry::read(Spanned::new(format!("`{anywhere}`"), Span::default()));
        let form = match (is_name && !name.contains('*'), name.len() < lower.len()) {
            (true, false) => PatternForm::Name(name.as_bytes().to_vec()),
            (true, true) => PatternForm::Folder(name.as_bytes().to_vec()),
            (false, _) => PatternForm::Pattern(entry.clone()),
        };
        entry.pattern.is_ok().then(|| Self { text: text.to_owned(), form })
    }

    /// Whether it holds for a path, given in small letters.
    #[must_use]
    pub fn covers(&self, lower: &RepoPath) -> bool {
        let folders = || lower.folder().split(|byte| *byte == b'/');
        match &self.form {
            PatternForm::Name(name) => lower.file_name() == name.as_slice(),
            PatternForm::Folder(name) => folders().any(|folder| folder == name.as_slice()),
            PatternForm::Pattern(entry) => entry.covers(lower),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            minimum_format: None,
            evidence_required: false,
            signed_approval_required: false,
            protected: Vec::new(),
            min_token_chars: 8,
            max_window_lines: 400,
            ascii_only: false,
            separation_of_duties: false,
            waivers_from: WaiverSource::Work,
            identities: Vec::new(),
            spec_headings: Vec::new(),
        }
    }
}
