//! The demo's repository: its files, and the states that they go through.

use crate::change::{Change, ChangedFile, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::{git_blob_id, sha1};
use crate::system::git::{Identity, RepositoryBuilder};
use crate::text::RepoPath;
use crate::workflow::manifest;

/// The packet of the demo.
pub const WP_ID: &str = "WP-1-Farewell";

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/", $name))
    };
}

const OPERATOR: Identity = Identity { name: "Mira", email: "mira@example.org" };
const CODER: Identity = Identity { name: "Coder A", email: "coder-a@example.org" };
/// 2026-02-14 08:00 UTC; every commit is a little later.
const START_TIME: i64 = 1_771_056_000;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const FAREWELL: &str = "src/farewell.rs";
const LIBRARY: &str = "src/lib.rs";
const INVOICE: &str = "src/invoice.rs";

/// Which hashes a handed-over packet records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedHashes {
    /// None yet: the template.
    Template,
    /// The SHA-1 of the bytes.
    Correct,
    /// Git's object id for one of them.
    GitObjectIds,
}

/// The demo's repository while it is built.
#[derive(Debug, Default)]
pub struct DemoRepository {
    merge_base: Option<Commit>,
    invoices_edited: bool,
}

impl DemoRepository {
    /// The files that are there before the packet.
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

    /// The governance files that approve the work, the packet included.
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

    /// The files of the honest change, with what was there before.
    #[must_use]
    pub fn work_files() -> Vec<(&'static str, Option<&'static str>, &'static str)> {
        vec![
            (FAREWELL, None, sample!("farewell.rs.txt")),
            (LIBRARY, Some(sample!("lib_before.rs.txt")), sample!("lib_after.rs.txt")),
        ]
    }

    /// The packet with its manifests, claimed once there are any.
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
            && let Some(image) = changed.first().and_then(|file| file.after.as_ref())
        {
            blocks = blocks.replace(&image.sha1().to_string(), &git_blob_id(&image.bytes).to_string());
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

    /// A changed file as manifests see it.
    #[must_use]
    pub fn changed_file(path: &str, pre: Option<&str>, post: Option<&str>) -> ChangedFile {
        let entry = |text: &str| TreeEntry { mode: FileMode::Regular, id: git_blob_id(text.as_bytes()) };
        let change = Change {
            path: RepoPath::from(path),
            before: pre.map(entry),
            after: post.map(entry),
            renamed_with: None,
            note: None,
            unreadable_reason: None,
        };
        ChangedFile::new(
            change,
            pre.map(|text| text.as_bytes().to_vec()),
            post.map(|text| text.as_bytes().to_vec()),
        )
    }

    /// The project, then the signed packet on a branch.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn initialize(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.initialize_with(builder, &[])
    }

    /// The same with other files in the first commit.
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

    /// Where the work begins, once there is a repository.
    #[must_use]
    pub fn merge_base(&self) -> Option<Commit> {
        self.merge_base
    }

    /// The coder's honest work.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write_work(&self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        Self::work_files().into_iter().try_for_each(|(path, _, text)| builder.write(path, text))
    }

    /// The edit that nobody asked for.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn edit_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_edited = true;
        builder.write(INVOICE, sample!("invoice_after.rs.txt"))
    }

    /// The edit taken back.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn restore_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_edited = false;
        builder.write(INVOICE, sample!("invoice_before.rs.txt"))
    }

    /// The packet as it is handed over.
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
            .map(|(path, pre, post)| Self::changed_file(path, pre, Some(post)))
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

    /// The work, committed.
    ///
    /// # Errors
    /// Objects cannot be written.
    pub fn commit_work(&self, builder: &RepositoryBuilder) -> Result<Commit, RepositoryError> {
        builder.commit_all("Say goodbye (WP-1-Farewell)", CODER, START_TIME + 10_800)
    }
}
