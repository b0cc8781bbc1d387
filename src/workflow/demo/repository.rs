//! The repository of the demo: its files in the states of the demo.

use crate::change::{Change, ChangedFile, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::{git_blob_id, sha1};
use crate::system::git::{Identity, RepositoryBuilder};
use crate::text::RepoPath;
use crate::workflow::manifest;

/// The id of the demo's packet.
pub(crate) const WP_ID: &str = "WP-1-Farewell";

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/", $name))
    };
}

const OPERATOR: Identity = Identity { name: "Mira", email: "mira@example.org" };
const CODER: Identity = Identity { name: "Coder A", email: "coder-a@example.org" };
/// 2026-02-14 08:00 UTC in seconds; the time of the first commit.
const START_TIME: i64 = 1_771_056_000;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const FAREWELL: &str = "src/farewell.rs";
const LIBRARY: &str = "src/lib.rs";
const INVOICE: &str = "src/invoice.rs";

/// The hashes in the manifests of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedHashes {
    /// No hashes: the unfilled template.
    Template,
    /// The SHA-1 of the bytes.
    Correct,
    /// Git's object id instead of the SHA-1 for the first file.
    GitObjectIds,
}

/// The state of the demo's repository while it is built.
#[derive(Debug, Default)]
pub struct DemoRepository {
    merge_base: Option<Commit>,
    invoices_edited: bool,
}

impl DemoRepository {
    /// Returns the files of the first commit, before the packet: path and text.
    #[must_use]
    pub fn base_files() -> Vec<(&'static str, String)> {
        vec![
            ("Cargo.toml", sample!("Cargo.toml.txt").to_owned()),
            ("Cargo.lock", sample!("Cargo.lock.txt").to_owned()),
            (".gitignore", "/target\n".to_owned()),
            ("countersign.yaml", sample!("countersign.yaml").to_owned()),
            ("Greeter_Spec_v01.md", sample!("spec.md").to_owned()),
            (".GOV/roles_shared/SPEC_CURRENT.md", sample!("SPEC_CURRENT.md").to_owned()),
            (LIBRARY, sample!("lib_before.rs.txt").to_owned()),
            (INVOICE, sample!("invoice_before.rs.txt").to_owned()),
        ]
    }

    /// Returns the packet and the governance files that approve the work: path and
    /// text.
    #[must_use]
    pub fn approved_files(merge_base: &str) -> Vec<(&'static str, String)> {
        let spec = sha1(sample!("spec.md").as_bytes()).to_string();
        let filled = |text: &str| text.replace("{{SPEC_SHA1}}", &spec);
        vec![
            (PACKET, Self::packet_text(merge_base, RecordedHashes::Template, &[])),
            (".GOV/refinements/WP-1-Farewell.md", filled(sample!("refinement.md"))),
            (".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json", filled(sample!("gate_log.json"))),
            (".GOV/roles_shared/TASK_BOARD.md", sample!("board.md").to_owned()),
            (".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", sample!("registry.md").to_owned()),
            (".GOV/roles_shared/SIGNATURE_AUDIT.md", sample!("audit.md").to_owned()),
        ]
    }

    /// Returns the files of the correct change: path, text before (`None` for a new
    /// file) and text after.
    #[must_use]
    pub fn work_files() -> Vec<(&'static str, Option<&'static str>, &'static str)> {
        vec![
            (FAREWELL, None, sample!("farewell.rs.txt")),
            (LIBRARY, Some(sample!("lib_before.rs.txt")), sample!("lib_after.rs.txt")),
        ]
    }

