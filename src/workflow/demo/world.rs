//! The demo's repository: its files, and the states that they go through.

use crate::change::{Change, ChangedFile, Commit, Entry, FileMode, RepositoryError};
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

const OPERATOR: Identity = Identity { name: "Mira", mail: "mira@example.org" };
const CODER: Identity = Identity { name: "Coder A", mail: "coder-a@example.org" };
/// 2026-02-14 08:00 UTC; every commit is a little later.
const BEGIN: i64 = 1_771_056_000;

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const FAREWELL: &str = "src/farewell.rs";
const LIBRARY: &str = "src/lib.rs";
const INVOICE: &str = "src/invoice.rs";

/// Which hashes a handed-over packet records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manifests {
    /// None yet: the template.
    Template,
    /// The SHA-1 of the bytes.
    Right,
    /// Git's object id for one of them.
    GitIds,
}

/// The demo's repository while it is built.
#[derive(Debug, Default)]
pub struct World {
    merge_base: Option<Commit>,
    invoices_touched: bool,
}

impl World {
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
            (PACKET, Self::packet(merge_base, Manifests::Template, &[])),
            (".GOV/refinements/WP-1-Farewell.md", filled(sample!("refinement.md"))),
            (".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json", filled(sample!("gate_log.json"))),
            (".GOV/roles_shared/TASK_BOARD.md", sample!("board.md").to_owned()),
            (".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md", sample!("registry.md").to_owned()),
            (".GOV/roles_shared/SIGNATURE_AUDIT.md", sample!("audit.md").to_owned()),
        ]
    }

    /// The files of the honest change, with what was there before.
    #[must_use]
    pub fn worked_files() -> Vec<(&'static str, Option<&'static str>, &'static str)> {
        vec![
            (FAREWELL, None, sample!("farewell.rs.txt")),
            (LIBRARY, Some(sample!("lib_before.rs.txt")), sample!("lib_after.rs.txt")),
        ]
    }

    /// The packet with its manifests, claimed once there are any.
    #[must_use]
    pub fn packet(merge_base: &str, manifests: Manifests, changed: &[ChangedFile]) -> String {
        let text = sample!("packet.md").replace("{{MERGE_BASE}}", merge_base);
        if manifests == Manifests::Template {
            return text
                .replace("{{MANIFESTS}}\n", sample!("manifest_template.md"))
                .replace("{{MAPPING}}\n", "\n")
                .replace("{{EVIDENCE}}\n", "\n");
        }
        let mut blocks: String = changed.iter().map(manifest::block).collect();
        if manifests == Manifests::GitIds
            && let Some(image) = changed.first().and_then(|file| file.post.as_ref())
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
    pub fn changed(path: &str, pre: Option<&str>, post: Option<&str>) -> ChangedFile {
        let entry = |text: &str| Entry { mode: FileMode::Regular, id: git_blob_id(text.as_bytes()) };
        let change = Change {
            path: RepoPath::from(path),
            pre: pre.map(entry),
            post: post.map(entry),
            twin: None,
            remark: None,
            unjudged: None,
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
    pub fn begin(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.begin_with(builder, &[])
    }

    /// The same with other files in the first commit.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin_with(
        &mut self,
        builder: &RepositoryBuilder,
        files: &[(String, String)],
    ) -> Result<(), RepositoryError> {
        for (path, text) in Self::base_files() {
            builder.write(path, &text)?;
        }
        files.iter().try_for_each(|(path, text)| builder.write(path, text))?;
        let base = builder.commit_all("Greeter with a specification", OPERATOR, BEGIN)?;
        builder.branch("feat/WP-1-Farewell")?;
        self.merge_base = Some(base);
        for (path, text) in Self::approved_files(&base.0.to_string()) {
            builder.write(path, &text)?;
        }
        builder.commit_all("Packet WP-1-Farewell, refined and signed", OPERATOR, BEGIN + 5_400)?;
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
    pub fn work(&self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        Self::worked_files().into_iter().try_for_each(|(path, _, text)| builder.write(path, text))
    }

    /// The edit that nobody asked for.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn touch_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_touched = true;
        builder.write(INVOICE, sample!("invoice_after.rs.txt"))
    }

    /// The edit taken back.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn leave_invoices(&mut self, builder: &RepositoryBuilder) -> Result<(), RepositoryError> {
        self.invoices_touched = false;
        builder.write(INVOICE, sample!("invoice_before.rs.txt"))
    }

    /// The packet as it is handed over.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn hand_over(
        &self,
        builder: &RepositoryBuilder,
        manifests: Manifests,
    ) -> Result<(), RepositoryError> {
        let mut changed: Vec<ChangedFile> = Self::worked_files()
            .into_iter()
            .map(|(path, pre, post)| Self::changed(path, pre, Some(post)))
            .collect();
        if self.invoices_touched {
            changed.push(Self::changed(
                INVOICE,
                Some(sample!("invoice_before.rs.txt")),
                Some(sample!("invoice_after.rs.txt")),
            ));
        }
        let base = self.merge_base.map_or_else(String::new, |commit| commit.0.to_string());
        builder.write(PACKET, &Self::packet(&base, manifests, &changed))
    }

    /// The work, committed.
    ///
    /// # Errors
    /// Objects cannot be written.
    pub fn commit(&self, builder: &RepositoryBuilder) -> Result<Commit, RepositoryError> {
        builder.commit_all("Say goodbye (WP-1-Farewell)", CODER, BEGIN + 10_800)
    }
}
