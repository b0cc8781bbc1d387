//! Settings of the configuration that checks use.

use crate::document::scope_entry::ScopeEntry;
use crate::text::{RepoPath, Span, Spanned};

use super::roles::Roles;

/// The settings of a repository's configuration that checks use.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the configuration")]
pub struct Policy {
    /// Lowest allowed `PACKET_FORMAT_VERSION`, which is a date; packets with
    /// an older date are exempt.
    pub minimum_format: Option<String>,
    /// Whether packets of a generation before G2 need evidence, too.
    pub evidence_required: bool,
    /// Whether an allowed key must have signed the contract.
    pub signed_approval_required: bool,
    /// Paths that a scope allows only if it names the exact path.
    pub protected: Vec<ProtectedPattern>,
    /// Whether another rule reports a packet without a signature.
    pub requires_signature: bool,
    /// Whether a typed signature approves a packet; otherwise only a key or the trusted
    /// revision does.
    pub typed_signature_approves: bool,
    /// Whether a packet needs only a scope, a test plan and done-means, whatever its
    /// generation.
    pub minimal_packets: bool,
    /// Where the manifests are.
    pub manifests: ManifestPlace,
    /// Shortest allowed token of a spec anchor, in characters.
    pub min_token_chars: usize,
    /// Longest allowed window of a spec anchor, in lines.
    pub max_window_lines: usize,
    /// Whether documents must be ASCII.
    pub ascii_only: bool,
    /// The latest point at which a waiver may be added.
    pub waivers_from: WaiverSource,
    /// Whether the person who commits the signature must not write code.
    pub separation_of_duties: bool,
    /// Paths that may change without a packet, unless they are protected.
    pub exempt: Vec<ScopeEntry>,
    /// Names of cache folders in addition to the known ones. Such a folder ignores itself.
    pub caches: Vec<String>,
    /// The words of all commands of steps.
    pub step_words: Vec<String>,
    /// Persons who may approve, review, and grant waivers.
    pub roles: Roles,
    /// Persons who may present and acknowledge validation reports. If the list
    /// is empty, identities are recorded and not compared.
    pub identities: Vec<String>,
    /// Required headings of the specification, with or without their `#`.
    pub spec_headings: Vec<String>,
}

impl Policy {
    /// Returns whether a path may change without a packet: it is exempt and of no protected
    /// kind.
    #[must_use]
    pub fn exempts(&self, path: &RepoPath) -> bool {
        if !self.exempt.iter().any(|entry| entry.covers(path)) {
            return false;
        }
        let lower = RepoPath::from(path.to_text().to_lowercase().as_str());
        !self.protected.iter().any(|pattern| pattern.covers(&lower))
    }

    /// Finds the configured identity that a text names: by email address if
    /// both have one, otherwise by name. Returns `None` if no identity or more
    /// than one matches.
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
        let matches = |known: &&String| {
            let (known_name, known_mail) = parts(known);
            match (&mail, &known_mail) {
                (Some(mail), Some(known)) => mail == known,
                _ => !name.is_empty() && name == known_name,
            }
        };
        let mut found = self.identities.iter().filter(matches);
        let first = found.next()?;
        found.next().is_none().then_some(first.as_str())
    }
}

/// The latest point at which a waiver may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaiverSource {
    /// During the work, in a commit that changes only governance files.
    Work,
    /// With the signature: the contract revision must contain it.
    Contract,
    /// Before the work: the base of the change must contain it.
    Base,
}

impl WaiverSource {
    /// Reads the value of `waivers: from:`; `None` if it is unknown.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        Some(match value {
            "work" => Self::Work,
            "contract" => Self::Contract,
            "base" => Self::Base,
            _ => return None,
        })
    }
}

/// Where the manifests of a packet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ManifestPlace {
    /// In the packet.
    #[default]
    Packet,
    /// In a file beside the packet, which the program generates.
    File,
    /// There are none.
    Off,
}

impl ManifestPlace {
    /// Reads a value of `manifests`; `None` if it is unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "packet" => Self::Packet,
            "file" => Self::File,
            "off" => Self::Off,
            _ => return None,
        })
    }
}

/// A pattern of protected paths. Without a slash it matches in every folder.
/// Case is ignored, because `.GitHub` is `.github` on many systems.
#[derive(Debug, Clone)]
pub struct ProtectedPattern {
    /// As written.
    pub text: String,
    /// Why the path is protected, as a clause; `None` for a pattern of a list.
    pub reason: Option<String>,
    form: PatternForm,
}

/// The form of a protected pattern.
#[derive(Debug, Clone)]
enum PatternForm {
    /// A file name, in any folder.
    Name(Vec<u8>),
    /// A folder name, anywhere in the path.
    Folder(Vec<u8>),
    /// A path or glob.
    Pattern(ScopeEntry),
}

impl ProtectedPattern {
    /// Reads a pattern; `None` if it is not a path, folder or glob.
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
        entry.pattern.is_ok().then(|| Self { text: text.to_owned(), reason: None, form })
    }

    /// Reads a path below the root; `None` if it is not a path. `reason` says why it is
    /// protected, as a clause.
    #[must_use]
    pub fn parse_path(text: &str, reason: String) -> Option<Self> {
        let entry = ScopeEntry::read(Spanned::new(format!("`{}`", text.to_lowercase()), Span::default()));
        entry.pattern.is_ok().then(|| Self {
            text: text.to_owned(),
            reason: Some(reason),
            form: PatternForm::Pattern(entry.clone()),
        })
    }

    /// Returns whether the pattern matches a path, given in lowercase.
    #[must_use]
    pub fn covers(&self, lower: &RepoPath) -> bool {
        let folders = || lower.folder().split(|byte| *byte == b'/');
        match &self.form {
            PatternForm::Name(name) => lower.file_name() == name.as_slice(),
            // The path itself may be a link or a submodule.
            PatternForm::Folder(name) => {
                lower.file_name() == name.as_slice() || folders().any(|folder| folder == name.as_slice())
            }
            PatternForm::Pattern(entry) => entry.covers(lower) || entry.covers(&lower.join("")),
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
            requires_signature: true,
            typed_signature_approves: true,
            minimal_packets: false,
            manifests: ManifestPlace::Packet,
            min_token_chars: 8,
            max_window_lines: 400,
            ascii_only: false,
            separation_of_duties: false,
            exempt: Vec::new(),
            caches: Vec::new(),
            step_words: Vec::new(),
            roles: Roles::default(),
            waivers_from: WaiverSource::Work,
            identities: Vec::new(),
            spec_headings: Vec::new(),
        }
    }
}