    /// Returns the packet with manifests of these changed files. With manifests, the
    /// packet is also claimed by a coder.
    #[must_use]
    pub fn packet_text(merge_base: &str, manifests: RecordedHashes, changed: &[ChangedFile]) -> String {
        let text = sample!("packet.md").replace("{{MERGE_BASE}}", merge_base);
        if manifests == RecordedHashes::Template {
            return text
                .replace("{{MANIFESTS}}\n", sample!("manifest_template.md"))
                .replace("{{MAPPING}}\n", "\n")
                .replace("{{EVIDENCE}}\n", "\n");
        }
        let mut blocks: String = changed.iter().map(manifest::render_block).collect();
        if manifests == RecordedHashes::GitObjectIds
            && let Some(content) = changed.first().and_then(|file| file.after.as_ref())
        {
            blocks = blocks.replace(&content.sha1().to_string(), &git_blob_id(&content.bytes).to_string());
        }
        text.replace("{{MANIFESTS}}\n", &blocks)
            .replace("{{MAPPING}}\n", sample!("mapping.md"))
            .replace("{{EVIDENCE}}\n", sample!("evidence.md"))
            .replace("- **Status:** Ready for Dev", "- **Status:** In Progress")
            .replace("- CODER_MODEL: <unclaimed>", "- CODER_MODEL: coder-a")
            .replace(
                "- CODER_REASONING_STRENGTH: <unclaimed> (LOW | MEDIUM | HIGH | EXTRA_HIGH)",
                "- CODER_REASONING_STRENGTH: HIGH",
            )
    }

    /// Returns a changed file with these texts before and after the change.
    #[must_use]
    pub fn changed_file(path: &str, before: Option<&str>, after: Option<&str>) -> ChangedFile {
        let entry = |text: &str| TreeEntry { mode: FileMode::Regular, id: git_blob_id(text.as_bytes()) };
        let change = Change {
            path: RepoPath::from(path),
            before: before.map(entry),
            after: after.map(entry),
            renamed_with: None,
            note: None,
            unreadable_reason: None,
            user_ignored: None,
            self_ignoring: None,
        };
        ChangedFile::new(
            change,
            before.map(|text| text.as_bytes().to_vec()),
            after.map(|text| text.as_bytes().to_vec()),
        )
    }

    /// Commits the project, then the signed packet on a branch.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn initialize(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.initialize_with(builder, &[])
    }

    /// Does the same as [`Self::initialize`] with these files, path and text, added
    /// to the first commit.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn initialize_with(
        &mut self,
        builder: &RepositoryBuilder,
        files: &[(String, String)],
    ) -> Result<(), RepositoryError> {
        for (path, text) in Self::base_files() {
            builder.write(path, &text)?;
        }
        files.iter().try_for_each(|(path, text)| builder.write(path, text))?;
        let base = builder.commit_all("Greeter with a specification", OPERATOR, START_TIME)?;
        builder.create_branch("feat/WP-1-Farewell")?;
        self.merge_base = Some(base);
        for (path, text) in Self::approved_files(&base.0.to_string()) {
            builder.write(path, &text)?;
        }
        builder.commit_all("Packet WP-1-Farewell, refined and signed", OPERATOR, START_TIME + 5_400)?;
        Ok(())
    }

    /// Returns the commit at which the work begins; `None` before
    /// [`Self::initialize`].
    #[must_use]
    pub fn merge_base(&self) -> Option<Commit> {
        self.merge_base
    }

    /// Writes the files of the correct change.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_work(&self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        Self::work_files().into_iter().try_for_each(|(path, _, text)| builder.write(path, text))
    }

    /// Edits the invoices, which are outside the scope of the packet.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn edit_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_edited = true;
        builder.write(INVOICE, sample!("invoice_after.rs.txt"))
    }

    /// Restores the invoices.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn restore_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_edited = false;
        builder.write(INVOICE, sample!("invoice_before.rs.txt"))
    }

    /// Writes the packet with the manifests of all changed files.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_handover(
        &self,
        builder: &RepositoryBuilder,
        manifests: RecordedHashes,
    ) -> Result<(), RepositoryError> {
        let mut changed: Vec<ChangedFile> = Self::work_files()
            .into_iter()
            .map(|(path, before, after)| Self::changed_file(path, before, Some(after)))
            .collect();
        if self.invoices_edited {
            changed.push(Self::changed_file(
                INVOICE,
                Some(sample!("invoice_before.rs.txt")),
                Some(sample!("invoice_after.rs.txt")),
            ));
        }
        let base = self.merge_base.map_or_else(String::new, |commit| commit.0.to_string());
        builder.write(PACKET, &Self::packet_text(&base, manifests, &changed))
    }

    /// Commits the work.
    ///
    /// # Errors
    /// Git objects cannot be written.
    pub fn commit_work(&self, builder: &RepositoryBuilder) -> Result<Commit, RepositoryError> {
        builder.commit_all("Say goodbye (WP-1-Farewell)", CODER, START_TIME + 10_800)
    }
}
