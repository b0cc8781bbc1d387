//! Why a pipeline could not run.

use crate::change::RepositoryError;
use crate::config::ConfigError;
use crate::text::to_single_line;

/// Why nothing was judged (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The repository could not be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The configuration could not be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Two of the given ids name the same packet.
    #[error("`{0}` is given twice; name every packet once")]
    DuplicatePacket(String),
    /// The packet was found and could not be found again.
    #[error("the packet `{0}` disappeared while it was read; run the command again")]
    PacketDisappeared(String),
    /// No scan rules belong to a set of this name.
    #[error("unknown set of scan rules `{}`; expected one of: {}", to_single_line(.name, 60), .known.join(", "))]
    UnknownRuleSet {
        /// The name as given.
        name: String,
        /// The sets that exist.
        known: Vec<String>,
    },
    /// `scan: gate` of the configuration names no set of rules.
    #[error(
        "unknown set of scan rules `{}` in `scan: gate` of the configuration; expected one of: {}, coverage, hygiene",
        to_single_line(.name, 60), .known.join(", ")
    )]
    UnknownGateScan {
        /// The name as configured.
        name: String,
        /// The sets that exist.
        known: Vec<String>,
    },
    /// `scan: product` of the configuration matches no file.
    #[error("`scan: product` of the configuration matches no file of this tree; correct its paths")]
    NoProductFiles,
    /// Nothing to scan.
    #[error("there are no files to scan")]
    NoFiles,
    /// A scan rule that cannot run.
    #[error("a scan rule cannot run: {0}")]
    ScanRule(String),
}
